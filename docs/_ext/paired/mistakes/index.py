"""The list of all mistakes."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from paired.domain import reference
from paired.elements import Element, element
from spec import mistakes
from spec.library import algorithms, checked
from spec.mistakes import Mistake, catalogue

from .words import phrase

_FILE = Path(mistakes.__file__).with_name("mistakes.toml")


class IndexDirective(SphinxDirective):
    """`.. mistakes::` says how many there are, and lists them by algorithm and line."""

    def run(self) -> list[nodes.Node]:
        """Return the count, and a section for each algorithm."""
        self.env.note_dependency(str(_FILE))
        listed = by_algorithm()
        # As a table of contents would do. A real one would be repeated beside every page.
        if folder := self.config.paired_mistakes:
            pages = [f"{folder}/{mistake.id}" for group in listed.values() for mistake in group]
            self.env.toctree_includes[self.env.docname] = pages
        return [_count(), *(_section(id, mistakes) for id, mistakes in listed.items())]


def by_algorithm() -> dict[str, list[Mistake]]:
    """Return the mistakes in each algorithm, in the order of its lines."""
    grouped: defaultdict[str, list[Mistake]] = defaultdict(list)
    for mistake in sorted(catalogue().values(), key=_place):
        grouped[mistake.algorithm].append(mistake)
    return {id: grouped[id] for id in algorithms() if id in grouped}


def _count() -> nodes.paragraph:
    kinds = Counter(mistake.kind for mistake in catalogue().values())
    return nodes.paragraph(
        "",
        "",
        nodes.Text(f"There are {len(catalogue())}: "),
        nodes.strong("", f"{kinds['mistake']} mistakes"),
        nodes.Text(
            f", and {kinds['difference']} departures of published models, which are marked "
        ),
        _mark(),
        nodes.Text(" and are right in themselves."),
    )


def _section(id: str, mistakes: Iterable[Mistake]) -> nodes.section:
    link = reference("alg", id, f"Algorithm {id}")
    name = checked()[id].program.layout.title
    title = nodes.title("", "", link, nodes.Text(f": {name}"))
    listed = element("ol", *map(_row, mistakes), classes=["catalogue"])
    return nodes.section("", title, listed, ids=[f"mistakes-in-{id}"], names=[])


def _place(mistake: Mistake) -> tuple[int, bool]:
    """Order by lines, and within a line mistakes before departures."""
    return int(mistake.line.partition(".")[2]), mistake.kind == "difference"


def _row(mistake: Mistake) -> Element:
    title = element("span", *phrase(mistake.what))
    marks: list[nodes.Node | str] = [" ", _mark()] if mistake.kind == "difference" else []
    return element(
        "li",
        element("span", reference("algline", mistake.line, mistake.line), classes=["line"]),
        element("span", reference("mistake", mistake.id, title), *marks),
    )


def _mark() -> Element:
    return element("span", "departure", classes=["departure"])
