"""Two lines that are alike: how alike they are, and which parts of them differ."""

from collections.abc import Container
from difflib import SequenceMatcher

from spec.language.tree import Node
from spec.render.mathml import parts

ALIKE = 0.4  # two lines less alike than this are not compared part by part
_SHORT = 3  # fewer equal parts than this, between two that differ, are marked too


def likeness(first: Node, second: Node) -> float:
    """Return how much of two lines is equal: 1 if all of it is."""
    return _matcher(first, second).ratio()


def differing(first: Node, second: Node) -> tuple[Container[int], Container[int]]:
    """Return the places of the parts that differ in either line; none where all but all do."""
    matcher = _matcher(first, second)
    return marked(matcher) if matcher.ratio() >= ALIKE else ((), ())


def _matcher(first: Node, second: Node) -> SequenceMatcher[str]:
    return SequenceMatcher(None, parts(first), parts(second), autojunk=False)


def marked(matcher: SequenceMatcher[str]) -> tuple[set[int], set[int]]:
    """Return the places of the parts that differ, in the first sequence and in the second."""
    codes = matcher.get_opcodes()
    first: set[int] = set()
    second: set[int] = set()
    for place, (tag, a, b, c, d) in enumerate(codes):
        between = 0 < place < len(codes) - 1 and b - a < _SHORT
        if tag != "equal" or between:
            first.update(range(a, b))
            second.update(range(c, d))
    return first, second
