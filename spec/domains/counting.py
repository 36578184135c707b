"""Counting: which operations an algorithm does, and how many of each kind."""

import builtins
from collections import Counter
from collections.abc import Sequence
from typing import Any

from spec.domains.domain import Domain


class Tick:
    """A number without a value, on which operations are counted."""

    __slots__ = ("operations",)

    def __init__(self, operations: Counter[str]) -> None:
        self.operations = operations

    def count(self, kind: str, times: int = 1) -> "Tick":
        """Count an operation; its result is a number like any other."""
        self.operations[kind] += times
        return self

    def __add__(self, other: Any) -> "Tick":
        return self.count("add")

    def __neg__(self) -> "Tick":
        return self.count("add")

    def __mul__(self, other: Any) -> "Tick":
        return self.count("multiply")

    def __truediv__(self, other: Any) -> "Tick":
        return self.count("divide")

    __radd__ = __sub__ = __rsub__ = __add__
    __rmul__ = __mul__
    __rtruediv__ = __truediv__


class Counting(Domain[Tick]):
    """Numbers of which only the operations are counted.

    Attributes
    ----------
    operations
        How often each was done: `add` (also `−`, and all but one for a sum), `multiply`, `divide`,
        `exp`, `log`, `sqrt`, `power`, `Phi`, `ReLU`, and `multiply-add`, one for each term of each
        entry of a matrix product.

    Examples
    --------
    >>> D = Counting()
    >>> _ = D.softmax([D.real(1), D.real(2), D.real(3)])
    >>> D.operations
    Counter({'exp': 3, 'divide': 3, 'add': 2})
    """

    def __init__(self) -> None:
        self.operations: Counter[str] = Counter()
        self.minus_infinity = self._number = Tick(self.operations)

    def real(self, x: builtins.float) -> Tick:
        return self._number

    def exp(self, x: Tick) -> Tick:
        return x.count("exp")

    def log(self, x: Tick) -> Tick:
        return x.count("log")

    def sqrt(self, x: Tick) -> Tick:
        return x.count("sqrt")

    def Phi(self, x: Tick) -> Tick:
        return x.count("Phi")

    def ReLU(self, x: Tick) -> Tick:
        return x.count("ReLU")

    def power(self, x: Tick, y: Tick | int) -> Tick:
        return x.count("power")

    def is_zero(self, x: Tick) -> bool:
        return False

    def dot(self, xs: Sequence[Tick], ys: Sequence[Tick]) -> Tick:
        return self._number.count("multiply-add", len(xs))

    def float(self, x: Tick) -> builtins.float:
        """Return 1, so that a token can be sampled."""
        return 1.0
