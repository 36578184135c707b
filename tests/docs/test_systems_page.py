"""The page that says which system is which algorithm: its rows, their figures, their links."""

import json
import sys

import pytest
from bs4 import BeautifulSoup, Tag
from helpers.sphinx_build import DOCS, ROOT

from spec.library import algorithms

sys.path.insert(0, str(DOCS / "_ext"))

from paired.architectures.data_flow import whole
from paired.systems import FILE, NOT_COMPARED, System, compared_with, comparisons, systems

ROWS = systems(FILE.read_text("utf-8"))


@pytest.mark.parametrize("system", ROWS, ids=lambda system: system.name)
def test_what_a_row_names_is_there(system: System) -> None:
    assert {*system.algorithms} <= {*algorithms()}
    assert {*system.figures} <= {*system.algorithms} & {*whole()}
    assert (DOCS / f"{system.page}.rst").exists()
    assert not system.test or (ROOT / system.test).exists()
    held = [
        system.parity,
        system.adapter,
        system.sampler,
        system.counted,
        system.example,
        system.test,
    ]
    assert sum(map(bool, held)) == (compared_with(system) != NOT_COMPARED)


def test_every_comparison_is_that_of_a_system() -> None:
    parity = json.loads((DOCS / "_data/parity.json").read_text("utf-8"))
    named = [one for row in ROWS if row.parity for one in comparisons(row)]
    assert [one["theirs"] for one in parity if one not in named] == []


def test_a_name_that_no_comparison_has_is_refused() -> None:
    wrong = System("GPT-2", ["X1"], "llama", parity=["GPT2LMHeadModel"])
    with pytest.raises(LookupError, match=r"GPT-2: parity.json has no GPT2LMHeadModel of X1"):
        comparisons(wrong)


def plain(cell: Tag) -> str:
    return cell.get_text().replace("’", "'")


def test_every_system_has_a_row_with_links_and_a_figure(pages: dict[str, BeautifulSoup]) -> None:
    (table,) = pages["systems.html"].select("table.systems")
    rows = [row.select("td") for row in table.select("tbody tr")]
    assert len(rows) == len(ROWS)
    for system, (name, ids, against, figure, page) in zip(ROWS, rows, strict=True):
        assert plain(name).startswith(system.name)
        assert [link.get_text() for link in ids.select("a[href]")] == [*system.algorithms]
        assert plain(against) == compared_with(system)
        assert (figure.get_text() == "–") == (against.get_text() == NOT_COMPARED)
        (link,) = page.select("a[href]")
        assert link["href"] == f"{system.page}.html"
    by_name = {plain(name).split(":")[0]: figure.get_text() for name, _, _, figure, _ in rows}
    distances = [
        one["distance"]
        for one in json.loads((DOCS / "_data/parity.json").read_text("utf-8"))
        if one["theirs"].startswith("MistralForCausalLM")
    ]
    assert by_name["Mistral 7B"] == f"{max(distances):.0e}"
    assert by_name["Beam search"] == "42 of 42 the same"
