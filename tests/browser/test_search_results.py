"""The search: a result of each kind, clicked, lands on what it names, and little is fetched."""

from urllib.parse import quote, unquote, urldefrag

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from .conftest import Browser

#: How many pages a search may fetch, to show an excerpt of each.
FETCHED = 20

KINDS = {
    "algorithm": ("Algorithm 4", "attention.html#algorithm-4"),
    "line": ("line 4.5", "attention.html#line-4.5"),
    "line by its number": ("10.5", "architectures.html#line-10.5"),
    "line of ours": ("line N1.1", "gates.html#line-N1.1"),
    "erratum": ("A11", "errata.html#erratum-A11"),
    "function": ("initialise", "api.html#algorithms.initialise"),
    "class": ("DTransformerParameters", "api.html#algorithms.DTransformerParameters"),
    "exception": ("NotFiniteError", "api.html#algorithms.NotFiniteError"),
    "method": ("converted_options", "api.html#algorithms.checkpoints.Model.converted_options"),
    "module": ("spec.errata", "api.html#module-spec.errata"),
    "constant": ("EXAMPLE_KEYS", "api.html#spec.library.EXAMPLE_KEYS"),
    "page": ("Published models", "published.html"),
    "section": ("Ten lines", "index.html#ten-lines"),
}


def search(browser: Browser, address: str, query: str) -> list[str]:
    """Search, and return the addresses of the pages that were fetched meanwhile."""
    browser.open(f"{address}search.html?q={quote(query)}")
    WebDriverWait(browser.driver, 60).until(
        lambda driver: "finished" in driver.find_element(By.ID, "search-results").text
    )
    return [path for path in browser.requests() if path.endswith(".html")]


def click_the_first(browser: Browser) -> str:
    """Click the first result, and return the address of the page that it leads to."""
    browser.driver.find_element(By.CSS_SELECTOR, "#search-results li a").click()
    WebDriverWait(browser.driver, 60).until(lambda driver: "search.html" not in driver.current_url)
    return unquote(browser.driver.current_url)


def in_view(browser: Browser, id: str) -> bool:
    """Whether the top of an element is within the window."""
    top: float = browser.run(
        "return document.getElementById(arguments[0]).getBoundingClientRect().top", id
    )
    return -1 <= top < float(browser.run("return window.innerHeight"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_clicked_result_lands_on_what_it_names(kind: str, browser: Browser, served: str) -> None:
    query, place = KINDS[kind]
    browser.look()
    search(browser, served, query)
    address = click_the_first(browser)
    assert address.removeprefix(served).partition("?")[0] == place.partition("?")[0]
    _, id = urldefrag(address)
    assert not id or in_view(browser, id)


def test_a_line_is_found_in_the_files_too(browser: Browser, site: object) -> None:
    query, place = KINDS["line"]
    browser.look()
    search(browser, f"file://{site}/", query)
    assert click_the_first(browser) == f"file://{site}/{place}"
    assert browser.complaints() == []


@pytest.mark.parametrize(("query", "most"), [("line 4.5", 0), ("E3", 0), ("attention", FETCHED)])
def test_a_search_fetches_few_pages(query: str, most: int, browser: Browser, served: str) -> None:
    browser.look()
    assert len(search(browser, served, query)) <= most + 1  # and its own
    assert browser.complaints() == []
