"""The head of each page: what it says of the page to others."""

from pathlib import Path

from bs4 import BeautifulSoup
from helpers.sphinx_build import DOCS


def test_every_page_has_one_viewport_and_an_icon(
    pages: dict[str, BeautifulSoup], site: Path
) -> None:
    for name, page in pages.items():
        assert len(page.select("head meta[name=viewport]")) == 1, name
        (icon,) = page.select("head link[rel~=icon]")
        assert (site / name).parent.joinpath(str(icon["href"])).exists(), name


def test_every_page_says_in_a_sentence_of_its_own_what_is_on_it(
    pages: dict[str, BeautifulSoup],
) -> None:
    said = {}
    for name in (path.stem for path in DOCS.glob("*.rst")):
        (description,) = pages[f"{name}.html"].select("head meta[name=description]")
        said[name] = str(description["content"])
        assert 30 < len(said[name]) <= 160, name
    assert len({*said.values()}) == len(said)


def test_a_caption_of_the_navigation_says_how_deep_it_is(pages: dict[str, BeautifulSoup]) -> None:
    for name, page in pages.items():
        for heading in page.select("[role=heading]"):
            assert heading.get("aria-level"), name


def test_a_page_with_several_cards_lists_them_below_its_title(
    pages: dict[str, BeautifulSoup],
) -> None:
    for page in pages.values():
        cards = [f"#{card['id']}" for card in page.select(".alg")]
        if len(cards) > 2:
            assert [link["href"] for link in page.select("h1 + nav > .on-page a")] == cards
        else:
            assert not page.select(".on-page")
