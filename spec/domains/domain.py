"""Domains of real numbers: the operations of the pseudocode on numbers of one kind."""

import builtins
import operator
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import reduce
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.object_]


def shaped(entries: Sequence[Any], shape: tuple[int, ...]) -> Matrix:
    """Return an array of the entries, which are listed row by row."""
    return np.fromiter(entries, dtype=object, count=len(entries)).reshape(shape)


class UndecidedError(ArithmeticError):
    """Numbers are known too roughly to say which is larger."""


class Scalar(Protocol):
    """A number with Python's operators; an int may stand on either side."""

    def __add__(self, other: Any, /) -> Any: ...
    def __radd__(self, other: Any, /) -> Any: ...
    def __sub__(self, other: Any, /) -> Any: ...
    def __rsub__(self, other: Any, /) -> Any: ...
    def __mul__(self, other: Any, /) -> Any: ...
    def __rmul__(self, other: Any, /) -> Any: ...
    def __truediv__(self, other: Any, /) -> Any: ...
    def __rtruediv__(self, other: Any, /) -> Any: ...
    def __neg__(self) -> Any: ...


S = TypeVar("S", bound=Scalar)


class Domain(ABC, Generic[S]):
    """Real numbers of one kind, S.

    Their `+ - * /` are Python's, and hold what the domain promises inside a `with` on it:

    >>> from spec.domains import Floats
    >>> with Floats() as D:
    ...     D.softmax([D.real(0), D.minus_infinity])
    [np.float64(1.0), np.float64(0.0)]

    Attributes
    ----------
    minus_infinity
        −∞, the score of what is masked.
    """

    minus_infinity: S

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    @abstractmethod
    def real(self, x: builtins.float) -> S:
        """Return a Python float or int as a number, exactly if there is one."""

    @abstractmethod
    def exp(self, x: S) -> S:
        """Return e to the power x; that of −∞ is exactly 0."""

    @abstractmethod
    def log(self, x: S) -> S:
        """Return the natural logarithm; that of 0 is −∞."""

    @abstractmethod
    def sqrt(self, x: S) -> S:
        """Return the square root."""

    @abstractmethod
    def Phi(self, x: S) -> S:
        """Return the distribution function of the standard normal distribution."""

    @abstractmethod
    def logistic(self, x: S) -> S:
        """Return 1 / (1 + exp(−x))."""

    @abstractmethod
    def ReLU(self, x: S) -> S:
        """Return the larger of x and 0."""

    @abstractmethod
    def density(self, x: S) -> S:
        """Return Φ'(x), the density of the standard normal distribution."""

    @abstractmethod
    def step(self, x: S) -> S:
        """Return ReLU'(x): 1 above 0, 0 below."""

    @abstractmethod
    def cos(self, x: S) -> S:
        """Return the cosine."""

    @abstractmethod
    def sin(self, x: S) -> S:
        """Return the sine."""

    @abstractmethod
    def tanh(self, x: S) -> S:
        """Return the hyperbolic tangent."""

    @abstractmethod
    def ELU(self, x: S) -> S:
        """Return x if it is positive, else exp(x) − 1."""

    @abstractmethod
    def larger(self, x: S, y: S) -> S:
        """Return the larger of two numbers."""

    @abstractmethod
    def pi(self) -> S:
        """Return π."""

    @abstractmethod
    def at_most(self, x: S, y: S) -> bool:
        """Say whether x ≤ y.

        Raises
        ------
        UndecidedError
            If that is not known of these numbers.
        """

    @abstractmethod
    def power(self, x: S, y: S | int) -> S:
        """Return x to the power y."""

    @abstractmethod
    def float(self, x: S) -> builtins.float:
        """Return the nearest double."""

    def smaller(self, x: S, y: S) -> S:
        """Return the smaller of two numbers."""
        smaller: S = -self.larger(-x, -y)
        return smaller

    def is_zero(self, x: S) -> bool:
        """Say whether a number is 0, surely and exactly."""
        return bool(x == 0)

    def square(self, x: S) -> S:
        """Return x · x."""
        square: S = x * x
        return square

    def GELU(self, x: S) -> S:
        """Return x · Φ(x)."""
        product: S = x * self.Phi(x)
        return product

    def SiLU(self, x: S) -> S:
        """Return x · logistic(x)."""
        product: S = x * self.logistic(x)
        return product

    def GELU_slope(self, x: S) -> S:
        """Return GELU'(x) = Φ(x) + x · Φ'(x)."""
        slope: S = self.Phi(x) + x * self.density(x)
        return slope

    def ReLU_slope(self, x: S) -> S:
        """Return ReLU'(x), as `step`."""
        return self.step(x)

    def total(self, xs: Sequence[S]) -> S:
        """Return the sum, from left to right."""
        return reduce(operator.add, xs) if len(xs) else self.real(0)

    def dot(self, xs: Sequence[S], ys: Sequence[S]) -> S:
        """Return Σ_i xs[i] · ys[i], from left to right."""
        return self.total([x * y for x, y in zip(xs, ys, strict=True)])

    def product(self, A: Matrix, B: Matrix) -> Matrix:
        """Return the product of two matrices, `dot` of the rows of A and the columns of B."""
        rows, columns = A.tolist(), B.T.tolist()
        entries = [self.dot(row, column) for row in rows for column in columns]
        return shaped(entries, (len(rows), len(columns)))

    def softmax(self, column: Sequence[S]) -> list[S]:
        """Return the exponentials, each divided by their sum.

        A column of −∞ alone, whose sum is 0, gives zeros (erratum A11).
        """
        exponentials = [self.exp(x) for x in column]
        total = self.total(exponentials)
        if self.is_zero(total):
            return [self.real(0) for _ in column]
        return [x / total for x in exponentials]
