"""Algorithms 3, 4 and 5: a token gathers from its context."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from algorithms.paper.notation import softmax
from algorithms.paper.parameters import (
    AttentionParameters,
    MHAttentionParameters,
)
from algorithms.signatures.arrays import A, Arr, Array, namespace
from algorithms.signatures.declarations import With
from algorithms.signatures.decorator import algorithm, anew
from algorithms.signatures.errors import DTypeError, ShapeError
from algorithms.signatures.values import refuse_lost_scores

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

#: What an attention takes: tokens, or what is made of them.
_KINDS = (
    "X, Z, W_qkv and Mask, as BlockAttention",
    "ready Q, K, V and Mask, as block_attend",
)

#: What it raises where it is of the other kind.
_REFUSED = (TypeError, DTypeError, ShapeError)


@algorithm(3)
def single_query_attention(
    e: Float[A, "*batch d_in"],
    E: Float[A, "*batch d_in T"],
    W_qkv: Annotated[
        AttentionParameters[A],
        With(d_x="d_in", d_z="d_in", batch=""),
    ],
) -> Float[A, "*batch d_out"]:
    """One token attends to its context.

    Parameters
    ----------
    e : float, (*batch, d_in)
        The current token.
    E : float, (*batch, d_in, T)
        The context tokens, as columns: the paper's e_1 … e_T.
    W_qkv : AttentionParameters
        With d_x = d_z = d_in, and no leading axes.

    Returns
    -------
    v_tilde : float, (*batch, d_out)
        A mean of the context's values; their weights α sum to 1.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    What `Attention` says of float16 and of nan holds here too.

    Source: Phuong & Hutter 2022, Algorithm 3.

    Examples
    --------
    >>> import numpy as np
    >>> I, o = np.eye(2), np.zeros(2)
    >>> W_qkv = AttentionParameters(I, o, I, o, I, o)
    >>> E = np.array([[1.0, 0.0, 4.0], [0.0, 1.0, 4.0]])
    >>> single_query_attention(np.array([0.0, 0.0]), E, W_qkv)
    array([1.66666667, 1.66666667])
    """
    W_q, b_q, W_k, b_k, W_v, b_v = W_qkv
    q = (W_q @ e[..., None])[..., 0] + b_q  # 3.1
    k_t = W_k @ E + b_k[:, None]  # 3.2
    v_t = W_v @ E + b_v[:, None]  # 3.3
    scores = (k_t.mT @ q[..., None]) / math.sqrt(q.shape[-1])  # 3.4
    alpha_t = softmax(scores)[..., 0]  # 3.4
    return (v_t @ alpha_t[..., None])[..., 0]  # 3.5


@algorithm(4)
def Attention(
    X: Float[A, "*#batch d_x ell_x"],
    Z: Float[A, "*#batch d_z ell_z"],
    W_qkv: AttentionParameters[A],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
) -> Float[A, "*batch d_out ell_x"]:
    """One head of masked self- or cross-attention.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The primary sequence: tokens that ask.
    Z : float, (*batch, d_z, ell_z)
        The context sequence: tokens that are asked. X for
        self-attention.
    W_qkv : AttentionParameters
        Leading axes of its arrays, several heads say, stand where
        X, Z and Mask have none or 1.
    Mask : bool, (*batch, ell_z, ell_x)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z?

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell_x)
        The tokens of X with what they gathered from Z. Leading axes
        are those of all arguments, broadcast.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    NotFiniteError
        In float16 a score is too large.

    Notes
    -----
    A token of X that may attend to nobody gets zeros (erratum A11).

    The result is right where every score S, line 4.4, is finite in
    the type of X: at most 65504 in float16, and 256 · 256 is more.
    A score that overflows upwards makes its column nan, and one
    that overflows downwards counts as masked: in float16 both are
    refused, where a trace does not hide it.

    Z is finite where Mask is False too: 0 · nan is nan, so a nan or
    ∞ in one token of Z reaches every column.

    Source: Phuong & Hutter 2022, Algorithm 4.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import unidirectional_mask
    >>> I, o = np.eye(2), np.zeros(2)
    >>> W_qkv = AttentionParameters(I, o, 0 * I, o, I, o)
    >>> X = np.array([[1.0, 2.0, 6.0], [1.0, 0.0, 2.0]])
    >>> Attention(X, X, W_qkv, unidirectional_mask(X))
    array([[1. , 1.5, 3. ],
           [1. , 0.5, 1. ]])
    """
    xp = namespace(X)
    W_q, b_q, W_k, b_k, W_v, b_v = W_qkv
    Q = W_q @ X + b_q[..., None]  # 4.1
    K = W_k @ Z + b_k[..., None]  # 4.2
    V = W_v @ Z + b_v[..., None]  # 4.3
    S = K.mT @ Q  # 4.4
    refuse_lost_scores(S, Mask, "Attention")
    S = xp.where(Mask, S, -xp.inf)  # 4.5
    d_attn = Q.shape[-2]
    return V @ softmax(S / math.sqrt(d_attn))  # 4.6


@algorithm(5)
def MHAttention(
    X: Float[A, "*#batch d_x ell_x"],
    Z: Float[A, "*#batch d_z ell_z"],
    W: MHAttentionParameters[A],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
    *,
    attention: Callable[..., A] = Attention,
) -> Float[A, "*batch d_out ell_x"]:
    """Several heads of attention, joined by W_o.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The primary sequence: tokens that ask.
    Z : float, (*batch, d_z, ell_z)
        The context sequence: tokens that are asked. X for
        self-attention, the paper's `MHAttention(X | W, Mask)`.
    W : MHAttentionParameters
        H heads stacked along a leading axis, and W_o, b_o.
    Mask : bool, (*batch, ell_z, ell_x)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z?
    attention : function with the signature of `Attention`
        Algorithm 4, or one that gives the same otherwise:
        `BlockAttention`, `OnlineAttention`.

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell_x)
        The tokens of X with what they gathered from Z.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    The loop over heads is a batch axis: one call of `attention`.
    `Attention`'s notes on float16 and on nan hold here too.

    Source: Phuong & Hutter 2022, Algorithm 5.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import bidirectional_mask
    >>> W_h, o = np.eye(2)[:, None, :], np.zeros((2, 1))
    >>> W_qkv = AttentionParameters(0 * W_h, o, 0 * W_h, o, W_h, o)
    >>> W = MHAttentionParameters(W_qkv, np.eye(2), np.zeros(2))
    >>> X = np.array([[1.0, 3.0], [0.0, 5.0]])
    >>> MHAttention(X, X, W, bidirectional_mask(X, X))
    array([[2. , 2. ],
           [2.5, 2.5]])
    """
    xp = namespace(X)
    Y_h = gathered(
        attention,
        per_head(X),
        per_head(Z),
        W.W_qkv,
        per_head(Mask),
    )  # 5.1-5.2
    *batch, H, d_mid, ell_x = Y_h.shape
    Y = xp.reshape(Y_h, (*batch, H * d_mid, ell_x))  # 5.3
    return W.W_o @ Y + W.b_o[:, None]  # 5.4


def gathered(attention: Callable[..., A], *given: Any) -> A:
    """What `attention` gives of the arguments that follow it.

    Refused where it is none of these arguments, X, Z, W_qkv and
    Mask or Q, K, V and Mask, or gives another shape.
    """
    X, _, V, _ = given
    ready = not isinstance(V, AttentionParameters)
    try:
        V_tilde = attention(*given)
    except Exception:
        with anew():  # checked, for what it says then
            try:
                attention(*given)
            except Exception as error:
                if type(error) not in _REFUSED:
                    raise
                raise type(error)(
                    f"{error}; attention= is called with "
                    f"{_KINDS[ready]}"
                ) from None
        raise
    want = ((V if ready else V.W_v).shape[-2], X.shape[-1])
    shape = tuple(getattr(V_tilde, "shape", ()))
    if shape[-2:] != want:
        raise ShapeError(
            f"attention= gives an array of shape {shape}, want "
            f"{want} for each head"
        )
    return V_tilde


def per_head(M: Arr) -> Arr:
    """A matrix for all heads alike: an axis of length 1."""
    return M[..., None, :, :]
