"""Floating point: every operation is rounded, and none raises.

What overflows is ±∞ and what is undefined is nan, as in IEEE 754.
"""

import builtins
import math
import operator
from collections.abc import Callable
from functools import reduce
from typing import Any, Self

import numpy as np

from spec.domains.domain import Domain, Matrix, shaped


class Floats(Domain[Any]):
    """NumPy's float64, or another type of NumPy's or `ml_dtypes`.

    Inside the `with` it does not warn of overflow or of division by 0.

    Parameters
    ----------
    dtype
        What every number is, and every operation is rounded to.
    """

    def __init__(self, dtype: Any = np.float64) -> None:
        self.dtype = np.dtype(dtype)
        self.rounded: Callable[[Any], Any] = self.dtype.type
        self.minus_infinity = self.rounded(-math.inf)
        self._entered: list[np.errstate] = []

    def __enter__(self) -> Self:
        self._entered.append(np.errstate(all="ignore"))
        self._entered[-1].__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._entered.pop().__exit__(*error)

    def real(self, x: builtins.float) -> Any:
        return self.rounded(x)

    def exp(self, x: Any) -> Any:
        return self.rounded(np.exp(x))

    def log(self, x: Any) -> Any:
        return self.rounded(np.log(x))

    def sqrt(self, x: Any) -> Any:
        return self.rounded(np.sqrt(x))

    def Phi(self, x: Any) -> Any:
        return self.rounded(math.erfc(-builtins.float(x) / math.sqrt(2)) / 2)

    def logistic(self, x: Any) -> Any:
        return self.rounded(1 / self.rounded(1 + self.exp(-x)))

    def density(self, x: Any) -> Any:
        return self.exp(-self.square(x) / 2) / self.rounded(math.sqrt(2 * math.pi))

    def ReLU(self, x: Any) -> Any:
        return self.rounded(np.maximum(x, 0))

    def step(self, x: Any) -> Any:
        """Return ReLU'(x), which is 0 at 0."""
        return self.rounded(x > 0)

    def cos(self, x: Any) -> Any:
        return self.rounded(np.cos(x))

    def sin(self, x: Any) -> Any:
        return self.rounded(np.sin(x))

    def tanh(self, x: Any) -> Any:
        return self.rounded(np.tanh(x))

    def ELU(self, x: Any) -> Any:
        return self.rounded(x if x > 0 else np.expm1(x))

    def larger(self, x: Any, y: Any) -> Any:
        return self.rounded(np.maximum(x, y))

    def pi(self) -> Any:
        return self.rounded(math.pi)

    def at_most(self, x: Any, y: Any) -> bool:
        """Say whether x ≤ y, which no nan is."""
        return bool(x <= y)

    def power(self, x: Any, y: Any) -> Any:
        return self.rounded(np.power(x, self.rounded(y)))

    def product(self, A: Matrix, B: Matrix) -> Matrix:
        """Return the `dot` of each row of A and each column of B, added from left to right."""
        if not 0 < A.shape[1] == len(B):
            return super().product(A, B)
        left, right = A.astype(self.dtype), B.astype(self.dtype)
        terms = left.T[:, :, None] * right[:, None, :]
        return shaped(list(reduce(operator.add, terms).ravel()), (len(A), B.shape[1]))

    def float(self, x: Any) -> builtins.float:
        return builtins.float(x)
