"""Do patterns match the lines that they are meant for, and leave the rest of a line alone?"""

from __future__ import annotations

import pytest
from helpers.paper import PAPER

from spec.mistakes import catalogue
from spec.mistakes.catalogue import CatalogueError, parse
from spec.mistakes.line_pattern import filled, occurrences


def rows(edits: dict[str, str], *lines: str) -> list[dict[int, str]]:
    return [dict(one.rows) for one in occurrences(edits, lines)]


@pytest.mark.parametrize(
    ("edits", "lines", "expected"),
    [
        ({"b": "c"}, ["a b b"], [{1: "a c c"}]),  # a part of a line, wherever it stands
        ({"⟨X⟩ ← ⟨X⟩ + ⟨f⟩": "⟨X⟩ ← ⟨f⟩"}, ["Z ← Z + g", "Z ← X + g"], [{1: "Z ← g"}]),
        ({"⟨X⟩ + c": "⟨X⟩"}, ["a + b + c"], [{1: "a + b"}]),  # from the start of the line
        ({"for ⟨l⟩ = 1, …, L⟨s?⟩:": "⟨l⟩ L⟨s⟩"}, ["for i = 1, …, L:"], [{1: "i L"}]),
        ({"f(⟨X⟩̃)": "f(⟨X⟩)"}, ["f(X̃)", "f(Ỹ)"], [{1: "f(X)"}, {2: "f(Y)"}]),
        ({"a": "", "b⟨n⟩": "⟨n⟩"}, ["a", "x", "a", "b1"], [{3: "", 4: "1"}]),
        ({"a": "", "…": "…", "b⟨n⟩": "⟨n⟩"}, ["a", "x", "b1"], [{1: "", 3: "1"}]),
        ({"a⟨n⟩": "b⟨n⟩", "c⟨n⟩": "c⟨n⟩"}, ["a1", "c2", "a1", "c1"], [{3: "b1"}]),
        ({"a⟨n⟩ b": "c_{⟨n⟩}"}, ["a1 b"], [{1: "c_1"}]),
        ({"a": "b"}, ["c"], []),
    ],
)
def test_rows_stand_in_place_of_what_matches(edits, lines, expected):
    assert rows(edits, *lines) == expected


def test_a_text_is_filled_in():
    assert (
        filled("no ⟨σ⟩ before ⟨σ⟩ and ⟨X⟩̃", {"σ": "ReLU", "X": "Y"}) == "no ReLU before ReLU and Ỹ"
    )


GENERAL = """
[[mistake]]
id = "residual-8"
{once}
kind = "mistake"
what = "no ⟨X⟩"
why = "Why."
effect = "What for."
tell = "How."
equal = {{ d_f = "d_e" }}
[mistake.edits]
"{pattern}" = "⟨X⟩ ← MHAttention("
"""
ATTENTION = "⟨X⟩ ← ⟨X⟩ + MHAttention("


def of_paper(text):
    """The mistakes that a text describes in the paper's algorithms."""
    return {id: one for id, one in parse(text).items() if one.algorithm in PAPER}


def test_a_general_entry_is_a_mistake_in_every_algorithm_whose_lines_match():
    eight, nine, ten = of_paper(GENERAL.format(once="", pattern=ATTENTION)).values()
    assert [eight.id, nine.id, ten.id] == ["residual-8", "residual-9", "residual-10"]
    assert [list(one.edits) for one in (eight, ten)] == [["8.5", "8.14", "8.16"], ["10.6"]]
    assert {one.entry for one in (eight, nine, ten)} == {"residual-8"}
    assert (eight.line, eight.what) == ("8.5", "no Z")
    assert [one.equal for one in (nine, ten)] == [{"d_f": "d_e"}, {}]  # 10 has no d_f


def test_each_place_may_be_a_mistake_of_its_own():
    assert list(of_paper(GENERAL.format(once="once = true", pattern=ATTENTION))) == [
        "residual-8-5",
        "residual-8-14",
        "residual-8-16",
        "residual-9",
        "residual-10",
    ]


def test_a_pattern_that_matches_nothing_is_refused():
    with pytest.raises(CatalogueError, match=r"^mistake residual-8: no lines match it$"):
        parse(GENERAL.format(once="", pattern="⟨X⟩ ← nothing"))


def test_an_entry_says_in_which_algorithms_it_is_no_mistake():
    found = of_paper(GENERAL.format(once='but = ["9"]', pattern=ATTENTION))
    assert list(found) == ["residual-8", "residual-10"]
    with pytest.raises(CatalogueError, match=r"^mistake residual-8: no lines of 7 match it$"):
        parse(GENERAL.format(once='but = ["7"]', pattern=ATTENTION))


def test_what_code_does_at_other_sizes_is_known():
    assert {one.elsewhere for one in catalogue().values()} == {"fails", "varies"}
    assert all(one.equal for one in catalogue().values() if one.elsewhere == "varies")
