"""Which mistakes share a page: architectures of ours have most of their lines from the paper's."""

from collections.abc import Iterator, Mapping
from functools import cache

from spec.library import algorithms, paper
from spec.mistakes import Mistake, catalogue


@cache
def shown_with() -> Mapping[str, str]:
    """Return the mistake on whose page each is shown, by their ids; most have their own.

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


def others_on_page(id: str) -> Iterator[Mistake]:
    """Yield the mistakes that are shown with this one."""
    for other, shown in shown_with().items():
        if shown == id != other:
            yield catalogue()[other]
