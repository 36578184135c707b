"""Tables as nodes."""

from collections.abc import Iterable, Sequence

from docutils import nodes

from .elements import Element

Cell = str | nodes.Node | Sequence[nodes.Node]

_COLUMNS = 120  # of plain text, in which a width is a number of letters


def table(
    rows: Iterable[Sequence[Cell]],
    widths: Sequence[int],
    *,
    heads: Sequence[str] = (),
    classes: Sequence[str],
) -> nodes.table:
    """Set a table of columns with widths in this proportion.

    Where a row has too few cells, the last one stretches over the rest.
    """
    group = nodes.tgroup("", cols=len(widths))
    times = max(1, _COLUMNS // sum(widths))
    group += [nodes.colspec(colwidth=times * width) for width in widths]
    if heads:
        group += nodes.thead("", _row(heads, len(widths)))
    group += nodes.tbody("", *(_row(cells, len(widths)) for cells in rows))
    return nodes.table("", group, classes=list(classes))


def _row(cells: Sequence[Cell], columns: int) -> nodes.row:
    entries = [nodes.entry("", _content(cell)) for cell in cells]
    if missing := columns - len(cells):
        entries[-1]["morecols"] = missing
    return nodes.row("", *entries)


def _content(cell: Cell) -> nodes.Node:
    """Set a cell as a paragraph, unless it is what may not stand in one."""
    if isinstance(cell, Element) and cell["tag"] == "details":
        return cell
    return nodes.paragraph("", "", *_nodes(cell))


def _nodes(cell: Cell) -> Sequence[nodes.Node]:
    if isinstance(cell, str):
        return [nodes.Text(cell)]
    return [cell] if isinstance(cell, nodes.Node) else cell
