"""What a check of a function has found."""

from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from spec.checking.account import Row, WrittenReport
from spec.terminal.tables import Table, labelled, numbers, words


def report(account: WrittenReport, *, every: bool = False) -> Iterator[RenderableType]:
    """Yield the verdict on a function and its reasons; with `every`, every kind of call too."""
    yield Text(account.headline, "bold green" if account.passes else "bold red")
    for paragraph in (*account.explanations, account.line):
        if paragraph:
            yield Text(f"\n{paragraph}")
    if account.smallest:
        yield Text("\nThe smallest arguments found on which it fails:")
        yield Padding(Text(account.smallest), (0, 0, 0, 2))
    if account.laws:
        yield Text()
        yield _laws(account.laws)
    if every and account.rows:
        yield Text()
        yield _calls(account.rows)
    yield Text()
    for note in account.notes:
        yield Text(note, "dim")


def _laws(laws: Mapping[str, str]) -> RichTable:
    """Return the laws that hold, then those that do not, with the reason."""
    rows = labelled("")
    for law, problem in sorted(laws.items(), key=lambda law: bool(law[1])):
        reason = f" It {problem}." if problem else ""
        rows.add_row(_mark(not problem), Text.assemble(law, (reason, "dim")))
    return rows


def _calls(rows: tuple[Row, ...]) -> Table:
    """Return a table of the kinds of arguments that a function was called with."""
    table = Table(
        words("Arguments"), numbers("Error"), numbers("Of the tolerance"), words("Verdict")
    )
    for row in rows:
        error, ratio = ("" if size is None else f"{size:.2g}" for size in (row.error, row.ratio))
        if row.passes and row.finite:
            error = "finite"  # and no more can be asked: rounding leaves no digits
        table.add_row(_mark(row.passes), row.name, error, ratio, "" if row.passes else row.verdict)
    return table


def _mark(holds: bool) -> Text:
    return Text("✓", "green") if holds else Text("✗", "red")
