"""Phrases about a mistake, for its page and for the list of all mistakes."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from docutils import nodes

from paired.elements import Element
from paired.notation import prose
from spec.library import checked, paper
from spec.mistakes import Mistake, catalogue


def captions(mistake: Mistake) -> tuple[str, str]:
    """Return the captions of the wrong and of the right side."""
    if mistake.kind == "mistake":
        return "Wrong", "Right"
    return "Departure", "The paper" if mistake.algorithm in paper() else "The algorithm"


def title(mistake: Mistake) -> str:
    """Return the title of the page: `Algorithm 4 with the mask transposed`."""
    return f"Algorithm {mistake.algorithm} with {mistake.what}"


def phrase(text: str) -> list[nodes.Node]:
    """Set symbols but no links, since the phrase is itself a link or a title."""
    return [
        part if isinstance(part, nodes.Text | Element) else nodes.Text(part.astext())
        for part in prose(text)
    ]


def twins(mistake: Mistake) -> Iterator[Mistake]:
    """Yield the same mistake in other algorithms: of one entry, or of one name but for its end."""
    yield from (one for one in _by_stem()[_stem(mistake)] if one.algorithm != mistake.algorithm)


@cache
def _by_stem() -> Mapping[str, list[Mistake]]:
    found: dict[str, list[Mistake]] = {}
    for mistake in catalogue().values():
        found.setdefault(_stem(mistake), []).append(mistake)
    return found


def _stem(mistake: Mistake) -> str:
    return re.sub(r"-(\d+|one-query)$", "", mistake.entry)


def callers(algorithm: str) -> tuple[list[str], list[str]]:
    """Return the algorithms that call this one directly, and those that do so through others."""
    direct = [id for id, callees in _callees().items() if algorithm in callees]
    reached, through = set(direct), []
    for id, callees in _callees().items():  # each stands after those that it calls
        if id not in reached and reached & callees:
            reached.add(id)
            through.append(id)
    return direct, through


@cache
def _callees() -> Mapping[str, frozenset[str]]:
    return {
        id: frozenset(callee for _, callee in algorithm.typing.callees.items())
        for id, algorithm in checked().items()
    }
