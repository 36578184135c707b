"""The lines of two algorithms, each beside the one that it stands in place of."""

from collections.abc import Sequence
from dataclasses import dataclass

from paired.differing_parts import ALIKE, likeness
from spec.language.plain_text import text
from spec.language.tree import Node

_SAME = 1.5  # two equal lines count for more than two that are only alike


@dataclass(frozen=True, eq=False)
class Entry:
    """A line, or a row of the head, which has no number."""

    node: Node
    indent: int
    number: int | None = None

    def is_same(self, other: "Entry") -> bool:
        """Say whether both are written alike, at one depth."""
        return text(self.node) == text(other.node) and self.indent == other.indent


Beside = tuple[Entry | None, Entry | None]


def aligned(first: Sequence[Entry], second: Sequence[Entry]) -> list[Beside]:
    """Return both sides, in their order, so that what stands side by side is as alike as can be."""
    # The best that the ends of both sides give, from each pair of places on.
    best = [[0.0] * (len(second) + 1) for _ in range(len(first) + 1)]
    alike = [[_likeness(one, other) for other in second] for one in first]
    for i in reversed(range(len(first))):
        for j in reversed(range(len(second))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], alike[i][j] + best[i + 1][j + 1])
    rows: list[Beside] = []
    i = j = 0
    while i < len(first) and j < len(second):
        if alike[i][j] and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            rows.append((first[i], second[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            rows.append((first[i], None))
            i += 1
        else:
            rows.append((None, second[j]))
            j += 1
    return rows + [(one, None) for one in first[i:]] + [(None, other) for other in second[j:]]


def _likeness(one: Entry, other: Entry) -> float:
    if one.is_same(other):
        return _SAME
    found = likeness(one.node, other.node)
    return found if found >= ALIKE and type(one.node) is type(other.node) else 0.0
