"""Does every numbered line have its statement in the reference, and every tag its line?"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from rich.cells import cell_len

import algorithms as reference
from spec.library import algorithms
from spec.pairing import Function, Statement, implementations, pair, statements

LIBRARY = algorithms()
FUNCTIONS = implementations("algorithms")
COLUMNS = 68  # what fits beside the pseudocode


def out_of_order(id: str, function: Function) -> list[Statement]:
    """Return the statements that carry an earlier line than the statement above them."""
    spans = [
        (statement, [ref.line for ref in statement.refs if ref.algorithm == id])
        for statement in statements(function)
    ]
    tagged = [(statement, min(lines), max(lines)) for statement, lines in spans if lines]
    return [
        below
        for (_, top, bottom), (below, next_top, next_bottom) in pairwise(tagged)
        if next_top < top or next_bottom < bottom
    ]


def too_long(text: str) -> list[str]:
    return [row for row in text.split("\n") if cell_len(row) > COLUMNS]


def sources() -> Iterator[Path]:
    assert reference.__file__ is not None
    yield from Path(reference.__file__).parent.rglob("*.py")


def test_the_reference_has_each_algorithm() -> None:
    """But the pullbacks of whole models, which `value_and_gradient` carries out."""
    assert set(FUNCTIONS) == set(LIBRARY) - {"∇8", "∇9", "∇10"}


@pytest.mark.parametrize("id", FUNCTIONS)
def test_every_line_has_a_statement_and_every_tag_a_line(id: str) -> None:
    pairing = pair(LIBRARY[id], FUNCTIONS[id], LIBRARY)
    assert pairing.untagged == ()
    assert pairing.unknown == ()


@pytest.mark.parametrize("id", FUNCTIONS)
def test_the_code_is_in_the_order_of_the_pseudocode(id: str) -> None:
    assert out_of_order(id, FUNCTIONS[id]) == []


def test_no_row_is_wider_than_its_place() -> None:
    assert {
        path.name: rows for path in sources() if (rows := too_long(path.read_text("utf-8")))
    } == {}


def swapped(x: int) -> int:
    x = x + 2  # 4.2
    x = x + 1  # 4.1
    return -x  # 4.3


def overlapping(x: int) -> int:
    x = x + 1  # 4.1
    x = x + 1  # 4.1-4.2, 5.1
    return -x  # 4.2


def test_a_swap_is_seen_and_an_overlap_is_none() -> None:
    (statement,) = out_of_order("4", swapped)
    assert [str(ref) for ref in statement.refs] == ["4.1"]
    assert out_of_order("4", overlapping) == []
    assert pair(LIBRARY["4"], swapped).untagged == LIBRARY["4"].lines[3:]


def test_a_wide_row_is_seen() -> None:
    assert too_long("ℓ" * 68 + "\n" + "X̃" * 68) == []
    assert too_long("x" * 69) == ["x" * 69]
