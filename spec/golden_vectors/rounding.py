"""The doubles nearest to numbers of which only balls are known.

A ball is narrow enough if both its ends round to one double: then every number in it does. A ball
that is not asks for more bits. They help unless the number lies exactly between two doubles and its
ball has a radius: such an entry is counted as undecided, and its error is stated.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb

from spec.domains.balls import Balls, PrecisionError
from spec.line_by_line.array_axes import is_whole

#: The precision for the ends of a ball, in bits: more than any ball has.
BITS = 16384


@dataclass(frozen=True)
class Rounded:
    """An array of float64, rounded from balls; or of int64, which is exact.

    No entry is farther from the exact one than `within`; as many as `undecided` says may not be the
    nearest doubles.
    """

    values: npt.NDArray[Any]
    within: float = 0.0
    undecided: int = 0


def nearest(ball: arb) -> float | None:
    """Return the double that is nearest to every number of a ball; of two that are, the even one.

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
    if ball.is_exact() or _is_infinite(ball):
        return float(ball.mid()) + 0.0
    if not ball.is_finite():
        return None
    with Balls(BITS):
        low, high = float(ball.lower()), float(ball.upper())
    return low + 0.0 if low == high else None


def rounded(entries: npt.NDArray[Any], *, whole: bool = False) -> Rounded:
    """Return the doubles nearest to an array of balls; whole numbers as they are.

    Of an array without entries `whole` says whether it would hold tokens or counts.

    Raises
    ------
    PrecisionError
        If an entry has no value: 0/0, say.
    """
    if is_whole(entries) if entries.size else whole:
        return Rounded(np.array(entries.tolist(), dtype="<i8").reshape(entries.shape))
    values, within, undecided = [], 0.0, 0
    for ball in entries.ravel().tolist():
        if ball.is_nan():
            raise PrecisionError("an entry has no value")
        value, error = nearest(ball), 0.0
        if value is None:
            value, undecided = float(ball), undecided + 1
            with Balls(BITS):
                error = math.nextafter(float(abs(value - ball).upper()), math.inf)
        elif not (ball.is_exact() and value == ball) and not _is_infinite(ball):
            error = max(math.ulp(value) / 2, math.ulp(0.0))
        values.append(value)
        within = max(within, error)
    return Rounded(np.array(values, dtype="<f8").reshape(entries.shape), within, undecided)


def _is_infinite(ball: arb) -> bool:
    """Say whether all numbers of a ball are one infinity: −∞ and a number is no other −∞."""
    middle = ball.mid()
    return bool(ball.rad().is_finite() and not middle.is_finite() and not middle.is_nan())
