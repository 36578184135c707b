"""What is taken away: the text that the command prints, the source, and what it comes from."""

import inspect
import re
import sys
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from helpers.sphinx_build import DOCS

from spec.language.alg_file import read, write
from spec.library import algorithms, programs
from spec.pairing import implementations
from spec.render.algpseudocode import algpseudocode
from spec.sources import Source, named, sources, the_paper, this_software

sys.path.insert(0, str(DOCS / "_ext"))

from paired.take_away import UNCOMPARED, comparison


def blocks(part: Tag) -> dict[str, str]:
    """Return the texts that are copied, by the format that their buttons name."""
    return {
        taken.select_one("button").get_text().removeprefix("Copy "): taken.pre.get_text()  # type: ignore[union-attr]
        for taken in part.select(".taken")
    }


def test_every_card_has_its_algorithm_as_latex_and_as_unicode(cards: dict[str, Tag]) -> None:
    for id, card in cards.items():
        texts = blocks(card)
        assert texts["LaTeX"] == algpseudocode(programs()[id])
        assert texts["Unicode"] == write(algorithms()[id])
        assert read(texts["Unicode"], "a copy") == algorithms()[id]


def test_python_is_the_source_without_numbers_and_says_where_it_is_from(
    cards: dict[str, Tag],
) -> None:
    for id, function in implementations("algorithms").items():
        first, *rows = blocks(cards[id])["Python"].splitlines()
        assert first == f"# from algorithms import {function.__name__}"
        chunks = cards[id].select(".pair pre > .chunk")
        # Without the classes of the parameters, which have a file of their own.
        own = [chunk.get_text() for chunk in chunks if not chunk.select_one(".record")]
        assert rows == "".join(own).splitlines()
        assert set(rows) <= set(inspect.getsource(inspect.unwrap(function)).splitlines())
        compile("\n".join(rows), id, "exec")


def test_how_to_cite_has_what_the_docstring_names_the_paper_and_this_software(
    cards: dict[str, Tag],
) -> None:
    functions = implementations("algorithms")
    for id, card in cards.items():
        docstring = inspect.getdoc(functions[id]) if id in functions else ""
        wanted = {work.key: work.bibtex() for work in named(docstring or "")}
        wanted |= {work.key: work.bibtex() for work in (the_paper(), this_software())}
        assert blocks(card)["BibTeX"] == "\n".join(wanted.values())
    assert blocks(cards["L1"])["BibTeX"].startswith("@inproceedings{katharopoulos2020")


def test_the_buttons_are_shown_by_a_script_alone(
    site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    for page in pages.values():
        for button in page.select(".taken button"):
            assert button.has_attr("hidden")
            assert button["type"] == "button"
    assert pages["attention.html"].select('script[src*="take-away.js"]')
    assert "button.hidden = false" in (site / "_static/take-away.js").read_text("utf-8")


def test_neither_numbers_of_rows_nor_prompts_nor_outputs_are_selected(site: Path) -> None:
    styles = "".join(
        (site / "_static" / sheet).read_text("utf-8") for sheet in ("paired.css", "take-away.css")
    )
    for selector in (".code-row::before", ".highlight :is(.gp, .go, .gt)"):
        (rules,) = re.findall(
            rf"^{re.escape(selector)} {{(.*?)}}", styles, re.DOTALL | re.MULTILINE
        )
        assert re.search(r"(?<!-)user-select: none", rules)


def test_the_page_of_works_links_each_to_its_algorithms(pages: dict[str, BeautifulSoup]) -> None:
    page = pages["cite.html"]
    rows = {row.em.get_text().replace("’", "'"): row for row in page.select("tbody tr") if row.em}
    assert set(rows) == {work.title for work in sources().values()}
    for id, function in implementations("algorithms").items():
        for work in named(inspect.getdoc(function) or ""):
            links = [str(link["href"]) for link in rows[work.title].select("a")]
            assert any(link.endswith(f"#algorithm-{id}") for link in links), (id, work.key)
    for work in sources().values():
        (compared,) = rows[work.title].select(".compared")
        address = compared.a["href"] if compared.a else ""
        assert address == work.compared
        assert bool(work.compared) != (UNCOMPARED in compared.get_text())
    assert comparison(sources().values()) in page.get_text()
    first, whole = (taken.pre.get_text() for taken in page.select(".taken") if taken.pre)
    assert first == f"{this_software().bibtex()}\n{the_paper().bibtex()}"
    assert whole == "\n".join(work.bibtex() for work in sources().values())


def test_the_page_of_works_counts_what_was_compared() -> None:
    one, other = Source("a", "misc", {}, "https://example.org/a"), Source("b", "misc", {})
    assert "of 1 of these 1 entries" in comparison([one])
    assert UNCOMPARED not in comparison([one])
    assert "of 1 of these 2 entries" in comparison([one, other])
    assert UNCOMPARED in comparison([one, other])


def test_formats_are_not_searched(site: Path) -> None:
    index = (site / "searchindex.js").read_text("utf-8")
    assert "statex" not in index
    assert "archiveprefix" not in index
