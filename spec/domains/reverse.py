"""Reverse mode: derivatives over any domain, by one pass from the result back to the inputs."""

import builtins
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, Self

from spec.domains.domain import Domain, Matrix, S, UndecidedError, shaped

_numbers = itertools.count()


class Variable(Generic[S]):
    """A number with a record of how it was computed.

    The other operand of an operation may be a constant, which is a number of the domain or an
    int; it may not be an array.

    Attributes
    ----------
    value
        The number itself, of the domain below.
    domain
        The domain below.
    parents
        The Variables that it was computed from, each with the derivative by it.
    number
        A serial number, larger than that of any parent.
    """

    __slots__ = ("domain", "number", "parents", "value")

    def __init__(
        self, value: S, domain: Domain[S], parents: "Sequence[tuple[Variable[S], Any]]" = ()
    ) -> None:
        self.value = value
        self.domain = domain
        self.parents = parents
        self.number = next(_numbers)

    def __repr__(self) -> str:
        return f"Variable({self.value!r})"

    def __add__(self, other: Any) -> "Variable[S]":
        return self._new(self.value + _value(other), (self, 1), (other, 1))

    def __sub__(self, other: Any) -> "Variable[S]":
        return self._new(self.value - _value(other), (self, 1), (other, -1))

    def __rsub__(self, other: Any) -> "Variable[S]":
        return self._new(other - self.value, (self, -1))

    def __neg__(self) -> "Variable[S]":
        return self._new(-self.value, (self, -1))

    def __mul__(self, other: Any) -> "Variable[S]":
        return self._new(self.value * _value(other), (self, _value(other)), (other, self.value))

    def __truediv__(self, other: Any) -> "Variable[S]":
        divisor = _value(other)
        quotient = self.value / divisor
        slope = self.domain.real(1) / divisor  # of the domain, since 1 / 3 is rounded
        return self._new(quotient, (self, slope), (other, -quotient / divisor))

    def __rtruediv__(self, other: Any) -> "Variable[S]":
        quotient = other / self.value
        return self._new(quotient, (self, -quotient / self.value))

    __radd__ = __add__
    __rmul__ = __mul__

    def _new(self, value: S, *parents: tuple[Any, Any]) -> "Variable[S]":
        return Variable(value, self.domain, _variables(parents))


class Reverse(Domain[Variable[S] | S]):
    """Variables and constants over a domain.

    `real` gives constants, `variable` a number to differentiate by. There are no derivatives by
    constants, so that the −∞ of a masked score leaves gradients finite.

    Examples
    --------
    >>> from spec.domains import Floats
    >>> with Reverse(Floats()) as D:
    ...     x = D.variable(D.base.real(3))
    ...     D.gradient(x * x, [x])
    [np.float64(6.0)]
    """

    def __init__(self, base: Domain[S]) -> None:
        self.base = base
        self.minus_infinity = base.minus_infinity

    def __enter__(self) -> Self:
        self.base.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.base.__exit__(*error)

    def variable(self, value: S) -> Variable[S]:
        """Return a number to differentiate by."""
        return Variable(value, self.base)

    def gradient(self, output: Variable[S] | S, inputs: Sequence[Variable[S]]) -> list[S]:
        """Return the derivative of the output by each input, 0 where it does not depend on it."""
        derivatives: dict[Variable[S], Any] = {}
        if isinstance(output, Variable):
            derivatives[output] = self.base.real(1)
            for variable in _from_last_to_first(output):
                derivative = derivatives[variable]
                for parent, slope in variable.parents:
                    term = derivative * slope
                    derivatives[parent] = (
                        derivatives[parent] + term if parent in derivatives else term
                    )
        return [derivatives.get(x, self.base.real(0)) for x in inputs]

    def real(self, x: builtins.float) -> S:
        return self.base.real(x)

    def exp(self, x: Variable[S] | S) -> Variable[S] | S:
        return self._apply(self.base.exp, x, lambda _, y: y)

    def log(self, x: Variable[S] | S) -> Variable[S] | S:
        return self._apply(self.base.log, x, lambda x, _: 1 / x)

    def sqrt(self, x: Variable[S] | S) -> Variable[S] | S:
        return self._apply(self.base.sqrt, x, lambda _, y: 1 / (2 * y))

    def Phi(self, x: Variable[S] | S) -> Variable[S] | S:
        return self._apply(self.base.Phi, x, lambda x, _: self.base.density(x))

    def logistic(self, x: Variable[S] | S) -> Variable[S] | S:
        return self._apply(self.base.logistic, x, lambda _, y: y * (1 - y))

    def ReLU(self, x: Variable[S] | S) -> Variable[S] | S:
        return self._apply(self.base.ReLU, x, lambda x, _: self.base.step(x))

    def density(self, x: Variable[S] | S) -> Variable[S] | S:
        return self._apply(self.base.density, x, lambda x, y: -(x * y))

    def step(self, x: Variable[S] | S) -> S:
        """Return ReLU'(x), a constant; where it may jump it has no derivative."""
        step = self.base.step(_value(x))
        known = self.base.is_zero(step) or self.base.is_zero(step - 1)
        if isinstance(x, Variable) and not known:
            raise UndecidedError(f"ReLU' may jump at {x.value}: it has no derivative there")
        return step

    def cos(self, x: Variable[S] | S) -> Variable[S] | S:
        return self._apply(self.base.cos, x, lambda x, _: -self.base.sin(x))

    def sin(self, x: Variable[S] | S) -> Variable[S] | S:
        return self._apply(self.base.sin, x, lambda x, _: self.base.cos(x))

    def tanh(self, x: Variable[S] | S) -> Variable[S] | S:
        return self._apply(self.base.tanh, x, lambda _, y: 1 - self.base.square(y))

    def ELU(self, x: Variable[S] | S) -> Variable[S] | S:
        # The slope is e to the power x where x is negative, else 1.
        D = self.base
        return self._apply(D.ELU, x, lambda x, _: D.exp(-D.ReLU(-x)))

    def larger(self, x: Variable[S] | S, y: Variable[S] | S) -> Variable[S] | S:
        return y if self.at_most(x, y) else x

    def pi(self) -> S:
        return self.base.pi()

    def at_most(self, x: Variable[S] | S, y: Variable[S] | S) -> bool:
        return self.base.at_most(_value(x), _value(y))

    def square(self, x: Variable[S] | S) -> Variable[S] | S:
        return self._apply(self.base.square, x, lambda x, _: 2 * x)

    def power(self, x: Variable[S] | S, y: Variable[S] | S | int) -> Variable[S] | S:
        base, exponent = _value(x), _value(y)
        power = self.base.power(base, exponent)
        parents: list[tuple[Any, Any]] = []
        if isinstance(x, Variable):
            parents.append((x, exponent * self.base.power(base, exponent - 1)))
        if isinstance(y, Variable):
            parents.append((y, power * self.base.log(base)))
        return self._derived(power, parents)

    def is_zero(self, x: Variable[S] | S) -> bool:
        return self.base.is_zero(_value(x))

    def total(self, xs: Sequence[Variable[S] | S]) -> Variable[S] | S:
        total = self.base.total([_value(x) for x in xs])
        return self._derived(total, [(x, 1) for x in xs])

    def dot(self, xs: Sequence[Variable[S] | S], ys: Sequence[Variable[S] | S]) -> Variable[S] | S:
        dot = self.base.dot([_value(x) for x in xs], [_value(y) for y in ys])
        return self._derived(dot, _terms(xs, ys))

    def product(self, A: Matrix, B: Matrix) -> Matrix:
        values = self.base.product(_values(A), _values(B))
        pairs = itertools.product(A.tolist(), B.T.tolist())
        entries = [
            self._derived(value, _terms(row, column))
            for value, (row, column) in zip(values.ravel().tolist(), pairs, strict=True)
        ]
        return shaped(entries, values.shape)

    def float(self, x: Variable[S] | S) -> builtins.float:
        return self.base.float(_value(x))

    def _apply(
        self, function: Callable[[S], S], x: Variable[S] | S, slope: Callable[[S, S], Any]
    ) -> Variable[S] | S:
        """Return y = function(x); its derivative is slope(x, y)."""
        if not isinstance(x, Variable):
            return function(x)
        y = function(x.value)
        return Variable(y, self.base, ((x, slope(x.value, y)),))

    def _derived(self, value: S, parents: Iterable[tuple[Any, Any]]) -> Variable[S] | S:
        """Return a Variable if it has a Variable for a parent, else a constant."""
        variables = _variables(parents)
        return Variable(value, self.base, variables) if variables else value


def _variables(parents: Iterable[tuple[Any, Any]]) -> list[tuple[Variable[Any], Any]]:
    """Return the parents that are Variables, each with its slope."""
    return [(parent, slope) for parent, slope in parents if isinstance(parent, Variable)]


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Variable) else x


def _values(A: Matrix) -> Matrix:
    return shaped([_value(x) for x in A.flat], A.shape)


def _terms(xs: Sequence[Any], ys: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield every number of a dot product with the value that it is multiplied by."""
    return zip([*xs, *ys], map(_value, [*ys, *xs]), strict=True)


def _from_last_to_first(output: Variable[S]) -> list[Variable[S]]:
    """Return the output and all that it depends on, each before its parents."""
    reached, waiting = {output}, [output]
    while waiting:
        for parent, _ in waiting.pop().parents:
            if parent not in reached:
                reached.add(parent)
                waiting.append(parent)
    return sorted(reached, key=lambda variable: -variable.number)
