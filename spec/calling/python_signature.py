"""The parameters of a Python function: their names, defaults and annotations."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from spec.inputs.adapter import AdapterError, Function


def name_of(function: Function) -> str:
    """Return the name of a function, of a class, or of an object's class."""
    if isinstance(function, functools.partial):
        return name_of(function.func)
    named = function if hasattr(function, "__qualname__") else type(function)
    return str(named.__qualname__).rpartition("<locals>.")[2]


def parameters_of(function: Function) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a function that have names of their own.

    Raises
    ------
    AdapterError
        If the signature cannot be read, as of some built-in functions.
    """
    try:
        found = inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise AdapterError(f"{name_of(function)} has no signature that can be read") from None
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {name: one for name, one in found.items() if one.kind not in variadic}


def annotations_of(annotated: Any) -> Mapping[str, Any]:
    """Return the annotations of a function's parameters, or of a class's fields, as types.

    An annotation may be anything, and raise anything when it is read: then there are none.
    """
    while isinstance(annotated, functools.partial):
        annotated = annotated.func
    try:
        return get_type_hints(inspect.unwrap(annotated), include_extras=True)
    except Exception:
        return {}


def as_annotated(value: Any, annotation: Any) -> Any:
    """Return a record as the named tuple that its annotation names, at every depth.

    Raises
    ------
    AdapterError
        If the named tuple has a field that the record does not have.
    """
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    kind = get_origin(annotation) or annotation
    if hasattr(value, "_fields") and hasattr(kind, "_fields"):
        types = annotations_of(kind)
        if missing := [name for name in kind._fields if not hasattr(value, name)]:
            raise AdapterError(
                f"{kind.__name__} has a field {missing[0]}; there are {', '.join(value._fields)}"
            )
        return kind(*(as_annotated(getattr(value, name), types.get(name)) for name in kind._fields))
    if isinstance(value, tuple) and kind is tuple and get_args(annotation):
        return tuple(as_annotated(part, get_args(annotation)[0]) for part in value)
    return value
