"""The best that counts do to tell odd lines from others: the tokens that they least expect."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from examples.ngrams import Best, Counts, before

Row = tuple[int, ...]


def best_cut(
    learnt: Sequence[Row],
    labelled: tuple[Sequence[Row], Sequence[int]],
    held_out: tuple[Sequence[Row], Sequence[int]],
    *,
    symbols: int,
    sizes: int,
    marked: Collection[int],
) -> Best:
    """The most held-out rows that an n-gram model tells apart, by how likely it finds a row.

    A row is odd, of class 1, if its likelihood is below a limit that is best for the labelled. Of
    contexts of each size, and of four likelihoods, the best on held-out rows counts: of all
    tokens, of a mean token, of the least likely, and of the least likely among `marked`.
    """
    counts = Counts(sizes, symbols)
    for row in learnt:
        for at in range(1, len(row)):
            counts.learn(before(row, at, sizes), row[at])

    def scores(rows: Sequence[Row]) -> NDArray[np.float64]:
        return np.array([[*likelihoods(counts, row, sizes, marked)] for row in rows])

    known, unknown = scores(labelled[0]), scores(held_out[0])
    found = [
        (float(((unknown[:, size, way] < limit) == np.array(held_out[1])).mean()), size)
        for size in range(sizes)
        for way in range(4)
        for limit in [best_limit(known[:, size, way], np.array(labelled[1]))]
    ]
    return Best(*max(found))


def likelihoods(
    counts: Counts, row: Row, sizes: int, marked: Collection[int]
) -> Iterator[tuple[float, float, float, float]]:
    """For each size of context four numbers that are small where a row is odd."""
    logs: list[list[float]] = [[] for _ in range(sizes)]
    for at in range(1, len(row)):  # the first token begins every row
        found = [*counts.probabilities(before(row, at, sizes), row[at])]
        for size in range(sizes):  # near the beginning there is no long context
            logs[size].append(math.log(found[min(size, len(found) - 1)]))
    for each in logs:
        special = [log for log, token in zip(each, row[1:], strict=True) if token in marked]
        total = math.fsum(each)
        yield total, total / len(each), min(each), min(special, default=0.0)


def best_limit(scores: NDArray[np.float64], classes: NDArray[np.int64]) -> float:
    """The limit below which most rows are of class 1, and above which most are of class 0."""
    order = np.argsort(scores)
    ones = np.concatenate([[0], np.cumsum(classes[order] == 1)])
    zeros = np.concatenate([[0], np.cumsum(classes[order] == 0)])
    place = int(np.argmax(ones + zeros[-1] - zeros))
    return float(np.append(scores[order], np.inf)[place])
