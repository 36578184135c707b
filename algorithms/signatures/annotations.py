"""What a signature declares, read from its type annotations.

A function states its shapes once, in its annotations. The check of
every call, the random θ and the property tests all read them here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from inspect import signature, unwrap
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from algorithms.signatures.declarations import (
    AllEntries,
    Below,
    Count,
    MayBeEmpty,
    RightPadding,
    Weights,
    With,
)


class ArrayOf(NamedTuple):
    """An array: its axes, outermost first, and its element types.

    `batch` is "*batch" where any leading axes may stand, "*#batch"
    where they broadcast, and "" where there are none. An axis is a
    name or a product of names, "H*d_mid".
    """

    batch: Literal["*batch", "*#batch", ""]
    axes: tuple[str, ...]
    kind: Literal["float", "integer", "bool"]
    dtypes: tuple[str, ...]
    below: Below | None
    right_padding: bool = False
    all_entries: bool = False
    may_be_empty: str = ""
    weights: Weights | None = None


#: Each kind of element, by a type that no other kind has.
KINDS = {"float": "float64", "integer": "int64", "bool": "bool"}

#: Those of jaxtyping's floats in which every function computes.
FLOATS = ("float16", "bfloat16", "float32", "float64")


class Record(NamedTuple):
    """A NamedTuple of parameters.

    `names` are what some of its sizes are called: `d_x` is "d_e".
    """

    type: type
    fields: Mapping[str, Declaration]
    names: Mapping[str, str] = {}


class Items(NamedTuple):
    """Any number of one thing.

    The layers of θ (a tuple) share their sizes; the sequences of a
    data set do not: each has a length of its own.
    """

    item: Declaration
    size: str
    shared: bool


class Several(NamedTuple):
    """A tuple of results, each with its own declaration."""

    parts: tuple[Declaration, ...]


class Optional(NamedTuple):
    """Something that may be None."""

    value: Declaration


class Number(NamedTuple):
    """A Python number."""

    type: type[int] | type[float]


class Choice(NamedTuple):
    """One of a few words."""

    words: tuple[str, ...]


class Instance(NamedTuple):
    """Any value of a class, or anything that can be called."""

    type: type


Declaration = (
    ArrayOf
    | Record
    | Items
    | Several
    | Optional
    | Number
    | Choice
    | Instance
)


class Signature(NamedTuple):
    """What a function takes and gives back."""

    arguments: Mapping[str, Declaration]
    result: Declaration
    defaults: Mapping[str, Any]


def declared(function: Callable[..., Any]) -> Signature:
    """What a function declares, in the order of its arguments."""
    hints = annotations_of(function)
    parameters = signature(function).parameters.values()
    return Signature(
        {p.name: read(hints[p.name]) for p in parameters},
        read(hints["return"]),
        {
            p.name: p.default
            for p in parameters
            if p.default is not p.empty
        },
    )


def annotations_of(owner: Any) -> dict[str, Any]:
    """The annotations of a function or a class, as types.

    jaxtyping takes longer to import than NumPy. Modules import it,
    and `numpy.typing`, for type checkers only; here their names are
    known all the same.
    """
    import jaxtyping
    import numpy.typing

    typing = {**vars(numpy.typing), **vars(jaxtyping)}
    owner = unwrap(owner)
    own = getattr(owner, "__globals__", None)
    if own is None:  # a class
        own = vars(sys.modules[owner.__module__])
    return get_type_hints(
        owner, {**typing, **own}, include_extras=True
    )


def read(
    hint: Any,
    names: Mapping[str, str] = {},
    marks: tuple[Any, ...] = (),
) -> Declaration:
    """One annotation, with its sizes renamed by `names`."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return read(args[0], names, (*args[1:], *marks))
    if isinstance(hint, TypeVar):  # any class of parameters
        (size,) = (
            m.size for m in marks if isinstance(m, AllEntries)
        )
        return ArrayOf(
            "", (size,), "float", FLOATS, None, False, True
        )
    if origin is tuple and not any(
        isinstance(mark, Count) for mark in marks
    ):
        return Several(tuple(read(arg, names) for arg in args))
    if origin in (Union, UnionType):
        (one,) = (arg for arg in args if arg is not NoneType)
        return Optional(read(one, names, marks))
    if origin is Literal:
        return Choice(args)
    if origin in (tuple, Sequence):
        (size,) = (m.name for m in marks if isinstance(m, Count))
        return Items(read(args[0], names), size, origin is tuple)
    cls: Any = origin or hint
    if hasattr(cls, "dim_str"):  # an array of jaxtyping's
        return _array(cls, names, marks)
    if hasattr(cls, "_fields"):
        inner = {
            size: names.get(name, name)
            for mark in marks
            if isinstance(mark, With)
            for size, name in mark.names.items()
        }
        hints, names = annotations_of(cls), {**names, **inner}
        fields = {f: read(h, names) for f, h in hints.items()}
        return Record(cls, fields, inner)
    if cls in (int, float):
        return Number(cls)
    return Instance(cls)


def _array(
    hint: Any, names: Mapping[str, str], marks: tuple[Any, ...]
) -> ArrayOf:
    axes = tuple(hint.dim_str.split())
    batch: Any = ""
    if axes and axes[0] in ("*batch", "*#batch"):
        batch, axes = axes[0], axes[1:]
        if "batch" in names:
            batch, axes = "", (*names["batch"].split(), *axes)
    renamed = tuple(
        re.sub(r"\w+", lambda m: names.get(m[0], m[0]), axis)
        for axis in axes
    )
    kind: Any = next(
        k for k, dtype in KINDS.items() if dtype in hint.dtypes
    )
    dtypes = FLOATS if kind == "float" else tuple(hint.dtypes)
    below = next((m for m in marks if isinstance(m, Below)), None)
    empty = [m.axis for m in marks if isinstance(m, MayBeEmpty)]
    weights = [m for m in marks if isinstance(m, Weights)]
    return ArrayOf(
        batch,
        renamed,
        kind,
        dtypes,
        below,
        RightPadding in marks,
        may_be_empty="".join(empty),
        weights=next(iter(weights), None),
    )
