"""Algorithms S1, S2, S4 and S5: which tokens may be drawn.

Each takes a distribution p and gives weights to sample from. They
are what `weigh` is made of, a keyword of `DInference` and its kin:
`weigh=lambda p: nucleus(top_k(p, k=40), alpha=0.9)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from algorithms.signatures.arrays import A, namespace
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float


@algorithm("S1", requires=("k >= 0",))
def top_k(p: Float[A, " N_V"], *, k: int) -> Float[A, " N_V"]:
    """Only the k most likely tokens keep their probability.

    Parameters
    ----------
    p : float, (N_V,)
        A distribution on the vocabulary, or weights.
    k : int, at least 0
        A token stays if fewer than k surpass it. From k = N_V on
        all stay.

    Returns
    -------
    q : float, (N_V,)
        Weights to sample from: p, or 0. Their sum is not made 1.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        k is negative.

    Notes
    -----
    Tokens that are equally likely stay or go together, so there may
    be more than k. TopKLogitsWarper of transformers does the same.

    Source: Fan, Lewis & Dauphin 2018, "Hierarchical Neural Story
    Generation", section 5.3.

    Examples
    --------
    >>> import numpy as np
    >>> top_k(np.array([0.125, 0.5, 0.25, 0.125]), k=2)
    array([0.  , 0.5 , 0.25, 0.  ])
    """
    xp, N_V = namespace(p), p.shape[0]
    up_to = xp.searchsorted(xp.sort(p), p, side="right")
    r = -(up_to - N_V)  # S1.1
    q = p  # S1.2
    q = xp.where(r >= k, 0.0, q)  # S1.3
    return q  # S1.4


@algorithm("S2", requires=("0 < alpha <= 1",))
def nucleus(
    p: Float[A, " N_V"], *, alpha: float
) -> Float[A, " N_V"]:
    """Only the tokens that make up most of p keep it: top-p.

    Parameters
    ----------
    p : float, (N_V,)
        A distribution on the vocabulary, or weights.
    alpha : float, in (0, 1]
        A token stays if those that surpass it have less than alpha
        of the whole. With 1 all stay.

    Returns
    -------
    q : float, (N_V,)
        Weights to sample from: p, or 0. Their sum is not made 1.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        alpha is out of its range.

    Notes
    -----
    What a token and those no likelier have is added up, rising, so
    that rounding loses none where alpha is 1.

    Tokens that are equally likely stay or go together: the result
    depends on p alone. TopPLogitsWarper of transformers cuts
    through them where alpha is reached: of four tokens of 0.25 each
    it keeps two with alpha = 0.5, and this keeps four.

    Source: Holtzman et al. 2020, "The Curious Case of Neural Text
    Degeneration", section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> nucleus(np.array([0.125, 0.5, 0.25, 0.125]), alpha=0.6)
    array([0.  , 0.5 , 0.25, 0.  ])
    """
    xp = namespace(p)
    rising = xp.sort(p)
    up_to = xp.searchsorted(rising, p, side="right") - 1
    r = xp.cumulative_sum(rising)[up_to]  # S2.1
    q = p  # S2.2
    least = xp.sum(p) * (1 - alpha)
    q = xp.where(r <= least, 0.0, q)  # S2.3
    return q  # S2.4


@algorithm("S4", requires=("0 <= alpha <= 1",))
def min_p(p: Float[A, " N_V"], *, alpha: float) -> Float[A, " N_V"]:
    """Only tokens nearly as likely as the likeliest stay.

    Parameters
    ----------
    p : float, (N_V,)
        A distribution on the vocabulary, or weights.
    alpha : float, in [0, 1]
        A token stays if it has at least alpha times the largest
        probability. With 0 all stay.

    Returns
    -------
    q : float, (N_V,)
        Weights to sample from: p, or 0. Their sum is not made 1.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        alpha is out of its range.

    Notes
    -----
    MinPLogitsWarper of transformers does the same.

    Source: Nguyen et al. 2024, "Turning Up the Heat: Min-p Sampling
    for Creative and Coherent LLM Outputs".

    Examples
    --------
    >>> import numpy as np
    >>> min_p(np.array([0.125, 0.5, 0.25, 0.125]), alpha=0.5)
    array([0.  , 0.5 , 0.25, 0.  ])
    """
    xp = namespace(p)
    m = xp.max(p)  # S4.1
    q = p  # S4.2
    q = xp.where(p < m * alpha, 0.0, q)  # S4.3
    return q  # S4.4
