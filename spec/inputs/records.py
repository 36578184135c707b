"""θ and its parts as named tuples of arrays, with the paper's names in Python's form."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from spec import symbols
from spec.language.checked import Checked
from spec.language.types import Bundle, Family
from spec.machine import Parameters, Value

Record = Any  # a named tuple, of arrays and of records

#: What the members of a family are called that is declared for l ∈ [L].
LAYERS = {"L": "layers", "L_enc": "encoder_layers", "L_dec": "decoder_layers"}


def record(
    parameters: Parameters,
    algorithms: Mapping[str, Checked],
    leaf: Callable[[Value, Any], Any],
) -> Record:
    """Return parameters as a named tuple: heads stacked, layers a tuple of named tuples.

    Parameters
    ----------
    parameters
        In the paper's form.
    algorithms
        All algorithms, by id.
    leaf
        Turns a value of a type into an array.
    """
    header = algorithms[parameters.algorithm].header
    named: dict[str, Any] = {}
    layers: dict[str, dict[str, list[Any]]] = {}
    for key, type in header.fields.items():
        name, value = symbols.ascii(str(key)), parameters.fields[key]
        match type:
            case Family(_, count, member) if str(count) in LAYERS:
                group = layers.setdefault(LAYERS[str(count)], {})
                group[name] = [_part(one, member, algorithms, leaf) for one in _members(value)]
                named.setdefault(LAYERS[str(count)], None)
            case Family(_, _, Bundle()):
                named[name] = stacked([record(one, algorithms, leaf) for one in _members(value)])
            case _:
                named[name] = _part(value, type, algorithms, leaf)
    for name, fields in layers.items():
        layer = kind("Layer", tuple(fields))
        named[name] = tuple(layer(*one) for one in zip(*fields.values(), strict=True))
    return kind(f"{header.function or ''}Parameters", tuple(named))(*named.values())


def _part(
    value: Value,
    type: Any,
    algorithms: Mapping[str, Checked],
    leaf: Callable[[Value, Any], Any],
) -> Any:
    if isinstance(value, Parameters):
        return record(value, algorithms, leaf)
    return leaf(value, type)


def _members(family: Value) -> list[Value]:
    return list(family.values()) if isinstance(family, dict) else list(family)


@cache
def kind(name: str, fields: tuple[str, ...]) -> Callable[..., Any]:
    """Return a type of named tuples, the same for the same fields: a node of pytrees."""
    return namedtuple(name, fields)


def stacked(records: Sequence[Record]) -> Record:
    """Return records as one, whose arrays have a leading axis."""
    first = records[0]
    return type(first)(*(np.stack(parts) for parts in zip(*records, strict=True)))


def map_arrays(change: Callable[[Any], Any], tree: Any) -> Any:
    """Apply a function to every array of a tree of records, tuples, lists and dicts."""
    match tree:
        case tuple() if hasattr(tree, "_fields"):
            return type(tree)(*(map_arrays(change, one) for one in tree))
        case tuple() | list():
            return type(tree)(map_arrays(change, one) for one in tree)
        case dict():
            return {name: map_arrays(change, one) for name, one in tree.items()}
    return change(tree) if hasattr(tree, "dtype") else tree
