"""The style sheets: no row of code is cut, and nothing is printed over the text.

Both were measured in a browser, 1,440 pixels wide. What it showed is held here without one.
"""

import re
from pathlib import Path

from bs4 import BeautifulSoup
from helpers.sphinx_build import DOCS

EXAMPLE = 80  # columns that an example has room for: it is as wide as the text
CODE = 100  # columns of all other code, which is as wide as the page


def test_no_row_of_code_is_wider_than_its_block(pages: dict[str, BeautifulSoup]) -> None:
    for name, page in pages.items():
        for block in page.select("article pre"):
            if block.find_parent(class_=["pair", "highlight-json", "taken"]):
                continue  # these rows are wrapped
            columns = EXAMPLE if block.find_parent(class_="doctest") else CODE
            for row in block.get_text().splitlines():
                assert len(row) <= columns, f"{name}: {row}"


def test_rows_of_any_length_are_wrapped(site: Path) -> None:
    sheets = ("paired.css", "take-away.css")
    style = "".join((site / "_static" / sheet).read_text("utf-8") for sheet in sheets)
    for selector in (".code-row", ".highlight-json pre", ".taken pre"):
        (rules,) = re.findall(rf"^{re.escape(selector)} {{(.*?)}}", style, re.DOTALL | re.MULTILINE)
        assert "white-space: pre-wrap" in rules
        assert "overflow-wrap: anywhere" in rules


def test_nothing_that_stands_fixed_in_the_window_is_printed(
    site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    sheets = pages["index.html"].select("link[rel=stylesheet]")
    paths = [site / str(sheet["href"]).partition("?")[0] for sheet in sheets]
    styles = "".join(path.read_text("utf-8") for path in paths)
    printed = "".join(re.findall(r"@media print\s*{((?:[^{}]*{[^{}]*})*)", styles))
    fixed = selectors(styles, "position", "fixed")
    assert ".skip-to-content" in fixed
    assert fixed <= selectors(printed, "display", "none")


def selectors(style: str, name: str, value: str) -> set[str]:
    """Return the selectors of the rules that give a property this value."""
    rules = re.findall(rf"([^{{}}]*){{[^{{}}]*{name}:\s*{value}\b[^{{}}]*}}", style)
    return {selector.strip() for rule in rules for selector in rule.split(",")}


def test_what_a_script_lights_is_outlined_where_a_reader_chooses_the_colours() -> None:
    static = DOCS / "_static"
    script = (static / "stepper.js").read_text("utf-8")
    lit = set(re.findall(r'"(\w+)"', "".join(re.findall(r"classList\.add\(.*?\)", script))))
    assert lit == {"lit", "at", "stepped"}
    style = (static / "stepper.css").read_text("utf-8")
    forced = "".join(re.findall(r"@media \(forced-colors: active\) {((?:[^{}]*{[^{}]*})*)", style))
    outlined = re.findall(r"([^{}]*){[^{}]*outline:", forced)
    assert {name for name in lit if not any(f".{name} " in one for one in outlined)} == set()


SHARED = {"paired.css", "print.css"}  # what they say of a class is meant for every page


def test_no_sheet_styles_what_another_one_calls_the_same() -> None:
    sheets = {path.name: path.read_text("utf-8") for path in (DOCS / "_static").glob("*.css")}
    found = {
        name: [one.strip() for rule in re.findall(r"([^{}]*){", text) for one in rule.split(",")]
        for name, text in sheets.items()
    }
    for name in found.keys() - SHARED:
        alone = [one for one in found[name] if re.fullmatch(r"\.[\w-]+", one)]
        for other in found.keys() - SHARED - {name}:
            for one in alone:
                used = [each for each in found[other] if re.search(rf"{one}(?![\w-])", each)]
                assert not used, f"{one} of {name} is also {used} of {other}"
