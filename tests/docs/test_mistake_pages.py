"""The pages of mistakes: one a line, with what each replaces and a picture of what it does."""

import gzip
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import chain
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
from spec.mistakes.catalogue import by_line

sys.path.insert(0, str(DOCS / "_ext"))

from paired.differing_parts import marked
from paired.mistakes import heatmap, runs, words
from paired.mistakes.pages import written
from paired.mistakes.picture import number
from paired.mistakes.shared_pages import by_page, others_shown_with, page_name, shown_with

#: Those that are shown, by the line of the page.
SHOWN = by_page()


def page(pages: Mapping[str, BeautifulSoup], line: str) -> BeautifulSoup:
    return pages[f"mistakes/{page_name(line)}.html"]


@pytest.fixture(scope="module")
def sections(pages: Mapping[str, BeautifulSoup]) -> dict[str, Tag]:
    """The part of a page about each mistake."""
    found = [page(pages, line).select("section > section[id^=mistake-]") for line in SHOWN]
    return {str(one["id"]).removeprefix("mistake-"): one for one in chain.from_iterable(found)}


def rows(shown: Tag, side: str) -> list[str]:
    """The pseudocode on one side of the pair, as it is copied."""
    return [row.get_text() for row in shown.select(f".contrast > .{side} .statement .plain")]


def numbered(shown: Tag, side: str) -> list[str]:
    return [row.get_text() for row in shown.select(f".contrast > .{side} .number")]


# The list


def test_the_list_has_every_mistake_and_their_number(pages: Mapping[str, BeautifulSoup]) -> None:
    listed = pages["mistakes.html"]
    links = [str(a["href"]) for a in listed.select(".catalogue span:not(.line) > a")]
    assert sorted(links) == sorted(
        f"mistakes/{page_name(catalogue()[shown].line)}.html#mistake-{id}"
        for id, shown in shown_with().items()
    )
    assert len(listed.select(".catalogue .line > a")) == len(links)
    marks = listed.select(".catalogue .departure")
    departures = [one for one in catalogue().values() if one.kind == "difference"]
    assert len(marks) == len(departures)
    assert f"There are {len(catalogue())}:" in listed.get_text()


def test_the_side_bar_has_the_list_and_no_mistake(pages: Mapping[str, BeautifulSoup]) -> None:
    for name in ("index.html", "mistakes.html", "mistakes/4.5.html"):
        links = [str(a["href"]) for a in pages[name].select(".sidebar-tree a")]
        assert not any(re.search("mistakes/.", link) for link in links)
    (current,) = page(pages, "4.5").select(".sidebar-tree .current-page > a")
    assert current["href"] == "../mistakes.html"


# The pages


def test_every_mistake_stands_on_one_page_and_all_of_a_line_are_listed_there(
    pages: Mapping[str, BeautifulSoup],
) -> None:
    assert {*SHOWN} == {catalogue()[shown].line for shown in shown_with().values()}
    for line, mistakes in SHOWN.items():
        shown = page(pages, line)
        ids = [str(one["id"]) for one in shown.select("section > section[id^=mistake-]")]
        assert ids == [f"mistake-{one.id}" for one in mistakes]
        links = [str(a["href"]) for a in shown.select(".catalogue span:not(.line) > a")]
        listed = [href.rpartition("#mistake-")[2] for href in links]
        all_of_line = [one.id for one in by_line()[line]]
        assert listed == (all_of_line if len(all_of_line) > 1 else [])
        assert not shown.select(".catalogue .line")  # the title says it
        once = [str(tag["id"]) for tag in shown.select("article [id]")]
        assert len(once) == len({*once})


def test_a_page_says_what_kinds_there_are_at_its_line(pages: Mapping[str, BeautifulSoup]) -> None:
    kinds = {line: {one.kind for one in mistakes} for line, mistakes in by_line().items()}
    names = {
        ("mistake",): "Mistakes",
        ("difference",): "Departures",
        ("difference", "mistake"): "Mistakes and departures",
    }
    for line in SHOWN:
        (title,) = page(pages, line).select("h1")
        wanted = f"{names[tuple(sorted(kinds[line]))]} at line {line}"
        assert title.get_text().removesuffix("¶") == wanted


def test_a_mistake_has_a_section_with_the_wrong_lines_and_the_right(
    sections: dict[str, Tag],
) -> None:
    for one in chain.from_iterable(SHOWN.values()):
        shown = sections[one.id]
        (title,) = shown.select("h2")
        text = normalize("NFC", title.get_text()).removesuffix("¶").replace("’", "'")
        assert text == f"Algorithm {one.algorithm} with {one.what}"
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


def test_the_same_mistake_in_algorithms_of_ours_is_shown_once(
    sections: dict[str, Tag],
) -> None:
    shown = sections["tanh-gelu-10"]
    assert "X4" in {one.algorithm for one in others_shown_with("tanh-gelu-10")}
    links = {a.get_text(): str(a["href"]) for a in shown.select(".cited a[href]")}
    for one in others_shown_with("tanh-gelu-10"):
        assert shown.find(id=f"mistake-{one.id}") is not None  # its address
        assert links[f"Algorithm {one.algorithm}"].endswith(f"#line-{one.line}")


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


def test_a_mistake_has_a_picture_with_a_description(sections: dict[str, Tag]) -> None:
    for one in chain.from_iterable(SHOWN.values()):
        if one.id in UNSEEN:
            continue
        pictures = sections[one.id].select(".heatmaps svg")
        labels = [str(svg["aria-label"]) for svg in pictures]
        assert len(pictures) >= 2, one.id
        assert all(svg["role"] == "img" for svg in pictures)
        first, second = words.captions(one)
        heads = {label.split(":")[0].split(",")[0] for label in labels}
        assert heads <= {first, second, "Difference"}
        text = " ".join(labels)
        assert re.search(r"largest difference [1-9\d]|token", text), one.id
        assert not re.search(r"\b(nan|inf)\b", text), one.id


def test_a_page_of_many_mistakes_is_light(site: Path) -> None:
    for line in SHOWN:
        path = site / "mistakes" / f"{page_name(line)}.html"
        assert len(gzip.compress(path.read_bytes(), 6)) < 120_000, line  # and 80,000 of fonts


def test_the_picture_is_of_the_numbers(sections: dict[str, Tag]) -> None:
    wrong, right, difference = (
        cells(svg) for svg in sections["mask-transposed"].select(".heatmaps svg")[:3]
    )
    assert np.allclose(right.sum(axis=0), 1, atol=0.03)
    assert (np.tril(right, -1) == 0).all()  # it is causal
    assert (np.triu(wrong, 1) == 0).all()
    assert np.allclose(wrong - right, difference, atol=0.011)


def cells(svg: Tag) -> np.ndarray:
    numbers = [float(text.get_text().replace("−", "-")) for text in svg.select("text.number")]
    side = round(len(numbers) ** 0.5)
    return np.array(numbers).reshape(side, side)


def test_lines_left_out_and_put_in_have_their_numbers(sections: dict[str, Tag]) -> None:
    shown = sections["mask-after-softmax"]
    assert numbered(shown, "wrong") == ["5", "6a", "6b", "6c"]
    assert numbered(shown, "right") == ["5", "6"]
    (none,) = shown.select(".wrong .none")
    assert none.select(".statement")[0].get_text() == "left out"


def test_lines_in_between_are_a_gap_on_both_sides(sections: dict[str, Tag]) -> None:
    shown = sections["positions-forgotten-8"]
    assert numbered(shown, "wrong") == numbered(shown, "right") == ["2", "11"]
    assert len(shown.select(".wrong .gap")) == len(shown.select(".right .gap")) == 1


def test_what_differs_within_a_line_stands_out(sections: dict[str, Tag]) -> None:
    shown = sections["mask-transposed"]
    texts = [mark.get_text() for mark in shown.select("mrow.marked")]
    assert texts == ["tx,tz", "tz,tx"]


def test_a_few_parts_alike_between_others_are_marked_with_them() -> None:
    assert marked(SequenceMatcher(None, "abxcd", "abycd")) == ({2}, {2})
    assert marked(SequenceMatcher(None, "1x2", "y2x3z"))[1] == set(range(5))
    assert marked(SequenceMatcher(None, "1abc2", "3abc4")) == ({0, 4}, {0, 4})


def test_the_page_names_the_callers_of_the_algorithm(pages: Mapping[str, BeautifulSoup]) -> None:
    direct, through = words.callers("6")
    assert direct[:3] == ["8", "9", "10"]
    assert direct[-3:] == ["∇8", "∇9", "∇10"]
    assert through[:5] == ["11", "12", "13", "14", "15"]
    assert words.callers("7") == ([], [])
    place, said, *_ = page(pages, "6.2").select(".cited")
    assert "Line 6.2 is a line of Algorithm 6, which 8, 9, 10, " in place.get_text()
    assert " and ∇10 call and, through them, 11, " in place.get_text()
    assert [a["href"] for a in place.select("a")[:1]] == ["../normalization.html#line-6.2"]
    links = {a.get_text(): str(a["href"]) for a in said.select("a[href]")}
    assert links["line 6.2"] == "../normalization.html#line-6.2"
    name = catalogue()[by_page()["6.2"][0].id].id
    assert links[name] == f"#mistake-{name}"


def test_the_page_names_sizes_that_must_be_equal(sections: dict[str, Tag]) -> None:
    said = sections["mask-transposed"].select(".facts dd")[3].get_text()
    assert said.startswith("It runs only where ℓ_x = ℓ_z:")


def test_an_algorithm_that_the_paper_has_not_is_shown(sections: dict[str, Tag]) -> None:
    (helper,) = sections["tanh-gelu-10"].select(".helper")
    assert len(helper.select(".pseudocode li")) == 4


def test_the_page_shows_the_command_of_a_check(pages: Mapping[str, BeautifulSoup]) -> None:
    command = "formal-transformers check mypkg.attention:Attention --algorithm 4"
    assert command in page(pages, "4.5").get_text()


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
    names = {f"{page_name(line)}.rst" for line in SHOWN}
    assert {path.name for path in written(folder)} == names
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert written(folder) == []
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    (folder / "of-old.rst").write_text("Old\n===\n")
    (changed,) = (path for path in folder.iterdir() if path.name == "4.5.rst")
    changed.write_text("Other\n=====\n")
    assert written(folder) == [changed]
    assert {path.name for path in folder.iterdir()} == names
    before_and_after = {**by_page()}
    first, *others = before_and_after["4.5"]
    before_and_after["4.5"] = (replace(first, why="Otherwise."), *others)
    monkeypatch.setattr("paired.mistakes.pages.by_page", lambda: before_and_after)
    assert written(folder) == [changed]
