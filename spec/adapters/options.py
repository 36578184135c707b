"""The options that describe the form of a function, and the words of a command line for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import prod
from typing import Any, Literal, get_args

from spec.inputs.adapter import AdapterError
from spec.usage_error import UsageError

Tokens = Literal["columns", "rows"]
Batch = Literal["first", "second", "last"]
Order = Literal["out first", "in first"]
Fused = Literal["separate", "k v fused", "fused", "fused in each head"]
Heads = Literal["stacked", "list", "side by side"]
Mask = Literal["attend", "masked", "additive", "causal", "none"]
Result = Literal["probabilities", "logits"]
Biases = bool | Collection[str]
FixedSizes = Mapping[str, int | str]

#: The option that each word of `--layout` sets, and its value.
WORDS: Mapping[str, tuple[str, object]] = {
    "rows": ("tokens", "rows"),
    "batch-first": ("batch", "first"),
    "batch-last": ("batch", "last"),
    "in-first": ("weights", "in first"),
    "fused": ("qkv", "fused"),
    "k-v-fused": ("qkv", "k v fused"),
    "head-list": ("heads", "list"),
    "heads-side-by-side": ("heads", "side by side"),
    "masked": ("mask", "masked"),
    "additive": ("mask", "additive"),
    "causal": ("mask", "causal"),
    "no-mask": ("mask", "none"),
    "logits": ("result", "logits"),
    "no-biases": ("biases", False),
    "tied": ("tied", True),
    "torch": ("library", "torch"),
    "jax": ("library", "jax"),
}


def options_of(words: Iterable[str]) -> dict[str, object]:
    """Return the options that words set.

    >>> options_of(["rows", "batch-first"])
    {'tokens': 'rows', 'batch': 'first'}

    Raises
    ------
    UsageError
        If there is no such word, or two words set the same option.
    """
    options: dict[str, object] = {}
    set_by: dict[str, str] = {}
    for word in words:
        if word not in WORDS:
            raise UsageError(f"there is no layout {word}; there are {', '.join(WORDS)}")
        option, value = WORDS[word]
        if option in options:
            raise UsageError(f"the layouts {set_by[option]} and {word} exclude each other")
        options[option], set_by[option] = value, word
    return options


def require_allowed(option: str, value: Any, allowed: Any) -> None:
    """Refuse a value that a literal type does not have.

    Raises
    ------
    AdapterError
        If the value is not one of the type's.
    """
    if value not in get_args(allowed):
        known = ", ".join(map(str, get_args(allowed)))
        raise AdapterError(f"the option {option} is {value!r}; it may be {known}")


def with_fixed(fixed: FixedSizes, sizes: Mapping[str, int]) -> dict[str, int]:
    """Return sizes of which some are fixed: to numbers, or to products of others as `H d_attn`.

    >>> with_fixed({"d_x": "H d_attn"}, {"d_x": 5, "H": 3, "d_attn": 4})["d_x"]
    12

    Raises
    ------
    AdapterError
        If there is no such size.
    """
    found = dict(sizes)
    for name, size in fixed.items():
        factors = [name] if isinstance(size, int) else [name, *size.split()]
        if unknown := [factor for factor in factors if factor not in found]:
            raise AdapterError(f"there is no size {unknown[0]}; there are {', '.join(found)}")
        found[name] = size if isinstance(size, int) else prod(found[one] for one in factors[1:])
    return found


def chosen_first(chosen: FixedSizes | None, implied: FixedSizes) -> FixedSizes:
    """Return fixed sizes: those that somebody has chosen, then those that follow from options."""
    chosen = chosen or {}
    return {**chosen, **{name: size for name, size in implied.items() if name not in chosen}}


def has_bias(biases: Biases, name: str) -> bool:
    """Say whether there is an offset, by its name in Python's form."""
    return biases if isinstance(biases, bool) else name in biases


def is_bias(name: str) -> bool:
    """Say whether a parameter, by its name in Python's form, is an offset: `b_q`, `beta1`."""
    return name.startswith(("b_", "beta"))
