"""The fonts: they have every character that the pages set in them."""

import re
import struct
import unicodedata
import zlib
from pathlib import Path

from bs4 import BeautifulSoup
from helpers.sphinx_build import DOCS


def characters(font: str) -> set[str]:
    """Return what a font has, by the table of its WOFF file that maps code points to glyphs."""
    data = (DOCS / "_static" / font).read_bytes()
    assert data[:4] == b"wOFF"
    (count,) = struct.unpack_from(">H", data, 12)
    for i in range(count):
        tag, offset, packed, size, _ = struct.unpack_from(">4s4I", data, 44 + 20 * i)
        if tag == b"cmap":
            table = data[offset : offset + packed]
            table = zlib.decompress(table) if packed < size else table
            break
    (subtables,) = struct.unpack_from(">H", table, 2)
    found: set[str] = set()
    for i in range(subtables):
        (offset,) = struct.unpack_from(">I", table, 4 + 8 * i + 4)
        if struct.unpack_from(">H", table, offset) == (12,):  # segments of any plane
            (groups,) = struct.unpack_from(">I", table, offset + 12)
            for group in range(groups):
                first, last, _ = struct.unpack_from(">3I", table, offset + 16 + 12 * group)
                found.update(map(chr, range(first, last + 1)))
    return found


def slanted() -> dict[str, str]:
    """Return the letter of its own that stands for each letter in italics."""
    codes = [0x210E, *range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D715)]
    letters: dict[str, str] = {}
    for italic in filter(lambda code: unicodedata.name(chr(code), ""), codes):
        letters.setdefault(unicodedata.normalize("NFKC", chr(italic)), chr(italic))
    return letters


def test_the_font_has_every_character_of_a_formula(pages: dict[str, BeautifulSoup]) -> None:
    font, italic = characters("math.woff"), slanted()
    assert "𝑊" in font
    assert "字" not in font
    for name, page in pages.items():
        formulas = page.find_all("math")
        for token in (token for math in formulas for token in math.find_all(["mi", "mn", "mo"])):
            text = token.get_text()
            if token.name == "mi" and len(text) == 1 and not token.get("mathvariant"):
                text = italic.get(text, text)
            assert set(text) <= font, f"{name}: {token}"
        assert not any(math.find("msqrt") for math in formulas) or "√" in font


def test_the_italic_font_has_every_letter_in_a_sentence(pages: dict[str, BeautifulSoup]) -> None:
    font = characters("math-italic.woff")
    for name, page in pages.items():
        for letter in page.find_all("var"):
            assert set(letter.get_text()) <= font, f"{name}: {letter}"


def test_the_fonts_come_with_their_licence(site: Path) -> None:
    style = (site / "_static" / "paired.css").read_text("utf-8")
    for name in re.findall(r'url\("([^"]+)"\)', style):
        assert (site / "_static" / name).read_bytes()[:4] == b"wOFF"
    licence = (site / "_static" / "math-LICENSE.txt").read_text("utf-8")
    assert "The STIX Fonts Project Authors" in licence
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
