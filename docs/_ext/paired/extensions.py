"""The page of the algorithms that are not the paper's."""

from collections.abc import Iterator
from inspect import getdoc
from itertools import groupby

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from spec.language.alg_file import Algorithm
from spec.library import algorithms, paper
from spec.pairing import Function, implementations

from .docstrings import marked_up

# The groups in the order of the page, each with the letter that begins the ids of its algorithms.
GROUPS = {
    "N": "Norms",
    "F": "Feed-forward networks",
    "C": "The core of attention",
    "R": "Relative and rotary positions",
    "H": "Heads that share",
    "L": "Linear attention",
    "X": "Architectures",
    "O": "Optimisers",
    "D": "Data, objectives and training loops",
    "K": "Caches",
    "S": "Sampling and search",
    "P": "Programs as weights",
    "∇": "Gradients",
}
# The group that has a page of its own, `.. extensions:: ∇`.
OWN_PAGE = "∇"


class ExtensionsDirective(SphinxDirective):
    """`.. extensions::` sets the card of every algorithm whose text lies outside `spec/paper`.

    Those of `OWN_PAGE` are left out, unless the directive is given that letter: then it has them.
    """

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a section for each group, with its algorithms in the order of their ids."""
        functions = implementations(self.config.paired_module)
        self.env.note_reread()  # a new file changes nothing that this page depends on
        ours = [algorithm for id, algorithm in algorithms().items() if id not in paper()]
        for algorithm in ours:
            if _letter(algorithm) not in GROUPS:
                raise self.error(
                    f"Algorithm {algorithm.id} has no group: the letters are {', '.join(GROUPS)}"
                )
        alone = bool(self.arguments)
        shown = [each for each in ours if (_letter(each) == OWN_PAGE) == alone]
        rows = [row for part in _sections(shown, functions, headed=not alone) for row in part]
        return self.parse_text_to_nodes(
            "\n".join(rows or ["There is none yet."]), allow_section_headings=True
        )


def _letter(algorithm: Algorithm) -> str:
    return algorithm.id.rstrip("0123456789")


def _sections(
    ours: list[Algorithm], functions: dict[str, Function], *, headed: bool
) -> Iterator[list[str]]:
    ordered = sorted(ours, key=lambda algorithm: list(GROUPS).index(_letter(algorithm)))
    for letter, group in groupby(ordered, key=_letter):
        if headed:
            yield [GROUPS[letter], "-" * len(GROUPS[letter]), ""]
        for algorithm in group:
            if algorithm.comment is None and algorithm.id in functions:
                yield [*_summary(functions[algorithm.id]), ""]
            # `value_and_gradient` carries out the pullbacks of whole models.
            alone = letter == OWN_PAGE and algorithm.id not in functions
            yield [f".. algorithm:: {algorithm.id}", *(["   :text:"] if alone else []), ""]


def _summary(function: Function) -> Iterator[str]:
    """Yield the first paragraph of a docstring, which is a single sentence."""
    first, _, _ = (getdoc(function) or "").partition("\n\n")
    return marked_up(first.splitlines())
