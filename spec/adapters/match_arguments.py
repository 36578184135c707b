"""Which argument each parameter of a function takes: by name, by a synonym, or in order."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from spec.adapters.options import is_bias
from spec.calling.python_signature import name_of, parameters_of
from spec.inputs.adapter import AdapterError, Function
from spec.machine.trees import arrays

#: How deep the parameters of an algorithm lie: W holds W_qkv, which holds W_q.
DEPTH = 2


@dataclass(frozen=True)
class Matching:
    """Which argument each parameter of a function takes, as far as it is known.

    Attributes
    ----------
    found
        The name of an argument for each name of a parameter: `{"q": "X"}`.
    unknown
        The parameters that there is no argument for.
    left
        The arguments that there is no parameter for.
    """

    found: Mapping[str, str]
    unknown: tuple[str, ...]
    left: tuple[str, ...]


@cache
def synonyms() -> Mapping[str, Mapping[str, Any]]:
    """Return the names that people use, by those of the paper: the tables of `synonyms.toml`."""
    text = files("spec.adapters").joinpath("synonyms.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def matched(
    function: Function, required: Mapping[str, Any], optional: Mapping[str, Any], algorithm: str
) -> dict[str, Any]:
    """Return the arguments that a function is called with, by the names of its parameters.

    Parameters
    ----------
    function
        The function.
    required
        What it must take: sequences, parameters, a mask; and numbers, which it may do without. A
        record is taken whole, or one by one.
    optional
        What it may take, by name alone: a source of random numbers.
    algorithm
        The algorithm, for messages: `Algorithm 4`.

    Raises
    ------
    AdapterError
        If a parameter has no argument, or an array has no parameter.
    """
    tried = []
    for depth in range(DEPTH + 1):
        matching = match(function, required, optional)
        if not matching.unknown and not matching.left:
            both = {**optional, **required}
            return {name: both[argument] for name, argument in matching.found.items()}
        wrong = len(matching.unknown) + len(matching.left)
        tried.append((wrong, depth, matching, required))
        required = spread(required)
    _, _, best, required = min(tried, key=lambda attempt: attempt[:2])
    if best.unknown:
        known = ", ".join(
            described(name, value) for name, value in required.items() if value is not None
        )
        raise AdapterError(
            f"{name_of(function)} takes {best.unknown[0]}, which is not an argument of "
            f"{algorithm}: these are {known}"
        )
    name = best.left[0]
    raise AdapterError(
        f"{name_of(function)} does not take {described(name, required[name])}, an argument of "
        f"{algorithm}: it takes {', '.join(parameters_of(function))}"
    )


def match(function: Function, required: Mapping[str, Any], optional: Mapping[str, Any]) -> Matching:
    """Say which argument each parameter takes, as far as that can be told.

    The paper's own names come first, then names that differ in letters alone, then synonyms; so
    that in `norm(gamma, e, b)` b is β, whatever else b may stand for. What then has no name that
    is known stands in the paper's order.
    """
    parameters, arguments = parameters_of(function), {**optional, **required}
    needed = {
        name for name, parameter in parameters.items() if parameter.default is parameter.empty
    }
    found: dict[str, str] = {}
    for way in WAYS:
        for name in parameters:
            free = [argument for argument in arguments if argument not in found.values()]
            argument = None if name in found else way(name, free)
            # A parameter with a default keeps it where there is nothing to give.
            if argument and (name in needed or arguments[argument] is not None):
                found[name] = argument
    found = {name: found[name] for name in parameters if name in found}
    unknown = [name for name in parameters if name in needed and name not in found]
    left = [argument for argument in required if argument not in found.values()]
    left_arrays = [argument for argument in left if list(arrays(required[argument]))]
    for rest in (left_arrays, left):
        if unknown and len(unknown) == len(rest) and not (found and any(map(is_bias, rest))):
            return Matching({**found, **dict(zip(unknown, rest, strict=True))}, (), ())
    return Matching(found, tuple(unknown), tuple(left_arrays))


def _same_name(name: str, arguments: Iterable[str]) -> str | None:
    return name if name in arguments else None


def _same_letters(name: str, arguments: Iterable[str]) -> str | None:
    same = [argument for argument in arguments if letters(argument) == letters(name)]
    return same[0] if len(same) == 1 else None


def _synonym(name: str, arguments: Iterable[str]) -> str | None:
    table = synonyms()["arguments"]
    for argument in arguments:
        if letters(name) in map(letters, table.get(argument, ())):
            return argument
    return None


#: The ways in which a parameter's name tells its argument, the surest first.
WAYS: tuple[Callable[[str, Iterable[str]], str | None], ...] = (
    _same_name,
    _same_letters,
    _synonym,
)


def argument_named(name: str, arguments: Iterable[str]) -> str | None:
    """Return the argument that a name stands for, if there is one: `Z` for `memory`."""
    arguments = list(arguments)
    return next(filter(None, (way(name, arguments) for way in WAYS)), None)


def letters(name: str) -> str:
    """Return a name in lower case without underscores: `Wq` and `w_q` are one."""
    return name.replace("_", "").casefold()


def spread(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments with the fields of each record in its place."""
    found: dict[str, Any] = {}
    for name, value in arguments.items():
        found |= value._asdict() if hasattr(value, "_fields") else {name: value}
    return found


def described(name: str, value: Any) -> str:
    """Return an argument with its shape, or a record with its fields: `W_q (4, 13)`."""
    if hasattr(value, "shape"):
        return f"{name} {value.shape}"
    if hasattr(value, "_fields"):
        return f"{name} ({', '.join(value._fields)})"
    return name
