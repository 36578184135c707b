"""The pages of mistakes: one for each, with what it replaces and a picture of what it does."""

import re
import sys
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from textwrap import dedent
from unicodedata import normalize

import numpy as np
import pytest
from bs4 import BeautifulSoup, Tag
from helpers.paper import TRAINING
from helpers.sphinx_build import DOCS

from spec.language.types import SCALAR, TOKEN, Type, Whole
from spec.library import checked
from spec.mistakes import catalogue

sys.path.insert(0, str(DOCS / "_ext"))

from paired.differing_parts import marked
from paired.mistakes import heatmap, runs, words
from paired.mistakes.pages import written
from paired.mistakes.picture import number
from paired.mistakes.shared_pages import others_on_page, shown_with

#: Those that have a page of their own.
OWN = [id for id, shown in shown_with().items() if id == shown]


def page(pages: dict[str, BeautifulSoup], id: str) -> BeautifulSoup:
    return pages[f"mistakes/{id}.html"]


def rows(page: BeautifulSoup, side: str) -> list[str]:
    """The pseudocode on one side of the pair, as it is copied."""
    return [row.get_text() for row in page.select(f".contrast > .{side} .statement .plain")]


def numbered(page: BeautifulSoup, side: str) -> list[str]:
    return [row.get_text() for row in page.select(f".contrast > .{side} .number")]


# The list


def test_the_list_has_every_mistake_and_their_number(pages: dict[str, BeautifulSoup]) -> None:
    listed = pages["mistakes.html"]
    links = [str(a["href"]) for a in listed.select(".catalogue span:not(.line) > a")]
    assert sorted(links) == sorted(
        f"mistakes/{shown}.html#mistake-{id}" for id, shown in shown_with().items()
    )
    marks = listed.select(".catalogue .departure")
    departures = [one for one in catalogue().values() if one.kind == "difference"]
    assert len(marks) == len(departures)
    assert f"There are {len(catalogue())}:" in listed.get_text()


def test_the_side_bar_has_the_list_and_no_mistake(pages: dict[str, BeautifulSoup]) -> None:
    for name in ("index.html", "mistakes.html", "mistakes/mask-transposed.html"):
        links = [str(a["href"]) for a in pages[name].select(".sidebar-tree a")]
        assert not any(re.search("mistakes/[a-z]", link) for link in links)
    (current,) = page(pages, "mask-transposed").select(".sidebar-tree .current-page > a")
    assert current["href"] == "../mistakes.html"


# The pages


@pytest.mark.parametrize("id", OWN)
def test_a_mistake_has_a_page_with_the_wrong_lines_and_the_right(
    id: str, pages: dict[str, BeautifulSoup]
) -> None:
    one, shown = catalogue()[id], page(pages, id)
    (title,) = shown.select("h1")
    text = normalize("NFC", title.get_text()).removesuffix("¶").replace("’", "'")
    assert text == f"Algorithm {one.algorithm} with {one.what}"
    assert shown.find(id=f"mistake-{id}") is not None
    said = [normalize("NFC", row.get_text()) for row in shown.select(".facts dd")]
    assert said[:3] == [one.effect, one.why, one.tell]
    assert len(said) == (4 if one.equal else 3)
    right = {
        f"{one.algorithm}.{line.number}": line
        for line in checked()[one.algorithm].program.layout.lines
    }
    replaced = sorted(one.edits, key=list(right).index)
    assert rows(shown, "right") == [right[line].text for line in replaced]
    wrong = (row for line in replaced for row in dedent(one.edits[line]).splitlines())
    # Around what stands in the place of a pattern, there may be other spaces.
    assert [re.sub(" ", "", row) for row in rows(shown, "wrong")] == [
        re.sub(" ", "", row.partition("▷")[0]) for row in wrong
    ]


def test_the_same_mistake_in_algorithms_of_ours_is_on_one_page(
    pages: dict[str, BeautifulSoup],
) -> None:
    shown = page(pages, "tanh-gelu-10")
    assert "X4" in {one.algorithm for one in others_on_page("tanh-gelu-10")}
    links = {a.get_text(): str(a["href"]) for a in shown.select(".cited a[href]")}
    for one in others_on_page("tanh-gelu-10"):
        assert shown.find(id=f"mistake-{one.id}") is not None
        assert links[f"Algorithm {one.algorithm}"].endswith(f"#line-{one.line}")
    assert set(shown_with().values()) == {*OWN}


def is_number(type: Type) -> bool:
    """Whether what comes out is one number, real or whole: a token is drawn."""
    return type == SCALAR or (isinstance(type, Whole) and type != TOKEN)


#: Trained parameters are no picture, nor is a number; and what runs where z is the longer text has
#: none, since x is.
UNSEEN = {
    id
    for id, one in catalogue().items()
    if one.algorithm in TRAINING or is_number(checked()[one.algorithm].header.output[1])
} | {"encoder-norms-of-primary-length-8"}


@pytest.mark.parametrize("id", [id for id in OWN if id not in UNSEEN])
def test_a_mistake_has_a_picture_with_a_description(
    id: str, pages: dict[str, BeautifulSoup]
) -> None:
    pictures = page(pages, id).select(".heatmaps svg")
    labels = [str(svg["aria-label"]) for svg in pictures]
    assert len(pictures) >= 2
    assert all(svg["role"] == "img" for svg in pictures)
    first, second = words.captions(catalogue()[id])
    assert {label.split(":")[0].split(",")[0] for label in labels} <= {first, second, "Difference"}
    assert any(re.search(r"largest difference [1-9\d]|token", label) for label in labels)
    assert not re.search(r"\b(nan|inf)\b", " ".join(labels))


def test_the_picture_is_of_the_numbers(pages: dict[str, BeautifulSoup]) -> None:
    wrong, right, difference = (
        cells(svg) for svg in page(pages, "mask-transposed").select(".heatmaps svg")[:3]
    )
    assert np.allclose(right.sum(axis=0), 1, atol=0.03)
    assert (np.tril(right, -1) == 0).all()  # it is causal
    assert (np.triu(wrong, 1) == 0).all()
    assert np.allclose(wrong - right, difference, atol=0.011)


def cells(svg: Tag) -> np.ndarray:
    numbers = [float(text.get_text().replace("−", "-")) for text in svg.select("text.number")]
    side = round(len(numbers) ** 0.5)
    return np.array(numbers).reshape(side, side)


def test_lines_left_out_and_put_in_have_their_numbers(pages: dict[str, BeautifulSoup]) -> None:
    shown = page(pages, "mask-after-softmax")
    assert numbered(shown, "wrong") == ["5", "6a", "6b", "6c"]
    assert numbered(shown, "right") == ["5", "6"]
    (none,) = shown.select(".wrong .none")
    assert none.select(".statement")[0].get_text() == "left out"


def test_lines_in_between_are_a_gap_on_both_sides(pages: dict[str, BeautifulSoup]) -> None:
    shown = page(pages, "positions-forgotten-8")
    assert numbered(shown, "wrong") == numbered(shown, "right") == ["2", "11"]
    assert len(shown.select(".wrong .gap")) == len(shown.select(".right .gap")) == 1


def test_what_differs_within_a_line_stands_out(pages: dict[str, BeautifulSoup]) -> None:
    shown = page(pages, "mask-transposed")
    texts = [mark.get_text() for mark in shown.select("mrow.marked")]
    assert texts == ["tx,tz", "tz,tx"]


def test_a_few_parts_alike_between_others_are_marked_with_them() -> None:
    assert marked(SequenceMatcher(None, "abxcd", "abycd")) == ({2}, {2})
    assert marked(SequenceMatcher(None, "1x2", "y2x3z"))[1] == set(range(5))
    assert marked(SequenceMatcher(None, "1abc2", "3abc4")) == ({0, 4}, {0, 4})


def test_the_page_names_the_callers_of_the_algorithm(pages: dict[str, BeautifulSoup]) -> None:
    direct, through = words.callers("6")
    assert direct[:3] == ["8", "9", "10"]
    assert direct[-3:] == ["∇8", "∇9", "∇10"]
    assert through[:5] == ["11", "12", "13", "14", "15"]
    assert words.callers("7") == ([], [])
    (said,) = page(pages, "norm-sample-variance").select(".cited")
    assert "line 6.2, made in Algorithm 6, which 8, 9, 10, " in said.get_text()
    assert " and ∇10 call and, through them, 11, " in said.get_text()
    links = {a.get_text(): str(a["href"]) for a in said.select("a[href]")}
    assert links["line 6.2"] == "../normalization.html#line-6.2"
    assert links["norm-sample-variance"] == "#mistake-norm-sample-variance"


def test_the_page_names_sizes_that_must_be_equal(pages: dict[str, BeautifulSoup]) -> None:
    said = page(pages, "mask-transposed").select(".facts dd")[3].get_text()
    assert said.startswith("It runs only where ℓ_x = ℓ_z:")


def test_an_algorithm_that_the_paper_has_not_is_shown(pages: dict[str, BeautifulSoup]) -> None:
    (helper,) = page(pages, "tanh-gelu-10").select(".helper")
    assert len(helper.select(".pseudocode li")) == 4


def test_the_page_shows_the_command_of_a_check(pages: dict[str, BeautifulSoup]) -> None:
    command = "formal-transformers check mypkg.attention:Attention --algorithm 4"
    assert command in page(pages, "mask-transposed").get_text()


# The inputs and the variables that a page shows


@pytest.mark.parametrize(
    ("id", "first"),
    [
        ("mask-forgotten", ("S", 5, 1)),  # a line left out: what its variable is by then
        ("norm-sample-variance", ("v", 2, 1)),
        ("heads-shared", ("Y^h", 2, 2)),  # the first head is the same
        ("residual-dropped-10-8", ("X", 8, 1)),
        ("last-layer-left-out-10", ("X", 10, 1)),  # no line within the loop is another
        ("softmax-axis", None),  # nothing before the result
    ],
)
def test_the_first_variable_that_differs_is_found(
    id: str, first: tuple[str, int, int] | None
) -> None:
    found = runs.compare(catalogue()[id])
    assert found is not None
    parting = found.first and (found.first.name, found.first.line, found.first.visit)
    assert parting == first


def test_inputs_are_those_on_which_a_mistake_shows() -> None:
    plain = runs.compare(catalogue()["mask-forgotten"])
    special = runs.compare(catalogue()["mask-finite"])
    assert plain is not None
    assert special is not None
    assert plain.on.remark != special.on.remark
    assert runs.difference(special.result.right, special.result.wrong) > runs.VISIBLE


def test_a_result_may_be_what_a_layer_keeps_or_a_token() -> None:
    kept, token = (
        runs.compare(catalogue()[id]) for id in ("residual-twice-k11", "speculative-ratio-reversed")
    )
    assert kept is not None
    assert kept.result.name == "V^{e/d}_2"
    assert token is not None
    assert token.result.right.tokens
    assert token.result.right.numbers.shape == (1, 1)


# Numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.41, "0.41"), (-2.0, "−2"), (0.00034, "0.00034"), (7.3e-6, "7.3 · 10⁻⁶"), (1234.0, "1200")],
)
def test_a_number_in_a_sentence_has_two_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_a_number_in_a_cell_is_brief() -> None:
    common = heatmap.scale(np.array([[0.5, -1.0]]))
    texts = [common.text(x) for x in (0.371, -0.5, -1.0, -1.25, 0.001, -np.inf)]
    assert texts == [".37", "−.50", "−1", "−1.25", "0", "−∞"]
    assert heatmap.scale(np.array([[150.0]])).text(12.3) == "12"
    small = heatmap.scale(np.array([[3.4e-4]]))
    assert (small.unit, small.text(3.4e-4), small.text(2e-4)) == ("10⁻⁴", "3.4", "2.0")


def test_an_infinite_number_is_hatched() -> None:
    matrix = np.array([[0.5, -np.inf], [-1.0, 0.0]])
    drawn = BeautifulSoup(heatmap.svg(matrix, heatmap.scale(matrix), "S & T", "0"), "html.parser")
    assert [text.get_text() for text in drawn.select("text.number")] == [".50", "−∞", "−1", "0"]
    (endless,) = drawn.select("rect.endless")
    (pattern,) = drawn.select("pattern")
    assert endless["fill"] == f"url(#{pattern['id']})"
    weights = [str(cell["style"]) for cell in drawn.select("rect.cell")]
    assert weights == ["--weight: 0.500", "--weight: 1.000", "--weight: 0.000"]
    assert [svg["aria-label"] for svg in drawn.select("svg")] == ["S & T"]


# The files


def test_files_are_written_when_something_has_changed_and_stale_ones_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mistakes"
    assert {path.stem for path in written(folder)} == set(OWN)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert written(folder) == []
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    (folder / "of-old.rst").write_text("Old\n===\n")
    (changed,) = (path for path in folder.iterdir() if path.stem == "mask-transposed")
    changed.write_text("Other\n=====\n")
    assert written(folder) == [changed]
    assert {path.stem for path in folder.iterdir()} == set(OWN)
    entry = replace(catalogue()[changed.stem], why="Otherwise.")
    entries = {**catalogue(), entry.id: entry}
    monkeypatch.setattr("paired.mistakes.pages.catalogue", lambda: entries)
    assert written(folder) == [changed]
