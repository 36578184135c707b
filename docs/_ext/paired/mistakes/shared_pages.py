"""Which page shows a mistake: that of its line, or of the line of another algorithm it reads as.

Architectures of ours have most of their lines from the paper's.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from unicodedata import name

from spec.library import algorithms, paper
from spec.mistakes import Mistake, catalogue
from spec.mistakes.catalogue import by_line


@cache
def shown_with() -> Mapping[str, str]:
    """Return the mistake with which each is shown, by their ids; most are shown by themselves.

    A mistake in an algorithm of ours is shown with the same one of an algorithm before, if the
    wrong rows and the right ones read the same in both.
    """
    lines = {
        f"{id}.{line.number}": line.text
        for id, algorithm in algorithms().items()
        for line in algorithm.lines
    }
    first: dict[tuple[object, ...], str] = {}
    shown: dict[str, str] = {}
    for id, one in catalogue().items():
        rows = tuple((lines[line], wrong) for line, wrong in one.edits.items())
        before = first.setdefault((one.entry, one.what, rows), id)
        shown[id] = id if one.algorithm in paper() else before
    return shown


def others_shown_with(id: str) -> Iterator[Mistake]:
    """Yield the mistakes that are shown with this one."""
    yield from (catalogue()[other] for other in _shown()[id] if other != id)


@cache
def _shown() -> Mapping[str, list[str]]:
    """Return the ids of the mistakes that are shown with each, itself among them."""
    found: dict[str, list[str]] = {id: [] for id in shown_with()}
    for other, id in shown_with().items():
        found[id].append(other)
    return found


@cache
def by_page() -> Mapping[str, tuple[Mistake, ...]]:
    """Return the mistakes that each page shows, by its line, `4.5`."""
    own = {
        line: tuple(one for one in mistakes if shown_with()[one.id] == one.id)
        for line, mistakes in by_line().items()
    }
    return {line: mistakes for line, mistakes in own.items() if mistakes}


def page_name(line: str) -> str:
    """Return the name of the page of a line, which every file system has: `4.5`, `nabla-4.9`."""
    return "".join(sign if sign.isascii() else f"{name(sign).lower()}-" for sign in line)
