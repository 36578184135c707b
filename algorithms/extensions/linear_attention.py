"""Algorithms L1 and L2: attention without exponentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from algorithms.extensions.elu import ELU_plus_1
from algorithms.signatures.arrays import (
    A,
    arange,
    device,
    namespace,
)
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float


@algorithm("L1")
def LinearAttention(
    Q: Float[A, "*batch d_attn ell"],
    K: Float[A, "*batch d_attn ell"],
    V: Float[A, "*batch d_out ell"],
) -> Float[A, "*batch d_out ell"]:
    """Causal attention with products of features for weights.

    Parameters
    ----------
    Q : float, (*batch, d_attn, ell)
        The queries, as columns.
    K : float, (*batch, d_attn, ell)
        The keys.
    V : float, (*batch, d_out, ell)
        The values.

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell)
        For each query, a mean of the values up to it.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    Weights are positive and divided by their sum, as those of
    `attend` are; nothing is divided by √d_attn. Here all weights
    are there at once; LinearRecurrence gives the same token by
    token.

    Nothing is added to the sum (A24). It is 0, and the result nan,
    only where products of features are too small for the type: in
    float64 where both a query and the keys fall below −370.

    Source: Katharopoulos et al. 2020, "Transformers are RNNs: Fast
    Autoregressive Transformers with Linear Attention", equations 7
    and 8.

    Examples
    --------
    >>> import numpy as np
    >>> Q, K = np.zeros((1, 3)), np.array([[0.0, 2.0, 0.0]])
    >>> V = np.array([[4.0, 8.0, 2.0]])
    >>> LinearAttention(Q, K, V)
    array([[4., 7., 6.]])
    """
    xp, t = namespace(Q), arange(Q.shape[-1], Q)
    F = ELU_plus_1(Q)  # L1.1
    G = ELU_plus_1(K)  # L1.2
    S = G.mT @ F  # L1.3
    S = xp.where(t[:, None] <= t, S, 0.0)  # L1.4
    V_tilde = V @ S / xp.sum(S, axis=-2, keepdims=True)  # L1.5
    return V_tilde  # L1.6


@algorithm("L2")
def LinearRecurrence(
    Q: Float[A, "*batch d_attn ell"],
    K: Float[A, "*batch d_attn ell"],
    V: Float[A, "*batch d_out ell"],
) -> Float[A, "*batch d_out ell"]:
    """LinearAttention, token by token, from a state of one size.

    Parameters
    ----------
    Q : float, (*batch, d_attn, ell)
        The queries, as columns.
    K : float, (*batch, d_attn, ell)
        The keys.
    V : float, (*batch, d_out, ell)
        The values.

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell)
        What LinearAttention gives, up to rounding.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    A step reads the state and one token: a matrix and a vector,
    d_attn (d_out + 1) numbers however many tokens came before,
    where `attend` needs all their keys and values.

    What LinearAttention says of sums holds here too (A24).

    Source: Katharopoulos et al. 2020, "Transformers are RNNs: Fast
    Autoregressive Transformers with Linear Attention", equations 18
    to 20.

    Examples
    --------
    >>> import numpy as np
    >>> Q, K = np.zeros((1, 3)), np.array([[0.0, 2.0, 0.0]])
    >>> V = np.array([[4.0, 8.0, 2.0]])
    >>> LinearRecurrence(Q, K, V)
    array([[4., 7., 6.]])
    """
    xp, like = namespace(Q), {"dtype": Q.dtype, "device": device(Q)}
    d_attn, d_out = Q.shape[-2], V.shape[-2]
    F = ELU_plus_1(Q)  # L2.1
    G = ELU_plus_1(K)  # L2.2
    S = xp.zeros((d_out, d_attn), **like)  # L2.3
    zeta = xp.zeros((d_attn,), **like)  # L2.4
    V_tilde: list[A] = []
    for t in range(Q.shape[-1]):  # L2.5
        f, g, v = (M[..., t, None] for M in (F, G, V))
        S = S + v @ g.mT  # L2.6
        zeta = zeta + G[..., t]  # L2.7
        mean = S @ f / (zeta[..., None, :] @ f)  # L2.8
        V_tilde = [*V_tilde, mean]  # L2.8; V_tilde = V_tilde[-1]
    return xp.concat(V_tilde, axis=-1)  # L2.10
