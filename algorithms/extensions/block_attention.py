"""Algorithms C4 and C6: attention, a few columns at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from algorithms.paper.parameters import AttentionParameters
from algorithms.signatures.arrays import (
    A,
    Array,
    column_max,
    device,
    namespace,
)
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.values import known, refuse_lost_scores

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

#: Context is left out in whole pieces of so many tokens. To leave
#: out fewer saves nothing, and makes products of odd sizes.
PIECE = 64


@algorithm("C4", requires=("B >= 1",))
def BlockAttention(
    X: Float[A, "*#batch d_x ell_x"],
    Z: Float[A, "*#batch d_z ell_z"],
    W_qkv: AttentionParameters[A],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
    *,
    B: int = 64,
) -> Float[A, "*batch d_out ell_x"]:
    """`Attention`, with the scores of B columns of X at a time.

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
        The columns of a block; the last one may have fewer.

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
    Memory is linear in ell_z and ell_x: see `block_attend`. For
    several heads: `MHAttention(…, attention=BlockAttention)`.

    What `Attention` says of float16 and of nan holds here too.

    Source: Rabe & Staats 2021, "Self-attention Does Not Need O(n²)
    Memory".

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import unidirectional_mask
    >>> I, o = np.eye(2), np.zeros(2)
    >>> W_qkv = AttentionParameters(I, o, 0 * I, o, I, o)
    >>> X = np.array([[1.0, 2.0, 6.0], [1.0, 0.0, 2.0]])
    >>> BlockAttention(X, X, W_qkv, unidirectional_mask(X), B=2)
    array([[1. , 1.5, 3. ],
           [1. , 0.5, 1. ]])
    """
    W_q, b_q, W_k, b_k, W_v, b_v = W_qkv
    Q = W_q @ X + b_q[..., None]  # C4.1
    K = W_k @ Z + b_k[..., None]  # C4.2
    V = W_v @ Z + b_v[..., None]  # C4.3
    return block_attend(Q, K, V, Mask, B=B)  # C4.4


@algorithm("C6", requires=("B >= 1",))
def block_attend(
    Q: Float[A, "*#batch d_attn ell_x"],
    K: Float[A, "*#batch d_attn ell_z"],
    V: Float[A, "*#batch d_out ell_z"],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
    *,
    B: int = 64,
) -> Float[A, "*batch d_out ell_x"]:
    """`attend`, for B queries at a time.

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
        The queries of a block; the last one may have fewer.

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
    Columns of softmax do not see each other. There are never more
    than ell_z × B scores for each head, where `attend` has ell_z ×
    ell_x. Keys that the mask takes away from a whole block, before
    the first that it leaves or after the last, are left out: of a
    causal mask almost half. That needs the mask's values, and is
    not done under `jax.jit` and `torch.compile`.

    What `Attention` says of float16 and of nan holds here too; it
    is `Q / √d_attn` that is multiplied with K. A score that is nan
    stays nan where Mask is False, as it does not in `attend`: Q and
    K are finite too, but for keys that are left out.

    Source: Rabe & Staats 2021, "Self-attention Does Not Need O(n²)
    Memory".

    Examples
    --------
    >>> import numpy as np
    >>> Q, K = np.zeros((1, 2)), np.zeros((1, 3))
    >>> V = np.array([[1.0, 3.0, 8.0]])
    >>> Mask = np.array([[True, True], [True, True], [False, True]])
    >>> block_attend(Q, K, V, Mask, B=1)
    array([[2., 4.]])
    """
    xp = namespace(Q)
    V_tilde: list[Any] = []
    d_attn, ell_x = Q.shape[-2:]
    Q = Q / math.sqrt(d_attn)  # C6.1
    inf = xp.asarray(xp.inf, dtype=Q.dtype, device=device(Q))
    for start in range(0, ell_x, B):  # C6.2
        block = slice(start, min(start + B, ell_x))
        seen = _seen(Mask[..., block])
        S = K[..., seen].mT @ Q[..., block]  # C6.3
        Mask_i = Mask[..., seen, block]
        refuse_lost_scores(S, Mask_i, "block_attend")
        never = xp.where(Mask_i, inf, -inf)
        S = xp.minimum(S, never)  # C6.4
        m = column_max(S)  # C6.5
        m = xp.where(m > -xp.inf, m, 0.0)  # C6.6
        A = xp.exp(S - m[..., None, :])  # C6.7
        n = xp.sum(A, axis=-2)  # C6.8
        U = V[..., seen] @ A  # C6.9
        total = xp.where(n > 0, n, 1.0)
        U = U / total[..., None, :]  # C6.10
        V_tilde_i = U  # C6.11
        V_tilde = [*V_tilde, V_tilde_i]
    return xp.concat(V_tilde, axis=-1)  # C6.12


def _seen(Mask: Array) -> slice:
    """Where the context is that somebody may attend to."""
    values = known(Mask)
    if values is None:
        return slice(None)
    ell_z = values.shape[-2]
    rows = values.any(axis=-1).reshape(-1, ell_z).any(axis=0)
    at = np.flatnonzero(rows)
    if at.size == 0:
        return slice(min(PIECE, ell_z))
    start, last = int(at[0]) // PIECE, int(at[-1]) // PIECE
    return slice(start * PIECE, min((last + 1) * PIECE, ell_z))
