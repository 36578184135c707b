"""The directives for figures and tables of architectures, and for one beside another."""

from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import spec
from paired.elements import element
from paired.systems import FILE
from paired.tables import table
from spec.library import algorithms

from .data_flow import whole
from .flow_figure import figure
from .lines_beside import beside
from .places_of_norms import HEADS, WIDTHS, row

_SPEC = Path(spec.__file__).parent


class _Architectures(SphinxDirective):
    """What the directives share: ids, by default of all architectures, and what a page shows."""

    optional_arguments = 1
    final_argument_whitespace = True

    def ids(self) -> list[str]:
        """Return the ids, and have Sphinx read the page again when a text changes."""
        ids = " ".join(self.arguments).split()
        for id in ids:
            if id not in algorithms():
                raise self.error(f"the specification has no Algorithm {id}")
        # A called algorithm says by its text what it is, and an added one may be an architecture.
        self.env.note_reread()
        self.env.note_dependency(str(FILE))
        for algorithm in algorithms().values():
            self.env.note_dependency(str(_SPEC / algorithm.path))
        return ids

    def shown(self) -> list[str]:
        """Return the ids, those of all whole architectures if there are none."""
        return self.ids() or [*whole()]


class ArchitectureDirective(_Architectures):
    """`.. architecture:: 9 10` draws algorithms side by side; without ids, all architectures."""

    def run(self) -> list[nodes.Node]:
        """Return the figures, which wrap where they have no room."""
        figures = [figure(id) for id in self.shown()]
        plain = "\n\n".join(one["plain"] for one in figures)
        node = element("div", *figures, classes=["architectures"], plain=plain)
        self.set_source_info(node)
        return [node]


class BesideDirective(_Architectures):
    """`.. beside:: 9 10` sets Algorithm 10 beside Algorithm 9, as a diff of lines."""

    required_arguments = 2
    optional_arguments = 0
    final_argument_whitespace = False

    def run(self) -> list[nodes.Node]:
        """Return equal lines once, and the others side by side."""
        old, new = self.ids()
        node = beside(old, new)
        self.set_source_info(node)
        return [node]


class NormsDirective(_Architectures):
    """`.. norms::` is a table of architectures: where their norms are, and their parts."""

    def run(self) -> list[nodes.Node]:
        """Return a row for each."""
        rows = map(row, self.shown())
        return [table(rows, WIDTHS, heads=HEADS, classes=["parts", "colwidths-given"])]
