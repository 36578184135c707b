"""Recorded runs: stepped through by keyboard and by pointer, with the arithmetic of a cell."""

from contextlib import suppress

from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from .conftest import Browser, Shown

RUNS = "details.stepper"
#: Which step of a run is chosen, which frames are seen, and whether its lines, and they alone, are
#: lit in the card.
STATE = """
const [run] = arguments, card = run.closest(".alg");
const radios = [...run.querySelectorAll("input[type=radio]")];
const at = radios.findIndex((radio) => radio.checked);
const frames = [...run.querySelectorAll(".frame")];
const seen = frames.flatMap((frame, i) => (frame.checkVisibility() ? [i] : []));
const lines = [...card.querySelectorAll("[data-lines]")];
const { line } = radios[at].dataset;
const wrong = lines.filter((part) =>
  part.classList.contains("stepped") !== part.matches(`[data-lines~="${line}"]`));
return [at, seen, wrong.map((part) => part.textContent), !!card.querySelector(".stepped")]
"""
#: Chooses the first step that has a product: its cells, or nothing if there is none.
PRODUCT = """
const [run] = arguments;
const found = [...run.querySelectorAll(".product:has(> .out > table)")].find((product) =>
  ["left", "right"].every((part) => product.querySelector(`table[data-part="${part}"]`)));
if (!found) return null;
found.closest(".step").querySelector("input").click();
const rows = [...found.querySelectorAll(".out tbody tr")];
return [found, ...rows.map((row) => [...row.querySelectorAll("td")])]
"""
#: The places of the cells that are lit in each factor, and how many each of its rows has.
LIT = """
const rows = (part) =>
  [...arguments[0].querySelectorAll(`table[data-part="${part}"] tbody tr`)]
    .map((row) => [...row.querySelectorAll("td")]);
const lit = (part) => rows(part).flatMap((row, i) =>
  row.flatMap((cell, j) => (cell.classList.contains("lit") ? [[i, j]] : [])));
const sizes = (part) => rows(part).map((row) => row.length);
return [lit("left"), lit("right"), sizes("left"), sizes("right")]
"""


def runs(shown: Shown) -> list[WebElement]:
    """The recorded runs of a page, opened."""
    found = shown.parts(RUNS)
    shown.browser.run("for (const run of arguments[0]) run.open = true", found)
    return found


def holds(browser: Browser, run: WebElement, step: int) -> None:
    """Hold that a step is chosen, that it alone is seen, and that its line is lit."""
    state = [step, [step], [], True]
    with suppress(TimeoutException):  # a line is lit when the browser has told that a run is opened
        browser.wait(lambda: browser.run(STATE, run) == state)
    assert browser.run(STATE, run) == state


def test_steps_are_chosen_by_keyboard(shown_cards: Shown) -> None:
    browser = shown_cards.browser
    for run in shown_cards.parts(RUNS):
        browser.run("arguments[0].open = false", run)
        run.find_element(By.TAG_NAME, "summary").send_keys(Keys.ENTER)
        holds(browser, run, 0)
        first, *others = run.find_elements(By.CSS_SELECTOR, "input[type=radio]")
        if not others:
            continue
        first.send_keys(Keys.ARROW_RIGHT)
        holds(browser, run, 1)
        others[0].send_keys(Keys.ARROW_LEFT)
        holds(browser, run, 0)
        first.send_keys(Keys.ARROW_LEFT)  # round to the last
        holds(browser, run, len(others))
    assert browser.complaints() == []


def test_steps_are_chosen_by_pointer(shown_cards: Shown) -> None:
    browser = shown_cards.browser
    for run in runs(shown_cards):
        labels = run.find_elements(By.CSS_SELECTOR, ".step > label")
        browser.click(labels[0])
        holds(browser, run, 0)
        if len(labels) == 1:
            continue
        back, forward = run.find_elements(By.CSS_SELECTOR, ".steps > button")
        assert not back.is_enabled()
        browser.click(forward)
        holds(browser, run, 1)
        browser.click(back)
        holds(browser, run, 0)
        browser.click(labels[-1])
        holds(browser, run, len(labels) - 1)
        assert not forward.is_enabled()


def test_a_cell_lights_its_row_and_column_and_says_its_arithmetic(shown_cards: Shown) -> None:
    browser = shown_cards.browser
    for run in runs(shown_cards):
        found = browser.run(PRODUCT, run)
        if found is None:
            continue
        product, *cells = found
        row, column = len(cells) - 1, len(cells[0]) - 1
        browser.point(cells[row][column])
        says(browser, product, cells, row, column)
        if row or column:
            cells[0][0].send_keys("")  # has the focus, as by the tab key
            key, to = (Keys.ARROW_DOWN, (1, 0)) if row else (Keys.ARROW_RIGHT, (0, 1))
            cells[0][0].send_keys(key)
            says(browser, product, cells, *to)
            assert browser.driver.switch_to.active_element == cells[to[0]][to[1]]
    assert browser.complaints() == []


def says(
    browser: Browser, product: WebElement, cells: list[list[WebElement]], row: int, column: int
) -> None:
    """Hold that a cell's row and column are lit, and that its arithmetic ends with its number."""
    left, right, widths, heights = browser.run(LIT, product)
    assert left == [[row, k] for k in range(widths[row])]
    assert right == [[k, column] for k in range(len(heights))]
    sum = product.find_element(By.XPATH, "following-sibling::p[@role='status']").text
    name, _, terms = sum.partition(" = ")
    assert name.endswith(f"[{row + 1}, {column + 1}]")
    assert terms.count("·") >= len(right)
    number = str(cells[row][column].text)
    assert number.replace("−.", "−0.") in sum.replace("−.", "−0.")
