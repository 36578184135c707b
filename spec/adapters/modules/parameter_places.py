"""The places of parameters in a module, and which of the paper's parameters go there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spec.adapters.match_arguments import is_synonym, letters, synonyms
from spec.adapters.modules.algorithm_parameters import ModuleAlgorithm
from spec.adapters.options import Fused, Order, option
from spec.adapters.stored_parameters import JOINED, ParameterForm
from spec.inputs.adapter_error import AdapterError
from spec.inputs.array_conversion import Array

Kind = Literal["W", "b", ""]

#: The names of a matrix and an offset that have no name of their own; `kernel` is Flax's.
LEAVES: Mapping[str, Kind] = {"weight": "W", "kernel": "W", "bias": "b"}
#: How the names of a matrix and an offset begin.
PREFIXES: Mapping[str, Kind] = {"weight": "W", "bias": "b", "w": "W", "b": "b"}
#: The parts of an attention that have outputs for each head; and those of one with several heads.
HEADS = ("q", "k", "v", "kv", "qkv")
PARTS = (*HEADS, "o")
#: The parts of an attention whose maps are a list: `linears.0` is that of the queries.
NUMBERED = ("q", "k", "v", "o")
#: Classes whose matrices have a column for each output, though they are called weight.
COLUMNS = ("Conv1D",)


@dataclass(frozen=True)
class ParameterPlace:
    """An array of a module: its path, `heads.0.key.weight`, its shape, and its owner's class."""

    path: str
    shape: tuple[int, ...]
    owner: str


@dataclass(frozen=True)
class PlacedParameter:
    """The paper's parameters that an array of a module holds: W_q, W_k and W_v of every head, say.

    Attributes
    ----------
    place, head
        The array of the module, and the only head that it holds, counted from 0; None: all heads.
    kind, part
        The parameters by their names: `W` and `qkv`, `b` and `o`; or an empty kind and `gamma`.
    order
        Whether a matrix has a row or a column for each output; `kernel` is Flax's form, whose
        first axis is that of the inputs though heads have an axis of their own.
    """

    place: ParameterPlace
    part: str
    kind: Kind
    head: int | None
    order: Order | Literal["kernel"]

    @property
    def names(self) -> tuple[str, ...]:
        """The paper's parameters that go there, by their names in Python: `("W_k", "W_v")`."""
        if not self.kind:
            return (self.part,)
        parts = self.part if self.part in HEADS else (self.part,)
        return tuple(f"{self.kind}_{part}" for part in parts)

    def dimensions(self, heads: int) -> tuple[int, int]:
        """Return how many outputs the matrix has, in all its heads, and how many inputs."""
        shape = self.place.shape
        if len(shape) == 2:
            return shape if self.order == "out first" else (shape[1], shape[0])
        if self.part == "o":  # Flax: (H, d_mid, d_out)
            return shape[2], shape[0] * shape[1]
        if self.order == "kernel":
            return shape[1] * shape[2], shape[0]
        outputs, inputs = shape[1:] if self.order == "out first" else shape[:0:-1]
        return heads * outputs, inputs

    def array(self, arrays: Mapping[str, Array], qkv: Fused, owner: str) -> Array:
        """Return the array that goes there, if it has the shape of the place."""
        parts = [arrays[name] for name in self.names]
        if self.head is not None:
            parts = [part[self.head] for part in parts]
        array = self._in_form(parts, qkv)
        if array.shape != self.place.shape:
            names = ", ".join(f"{name} {arrays[name].shape}" for name in self.names)
            raise AdapterError(
                f"{owner}.{self.place.path} has shape {self.place.shape}, where {names} would have "
                f"shape {array.shape}"
            )
        return array

    def _in_form(self, parts: list[Array], qkv: Fused) -> Array:
        """Return the parts as one array in the form of the place."""
        whole, axes = parts[0], len(self.place.shape)
        if self.part not in HEADS:
            if self.kind == "W" and axes == 3 and whole.ndim == 2:
                heads = self.place.shape[0]
                return np.moveaxis(whole.reshape(whole.shape[0], heads, -1), 0, -1)
            return whole.T if self.kind == "W" and self.order != "out first" else whole
        stacked = axes == (3 if self.kind == "W" else 2)
        fused = qkv if self.part == "qkv" and qkv == "fused in each head" else "fused"
        form = ParameterForm(qkv=fused, heads="stacked" if stacked else "side by side")
        joined: Array = form.outputs(parts, -2 if self.kind == "W" else -1)
        if self.kind == "b" or self.order == "out first":
            return joined
        return np.moveaxis(joined, -1, 0 if self.order == "kernel" else -2)


def placed_parameters(
    places: list[ParameterPlace],
    algorithm: ModuleAlgorithm,
    owner: str,
    names: Mapping[str, str],
    order: Order | None,
    d_x: int | None,
) -> list[PlacedParameter]:
    """Return the paper's parameters that go to each place of a module.

    Parameters
    ----------
    places, algorithm, owner
        The places, the algorithm that the module should be, and the name of the module.
    names
        The paper's parameters for some paths: `{"to_r.weight": "W_k"}`.
    order, d_x
        Whether matrices have a row or a column for each output, where the kind of module does not
        show it; None: their shapes show it, by the size d_x of a token's vector, if it is known.

    Raises
    ------
    AdapterError
        If no parameter goes to a place, or the order of a matrix is not known.
    """
    placed = []
    numbered = _numbered(places) if algorithm.has_heads else {}
    names = {**numbered, **names}
    for place in places:
        part_and_kind = part_of(place, algorithm, names.get(place.path))
        if part_and_kind is None:
            raise AdapterError(
                f"{owner}.{place.path} has shape {place.shape}: no parameter of Algorithm "
                f"{algorithm.id} goes there"
            )
        part, kind = part_and_kind
        own_order = order_of(place, order, d_x) if kind == "W" else "out first"
        if own_order is None:
            raise AdapterError(
                f"{owner}.{place.path} has shape {place.shape}, which does not show which axis is "
                f"that of the outputs: say {option('weights', 'out first')} or "
                f"{option('weights', 'in first')}"
            )
        head = None if place.path in numbered else _head(place, part)
        placed.append(PlacedParameter(place, part, kind, head, own_order))
    return placed


def _numbered(places: list[ParameterPlace]) -> dict[str, str]:
    """Return the paper's parameters of four maps that only numbers distinguish: q, k, v, o."""
    numbered: dict[tuple[str, ...], dict[int, str]] = {}
    for place in places:
        *modules, number, last = ["", *place.path.split(".")]
        if number.isdecimal() and last in LEAVES:
            numbered.setdefault((*modules, last), {})[int(number)] = place.path
    return {
        path: f"{LEAVES[last]}_{part}"
        for (*_, last), paths in numbered.items()
        if len(paths) == len(NUMBERED)
        for part, (_, path) in zip(NUMBERED, sorted(paths.items()), strict=True)
    }


def part_of(
    place: ParameterPlace, algorithm: ModuleAlgorithm, name: str | None = None
) -> tuple[str, Kind] | None:
    """Return the part that goes to a place, and whether its matrix or its offset: `("q", "W")`.

    `name` is the paper's parameter that goes there, `W_q`, if it is given.
    """
    if name is not None:
        mark, _, part = name.partition("_")
        return (part, "W" if mark == "W" else "b") if part else (name, "")
    *modules, last = [step for step in place.path.split(".") if not step.isdecimal()]
    possible = list(stems(modules, last))
    if algorithm.attends:
        parts = PARTS if algorithm.has_heads else HEADS
        named = ((part, kind) for kind, stem in possible for part in parts if is_part(stem, part))
        return next(named, None)
    matrices = [name for name in algorithm.parameters if name.startswith("W_")]
    if len(matrices) == 1 and len(place.shape) == 2:
        return matrices[0].removeprefix("W_"), "W"
    for parameter in algorithm.parameters:
        mark, _, part = parameter.partition("_")
        if mark not in ("W", "b") and is_part(last, parameter):
            return parameter, ""
        if any(kind == mark and is_part(stem, part) for kind, stem in possible):
            return part, "W" if mark == "W" else "b"
    return None


def sizes_of(
    placed: list[PlacedParameter], algorithm: ModuleAlgorithm, heads: int | None
) -> dict[str, int]:
    """Return the sizes that the parameters of a module have."""
    if not algorithm.attends:
        return dict(_declared_sizes(placed, algorithm))
    matrices = [parameter for parameter in placed if parameter.kind == "W"]
    single = [matrix.head for matrix in matrices if matrix.head is not None]
    H = 1 if not algorithm.has_heads else max(single) + 1 if single else _axis(matrices) or heads
    if H is None:
        raise AdapterError("the number of heads is not known: say H=… (sizes={'H': …})")
    sizes = {"H": H} if algorithm.has_heads else {}
    value = "d_mid" if algorithm.has_heads else "d_out"
    for matrix in matrices:
        outputs, inputs = matrix.dimensions(H)
        if matrix.part == "o":
            sizes.setdefault("d_out", outputs)
            continue
        outputs //= len(matrix.part) * (1 if matrix.head is not None else H)
        for part in matrix.part:  # q, k or v; where two sizes differ, the second does not fit
            sizes.setdefault(value if part == "v" else "d_attn", outputs)
            sizes.setdefault("d_x" if part == "q" else "d_z", inputs)
    return sizes


def stems(modules: list[str], last: str) -> Iterator[tuple[Kind, str]]:
    """Yield the names that a parameter may have, without their mark of a matrix or an offset."""
    if last in LEAVES:
        if modules:
            kind = LEAVES[last]
            yield kind, modules[-1]
            yield from ((kind, stem) for _, stem in stems([], modules[-1]))
        return
    for mark, kind in PREFIXES.items():
        name = letters(last)
        if name.startswith(mark):
            yield kind, name.removeprefix(mark)
        if len(mark) > 1 and name.endswith(mark):
            yield kind, name.removesuffix(mark)
    if "kernel" in last:
        yield "W", letters(last).replace("kernel", "")
    yield "W", last


def _declared_sizes(
    placed: list[PlacedParameter], algorithm: ModuleAlgorithm
) -> Iterator[tuple[str, int]]:
    """Yield the sizes of parameters whose declared axes are sizes."""
    for parameter in placed:
        declared = algorithm.parameters[parameter.names[0]]
        shape = parameter.dimensions(1) if parameter.kind == "W" else parameter.place.shape
        for size, length in zip((declared.rows, declared.columns), shape, strict=False):
            if size.atom is not None:
                yield size.atom.name, length


def is_part(name: str, part: str) -> bool:
    """Say whether a name is that of a part, or a synonym of it."""
    return is_synonym(name, [part, *synonyms()["parts"].get(part, ())])


def _head(place: ParameterPlace, part: str) -> int | None:
    """Return the only head that has a parameter: 0 for `heads.0.key.weight`."""
    steps = [int(step) for step in place.path.split(".") if step.isdecimal()]
    return steps[0] if steps and part in JOINED["separate"] else None


def order_of(
    place: ParameterPlace, order: Order | None, d_x: int | None = None
) -> Order | Literal["kernel"] | None:
    """Return whether a matrix has a row or a column for each output; None if nothing shows it."""
    if place.path.endswith("kernel"):
        return "kernel"
    if place.owner in COLUMNS:
        return "in first"
    if order is not None:
        return order
    if place.path.endswith("weight"):
        return "out first"
    first, last = place.shape[-2:]
    if d_x is None or (first == d_x) == (last == d_x):
        return None
    return "in first" if first == d_x else "out first"


def _axis(matrices: list[PlacedParameter]) -> int | None:
    """Return how many heads there are, if the matrices have an axis for them."""
    for matrix in matrices:
        if len(matrix.place.shape) == 3:
            axis = 1 if matrix.order == "kernel" and matrix.part != "o" else 0
            return matrix.place.shape[axis]
    return None
