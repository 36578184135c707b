"""The best that counting can do: interpolated n-grams of bytes, or of other tokens.

Witten & Bell 1991: of the weight after a context, as much goes to the shorter context as there
were different bytes after it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

BYTES = 256


class Counts:
    """What came in each context, for contexts of several sizes."""

    def __init__(self, sizes: int, symbols: int = BYTES) -> None:
        self.symbols = symbols
        self.tables: list[defaultdict[object, Counter[int]]] = [
            defaultdict(Counter) for _ in range(sizes)
        ]

    def learn(self, contexts: Iterable[object], byte: int) -> None:
        """Count a byte in its context of every size."""
        for table, context in zip(self.tables, contexts, strict=False):
            table[context][byte] += 1

    def probabilities(self, contexts: Iterable[object], byte: int) -> Iterator[float]:
        """How probable a byte is, by contexts up to each size."""
        p = 1 / self.symbols
        for table, context in zip(self.tables, contexts, strict=False):
            if context in table:
                p = mixed(table[context], byte, p)
            yield p

    def likeliest(self, contexts: Iterable[object]) -> Iterator[int]:
        """The most probable byte, by contexts up to each size."""
        weights = dict.fromkeys(range(self.symbols), 1 / self.symbols)
        for table, context in zip(self.tables, contexts, strict=False):
            if context in table:
                seen = table[context]
                weights = {byte: mixed(seen, byte, p) for byte, p in weights.items()}
            yield max(weights, key=weights.__getitem__)


def mixed(seen: Counter[int], byte: int, p: float) -> float:
    """Witten and Bell's mean of what was seen and a probability."""
    total = seen.total()
    return (seen[byte] + len(seen) * p) / (total + len(seen))


def before(text: Sequence[int], at: int, sizes: int) -> Iterator[object]:
    """What stands before a place: 0, 1, … bytes, or tokens of a tuple."""
    return (text[at - size : at] for size in range(min(sizes, at + 1)))


class Best(NamedTuple):
    """The best figure, and the size of contexts that has it."""

    figure: float
    size: int


def best_bits_per_byte(learnt: bytes, held_out: bytes, sizes: int = 7) -> Best:
    """The fewest bits a byte that contexts of 0 to sizes − 1 bytes before it can do with."""
    counts = Counts(sizes)
    for at, byte in enumerate(learnt):
        counts.learn(before(learnt, at, sizes), byte)
    bits = [0.0] * sizes
    for at, byte in enumerate(held_out):
        p = 1.0
        found = [*counts.probabilities(before(held_out, at, sizes), byte)]
        for size in range(sizes):  # near the beginning there is no long context
            p = found[min(size, len(found) - 1)]
            bits[size] -= math.log2(p)
    return min(Best(total / len(held_out), size) for size, total in enumerate(bits))


def around(text: list[int], at: int, sizes: int, hidden: int) -> Iterator[object]:
    """What stands around a place: 0 bytes, 1 before, 1 on each side, 2 before, …

    A side ends where a byte is hidden.
    """
    left, right = at, at + 1
    for size in range(sizes):
        if size % 2 and left > 0 and text[left - 1] != hidden:
            left -= 1
        elif size % 2 == 0 and size and right < len(text) and text[right] != hidden:
            right += 1
        yield tuple(text[left:at]), tuple(text[at + 1 : right])


def best_accuracy(
    learnt: list[int], corrupted: list[int], truth: list[int], hidden: int, sizes: int = 13
) -> Best:
    """The most hidden bytes that contexts around them, of any size up to a limit, guess right."""
    counts = Counts(sizes)
    for at, byte in enumerate(learnt):
        counts.learn(around(learnt, at, sizes, hidden), byte)
    right, places = [0] * sizes, 0
    for at, byte in enumerate(corrupted):
        if byte == hidden:
            places += 1
            guesses = counts.likeliest(around(corrupted, at, sizes, hidden))
            for size, guess in enumerate(guesses):
                right[size] += guess == truth[at]
    return max(Best(count / places, size) for size, count in enumerate(right))
