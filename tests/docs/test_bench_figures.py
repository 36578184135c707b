"""What `make bench` has measured is on the pages, and before it has, that it has not."""

import json
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from helpers.sphinx_build import CONF, build_files

PAGE = "\n\n".join(
    ["Bench\n====="]
    + [f".. measured:: {name}" for name in ("growth", "forward", "decoding")]
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


def built(folder: Path, data: dict[str, object]) -> BeautifulSoup:
    files = {f"{name}.json": json.dumps(figures) for name, figures in data.items()}
    conf = f"{CONF}\nimport paired.measured\npaired.measured.DATA = here\n"
    assert build_files(folder, {"conf.py": conf, "index.rst": PAGE, **files}) == (True, "")
    return BeautifulSoup((folder / "out/index.html").read_text("utf-8"), "html.parser")


def rows(table: Tag) -> list[list[str]]:
    return [[cell.get_text() for cell in row.select("td")] for row in table.select("tbody tr")]


def test_what_is_measured_is_shown_in_the_order_of_lengths(tmp_path: Path) -> None:
    data = {"growth": GROWTH, "forward": FORWARD, "decoding": DECODING}
    page = built(tmp_path, data)
    growth, forward, decoding = map(rows, page.select("table.measured"))
    assert [row[0] for row in growth] == ["64", "256", "1,024"]
    assert growth[0] == ["64", "1.25", "4.096", "0.9", "6.4", "1", "6.4"]
    assert forward == [["64", "NumPy", "2e-06", "1,234", "0.98"]]
    assert decoding == [["cached", "21.5", "0.5", "1.25"]]
    time, memory = page.select("figure.plot svg")
    names = [{text.get_text() for text in plot.select("text")} for plot in (time, memory)]
    assert {*GROWTH["64"]} <= names[0]
    assert "Hugging Face" not in names[1]  # whose memory is not measured
    assert len(memory.select("polyline")) == 3


def test_what_is_not_measured_yet_says_so(tmp_path: Path) -> None:
    page = built(tmp_path, {})
    assert page.get_text().count("not measured yet") == 5
    assert not page.select("svg.plot, polyline")
