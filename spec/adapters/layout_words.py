"""The options of an adapter, a word each: how a command line says in what layout a function is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

#: What each word sets.
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


class LayoutError(ValueError):
    """Words that describe no layout; the message says why."""


def options(words: Iterable[str]) -> dict[str, object]:
    """Return the options that words stand for.

    Raises
    ------
    LayoutError
        If a word is none of `WORDS`, or two set the same.
    """
    found: dict[str, object] = {}
    said: dict[str, str] = {}
    for word in words:
        if word not in WORDS:
            raise LayoutError(f"there is no layout {word}; there are {', '.join(WORDS)}")
        option, value = WORDS[word]
        if option in found:
            raise LayoutError(f"the layouts {said[option]} and {word} exclude each other")
        found[option], said[option] = value, word
    return found
