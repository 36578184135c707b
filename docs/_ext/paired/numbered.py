"""All algorithms by number: the paper's with what each is for, and ours by groups."""

from collections.abc import Iterator

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from spec.language.alg_file import Algorithm
from spec.library import algorithms, paper

from .domain import reference
from .extensions import GROUPS, PULLBACKS, letter_of
from .notation import prose
from .tables import Cell, table


class NumberedDirective(SphinxDirective):
    """`.. numbered:: paper` is a table of the paper's algorithms, `.. numbered:: ours` of ours.

    Each number is a link to the card. What an algorithm is for is the comment of its text.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        self.env.note_reread()  # a new file changes nothing that this page depends on
        tables = {"paper": _paper, "ours": _ours}
        (which,) = self.arguments
        if which not in tables:
            raise self.error(f"there is no table {which}: there are {', '.join(tables)}")
        return [tables[which]()]


def _paper() -> nodes.table:
    rows = [_row(algorithms()[id]) for id in paper()]
    return table(rows, (1, 6, 16), classes=["listing", "colwidths-given", "numbered"])


def _row(algorithm: Algorithm) -> list[Cell]:
    links = [reference("alg", algorithm.id, name) for name in (algorithm.id, algorithm.title)]
    return [*links, prose(algorithm.comment or "")]


def _ours() -> nodes.table:
    rows: list[list[Cell]] = [
        [name, list(_links(letter))] for letter, name in GROUPS.items() if _members(letter)
    ]
    return table(rows, (6, 17), classes=["listing", "colwidths-given", "numbered"])


def _members(letter: str) -> list[Algorithm]:
    ours = (algorithm for id, algorithm in algorithms().items() if id not in paper())
    return [algorithm for algorithm in ours if letter_of(algorithm) == letter]


def _links(letter: str) -> Iterator[nodes.Node]:
    for place, algorithm in enumerate(_members(letter)):
        if place:
            yield nodes.Text(", ")
        name = algorithm.title.removeprefix(PULLBACKS)  # which is in the id, too
        yield reference("alg", algorithm.id, f"{algorithm.id}\N{NO-BREAK SPACE}{name}")
