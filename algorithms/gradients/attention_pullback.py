"""Algorithms ∇4 and ∇5: the pullbacks of attention."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from algorithms.gradients.broadcasting import summed_like
from algorithms.paper.attention import Attention, per_head
from algorithms.paper.notation import softmax
from algorithms.paper.parameters import (
    AttentionParameters,
    MHAttentionParameters,
)
from algorithms.signatures.arrays import A, Array, namespace
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import tree_map

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@algorithm("∇4")
def Attention_pullback(
    X: Float[A, "*#batch d_x ell_x"],
    Z: Float[A, "*#batch d_z ell_z"],
    R_bar: Float[A, "*batch d_out ell_x"],
    W_qkv: AttentionParameters[A],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
) -> tuple[
    Float[A, "*#batch d_x ell_x"],
    Float[A, "*#batch d_z ell_z"],
    AttentionParameters[A],
]:
    """What a loss owes to the arguments of `Attention`.

    Parameters
    ----------
    X, Z, W_qkv, Mask
        The arguments of `Attention`.
    R_bar : float, (*batch, d_out, ell_x)
        What the loss owes to its result: the slope of the loss
        along each entry. Leading axes are the result's.

    Returns
    -------
    X_bar, Z_bar, W_qkv_bar
        What it owes to X, Z and each array of W_qkv, in the shape
        of each: summed along the axes to which one was broadcast.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    A token of X that may attend to nobody gives nothing to anybody
    (erratum A11). The cotangent of b_k is 0 up to rounding: softmax
    does not see what is added to a whole column.

    Source: the chain rule, applied to Phuong & Hutter 2022,
    Algorithm 4, from its last line to its first.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import unidirectional_mask
    >>> I, o = np.eye(2), np.zeros(2)
    >>> W_qkv = AttentionParameters(I, o, 0 * I, o, I, o)
    >>> X = np.array([[1.0, 2.0, 6.0], [1.0, 0.0, 2.0]])
    >>> _, _, W_qkv_bar = Attention_pullback(
    ...     X, X, np.ones((2, 3)), W_qkv, unidirectional_mask(X)
    ... )
    >>> W_qkv_bar.W_v
    array([[5.5, 2.5],
           [5.5, 2.5]])
    """
    xp = namespace(X)
    W_q, b_q, W_k, b_k, W_v, b_v = W_qkv
    Q = W_q @ X + b_q[..., None]  # ∇4.1
    K = W_k @ Z + b_k[..., None]  # ∇4.2
    V = W_v @ Z + b_v[..., None]  # ∇4.3
    S = K.mT @ Q  # ∇4.4
    S = xp.where(Mask, S, -xp.inf)  # ∇4.5
    root = math.sqrt(Q.shape[-2])
    A = softmax(S / root)  # ∇4.6
    V_bar = R_bar @ A.mT  # ∇4.7
    A_bar = V.mT @ R_bar  # ∇4.8
    means = xp.sum(A * A_bar, axis=-2, keepdims=True)
    S_bar = A * (A_bar - means) / root  # ∇4.9
    Q_bar = K @ S_bar  # ∇4.10
    K_bar = Q @ S_bar.mT  # ∇4.11
    W_q_bar = Q_bar @ X.mT  # ∇4.12
    W_k_bar = K_bar @ Z.mT  # ∇4.13
    W_v_bar = V_bar @ Z.mT  # ∇4.14
    b_q_bar = xp.sum(Q_bar, axis=-1)  # ∇4.15
    b_k_bar = xp.sum(K_bar, axis=-1)  # ∇4.16
    b_v_bar = xp.sum(V_bar, axis=-1)  # ∇4.17
    X_bar = W_q.mT @ Q_bar  # ∇4.18
    Z_bar = W_k.mT @ K_bar + W_v.mT @ V_bar  # ∇4.19
    W_qkv_bar = AttentionParameters(
        W_q_bar, b_q_bar, W_k_bar, b_k_bar, W_v_bar, b_v_bar
    )
    return (
        summed_like(X, X_bar),
        summed_like(Z, Z_bar),
        tree_map(summed_like, W_qkv, W_qkv_bar),
    )  # ∇4.20


@algorithm("∇5")
def MHAttention_pullback(
    X: Float[A, "*#batch d_x ell_x"],
    Z: Float[A, "*#batch d_z ell_z"],
    R_bar: Float[A, "*batch d_out ell_x"],
    W: MHAttentionParameters[A],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
) -> tuple[
    Float[A, "*#batch d_x ell_x"],
    Float[A, "*#batch d_z ell_z"],
    MHAttentionParameters[A],
]:
    """What a loss owes to the arguments of `MHAttention`.

    Parameters
    ----------
    X, Z, W, Mask
        The arguments of `MHAttention`.
    R_bar : float, (*batch, d_out, ell_x)
        What the loss owes to its result: the slope of the loss
        along each entry. Leading axes are the result's.

    Returns
    -------
    X_bar, Z_bar, W_bar
        What it owes to X, Z and each array of W, in the shape of
        each: summed along the axes to which one was broadcast. For
        self-attention, `MHAttention(X, X, …)`, X is owed both.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    Source: the chain rule, applied to Phuong & Hutter 2022,
    Algorithm 5, from its last line to its first.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import bidirectional_mask
    >>> W_h, o = np.eye(2)[:, None, :], np.zeros((2, 1))
    >>> W_qkv = AttentionParameters(0 * W_h, o, 0 * W_h, o, W_h, o)
    >>> W = MHAttentionParameters(W_qkv, np.eye(2), np.zeros(2))
    >>> X = np.array([[1.0, 3.0], [0.0, 5.0]])
    >>> Mask = bidirectional_mask(X, X)
    >>> R_bar = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> MHAttention_pullback(X, X, R_bar, W, Mask)[1]
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    xp, W_o = namespace(X), W.W_o
    # Each head has its own share of what is owed to X and Z.
    H = W.W_qkv.W_q.shape[-3]
    X_h, Z_h = for_each_head(X, H), for_each_head(Z, H)
    Mask_h = per_head(Mask)
    Y_h = Attention(X_h, Z_h, W.W_qkv, Mask_h)  # ∇5.1-∇5.2
    *batch, H, d_mid, ell_x = Y_h.shape
    Y = xp.reshape(Y_h, (*batch, H * d_mid, ell_x))  # ∇5.3
    W_o_bar = R_bar @ Y.mT  # ∇5.4
    b_o_bar = xp.sum(R_bar, axis=-1)  # ∇5.5
    Y_bar = W_o.mT @ R_bar  # ∇5.6
    *batch, _, ell_x = Y_bar.shape
    Y_h_bar = xp.reshape(Y_bar, (*batch, H, d_mid, ell_x))  # ∇5.7
    X_h_bar, Z_h_bar, W_qkv_bar = Attention_pullback(
        X_h, Z_h, Y_h_bar, W.W_qkv, Mask_h
    )  # ∇5.8-∇5.9
    X_bar = xp.sum(X_h_bar, axis=-3)  # ∇5.10
    Z_bar = xp.sum(Z_h_bar, axis=-3)  # ∇5.11
    W_bar = MHAttentionParameters(W_qkv_bar, W_o_bar, b_o_bar)
    W_bar = tree_map(summed_like, W, W_bar)
    return X_bar, Z_bar, W_bar  # ∇5.12


def for_each_head(M: A, H: int) -> A:
    """A matrix H times over, along a new axis."""
    *batch, m, n = M.shape
    return namespace(M).broadcast_to(per_head(M), (*batch, H, m, n))
