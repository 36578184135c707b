"""The lines of a mistake beside the right lines that they replace."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from paired.differing_parts import differing
from paired.domain import reference
from paired.elements import Element, element
from paired.notation import math, prose
from spec.language import alg_file, parse
from spec.language.tree import Line
from spec.library import checked
from spec.mistakes import Mistake

from .edits import changed, origins
from .words import captions


@dataclass(frozen=True)
class Group:
    """A right line, and the wrong lines that replace it."""

    right: Line
    wrong: tuple[Line, ...]

    def numbered(self) -> Iterator[tuple[str, Line]]:
        """Yield the wrong lines with their numbers: `6`, or `6a`, `6b` if there are several."""
        for place, line in enumerate(self.wrong):
            letter = chr(ord("a") + place) if len(self.wrong) > 1 else ""
            yield f"{self.right.number}{letter}", line


def groups(mistake: Mistake) -> list[Group]:
    """Return the lines that a mistake changes, in order."""
    program = changed(mistake.id)[mistake.algorithm].program
    wrong = {line.number: line for line in program.lines}
    changed_lines = []
    for line in checked()[mistake.algorithm].program.lines:
        if f"{mistake.algorithm}.{line.number}" in mistake.edits:
            places = [new for new, old in origins(mistake).items() if old == line.number]
            changed_lines.append(Group(line, tuple(wrong[place] for place in places)))
    return changed_lines


def contrast(mistake: Mistake) -> list[Element]:
    """Return both sides, and the algorithms, not in the paper, that the wrong side calls."""
    changes = groups(mistake)
    wrong, right = captions(mistake)
    lines = [line for group in changes for line in (group.right, *group.wrong)]
    depth = min(line.layout.indent for line in lines)
    left: list[Element] = []
    beside: list[Element] = []
    row = 0
    for above, group in zip([None, *changes], changes, strict=False):
        if above is not None and group.right.number > above.right.number + 1:
            row += 1
            left.append(_gap(row))
            beside.append(_gap(row))
        ours, theirs = _marks(group)
        rows = max(len(group.wrong), 1)
        for place, (called, line) in enumerate(group.numbered()):
            text = math(line.statement, mistake.algorithm, ours)
            left.append(
                _line(
                    element("span", called, classes=["number"]), text, line, depth, row + 1 + place
                )
            )
        if not group.wrong:
            left.append(_left_out(group.right, depth, row + 1))
        ref = f"{mistake.algorithm}.{group.right.number}"
        number = element(
            "span", reference("algline", ref, str(group.right.number)), classes=["number"]
        )
        text = math(group.right.statement, mistake.algorithm, theirs)
        beside.append(_line(number, text, group.right, depth, row + 1, rows))
        row += rows
    pair = element(
        "div",
        _side(wrong, left, "wrong"),
        _side(right, beside, "right"),
        classes=["contrast", mistake.kind],
        style=f"--rows: {row}",
        plain=_plain(mistake, changes),
    )
    return [pair, *(_helper(text, mistake) for text in mistake.helpers)]


def _side(caption: str, lines: Sequence[Element], css: str) -> Element:
    return element(
        "div",
        element("p", caption, classes=["side"]),
        element("ol", *lines, classes=["pseudocode"]),
        classes=[css],
    )


def _line(
    number: Element, text: Element, line: Line, depth: int, row: int, rows: int = 1
) -> Element:
    return element(
        "li",
        number,
        element("span", text, classes=["statement"]),
        style=f"--depth: {line.layout.indent - depth}; --row: {row}; --span: {rows}",
    )


def _left_out(line: Line, depth: int, row: int) -> Element:
    return element(
        "li",
        element("span", str(line.number), classes=["number"]),
        element("span", "left out", classes=["statement"]),
        classes=["none"],
        style=f"--depth: {line.layout.indent - depth}; --row: {row}; --span: 1",
    )


def _gap(row: int) -> Element:
    """Stand for the lines between two changed ones, which are equal on both sides."""
    return element("li", "⋮", classes=["gap"], style=f"--row: {row}; --span: 1")


def _helper(text: str, mistake: Mistake) -> Element:
    """Set an algorithm that a wrong line calls."""
    read = parse.program(alg_file.read(text, mistake.id))
    assert read.signature is not None, "it is called by its name"
    lines = [
        _line(
            element("span", str(line.number), classes=["number"]),
            math(line.statement, read.id),
            line,
            0,
            place,
        )
        for place, line in enumerate(read.lines, 1)
    ]
    comment = [element("p", *prose(read.layout.comment))] if read.layout.comment else []
    return element(
        "div",
        element("p", math(read.signature, read.id), classes=["side"]),
        *comment,
        element("ol", *lines, classes=["pseudocode"]),
        classes=["helper"],
        plain=text,
    )


def _marks(group: Group) -> tuple[Container[int], Container[int]]:
    """Return the places of the parts that differ in a wrong line, and in the line it replaces."""
    if len(group.wrong) != 1:
        return (), ()
    return differing(group.wrong[0].statement, group.right.statement)


def _plain(mistake: Mistake, changes: Sequence[Group]) -> str:
    rows = []
    for caption, side in zip(captions(mistake), (0, 1), strict=True):
        rows.append(f"{caption}:")
        for group in changes:
            if side:
                rows.append(f"{group.right.number:<4}{group.right.layout.text}")
            else:
                rows += [f"{number:<4}{line.layout.text}" for number, line in group.numbered()]
                rows += [] if group.wrong else [f"{group.right.number:<4}left out"]
    return "\n".join(rows)
