"""The options that describe the form of a function, and the words for them on a command line."""

from collections.abc import Collection, Iterable, Mapping
from math import prod
from typing import Any, Literal, get_args

from spec.inputs.adapter_error import AdapterError
from spec.usage_error import UsageError

Tokens = Literal["columns", "rows"]
Batch = Literal["first", "second", "last"]
Order = Literal["out first", "in first"]
Fused = Literal["separate", "k v fused", "fused", "fused in each head"]
Heads = Literal["stacked", "list", "side by side"]
Mask = Literal["attend", "masked", "additive", "causal", "none"]
Masks = Literal["shared", "batched", "batched with heads"]
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
    "mask-batched": ("masks", "batched"),
    "mask-batched-heads": ("masks", "batched with heads"),
    "logits": ("result", "logits"),
    "no-biases": ("biases", False),
    "tied": ("tied", True),
    "torch": ("library", "torch"),
    "jax": ("library", "jax"),
}


def options_of(words: Iterable[str]) -> dict[str, object]:
    """Return the options that words of a command line set.

    >>> options_of(["rows", "batch-first"])
    {'tokens': 'rows', 'batch': 'first'}
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
    """Refuse the value of an option that its literal type does not allow."""
    if value not in get_args(allowed):
        known = ", ".join(map(str, get_args(allowed)))
        raise AdapterError(f"the option {option} is {value!r}; it may be {known}")


def with_fixed(fixed: FixedSizes, sizes: Mapping[str, int]) -> dict[str, int]:
    """Return sizes with fixed ones in their place: numbers, or products of other sizes.

    >>> with_fixed({"d_x": "H d_attn"}, {"d_x": 5, "H": 3, "d_attn": 4})["d_x"]
    12
    """
    result = dict(sizes)
    for name, size in fixed.items():
        factors = [] if isinstance(size, int) else size.split()
        if unknown := [factor for factor in (name, *factors) if factor not in result]:
            raise AdapterError(f"there is no size {unknown[0]}; there are {', '.join(result)}")
        result[name] = size if isinstance(size, int) else prod(map(result.__getitem__, factors))
    return result


def chosen_first(chosen: FixedSizes | None, implied: FixedSizes) -> FixedSizes:
    """Return fixed sizes: those that a user has chosen, then those that follow from options."""
    chosen = chosen or {}
    return {**chosen, **{name: size for name, size in implied.items() if name not in chosen}}


def has_bias(biases: Biases, name: str) -> bool:
    """Say whether a function has an offset, by its name in Python: `b_q`."""
    return biases if isinstance(biases, bool) else name in biases


def is_bias(name: str) -> bool:
    """Say whether a parameter is an offset, by its name in Python: `b_q`, `beta1`."""
    return name.startswith(("b_", "beta"))
