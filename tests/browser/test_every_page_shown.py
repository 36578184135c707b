"""Every page, in both schemes, on a desk and in a hand: is it whole, and can everybody use it?"""

from selenium_axe_python import Axe

from .conftest import Shown

#: Success criteria of the Web Content Accessibility Guidelines 2.2, of levels A and AA.
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: Nothing is looked at but what can be a violation.
OPTIONS = {"runOnly": WCAG, "resultTypes": ["violations"], "preload": False, "iframes": False}

#: A formula becomes its text, of the same colour: its many elements took half of the time.
WORDS = """
for (const math of document.querySelectorAll("math")) math.replaceWith(math.getAttribute("alttext"))
"""


def test_nothing_is_asked_of_another_host(shown: Shown, served: str) -> None:
    assert f"{served}{shown.look.page}" in shown.requests
    assert [address for address in shown.requests if not address.startswith(served)] == []


def test_no_error_is_written_to_the_console(shown: Shown) -> None:
    assert shown.complaints == []


def test_the_page_is_no_wider_than_the_window(shown: Shown) -> None:
    across, window = shown.browser.run(
        "const page = document.documentElement; return [page.scrollWidth, page.clientWidth]"
    )
    assert across <= window


def test_no_row_of_code_is_cut_on_a_desk(shown: Shown) -> None:
    cut = shown.browser.run(
        """return [...document.querySelectorAll("article pre")]
            .filter((block) => block.scrollWidth > block.clientWidth)
            .map((block) => block.innerText)"""
    )
    assert shown.look.width == "phone" or cut == []


def test_it_meets_the_guidelines_for_accessible_content(shown: Shown) -> None:
    axe = Axe(shown.browser.driver)
    axe.inject()
    shown.browser.run(WORDS)
    violations = shown.browser.driver.execute_async_script(
        "axe.run(document, arguments[0]).then(arguments[1])", OPTIONS
    )["violations"]
    assert not violations, Axe.report(violations)
