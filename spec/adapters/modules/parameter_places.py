"""Where the parameters of a module are, and which of the paper's go there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from spec.adapters.match_arguments import letters, synonyms
from spec.adapters.modules.algorithm_parameters import ModuleAlgorithm
from spec.adapters.options import Fused, Order
from spec.adapters.stored_parameters import JOINED, ParameterForm
from spec.inputs.adapter import AdapterError

Array = npt.NDArray[Any]

#: What a parameter of a module is called that has no name of its own; `kernel` is Flax's.
LEAVES = {"weight": "W", "kernel": "W", "bias": "b"}
PREFIXES = {"weight": "W", "bias": "b", "w": "W", "b": "b"}
#: The parts of an attention, the last of one with several heads.
PARTS = ("q", "k", "v", "kv", "qkv", "o")
#: Those that have outputs for each head.
HEADS = PARTS[:-1]
#: A class whose matrices have a column for each output, though they are called weight.
COLUMNS = ("Conv1D",)


@dataclass(frozen=True)
class ParameterPlace:
    """A parameter of a module: its path, its shape, and the class of the module that has it."""

    path: str
    shape: tuple[int, ...]
    owner: str


@dataclass(frozen=True)
class PlacedParameter:
    """A parameter of a module, and what goes there.

    Attributes
    ----------
    place
        Where it is.
    part
        Which part it is, `qkv`.
    kind
        Its matrix or its offset: W or b; of a norm, neither.
    head
        Of which head alone, counting from 0; None is all.
    order
        Whether a matrix has a row or a column for each output; `kernel` is Flax's, with the
        inputs first though heads have an axis of their own.
    """

    place: ParameterPlace
    part: str
    kind: Literal["W", "b", ""]
    head: int | None
    order: Order | Literal["kernel"] | None

    @property
    def names(self) -> tuple[str, ...]:
        """What goes there, by the paper's names in Python's form."""
        if not self.kind:
            return (self.part,)
        parts = {"kv": ("k", "v"), "qkv": ("q", "k", "v")}.get(self.part, (self.part,))
        return tuple(f"{self.kind}_{one}" for one in parts)

    def dimensions(self, heads: int) -> tuple[int, int]:
        """Return how many outputs a matrix has, of all heads that it has, and how many inputs."""
        shape = self.place.shape
        if len(shape) == 2:
            return shape if self.order == "out first" else (shape[1], shape[0])
        if self.part == "o":  # Flax: (H, d_mid, d_out)
            return shape[2], shape[0] * shape[1]
        if self.order == "kernel":
            return shape[1] * shape[2], shape[0]
        inner, inputs = shape[1:] if self.order == "out first" else shape[:0:-1]
        return heads * inner, inputs

    def array(self, arrays: Mapping[str, Array], qkv: Fused, owner: str) -> Array:
        """Return what goes there.

        Raises
        ------
        AdapterError
            If it has another shape.
        """
        parts = [arrays[name] for name in self.names]
        if self.head is not None:
            parts = [part[self.head] for part in parts]
        found = self._formed(parts, qkv)
        if found.shape != self.place.shape:
            names = ", ".join(f"{name} {arrays[name].shape}" for name in self.names)
            raise AdapterError(
                f"{owner}.{self.place.path} has shape {self.place.shape}, where {names} would have "
                f"shape {found.shape}"
            )
        return found

    def _formed(self, parts: list[Array], qkv: Fused) -> Array:
        whole, axes = parts[0], len(self.place.shape)
        if self.kind == "W" and self.part not in HEADS:
            if axes == 3 and whole.ndim == 2:
                heads = self.place.shape[0]
                return np.moveaxis(whole.reshape(whole.shape[0], heads, -1), 0, -1)
            return whole if self.order == "out first" else whole.T
        if self.part not in HEADS:
            return whole
        stacked = axes == (3 if self.kind == "W" else 2)
        fused = qkv if self.part == "qkv" and qkv == "fused in each head" else "fused"
        form = ParameterForm(qkv=fused, heads="stacked" if stacked else "side by side")
        found: Array = form.outputs(parts, -2 if self.kind == "W" else -1)
        if self.kind == "b" or self.order == "out first":
            return found
        return np.moveaxis(found, -1, 0 if self.order == "kernel" else -2)


def placed_parameters(
    places: list[ParameterPlace],
    algorithm: ModuleAlgorithm,
    owner: str,
    names: Mapping[str, str],
    order: Order | None,
    d_x: int | None,
) -> list[PlacedParameter]:
    """Return what goes where.

    Parameters
    ----------
    places
        The parameters of the module.
    algorithm
        The algorithm that the module should be.
    owner
        The name of the module.
    names
        The parameters that go to some places, by the paths of these: `{"to_r.weight": "W_k"}`.
    order
        Which way matrices stand that are in no module of a known kind; None is to be seen from
        their shapes.
    d_x
        How many numbers a token has, if that is known.

    Raises
    ------
    AdapterError
        If nothing goes to a parameter, or it cannot be told how it stands.
    """
    found = []
    for place in places:
        said = part_of(place, algorithm, names.get(place.path))
        if said is None:
            raise AdapterError(
                f"{owner}.{place.path} has shape {place.shape}: no parameter of Algorithm "
                f"{algorithm.id} goes there"
            )
        part, kind = said
        stands = _order(place, order, d_x) if kind == "W" else "out first"
        if stands is None:
            raise AdapterError(
                f"{owner}.{place.path} has shape {place.shape}, from which it cannot be told which "
                "axis is that of the outputs: say weights='out first' or 'in first'"
            )
        found.append(PlacedParameter(place, part, kind, _head(place, part), stands))
    return found


def part_of(
    place: ParameterPlace, algorithm: ModuleAlgorithm, said: str | None = None
) -> tuple[str, Literal["W", "b", ""]] | None:
    """Return which part a parameter is, and whether its matrix or its offset."""
    if said is not None:
        kind, _, part = said.partition("_")
        return (part, "W" if kind == "W" else "b") if part else (said, "")
    *modules, last = [step for step in place.path.split(".") if not step.isdecimal()]
    stems = list(_stems(modules, last))
    if algorithm.attends:
        parts = PARTS if algorithm.has_heads else HEADS
        named = ((part, kind) for kind, stem in stems for part in parts if _is(stem, part))
        return next(named, None)
    matrices = [name for name in algorithm.parameters if name.startswith("W_")]
    if len(matrices) == 1 and len(place.shape) == 2:
        return matrices[0].removeprefix("W_"), "W"
    for name in algorithm.parameters:
        mark, _, part = name.partition("_")
        if mark not in ("W", "b") and _is(last, name):
            return name, ""
        if any(kind == mark and _is(stem, part) for kind, stem in stems):
            return part, "W" if mark == "W" else "b"
    return None


def sizes_of(
    found: list[PlacedParameter], algorithm: ModuleAlgorithm, heads: int | None
) -> dict[str, int]:
    """Return the sizes that a module has.

    Raises
    ------
    AdapterError
        If it cannot be told how many heads there are.
    """
    if not algorithm.attends:
        return dict(_declared_sizes(found, algorithm))
    matrices = [placed for placed in found if placed.kind == "W"]
    alone = [placed.head for placed in matrices if placed.head is not None]
    H = 1 if not algorithm.has_heads else max(alone) + 1 if alone else _axis(matrices) or heads
    if H is None:
        raise AdapterError("it cannot be told how many heads there are: say sizes={'H': …}")
    sizes = {"H": H} if algorithm.has_heads else {}  # where two differ, the second does not fit
    value = "d_mid" if algorithm.has_heads else "d_out"
    for placed in matrices:
        outputs, inputs = placed.dimensions(H)
        each = outputs // (1 if placed.head is not None else H)
        match placed.part:
            case "q":
                sizes = {"d_attn": each, "d_x": inputs} | sizes
            case "k":
                sizes = {"d_attn": each, "d_z": inputs} | sizes
            case "v":
                sizes = {value: each, "d_z": inputs} | sizes
            case "kv":
                sizes = {"d_attn": each // 2, value: each // 2, "d_z": inputs} | sizes
            case "qkv":
                each //= 3
                sizes = {"d_attn": each, value: each, "d_x": inputs, "d_z": inputs} | sizes
            case "o":
                sizes = {"d_out": outputs} | sizes
    return sizes


def _stems(modules: list[str], last: str) -> Iterator[tuple[Literal["W", "b"], str]]:
    """Yield what a parameter may be called, without what says that it is a matrix or an offset."""
    if last in LEAVES:
        kind: Any = LEAVES[last]
        if modules:
            yield kind, modules[-1]
            yield from ((kind, stem) for _, stem in _stems([], modules[-1]))
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
    found: list[PlacedParameter], algorithm: ModuleAlgorithm
) -> Iterator[tuple[str, int]]:
    """Yield the sizes of parameters that are declared with a size for each axis."""
    for placed in found:
        (name,) = placed.names
        declared = algorithm.parameters[name]
        shape = placed.dimensions(1) if placed.kind == "W" else placed.place.shape
        for size, length in zip((declared.rows, declared.columns), shape, strict=False):
            if size.atom is not None:
                yield size.atom.name, length


def _is(name: str, part: str) -> bool:
    """Say whether a name is that of a part, or a synonym of it."""
    return letters(name) in map(letters, [part, *synonyms()["parts"].get(part, ())])


def _head(place: ParameterPlace, part: str) -> int | None:
    """Return of which head a parameter is: `heads.0.key.weight`."""
    steps = [int(step) for step in place.path.split(".") if step.isdecimal()]
    return steps[0] if steps and part in JOINED["separate"] else None


def _order(
    place: ParameterPlace, order: Order | None, d_x: int | None
) -> Order | Literal["kernel"] | None:
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
    """Return how long the axis of the heads is, if they have one."""
    for placed in matrices:
        if len(placed.place.shape) == 3:
            at = 1 if placed.order == "kernel" and placed.part != "o" else 0
            return placed.place.shape[at]
    return None
