"""Is every algorithm found by its number, and every answer in two clicks from the landing page?"""

import inspect
import os
import re
import sys
from pathlib import Path
from urllib.parse import urldefrag

import pytest
from bs4 import BeautifulSoup, Tag
from helpers.sphinx_build import DOCS, build_files

from spec import conformance
from spec.library import algorithms, paper

sys.path.insert(0, str(DOCS / "_ext"))

from paired.sidebar_numbers import ranges

HOME = "index.html"

#: What a reader asks, and where the answer stands.
ANSWERS = {
    "How do I load a real checkpoint?": "published.html#five-lines",
    "What does GPT-2 add?": "published.html#gpt2-departures",
    "Which GELU?": "published.html#which-gelu",
    "How do I pad a batch?": "padding.html",
    "What does padding at the left do?": "padding.html#left-padding",
    "How do I train with torch's gradient?": "train.html#torch-s",
    "How do I check a whole model?": "own_attention.html#a-whole-model",
    "How do I test a port in C?": "vectors.html#ports",
    "How do I add an algorithm?": "own_algorithm.html",
    "What does *#batch mean?": "notation.html#signatures",
    "What is X in rows, or in einsum?": "notation.html#in-other-formulations",
    "What types does check take?": "conformance.html#spec.conformance.check",
}


def linked(page: BeautifulSoup, name: str) -> set[str]:
    """Where the links that a reader sees lead, as paths from the root of the site."""
    seen = "article a[href]:not(.headerlink), .sidebar-tree a[href], .toc-tree a[href]"
    links = {str(link["href"]) for link in page.select(seen)}
    goals = set()
    for target, fragment in map(urldefrag, links):
        if ":" not in target:
            path = os.path.normpath(Path(name).parent / target) if target else name
            goals |= {path, f"{path}#{fragment}"} if fragment else {path}
    return goals


@pytest.mark.parametrize("question", ANSWERS)
def test_an_answer_is_two_clicks_from_the_landing_page(
    question: str, pages: dict[str, BeautifulSoup], anchors: dict[str, set[str]]
) -> None:
    page, fragment = urldefrag(ANSWERS[question])
    assert not fragment or fragment in anchors[page]
    once = linked(pages[HOME], HOME)
    near = {goal for goal in once if "#" not in goal and goal in pages}
    twice = set().union(*(linked(pages[goal], goal) for goal in near))
    assert ANSWERS[question] in once | twice


def test_the_landing_page_lists_every_algorithm_once(pages: dict[str, BeautifulSoup]) -> None:
    of_paper, of_ours = pages[HOME].select("table.numbered")
    rows = [[cell.get_text() for cell in row.select("td")] for row in of_paper.select("tr")]
    assert [row[0] for row in rows] == [*paper()]
    assert [row[2] for row in rows] == [algorithms()[id].comment for id in paper()]
    links = [link.get_text().split("\N{NO-BREAK SPACE}") for link in of_ours.select("a")]
    ours = {id: text.title.removeprefix("∇") for id, text in algorithms().items()}
    assert dict(links) == {id: name for id, name in ours.items() if id not in paper()}
    assert len(links) == len(dict(links))


def test_the_sidebar_has_the_numbers_of_the_algorithms_on_each_page(
    pages: dict[str, BeautifulSoup],
) -> None:
    entries = pages[HOME].select(".sidebar-tree a[href]")
    shown = {
        str(entry["href"]): number.get_text().strip()
        for entry in entries
        if (number := entry.select_one(".numbers")) is not None
    }
    cards = {name: page.select(".alg") for name, page in pages.items() if name != HOME}
    assert shown == {
        name: ranges(str(card["id"]).removeprefix("algorithm-") for card in found)
        for name, found in cards.items()
        if found and not name.startswith("mistakes/")
    }


def test_a_title_has_no_numbers_where_it_is_a_link_or_the_window_is_named(tmp_path: Path) -> None:
    page = "Attend\n======\n\n.. algorithm:: 4\n   :text:\n"
    home = "Home\n====\n\n:doc:`one`\n\n.. toctree::\n\n   one\n"
    assert build_files(tmp_path, {"index.rst": home, "one.rst": page}) == (True, "")
    built = BeautifulSoup((tmp_path / "out/index.html").read_text("utf-8"), "html.parser")
    said, listed = built.select("[role=main] a[href='one.html']")
    assert (said.get_text(), listed.get_text()) == ("Attend", "Attend 4")
    one = BeautifulSoup((tmp_path / "out/one.html").read_text("utf-8"), "html.parser")
    assert isinstance(one.title, Tag)
    assert one.title.get_text().startswith("Attend —")


def test_runs_of_numbers_are_written_by_their_ends() -> None:
    assert ranges(["1"]) == "1"
    assert ranges(["1", "2"]) == "1–2"
    assert ranges(["D9", "D11", "D10", "∇4", "∇2", "X1"]) == "D9–D11, ∇2, ∇4, X1"


TOOLS = [name for name in conformance.__all__ if inspect.isfunction(getattr(conformance, name))]


@pytest.mark.parametrize("name", TOOLS)
def test_every_parameter_of_a_tool_has_its_type_in_the_signature(
    name: str, pages: dict[str, BeautifulSoup]
) -> None:
    (entry,) = pages["conformance.html"].select(f"[id='spec.conformance.{name}']")
    text = " ".join(entry.get_text().split())
    for parameter in inspect.signature(getattr(conformance, name)).parameters:
        assert re.search(rf"\b{parameter}: \S", text)
    assert re.search(r"\) → \S", text)
