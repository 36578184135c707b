"""Pairs the arrays in a tree of the code, its parameters say, with the pseudocode's values."""

import reprlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from spec import symbols
from spec.line_by_line.findings import Mismatch
from spec.machine import Parameters, Value


def short_repr(value: Any) -> str:
    """Return a few words, in one row, that show any value."""
    return " ".join(reprlib.repr(value).split())


def paired_arrays(code: Any, value: Value) -> Iterator[tuple[str, Any, Value]]:
    """Pair the arrays of a value of the code with those of a value of the pseudocode.

    Parameters are paired by their names. Where the pseudocode has a family, W^l of each layer l,
    the code may have one field `W`, which is stacked; or a sequence of layers, each of which has a
    field `W`. The sequences of a data set are paired by their order.

    Yields
    ------
    tuple
        The path of an array, `.layers[0].W_q`; the array; and the value, which is a tuple where
        several are stacked.

    Raises
    ------
    Mismatch
        If something is missing in the code, or there is too much of it.
    """
    match value:
        case Parameters(_, fields):
            named = {symbols.ascii(str(key)): field for key, field in fields.items()}
            yield from _paired_fields(code, named)
        case {1: list()}:  # a data set; the length of each sequence is its own
            yield from _members(code, value, "sequences")
        case dict() if not value:
            return
        case dict() if isinstance(code, tuple):  # what each layer keeps
            yield from _members(code, value, "layers")
        case _:
            yield "", code, value


def _members(code: Any, family: Mapping[int, Value], noun: str) -> Iterator[tuple[str, Any, Value]]:
    """Pair the members of a sequence with those of a family, by their order."""
    members = list(code) if hasattr(code, "__iter__") else []
    if len(members) != len(family):
        raise Mismatch(f"is {short_repr(code)} where the pseudocode has {len(family)} {noun}")
    for place, member in enumerate(members):
        yield f"[{place}]", member, family[place + 1]


def _paired_fields(code: Any, named: Mapping[str, Value]) -> Iterator[tuple[str, Any, Value]]:
    """Pair the fields of parameters; every member of a family must be there."""
    counts = {name: len(value) if isinstance(value, dict) else 1 for name, value in named.items()}
    seen: Counter[str] = Counter()
    for path, name, part, index in _fields(code, named, None):
        value = named[name]
        if index is None or not isinstance(value, dict):
            seen[name] += counts[name]
        else:
            seen[name] += 1
            if index not in value:
                continue
            value = value[index]
        for inner_path, array, inner_value in paired_arrays(part, _as_tuples(value)):
            yield path + inner_path, array, inner_value
    if not seen:
        raise Mismatch(f"is {short_repr(code)} where the pseudocode has parameters")
    for name, count in counts.items():
        if seen[name] != count:
            raise Mismatch(f"has {seen[name]} of {name} where the pseudocode has {count}")


def _fields(
    code: Any, named: Mapping[str, Value], index: int | None
) -> Iterator[tuple[str, str, Any, int | None]]:
    """Yield the path, the name, the value and the index of each field that is a parameter."""
    if not isinstance(code, dict):
        code = {name: getattr(code, name) for name in getattr(code, "_fields", ())}
    for name, part in code.items():
        if name in named:
            yield f".{name}", name, part, index
        elif isinstance(part, tuple | list):
            for place, member in enumerate(part):
                for path, *rest in _fields(member, named, place + 1):
                    yield f".{name}[{place}]{path}", *rest


def _as_tuples(value: Value) -> Value:
    """Turn a family into a tuple, and a family of parameters into parameters that are tuples."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple):
        value = tuple(map(_as_tuples, value))
        match value:
            case (Parameters(algorithm, fields, sizes), *_):
                columns = {key: tuple(member.fields[key] for member in value) for key in fields}
                return Parameters(algorithm, columns, sizes)
    return value
