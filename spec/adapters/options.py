"""What an option of an adapter may be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import prod
from typing import Any, Literal, get_args

from spec.inputs.adapter import AdapterError

Tokens = Literal["columns", "rows"]
Batch = Literal["first", "second", "last"]
Order = Literal["out first", "in first"]
Fused = Literal["separate", "k v fused", "fused", "fused in each head"]
Heads = Literal["stacked", "list", "side by side"]
Mask = Literal["attend", "masked", "additive", "causal", "none"]
Result = Literal["probabilities", "logits"]
Biases = bool | Collection[str]
Fixed = Mapping[str, int | str]


def one_of(option: str, value: Any, allowed: Any) -> None:
    """Refuse a value that an option does not have.

    Raises
    ------
    AdapterError
        If the literal type does not allow it.
    """
    if value not in get_args(allowed):
        known = ", ".join(map(str, get_args(allowed)))
        raise AdapterError(f"the option {option} is {value!r}; it may be {known}")


def held_to(fixed: Fixed, sizes: Mapping[str, int]) -> dict[str, int]:
    """Return sizes, some of which are fixed: numbers, or products of others as `H d_attn`.

    Raises
    ------
    AdapterError
        If there is no such size.
    """
    found = dict(sizes)
    for name, size in fixed.items():
        factors = [name] if isinstance(size, int) else [name, *size.split()]
        if unknown := [one for one in factors if one not in found]:
            raise AdapterError(f"there is no size {unknown[0]}; there are {', '.join(found)}")
        found[name] = size if isinstance(size, int) else prod(found[one] for one in factors[1:])
    return found


def without(implied: Fixed, said: Fixed) -> dict[str, int | str]:
    """Return sizes that follow from others, but for those that are said."""
    return {name: size for name, size in implied.items() if name not in said}


def has_bias(biases: Biases, name: str) -> bool:
    """Say whether there is an offset, by its name in Python's form."""
    return biases if isinstance(biases, bool) else name in biases


def is_bias(name: str) -> bool:
    """Say whether a parameter, by its name in Python's form, is an offset: `b_q`, `beta1`."""
    return name.startswith(("b_", "beta"))
