"""What a reader takes away: each button copies its text, and what is selected has no outputs."""

from selenium.webdriver.common.by import By

from .conftest import Shown

#: The prompts and outputs of examples.
NOT_TYPED = ".highlight :is(.gp, .go, .gt)"


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


def test_outputs_and_prompts_are_not_copied(shown: Shown) -> None:
    browser = shown.browser
    for block in shown.parts(f"pre:has({NOT_TYPED})")[:3]:
        if not block.is_displayed():
            continue
        outputs = browser.run(
            """return [...arguments[0].querySelectorAll(arguments[1])]
                .map((part) => part.textContent.trim()).filter((text) => text)""",
            block,
            NOT_TYPED,
        )
        rows = {row.strip() for row in browser.copied(block).splitlines()}
        assert [row for row in rows if row.startswith((">>>", "..."))] == []
        assert [text for text in outputs if text in rows] == []
