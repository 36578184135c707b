"""How a function takes what the paper gives, and gives what the paper wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from spec.inputs.draw import Inputs
from spec.machine import Value

if TYPE_CHECKING:
    from spec.inputs.arguments import Given

Function = Any  # a function, a class or an object: whatever an adapter can call
Sizes = Mapping[str, int]


class AdapterError(ValueError):
    """An adapter that does not fit: the message says which argument, and of which shape."""


class NoArgumentError(AdapterError, AttributeError):
    """An argument that the algorithm is not given, by its name."""


class ChangedError(ValueError):
    """What an adapter raises if the function has changed what it was given: the argument."""


def _unchanged(same: Any) -> Any:
    return same


@dataclass(frozen=True)
class Adapter:
    """How a function is called.

    Attributes
    ----------
    name
        In a word or two.
    call
        Calls the function with what is `Given`, and returns what the algorithm returns: an array
        of any library, its columns tokens; or tokens, from 0.
    sizes
        The sizes it can have, nearest to those that are asked for: a function whose heads divide
        d_e has no other d_attn than d_e / H.
    inputs
        The arguments that it can have, nearest to those that are drawn: without the offsets
        that it does not have, say.
    values
        The hyperparameters that are fixed, as the paper writes them: `{"ε": 1e-5}`.
    departures
        The documented differences of what is called, by their ids in the catalogue: they are no
        mistakes, and the function is held to the pseudocode with them.
    formats
        The formats that the function computes in.
    draws
        How a token is drawn by a number u that is uniform in [0, 1): `from below`, the first at
        which the probabilities add up to more than u, as NumPy's `choice` does; or `from above`,
        the first at which they add up to 1 − u. None is whichever the function does.
    """

    name: str
    call: Callable[[Function, Given], Any]
    sizes: Callable[[Sizes], Sizes] = _unchanged
    inputs: Callable[[Inputs], Inputs] = _unchanged
    values: Mapping[str, Value] = field(default_factory=dict)
    departures: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("float64", "float32", "bfloat16")
    draws: Literal["from below", "from above"] | None = None
