"""Symbols within a sentence: letters with accents and scripts, and words that are none."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from helpers.sphinx_build import build_files


@pytest.fixture(scope="module")
def sentence(tmp_path_factory: pytest.TempPathFactory) -> Tag:
    folder: Path = tmp_path_factory.mktemp("symbols")
    page = "One\n===\n\n:sym:`Ṽ of V, x̄_l as in T5 and X4`\n"
    assert build_files(folder, {"index.rst": page}) == (True, "")
    built = BeautifulSoup((folder / "out/index.html").read_text("utf-8"), "html.parser")
    (found,) = built.select(".symbols")
    return found


def test_an_accent_is_drawn_above_its_letter_and_stays_in_the_text(sentence: Tag) -> None:
    accented = {var.get_text(): var for var in sentence.select("var.accented")}
    assert {text: var["data-accent"] for text, var in accented.items()} == {
        "V\u0303": "˜",
        "x\u0304": "¯",
    }
    assert ["capital" in var["class"] for var in accented.values()] == [True, False]
    assert sentence.get_text() == "V\u0303 of V, x\u0304_l as in T5 and X4"


def test_a_name_with_a_digit_is_no_variable(sentence: Tag) -> None:
    letters = [var.get_text() for var in sentence.select("var")]
    assert letters == ["V\u0303", "V", "x\u0304", "l"]
