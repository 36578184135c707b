"""The list of all mistakes."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain, groupby
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from paired.domain import reference
from paired.elements import Element, element
from spec import mistakes
from spec.library import checked
from spec.mistakes import Mistake, catalogue
from spec.mistakes.catalogue import by_line

from .shared_pages import by_page, page_name
from .words import phrase

_FILE = Path(mistakes.__file__).with_name("mistakes.toml")


class IndexDirective(SphinxDirective):
    """`.. mistakes::` says how many there are, and lists them by algorithm and line."""

    def run(self) -> list[nodes.Node]:
        """Return the count, and a section for each algorithm."""
        self.env.note_dependency(str(_FILE))
        sections = by_algorithm().items()
        # As a table of contents would do. A real one would be repeated beside every page.
        if folder := self.config.paired_mistakes:
            below = [f"{folder}/{page_name(line)}" for line in by_page()]
            self.env.toctree_includes[self.env.docname] = below
        return [_count(), *(_section(id, mistakes) for id, mistakes in sections)]


def by_algorithm() -> dict[str, list[Mistake]]:
    """Return the mistakes in each algorithm, in the order of its lines."""
    known = chain.from_iterable(by_line().values())
    return {id: [*group] for id, group in groupby(known, key=lambda mistake: mistake.algorithm)}


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
    return nodes.section("", title, listed(mistakes), ids=[f"mistakes-in-{id}"], names=[])


def listed(mistakes: Iterable[Mistake], *, behind_lines: bool = True) -> Element:
    """Return a list of links to mistakes, each behind its line unless all are at one."""
    return element("ol", *(_row(one, behind_lines) for one in mistakes), classes=["catalogue"])


def _row(mistake: Mistake, behind_line: bool) -> Element:
    title = element("span", *phrase(mistake.what))
    marks: list[nodes.Node | str] = [" ", _mark()] if mistake.kind == "difference" else []
    row = element("li", element("span", reference("mistake", mistake.id, title), *marks))
    if behind_line:
        line = reference("algline", mistake.line, mistake.line)
        row.insert(0, element("span", line, classes=["line"]))
    return row


def _mark() -> Element:
    return element("span", "departure", classes=["departure"])
