"""One algorithm beside another: nothing is left out, nothing is said twice."""

import sys
from itertools import permutations

import pytest
from helpers.sphinx_build import DOCS
from sphinx.addnodes import pending_xref

from spec.language.plain_text import text
from spec.library import programs

sys.path.insert(0, str(DOCS / "_ext"))

from paired.architectures.aligned_lines import Beside, Entry, aligned
from paired.architectures.data_flow import whole
from paired.architectures.lines_beside import beside
from paired.differing_parts import likeness


def entries(id: str) -> list[Entry]:
    return [Entry(line.statement, line.layout.indent, line.number) for line in programs()[id].lines]


def rows(old: str, new: str) -> list[Beside]:
    return aligned(entries(old), entries(new))


def numbers(old: str, new: str) -> list[tuple[int | None, int | None]]:
    return [(one and one.number, other and other.number) for one, other in rows(old, new)]


@pytest.mark.parametrize(("old", "new"), [*permutations(whole()[:6], 2), ("8", "X8")])
def test_each_line_of_both_stands_once_in_its_order(old: str, new: str) -> None:
    left, right = zip(*rows(old, new), strict=True)
    assert [one.number for one in left if one] == [e.number for e in entries(old)]
    assert [one.number for one in right if one] == [e.number for e in entries(new)]


def test_an_algorithm_beside_itself_is_the_same() -> None:
    for id in whole():
        assert numbers(id, id) == [(e.number, e.number) for e in entries(id)]


def test_a_norm_that_has_moved_is_a_line_more_before_and_a_line_less_after() -> None:
    assert numbers("9", "10") == [
        *((number, number) for number in range(1, 5)),
        (None, 5),
        *((number, number + 1) for number in range(5, 8)),
        (8, None),
        (9, 9),
        (10, None),
        (11, 10),
        (12, 11),
    ]


def test_an_architecture_with_the_same_numbers_is_beside_line_by_line() -> None:
    assert numbers("10", "X1") == [(number, number) for number in range(1, 12)]
    assert [
        one.number for one, other in rows("10", "X1") if one and other and not one.is_same(other)
    ] == [2, 5, 6, 7, 8, 10]


def test_numbers_are_links_and_equal_lines_have_both() -> None:
    node = beside("9", "10")
    links = [link["reftarget"] for link in node.findall(pending_xref)]
    lines = [f"{id}.{entry.number}" for id in ("9", "10") for entry in entries(id)]
    assert sorted(link for link in links if "." in link) == sorted(lines)
    assert links[:2] == ["9", "10"]


def test_what_differs_is_marked_and_nothing_else() -> None:
    plain = beside("10", "X4")["plain"].splitlines()
    changed = [row for row in plain if row[0] in "+-"]
    assert [row.split()[1] for row in changed if "MHAttention" in row] == ["6", "6"]
    lines = [row for row in changed if "←" in row]
    assert len(lines) == 2


def test_two_lines_are_as_alike_as_their_parts() -> None:
    first, second = (entries(id)[5].node for id in ("10", "X4"))
    assert 0.5 < likeness(first, second) < 1 == likeness(first, first)
    assert text(first) != text(second)
