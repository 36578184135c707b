"""English prose that every Python brings: the help on the language's topics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.int64]


def prose() -> tuple[Bytes, Bytes]:
    """The bytes to learn from, and those held out: every tenth paragraph, none of them in both."""
    from pydoc_data.topics import topics

    paragraphs = [part for name in sorted(topics) for part in topics[name].split("\n\n")]
    unique = [part for part in dict.fromkeys(map(str.strip, paragraphs)) if part]
    held_out = unique[9::10]
    learnt = [part for n, part in enumerate(unique) if n % 10 != 9]
    return as_bytes(learnt), as_bytes(held_out)


def as_bytes(paragraphs: list[str]) -> Bytes:
    """Paragraphs and the blank lines between them."""
    return np.frombuffer("\n\n".join(paragraphs).encode(), np.uint8).astype(np.int64)


def windows(text: Bytes, length: int) -> list[Bytes]:
    """Pieces of the same length, each half of the next; the last one ends with the text."""
    starts = [*range(0, len(text) - length, length // 2), len(text) - length]
    return [text[start : start + length] for start in starts]
