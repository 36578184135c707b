"""Functions in the paper's own form: its arguments by its names, columns tokens, θ as records."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from spec import symbols
from spec.expected.result import TURNS
from spec.inputs.adapter import Adapter, AdapterError, Function
from spec.inputs.arguments import Given


def native(function: Function) -> Adapter:
    """Return how a function in the paper's form is called.

    Its parameters have the names that `Given.named` has, or stand in that order; `rng` and
    `ell_gen`, how many tokens may be drawn, are given to one that takes them. A parameter that is
    annotated with a named tuple gets one, at every depth.
    """
    fixed = {} if "eps" in parameters_of(function) else {"ε": 0.0}
    return Adapter("the paper writes it", call, values=fixed, draws=None)


def call(function: Function, given: Given) -> Any:
    """Call a function with the paper's arguments."""
    by_name = arguments(function, given)
    alone = [
        by_name.pop(name)
        for name, one in parameters_of(function).items()
        if one.kind is one.POSITIONAL_ONLY and name in by_name
    ]
    return function(*alone, **by_name)


def arguments(function: Function, given: Given) -> dict[str, Any]:
    """Return what a function is called with, by the names of its parameters.

    Raises
    ------
    AdapterError
        If a parameter cannot be placed.
    """
    parameters = parameters_of(function)
    held: dict[str, Any] = {"ell_gen": TURNS, **given.named, "rng": given.rng}
    needed = [name for name, one in parameters.items() if one.default is one.empty]
    fixed = {symbols.ascii(name) for name in given.adapter.values}
    if unknown := [name for name in needed if name not in held]:
        free = {name: one for name, one in given.named.items() if name not in fixed}
        if len(needed) != len(free):
            raise AdapterError(
                f"{name_of(function)} takes {unknown[0]}, which is no argument of "
                f"Algorithm {given.id}: these are {', '.join(given.named)}"
            )
        held = dict(zip(needed, free.values(), strict=True))
    hints = annotations_of(function)
    return {name: as_annotated(held[name], hints.get(name)) for name in parameters if name in held}


def name_of(function: Function) -> str:
    """Return what a function, a class or an object is called."""
    if isinstance(function, functools.partial):
        return name_of(function.func)
    named = function if hasattr(function, "__qualname__") else type(function)
    return str(named.__qualname__).rpartition("<locals>.")[2]


def parameters_of(function: Function) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a function that have names of their own."""
    try:
        found = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a built-in function may have none that can be read
        raise AdapterError(f"{name_of(function)} has no signature that can be read") from None
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {name: one for name, one in found.items() if one.kind not in variadic}


def annotations_of(annotated: Any) -> Mapping[str, Any]:
    """Return what parameters, or fields, are annotated with, as far as it can be read."""
    while isinstance(annotated, functools.partial):
        annotated = annotated.func
    try:
        return get_type_hints(inspect.unwrap(annotated), include_extras=True)
    except Exception:  # an annotation may be anything, and raise anything
        return {}


def as_annotated(value: Any, hint: Any) -> Any:
    """Return a record as the named tuple that it is annotated to be, at every depth."""
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    kind = get_origin(hint) or hint
    if hasattr(value, "_fields") and hasattr(kind, "_fields"):
        hints = annotations_of(kind)
        if missing := [name for name in kind._fields if not hasattr(value, name)]:
            raise AdapterError(
                f"{kind.__name__} has a field {missing[0]}; there are {', '.join(value._fields)}"
            )
        return kind(*(as_annotated(getattr(value, name), hints.get(name)) for name in kind._fields))
    if isinstance(value, tuple) and kind is tuple and get_args(hint):
        return tuple(as_annotated(one, get_args(hint)[0]) for one in value)
    return value
