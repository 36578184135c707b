"""Tables and lists that fit the width they are given, and sums that are broken between terms."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, JustifyMethod, RenderableType, RenderResult
from rich.measure import Measurement, measure_renderables
from rich.table import Column
from rich.table import Table as RichTable
from rich.text import Text

_GAP = 3  # columns between two columns of a table


class Table(RichTable):
    """A table, or a list of its rows where the words of a row do not fit side by side.

        Algorithm   =   ≥        4  Algorithm  Attention
    4   Attention   25  8           =          25
                                    ≥          8
    """

    def __init__(self, *columns: Column) -> None:
        label = Column("", justify="right", style="dim", no_wrap=True)
        super().__init__(label, *columns, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        fits = self._least(console, options) <= options.max_width
        yield from super().__rich_console__(console, options) if fits else self._list()

    def _least(self, console: Console, options: ConsoleOptions) -> int:
        """Return the least width at which no word is broken.

        Rich makes the columns of words equally narrow, as far as they do not need less. Hence all
        of them must have room for the longest word of any.
        """
        unlimited = options.update(max_width=10_000)
        sizes = [
            measure_renderables(console, unlimited, [column.header, *column.cells])
            for column in self.columns
        ]
        breakable = [
            size for size, column in zip(sizes, self.columns, strict=True) if not column.no_wrap
        ]
        longest = max((size.minimum for size in breakable), default=0)
        widths = [
            size.maximum if column.no_wrap else min(size.maximum, longest)
            for size, column in zip(sizes, self.columns, strict=True)
        ]
        return sum(widths) + _GAP * (len(widths) - 1)

    def _list(self) -> Iterator[RenderableType]:
        headers = [column.header for column in self.columns[1:]]
        rows = labelled("dim")
        for label, *cells in zip(*(column.cells for column in self.columns), strict=True):
            entries = labelled("cyan")
            for name, cell in zip(headers, cells, strict=True):
                if cell and name:
                    entries.add_row(name, cell)
            unnamed = (cell for name, cell in zip(headers, cells, strict=True) if not name)
            rows.add_row(label, Group(*unnamed, entries))
        yield rows


def words(name: str) -> Column:
    """Return a column of a table for text, which is broken into rows."""
    return Column(name, overflow="fold")


def names(name: str) -> Column:
    """Return a column of a table for names, which are not broken."""
    return Column(name, no_wrap=True)


def numbers(name: str) -> Column:
    """Return a column of a table for numbers, which are not broken."""
    return Column(name, justify="right", no_wrap=True)


def labelled(style: str, justify: JustifyMethod = "left") -> RichTable:
    """Return a list without entries: a label each, and beside it a text of any length."""
    rows = RichTable.grid(padding=(0, 2, 0, 0))
    rows.add_column(style=style, no_wrap=True)
    rows.add_column(justify=justify, overflow="fold")
    return rows


@dataclass(frozen=True)
class Sum:
    """A sum that is broken only between its terms, such as `2 a b + a − 1`."""

    written: str

    @property
    def _terms(self) -> list[str]:
        return re.split(r" (?=[+−] )", self.written)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        first, *others = self._terms
        rows = [first]
        for term in others:
            if cell_len(f"{rows[-1]} {term}") <= options.max_width:
                rows[-1] += f" {term}"
            else:
                rows.append(term)
        yield Text("\n".join(rows), overflow="fold")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(max(map(cell_len, self._terms)), cell_len(self.written))
