"""Numbers without values, of which only the operations are counted, as `spec.cost` counts them.

>>> D = Counting()
>>> _ = D.softmax([D.real(1), D.real(2), D.real(3)])
>>> D.operations
Counter({'exp': 3, 'divide': 3, 'add': 2})
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from spec.domains import Domain


def _operator(kind: str) -> Callable[..., Tick]:
    def operate(number: Tick, *_: object) -> Tick:
        number.operations[kind] += 1
        return number

    return operate


class Tick:
    """A number; every operation on it is counted, and gives the same number again."""

    def __init__(self, operations: Counter[str]) -> None:
        self.operations = operations

    __add__ = __radd__ = __sub__ = __rsub__ = __neg__ = _operator("add")
    __mul__ = __rmul__ = _operator("multiply")
    __truediv__ = __rtruediv__ = _operator("divide")


def _function(kind: str) -> Callable[..., Tick]:
    def apply(domain: Counting, x: Tick, *_: object) -> Tick:
        return _operator(kind)(x)

    return apply


class Counting(Domain[Any]):
    """The domain of such numbers; `operations` says how often each kind of operation was done."""

    def __init__(self) -> None:
        self.operations: Counter[str] = Counter()
        self.minus_infinity = self.number = Tick(self.operations)

    def real(self, x: float) -> Tick:
        return self.number

    exp, log, sqrt, power = map(_function, ("exp", "log", "sqrt", "power"))
    Phi, ReLU, logistic, density = map(_function, ("Phi", "ReLU", "logistic", "density"))
    step, cos, sin, tanh, larger = map(_function, ("step", "cos", "sin", "tanh", "larger"))
    ELU = _function("ELU")
    smaller = larger

    def pi(self) -> Tick:
        return self.number

    def at_most(self, x: Tick, y: Tick) -> bool:
        return False

    def dot(self, xs: Sequence[Tick], ys: Sequence[Tick]) -> Tick:
        self.operations["multiply-add"] += len(xs)
        return self.number

    def is_zero(self, x: Tick) -> bool:
        return False

    def float(self, x: Tick) -> float:
        """Return 1, so that a token can be sampled."""
        return 1.0
