"""Balls: midpoint and radius, which together enclose the exact number.

The midpoints have as many bits as asked for; a radius holds every error made on the way. What
`certified` returns is therefore proved, not estimated.
"""

import builtins
import sys
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
from flint import arb, arb_mat, ctx

from spec.domains.domain import Differentiable, Matrix

T = TypeVar("T")


class PrecisionError(ArithmeticError):
    """The balls are still too wide at the highest precision that was allowed."""


class Balls(Differentiable[arb]):
    """Arb's balls, at `precision` bits inside the `with`.

    The precision decides how narrow a ball is, not whether it is right: outside of the `with` a
    result still encloses the exact number. One that may be undefined is nan, which encloses
    everything.
    """

    minus_infinity = arb.neg_inf()

    def __init__(self, precision: int = 128) -> None:
        self.precision = precision
        self._before: list[int] = []

    def __enter__(self) -> Self:
        self._before.append(ctx.prec)
        ctx.prec = self.precision
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        ctx.prec = self._before.pop()

    def real(self, x: builtins.float) -> arb:
        return arb(x)

    def exp(self, x: arb) -> arb:
        return x.exp()

    def log(self, x: arb) -> arb:
        return self.minus_infinity if self.is_zero(x) else x.log()

    def sqrt(self, x: arb) -> arb:
        return x.sqrt()

    def Phi(self, x: arb) -> arb:
        return (-x / arb(2).sqrt()).erfc() / 2

    def density(self, x: arb) -> arb:
        return (-self.square(x) / 2).exp() / (2 * arb.pi()).sqrt()

    def ReLU(self, x: arb) -> arb:
        return x.max(0)

    def step(self, x: arb) -> arb:
        """Return ReLU'(x), which is all of [0, 1] where x may be 0."""
        if x > 0:
            return arb(1)
        if x < 0:
            return arb(0)
        return arb(0.5, 0.5)

    def power(self, x: arb, y: arb | int) -> arb:
        if isinstance(y, arb):
            return x**y
        if y < 0:
            return 1 / self.power(x, -y)
        if y == 0:
            return arb(1)
        root = self.power(x, y // 2)
        return self.square(root) * x if y % 2 else self.square(root)

    def square(self, x: arb) -> arb:
        """Return x · x, of which no part is negative."""
        return (x * x).nonnegative_part()

    def product(self, A: Matrix, B: Matrix) -> Matrix:
        product = _arb_mat(A) * _arb_mat(B)
        return np.array(product.entries(), dtype=object).reshape(len(A), B.shape[1])

    def float(self, x: arb) -> builtins.float:
        """Return the double nearest to the midpoint."""
        return builtins.float(x)


def certified(
    compute: Callable[[Balls], T],
    leaves: Callable[[T], Iterable[arb]],
    width: float,
    *,
    start: int = 128,
    limit: int = 8192,
) -> T:
    """Compute, and double the precision until the result is narrow enough.

    Parameters
    ----------
    compute
        Computes the result over the balls it is given.
    leaves
        Lists the balls of a result.
    width
        How large a radius may be, relative to the number: at most `width` times the least
        magnitude in the ball, or times the smallest normal double if that is larger. A ball
        without radius is narrow enough, unless it is nan.
    start, limit
        The first precision, and the highest, in bits.

    Raises
    ------
    PrecisionError
        If the balls are still too wide at the limit.
    """
    precision = start
    while True:
        with Balls(precision) as D:
            result = compute(D)
            widest = max(leaves(result), key=_relative_radius, default=arb(0))
            reached = _relative_radius(widest)
        if reached <= width:
            return result
        if 2 * precision > limit:
            raise PrecisionError(
                f"at {precision} bits the radius of {widest} is {reached:.3g} of its magnitude, "
                f"above {width:.3g}"
            )
        precision *= 2


def ulps(x: float, exact: arb, dtype: type[np.floating[Any]]) -> float:
    """Bound how far a computed number lies from the exact one, in units in the last place.

    The unit is the distance between the numbers of `dtype` around the exact one: those from
    2ᵉ up to 2ᵉ⁺¹ lie 2ᵉ⁻ᵖ⁺¹ apart, p the bits of a significand, and the subnormal ones as far
    apart as the smallest normal ones. A correctly rounded number is at most 1/2 away.

    Returns
    -------
    float
        An upper bound: the exact number may be any in the ball. It is 0 where both are the same
        infinity, and ∞ where only one is, or where either is nan.

    Examples
    --------
    >>> with Balls() as D:
    ...     ulps(0.1, D.real(1) / 10, np.float64), ulps(1.0, D.real(1), np.float32)
    (0.4, 0.0)
    """
    if not (np.isfinite(x) and exact.is_finite()):
        return 0.0 if exact.lower() == exact.upper() == x else np.inf
    limits = np.finfo(dtype)
    with Balls():
        least = exact.abs_lower().max(float(limits.smallest_normal))
        mantissa, exponent = least.man_exp()
        unit = arb((1, int(exponent) + int(mantissa).bit_length() - 1 - limits.nmant))
        return _upper(abs(exact - x) / unit)


def _arb_mat(A: Matrix) -> arb_mat:
    m, n = A.shape
    return arb_mat(m, n, A.ravel().tolist())


def _relative_radius(x: arb) -> float:
    if x.is_nan():
        return np.inf
    if x.is_exact():
        return 0.0
    return _upper(x.rad() / x.abs_lower().max(sys.float_info.min))


def _upper(x: arb) -> float:
    """Return a double that no number of the ball is above."""
    top = x.upper()
    nearest = float(top)
    return nearest if nearest >= top else float(np.nextafter(nearest, np.inf))
