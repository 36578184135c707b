"""The cards: pointing at a line, going to it by keyboard, and taking code away."""

from itertools import chain
from urllib.parse import unquote, urldefrag

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from spec.library import algorithms
from spec.pairing import implementations, pair

from .conftest import Browser, ways

#: For each part of a card that belongs to lines, whether it has one of this part's, and its colour.
LIT = """
const lines = (part) => part.dataset.lines.split(" ");
return [...arguments[0].querySelectorAll("[data-lines]")].map((part) => [
  lines(part).some((line) => lines(arguments[1]).includes(line)),
  getComputedStyle(part).backgroundColor])
"""
DARK = "rgba(0, 0, 0, 0)"


@pytest.fixture(params=ways(), ids="-".join)
def cards(
    request: pytest.FixtureRequest, card_page: str, browser: Browser, served: str
) -> list[WebElement]:
    """The cards with code of a page that is shown, in each of the ways."""
    browser.look(*request.param)
    browser.open(served + card_page)
    found = browser.driver.find_elements(By.CSS_SELECTOR, ".alg")
    found = [card for card in found if card.find_elements(By.CSS_SELECTOR, ".code")]
    assert found
    return found


def point(browser: Browser, part: WebElement) -> None:
    browser.run('arguments[0].scrollIntoView({block: "center", behavior: "instant"})', part)
    ActionChains(browser.driver, duration=0).move_to_element_with_offset(part, 0, 0).perform()


def lit(browser: Browser, card: WebElement, part: WebElement) -> None:
    """Hold that both sides of a part's lines have one colour, and other lines have another."""
    parts = browser.run(LIT, card, part)
    of_the_line = {colour for belongs, colour in parts if belongs}
    assert len(of_the_line) == 1
    assert of_the_line.isdisjoint({DARK, *(colour for belongs, colour in parts if not belongs)})


def test_pointing_at_one_side_lights_both(cards: list[WebElement], browser: Browser) -> None:
    for card in cards:
        code = card.find_element(By.CSS_SELECTOR, ".code-row[data-lines]")
        number = str(code.get_attribute("data-lines")).split()[0]
        line = card.find_element(By.CSS_SELECTOR, f'.pseudocode [data-lines="{number}"]')
        for part in (line, code):
            point(browser, part)
            lit(browser, card, part)


def test_a_line_is_reached_by_keyboard_and_can_be_linked_to(
    cards: list[WebElement], browser: Browser
) -> None:
    for card in cards:
        line = card.find_element(By.CSS_SELECTOR, ".pseudocode [data-lines]")
        browser.run(
            """const all = [...document.querySelectorAll("a[href]")];
            const links = all.filter((link) => link.checkVisibility());
            links[links.indexOf(arguments[0].querySelector(".number")) - 1].focus()""",
            line,
        )
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        focus = browser.driver.switch_to.active_element
        assert focus == line.find_element(By.CSS_SELECTOR, ".number")
        assert focus.value_of_css_property("outline-style") == "solid"
        lit(browser, card, line)
        focus.send_keys(Keys.ENTER)
        assert urldefrag(unquote(browser.driver.current_url))[1] == line.get_attribute("id")


def copied(browser: Browser, served: str, part: WebElement) -> str:
    """Select all of a part, press Control and C, and return what the clipboard has."""
    browser.send("Browser.grantPermissions", permissions=["clipboardReadWrite"])
    browser.run("getSelection().selectAllChildren(arguments[0])", part)
    ActionChains(browser.driver).key_down(Keys.CONTROL).send_keys("c").key_up(
        Keys.CONTROL
    ).perform()
    text: str = browser.driver.execute_async_script(
        "navigator.clipboard.readText().then(arguments[0])"
    )
    return text


def test_code_and_pseudocode_are_copied_without_numbers(
    card_page: str, browser: Browser, served: str
) -> None:
    browser.look()
    browser.open(served + card_page)
    functions = implementations("algorithms")
    for card in browser.driver.find_elements(By.CSS_SELECTOR, ".alg"):
        id = str(card.get_attribute("id")).removeprefix("algorithm-")
        lines = copied(browser, served, card.find_element(By.CSS_SELECTOR, ".pseudocode"))
        rows = [row.strip() for row in lines.splitlines()]
        assert [line.text for line in algorithms()[id].lines if line.text not in rows] == []
        assert [row for row in rows if row.isdigit()] == []
        if id not in functions:
            continue
        code = copied(browser, served, card.find_element(By.CSS_SELECTOR, ".code pre"))
        rows_of_code = (row.code for row in pair(algorithms()[id], functions[id]).rows)
        written = (part.text for part in chain.from_iterable(rows_of_code))
        assert code.rstrip("\n") == "\n".join(written).rstrip("\n")
