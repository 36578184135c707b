"""Algorithms C5 and C7: attention, a few keys at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from algorithms.paper.parameters import AttentionParameters
from algorithms.signatures.arrays import (
    A,
    Array,
    column_max,
    device,
    namespace,
)
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.values import refuse_lost_scores

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@algorithm("C5", requires=("B >= 1",))
def OnlineAttention(
    X: Float[A, "*#batch d_x ell_x"],
    Z: Float[A, "*#batch d_z ell_z"],
    W_qkv: AttentionParameters[A],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
    *,
    B: int = 64,
) -> Float[A, "*batch d_out ell_x"]:
    """`Attention`, with the scores of B tokens of Z at a time.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The primary sequence: tokens that ask.
    Z : float, (*batch, d_z, ell_z)
        The context sequence: tokens that are asked. X for
        self-attention.
    W_qkv : AttentionParameters
        As in `Attention`.
    Mask : bool, (*batch, ell_z, ell_x)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z?
    B : int, at least 1
        The tokens of a block; the last one may have fewer.

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell_x)
        What `Attention` gives, up to rounding.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        B is less than 1.

    Notes
    -----
    Memory is linear in ell_z and ell_x: see `online_attend`. For
    several heads: `MHAttention(…, attention=OnlineAttention)`.

    What `Attention` says of float16 and of nan holds here too.

    Source: Milakov & Gimelshein 2018, "Online normalizer
    calculation for softmax"; Dao et al. 2022, "FlashAttention".

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import unidirectional_mask
    >>> I, o = np.eye(2), np.zeros(2)
    >>> W_qkv = AttentionParameters(I, o, 0 * I, o, I, o)
    >>> X = np.array([[1.0, 2.0, 6.0], [1.0, 0.0, 2.0]])
    >>> OnlineAttention(X, X, W_qkv, unidirectional_mask(X), B=2)
    array([[1. , 1.5, 3. ],
           [1. , 0.5, 1. ]])
    """
    W_q, b_q, W_k, b_k, W_v, b_v = W_qkv
    Q = W_q @ X + b_q[..., None]  # C5.1
    K = W_k @ Z + b_k[..., None]  # C5.2
    V = W_v @ Z + b_v[..., None]  # C5.3
    return online_attend(Q, K, V, Mask, B=B)  # C5.4


@algorithm("C7", requires=("B >= 1",))
def online_attend(
    Q: Float[A, "*#batch d_attn ell_x"],
    K: Float[A, "*#batch d_attn ell_z"],
    V: Float[A, "*#batch d_out ell_z"],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
    *,
    B: int = 64,
) -> Float[A, "*batch d_out ell_x"]:
    """`attend`, over B keys at a time.

    For each query a running maximum of its scores, and with it a
    sum of exponentials and of values.

    Parameters
    ----------
    Q : float, (*batch, d_attn, ell_x)
        The queries, as columns.
    K : float, (*batch, d_attn, ell_z)
        The keys.
    V : float, (*batch, d_out, ell_z)
        The values.
    Mask : bool, (*batch, ell_z, ell_x)
        `Mask[t_z, t_x]`: may query t_x attend to key t_z?
    B : int, at least 1
        The keys of a block; the last one may have fewer.

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell_x)
        What `attend` gives, up to rounding.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        B is less than 1.

    Notes
    -----
    A score is used once, so keys and values may come one after the
    other. There are never more than B × ell_x scores for each head,
    where `attend` has ell_z × ell_x.

    What `Attention` says of float16 and of nan holds here too; it
    is `Q / √d_attn` that is multiplied with K.

    Source: Milakov & Gimelshein 2018, "Online normalizer
    calculation for softmax"; Dao et al. 2022, "FlashAttention".

    Examples
    --------
    >>> import numpy as np
    >>> Q, K = np.zeros((1, 2)), np.zeros((1, 3))
    >>> V = np.array([[1.0, 3.0, 8.0]])
    >>> Mask = np.array([[True, True], [True, True], [False, True]])
    >>> online_attend(Q, K, V, Mask, B=1)
    array([[2., 4.]])
    """
    xp, like = namespace(Q), {"dtype": Q.dtype, "device": device(Q)}
    (d_attn, ell_x), ell_z = Q.shape[-2:], K.shape[-1]
    Q = Q / math.sqrt(d_attn)  # C7.1
    m = xp.full((ell_x,), -xp.inf, **like)  # C7.2
    n = xp.zeros((ell_x,), **like)  # C7.3
    A = xp.zeros((V.shape[-2], ell_x), **like)  # C7.4
    # Unchecked, a negative B would pass over all of the context:
    # a step of 0 is one that range refuses.
    for start in range(0, ell_z, max(B, 0)):  # C7.5
        block = slice(start, min(start + B, ell_z))
        S = K[..., block].mT @ Q  # C7.6
        Mask_i = Mask[..., block, :]
        refuse_lost_scores(S, Mask_i, "online_attend")
        S = xp.where(Mask_i, S, -xp.inf)  # C7.7
        m_hat = xp.maximum(m, column_max(S))  # C7.8
        r = m_hat  # C7.9
        r = xp.where(r > -xp.inf, r, 0.0)  # C7.10
        S = xp.exp(S - r[..., None, :])  # C7.11
        c = xp.exp(m - r)  # C7.12
        n = c * n + xp.sum(S, axis=-2)  # C7.13
        A = c[..., None, :] * A + V[..., block] @ S  # C7.14
        m = m_hat  # C7.15
    A = A / xp.where(n > 0, n, 1.0)[..., None, :]  # C7.17
    return A  # C7.18
