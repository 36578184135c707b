"""What a check has found, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from spec.checking.account import Row, WrittenReport
from spec.language.alg_file import Algorithm
from spec.mistakes.catalogue import Mistake


def mistake(one: Mistake, algorithm: Algorithm) -> Iterator[RenderableType]:
    """Yield what there is to say of a mistake: the wrong lines and the right ones, and why."""
    title = f"Algorithm {algorithm.id} with {one.what}"
    yield Text.assemble((f"{one.id}  ", "bold magenta"), (title, "bold"))
    lines = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    lines.add_column("", style="dim", no_wrap=True)
    lines.add_column("Wrong", overflow="fold")
    lines.add_column("Right", overflow="fold")
    texts = {f"{algorithm.id}.{line.number}": line.text for line in algorithm.lines}
    for line, rows in one.edits.items():
        wrong = Text(rows.strip() or "left out", "red" if rows.strip() else "italic red")
        lines.add_row(line, wrong, Text(texts.get(line, ""), "green"))
    yield lines
    for size, other in one.equal.items():
        yield Text(f"It has a shape only where {size} = {other}.")
    for what, said in (("What it does", one.effect), ("Why", one.why), ("How to tell", one.tell)):
        yield Text.assemble((f"{what}: ", "bold"), said)


def account(found: WrittenReport, *, every: bool = False) -> Iterator[RenderableType]:
    """Yield what is said of a function; with `every`, on arguments of which kind it did what."""
    yield Text(found.headline, "bold green" if found.passes else "bold red")
    for paragraph in found.explanations:
        yield Text()
        yield Text(paragraph)
    if found.line:
        yield Text()
        yield Text(found.line)
    if found.smallest:
        yield Text()
        yield Text("The smallest arguments found on which it fails:")
        yield from (Text(f"  {row}") for row in found.smallest.splitlines())
    if found.laws:
        yield Text()
        yield _laws(found)
    if every and found.rows:
        yield _rows(found.rows)
    yield Text()
    for note in found.notes:
        yield Text(note, "dim")


def _laws(found: WrittenReport) -> Table:
    """Return a table of laws: those that do not hold last, with what is wrong."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    assert found.laws is not None, "it is asked for where there are some"
    for law, problem in sorted(found.laws.items(), key=lambda one: bool(one[1])):
        if problem:
            table.add_row(Text("✗", "red"), Text.assemble(law, (f" It {problem}.", "dim")))
        else:
            table.add_row(Text("✓", "green"), Text(law))
    return table


def _rows(rows: tuple[Row, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Arguments", overflow="fold")
    table.add_column("Error", justify="right", no_wrap=True)
    table.add_column("Of the tolerance", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for row in rows:
        error, ratio = ("" if one is None else f"{one:.2g}" for one in (row.error, row.ratio))
        said = Text("✓", "green") if row.passes else Text(row.verdict, "red")
        table.add_row(row.name, error, ratio, said)
    return table
