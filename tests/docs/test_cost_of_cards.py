"""Does what stands below a card about cost say what the pseudocode costs?"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from fractions import Fraction
from html import unescape
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup, Tag
from helpers.counting import Counting
from helpers.printed import rows as printed_rows
from helpers.sphinx_build import DOCS, build_files

from spec.cost import cost, value
from spec.cost.presets import presets, sizes
from spec.inputs.draw import draw
from spec.library import algorithms, checked
from spec.machine import Machine
from spec.terminal.costs import factored
from spec.terminal.subcommands import answer

sys.path.insert(0, str(DOCS / "_ext"))
from paired.cost_at_sizes import LENGTHS, AtSizes, at_lengths, costs, files, rows
from paired.cost_growth import Growth, growths, svg

every_algorithm = pytest.mark.parametrize("id", checked())

SHOWN = ("4", "6", "10", "K4", "C5", "R4")

#: What has no operation on numbers, no parameters, and holds none: a table of it would be of zeros.
COSTLESS = ("R4",)
PAGE = "\n\n".join(
    ["Page\n====", *(f".. algorithm:: {id}\n   :text:" for id in SHOWN)],
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("costs")
    success, said = build_files(folder, {"index.rst": PAGE})
    assert success, said
    return folder / "out" / "index.html"


@pytest.fixture(scope="module")
def details(built: Path) -> Mapping[str, Tag]:
    page = BeautifulSoup(built.read_text("utf-8"), "html.parser")
    found = {}
    for card in page.select(".alg"):
        (one,) = card.select("details.cost")
        found[str(card["id"]).removeprefix("algorithm-")] = one
    return found


# the numbers --------------------------------------------------------------------------------------


@every_algorithm
def test_every_algorithm_has_a_row_at_sizes_that_are_given_by_its_words(id: str) -> None:
    assert rows(id)
    for row in rows(id):
        assert sizes(checked(), id, costs()[id].sizes, row.words) == row.sizes


def test_the_counts_of_a_row_are_those_of_its_cost() -> None:
    for id in SHOWN:
        counted = cost(checked(), id)
        for row in rows(id):
            every = sum(value(number, row.sizes) for number in counted.total.kinds.values())
            assert sum(row.operations) == every
            assert row.parameters == value(counted.parameters, row.sizes)
            assert row.memory == max(peak.value(row.sizes) for peak in counted.peaks)


@pytest.mark.parametrize("ell", [1, 2, 5])
def test_the_counts_of_a_row_are_those_of_a_run(ell: int) -> None:
    at = {"d_attn": 2, "d_out": 3, "d_x": 4, "d_z": 5, "ℓ_x": ell, "ℓ_z": ell + 1}
    row = AtSizes(costs()["4"], "", ell, (), at)
    machine = Machine(checked(), Counting(), random=repeat(0.0))
    given = draw(checked(), "4", np.random.default_rng(7), sizes=at)
    machine.run("4", given.inputs, given.parameters, given.hyperparameters)
    done = machine.domain.operations
    assert (done["multiply-add"], done.total() - done["multiply-add"]) == row.operations


@pytest.mark.parametrize("preset", presets())
def test_whole_models_and_their_lengths_are_among_the_rows(preset: str) -> None:
    shown = [row for id in ("8", "9", "10", "X1", "X2", "X8") for row in rows(id)]
    of_it = [row for row in shown if row.preset == preset]
    named = presets()[preset]
    assert named.get("ℓ_max", named.get("length(x)")) in {row.length for row in of_it}


@every_algorithm
def test_a_sequence_is_costed_at_both_lengths(id: str) -> None:
    asked = {row.length for row in at_lengths(id)}
    assert asked in (set(), {*LENGTHS}) or id in {"D4", "K14"}
    for row in at_lengths(id):
        assert any(one.sizes == row.sizes for one in rows(id))


# the page -----------------------------------------------------------------------------------------


def test_attention_at_4096_tokens_is_told_on_its_card(details: Mapping[str, Tag]) -> None:
    (row,) = (row for row in details["4"].select("tbody tr") if "4,096" in [*row.stripped_strings])
    most = 3 * 64 * 4096 + 3 * 4096**2
    cells = [*row.stripped_strings]
    assert cells[0] == "gpt2-small"
    assert cells[-3:] == [f"{most:,}", f"{most * 4 / 1e6:.1f} MB", f"{most * 2 / 1e6:.1f} MB"]


def test_a_card_has_all_rows_and_polynomials(details: Mapping[str, Tag]) -> None:
    assert [*details] == [*SHOWN]
    for id, one in details.items():
        *tables, polynomials = one.select("table")
        shown = [[*row.stripped_strings] for table in tables for row in table.select("tbody tr")]
        told = () if id in COSTLESS else rows(id)
        for row, cells in zip(told, shown, strict=True):
            for count in (*row.operations, row.parameters, row.memory):
                assert f"{count:,}" in cells
        written = " ".join(polynomials.get_text().split())
        for operations in costs()[id].lines.values():
            if "multiply-add" in operations.kinds:
                assert factored(operations["multiply-add"]) in written
        lines = {str(link["href"]) for link in polynomials.select("a")}
        costly = [line for line, done in costs()[id].lines.items() if done.kinds]
        assert lines == {f"#line-{id}.{line}" for line in costly}


def test_the_command_that_is_shown_prints_the_last_row(
    details: Mapping[str, Tag], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    for id in ("4", "10", "K4", "C5"):
        (code,) = details[id].select("p > code")
        name, *words = code.get_text().replace("'", "").split()
        assert name == "formal-transformers"
        printed = printed_rows(answer(words)[0])
        last = rows(id)[-1]
        (memory,) = (row for row in printed if row.startswith("memory "))
        assert memory.split()[1] == f"{last.memory:,}"
        products, others = last.operations
        assert f"All lines {products:,} {others:,}" in printed


def test_what_is_wide_scrolls_and_is_named_once(built: Path) -> None:
    page = BeautifulSoup(built.read_text("utf-8"), "html.parser")
    labels = [str(tag["aria-label"]) for tag in page.select("details [role=region]")]
    assert len(labels) == len(set(labels)) == 2 * len(SHOWN) - len(COSTLESS)
    assert all(tag["tabindex"] == "0" for tag in page.select("details [role=region]"))
    assert all(svg.select_one("title") for svg in page.select(".plots svg"))


def test_numbers_are_not_words_to_search_for(built: Path) -> None:
    index = (built.parent / "searchindex.js").read_text("utf-8")
    assert f"{3 * 64 * 4096 + 3 * 4096**2:,}" not in index
    assert '"memori"' in index or "memori:" in index


def test_other_formats_have_it_as_text(tmp_path: Path) -> None:
    success, said = build_files(tmp_path, {"index.rst": PAGE}, builder="text")
    assert success, said
    text = (tmp_path / "out" / "index.txt").read_text("utf-8")
    for id in {*SHOWN}.difference(COSTLESS):
        for row in rows(id):
            assert f"memory, numbers {row.memory:,}" in text
    assert "memory, numbers 0" not in text
    assert "Multiply-adds: 128 ℓ² + 147,456 ℓ" in text
    assert "<" not in text


def test_a_page_depends_on_the_texts_that_are_called() -> None:
    found = {*files("10")}
    assert {"cost/presets.toml", *(algorithms()[id].path for id in ("10", "5", "4", "6"))} == found


# growth -------------------------------------------------------------------------------------------


@every_algorithm
def test_the_powers_of_the_length_give_the_counts(id: str) -> None:
    at = at_lengths(id)
    for growth in growths(at):
        for row in at:
            assert row.length is not None
            told = sum(factor * row.length**n for n, factor in enumerate(growth.factors))
            if growth.what == "Multiply-adds":
                assert told == row.operations[0]
            elif growth.what == "Operations":
                assert told == sum(row.operations)
            elif row is at[-1]:
                assert told == row.memory


@pytest.mark.parametrize(
    ("factors", "written", "turn"),
    [
        ((0, 147_456, 128), "128 ℓ² + 147,456 ℓ", 1153),
        ((-1, 1), "ℓ − 1", 1),
        ((0, 3), "3 ℓ", None),
        ((7,), "7", None),
        ((0, 0, Fraction(1, 2)), "1/2 ℓ²", None),
        ((10, 0, 1), "ℓ² + 10", 4),
    ],
)
def test_a_polynomial_in_the_length(
    factors: tuple[int, ...], written: str, turn: int | None
) -> None:
    growth = Growth("", tuple(map(Fraction, factors)))
    assert (growth.written, growth.overtakes) == (written, turn)


def test_a_power_is_a_straight_line_and_names_do_not_touch() -> None:
    drawn = svg(Growth("", (Fraction(0), Fraction(10**6), Fraction(20))), "A & B")
    lines = re.findall(r'class="power p(\d)" d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"', drawn)
    assert [power for power, *_ in lines] == ["1", "2"]
    slopes = [(float(y0) - float(y1)) / (float(x1) - float(x0)) for _, x0, y0, x1, y1 in lines]
    assert slopes[1] == pytest.approx(2 * slopes[0], rel=1e-2)
    names = [float(y) for y in re.findall(r'<text class="p\d" x="\d+" y="(\d+)"', drawn)]
    assert all(abs(a - b) >= 12 for a in names for b in names if a is not b and a != b)
    assert "#" not in unescape(drawn)  # colours are the page's, light or dark
