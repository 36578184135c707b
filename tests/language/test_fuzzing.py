"""Does whatever is typed end in a tree that can be written down again, or in an error of ours?"""

import re
import unicodedata
from collections.abc import Sequence

import pytest
from helpers.trees import all_rows, assert_spans, program_text, rows, start
from hypothesis import given
from hypothesis import strategies as st
from lark.grammar import Symbol

from spec.language import alg_file, parse
from spec.language.errors import LineError, SpecError
from spec.language.parse import STARTS, parser, row
from spec.language.plain_text import text
from spec.library import algorithms

TEXTS = [alg_file.write(algorithm) for algorithm in algorithms().values()]
ROWS = [(written, start(node)) for written, node in all_rows()]
CHARACTERS = "".join(sorted(set("".join(TEXTS)))) + "\t\n\u0302\u0338\u2003٣÷<-#!"


def attempt(written: str, start: str) -> LineError | None:
    """Read a row, and write what was read: it must be read as the same tree, or be refused."""
    try:
        node = row(written, start, "1", "line 1")
    except LineError as error:
        return error
    again = row(text(node), start, "1", "line 1")
    assert again == node
    assert_spans(text(node), again)
    return None


def check(written: str, start: str) -> None:
    """Attempt a row; an error must be in its place."""
    error = attempt(written, start)
    if error is not None:
        assert error.text == unicodedata.normalize("NFC", written)
        assert 1 <= error.column <= len(error.text) + 1
        if stray := re.match("'(.+)' makes no sense here", error.problem):
            assert error.text.startswith(stray[1], error.column - 1)


# Rows that the grammar makes

RULES: dict[Symbol, list[Sequence[Symbol]]] = {}
for rule in parser().rules:
    RULES.setdefault(rule.origin, []).append(rule.expansion)

HEIGHTS: dict[Symbol, int] = {}  # how many rules it takes, one within another, to finish each
while len(HEIGHTS) < len(RULES):
    HEIGHTS |= {
        origin: 1 + max(HEIGHTS.values(), default=0)
        for origin, choices in RULES.items()
        if origin not in HEIGHTS
        if any(all(part.is_term or part in HEIGHTS for part in parts) for parts in choices)
    }

TOUCHING = {"_CALL": "(", "_INDEX": "["}  # these look at what stands before them
TERMINALS = {
    terminal.name: st.from_regex(terminal.pattern.to_regexp(), fullmatch=True).filter(
        lambda text: unicodedata.is_normalized("NFC", text)
    )
    for terminal in parser().terminals
    if terminal.name not in TOUCHING
}


@st.composite
def made(draw: st.DrawFn, start: str) -> str:
    """Make a row by the grammar, no deeper than it must be where there is no room left."""

    def expand(symbol: Symbol, room: int) -> str:
        if symbol.name in TOUCHING:
            return TOUCHING[symbol.name]
        if symbol.is_term:
            return " " + draw(TERMINALS[symbol.name])
        room = max(room, HEIGHTS[symbol])
        fitting = [
            parts
            for parts in RULES[symbol]
            if all(part.is_term or HEIGHTS[part] < room for part in parts)
        ]
        return "".join(expand(part, room - 1) for part in draw(st.sampled_from(fitting)))

    root = next(symbol for symbol in RULES if symbol.name == start)
    return expand(root, draw(st.integers(0, 15)))


@pytest.mark.parametrize("start", STARTS)
def test_what_the_grammar_makes_is_read(start: str) -> None:
    @given(made(start))
    def read(written: str) -> None:
        error = attempt(written, start)
        assert error is None or not re.search("makes no sense|ends too early", error.problem)
        check(written.replace(" ", ""), start)

    read()


# What else may be typed


@st.composite
def slipped(draw: st.DrawFn, text: str) -> str:
    """Insert, drop, change or swap a few characters of a text."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        before, new, after = text[:at], draw(st.sampled_from(CHARACTERS)), text[at:]
        slips = [new + after, after[1:], new + after[1:], after[1:2] + after[:1] + after[2:]]
        text = before + draw(st.sampled_from(slips))
    return text


@given(st.sampled_from(ROWS).flatmap(lambda row: st.tuples(slipped(row[0]), st.just(row[1]))))
def test_a_row_with_slips_is_read_or_refused(row: tuple[str, str]) -> None:
    check(*row)


@given(st.text() | st.text(CHARACTERS), st.sampled_from(STARTS))
def test_any_row_is_read_or_refused(written: str, start: str) -> None:
    check(written, start)


@given(st.sampled_from(TEXTS).flatmap(slipped))
def test_a_text_with_slips_is_read_or_refused(written: str) -> None:
    try:
        program = parse.program(alg_file.read(written, "it"))
    except SpecError:
        return
    again = parse.program(alg_file.read(program_text(program), "it"))
    assert [node for _, node in rows(again)] == [node for _, node in rows(program)]


@given(st.text() | st.text(CHARACTERS))
def test_any_text_is_refused(written: str) -> None:
    with pytest.raises(SpecError):
        alg_file.read(written, "it")
