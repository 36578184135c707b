"""Draw a token from `q ∝ p^{1/τ}`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import numpy as np

from algorithms.signatures.arrays import (
    A,
    arange,
    namespace,
    to_numpy,
)
from algorithms.signatures.declarations import Weights
from algorithms.signatures.decorator import checked
from algorithms.signatures.errors import NotFiniteError, ShapeError
from algorithms.signatures.values import some_nan

if TYPE_CHECKING:
    from jaxtyping import Float


@checked(requires=("tau >= 0",))
def temper(
    p: Annotated[Float[A, " N_V"], Weights()], tau: float
) -> Float[A, " N_V"]:
    """The distribution proportional to `p^{1/τ}`.

    Parameters
    ----------
    p : float, (N_V,)
        A distribution on the vocabulary.
    tau : float, in [0, ∞]
        The temperature. 0 leaves the most likely token (the first
        of several), 1 gives p, ∞ makes all tokens equally likely:
        the limits that the paper states.

    Returns
    -------
    q : float, (N_V,)
        Entries in [0, 1]; their sum is 1.

    Raises
    ------
    ValueError
        tau is negative, or an entry of p.
    NotFiniteError
        An entry of p is nan: a number in the model that gave p was
        too large for its type. No choice of a token says so.

    Notes
    -----
    Source: Phuong & Hutter 2022, Algorithms 14 and 15.

    Examples
    --------
    >>> import numpy as np
    >>> temper(np.array([0.2, 0.8]), 0.5).round(3)
    array([0.059, 0.941])
    """
    xp = namespace(p)
    if some_nan(p):
        raise NotFiniteError("temper: p holds nan, want numbers")
    if tau == 0:
        most_likely = xp.argmax(p, axis=0)
        is_it = xp.equal(arange(p.shape[0], p), most_likely)
        return xp.astype(is_it, p.dtype)
    q = (p / xp.max(p)) ** (1 / tau)  # at most 1: cannot overflow
    return q / xp.sum(q)


def weighed(q: A, weigh: Callable[[A], A] | None) -> A:
    """The weights that `weigh` makes of q; None leaves q."""
    if weigh is None:
        return q
    weights = weigh(q)
    if getattr(weights, "shape", None) != q.shape:
        raise ShapeError(
            "weigh: gives "
            f"{getattr(weights, 'shape', type(weights).__name__)}, "
            f"want weights of shape {q.shape}, a token each"
        )
    return weights


@checked()
def sample(q: Float[A, " N_V"], rng: np.random.Generator) -> int:
    """One token from q, by its inverse distribution function.

    Parameters
    ----------
    q : float, (N_V,)
        A distribution on the vocabulary, or weights, which need not
        sum to 1.
    rng : numpy.random.Generator
        Asked for one number u, uniform in [0, 1).

    Returns
    -------
    y : int
        The first token whose cumulative probability reaches 1 − u:
        in 0 … N_V−1, and never one of probability 0.

    Raises
    ------
    ValueError
        q gives no token a chance, or an entry is negative,
        infinite or NaN.

    Notes
    -----
    Probabilities are added up in float64, whatever q is in: in half
    precision most sums would no longer grow.

    Source: Phuong & Hutter 2022, Algorithms 14 and 15.

    Examples
    --------
    >>> import numpy as np
    >>> sample(np.array([0.0, 1.0, 0.0]), np.random.default_rng(0))
    1
    """
    weights = to_numpy(q)
    cumulative = np.cumsum(weights, dtype=np.float64)
    total = cumulative[-1]
    if not (weights.min() >= 0 and 0 < total < np.inf):
        raise ValueError(
            f"sample: q has sum {total} and least entry "
            f"{weights.min()}, want a sum above 0, and none below"
        )
    reached = (1.0 - rng.random()) * total
    return int(np.searchsorted(cumulative, reached))
