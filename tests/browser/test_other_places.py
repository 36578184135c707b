"""The pages as files, without scripts, and on paper."""

from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from .conftest import Browser

#: What stands at a fixed place of the window would be printed over each page.
FIXED = """
return [...document.querySelectorAll("body *")].filter((part) => part.checkVisibility()
  && ["fixed", "sticky"].includes(getComputedStyle(part).position)).map((part) => part.className)
"""
#: The rows of a card that may be cut in two between pages.
CUT = """
return [...document.querySelectorAll(".pseudocode > li, .code-row, .alg .title, .head dd, tr")]
  .filter((row) => getComputedStyle(row).breakInside !== "avoid").map((row) => row.textContent)
"""


def test_the_pages_work_as_files(browser: Browser, site: Path) -> None:
    browser.look()
    page = (site / "attention.html").as_uri()
    browser.open(page)
    asked = browser.requests()
    assert page in asked
    assert [address for address in asked if not address.startswith(site.as_uri())] == []
    assert browser.complaints() == []
    assert browser.run("return getComputedStyle(document.querySelector('.pair')).display") == "grid"
    link = browser.driver.find_element(By.CSS_SELECTOR, ".sidebar-tree a[href$='errata.html']")
    link.click()
    assert browser.driver.current_url == (site / "errata.html").as_uri()
    assert browser.driver.find_elements(By.ID, "erratum-A11")


def test_the_pages_work_without_scripts(browser: Browser, served: str, card_page: str) -> None:
    browser.look()
    browser.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(served + card_page)
        (line, *_) = browser.driver.find_elements(By.CSS_SELECTOR, ".pseudocode [data-lines]")
        line.find_element(By.CSS_SELECTOR, ".number").click()
        assert line.value_of_css_property("background-color") != "rgba(0, 0, 0, 0)"
        for run in browser.driver.find_elements(By.CSS_SELECTOR, "details.stepper")[:1]:
            run.find_element(By.TAG_NAME, "summary").send_keys(Keys.ENTER)
            frames = run.find_elements(By.CSS_SELECTOR, ".frame")
            chips = run.find_elements(By.CSS_SELECTOR, "input[type=radio]")
            for place in (0, len(chips) - 1):
                # Up from the first goes round to the last.
                chips[0].send_keys(Keys.ARROW_UP if place else Keys.SPACE)
                assert [i for i, frame in enumerate(frames) if frame.is_displayed()] == [place]
        assert not browser.driver.find_element(By.CSS_SELECTOR, ".taken button").is_displayed()
        assert browser.complaints() == []
    finally:
        browser.send("Emulation.setScriptExecutionDisabled", value=False)


def test_nothing_is_printed_over_the_text_and_no_row_is_cut(
    browser: Browser, served: str, card_page: str
) -> None:
    browser.look("dark", media="print")
    browser.open(served + card_page)
    assert browser.run(FIXED) == []
    assert browser.run(CUT) == []
    assert browser.run("return getComputedStyle(document.body).backgroundColor") in {
        "rgb(255, 255, 255)",
        "rgba(0, 0, 0, 0)",
    }
    assert browser.run("return getComputedStyle(document.querySelector('article')).color") == (
        "rgb(0, 0, 0)"
    )
