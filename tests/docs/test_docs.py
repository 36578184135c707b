"""The pages: they build without a warning, say what the sources say, and load nothing from afar."""

import doctest
import inspect
import os
import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import urldefrag

import pytest
from bs4 import BeautifulSoup, Tag
from helpers.sphinx_build import DOCS, ROOT, build

import algorithms
from algorithms import checkpoints
from spec.errata import errata
from spec.library import algorithms as library
from spec.pairing import Pairing, implementations, pair
from spec.symbols import table

PAGES = sorted(path.stem for path in DOCS.glob("*.rst"))


@pytest.fixture(scope="session")
def cards(pages: dict[str, BeautifulSoup]) -> dict[str, Tag]:
    """The card of each algorithm, on the page of its group."""
    return {
        str(card["id"]).removeprefix("algorithm-"): card
        for name, page in pages.items()
        if name != "index.html"
        for card in page.select(".alg")
    }


def pairings() -> Iterator[Pairing]:
    functions = implementations("algorithms")
    return (pair(algorithm, functions[id]) for id, algorithm in library().items())


# ---- what the pages say ----


def test_every_algorithm_has_a_card(cards: dict[str, Tag]) -> None:
    assert sorted(cards) == sorted(library())


def test_the_first_page_shows_algorithm_4(pages: dict[str, BeautifulSoup]) -> None:
    assert [card["id"] for card in pages["index.html"].select(".alg")] == ["algorithm-4"]


def test_pseudocode_without_its_markup_is_the_text_of_the_alg_file(cards: dict[str, Tag]) -> None:
    for id, algorithm in library().items():
        for line in algorithm.lines:
            row = cards[id].find(id=f"line-{id}.{line.number}")
            assert isinstance(row, Tag)
            number, text, *claims = row.find_all(recursive=False)
            assert number.get_text() == str(line.number)
            assert copied(text) == shown(text) == line.text
            assert [copied(claim) for claim in claims] == ([line.claim] if line.claim else [])
            assert [shown(claim) for claim in claims] == ([line.claim] if line.claim else [])


def copied(tag: Tag) -> str:
    """Return the text that a reader selects and copies: all but what is shown of the formulas."""
    return "".join(
        str(text)
        for text in tag.find_all(string=True)
        if text.find_parent(class_="plain") or not text.find_parent(class_="math")
    )


def shown(tag: Tag) -> str:
    """Return what is shown: words, and what formulas say that they are."""
    if "plain" in tag.get_attribute_list("class"):
        return ""
    parts = (shown(part) if isinstance(part, Tag) else str(part) for part in tag.children)
    return str(tag["alttext"]) if tag.name == "math" else "".join(parts)


def test_formulas_are_for_reading_and_their_text_is_for_copying(cards: dict[str, Tag]) -> None:
    for card in cards.values():
        for math in card.select(".math"):
            (plain,) = math.select(".plain")
            assert plain["aria-hidden"] == "true"
            assert not plain.select("math, a")
            assert not math.find_parent(attrs={"aria-hidden": True})


def test_a_formula_keeps_to_one_line_or_is_cut_at_a_space(cards: dict[str, Tag]) -> None:
    for card in cards.values():
        for formula in card.select(".math math"):
            for near in (formula.previous_sibling, formula.next_sibling):
                if isinstance(near, Tag) and "plain" not in near.get_attribute_list("class"):
                    assert formula.find_parent(class_="whole") is not None


def test_a_call_is_a_link_to_the_algorithm(cards: dict[str, Tag]) -> None:
    pages = {"4": "attention.html", "5": "attention.html", "6": "normalization.html"}
    for id in ("8", "10"):
        links = {shown(a): str(a["href"]) for a in cards[id].select(".statement a[href]")}
        assert links["MHAttention"] == f"{pages['5']}#algorithm-5"
        assert links["layer_norm"] == f"{pages['6']}#algorithm-6"
    for id, card in cards.items():
        hrefs = [str(a["href"]) for a in card.select(".math a[href]")]
        assert not any(href.endswith(f"#algorithm-{id}") for href in hrefs)


def test_the_head_of_a_card_is_that_of_the_alg_file(cards: dict[str, Tag]) -> None:
    for id, algorithm in library().items():
        rows = [row for section in algorithm.sections for row in section.rows]
        wanted = [row.strip().replace(" — ", " ") for row in rows]
        for what in (copied, shown):
            assert [what(row) for row in cards[id].select(".head dd")] == wanted
            signature = [what(row) for row in cards[id].select(".signature")]
            assert signature == ([algorithm.signature] if algorithm.signature else [])


def test_code_without_its_markup_is_the_source(cards: dict[str, Tag]) -> None:
    for pairing in pairings():
        pre = cards[pairing.algorithm.id].select_one("pre")
        assert pre is not None
        code = [part for row in pairing.rows for part in row.code]
        assert pre.get_text() == "".join(f"{part.text}\n" for part in code)
        assert [row["data-row"] for row in pre.select(".code-row")] == [str(p.row) for p in code]


def test_code_lies_beside_the_lines_that_it_carries_out(cards: dict[str, Tag]) -> None:
    for card in cards.values():
        top = {int(str(li["data-lines"])): place(li) for li in card.select("li[data-lines]")}
        for chunk in card.select(".chunk"):
            first, last = place(chunk), place(chunk, "end")
            rows = chunk.select("[data-lines]")
            for number in {int(n) for row in rows for n in str(row["data-lines"]).split()}:
                assert first <= top[number] <= last


def place(tag: Tag, name: str = "row") -> int:
    found = re.search(rf"--{name}: (\d+)", str(tag["style"]))
    assert found is not None
    return int(found[1])


def test_a_tag_in_the_code_is_a_link_to_its_line(cards: dict[str, Tag]) -> None:
    for pairing in pairings():
        id = pairing.algorithm.id
        tags = {
            (link.get_text(), str(link["href"])) for link in cards[id].select(".code-row a[href]")
        }
        refs = {str(ref) for row in pairing.rows for part in row.code for ref in part.refs}
        assert {text for text, _ in tags} <= refs
        assert all(href == f"#line-{text}" for text, href in tags)
        assert tags


def test_both_sides_light_up_for_every_number_of_a_line(site: Path, cards: dict[str, Tag]) -> None:
    rules = (site / "_static" / "paired-lines.css").read_text()
    numbers = {
        number
        for card in cards.values()
        for part in card.select("[data-lines]")
        for number in str(part["data-lines"]).split()
    }
    for number in numbers:
        part = f'[data-lines~="{number}"]'
        assert f".alg:has({part}:is(:hover, :focus-within)) {part}" in rules


def test_the_errata_of_an_algorithm_are_named_below_it(cards: dict[str, Tag]) -> None:
    for id, card in cards.items():
        shown = [link.get_text() for link in card.select(".departures a")]
        touching = [
            erratum.id
            for erratum in errata().values()
            if any(line == id or line.startswith(f"{id}.") for line in erratum.lines)
        ]
        assert shown == touching


def test_every_erratum_has_an_anchor_and_its_whole_text(pages: dict[str, BeautifulSoup]) -> None:
    for id, erratum in errata().items():
        entry = pages["errata.html"].find(id=f"erratum-{id}")
        assert isinstance(entry, Tag)
        texts = [row.get_text() for row in entry.find_all("dd")]
        assert texts == [erratum.literal, erratum.reading, erratum.why]


def test_every_symbol_is_listed(pages: dict[str, BeautifulSoup]) -> None:
    glyphs = pages["notation.html"].select(".listing td .math")
    assert [glyph.get_text() if not glyph.math else copied(glyph) for glyph in glyphs] == list(
        table()
    )
    # What cannot stand alone in the language is not set from a tree.
    alone = {glyph.get_text() for glyph in glyphs if not glyph.math}
    operators = {glyph for glyph, symbol in table().items() if symbol.kind == "operator"}
    assert alone == operators | {"ℝ", "ℕ", "log"}


@pytest.mark.parametrize("module", [algorithms, checkpoints], ids=lambda module: module.__name__)
def test_every_public_function_and_class_is_in_the_reference(
    module: ModuleType, pages: dict[str, BeautifulSoup]
) -> None:
    shown = {str(entry["id"]) for entry in pages["api.html"].select("dt[id]")}
    public = {name for name in module.__all__ if callable(getattr(module, name))}
    assert {name for name in public if f"{module.__name__}.{name}" not in shown} == set()


def test_only_the_right_map_has_columns_that_sum_to_1(pages: dict[str, BeautifulSoup]) -> None:
    right, transposed, wrong_axis = pages["index.html"].select(".maps svg")
    assert not right.select(".wrong")
    assert not transposed.select(".wrong")  # which is why a test of sums does not see it
    assert wrong_axis.select(".wrong")


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_the_pages_run(page: str) -> None:
    failed, _ = doctest.testfile(str(DOCS / f"{page}.rst"), module_relative=False)
    assert failed == 0


def test_the_pages_can_be_read_as_plain_text(tmp_path: Path) -> None:
    done = build(DOCS, tmp_path, "text")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "attention.txt").read_text("utf-8")
    assert "4  S ← Kᵀ Q" in text
    assert "S = K.mT @ Q  # 4.4" in text
    notation = (tmp_path / "notation.txt").read_text("utf-8")
    assert notation.count("ê") == 1  # its formula is no text


def test_the_pages_can_be_read_as_latex(tmp_path: Path) -> None:
    done = build(DOCS, tmp_path, "latex")
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.glob("*.tex")
    text = path.read_text("utf-8")
    assert "S ← Kᵀ Q" in text
    assert "{ê}" in text  # a symbol of the table is within its row, not a block


# ---- the fonts ----


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


# ---- what the pages load ----

_LOADING = [
    ("link", "href"),
    ("script", "src"),
    ("img", "src"),
    ("iframe", "src"),
    ("source", "src"),
    ("object", "data"),
    ("use", "href"),
    ("form", "action"),
]


def test_no_page_loads_anything_from_another_origin(pages: dict[str, BeautifulSoup]) -> None:
    for name, page in pages.items():
        for tag, attribute in _LOADING:
            for found in page.find_all(tag):
                address = str(found.get(attribute, ""))
                assert not re.match(r"(?:\w+:)?//", address), f"{name}: {found}"


def test_no_style_sheet_loads_anything_from_another_origin(site: Path) -> None:
    for path in site.rglob("*.css"):
        for address in re.findall(
            r"""(?:url\(|@import)\s*["']?([^"')]+)""", path.read_text("utf-8")
        ):
            assert not re.match(r"(?:https?:)?//", address), f"{path.name}: {address}"


def test_every_link_within_the_site_leads_somewhere(pages: dict[str, BeautifulSoup]) -> None:
    ids = {name: {str(tag["id"]) for tag in page.select("[id]")} for name, page in pages.items()}
    for name, page in pages.items():
        for link in page.select("article a[href]"):
            target, fragment = urldefrag(str(link["href"]))
            if ":" in target:
                continue
            goal = os.path.normpath(Path(name).parent / target) if target else name
            assert goal in ids, f"{name}: {link}"
            assert not fragment or fragment in ids[goal], f"{name}: {link}"


# ---- what stops the build ----

CONF = f"""
import sys
sys.path[:0] = [{str(DOCS / "_ext")!r}, {str(ROOT)!r}, "."]
sys.path.insert(0, __file__.rpartition("/")[0])
extensions = ["paired"]
paired_module = "mine"
suppress_warnings = ["ref"]
"""


def page_of(folder: Path, code: str, text: str = ".. algorithm:: 4\n") -> tuple[int, str]:
    """Build one page from a module; links are not looked at."""
    (folder / "conf.py").write_text(CONF)
    (folder / "index.rst").write_text(f"Page\n====\n\n{text}", "utf-8")
    (folder / "mine.py").write_text(code, "utf-8")
    done = build(folder, folder / "out")
    return done.returncode, done.stderr


def attention() -> str:
    file = inspect.getsourcefile(inspect.unwrap(algorithms.Attention))
    assert file is not None
    return Path(file).read_text("utf-8")


def test_a_function_with_all_its_tags_builds(tmp_path: Path) -> None:
    assert page_of(tmp_path, attention()) == (0, "")


def test_a_line_without_code_stops_the_build(tmp_path: Path) -> None:
    code = attention().replace("  # 4.5", "")
    status, errors = page_of(tmp_path, code)
    assert status != 0
    (line,) = (line for line in library()["4"].lines if line.number == 5)
    assert (
        f"spec/paper/04-attention.alg:{line.row}: no statement of Attention (mine.py) is" in errors
    )
    assert f"4.5: {line.text}" in errors


def test_a_tag_that_names_no_line_stops_the_build(tmp_path: Path) -> None:
    code = attention().replace("  # 4.6", "  # 4.6, 4.9")
    row = next(i for i, text in enumerate(code.splitlines(), 1) if "4.9" in text)
    status, errors = page_of(tmp_path, code)
    assert status != 0
    assert f"mine.py:{row}: the tag 4.9 of Attention names no line" in errors


def test_an_algorithm_that_nothing_carries_out_stops_the_build(tmp_path: Path) -> None:
    status, errors = page_of(tmp_path, "")
    assert status != 0
    assert "no public function of mine carries out Algorithm 4" in errors


def test_an_algorithm_that_is_not_in_the_specification_stops_the_build(tmp_path: Path) -> None:
    status, errors = page_of(tmp_path, attention(), ".. algorithm:: 99\n")
    assert status != 0
    assert "the specification has no Algorithm 99" in errors


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        (":alg:`99`", "n Algorithm 99"),
        (":algline:`4.7`", " line 4.7"),
        (":erratum:`Z1`", "n erratum Z1"),
    ],
)
def test_a_link_to_nothing_stops_the_build(tmp_path: Path, role: str, kind: str) -> None:
    (tmp_path / "conf.py").write_text(CONF.replace('["ref"]', "[]"))
    (tmp_path / "index.rst").write_text(f"Page\n====\n\n{role}\n")
    done = build(tmp_path, tmp_path / "out")
    assert done.returncode != 0
    assert f"no page shows a{kind}" in done.stderr


def test_an_algorithm_on_two_pages_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "other.rst").write_text(":orphan:\n\nOther\n=====\n\n.. algorithm:: 4\n")
    status, errors = page_of(tmp_path, attention())
    assert status != 0
    assert "Algorithm 4 stands on the page index too" in errors


def test_a_page_is_read_again_when_its_source_changes(tmp_path: Path) -> None:
    assert page_of(tmp_path, attention()) == (0, "")
    (tmp_path / "mine.py").write_text(attention().replace("S = K.mT @ Q", "S = (K.mT) @ Q"))
    assert build(tmp_path, tmp_path / "out").returncode == 0
    assert "(K" in BeautifulSoup((tmp_path / "out/index.html").read_text(), "html.parser").text
