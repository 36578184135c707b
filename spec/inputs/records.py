"""θ and its parts as named tuples of arrays, with the paper's names in Python's form."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from spec import symbols
from spec.language.checked import Checked
from spec.language.types import Bundle, Family
from spec.machine import Parameters, Value

Record = Any  # a named tuple, of arrays and of records

#: The name of the tuple of layers, by the size that says how many there are.
LAYERS = {"L": "layers", "L_enc": "encoder_layers", "L_dec": "decoder_layers"}


def record(name: str, fields: Mapping[str, Any]) -> Record:
    """Return a named tuple; those with the same name and fields are of one class, as pytrees ask.

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

    Parameters
    ----------
    parameters
        In the paper's form.
    algorithms
        All algorithms, by id.
    array
        Makes the array of a value and its declared type.
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
                parts = [part(each, member) for each in _members(value)]
                layers.setdefault(group, {})[name] = parts
                fields.setdefault(group, None)
            case Family(_, _, Bundle() as member):
                fields[name] = stacked([part(each, member) for each in _members(value)])
            case _:
                fields[name] = part(value, type)
    for group, columns in layers.items():
        rows = zip(*columns.values(), strict=True)
        fields[group] = tuple(record("Layer", dict(zip(columns, row, strict=True))) for row in rows)
    return record(f"{header.function or ''}Parameters", fields)


def _members(family: Value) -> Iterable[Value]:
    return family.values() if isinstance(family, dict) else family


def stacked(records: Sequence[Record]) -> Record:
    """Return several records of arrays as one, whose arrays have a leading axis."""
    return type(records[0])(*map(np.stack, zip(*records, strict=True)))
