"""Balls: a midpoint and a radius, which together enclose the exact number.

A midpoint has a chosen number of bits; the radius holds every error of the computation. What
`certified` returns is therefore proved, not estimated.
"""

import builtins
import sys
from collections.abc import Callable, Iterable
from typing import Self, TypeVar

import numpy as np
from flint import arb, arb_mat, ctx

from spec.domains.domain import Domain, Matrix, UndecidedError, shaped

T = TypeVar("T")


class PrecisionError(ArithmeticError):
    """The balls are still too wide at the highest precision that was allowed."""


class Balls(Domain[arb]):
    """Arb's balls, at `precision` bits inside the `with`.

    The precision decides how narrow a ball is, not whether it is right: outside of the `with` a
    result still encloses the exact number. A result that may be undefined is nan, which encloses
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

    def __exit__(self, *error: object) -> None:
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

    def logistic(self, x: arb) -> arb:
        return 1 / (1 + (-x).exp())

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

    def cos(self, x: arb) -> arb:
        return x.cos()

    def sin(self, x: arb) -> arb:
        return x.sin()

    def tanh(self, x: arb) -> arb:
        return x.tanh()

    def ELU(self, x: arb) -> arb:
        """Return max(x, 0) + (exp(min(x, 0)) − 1), where one of the two is 0."""
        return x.max(0) + x.min(0).expm1()

    def larger(self, x: arb, y: arb) -> arb:
        """Return a ball that holds the larger of any number of x and any number of y."""
        return x.max(y)

    def pi(self) -> arb:
        return arb.pi()

    def at_most(self, x: arb, y: arb) -> bool:
        """Say whether no number of x is above any number of y; a ball stands for one number."""
        if x is y or x <= y:
            return True
        if x > y:
            return False
        raise UndecidedError(
            f"whether {x.str(20)} ≤ {y.str(20)} is not decided at {self.precision} bits"
        )

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
        return shaped(product.entries(), (len(A), B.shape[1]))

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
        A function that computes the result over the domain it gets.
    leaves
        A function that lists the balls of a result.
    width
        The largest radius, relative to the number: `width` times the least magnitude in the
        ball, or times the smallest normal double if that is larger. A ball without radius is
        narrow enough, unless it is nan.
    start, limit
        The first and the highest precision, in bits.

    Raises
    ------
    PrecisionError
        If the balls are still too wide at the limit, or two numbers not told apart.
    """
    precision = start
    while True:
        try:
            with Balls(precision) as D:
                result = compute(D)
                widest = max(leaves(result), key=_relative_radius, default=arb(0))
                reached = _relative_radius(widest)
            if reached <= width:
                return result
            problem = (
                f"at {precision} bits the radius of {widest} is {reached:.3g} of its magnitude, "
                f"above {width:.3g}"
            )
        except UndecidedError as undecided:
            problem = str(undecided)
        if 2 * precision > limit:
            raise PrecisionError(problem)
        precision *= 2


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
