"""How time and memory grow with the length: plots of what `make bench WHAT=growth` has measured."""

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from examples.line_plot import Line, line_plot

from .elements import Markup, element
from .measured import NOT_YET, by_length

# What may be plotted: its key in the file, and what the axis says.
PLOTS = {"time": ("seconds", "seconds"), "memory": ("megabytes", "MB beyond P")}


class GrowthDirective(SphinxDirective):
    """`.. growth:: time` plots the time over the length of a sequence, `memory` the memory."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the plot, which takes its ink from the page, light or dark."""
        key, axis = PLOTS[directives.choice(self.arguments[0], sorted(PLOTS))]
        self.env.note_reread()  # a file that is not there yet cannot be depended on
        lines = list(_lines(dict(by_length("growth")), key))
        if not lines:
            return [nodes.paragraph("", NOT_YET)]
        svg = line_plot(lines, x="tokens", y=axis, logarithmic=True)
        return [element("figure", Markup(html=svg), classes=["plot"], plain=_text(lines, axis))]


def _lines(measured: dict[int, Any], key: str) -> Iterator[Line]:
    """Yield a line for each way that has been measured."""
    for name in dict.fromkeys(name for ways in measured.values() for name in ways):
        points = [(length, ways[name][key]) for length, ways in measured.items()]
        if all(value for _, value in points):
            yield Line(name, points)


def _text(lines: list[Line], axis: str) -> str:
    return "\n".join(
        f"{name}, {axis}: " + ", ".join(f"{value:g} at {length:g}" for length, value in points)
        for name, points in lines
    )
