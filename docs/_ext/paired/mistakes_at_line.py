"""The mark of a line: how many mistakes are known to be made there, and which."""

from collections.abc import Iterator
from functools import cache

from docutils import nodes

from paired.mistakes.words import phrase
from spec.mistakes import Mistake, catalogue

from .domain import reference
from .elements import Element, element


def mistakes_at(line: str) -> Iterator[Element]:
    """Yield a number that opens the list of the mistakes in a line, if any are known.

    It opens without JavaScript and from the keyboard, and a search within the page opens it.
    """
    known = _by_line().get(line, [])
    if known:
        counted = "1 mistake" if len(known) == 1 else f"{len(known)} mistakes"
        said = f"{counted} {'is' if len(known) == 1 else 'are'} known at line {line}"
        # The first number of a card says what it counts, and those below need not.
        shown = counted if line == _first(known[0].algorithm) else str(len(known))
        yield element(
            "details",
            element("summary", shown, title=said, aria_label=said),
            element("ul", *map(_entry, known)),
            classes=["mistakes-here"],
        )


def _entry(mistake: Mistake) -> Element:
    link = reference("mistake", mistake.id, element("span", *phrase(mistake.what)))
    link["untitled"] = True  # a tooltip would say the same again, on hundreds of links
    mark: list[nodes.Node | str] = []
    if mistake.kind == "difference":
        mark = [" ", element("span", "departure", classes=["departure"])]
    return element("li", link, *mark)


@cache
def _first(algorithm: str) -> str:
    """Return the first line of an algorithm at which mistakes are known."""
    lines = {mistake.line for mistake in catalogue().values() if mistake.algorithm == algorithm}
    return min(lines, key=lambda line: int(line.rpartition(".")[2]))


@cache
def _by_line() -> dict[str, list[Mistake]]:
    grouped: dict[str, list[Mistake]] = {}
    for mistake in catalogue().values():
        grouped.setdefault(mistake.line, []).append(mistake)
    return grouped
