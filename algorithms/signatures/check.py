"""One call held to its signature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import numpy as np

from algorithms.signatures import messages, values
from algorithms.signatures.annotations import (
    ArrayOf,
    Choice,
    Declaration,
    Items,
    Number,
    Optional,
    Record,
    Several,
)
from algorithms.signatures.array_types import (
    VANISHING,
    autocast,
    dtype_name,
    dtypes,
    library,
    misleading,
    type_name,
)
from algorithms.signatures.declarations import Weights
from algorithms.signatures.errors import (
    DTypeError,
    NotFiniteError,
    ShapeError,
)
from algorithms.signatures.leading_axes import LeadingAxes
from algorithms.signatures.messages import (
    compiled,
    is_of_one_size,
)
from algorithms.signatures.trees import named_arrays

#: What passes for a number. NumPy's float64 is a float by itself.
NUMBERS = {int: (int, np.integer), float: (int, float, np.number)}

#: The arrays of a record: the path of each, and its shape.
Form = list[tuple[str, tuple[int, ...]]]

#: Numbers that are added to arrays, or multiply them.
COMPUTED_WITH = {"eps", "eta"}


class Check:
    """What the arguments of a call share: sizes, types, library.

    They are learnt from one argument after the other:

        layer_norm(e, gamma, beta)    sizes so far
        e      (5, 8, 3)              d_e=8, ell=3    batch=(5,)
        gamma  (8,)                   d_e=8 fits
        beta   (7,)                   d_e=7 does not

    What does not fit is refused, by an error of one line: `beta has
    shape (7,), want (d_e,) where d_e=8 (e)`.
    """

    def __init__(
        self, function: str, shared: dict[str, Any] | None = None
    ) -> None:
        self.function = function
        # The float type and the library, each with the argument
        # that set it: one for the whole call. And in float16, all
        # arrays of floats, by their paths.
        self.shared = {} if shared is None else shared
        self.sizes: dict[str, Any] = {}  # and numbers, by name
        self.origin: dict[str, str] = {}  # what set a size
        self.leading = LeadingAxes()
        # Of all entries of θ: what argument set which shapes.
        self.forms: dict[str, tuple[str, Form]] = {}
        # Arrays before the sizes that their axes are products of.
        self.postponed: list[
            tuple[ArrayOf, Any, str, bool, int]
        ] = []
        # What needs all sizes: each array whose values are limited.
        self.limited: list[tuple[str, Any, ArrayOf]] = []
        self.sequences: list[Check] = []  # of a data set

    def arguments(
        self,
        declarations: Mapping[str, Declaration],
        arguments: Mapping[str, Any],
    ) -> None:
        """Check the arguments, and learn the sizes from them."""
        for name, value in arguments.items():
            self.check(declarations[name], value, name)
        for shape in self.postponed:
            self.check_shape(*shape)
        for name in declarations.keys() & COMPUTED_WITH:
            self.check_not_vanishing(name)
        for part in (self, *self.sequences):
            for path, array, declaration in part.limited:
                self.check_values(path, array, declaration)

    def rules(self, rules: Iterable[str]) -> None:
        """Hold the sizes to each rule whose names are all known.

        One that no argument gives a value, an ε in a trace or a
        number that was left out, cannot be compared.
        """
        for rule in rules:
            names = {*compiled(rule).co_names}
            if names <= self.sizes.keys():
                self.check_rule(rule, self)
                continue
            for part in self.sequences:
                if names <= self.sizes.keys() | part.sizes.keys():
                    self.check_rule(rule, part)

    def result(self, declaration: Declaration, result: Any) -> None:
        """Check the result against the sizes of the arguments."""
        self.leading.close()
        halves = self.shared.get("float16", {})
        arguments = [*halves.values()]
        halves.clear()
        if isinstance(declaration, ArrayOf) and not (
            declaration.all_entries
        ):
            self.check_array(declaration, result, "result", least=0)
        else:
            self.check(declaration, result, "result")
        for path, array in halves.items():
            if values.some_nan(array) and all(
                map(values.all_finite, arguments)
            ):
                self.refuse(
                    NotFiniteError,
                    f"{path} holds nan, and each argument is "
                    "finite: a number passed 65504, the largest "
                    "of float16, or was 0/0; want float32",
                )

    def check(
        self,
        declaration: Declaration,
        value: Any,
        path: str,
        parameter: bool = False,
    ) -> None:
        """Check one argument, or one part of it.

        `path` is its name, `theta.layers[1].b_o`; `parameter` says
        whether it is a part of θ.
        """
        match declaration:
            case ArrayOf(axes=(size,), all_entries=True):
                self.check_all_entries(
                    declaration, size, value, path
                )
            case ArrayOf():
                self.check_array(
                    declaration, value, path, parameter
                )
            case Several(parts):
                self.check_several(parts, value, path)
            case Optional(inner):
                if value is not None:
                    self.check(inner, value, path, parameter)
            case Record(cls, fields):
                if not isinstance(value, cls):
                    self.refuse_type(path, value, f"{cls.__name__}")
                for name, part in fields.items():
                    inside = getattr(value, name)
                    self.check(part, inside, f"{path}.{name}", True)
            case Items():
                self.check_items(
                    declaration, value, path, parameter
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
                    self.refuse_type(path, value, type_name(cls))

    def check_several(
        self, parts: tuple[Declaration, ...], value: Any, path: str
    ) -> None:
        """Check each of several results."""
        if not isinstance(value, tuple) or len(value) != len(parts):
            self.refuse_type(
                path, value, f"a tuple of {len(parts)}"
            )
        for n, part in enumerate(parts):
            self.check(part, value[n], f"{path}[{n}]")

    def check_all_entries(
        self, declaration: ArrayOf, size: str, value: Any, path: str
    ) -> None:
        """Check an array or a record, taken as one vector."""
        plain = not isinstance(value, tuple)
        form: Form = []
        for name, array in named_arrays(value, ""):
            own = declaration
            if library(array) and not misleading(array):
                shape = tuple(array.shape)
                form.append((name, shape))
                if not plain or len(shape) != 1:
                    axes = tuple(map(str, shape))
                    own = declaration._replace(axes=axes)
            self.check_array(own, array, path + name, True)
        if not form:
            self.refuse_type(path, value, "an array (float)")
        origin, known = self.forms.setdefault(size, (path, form))
        if form == known:
            return
        for (name, shape), (other, want) in zip(
            form, known, strict=False
        ):
            if name == other and shape != want:
                self.refuse(
                    ShapeError,
                    f"{path}{name} has shape {shape}, "
                    f"{origin}{other} has {want}: want one shape",
                )
        self.refuse(
            ShapeError,
            f"{path} has not the arrays of {origin}: want "
            f"{', '.join(origin + name for name, _ in known)}",
        )

    def check_items(
        self,
        declaration: Items,
        value: Any,
        path: str,
        parameter: bool,
    ) -> None:
        """Check the layers of θ, or the sequences of a data set."""
        item, count, shared = declaration
        if shared and not isinstance(value, tuple):
            self.refuse_type(path, value, "a tuple")
        if isinstance(value, Mapping) or not (
            hasattr(value, "__len__")
            and hasattr(value, "__getitem__")
        ):
            self.refuse_type(path, value, "a sequence")
        self.bind(count, len(value), path)
        for n in range(len(value)):
            part = self
            if not shared:  # its sizes are its own
                part = Check(self.function, self.shared)
                self.sequences.append(part)
            part.check(item, value[n], f"{path}[{n}]", parameter)

    def check_array(
        self,
        declaration: ArrayOf,
        value: Any,
        path: str,
        parameter: bool = False,
        least: int = 1,
    ) -> None:
        """Check an array's library, type and shape."""
        kind, name = declaration.kind, library(value)
        if name is None or misleading(value):
            self.refuse_type(path, value, f"an array ({kind})")
        self.check_library(name, path)
        allowed = dtypes(declaration.dtypes, name)
        if dtype_name(value.dtype) not in allowed:
            why = messages.wrong_dtype(kind, value.dtype, allowed)
            self.refuse(DTypeError, f"{path} {why}")
        if kind == "float":
            self.check_float(value, path)
        self.check_shape(declaration, value, path, parameter, least)
        if (
            declaration.below
            or declaration.right_padding
            or declaration.weights
        ):
            self.limited.append((path, value, declaration))

    def check_shape(
        self,
        declaration: ArrayOf,
        value: Any,
        path: str,
        parameter: bool,
        least: int,
    ) -> None:
        """Check the leading axes, then those that have a name."""
        axes, shape = declaration.axes, tuple(value.shape)
        for axis in axes:
            if not (self.knows(axis) or is_of_one_size(axis)):
                self.postponed.append(
                    (declaration, value, path, parameter, least)
                )
                return
        rank = len(shape) - len(axes)
        if rank < 0 or (rank > 0 and not declaration.batch):
            self.refuse_shape(declaration, path, shape)
        batch = declaration.batch
        if (rank or batch == "*batch") and not self.leading.accept(
            batch, shape[:rank], parameter
        ):
            self.refuse_shape(declaration, path, shape)
        for axis, size in zip(axes, shape[rank:], strict=True):
            if axis.isidentifier():
                known = self.sizes.get(axis)
                empty = axis == declaration.may_be_empty
                if known is None and (size >= least or empty):
                    self.sizes[axis], self.origin[axis] = size, path
                    continue
            elif self.knows(axis):
                known = eval(compiled(axis), {}, self.sizes)
            else:
                known = self.solve(axis, size, path)
            if known != size:
                self.refuse_shape(declaration, path, shape)

    def knows(self, axis: str) -> bool:
        """Whether the sizes of which an axis is made are known."""
        return self.sizes.keys() >= {*compiled(axis).co_names}

    def solve(self, axis: str, size: int, path: str) -> int | None:
        """Learn k of an axis as long as `2*k+1`, if it is so."""
        (name,) = compiled(axis).co_names
        at_0, at_1 = (
            eval(compiled(axis), {}, {name: n}) for n in (0, 1)
        )
        number, rest = divmod(size - at_0, at_1 - at_0)
        if rest or number < 0:
            return None
        self.sizes[name], self.origin[name] = number, path
        return size

    def check_library(self, name: str, path: str) -> None:
        """One array library in the whole call."""
        first, origin = self.shared.setdefault(
            "library", (name, path)
        )
        if first != name:
            self.refuse(
                DTypeError,
                f"{path} is an array of {name}, "
                f"{origin} one of {first}: want one library",
            )

    def check_float(self, value: Any, path: str) -> None:
        """One float type in the whole call."""
        dtype = dtype_name(value.dtype)
        if "float" not in self.shared and (
            other := autocast(value)
        ):
            self.refuse(
                DTypeError,
                f"torch.autocast computes with {path} ({dtype}) in "
                f"{other}, want it off: torch.autocast("
                f"{value.device.type!r}, enabled=False)",
            )
        first, origin = self.shared.setdefault(
            "float", (dtype, path)
        )
        if dtype == "float16":
            self.shared.setdefault(dtype, {})[path] = value
        if first != dtype:
            self.refuse(
                DTypeError,
                f"{path} has dtype {dtype}, "
                f"{origin} has {first}: want one float type",
            )

    def check_number(
        self, kind: type[int] | type[float], value: Any, path: str
    ) -> None:
        """Check a number, and learn its value."""
        number: Any
        if (
            kind is float
            and library(value)
            and not misleading(value)
            and value.shape == ()
        ):
            # NumPy's numbers widen an array, Python's never do. Nor
            # do JAX's weak ones, which Python's become in a trace.
            if not getattr(value, "weak_type", False):
                self.check_float(value, path)
            number = values.number(value)
        elif isinstance(value, NUMBERS[kind]) and not isinstance(
            value, bool
        ):
            number = value
        else:
            self.refuse_type(path, value, kind.__name__)
        if number is not None:
            name = path.partition("[")[0]  # one of several, w_l[0]
            self.sizes[name], self.origin[name] = number, path

    def check_not_vanishing(self, name: str) -> None:
        """An ε above 0 is not 0 in the type of the arrays."""
        dtype, _ = self.shared.get("float", ("float64", ""))
        zero = VANISHING.get(dtype, 0.0)
        number = self.sizes.get(name, 0)  # not while it is traced
        if 0 < number <= zero:
            self.refuse(
                ValueError,
                f"{name}={number} is 0 in {dtype}, "
                f"want more than {zero:.3g}, or 0",
            )

    def check_values(
        self, path: str, array: Any, declaration: ArrayOf
    ) -> None:
        """Check indices, weights, and where padding stands."""
        below = declaration.below
        # None: in a part of θ that is left out.
        if (
            below
            and (size := self.sizes.get(below.size)) is not None
        ):
            for index in values.extremes(array):
                if not 0 <= index < size:
                    self.refuse(
                        IndexError,
                        f"{path} holds {below.noun} {index}, "
                        f"outside 0 … {size - 1} "
                        f"({below.size} = {size})",
                    )
        if declaration.right_padding and not (
            values.padded_at_the_right(array)
        ):
            self.refuse(
                ValueError,
                f"{path} has True after False, want all True, then "
                "all False in each sequence: positions count from "
                "the left, so pad at the right end",
            )
        if declaration.weights:
            self.check_weights(path, array, declaration.weights)

    def check_weights(
        self, path: str, array: Any, wanted: Weights
    ) -> None:
        """Check that tokens may be drawn by these numbers."""
        if values.some_nan(array):
            self.refuse(
                NotFiniteError, f"{path} holds nan, want numbers"
            )
        least = values.least(array)
        if least is not None and least < 0:
            self.refuse(
                ValueError,
                f"{path} holds {least}, want probabilities or "
                "weights, none below 0: neither logits nor logs",
            )
        excess = values.excess(array) if wanted.sum_is_1 else None
        if excess is not None:
            self.refuse(
                ValueError,
                f"{path} has sum {1 + excess}, want 1: divide "
                "weights by their sum",
            )

    def check_rule(self, rule: str, part: Check) -> None:
        """Hold sizes to a rule, those of `part` among them."""
        sizes = {**self.sizes, **part.sizes}
        code = compiled(rule)
        if eval(code, {}, sizes):
            return
        origin = {**self.origin, **part.origin}
        of_arrays = all(
            origin[n].partition("[")[0] != n for n in code.co_names
        )
        self.refuse(
            ShapeError if of_arrays else ValueError,
            messages.broken_rule(rule, sizes, origin),
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
        have = misleading(value) or type_name(type(value))
        self.refuse(
            DTypeError, f"{path} is of type {have}, want {want}"
        )

    def refuse_shape(
        self,
        declaration: ArrayOf,
        path: str,
        shape: tuple[int, ...],
    ) -> NoReturn:
        """One line: the shape there is, the one wanted, and why."""
        why = messages.wrong_shape(
            declaration,
            shape,
            self.leading,
            self.sizes,
            self.origin,
        )
        self.refuse(ShapeError, f"{path} {why}")
