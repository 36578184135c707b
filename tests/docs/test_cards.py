"""The card of an algorithm: it says what the text and the source say."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from unicodedata import normalize

from bs4 import BeautifulSoup, Tag
from helpers.page_text import copied, shown
from helpers.sphinx_build import DOCS

from spec.errata import errata
from spec.library import algorithms as library
from spec.pairing import Pairing, implementations, pair

sys.path.insert(0, str(DOCS / "_ext"))

from paired.parameter_records import records


def pairings() -> Iterator[Pairing]:
    """Those of all texts that have a function."""
    functions = implementations("algorithms")
    return (pair(library()[id], functions[id]) for id in library() if id in functions)


def test_every_algorithm_has_a_card(cards: dict[str, Tag]) -> None:
    assert sorted(cards) == sorted(library())


def test_the_first_page_shows_algorithm_4(pages: dict[str, BeautifulSoup]) -> None:
    assert [card["id"] for card in pages["index.html"].select(".alg")] == ["algorithm-4"]


def test_pseudocode_without_its_markup_is_the_text_of_the_alg_file(cards: dict[str, Tag]) -> None:
    for id, algorithm in library().items():
        for line in algorithm.lines:
            row = cards[id].find(id=f"line-{id}.{line.number}")
            assert isinstance(row, Tag)
            parts = row.find_all(recursive=False)
            number, text, *claims = (part for part in parts if part.name != "details")
            assert number.get_text() == str(line.number)
            assert copied(text) == shown(text) == line.text
            assert [copied(claim) for claim in claims] == ([line.claim] if line.claim else [])
            assert [shown(claim) for claim in claims] == ([line.claim] if line.claim else [])


def test_formulas_are_for_reading_and_their_text_is_for_copying(cards: dict[str, Tag]) -> None:
    for card in cards.values():
        for math in card.select(".math"):
            (plain,) = math.select(".plain")
            assert plain["aria-hidden"] == "true"
            assert not plain.select("math, a")
            assert not math.find_parent(attrs={"aria-hidden": True})


def test_a_formula_keeps_to_one_line_or_is_cut_at_a_space(cards: dict[str, Tag]) -> None:
    for card in cards.values():
        for formula in card.select(".math math"):
            for near in (formula.previous_sibling, formula.next_sibling):
                if isinstance(near, Tag) and "plain" not in near.get_attribute_list("class"):
                    assert formula.find_parent(class_="whole") is not None


def test_a_call_is_a_link_to_the_algorithm(cards: dict[str, Tag]) -> None:
    pages = {"4": "attention.html", "5": "attention.html", "6": "normalization.html"}
    for id in ("8", "10"):
        links = {shown(a): str(a["href"]) for a in cards[id].select(".statement a[href]")}
        assert links["MHAttention"] == f"{pages['5']}#algorithm-5"
        assert links["layer_norm"] == f"{pages['6']}#algorithm-6"
    for id, card in cards.items():
        hrefs = [str(a["href"]) for a in card.select(".math a[href]")]
        assert not any(href.endswith(f"#algorithm-{id}") for href in hrefs)


def test_the_head_of_a_card_is_that_of_the_alg_file(cards: dict[str, Tag]) -> None:
    for id, algorithm in library().items():
        texts = [row for section in algorithm.sections for row in section.rows]
        wanted = [row.strip().replace(" — ", " ") for row in texts]
        for what in (copied, shown):
            # The font has the accents of words' symbols by themselves.
            rows = [normalize("NFC", what(row)) for row in cards[id].select(".head dd")]
            assert rows == wanted
            signature = [what(row) for row in cards[id].select(".signature")]
            assert signature == ([algorithm.signature] if algorithm.signature else [])


def test_code_without_its_markup_is_the_source(cards: dict[str, Tag]) -> None:
    for pairing in pairings():
        pre = cards[pairing.algorithm.id].select_one("pre")
        assert pre is not None
        signature, *rest = pairing.rows
        classes = [part for record in records(pairing) for part in record.code]
        code = [*signature.code, *classes, *(part for row in rest for part in row.code)]
        assert pre.get_text() == "".join(f"{part.text}\n" for part in code)
        assert [row["data-row"] for row in pre.select(".code-row")] == [str(p.row) for p in code]


def test_code_lies_beside_the_lines_that_it_carries_out(cards: dict[str, Tag]) -> None:
    for card in cards.values():
        top = {int(str(li["data-lines"])): place(li) for li in card.select("li[data-lines]")}
        for chunk in card.select(".chunk"):
            first, last = place(chunk), place(chunk, "end")
            rows = chunk.select("[data-lines]")
            for number in {int(n) for row in rows for n in str(row["data-lines"]).split()}:
                assert first <= top[number] <= last


def place(tag: Tag, name: str = "row") -> int:
    found = re.search(rf"--{name}: (\d+)", str(tag["style"]))
    assert found is not None
    return int(found[1])


def test_a_tag_in_the_code_is_a_link_to_its_line(cards: dict[str, Tag]) -> None:
    for pairing in pairings():
        id = pairing.algorithm.id
        links = cards[id].select(".code-row .c1 a[href]")
        tags = {(link.get_text(), str(link["href"])) for link in links}
        refs = {str(ref) for row in pairing.rows for part in row.code for ref in part.refs}
        assert {text for text, _ in tags} <= refs
        assert all(href == f"#line-{text}" for text, href in tags)
        assert tags


def test_both_sides_light_up_for_every_number_of_a_line(site: Path, cards: dict[str, Tag]) -> None:
    rules = (site / "_static" / "paired-lines.css").read_text()
    numbers = {
        number
        for card in cards.values()
        for part in card.select("[data-lines]")
        for number in str(part["data-lines"]).split()
    }
    for number in numbers:
        part = f'[data-lines~="{number}"]'
        assert f".alg:has({part}:is(:hover, :focus-within)) {part}" in rules


def test_the_errata_of_an_algorithm_are_named_below_it(cards: dict[str, Tag]) -> None:
    for id, card in cards.items():
        shown = [link.get_text() for link in card.select(".departures a")]
        touching = [
            erratum.id
            for erratum in errata().values()
            if any(line == id or line.startswith(f"{id}.") for line in erratum.lines)
        ]
        assert shown == touching
