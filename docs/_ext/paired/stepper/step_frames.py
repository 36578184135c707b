"""What a step looks like: what the line computes with, and what it sets, as tables."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import numpy as np

from spec.language import types
from spec.language.errors import SpecError
from spec.language.parse import statement
from spec.language.plain_text import text
from spec.language.polynomials import ONE
from spec.language.tree import Node, Return
from spec.library import checked
from spec.render import mathml

from .axis_labels import Labels
from .factors import Factor, Numbers, Product
from .number_table import Table, number_table
from .recorded_run import Held, RecordedRun, Step

#: Of more arrays than this, parameters say, only the number is told.
MOST_ARRAYS = 6


class Frames:
    """Draws the steps of a run."""

    def __init__(self, run: RecordedRun) -> None:
        self.run = run
        self.labels = Labels(run)
        self.types = checked()[run.id].typing.types
        self.changed: set[str] = set()  # what the present step sets

    def html(self, step: Step) -> str:
        """Return the tables of a step."""
        results = [*self._results(step)]
        self.changed = {held.name for held in step.values}
        drawn = step.drawn
        if isinstance(drawn, Product) and len(results) == 1:
            return self._product(drawn, results[0])
        sources = [self._factor(one, "") for one in drawn] if isinstance(drawn, tuple) else []
        right = [number_table(table) for table in results]
        note = self._note(step)
        if not sources or not right:
            return f'<div class="row">{"".join(right)}{note}</div>'
        return _row(["".join(sources), f'<span class="to">→</span>{"".join(right)}{note}'])

    def _product(self, product: Product, result: Table) -> str:
        """Return a product as the hand does it: the result where row meets column."""
        inner = product.inner
        out = self._table(inner) if inner is not None else result
        above = ""
        if (source := product.right.source) is not None:
            arrow = f'<span class="to">{escape(product.right.function)} →</span>'
            above = f'<div class="above">{self._factor(source, "")}{arrow}</div>'
        added = "".join(
            f'<span class="sign">{one.sign}</span>'
            + self._factor(one, "column" if one.is_column else "added")
            for one in product.added
        )
        added = f'<div class="addends">{added}</div>' if added else ""
        html = (
            f'<div class="product">{above}<div class="right">{self._factor(product.right, "right")}'
            f'</div><div class="left">{self._factor(product.left, "left")}</div>'
            f'<div class="out">{number_table(out, "out")}</div>'
            f"{added}</div>"
        )
        if inner is None:
            return html
        then = f'<span class="to">{escape(product.function)} →</span>{number_table(result)}'
        return _row([html, then])

    def _factor(self, factor: Factor, part: str) -> str:
        return number_table(self._table(factor), part)

    def _table(self, factor: Factor) -> Table:
        """Return the table of a part of a line."""
        numbers = np.asarray(factor.numbers)
        caption = formula(factor.node)
        if text(factor.node) in self.changed:
            caption += '<span class="by">before</span>'
        if factor.node in self.types:
            type = self.types[factor.node]
            if isinstance(type, types.Matrix):
                shape = type.rows, type.columns, type.bits
                return self._labelled(caption, numbers, *shape)
        return self._labelled(caption, numbers, None, None)

    def _labelled(
        self, caption: str, numbers: Numbers, rows: Any, columns: Any, bits: bool = False
    ) -> Table:
        height, width = numbers.shape
        return Table(
            caption,
            numbers.astype(float),
            self.labels.axis(rows, height),
            self.labels.axis(columns, width),
            bits=bits,
        )

    def _results(self, step: Step) -> Iterator[Table]:
        """Yield the tables of what a step sets, unless there are too many."""
        if len(step.values) <= MOST_ARRAYS:
            for held in step.values:
                yield from self._held(held)

    def _note(self, step: Step) -> str:
        if len(step.values) > MOST_ARRAYS:
            name = glyph(step.values[0].name)
            return f'<p class="large">{name}: {len(step.values)} arrays, in the recording</p>'
        return ""

    def _held(self, held: Held) -> Iterator[Table]:
        caption = glyph(held.name) + (f"<code>{escape(held.path)}</code>" if held.path else "")
        array, type = held.numbers, held.type
        count: Any = None
        while isinstance(type, types.Family) and not held.path:
            count, type = (type.count if count is None else count), type.member
        if held.path:  # a part of parameters
            yield from self._matrices(caption, array, None, None)
        elif isinstance(type, types.Matrix):
            columns = type.columns if type.columns != ONE or array.ndim == 1 else count
            yield from self._matrices(caption, array, type.rows, columns, type.bits)
        else:
            yield self._whole(caption, held, type)

    def _matrices(
        self, caption: str, array: Numbers, rows: Any, columns: Any, bits: bool = False
    ) -> Iterator[Table]:
        """Yield an array as matrices: a vector as a column, members of a family one by one."""
        match array.ndim:
            case 0:
                yield self._labelled(caption, array.reshape(1, 1), None, None, bits)
            case 1:
                row = rows == ONE  # numbers of a family
                shaped = array.reshape(1, -1) if row else array.reshape(-1, 1)
                across, down = (columns, None) if row else (None, rows)
                yield self._labelled(caption, shaped, down, across, bits)
            case 2:
                yield self._labelled(caption, array, rows, columns, bits)
            case _:
                for place, member in enumerate(array, 1):
                    label = f'{caption}<span class="by">{place}:</span>'
                    yield from self._matrices(label, member, rows, columns, bits)

    def _whole(self, caption: str, held: Held, type: types.Type | None) -> Table:
        """Return the table of tokens, places or counts, which the paper counts from 1."""
        array = np.atleast_2d(np.asarray(held.numbers) + (held.name in self.labels.zero_based))
        words: Sequence[Sequence[str]] = [[f"{entry:g}" for entry in row] for row in array.tolist()]
        if type == types.TOKEN or isinstance(type, types.Tokens):
            words = [[self.labels.word(round(token)) for token in row] for row in array.tolist()]
        columns = [str(place) for place in range(1, array.shape[1] + 1)]
        return Table(caption, array, (), columns if array.shape[1] > 1 else (), words)


def formula(node: Node) -> str:
    """Return pseudocode as HTML."""
    pieces = (piece for unit in mathml.units(node) for piece in unit)
    return "".join(
        piece.markup if isinstance(piece, mathml.Formula) else escape(piece.plain)
        for piece in pieces
    )


def glyph(name: str) -> str:
    """Return a variable as HTML."""
    try:
        read = statement(f"return {name}", "", 1)
    except SpecError:
        return f"<code>{escape(name)}</code>"
    assert isinstance(read, Return), "it says so"
    return formula(read.value)


def _row(parts: Sequence[str]) -> str:
    return f'<div class="row">{"".join(parts)}</div>'
