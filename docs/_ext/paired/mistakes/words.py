"""What is said of a mistake on its page, and on the page that lists them all."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from docutils import nodes

from paired.elements import Element
from paired.notation import prose
from spec.library import checked
from spec.mistakes import Mistake, catalogue


def captions(mistake: Mistake) -> tuple[str, str]:
    """Return what the two sides of a comparison are called."""
    return ("Wrong", "Right") if mistake.kind == "mistake" else ("Departure", "The paper")


def title(mistake: Mistake) -> str:
    """Return what is done, as one phrase."""
    return f"Algorithm {mistake.algorithm} with {mistake.what}"


def phrase(text: str) -> list[nodes.Node]:
    """Set symbols, and link nothing: the phrase is itself a link, or a title."""
    return [
        part if isinstance(part, nodes.Text | Element) else nodes.Text(part.astext())
        for part in prose(text)
    ]


def siblings(mistake: Mistake) -> Iterator[Mistake]:
    """Yield the same mistake in other algorithms: its id but for the ending."""
    for other in catalogue().values():
        if _stem(other) == _stem(mistake) and other.algorithm != mistake.algorithm:
            yield other


def _stem(mistake: Mistake) -> str:
    return re.sub(r"-(\d+|one-query)$", "", mistake.id)


def callers(algorithm: str) -> tuple[list[str], list[str]]:
    """Return the algorithms that call one, and those that do so through others."""
    direct = [id for id, callees in _callees().items() if algorithm in callees]
    found, through = set(direct), []
    for id, callees in _callees().items():  # each stands after those that it calls
        if id not in found and found & callees:
            found.add(id)
            through.append(id)
    return direct, through


@cache
def _callees() -> Mapping[str, frozenset[str]]:
    return {
        id: frozenset(callee for _, callee in one.typing.callees.items())
        for id, one in checked().items()
    }
