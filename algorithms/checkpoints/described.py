"""What a config.json says a model is: its function and arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from algorithms.checkpoints.departures import Departure
from algorithms.checkpoints.state import in_layers

#: The shape of each array of a file.
Shapes = dict[str, tuple[int, ...]]


def unchanged(parameters: Any) -> Any:
    """θ as a file has it."""
    return parameters


class Described(NamedTuple):
    """A model without its numbers."""

    algorithm: str  #: "10"
    function: Callable[..., Any]
    #: Its arguments besides tokens and θ: `eps`, `omega`, …
    options: Mapping[str, Any]
    departures: tuple[Departure, ...]
    sizes: Mapping[str, int]  #: by the paper's letters
    base: str  #: before the names of all arrays but the heads
    arrays: Shapes
    #: Arrays that a file may hold too, each the same as another.
    copies: Mapping[str, str]
    read: Callable[[Mapping[str, Any]], Any]  #: arrays to θ
    #: What Hugging Face's files hold that has no part in P.
    besides: frozenset[str] = frozenset()
    #: What θ is of the arrays, where it is not the same numbers,
    #: and its inverse.
    from_file: Callable[[Any], Any] = unchanged
    to_file: Callable[[Any], Any] = unchanged
    causal: bool = False  #: column t of P is about token t+1
    #: What continues a text, and keeps keys and values.
    cached: Callable[..., Any] | None = None


def vector(name: str, rows: int) -> Shapes:
    """A scale alone."""
    return {f"{name}.weight": (rows,)}


def norm(name: str, rows: int) -> Shapes:
    """Scale and offset of a layer norm."""
    return {f"{name}.weight": (rows,), f"{name}.bias": (rows,)}


def matrix(name: str, rows: int, columns: int) -> Shapes:
    """A matrix alone."""
    return {f"{name}.weight": (rows, columns)}


def linear(name: str, rows: int, columns: int) -> Shapes:
    """A matrix and its offset."""
    bias = {f"{name}.bias": (rows,)}
    return matrix(name, rows, columns) | bias


def under(prefix: str, parts: Iterable[Shapes]) -> Shapes:
    """Arrays of a part of the model."""
    return {
        prefix + name: shape
        for part in parts
        for name, shape in part.items()
    }


def repeated(
    prefix: str, count: int, parts: Iterable[Shapes]
) -> Shapes:
    """Arrays of layers that are all alike."""
    layer = under("", parts)
    return {
        f"{prefix}{l}.{name}": shape
        for l in range(count)
        for name, shape in layer.items()
    }


def computed(base: str, L: int, *names: str) -> frozenset[str]:
    """Arrays of each layer that are computed, not learnt."""
    return frozenset(base + name for name in in_layers(L, *names))


def those_that_are(
    *departures: tuple[Departure, bool | str],
) -> tuple[Departure, ...]:
    """The departures that a model has.

    With True or the words for what it does, as this model does it.
    """
    return tuple(
        one if has is True else one._replace(what=has)
        for one, has in departures
        if has
    )
