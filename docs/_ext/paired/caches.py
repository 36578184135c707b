"""A table of what caches keep, computed from the pseudocode."""

from collections.abc import Iterator

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from spec.cost import cost, value
from spec.cost.caches import cached
from spec.cost.presets import sizes
from spec.library import checked
from spec.terminal.costs import factored
from spec.usage_error import UsageError

from .domain import reference
from .notation import symbol
from .tables import Cell, table

_LENGTHS = ("length(x)", "ℓ")
_HEADS = ("", "At the sizes of", "Kept of ℓ tokens", "numbers for a token", "for ℓ tokens")


class CachesDirective(SphinxDirective):
    """`.. caches::` has a row for each row `X1 llama-2-7b H_kv=1 R=32`: an algorithm, and sizes.

    The sizes are written as after `formal-transformers cost … --at`.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        self.env.note_reread()  # a new file changes nothing that this page depends on
        try:
            rows = [list(row(*words.split())) for words in self.content]
        except UsageError as error:
            raise self.error(str(error)) from error
        return [table(rows, [1] * len(_HEADS), heads=_HEADS, classes=["measured"])]


def row(id: str, *words: str) -> Iterator[Cell]:
    """Yield the cells of a row.

    Raises
    ------
    UsageError
        At an algorithm that is none, or words that are no sizes of it.
    """
    if id not in checked():
        raise UsageError(f"there is no Algorithm {id}")
    kept = cached(checked(), id)
    at = sizes(checked(), id, cost(checked(), id).sizes, words)
    length = next(name for name in _LENGTHS if name in at)
    yield reference("alg", id, id)
    yield " ".join(words)
    yield symbol(factored(kept).replace(length, "ℓ"))
    yield f"{value(kept, {**at, length: 1}):,}"
    yield f"{value(kept, at):,} for {at[length]:,}"
