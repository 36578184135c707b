"""Does an array of the code hold what the pseudocode has, visit by visit?

What one visit sets has a layout of its own: a number has no axis, a column one, a matrix two.
Where the code does many visits at once there is an axis more: the last for numbers and columns,
which stand side by side, the first for matrices. Batch axes stand left of all.
"""

from __future__ import annotations

import reprlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spec import symbols
from spec.machine import Parameters, Value

Array = npt.NDArray[Any]


class Misfit(ValueError):
    """Says of a value of the code why it cannot be the pseudocode's, in a clause."""


@dataclass(frozen=True)
class SpecArray:
    """A value of the pseudocode as an array of objects, with the axes that code has for it."""

    entries: Array
    exact: bool = False  # tokens and counts, which are compared as they are

    @staticmethod
    def of(value: Value) -> SpecArray:
        """Lay out a value: a set in order, a family side by side, heads along a first axis."""
        match value:
            case int():
                return SpecArray(_array([value], ()), exact=True)
            case list() | set():
                tokens = sorted(value) if isinstance(value, set) else value
                return SpecArray(_array(tokens, (len(tokens),)), exact=True)
            case np.ndarray():
                exact = all(isinstance(entry, int) for entry in value.ravel().tolist())
                return SpecArray(value, exact)
            case dict():
                members = [SpecArray.of(value[index]) for index in sorted(value)]
                return SpecArray(stacked([one.entries for one in members]), members[0].exact)
            case tuple():  # parameters, one of each head or layer
                return SpecArray(np.stack([SpecArray.of(member).entries for member in value]))
        return SpecArray(_array([value], ()))


def stacked(arrays: Sequence[Array], *, first: bool = False) -> Array:
    """Return visits as one array: matrices along a first axis, all else along a last.

    Parameters are those of several heads, and stand along a `first` axis whatever they are.
    """
    return np.stack(arrays, axis=0 if first or arrays[0].ndim == 2 else -1)


def shown(value: Any) -> str:
    """Return a few words for any value, in one row."""
    return " ".join(reprlib.repr(value).split())


def read(
    shape: tuple[int, ...],
    own: tuple[int, ...],
    batch: tuple[int, ...],
    *,
    loose: bool,
    first: bool,
) -> tuple[int, int] | None:
    """Return how many axes of an array are of the batch, and how many visits it stands for.

    Parameters
    ----------
    shape
        The shape of the array.
    own
        The shape of one visit.
    batch
        The batch axes of the code.
    loose
        Whether an axis that is missing, or of size 1, stands for all: it does in arguments.
    first
        Whether visits stand along a first axis even if they are no matrices, and share the batch.

    Returns
    -------
    tuple or None
        None if the shape fits none.
    """
    if shape == own == ():  # a length, say, of all the batch
        return 0, 1
    leads = [batch, (1,) * len(batch), ()] if loose else [batch]
    for lead in reversed(leads) if first else leads:
        if shape[: len(lead)] == lead and (count := _visits(shape[len(lead) :], own, first)):
            return len(lead), count
    return None


def _visits(rest: tuple[int, ...], own: tuple[int, ...], first: bool) -> int:
    """Return how many visits stand in an array without batch, 0 if its shape fits none."""
    if rest == own:
        return 1
    if not rest:
        return 0
    if first or len(own) == 2:
        return rest[0] if rest[1:] == own else 0
    return rest[-1] if rest[:-1] == own or (own == () and rest[:-1] == (1,)) else 0


def aligned(
    code: Array, own: tuple[int, ...], batch: tuple[int, ...], axes: int, count: int, *, first: bool
) -> Array:
    """Return an array that has been `read`, with all axes of `count` visits of a batch."""
    lead, rest = (*((1,) * (len(batch) - axes)), *code.shape[:axes]), code.shape[axes:]
    first = first or len(own) == 2
    if rest == own:
        rest = (1, *own) if first else (*own, 1)
    elif own == ():
        rest = rest[-1:]
    whole = (*batch, count, *own) if first else (*batch, *own, count)
    return np.broadcast_to(code.reshape(*lead, *rest), whole)


def leaves(value: Any, spec: Value) -> Iterator[tuple[str, Any, Value]]:
    """Pair the arrays in a tree of the code with the values of the pseudocode.

    Parameters go by their names. A field has the name of one; or of a family, which is stacked;
    or it is a sequence whose members hold those of each index. A data set goes by its order.

    Yields
    ------
    tuple
        The path, the array, and the value; of what is stacked, a tuple.

    Raises
    ------
    Misfit
        If something is missing, or there is too much of it.
    """
    match spec:
        case Parameters(_, fields):
            named = {symbols.ascii(str(key)): one for key, one in fields.items()}
            yield from _parameters(value, named)
        case {1: list()}:  # a data set, each sequence with its length
            members = list(value) if hasattr(value, "__iter__") else []
            if len(members) != len(spec):
                raise Misfit(f"is {shown(value)} where the pseudocode has {len(spec)} sequences")
            for place, member in enumerate(members):
                yield f"[{place}]", member, spec[place + 1]
        case dict() if not spec:
            return
        case _:
            yield "", value, spec


def _parameters(value: Any, named: Mapping[str, Value]) -> Iterator[tuple[str, Any, Value]]:
    many = {name: len(one) for name, one in named.items() if isinstance(one, dict)}
    found: Counter[str] = Counter()
    for path, name, part, index in _fields(value, named, None):
        one = named[name]
        if name in many and index is not None:
            found[name] += 1
            if index not in one:
                continue
            one = one[index]
        else:
            found[name] += many.get(name, 1)
        for inner, leaf, wanted in leaves(part, _stacked(one)):
            yield path + inner, leaf, wanted
    if not found:
        raise Misfit(f"is {shown(value)} where the pseudocode has parameters")
    for name in named:
        if found[name] != (wanted := many.get(name, 1)):
            raise Misfit(f"has {found[name]} of {name} where the pseudocode has {wanted}")


def _fields(
    value: Any, named: Mapping[str, Value], index: int | None
) -> Iterator[tuple[str, str, Any, int | None]]:
    """Yield the path, the name, the value and the index of each field that is a parameter."""
    if not isinstance(value, dict):
        value = {name: getattr(value, name) for name in getattr(value, "_fields", ())}
    for name, part in value.items():
        if name in named:
            yield f".{name}", name, part, index
        elif isinstance(part, tuple | list):
            for place, member in enumerate(part):
                for path, *rest in _fields(member, named, place + 1):
                    yield f".{name}[{place}]{path}", *rest


def _stacked(value: Value) -> Value:
    """Turn a family into a tuple, and a tuple of parameters into parameters that are tuples."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple):
        value = tuple(map(_stacked, value))
        match value:
            case (Parameters(algorithm, fields, sizes), *_):
                each = {key: tuple(one.fields[key] for one in value) for key in fields}
                return Parameters(algorithm, each, sizes)
    return value


def _array(entries: Sequence[Any], shape: tuple[int, ...]) -> Array:
    array = np.empty(len(entries), dtype=object)
    array[:] = entries
    return array.reshape(shape)
