"""The algorithms that are not the paper's: their cards by groups, and a table of all."""

from collections.abc import Iterator
from inspect import getdoc
from itertools import groupby
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import OptionSpec

from spec.language.alg_file import Algorithm
from spec.library import algorithms, paper
from spec.pairing import Function, implementations

from .docstrings import marked_up
from .domain import reference
from .notation import prose
from .tables import Cell, table

# The groups in the order of the pages, each with the letter that begins the ids of its algorithms.
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
PULLBACKS = "∇"
NONE = "There is none yet."


class ExtensionsDirective(SphinxDirective):
    """`.. extensions:: N F` sets the cards of all algorithms of these groups.

    Of several groups each has a section. The option `without` names algorithms that are set by
    `.. algorithm::`, beside what is said of them. Without letters, it is a table of all algorithms
    whose texts lie outside `spec/paper`, with links to their cards.
    """

    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[OptionSpec | None] = {"without": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the table, or the cards in the order of groups and ids."""
        self.env.note_reread()  # a new file changes nothing that this page depends on
        ours = [algorithm for id, algorithm in algorithms().items() if id not in paper()]
        for algorithm in ours:
            if letter_of(algorithm) not in GROUPS:
                raise self.error(
                    f"Algorithm {algorithm.id} has no group: the letters are {', '.join(GROUPS)}"
                )
        letters = " ".join(self.arguments).split()
        if unknown := [letter for letter in letters if letter not in GROUPS]:
            raise self.error(f"no group has the letter {unknown[0]}")
        ordered = sorted(ours, key=lambda algorithm: list(GROUPS).index(letter_of(algorithm)))
        functions = implementations(self.config.paired_module)
        if not letters:
            return [_listed(ordered, functions)] if ours else self.parse_text_to_nodes(NONE)
        without = self.options.get("without", "").split()
        if unknown := [id for id in without if id not in algorithms()]:
            raise self.error(f"there is no Algorithm {unknown[0]}")
        shown = [
            algorithm
            for algorithm in ordered
            if letter_of(algorithm) in letters and algorithm.id not in without
        ]
        rows = [
            row for part in _sections(shown, functions, headed=len(letters) > 1) for row in part
        ]
        return self.parse_text_to_nodes("\n".join(rows), allow_section_headings=True)


def letter_of(algorithm: Algorithm) -> str:
    """Return the letter of an algorithm's group: what stands before the number in its id."""
    return algorithm.id.rstrip("0123456789")


def _listed(ours: list[Algorithm], functions: dict[str, Function]) -> nodes.table:
    """Return a table of groups: id, name in the text, and what the algorithm is in a sentence."""
    rows: list[list[Cell]] = []
    for letter, group in groupby(ours, key=letter_of):
        rows.append([nodes.strong("", GROUPS[letter])])
        for algorithm in group:
            function = functions.get(algorithm.id)
            said = algorithm.comment or " ".join(_first(function) if function else ())
            link = reference("alg", algorithm.id, algorithm.id)
            name = nodes.literal("", algorithm.title)
            rows.append([link, name, prose(said)])
    return table(rows, (2, 6, 17), classes=["listing", "colwidths-given"])


def _sections(
    shown: list[Algorithm], functions: dict[str, Function], *, headed: bool
) -> Iterator[list[str]]:
    for letter, group in groupby(shown, key=letter_of):
        if headed:
            yield [GROUPS[letter], "-" * len(GROUPS[letter]), ""]
        for algorithm in group:
            carried_out = algorithm.id in functions
            if algorithm.comment is None and carried_out:
                yield [*marked_up(_first(functions[algorithm.id])), ""]
            # `value_and_gradient` carries out the pullbacks of whole models.
            alone = letter == PULLBACKS and not carried_out
            yield [f".. algorithm:: {algorithm.id}", *(["   :text:"] if alone else []), ""]


def _first(function: Function) -> list[str]:
    """Return the first paragraph of a docstring, which is a single sentence."""
    first, _, _ = (getdoc(function) or "").partition("\n\n")
    return first.splitlines()
