"""What has been measured of inference is on the pages, and before it has, that it has not."""

import json
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from helpers.sphinx_build import CONF, build_files

TABLES = ("growth", "forward", "decoding", "continuations", "samplers")
PAGE = "\n\n".join(
    ["Bench\n====="]
    + [f".. measured:: {name}" for name in TABLES]
    + [f".. growth:: {name}" for name in ("time", "memory")]
)
#: The files' keys and forms, with figures of no run.
GROWTH = {
    str(length): {
        "Algorithm 4": {"seconds": length / 1e3, "of_theirs": 1.25, "megabytes": length**2 / 1e3},
        "C4": {"seconds": length / 2e3, "of_theirs": 0.9, "megabytes": length / 10},
        "C5": {"seconds": length / 1e3, "of_theirs": 1.0, "megabytes": length / 10},
        "Hugging Face": {"seconds": length / 1e3, "of_theirs": 1.0, "megabytes": None},
    }
    for length in (1024, 64, 256)
}
FORWARD = {"64": {"NumPy": {"apart": 2e-6, "milliseconds": 1234, "of_theirs": 0.98}}}
DECODING = {"ways": {"cached": {"milliseconds": 21.5, "of_theirs": 0.5, "of_limit": 1.25}}}

CONTINUATIONS = {"K2": {"greedy": {"prompts": 1000, "alike": 999, "tokens": 8000}}}
SAMPLERS = {
    "weights": [{"algorithm": "S1", "theirs": "Warper", "draws": 500, "distance": 2e-16}],
    "steps": {"drawn": 300, "exact": 299},
    "searches": {"drawn": 36, "alike": 36},
}


def built(folder: Path, data: dict[str, object]) -> BeautifulSoup:
    files = {f"{name}.json": json.dumps(figures) for name, figures in data.items()}
    conf = f"{CONF}\nimport paired.measured\npaired.measured.DATA = here\n"
    assert build_files(folder, {"conf.py": conf, "index.rst": PAGE, **files}) == (True, "")
    return BeautifulSoup((folder / "out/index.html").read_text("utf-8"), "html.parser")


def rows(table: Tag) -> list[list[str]]:
    return [[cell.get_text() for cell in row.select("td")] for row in table.select("tbody tr")]


def test_what_is_measured_is_shown_in_the_order_of_lengths(tmp_path: Path) -> None:
    data = dict(zip(TABLES, (GROWTH, FORWARD, DECODING, CONTINUATIONS, SAMPLERS), strict=True))
    page = built(tmp_path, data)
    tables = map(rows, page.select("table.measured"))
    growth, forward, decoding, continuations, samplers = tables
    assert [row[0] for row in growth] == ["64", "256", "1,024"]
    assert growth[0] == ["64", "1.25", "4.096", "0.9", "6.4", "1", "6.4"]
    assert forward == [["64", "NumPy", "2e-06", "1,234", "0.98"]]
    assert decoding == [["cached", "21.5", "0.5", "1.25"]]
    assert continuations == [["K2", "greedy", "1,000", "999", "8,000"]]
    assert samplers == [
        ["Warper", "S1", "500", "2e-16"],
        ["p itself, in fractions", "S6", "300", "299 are the same"],
        ["generate, of GPT-2 and of Marian", "S7", "36", "36 are the same"],
    ]
    time, memory = page.select("figure.plot svg")
    names = [{text.get_text() for text in plot.select("text")} for plot in (time, memory)]
    assert {*GROWTH["64"]} <= names[0]
    assert "Hugging Face" not in names[1]  # whose memory is not measured
    assert len(memory.select("polyline")) == 3


def test_what_is_not_measured_yet_says_so(tmp_path: Path) -> None:
    page = built(tmp_path, {})
    assert page.get_text().count("not measured yet") == len(TABLES) + 2
    assert not page.select("svg.plot, polyline")
