"""How a function takes the arguments that the paper gives, and returns the result it wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from spec.inputs.draw import Inputs
from spec.machine import Value
from spec.usage_error import UsageError

Function = Any  # a function, a class or an object: whatever an adapter can call
Sizes = Mapping[str, int]


class AdapterError(UsageError):
    """An adapter that does not fit: the message says which argument, and of which shape."""


class UnknownArgumentError(AdapterError, AttributeError):
    """A name that is not an argument of the algorithm."""


class ChangedError(ValueError):
    """The function has changed an argument, whose name is the message."""


def _unchanged(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Adapter:
    """How a function is called.

    Attributes
    ----------
    name
        The form of the function, to follow "called as": `rows, batch first, torch`.
    call
        Calls the function with `spec.inputs.arguments.Arguments`, and returns what the algorithm
        returns: an array of any library, its columns tokens; or tokens, counted from 0.
    sizes
        The sizes that the function can have, nearest to those that are asked for: a function
        whose heads divide d_e has no other d_attn than d_e / H.
    inputs
        The arguments that it can have, nearest to those that are drawn: with offsets of 0 where
        it has none, say.
    values
        The hyperparameters that are fixed, by the paper's names: `{"ε": 1e-5}`.
    departures
        The documented differences of the function, by their ids in the catalogue: they are not
        mistakes, and the function is held to the pseudocode with them.
    formats
        The formats that the function computes in.
    draws
        How a token is drawn by a number u that is uniform in [0, 1): `from below`, the first at
        which the probabilities add up to more than u, as NumPy's `choice` does; or `from above`,
        the first at which they add up to 1 − u. None: it is found out.
    """

    name: str
    call: Callable[[Function, Any], Any]
    sizes: Callable[[Sizes], Sizes] = _unchanged
    inputs: Callable[[Inputs], Inputs] = _unchanged
    values: Mapping[str, Value] = field(default_factory=dict)
    departures: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("float64", "float32", "bfloat16")
    draws: Literal["from below", "from above"] | None = None
