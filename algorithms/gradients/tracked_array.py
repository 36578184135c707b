"""An array that remembers what it was computed from.

`Tracked` is a fourth array library, beside NumPy's, torch's and
JAX's: the numbered functions run on it as they are. NumPy's own
functions find its rules by NumPy's protocols (`__array_ufunc__`,
`__array_function__`), numbered functions by `__algorithm__`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import unwrap
from itertools import count
from typing import Any, NoReturn

import numpy as np

from algorithms.gradients.cotangents import Cotangent
from algorithms.signatures.arrays import namespace

#: From the cotangent of a result to the cotangents of operands.
Pull = Callable[[Any], tuple[Cotangent, ...]]
Rule = Callable[..., Any]

#: How each function is carried out on tracked arrays.
UFUNCS: dict[Any, Rule] = {}
FUNCTIONS: dict[Any, Rule] = {}
ALGORITHMS: dict[tuple[str, str], Rule] = {}

#: The numbered functions that are kept by line unless they are
#: named in `recompute`.
RECOMPUTED: set[str] = set()

_order = count()


class Run:
    """One call of `value_and_gradient`, and what it recomputes."""

    def __init__(self, recompute: frozenset[str]) -> None:
        self.recompute = recompute


class Node:
    """What is known of a value, besides the value itself.

    Its shape and type, what it was computed from, and how to hand
    on its cotangent. A value lives for as long as the function that
    computed it, or a rule that needs it, holds it.

    `takes` says that `pull` takes a cotangent in every form, and is
    called once for each.
    """

    __slots__ = (
        "cotangent",
        "dtype",
        "order",
        "others",
        "owned",
        "parents",
        "pull",
        "run",
        "shape",
        "takes",
    )

    def __init__(
        self,
        run: Run,
        value: Any,
        parents: tuple[Node, ...] = (),
        pull: Pull | None = None,
        takes: bool = False,
    ) -> None:
        self.run = run
        self.shape = value.shape
        self.dtype = value.dtype
        self.parents = parents
        self.pull = pull
        self.takes = takes
        self.order = next(_order)
        self.cotangent: Any = None
        self.owned = False  # nobody else holds the cotangent
        self.others: list[Cotangent] = []  # not dense


def _operator(ufunc: Any) -> tuple[Any, Any]:
    """Two methods: `X + Y`, and `Y + X` where Y is another."""

    def forward(self: Tracked, other: Any) -> Any:
        return ufunc(self, other)

    def backward(self: Tracked, other: Any) -> Any:
        return ufunc(other, self)

    return forward, backward


class Tracked:
    """A value and its node."""

    __slots__ = ("logarithm", "node", "value")
    __hash__ = None  # type: ignore[assignment]  # as NumPy's arrays

    def __init__(
        self, value: Any, node: Node, logarithm: Any = None
    ) -> None:
        self.value = value
        self.node = node
        # How to find log of some entries without the entries: known
        # of what softmax gave, which may underflow to 0.
        self.logarithm = logarithm

    shape = property(lambda self: self.value.shape)
    dtype = property(lambda self: self.value.dtype)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    device = "cpu"
    # By this name an observer finds the value, as it does JAX's.
    primal = property(lambda self: self.value)

    @property
    def mT(self) -> Any:
        """Rows for columns, on the last two axes."""
        return np.swapaxes(self, -1, -2)

    @property
    def T(self) -> Any:
        """The same with its axes in the other order."""
        return np.transpose(self)

    def reshape(self, *shape: Any) -> Any:
        """The same entries in another shape."""
        one = len(shape) == 1 and not isinstance(shape[0], int)
        return np.reshape(self, shape[0] if one else shape)

    def sum(
        self, axis: Any = None, *, keepdims: bool = False
    ) -> Any:
        """The sum along axes."""
        return np.sum(self, axis=axis, keepdims=keepdims)

    def mean(
        self, axis: Any = None, *, keepdims: bool = False
    ) -> Any:
        """The mean along axes."""
        return np.mean(self, axis=axis, keepdims=keepdims)

    def astype(
        self,
        dtype: Any,
        *,
        copy: bool = True,  # noqa: ARG002
    ) -> Any:
        """The same in another type of floats."""
        return FUNCTIONS["astype"](self, np.dtype(dtype))

    # Operators are NumPy's functions, so that each has one rule.
    # There is no `__iadd__`: `x += y` makes a new array, and never
    # changes the one that x was.
    __add__, __radd__ = _operator(np.add)
    __sub__, __rsub__ = _operator(np.subtract)
    __mul__, __rmul__ = _operator(np.multiply)
    __truediv__, __rtruediv__ = _operator(np.true_divide)
    __floordiv__, __rfloordiv__ = _operator(np.floor_divide)
    __mod__, __rmod__ = _operator(np.remainder)
    __matmul__, __rmatmul__ = _operator(np.matmul)
    __pow__, __rpow__ = _operator(np.power)
    __lt__, __gt__ = _operator(np.less)
    __le__, __ge__ = _operator(np.less_equal)
    __eq__, _ = _operator(np.equal)
    __ne__, _ = _operator(np.not_equal)

    def __neg__(self) -> Any:
        return np.negative(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return np.absolute(self)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self.value)

    def __repr__(self) -> str:
        return f"Tracked({self.value!r})"

    def __getitem__(self, key: Any) -> Any:
        return FUNCTIONS["getitem"](self, key)

    def __setitem__(self, key: Any, new: Any) -> NoReturn:
        refuse("X[…] = …", "a tracked array never changes")

    def __float__(self) -> float:
        refuse("float", CONSTANT)

    def __int__(self) -> int:
        refuse("int", CONSTANT)

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        refuse("numpy.asarray", CONSTANT)

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(refusal(f"the attribute {name}"))

    def __array_namespace__(self, api_version: Any = None) -> Any:
        return namespace(self.value)  # NumPy's

    def __array_ufunc__(
        self, ufunc: Any, method: str, *args: Any, **options: Any
    ) -> Any:
        name = f"numpy.{ufunc.__name__}"
        if method != "__call__":
            refuse(f"{name}.{method}")
        if options.get("out") is not None:
            refuse(f"{name} with out", "it changes an array")
        return carried_out(UFUNCS.get(ufunc), name, args, options)

    def __array_function__(
        self, function: Any, types: Any, args: Any, options: Any
    ) -> Any:
        return carried_out(
            FUNCTIONS.get(function),
            f"numpy.{function.__name__}",
            args,
            options,
        )

    def __algorithm__(
        self,
        function: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Carry out a numbered function: by its rule, if any.

        Without a rule its lines are, each by the rules of what it
        calls.
        """
        bare: Any = unwrap(function)
        rule = ALGORITHMS.get((bare.__module__, bare.__name__))
        if rule is None or (
            bare.__name__ in RECOMPUTED
            and bare.__name__ not in self.node.run.recompute
        ):
            return function(*args, **kwargs)
        return rule(function, *args, **kwargs)


CONSTANT = "it would be a constant, with no part in the gradient"


def refusal(name: str, why: str = "") -> str:
    """One line: what has no rule."""
    line = f"value_and_gradient: {name} has no rule for gradients"
    return f"{line}: {why}" if why else line


def refuse(name: str, why: str = "") -> NoReturn:
    """Refuse an operation by its name."""
    raise TypeError(refusal(name, why))


def carried_out(
    rule: Rule | None, name: str, args: Any, options: dict[str, Any]
) -> Any:
    """A function by its rule; refused where it has none."""
    if rule is None:
        refuse(name)
    named = {
        option: value
        for option, value in options.items()
        if value is not None and value is not np._NoValue
    }
    if unknown := named.keys() & {
        "out",
        "where",
        "initial",
        "dtype",
    }:
        refuse(f"{name} with {', '.join(sorted(unknown))}")
    return rule(*args, **named)


def value_of(x: Any) -> Any:
    """The value that a tracked array has; x if it is another."""
    return x.value if isinstance(x, Tracked) else x


def held(x: Any) -> Any:
    """The value, for a rule to keep.

    Of an array that is not tracked a copy: its owner may change it
    before the rule is used.
    """
    if isinstance(x, Tracked):
        return x.value
    return x.copy() if isinstance(x, np.ndarray) else x


def record(
    value: Any,
    *operands: tuple[Any, Callable[[Any], Cotangent]],
    takes: bool = False,
    logarithm: Any = None,
) -> Tracked:
    """A result, with a pull for each operand.

    Only those of tracked operands are kept, with what they hold.
    """
    kept = [
        (x.node, pull)
        for x, pull in operands
        if isinstance(x, Tracked)
    ]
    pulls = [pull for _, pull in kept]
    return Tracked(
        value,
        _node(
            value,
            tuple(node for node, _ in kept),
            lambda c: tuple(pull(c) for pull in pulls),
            takes,
        ),
        logarithm,
    )


def record_joint(
    value: Any, operands: tuple[Any, ...], pull: Pull
) -> Tracked:
    """A result, with one pull for all operands together."""
    at = [
        i for i, x in enumerate(operands) if isinstance(x, Tracked)
    ]

    def of_tracked(c: Any) -> tuple[Cotangent, ...]:
        every = pull(c)
        return tuple(every[i] for i in at)

    parents = tuple(operands[i].node for i in at)
    return Tracked(value, _node(value, parents, of_tracked, False))


def _node(
    value: Any, parents: tuple[Node, ...], pull: Pull, takes: bool
) -> Node:
    run = parents[0].run
    if any(parent.run is not run for parent in parents):
        refuse_second("the loss")
    return Node(run, value, parents, pull, takes)


def refuse_second(holder: str) -> NoReturn:
    """Refuse an array that another call tracks."""
    raise TypeError(
        f"value_and_gradient: {holder} holds an array that another "
        "call tracks: second derivatives have no rule"
    )
