"""One call under check: what its arguments share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import CodeType
from typing import Any, NamedTuple, NoReturn, cast

import numpy as np

from algorithms.signatures.arrays import (
    as_index,
    is_array,
    namespace,
)
from algorithms.signatures.declarations import (
    ArrayOf,
    Below,
    Choice,
    Declaration,
    Items,
    Number,
    Optional,
    Record,
)

#: What passes for a number. NumPy's float64 is a float by itself.
NUMBERS = {int: (int, np.integer), float: (int, float, np.number)}


class ShapeError(ValueError):
    """An array whose shape is not what the signature says."""


class DTypeError(TypeError):
    """A value whose type is not what the signature says."""


class Indices(NamedTuple):
    """Integers whose range is compared once all sizes are known."""

    path: str
    values: Any
    below: Below


class Scope:
    """The sizes, types and library that the arguments share."""

    def __init__(
        self, function: str, kinds: dict[str, Any] | None = None
    ) -> None:
        self.function = function
        # The float type and the library, each with who set it: one
        # for the whole call.
        self.kinds = {} if kinds is None else kinds
        self.sizes: dict[str, Any] = {}
        self.origin: dict[str, str] = {}  # who gave a size
        self.batch: tuple[int, ...] | None = None  # of "*batch"
        self.spread: tuple[int, ...] = ()  # of "*#batch", inputs
        self.spread_theta: tuple[int, ...] = ()  # and parameters
        self.paired = False  # an axis of an input, with one of θ
        self.indices: list[Indices] = []
        self.members: list[Scope] = []  # of a data set

    def take(
        self,
        declarations: Mapping[str, Declaration],
        arguments: Mapping[str, Any],
    ) -> None:
        """Check the arguments, and learn the sizes from them."""
        for name, value in arguments.items():
            self.check(declarations[name], value, name)
        for scope in (self, *self.members):
            scope.check_indices(self.sizes)

    def give(self, declaration: Declaration, result: Any) -> None:
        """Check the result against the sizes of the arguments."""
        if self.batch is None:
            self.batch = _broadcast(self.spread, self.spread_theta)
        if isinstance(declaration, ArrayOf):
            self.check_array(declaration, result, "result", least=0)
        else:
            self.check(declaration, result, "result")

    def require(self, rules: Mapping[str, CodeType]) -> None:
        """Hold the sizes to each rule whose names are all known.

        One that no argument gives a value, an ε in a trace or a
        number that was left out, cannot be compared.
        """
        for rule, code in rules.items():
            names = set(code.co_names)
            if names <= self.sizes.keys():
                self.hold(rule, code, self)
                continue
            for member in self.members:
                if names <= self.sizes.keys() | member.sizes.keys():
                    self.hold(rule, code, member)

    def hold(self, rule: str, code: CodeType, scope: Scope) -> None:
        """Refuse sizes, those of `scope` among them."""
        sizes = {**self.sizes, **scope.sizes}
        if eval(code, {}, sizes):
            return
        origin = {**self.origin, **scope.origin}
        arrays = [
            name for name in code.co_names if origin[name] != name
        ]
        have = ", ".join(
            f"{name}={sizes[name]}"
            + f" ({origin[name]})" * (name in arrays)
            for name in code.co_names
        )
        only_sizes = len(arrays) == len(code.co_names)
        error = ShapeError if only_sizes else ValueError
        self.refuse(error, f"want {rule}, got {have}")

    def check(
        self,
        declaration: Declaration,
        value: Any,
        path: str,
        theta: bool = False,
    ) -> None:
        """Check one argument, or one part of it."""
        match declaration:
            case ArrayOf():
                self.check_array(declaration, value, path, theta)
            case Optional(inner):
                if value is not None:
                    self.check(inner, value, path, theta)
            case Record(cls, fields):
                if not isinstance(value, cls):
                    self.refuse_type(path, value, f"{cls.__name__}")
                for name, part in fields.items():
                    inside = getattr(value, name)
                    self.check(part, inside, f"{path}.{name}", True)
            case Items(item, count, shared):
                if shared and not isinstance(value, tuple):
                    self.refuse_type(path, value, "a tuple")
                if isinstance(value, Mapping) or not (
                    hasattr(value, "__len__")
                    and hasattr(value, "__getitem__")
                ):
                    self.refuse_type(path, value, "a sequence")
                self.bind(count, len(value), path)
                for n in range(len(value)):
                    scope = self if shared else self.member()
                    scope.check(
                        item, value[n], f"{path}[{n}]", theta
                    )
            case Number(kind):
                self.check_number(kind, value, path)
            case Choice(words):
                if value not in words:
                    want = " or ".join(map(repr, words))
                    self.refuse(
                        ValueError,
                        f"{path} is {value!r}, want {want}",
                    )
            case _:  # an instance of a class
                cls = declaration.type
                if not isinstance(value, cls):
                    self.refuse_type(path, value, _type_name(cls))

    def member(self) -> Scope:
        """A scope within: the sizes learnt there stay there."""
        scope = Scope(self.function, self.kinds)
        self.members.append(scope)
        return scope

    def check_array(
        self,
        declaration: ArrayOf,
        value: Any,
        path: str,
        theta: bool = False,
        least: int = 1,
    ) -> None:
        """Check an array's kind, library and shape."""
        kind = declaration.kind
        if not is_array(value):
            self.refuse_type(path, value, f"an array ({kind})")
        self.check_library(value, path)
        dtype = value.dtype
        if _name(dtype) not in declaration.dtypes:
            self.refuse(
                DTypeError,
                f"{path} has dtype {_name(dtype)}, want {kind}",
            )
        if kind == "float":
            self.check_float(_name(dtype), path)
        shape, axes = tuple(value.shape), declaration.axes
        rank = len(shape) - len(axes)
        if rank < 0 or (rank > 0 and not declaration.batch):
            self.refuse_shape(declaration, path, shape)
        batch, shape = shape[:rank], shape[rank:]
        if (
            batch or declaration.batch == "*batch"
        ) and not self.fits(declaration.batch, batch, theta):
            self.refuse_shape(declaration, path, (*batch, *shape))
        for axis, size in zip(axes, shape, strict=True):
            if axis.isidentifier():
                known = self.sizes.get(axis)
                if known is None and size >= least:
                    self.sizes[axis], self.origin[axis] = size, path
                    continue
            else:
                known = eval(_code(axis), {}, self.sizes)
            if known != size:
                self.refuse_shape(
                    declaration, path, (*batch, *shape)
                )
        if declaration.below is not None:
            index = Indices(path, value, declaration.below)
            self.indices.append(index)

    def check_float(self, dtype: str, path: str) -> None:
        """One float type in the whole call."""
        first, origin = self.kinds.setdefault(
            "float", (dtype, path)
        )
        if first != dtype:
            self.refuse(
                DTypeError,
                f"{path} has dtype {dtype}, "
                f"{origin} has {first}: want one float type",
            )

    def check_library(self, value: Any, path: str) -> None:
        """One array library in the whole call."""
        library = _library(value)
        first, origin = self.kinds.setdefault(
            "library", (library, path)
        )
        if first != library:
            self.refuse(
                DTypeError,
                f"{path} is an array of {library}, "
                f"{origin} one of {first}: want one library",
            )

    def fits(
        self, batch: str, shape: tuple[int, ...], theta: bool
    ) -> bool:
        """Whether leading axes agree with those met before."""
        if batch == "*batch":
            if self.batch is None:
                self.batch = shape
            return self.batch == shape
        try:
            if theta:
                both = _broadcast(self.spread_theta, shape)
                self.spread_theta = both
            else:
                self.spread = _broadcast(self.spread, shape)
            self.paired = True
            _broadcast(self.spread, self.spread_theta, apart=True)
            self.paired = False
            if self.batch is not None:
                return _broadcast(self.batch, shape) == self.batch
        except ValueError:
            return False
        return True

    def check_number(
        self, kind: type[int] | type[float], value: Any, path: str
    ) -> None:
        """Check a number, and learn its value."""
        number: Any
        if kind is float and is_array(value) and value.shape == ():
            # NumPy's numbers widen an array, Python's never do. Nor
            # do JAX's weak ones, which Python's become in a trace.
            if not getattr(value, "weak_type", False):
                self.check_float(_name(value.dtype), path)
            number = _value(value)
        elif isinstance(value, NUMBERS[kind]) and not isinstance(
            value, bool
        ):
            number = value
        else:
            self.refuse_type(path, value, kind.__name__)
        if number is not None:
            self.sizes[path], self.origin[path] = number, path

    def check_indices(self, sizes: Mapping[str, Any]) -> None:
        """No token past the vocabulary, no position past ℓ_max."""
        for path, values, below in self.indices:
            size = sizes.get(below.size)
            if size is None:  # a part of θ that is left out
                continue
            for index in _extremes(values):
                if not 0 <= index < size:
                    self.refuse(
                        IndexError,
                        f"{path} holds {below.noun} "
                        f"{index}, outside 0 … {size - 1} "
                        f"({below.size} = {size})",
                    )

    def bind(self, name: str, size: int, path: str) -> None:
        """Learn a length, or hold it to the one learnt before."""
        known = self.sizes.setdefault(name, size)
        origin = self.origin.setdefault(name, path)
        if known != size:
            self.refuse(
                ShapeError,
                f"{path} has length {size}, {origin} has "
                f"{known}: want one {name}",
            )

    def refuse(self, error: type[Exception], why: str) -> NoReturn:
        """One line: the function, the argument, the sizes."""
        raise error(f"{self.function}: {why}")

    def refuse_type(
        self, path: str, value: Any, want: str
    ) -> NoReturn:
        """One line: the type there is, and the one wanted."""
        self.refuse(
            DTypeError,
            f"{path} is of type "
            f"{_type_name(type(value))}, want {want}",
        )

    def refuse_shape(
        self,
        declaration: ArrayOf,
        path: str,
        shape: tuple[int, ...],
    ) -> None:
        """One line: the shape there is, the one wanted, and why."""
        axes = declaration.axes
        if declaration.batch:
            axes = ("*batch", *axes)
        want = ", ".join(axes) + "," * (len(axes) == 1)
        why = [
            f"{name}={self.sizes[name]} ({self.origin[name]})"
            for axis in declaration.axes
            for name in _code(axis).co_names
            if name in self.sizes
        ]
        if declaration.batch:
            why = [f"batch={self.leading}", *why]
        if self.paired:
            why = [
                *why,
                "no leading axis of θ meets one of an input",
            ]
        if 0 in shape[len(shape) - len(declaration.axes) :]:
            why = [*why, "no axis is empty"]
        where = (
            f" where {', '.join(dict.fromkeys(why))}" if why else ""
        )
        self.refuse(
            ShapeError,
            f"{path} has shape {shape}, want ({want}){where}",
        )

    @property
    def leading(self) -> tuple[int, ...]:
        """The leading axes as far as they are known."""
        if self.batch is not None:
            return self.batch
        return max(self.spread, self.spread_theta, key=len)


def _broadcast(
    a: tuple[int, ...], b: tuple[int, ...], *, apart: bool = False
) -> tuple[int, ...]:
    """NumPy's rule. `apart`: no axis is longer than 1 in both."""
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    for m, n in zip(a, b, strict=True):
        if 1 not in (m, n) and (apart or m != n):
            raise ValueError
    return tuple(
        n if m == 1 else m for m, n in zip(a, b, strict=True)
    )


def _value(number: Any) -> float | None:
    """The value of an array without axes, if it can be read."""
    try:
        return float(number)
    except (TypeError, RuntimeError):  # it is traced
        return None


def _type_name(cls: Any) -> str:
    """`torch.Generator`, not to be taken for NumPy's."""
    if cls is Callable:
        return "a function"
    path = cls.__module__.split(".")
    if path[0] in ("builtins", __package__):
        path = []
    public = [part for part in path if not part.startswith("_")]
    return ".".join((*public, cls.__name__))


def _extremes(values: Any) -> Iterator[int]:
    """The least and the greatest, where they can be read."""
    if 0 in values.shape:  # a batch of no sequences
        return
    values = as_index(values)  # torch has no min of uint32
    xp = namespace(values)
    try:
        yield int(xp.min(values))
        yield int(xp.max(values))
    except (TypeError, RuntimeError):
        # A tracer of JAX, or a tensor under torch.func.vmap, has no
        # values yet: `arrays.columns` does not let them wrap.
        return


_dtypes: dict[tuple[Any, Any], str] = {}


def _name(dtype: Any) -> str:
    # With its type: array-api-strict warns where another library's
    # dtype is compared with its own.
    key = (type(dtype), dtype)
    if key not in _dtypes:
        _dtypes[key] = str(dtype).rpartition(".")[2]
    return _dtypes[key]


@cache
def _code(axis: str) -> CodeType:
    return compile(axis, axis, "eval")


_libraries: dict[type, str] = {}


def _library(value: Any) -> str:
    name = _libraries.get(type(value))
    if name is None:
        name = cast("Any", namespace(value)).__name__
        name = name.removeprefix("array_api_compat.").split(".")[0]
        _libraries[type(value)] = name
    return name
