"""Arguments in Python's form, as functions take them that follow the paper.

Names are ASCII and tokens, positions and layers count from 0. Columns are tokens, heads and groups
of heads are stacked along leading axes, and layers are a tuple of records. An algorithm that takes
one token takes all of them at once.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from spec import symbols
from spec.inputs.draw import Inputs, per_token
from spec.language.checked import Checked
from spec.language.header import Header, cotangent
from spec.language.polynomials import ONE, Poly
from spec.language.types import (
    SCALAR,
    TOKEN,
    Bundle,
    Family,
    Matrix,
    Tokens,
    Type,
    Whole,
    is_size,
    sizes_of,
)
from spec.machine import Parameters, Value

Record = Any  # a named tuple, of arrays and of records

#: The name of a tuple of layers, by the size that counts them.
LAYERS = {
    "L": "layers",
    "L_s": "layers",
    "N_E": "experts",
    "L_enc": "encoder_layers",
    "L_dec": "decoder_layers",
}


def python_form(
    algorithms: Mapping[str, Checked], id: str, runs: Sequence[Inputs], dtype: Any
) -> dict[str, Any]:
    """Return arguments by their names in Python, in order.

    They are made of the arguments of one run, or of one run for each token. Arrays of real numbers
    have the given dtype; τ, ε and η stay numbers of Python.
    """
    return dict(_Form(algorithms, algorithms[id].header, runs, dtype).named())


@dataclass(frozen=True)
class _Form:
    algorithms: Mapping[str, Checked]
    header: Header
    runs: Sequence[Inputs]
    dtype: Any

    def named(self) -> Iterator[tuple[str, Any]]:
        header, first = self.header, self.runs[0]
        for place, (key, type) in enumerate(header.inputs):
            values = [run.inputs[place] for run in self.runs]
            yield input_name(str(key), type), self.input(values, type)
        parameters = list(zip(header.parameters, first.parameters, strict=True))
        if whole := self.header_with_bundle():  # Algorithm 3 takes the W_qkv of Algorithm 4
            fields = {key: value for (key, _), value in parameters}
            ordered = Parameters(whole.id, {key: fields[key] for key in whole.fields})
            yield symbols.ascii(str(whole.bundle)), self.part(ordered, None)
        else:
            for (key, type), value in parameters:
                learned = key in header.learned_numbers
                form = self.input([value], type) if learned else self.part(value, type)
                yield symbols.ascii(str(key)), form
        types = {str(key): type for key, type in header.hyperparameters.items()}
        counts = counts_of_blocks(header)
        for name, value in first.hyperparameters.items():
            type = types.get(name, SCALAR)
            if name not in counts:
                yield symbols.ascii(name), value - 1 if type == TOKEN else self.part(value, type)

    def header_with_bundle(self) -> Header | None:
        """Return the header that gathers in a bundle what this one declares one by one."""
        names = {key for key, _ in self.header.parameters}
        for checked in self.algorithms.values():
            whole = checked.header
            if whole.bundle is not None and whole.bundle not in names and names == {*whole.fields}:
                return whole
        return None

    def input(self, values: Sequence[Value], type: Type) -> Any:
        """Return the input of one run, or the inputs of all tokens side by side."""
        match type:
            case Tokens():
                return np.array(values[0]) - 1
            case Family(_, _, Tokens()):
                return [np.array(tokens) - 1 for tokens in values[0]]
            case Family(_, _, Matrix(columns=columns)) if columns == ONE:
                return np.concatenate(values[0], axis=1).astype(self.dtype)
            case Family(_, _, Whole()):
                return np.array(values[0]) - 1
            case Whole(Poly() as count) if is_size(count):
                return np.array(values) if per_token(self.header) else values[0]
            case Whole():
                return np.array(values) - 1 if per_token(self.header) else values[0] - 1
            case Matrix() if per_token(self.header):
                return np.concatenate(values, axis=1).astype(self.dtype)
            case Matrix() if type == SCALAR:
                return np.asarray(values[0], dtype=self.dtype)
        return self.part(values[0], type)

    def part(self, value: Value, type: Type | None) -> Any:
        """Return a parameter: an array, or a record of arrays."""
        if isinstance(value, Parameters):
            return parameter_record(value, self.algorithms, self.array)
        return self.array(value, type)

    def array(self, value: Value, type: Type | None) -> Any:
        """Return an array: a column vector has one axis, a matrix of one column has two.

        The members of a family are stacked; what each layer has, arrays or counts, is a tuple.
        """
        match value, type:
            case int() | float(), _:
                return value
            case _, Family(_, _, Whole()):
                return tuple(value)
            case _, Family(_, count, member) if str(count) in LAYERS:
                return tuple(self.array(one, member) for one in _members(value))
            case _, Family(_, _, member) if member == SCALAR:
                return np.asarray([*_members(value)], dtype=self.dtype)
            case _, Family(_, _, member):
                return np.stack([self.array(one, member) for one in _members(value)])
            case _, Matrix(columns=columns) if columns == ONE:
                value = value[:, 0]
        is_mask = isinstance(type, Matrix) and type.bits
        return np.asarray(value) == 1 if is_mask else value.astype(self.dtype)


def input_name(glyph: str, type: Type) -> str:
    """Return the name of an input in Python: `x` for all x_n, the matrix `E` for all e_t."""
    match type:
        case Family(_, _, Matrix(columns=columns)) if columns == ONE:
            return symbols.ascii(glyph)[0].upper()
        case Family(_, _, Tokens() | Whole()):
            return symbols.ascii(glyph).partition("_")[0]
    return symbols.ascii(glyph)


def counts_of_blocks(header: Header) -> set[str]:
    """Return the sizes that Python reads off an array and a block: N_B, of ℓ_x = N_B B.

    Of the factors it is the one that is declared last.
    """
    counts = set()
    matrices = (type for _, type in header.inputs if isinstance(type, Matrix))
    for length in {atom for type in matrices for atom in sizes_of(type)} & header.equal.keys():
        own = {atom.name for atom in header.equal[length].atoms}
        factors = [str(key) for key in header.hyperparameters if str(key) in own]
        counts |= {*factors[1:]}
    return counts


def summed_over_batch(header: Header) -> tuple[bool, ...]:
    """Say of each result whether a batch has one, the sum of its sequences' own.

    A number is a loss, and such a sum; of a pullback all but the cotangents of inputs are.
    """
    own = {cotangent(key) for key, _ in header.inputs}
    is_pullback = header.id.startswith("∇")
    return tuple(type == SCALAR or (is_pullback and key not in own) for key, type in header.outputs)


# Records ------------------------------------------------------------------------------------------


def record(name: str, fields: Mapping[str, Any]) -> Record:
    """Return a named tuple; equal names and fields give the same class, as JAX's pytrees require.

    >>> record("Point", {"x": 1, "y": 2})
    Point(x=1, y=2)
    """
    return _record_class(name, tuple(fields))(*fields.values())


@cache
def _record_class(name: str, fields: tuple[str, ...]) -> Callable[..., Any]:
    return namedtuple(name, fields)


def parameter_record(
    parameters: Parameters,
    algorithms: Mapping[str, Checked],
    array: Callable[[Value, Any], Any],
) -> Record:
    """Return parameters as a named tuple: heads stacked, layers a tuple of named tuples.

    `array` makes an array from a value and its declared type.
    """

    def part(value: Value, type: Any) -> Any:
        if isinstance(value, Parameters):
            return parameter_record(value, algorithms, array)
        return array(value, type)

    header = algorithms[parameters.algorithm].header
    fields: dict[str, Any] = {}
    layers: dict[str, dict[str, list[Any]]] = {}
    for key, type in header.fields.items():
        name, value = symbols.ascii(str(key)), parameters.fields[key]
        match type:
            case Family(_, count, member) if str(count) in LAYERS:
                group = LAYERS[str(count)]
                parts = [part(layer, member) for layer in _members(value)]
                layers.setdefault(group, {})[name] = parts
                fields.setdefault(group, None)
            case Family(_, _, Bundle() as member):
                fields[name] = stacked([part(head, member) for head in _members(value)])
            case _:
                fields[name] = part(value, type)
    for group, columns in layers.items():
        rows = zip(*columns.values(), strict=True)
        fields[group] = tuple(record("Layer", dict(zip(columns, row, strict=True))) for row in rows)
    return record(f"{header.function or ''}Parameters", fields)


def _members(family: Value) -> Iterable[Value]:
    return family.values() if isinstance(family, dict) else family


def stacked(records: Sequence[Record]) -> Record:
    """Return one record whose arrays are those of several records along a new first axis."""
    return type(records[0])(*map(np.stack, zip(*records, strict=True)))
