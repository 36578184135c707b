"""The directives for figures of architectures."""

from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import spec
from paired.elements import element
from spec.library import algorithms

from .data_flow import layered
from .flow_figure import figure

_SPEC = Path(spec.__file__).parent


class ArchitectureDirective(SphinxDirective):
    """`.. architecture:: 9 10` draws algorithms side by side; without ids, all architectures."""

    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the figures, which wrap where they have no room."""
        ids = " ".join(self.arguments).split() or [*layered()]
        for id in ids:
            if id not in algorithms():
                raise self.error(f"the specification has no Algorithm {id}")
        # A figure shows what called algorithms are, too, and any text may be one.
        for algorithm in algorithms().values():
            self.env.note_dependency(str(_SPEC / algorithm.path))
        node = element("div", *map(figure, ids), classes=["architectures"])
        self.set_source_info(node)
        return [node]
