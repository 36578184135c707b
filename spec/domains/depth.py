"""How many roundings lie between a number and the inputs, at most: the depth of a computation.

A number that is reached through δ roundings, none of which amplifies an earlier one, has in
floating point a relative error of at most γ_δ = δu/(1 − δu), where u is the unit round-off
(Higham, *Accuracy and Stability of Numerical Algorithms*, 2002, lemma 3.1). A sum of n terms is
n − 1 roundings deep, in whatever order it is added up. The depth is a function of the sizes, the
tokens and the mask alone: no algorithm looks at a real number to decide what to do.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from spec.domains.domain import Domain, Matrix, UndecidedError


class Depth:
    """A number of which only the depth is known; ints and floats have depth 0."""

    __slots__ = ("depth",)

    def __init__(self, depth: int) -> None:
        self.depth = depth

    def __repr__(self) -> str:
        return f"Depth({self.depth})"

    def _rounded(self, other: Any = 0) -> Depth:
        depth = other.depth if isinstance(other, Depth) else 0
        return Depth(1 + max(self.depth, depth))

    __add__ = __radd__ = __sub__ = __rsub__ = _rounded
    __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _rounded

    def __neg__(self) -> Depth:
        return self


class Depths(Domain[Depth]):
    """Numbers of which only the depth is known.

    >>> D = Depths()
    >>> x = D.real(1)
    >>> (x + x) * x, D.dot([x, x, x], [x, x, x])
    (Depth(2), Depth(3))
    """

    minus_infinity = Depth(0)

    def real(self, x: builtins.float) -> Depth:
        return Depth(0)

    def exp(self, x: Depth) -> Depth:
        return x._rounded()

    log = sqrt = Phi = ReLU = square = density = cos = sin = tanh = ELU = exp

    def logistic(self, x: Depth) -> Depth:
        """Return the depth of 1 / (1 + exp(−x))."""
        return 1 / (1 + self.exp(-x))

    def step(self, x: Depth) -> Depth:
        return Depth(0)

    def larger(self, x: Depth, y: Depth) -> Depth:
        return Depth(deepest((x, y)))

    def pi(self) -> Depth:
        return Depth(1)

    def at_most(self, x: Depth, y: Depth) -> bool:
        """Raise an error: depths do not say which number is larger."""
        raise UndecidedError("a depth does not say which number is larger")

    def power(self, x: Depth, y: Depth | int) -> Depth:
        return x._rounded(y)

    def total(self, xs: Sequence[Depth]) -> Depth:
        """Return the depth of a sum in the worst order: the deepest term may be added first."""
        return Depth(deepest(xs) + max(len(xs) - 1, 0))

    def dot(self, xs: Sequence[Depth], ys: Sequence[Depth]) -> Depth:
        return Depth(max(deepest(xs), deepest(ys)) + len(xs))

    def product(self, A: Matrix, B: Matrix) -> Matrix:
        """Return for each entry the depth of its `dot`."""
        rows, columns = map(deepest, A.tolist()), list(map(deepest, B.T.tolist()))
        entries = [[Depth(max(row, column) + len(B)) for column in columns] for row in rows]
        return np.array(entries, dtype=object).reshape(len(A), B.shape[1])

    def is_zero(self, x: Depth) -> bool:
        return False

    def float(self, x: Depth) -> builtins.float:
        """Return 1, so that a token can be sampled."""
        return 1.0


def deepest(numbers: Iterable[Any]) -> int:
    """Return the largest depth among numbers; a whole number has none."""
    return max((getattr(number, "depth", 0) for number in numbers), default=0)
