"""Which argument each parameter of a function takes: by name, by another name for it, in order."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from spec.adapters.options import is_bias
from spec.adapters.stored_parameters import spread
from spec.calling.by_name import name_of, parameters_of
from spec.inputs.adapter import AdapterError, Function

#: How deep the parameters of an algorithm lie: W holds W_qkv, which holds W_q.
DEPTH = 2


@dataclass(frozen=True)
class Placing:
    """What a function's parameters are, as far as they are known.

    Attributes
    ----------
    found
        The name of an argument for each name of a parameter.
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
    """Return what people call things, by what the paper calls them."""
    file = files("spec.adapters").joinpath("synonyms.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def placed(
    function: Function, held: Mapping[str, Any], spare: Mapping[str, Any], what: str
) -> dict[str, Any]:
    """Return what a function is called with, by the names of its parameters.

    Parameters
    ----------
    function
        The function.
    held
        What it must take: sequences, parameters, a mask; and numbers, which it may do without.
    spare
        What it may take, by name alone.
    what
        What it is to be, in words.

    Raises
    ------
    AdapterError
        If a parameter has no argument, or an array no parameter.
    """
    tried = []
    for depth in range(DEPTH + 1):
        placing = place(function, held, spare)
        if not placing.unknown and not placing.left:
            both = {**spare, **held}
            return {name: both[of] for name, of in placing.found.items()}
        tried.append((len(placing.unknown) + len(placing.left), depth, placing, held))
        held = spread(held)
    _, _, best, held = min(tried, key=lambda one: one[:2])
    if best.unknown:
        known = ", ".join(shown(name, value) for name, value in held.items() if value is not None)
        raise AdapterError(
            f"{name_of(function)} takes {best.unknown[0]}, which is no argument of {what}: "
            f"these are {known}"
        )
    name = best.left[0]
    raise AdapterError(
        f"{name_of(function)} takes no {shown(name, held[name])}, which is an argument of {what}: "
        f"it takes {', '.join(parameters_of(function))}"
    )


def place(function: Function, held: Mapping[str, Any], spare: Mapping[str, Any]) -> Placing:
    """Say which argument each parameter takes, as far as that can be told."""
    parameters = parameters_of(function)
    needed = [name for name, one in parameters.items() if one.default is one.empty]
    found: dict[str, str] = {}
    for name in parameters:
        free = [one for one in {**held, **spare} if one not in found.values()]
        match = matching(name, free)
        # What has a default is left to it where there is nothing to give.
        if match and (name in needed or {**spare, **held}[match] is not None):
            found[name] = match
    unknown = [name for name in needed if name not in found]
    left = [name for name in held if name not in found.values()]
    arrays = [name for name in left if _must_be_taken(held[name])]
    for rest in (arrays, left):
        if unknown and len(unknown) == len(rest) and not (found and any(map(is_bias, rest))):
            return Placing({**found, **dict(zip(unknown, rest, strict=True))}, (), ())
    return Placing(found, tuple(unknown), tuple(arrays))


def matching(name: str, arguments: list[str]) -> str | None:
    """Return the argument that a name is for: its own, in other letters, or another for it."""
    if name in arguments:
        return name
    same = [one for one in arguments if plain(one) == plain(name)]
    if len(same) == 1:
        return same[0]
    table = synonyms()["arguments"]
    also = [one for one in arguments if plain(name) in map(plain, table.get(one, ()))]
    return also[0] if also else None


def plain(name: str) -> str:
    """Return a name without what differs from house to house."""
    return name.replace("_", "").casefold()


def shown(name: str, value: Any) -> str:
    """Return an argument with its shape: `W_q (4, 13)`."""
    if hasattr(value, "shape"):
        return f"{name} {value.shape}"
    if hasattr(value, "_fields"):
        return f"{name} ({', '.join(value._fields)})"
    return name


def _must_be_taken(value: Any) -> bool:
    return any(True for _ in _arrays(value))


def _arrays(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple | list):
        for one in value:
            yield from _arrays(one)
    elif hasattr(value, "dtype"):
        yield value
