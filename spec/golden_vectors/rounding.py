"""The doubles nearest to numbers of which only balls are known.

A ball is narrow enough if both its ends round to one double: then every number in it does. One
that is not asks for more bits. They help unless the number lies exactly between two doubles and its
ball has a radius: such an entry is counted as undecided, and its error told as it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb

from spec.domains.balls import Balls, PrecisionError

BITS = 16384  # for the ends of a ball: more than any has


@dataclass(frozen=True)
class Rounded:
    """An array of float64, or of int64, which are as they were.

    Attributes
    ----------
    values
        The array.
    within
        The largest distance of an entry from the exact one, at most.
    undecided
        How many entries may not be the nearest doubles.
    """

    values: npt.NDArray[Any]
    within: float = 0.0
    undecided: int = 0


def nearest(ball: arb) -> float | None:
    """Return the double that is nearest to every number of a ball, to even if two are.

    Returns
    -------
    float or None
        None if there is no such double. Zero is positive.

    Examples
    --------
    >>> third = arb(1) / 3
    >>> nearest(arb(1, 1e-17)), nearest(arb(1, 1e-15)), nearest(arb(0.1)) == 0.1
    (1.0, None, True)
    """
    if ball.is_exact():  # as infinities are
        return float(ball) + 0.0
    if not ball.is_finite():
        return None
    with Balls(BITS):
        low, high = float(ball.lower()), float(ball.upper())
    return low + 0.0 if low == high else None


def rounded(entries: npt.NDArray[Any], *, exact: bool) -> Rounded:
    """Return the nearest doubles to balls; or the whole numbers, if all are `exact`.

    Raises
    ------
    PrecisionError
        If an entry has no value: 0/0, say.
    """
    if exact:
        return Rounded(np.array(entries.tolist(), dtype="<i8").reshape(entries.shape))
    values, within, undecided = [], [0.0], 0
    for ball in entries.ravel().tolist():
        if ball.is_nan():
            raise PrecisionError("an entry has no value")
        value = nearest(ball)
        if value is None:
            value = float(ball)
            undecided += 1
            within.append(_distance(value, ball))
        elif not (ball.is_exact() and value == ball):
            within.append(max(math.ulp(value) / 2, math.ulp(0.0)))
        values.append(value)
    return Rounded(np.array(values, dtype="<f8").reshape(entries.shape), max(within), undecided)


def _distance(value: float, ball: arb) -> float:
    """Return a double that a number is not farther than from any in a ball."""
    with Balls(BITS):
        return math.nextafter(float(abs(value - ball).upper()), math.inf)
