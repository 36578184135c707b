"""An algorithm and the function that carries it out, as one card."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import dropwhile, takewhile

from docutils import nodes
from sphinx import addnodes

from spec.errata import Erratum, errata
from spec.language.alg_file import STEP, Algorithm, write
from spec.language.tree import Line, Program
from spec.library import paper, programs
from spec.pairing import Code, Pairing

from . import source
from .cost_table import cost_details, cost_text
from .domain import anchor, reference
from .elements import Element, element
from .mistakes_at_line import mistakes_at
from .names_in_code import CodeNames
from .notation import math, prose
from .parameter_records import SECTION, Record, records
from .rungs import plain_rungs, rungs
from .take_away import take_away


def card(pairing: Pairing, name: str, *below: nodes.Node) -> Element:
    """Return the card; `name` is the function's, with its module.

    What stands `below` the pair is the card's, too.
    """
    algorithm = pairing.algorithm
    module = name.rpartition(".")[0]
    return element(
        "div",
        _title(algorithm, name),
        _pair(pairing, module),
        *below,
        *_departures(algorithm),
        cost_details(algorithm),
        rungs(algorithm.id),
        take_away(algorithm, pairing, name),
        classes=["alg"],
        ids=[anchor("alg", algorithm.id)],
        plain=f"{_plain(pairing, name)}\n\n{cost_text(algorithm)}",
        role="group",
        aria_label=f"Algorithm {algorithm.id}",
    )


def text_card(algorithm: Algorithm) -> Element:
    """Return the card of an algorithm that no function carries out by itself."""
    read, grid = programs()[algorithm.id], _Grid()
    grid.down()  # the head
    for line in read.lines:
        if line.layout.comment is not None:
            grid.down(_comment(line.layout.comment, line.layout.indent))
        grid.down(_line(line, read.id))
    pair = element(
        "div",
        *_head(read),
        element("ol", *grid.left, classes=["pseudocode"]),
        classes=["pair"],
        style=f"--rows: {grid.rows}",
    )
    return element(
        "div",
        _title(algorithm),
        pair,
        *_departures(algorithm),
        cost_details(algorithm),
        rungs(algorithm.id, has_function=False),
        take_away(algorithm),
        classes=["alg"],
        ids=[anchor("alg", algorithm.id)],
        plain="\n".join(
            [
                write(algorithm),
                cost_text(algorithm),
                plain_rungs(algorithm.id, has_function=False),
            ]
        ),
        role="group",
        aria_label=f"Algorithm {algorithm.id}",
    )


@dataclass
class _Grid:
    """The two sides of a pair, placed on common rows that are counted from 1."""

    rows: int = 0
    left: list[Element] = field(default_factory=list)
    right: list[Element] = field(default_factory=list)

    def down(self, node: Element | None = None) -> None:
        """Begin a row, with something on the left."""
        self.rows += 1
        if node is not None:
            node["attributes"]["style"] += f"; --row: {self.rows}"
            self.left.append(node)

    def beside(self, code: Sequence[Element], first: int) -> None:
        """Set code on the right of the rows from `first` to the last."""
        if code:
            style = f"--row: {first}; --end: {self.rows}"
            self.right.append(element("span", *code, classes=["chunk"], style=style))


def _pair(pairing: Pairing, module: str) -> Element:
    parts = [part for row in pairing.rows for part in row.code]
    id = pairing.algorithm.id
    code = source.rows(parts, id, CodeNames(pairing.function, module))
    read = programs()[id]
    lines = {line.number: line for line in read.lines}
    signature, *rows = pairing.rows
    grid = _Grid()
    grid.down()
    grid.beside([code[part.row] for part in signature.code], 1)
    if classes := records(pairing):
        grid.down()  # the parameters
        grid.beside([row for record in classes for row in _record(record, id, module)], grid.rows)
    for row in rows:
        # What prepares a tagged statement stands above it, beside the comment if there is one.
        above = list(takewhile(lambda part: not part.refs, row.code))
        tagged = list(dropwhile(lambda part: not part.refs, row.code))
        first, *more = row.lines or (None,)
        if first is not None and first.comment is not None:
            grid.down(_comment(first.comment, first.indent))
            grid.beside([code[part.row] for part in above], grid.rows)
        elif above:
            grid.down()
            grid.beside([code[part.row] for part in above], grid.rows)
        top = grid.rows + 1
        for line in filter(None, (first, *more)):
            if line.comment is not None and line is not first:
                grid.down(_comment(line.comment, line.indent))
            grid.down(_line(lines[line.number], read.id))
        grid.beside([code[part.row] for part in tagged], top)
    return element(
        "div",
        *_head(read, parted=bool(classes)),
        element("ol", *grid.left, classes=["pseudocode"]),
        element("div", element("pre", *grid.right), classes=["code", "highlight"]),
        classes=["pair"],
        style=f"--rows: {grid.rows}",
    )


def _title(algorithm: Algorithm, name: str = "") -> Element:
    number = nodes.reference(
        "", f"Algorithm {algorithm.id}", refid=anchor("alg", algorithm.id), internal=True
    )
    link = addnodes.pending_xref(
        "",
        nodes.inline(name, name),
        refdomain="py",
        reftype="func",
        reftarget=name,
        refwarn=True,
    )
    python = [element("p", link, classes=["python"])] if name else []
    comment = [element("p", *prose(algorithm.comment))] if algorithm.comment else []
    return element(
        "div",
        element("p", number, " ", element("b", algorithm.title)),
        *python,
        *comment,
        classes=["title"],
    )


def _record(record: Record, algorithm: str, module: str) -> Iterator[Element]:
    """Yield the rows of a class of parameters; the first says so, which is a break above it."""
    rows = source.rows(record.code, algorithm, CodeNames(record.type, module))
    first, *more = rows.values()
    first["classes"].append("record")
    yield from (first, *more)


def _head(program: Program, parted: bool = False) -> Iterator[Element]:
    """Yield the head; if `parted`, the parameters and what follows them are a part of their own."""
    names = [section.name for section in program.layout.sections]
    cut = names.index(SECTION) if parted else len(names)
    for row, group in enumerate((names[:cut], names[cut:]), 1):
        sections = [part for name in group for part in _section(name, program)]
        head = element("div", classes=["head"], style=f"--row: {row}")
        if row == 1 and program.signature is not None:
            head += element("p", math(program.signature, program.id), classes=["signature"])
        if sections:
            head += element("dl", *sections)
        if head.children:
            yield head


def _section(name: str, program: Program) -> Iterator[Element]:
    yield element("dt", name)
    for row in program.section(name):
        remark: list[nodes.Node | str] = []
        if row.note is not None:
            remark = [" ", element("span", *prose(row.note), classes=["meaning"])]
        depth = row.indent // STEP
        yield element("dd", math(row.node, program.id), *remark, style=f"--depth: {depth}")


def _line(line: Line, algorithm: str) -> Element:
    ref = f"{algorithm}.{line.number}"
    number = nodes.reference(
        "", str(line.number), refid=anchor("algline", ref), internal=True, classes=["number"]
    )
    claim = [element("span", math(line.claim), classes=["claim"])] if line.claim else []
    return element(
        "li",
        number,
        element("span", math(line.statement, algorithm), classes=["statement"]),
        *claim,
        *mistakes_at(ref),
        ids=[anchor("algline", ref)],
        data_lines=str(line.number),
        style=f"--depth: {line.layout.indent}",
    )


def _comment(text: str, indent: int) -> Element:
    return element("li", text, classes=["comment"], style=f"--depth: {indent}")


def _departures(algorithm: Algorithm) -> Iterator[Element]:
    """Name the errata that touch the algorithm, if any do."""
    touching = [erratum for erratum in errata().values() if _touches(erratum, algorithm.id)]
    if touching:
        links: list[nodes.Node | str] = []
        for erratum in touching:
            links += [" ", reference("erratum", erratum.id, erratum.id)]
        print_or_source = "print" if algorithm.id in paper() else "source"
        said = f"Where the {print_or_source} is silent or mistaken:"
        yield element("p", said, *links, classes=["departures"])


def _touches(erratum: Erratum, algorithm: str) -> bool:
    return algorithm in {line.partition(".")[0] for line in erratum.lines}


def _plain(pairing: Pairing, name: str) -> str:
    code = (part for row in pairing.rows for part in row.code)
    classes = "".join(f"\n\n{_source(record.code)}" for record in records(pairing))
    checks = plain_rungs(pairing.algorithm.id)
    return f"{write(pairing.algorithm)}\n{name}\n\n{_source(code)}{classes}\n\n{checks}"


def _source(code: Iterable[Code]) -> str:
    return "\n".join(f"{part.row:>4}  {part.text}".rstrip() for part in code)
