"""Arguments under which a part of an algorithm does nothing: W_o = 0, one layer, one head.

They follow from the declarations: a count of layers, heads or tokens can be 1, a real array 0, a
mask 1 everywhere, and all tokens of a sequence the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from spec.inputs.arguments import Arguments
from spec.inputs.draw import Inputs
from spec.inputs.variations import sizes_in
from spec.language.checked import Checked
from spec.language.header import Header
from spec.language.types import Bundle, Family, Key, Matrix, Type
from spec.machine import Parameters, Value

#: Where arrays stand: the name of an argument, then those of fields; all layers are one place.
Path = tuple[str, ...]


@dataclass(frozen=True)
class Neutral:
    """One change of arguments that makes a part of an algorithm do nothing.

    Attributes
    ----------
    subject, value
        What is changed, and what it is then: `W_o of W_l` and `0`.
    size
        The size that is 1, if it is a size that changes.
    path
        Where the arrays stand that change, if arrays do.
    """

    subject: str
    value: str
    size: str = ""
    path: Path = ()

    def __str__(self) -> str:
        return f"{self.subject} is {self.value}"


def neutral_changes(arguments: Arguments) -> Iterator[Neutral]:
    """Yield the changes that can be made to some arguments; those that make them smaller first."""
    for size in counts(arguments.algorithms, arguments.id):
        if arguments.sizes[size] > 1:
            yield Neutral(size, "1", size=size)
    arrays: dict[Path, Value] = {}
    _changed(
        arguments.header, arguments.runs[0], lambda path, value: arrays.setdefault(path, value)
    )
    for path, value in arrays.items():
        subject = f"{path[-1]} of {path[1]}" if len(path) > 2 else path[-1]
        if isinstance(value, list):
            yield Neutral(f"each token of {subject}", "the same", path=path)
        else:
            number = "0" if value.dtype.kind == "f" else "1 everywhere"
            yield Neutral(subject, number, path=path)


def neutralised(arguments: Arguments, changes: Iterable[Neutral]) -> Arguments:
    """Return arguments with changes made, as far as the function can have such arguments."""
    sizes = {change.size: 1 for change in changes if change.size}
    paths = {change.path for change in changes if change.path}
    if sizes:
        variation = arguments.variation
        wanted = variation._replace(sizes={**variation.sizes, **sizes}, edge=False)
        arguments = arguments.drawn_as(wanted)

    def neutral(path: Path, value: Value) -> Value:
        return _neutral(value) if path in paths else value

    runs = (_changed(arguments.header, run, neutral) for run in arguments.runs)
    return replace(arguments, runs=tuple(map(arguments.adapter.inputs, runs)))


def counts(algorithms: Mapping[str, Checked], id: str) -> list[str]:
    """Return the sizes that count something, and are not those of vectors: L, H, ℓ_x, N_epochs.

    They count the members of a family, or no parameter has so many rows or columns.
    """
    header = algorithms[id].header
    counting: set[str] = set()
    dimensions: set[str] = set()

    def read(type: Type, is_input: bool) -> None:
        match type:
            case Family(_, count, member):
                counting.update(atom.name for atom in count.atoms)
                read(member, is_input)
            case Bundle(algorithm):
                for part in algorithms[algorithm].header.fields.values():
                    read(part, is_input=False)
            case Matrix(rows, columns, bits=False):
                axes = (rows,) if is_input else (rows, columns)
                dimensions.update(atom.name for axis in axes for atom in axis.atoms)

    for _, type in header.inputs:
        read(type, is_input=True)
    for _, type in header.parameters:
        read(type, is_input=False)
    names = sizes_in(algorithms, id)
    return [name for name in names if name in counting or name not in dimensions]


def _neutral(value: Value) -> Value:
    if isinstance(value, list):
        return value[:1] * len(value)
    return np.zeros_like(value) if value.dtype.kind == "f" else np.ones_like(value)


def _changed(header: Header, run: Inputs, change: Callable[[Path, Value], Value]) -> Inputs:
    """Return arguments with each array, and each sequence of tokens, changed."""

    def changed(path: Path, value: Value) -> Value:
        match value:
            case Parameters(_, fields):
                parts = {key: changed((*path, str(key)), part) for key, part in fields.items()}
                return replace(value, fields=parts)
            case list() if all(isinstance(token, int) for token in value):
                return change(path, value)
            case list():
                return [changed(path, member) for member in value]
            case np.ndarray():
                return change(path, value)
        return value

    def each(keys: Iterable[Key], values: Iterable[Value]) -> tuple[Value, ...]:
        return tuple(changed((str(key),), value) for key, value in zip(keys, values, strict=True))

    inputs = each((key for key, _ in header.inputs), run.inputs)
    return replace(run, inputs=inputs, parameters=each(run.keys, run.parameters))
