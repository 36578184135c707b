"""Every page, in both schemes, on a desk and in a hand: is it whole?"""

from .conftest import Shown


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
