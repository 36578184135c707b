"""The options that describe the form of a function, and the words for them on a command line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import wraps
from math import prod
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, get_args

from spec.inputs.adapter_error import AdapterError
from spec.inputs.draw import SIZES
from spec.usage_error import UsageError

if TYPE_CHECKING:  # the command shows the words without the libraries that a check needs
    from spec.inputs.arguments import Adapter

Tokens = Literal["columns", "rows"]
Batch = Literal["first", "second", "last"]
Order = Literal["out first", "in first"]
Fused = Literal["separate", "k v fused", "fused", "fused in each head", "ready"]
Heads = Literal["stacked", "list", "side by side", "after tokens"]
Mask = Literal["attend", "masked", "additive", "causal", "none"]
Masks = Literal["shared", "batched", "batched with heads"]
Result = Literal["probabilities", "logits"]
Biases = bool | Collection[str]
FixedSizes = Mapping[str, int | str]
P = ParamSpec("P")

#: The option that each word of `--layout` sets, and its value.
WORDS: Mapping[str, tuple[str, object]] = {
    "rows": ("tokens", "rows"),
    "batch-first": ("batch", "first"),
    "batch-last": ("batch", "last"),
    "in-first": ("weights", "in first"),
    "fused": ("qkv", "fused"),
    "k-v-fused": ("qkv", "k v fused"),
    "qkv-ready": ("qkv", "ready"),
    "head-list": ("heads", "list"),
    "heads-side-by-side": ("heads", "side by side"),
    "heads-after-tokens": ("heads", "after tokens"),
    "itself": ("itself", True),
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
#: What a word with a value looks like: a size, and so on.
VALUED = ("H=4", "eps=1e-5", "output=1", "to_r.weight=W_k")


def options_of(words: Iterable[str]) -> dict[str, object]:
    """Return the options that words of a command line set.

    >>> options_of(["rows", "batch-first", "H=4", "eps=1e-5"])
    {'tokens': 'rows', 'batch': 'first', 'sizes': {'H': 4}, 'eps': 1e-05}
    """
    options: dict[str, object] = {}
    set_by: dict[str, str] = {}
    for word in words:
        name, value = WORDS[word] if word in WORDS else _setting(word)
        if isinstance(value, dict) and isinstance(held := options.get(name, {}), dict):
            options[name] = {**held, **value}
        elif name in options:
            raise UsageError(f"the layouts {set_by[name]} and {word} exclude each other")
        else:
            options[name] = value
        set_by[name] = word
    return options


def _setting(word: str) -> tuple[str, object]:
    """Return the option that a word with a value sets, and its value: `H=4`, `eps=1e-5`."""
    name, sign, value = word.partition("=")
    number = int(value) if value.isdecimal() else value
    if sign and name == "output":
        return "output", number
    if sign and name == "eps":
        try:
            return "eps", float(value)
        except ValueError:
            raise UsageError(f"the ε of {word} is not a number") from None
    if sign and name in SIZES:
        return "sizes", {name: number}
    if sign and "." in name:
        return "names", {name: value}
    known = ", ".join((*WORDS, *VALUED))
    raise UsageError(f"there is no layout {word}; there are {known}")


def option(name: str, value: object) -> str:
    """Return how an option is said: by its word on a command line, and in Python.

    >>> option("mask", "none")
    "no-mask (mask='none')"
    """
    words = [word for word, setting in WORDS.items() if setting == (name, value)]
    return " ".join([*words, f"({name}={value!r})" if words else f"{name}={value!r}"])


def keeping_options(make: Callable[P, Adapter]) -> Callable[P, Adapter]:
    """Let each adapter that a function makes know the options with which it was made."""

    @wraps(make)
    def made(*arguments: P.args, **options: P.kwargs) -> Adapter:
        return replace(make(*arguments, **options), options=options)

    return made


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
