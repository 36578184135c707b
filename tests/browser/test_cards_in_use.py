"""The cards: pointing at a line, going to it by keyboard, and copying what is selected."""

from itertools import chain
from urllib.parse import unquote, urldefrag

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from spec.library import algorithms
from spec.pairing import implementations, pair

from .conftest import Browser, Shown

#: For each part of a card that belongs to lines, whether it has one of this part's, and its colour.
LIT = """
const lines = (part) => part.dataset.lines.split(" ");
return [...arguments[0].querySelectorAll(".pair [data-lines]")].map((part) => [
  lines(part).some((line) => lines(arguments[1]).includes(line)),
  getComputedStyle(part).backgroundColor])
"""
DARK = "rgba(0, 0, 0, 0)"
CARDS = ".alg:has(.code)"


def lit(browser: Browser, card: WebElement, part: WebElement) -> None:
    """Hold that both sides of a part's lines have one colour, and other lines have another."""
    parts = browser.run(LIT, card, part)
    of_the_line = {colour for belongs, colour in parts if belongs}
    assert len(of_the_line) == 1
    assert of_the_line.isdisjoint({DARK, *(colour for belongs, colour in parts if not belongs)})


def test_pointing_at_one_side_lights_both(shown_cards: Shown) -> None:
    browser = shown_cards.browser
    for card in shown_cards.parts(CARDS):
        code = card.find_element(By.CSS_SELECTOR, ".code-row[data-lines]")
        number = str(code.get_attribute("data-lines")).split()[0]
        line = card.find_element(By.CSS_SELECTOR, f'.pseudocode [data-lines="{number}"]')
        for part in (line, code):
            browser.point(part)
            lit(browser, card, part)


def test_a_line_is_reached_by_keyboard_and_can_be_linked_to(shown_cards: Shown) -> None:
    browser = shown_cards.browser
    browser.point_at_nothing()
    for card in shown_cards.parts(CARDS):
        line = card.find_element(By.CSS_SELECTOR, ".pseudocode [data-lines]")
        browser.run(
            """const all = [...document.querySelectorAll("a[href], summary, button, input")];
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


def test_code_and_pseudocode_are_copied_without_numbers(shown_cards: Shown) -> None:
    browser = shown_cards.browser
    functions = implementations("algorithms")
    for card in shown_cards.parts(".alg"):
        id = str(card.get_attribute("id")).removeprefix("algorithm-")
        lines = browser.copied(card.find_element(By.CSS_SELECTOR, ".pseudocode"))
        rows = [row.strip() for row in lines.splitlines()]
        assert [line.text for line in algorithms()[id].lines if line.text not in rows] == []
        assert [row for row in rows if row.isdigit()] == []
        if id not in functions:
            continue
        code = browser.copied(card.find_element(By.CSS_SELECTOR, ".code pre"))
        rows_of_code = (row.code for row in pair(algorithms()[id], functions[id]).rows)
        written = (part.text for part in chain.from_iterable(rows_of_code))
        assert code.rstrip("\n") == "\n".join(written).rstrip("\n")
