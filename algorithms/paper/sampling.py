"""Draw a token from `q ∝ p^{1/τ}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from algorithms.signatures.arrays import (
    A,
    arange,
    namespace,
    to_numpy,
)
from algorithms.signatures.decorator import checked

if TYPE_CHECKING:
    from jaxtyping import Float


@checked(requires=("tau >= 0",))
def temper(p: Float[A, " N_V"], tau: float) -> Float[A, " N_V"]:
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
        tau is negative.

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
    if tau == 0:
        most_likely = xp.argmax(p, axis=0)
        is_it = xp.equal(arange(p.shape[0], p), most_likely)
        return xp.astype(is_it, p.dtype)
    q = (p / xp.max(p)) ** (1 / tau)  # at most 1: cannot overflow
    return q / xp.sum(q)


@checked()
def sample(q: Float[A, " N_V"], rng: np.random.Generator) -> int:
    """One token from q, by its inverse distribution function.

    Parameters
    ----------
    q : float, (N_V,)
        A distribution on the vocabulary.
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
        q is not a distribution: its sum is 0, infinite or NaN.

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
    cumulative = np.cumsum(to_numpy(q), dtype=np.float64)
    total = cumulative[-1]
    if not 0 < total < np.inf:
        raise ValueError(f"sample: q sums to {total}, want 1")
    reached = (1.0 - rng.random()) * total
    return int(np.searchsorted(cumulative, reached))
