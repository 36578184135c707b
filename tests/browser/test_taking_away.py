"""What a reader takes away: each button copies its text, and what is selected has no outputs."""

from selenium.webdriver.common.by import By

from .conftest import Shown

#: What an example prints.
PRINTED = """
const text = (part) => part.textContent.trim();
return [...arguments[0].querySelectorAll(".go")].map(text).filter((text) => text)
"""


def test_each_button_copies_its_text_and_says_so(shown_cards: Shown) -> None:
    browser = shown_cards.browser
    for part in shown_cards.parts(".alg > .take-away"):
        summary = part.find_element(By.TAG_NAME, "summary")
        browser.click(summary)
        for block in part.find_elements(By.CSS_SELECTOR, ".taken"):
            (button,) = block.find_elements(By.TAG_NAME, "button")
            assert button.is_displayed()
            assert button.text.startswith("Copy ")
            browser.forget_the_clipboard()
            browser.click(button)
            browser.wait(lambda button=button: button.text == "Copied")
            text = block.find_element(By.TAG_NAME, "pre").get_property("textContent")
            assert browser.clipboard() == text
        browser.click(summary)
    assert browser.complaints() == []


def test_of_an_example_its_input_alone_is_copied(shown: Shown) -> None:
    browser = shown.browser
    for block in shown.parts("article .highlight pre:has(.gp):has(.go)"):
        if block.is_displayed():
            printed = browser.run(PRINTED, block)
            rows = [row.strip() for row in browser.copied(block).splitlines()]
            assert any(rows)
            assert [row for row in rows if row.startswith(">>>")] == []
            assert [text for text in printed if text in rows] == []
