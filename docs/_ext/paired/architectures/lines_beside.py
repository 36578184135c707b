"""One algorithm beside another: equal lines once, the others side by side, what differs marked."""

from collections.abc import Container, Iterator

from docutils import nodes

from paired.differing_parts import differing
from paired.domain import reference
from paired.elements import Element, element
from paired.notation import math
from spec.language import alg_file
from spec.language.plain_text import text
from spec.language.tree import Program
from spec.library import programs

from .aligned_lines import Beside, Entry, aligned


def beside(old: str, new: str) -> Element:
    """Set the second algorithm beside the first."""
    first, second = programs()[old], programs()[new]
    rows: list[Element] = []
    plain = [f"{_title(old)} | {_title(new)}"]
    for name in dict.fromkeys(row.section for row in (*first.rows, *second.rows)):
        pairs = aligned([*_head(first, name)], [*_head(second, name)])
        rows.append(element("li", name, classes=["section"]))
        rows += [_row(pair, first, second) for pair in pairs]
        plain += [f"{name}:", *(line for pair in pairs for line in _plain(pair))]
    pairs = aligned([*_lines(first)], [*_lines(second)])
    rows.append(element("li", "Lines", classes=["section"]))
    rows += [_row(pair, first, second) for pair in pairs]
    plain += ["Lines:", *(line for pair in pairs for line in _plain(pair))]
    heads = [_side(id, css) for id, css in ((old, "old"), (new, "new"))]
    return element(
        "div",
        element("div", *heads, classes=["sides"]),
        element("ol", *rows, classes=["pseudocode"]),
        classes=["beside"],
        plain="\n".join(plain),
        role="group",
        aria_label=f"Algorithm {new} beside Algorithm {old}",
    )


def _title(id: str) -> str:
    return f"Algorithm {id}: {programs()[id].layout.title}"


def _side(id: str, css: str) -> Element:
    link = reference("alg", id, f"Algorithm {id}")
    return element("p", link, " ", element("b", programs()[id].layout.title), classes=["side", css])


def _head(program: Program, section: str) -> Iterator[Entry]:
    for row in program.section(section):
        yield Entry(row.node, row.indent // alg_file.STEP)


def _lines(program: Program) -> Iterator[Entry]:
    for line in program.lines:
        yield Entry(line.statement, line.layout.indent, line.number)


def _row(pair: Beside, first: Program, second: Program) -> Element:
    old, new = pair
    if old is not None and new is not None and old.is_same(new):
        numbers = [_number(first, old), _number(second, new)]
        return element("li", *numbers, _statement(first, old), classes=["same"])
    ours: Container[int] = ()
    theirs: Container[int] = ()
    if old is not None and new is not None:
        ours, theirs = differing(old.node, new.node)
    return element("li", _cell(first, old, ours, "old"), _cell(second, new, theirs, "new"))


def _cell(program: Program, entry: Entry | None, marks: Container[int], css: str) -> Element:
    if entry is None:
        return element("div", classes=["cell", "none"])
    parts = _number(program, entry), _statement(program, entry, marks)
    return element("div", *parts, classes=["cell", css])


def _number(program: Program, entry: Entry) -> Element:
    if entry.number is None:
        return element("span", classes=["number"])
    ref = f"{program.id}.{entry.number}"
    link: nodes.Node = reference("algline", ref, str(entry.number))
    return element("span", link, classes=["number"])


def _statement(program: Program, entry: Entry, marks: Container[int] = ()) -> Element:
    # Calls are links from within any algorithm but the called one.
    set_text = math(entry.node, program.id, marks)
    return element("span", set_text, classes=["statement"], style=f"--depth: {entry.indent}")


def _plain(pair: Beside) -> Iterator[str]:
    """Yield the rows of a diff: both numbers of an equal line; `-` and `+` before others."""
    old, new = pair
    if old is not None and new is not None and old.is_same(new):
        yield f"  {_digits(old)}{_digits(new)}{'    ' * old.indent}{text(old.node)}"
        return
    if old is not None:
        yield f"- {_digits(old)}    {'    ' * old.indent}{text(old.node)}"
    if new is not None:
        yield f"+     {_digits(new)}{'    ' * new.indent}{text(new.node)}"


def _digits(entry: Entry) -> str:
    return f"{entry.number or '':<4}"
