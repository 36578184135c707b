"""What people get wrong: one mistake explained, or the mistakes of many lines."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text

from spec.language.alg_file import Algorithm
from spec.mistakes.catalogue import Mistake
from spec.terminal.tables import Table, names, words


def explanation(mistake: Mistake, algorithm: Algorithm) -> Iterator[RenderableType]:
    """Yield the wrong lines of a mistake beside the right ones, and what there is to know of it."""
    title = f"Algorithm {algorithm.id} with {mistake.what}"
    yield Text.assemble((f"{mistake.id}  ", "bold magenta"), (title, "bold"))
    yield Text()
    lines = Table(words("Wrong"), words("Right"))
    texts = {f"{algorithm.id}.{line.number}": line.text for line in algorithm.lines}
    for line, rows in mistake.edits.items():
        wrong = Text(rows.strip() or "left out", "red" if rows.strip() else "italic red")
        lines.add_row(line, wrong, Text(texts.get(line, ""), "green"))
    yield lines
    yield Text()
    for size, equal in mistake.equal.items():
        yield Text(f"The arrays fit together only where {size} = {equal}.")
    for question, text in (
        ("What it does", mistake.effect),
        ("Why it happens", mistake.why),
        ("How to tell", mistake.tell),
    ):
        yield Text.assemble((f"{question}: ", "bold"), text)


def listed(
    mistakes: Mapping[str, Sequence[Mistake]], algorithms: Mapping[str, Algorithm]
) -> Iterator[RenderableType]:
    """Yield a table of the mistakes of each line of some algorithms, and how many there are."""
    table, kinds = _table(), []
    for id, algorithm in algorithms.items():
        lines = [line for line in mistakes if line.partition(".")[0] == id]
        if lines:
            table.add_row(id, Text(algorithm.title, "bold"))
        for line in lines:
            _add_rows(table, line, mistakes[line])
            kinds += [mistake.kind for mistake in mistakes[line]]
        table.add_section()
    if not kinds:
        yield Text(f"No known mistake is made in Algorithm {', '.join(algorithms)}.", "dim")
        return
    yield table
    yield Text(
        f"\n{kinds.count('mistake')} mistakes, and {kinds.count('difference')} documented "
        "differences, which are not errors. `formal-transformers show NAME` explains one of them.",
        "dim",
    )


def of_line(line: str, mistakes: Sequence[Mistake]) -> Iterator[RenderableType]:
    """Yield a table of the mistakes that are made in a line."""
    if not mistakes:
        yield Text(f"No known mistake is made in line {line}.", "dim")
        return
    table = _table()
    _add_rows(table, line, mistakes)
    yield table


def _table() -> Table:
    return Table(names("Mistake"), words("The algorithm with"))


def _add_rows(table: Table, line: str, mistakes: Sequence[Mistake]) -> None:
    for mistake in mistakes:
        note = (" (not an error)" if mistake.kind == "difference" else "", "dim")
        table.add_row(line, mistake.id, Text.assemble(mistake.what, note))
