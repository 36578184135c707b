"""float64: every operation is rounded, and none raises.

What overflows is ±∞ and what is undefined is nan, as in IEEE 754.
"""

import builtins
import math
from types import TracebackType
from typing import Self

import numpy as np

from spec.domains.domain import Differentiable


class Floats(Differentiable[np.float64]):
    """NumPy's float64; inside the `with` it does not warn of overflow or of division by 0."""

    minus_infinity = np.float64(-math.inf)

    def __init__(self) -> None:
        self._entered: list[np.errstate] = []

    def __enter__(self) -> Self:
        self._entered.append(np.errstate(all="ignore"))
        self._entered[-1].__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._entered.pop().__exit__(kind, error, traceback)

    def real(self, x: builtins.float) -> np.float64:
        return np.float64(x)

    def exp(self, x: np.float64) -> np.float64:
        return np.float64(np.exp(x))

    def log(self, x: np.float64) -> np.float64:
        return np.float64(np.log(x))

    def sqrt(self, x: np.float64) -> np.float64:
        return np.float64(np.sqrt(x))

    def Phi(self, x: np.float64) -> np.float64:
        return np.float64(math.erfc(-x / math.sqrt(2)) / 2)

    def density(self, x: np.float64) -> np.float64:
        return self.exp(-self.square(x) / 2) / math.sqrt(2 * math.pi)

    def ReLU(self, x: np.float64) -> np.float64:
        return np.float64(np.maximum(x, 0))

    def step(self, x: np.float64) -> np.float64:
        """Return ReLU'(x), which is 0 at 0."""
        return np.float64(np.heaviside(x, 0))

    def power(self, x: np.float64, y: np.float64 | int) -> np.float64:
        return np.float64(np.power(x, np.float64(y)))

    def float(self, x: np.float64) -> builtins.float:
        return builtins.float(x)
