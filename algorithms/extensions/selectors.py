"""Algorithms P1 and P2: what RASP does with a selector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from algorithms.paper.notation import softmax
from algorithms.signatures.arrays import A, Array, device, namespace
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Integer


@algorithm("P1")
def aggregate(
    A: Bool[Array, "*#batch ell ell"],
    V: Float[A, "*#batch d ell"],
) -> Float[A, "*batch d ell"]:
    """For each token the mean of the values that it selects.

    Parameters
    ----------
    A : bool, (*batch, ell, ell)
        The selector. `A[t, t_prime]`: does the token at t_prime
        select the token at t?
    V : float, (*batch, d, ell)
        The values, as columns.

    Returns
    -------
    V_tilde : float, (*batch, d, ell)
        Zeros for a token that selects none. Leading axes are those
        of both arguments, broadcast.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    Attention all of whose scores are 0 or −∞: `attend` with A for
    its mask and with no keys to speak of.

    V is finite where A is False too: 0 · nan is nan.

    Source: Weiss, Goldberg & Yahav 2021, "Thinking Like
    Transformers", section 3.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.array([[True, True], [False, True]])
    >>> aggregate(A, np.array([[1.0, 2.0]]))
    array([[1. , 1.5]])
    """
    xp = namespace(V)
    S = xp.zeros(A.shape, dtype=V.dtype, device=device(V))  # P1.1
    S = xp.where(A, S, -xp.inf)  # P1.2
    return V @ softmax(S)  # P1.3


@algorithm("P2")
def selector_width(
    A: Bool[Array, "*batch ell ell"],
) -> Integer[Array, "*batch ell"]:
    """For each token, how many tokens it selects.

    Parameters
    ----------
    A : bool, (*batch, ell, ell)
        The selector. `A[t, t_prime]`: does the token at t_prime
        select the token at t?

    Returns
    -------
    n : integer, (*batch, ell)

    Raises
    ------
    ShapeError, DTypeError
        The argument is not what the signature says.

    Notes
    -----
    Attention gives means and no counts. But where each token
    selects the first besides, the mean of what is 1 for the first
    and 0 for the others is 1/(1 + n): `histogram_weights` and
    `sort_weights` count so.

    Source: Weiss, Goldberg & Yahav 2021, "Thinking Like
    Transformers", section 3.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.array([[True, True], [False, True]])
    >>> selector_width(A)
    array([1, 2])
    """
    xp = namespace(A)
    n = xp.sum(xp.astype(A, xp.int64), axis=-2)  # P2.1
    return n  # P2.2
