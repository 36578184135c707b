"""The algorithms by what they declare and do: the paper's, those that draw, those that train."""

from __future__ import annotations

from spec.language.tree import Choose, Gradient, Node, Sample, walk
from spec.library import checked


def _with(*kinds: type[Node]) -> frozenset[str]:
    """The ids of the algorithms in whose lines such a node stands."""
    return frozenset(
        id
        for id, algorithm in checked().items()
        for line in algorithm.program.lines
        if any(isinstance(node, kinds) for node in walk(line.statement))
    )


#: The fifteen algorithms of the paper, which a test may know one by one.
PAPER = tuple(
    id for id, algorithm in checked().items() if algorithm.program.layout.path.startswith("paper/")
)
#: Those that make random decisions.
DRAWS = _with(Sample, Choose)
#: Those that take the gradient of a loss.
TRAINS = _with(Gradient)
