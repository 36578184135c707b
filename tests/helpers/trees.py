"""Trees of the pseudocode: those of the texts, row by row, and what tests read and write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from hypothesis import strategies as st

from spec.language import alg_file, parse, tree
from spec.language.plain_text import text
from spec.language.tree import Name, Node, Number, Program, walk
from spec.library import programs

OPERATORS = "+−·/⊙ "


def rows(program: Program) -> Iterator[tuple[str, Node]]:
    """Yield every row of an algorithm that the grammar reads, with its tree."""
    if program.signature is not None:
        yield program.layout.signature or "", program.signature
    for row in program.rows:
        yield row.text, row.node
    for line in program.lines:
        yield line.layout.text, line.statement
        if line.claim is not None:
            yield line.layout.claim or "", line.claim


def all_rows() -> list[tuple[str, Node]]:
    """Return the rows of every text, each with its tree."""
    return [pair for program in programs().values() for pair in rows(program)]


def start(node: Node) -> str:
    """Return the rule of the grammar that a row of this kind starts from."""
    rule = type(node).__name__.lower()
    return rule if rule in parse.STARTS else "statement"


def row(written: str, start: str = "statement") -> Node:
    """Read a row by a rule of the grammar."""
    node = parse.row(written, start, "1", "line 1")
    assert isinstance(node, Node)
    return node


def expression(written: str) -> Node:
    """Read an expression."""
    statement = row(f"return {written}")
    assert isinstance(statement, tree.Return)
    return statement.value


def line(id: str, number: int) -> Node:
    """Return the statement of a line."""
    (statement,) = (one.statement for one in programs()[id].lines if one.number == number)
    return statement


def assert_spans(read: str, root: Node) -> None:
    """Every node of a row stands where its span says."""
    for node in walk(root):
        start, end = node.span
        assert _bare(read[start:end]) == _bare(text(node))


def _bare(text: str) -> str:
    """Drop what a text and its node may differ in: white space, brackets, the form of a range."""
    text = re.sub("[ ()]", "", text).replace("}^{", ",…,")  # Σ_{i=1}^{n} has i = 1, …, n
    return text.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))


def program_text(program: Program) -> str:
    """Write the text of an algorithm anew, from its trees alone."""
    head = program.layout
    sections = tuple(
        alg_file.Section(
            section.name,
            tuple(
                " " * row.indent + text(row.node) + (f" — {row.note}" if row.note else "")
                for row in program.section(section.name)
            ),
        )
        for section in head.sections
    )
    lines = tuple(
        replace(
            line.layout,
            text=text(line.statement),
            claim=None if line.claim is None else text(line.claim),
        )
        for line in program.lines
    )
    signature = None if program.signature is None else text(program.signature)
    return alg_file.write(replace(head, signature=signature, sections=sections, lines=lines))


def condition(
    outer: type[tree.Both | tree.Either],
    inner: type[tree.Both | tree.Either],
    left: tree.Expression,
    right: tree.Expression,
) -> tree.Iverson:
    """Make a condition of two on either side."""
    one = inner(tree.Not(left), tree.Compare("<", left, right))
    other = inner(tree.Compare("≤", left, right), tree.Compare("≠", right, right))
    return tree.Iverson(outer(one, other))


JOINED = st.sampled_from([tree.Both, tree.Either])


def operations(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Make expressions of what differs in how tightly it holds its parts."""
    return (
        st.builds(tree.Binary, st.sampled_from(OPERATORS), parts, parts)
        | st.builds(tree.Negative, parts)
        | st.builds(tree.Prefix, st.sampled_from(["√", "log"]), parts)
        | st.builds(tree.Sum, st.just(tree.Implied((Name("i"),))), parts)
        | st.builds(tree.Transpose, parts)
        | st.builds(tree.Index, parts, st.tuples(parts))
        | st.builds(tree.Index, parts, st.tuples(st.builds(tree.Slice, parts, parts)))
        | st.builds(tree.Rows, st.tuples(parts, parts))
        | st.builds(condition, JOINED, JOINED, parts, parts)
        | st.builds(tree.Power, parts, st.just(Number(2)))
    )


#: Expressions in which only brackets say what belongs together.
operation_trees = st.recursive(
    st.sampled_from(
        [
            Name("a"),
            Name("b", Name("l"), Name("q")),
            Number(3),
            tree.Ones(),
            tree.Zeros((Name("m"),)),
        ]
    ),
    operations,
    max_leaves=8,
)
