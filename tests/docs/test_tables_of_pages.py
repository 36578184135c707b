"""Tables that are computed when the pages are built: caches, laws, departures."""

import sys

import pytest
from bs4 import BeautifulSoup, Tag
from helpers.sphinx_build import DOCS

from algorithms import checkpoints
from spec.cost import cost
from spec.laws.law import all_laws
from spec.library import algorithms, checked
from spec.usage_error import UsageError

sys.path.insert(0, str(DOCS / "_ext"))

from paired import caches
from paired.distributions import drawn


def rows(table: Tag) -> list[list[str]]:
    return [[cell.get_text() for cell in row.find_all("td")] for row in table.select("tbody tr")]


def heads(table: Tag) -> list[str]:
    return [cell.get_text() for cell in table.select("thead th")]


def measured(page: BeautifulSoup) -> list[Tag]:
    return page.select("table.measured")


def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_a_cache_is_as_large_as_models_are_known_to_have(pages: dict[str, BeautifulSoup]) -> None:
    (table,) = (
        table for table in measured(pages["caches.html"]) if "At the sizes of" in heads(table)
    )
    found = {(id, at): a_token for id, at, _, a_token, _ in rows(table)}
    assert found["X1", "llama-2-7b"] == "262,144"
    assert found["X1", "llama-2-7b H_kv=1 R=32"] == "8,192"
    assert found["X1", "llama-3-8b"] == "65,536"
    assert found["X3", "llama-3-8b L=16 L_s=2"] == "32,768"


def test_a_pass_costs_as_many_steps_as_it_has_columns(pages: dict[str, BeautifulSoup]) -> None:
    (table,) = (table for table in measured(pages["caches.html"]) if "ratio" in heads(table))
    for row in rows(table):
        before, whole, step, ratio = map(number, row)
        assert whole == (before + 1) * step
        assert ratio == before + 1


def test_attention_in_blocks_holds_numbers_in_proportion_to_the_length(
    pages: dict[str, BeautifulSoup],
) -> None:
    (table,) = measured(pages["blocks.html"])[:1]
    held = {row[0].partition(" ")[0]: [*map(number, row[1:])] for row in rows(table)}
    lengths = [number(head.removeprefix("ℓ = ")) for head in heads(table)[1:]]
    assert [*held] == ["4", *(id for id in algorithms() if id.startswith("C"))]
    for id, numbers in held.items():
        in_blocks = "B" in cost(checked(), id).sizes
        assert (numbers[-1] / numbers[0] <= lengths[-1] / lengths[0]) == in_blocks, id


def test_of_equally_likely_tokens_all_are_drawn_or_none(pages: dict[str, BeautifulSoup]) -> None:
    for bars, figure in zip(drawn(), pages["sampling.html"].select(".bars figure"), strict=True):
        texts = [text.get_text() for text in figure.select("text:not(.token)")]
        assert texts == [f"{q:.2f}".removeprefix("0") for q in bars.q if q]
        assert len(figure.select("rect.gone")) == len(bars.q) - len(texts)
        assert bars.q[3] == bars.q[4]
        assert bars.q.sum() == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("X1 llama-9", "there is no preset llama-9"),
        ("X1 llama-2-7b R=0", "R=0: a size is a whole number"),
        ("X99 llama-2-7b", "there is no Algorithm X99"),
    ],
)
def test_sizes_that_are_none_are_refused(row: str, error: str) -> None:
    with pytest.raises(UsageError, match=error):
        list(caches.row(*row.split()))


def test_every_law_is_shown_with_its_algorithms(pages: dict[str, BeautifulSoup]) -> None:
    tables = pages["verification.html"].select("#laws table.measured")
    assert [ids for table in tables for _, ids in rows(table)] == [
        ", ".join(law.algorithms) for law in all_laws()
    ]


def test_every_departure_is_shown_once(pages: dict[str, BeautifulSoup]) -> None:
    constants = [name for name in checkpoints.__all__ if name.endswith("_DEPARTURES")]
    section = pages["published.html"].find(id="what-differs")
    assert isinstance(section, Tag)
    assert {rubric.get_text() for rubric in section.select(".rubric")} == {*constants}
    shown = [row[0] for table in section.select("table") for row in rows(table)]
    assert sorted(shown) == sorted(
        departure.id for name in constants for departure in getattr(checkpoints, name)
    )


def test_every_published_model_is_in_the_table(pages: dict[str, BeautifulSoup]) -> None:
    models = pages["published.html"].select_one("table.listing")
    assert models is not None
    linked = {str(a["href"]).rpartition(".")[2] for a in models.select("a[href*='checkpoints.']")}
    readers = {name for name in checkpoints.__all__ if name.endswith("_parameters")}
    assert readers <= linked
