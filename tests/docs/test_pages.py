"""The pages: they say what the sources say, and load nothing from elsewhere."""

import doctest
import inspect
import os
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from urllib.parse import urldefrag

import pytest
from bs4 import BeautifulSoup, Tag
from helpers.page_scan import Scan
from helpers.page_text import copied
from helpers.sphinx_build import DOCS, ROOT, build_files

import algorithms
from algorithms import checkpoints, training
from spec import conformance
from spec.checking.check import SECONDS
from spec.errata import errata
from spec.symbols import table

PAGES = sorted(path.stem for path in DOCS.glob("*.rst"))


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
    pullbacks = {glyph for glyph in table() if glyph.startswith("∇")}
    assert alone == operators | pullbacks | {"ℝ", "ℕ", "log"}


@pytest.mark.parametrize(
    ("page", "module"),
    [
        ("api", algorithms),
        ("api", checkpoints),
        ("api", training),
        ("conformance", conformance),
    ],
)
def test_every_public_function_and_class_is_in_the_reference(
    page: str, module: ModuleType, pages: dict[str, BeautifulSoup]
) -> None:
    shown = {str(entry["id"]) for entry in pages[f"{page}.html"].select("dt[id]")}
    public = {name for name in module.__all__ if callable(getattr(module, name))}
    assert {name for name in public if f"{module.__name__}.{name}" not in shown} == set()


FUNCTIONS = [name for name in conformance.__all__ if inspect.isfunction(getattr(conformance, name))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_checks_a_function_is_described_with_types_errors_and_an_example(
    name: str, pages: dict[str, BeautifulSoup]
) -> None:
    (entry,) = pages["conformance.html"].select(f"[id='spec.conformance.{name}'] + dd")
    fields = [term.get_text().strip(":") for term in entry.select(".field-list > dt")]
    assert {"Parameters", "Raises"} <= {*fields}
    assert entry.select(".doctest")
    described = [strong.parent for strong in entry.select(".field-list > dd:first-of-type strong")]
    rows = [row.get_text() for row in described if row is not None]
    names = [each for row in rows for each in re.split(r" [(–]", row)[0].split(", ")]
    assert sorted(names) == sorted(inspect.signature(getattr(conformance, name)).parameters)
    # Those that are described together have their types elsewhere.
    assert all(", " in row.split(" –")[0] or re.match(r"\w+ \(.+\) – ", row) for row in rows)


def test_options_show_what_they_may_be_and_constants_their_values(
    pages: dict[str, BeautifulSoup],
) -> None:
    text = " ".join(pages["conformance.html"].get_text().split())
    assert "batch ('first' | 'second' | 'last' | None) – " in text
    assert f"seconds: float = {SECONDS!r}" in text
    assert not re.search(r"= ?[A-Z]{2,}|<function|<factory|collections\.abc|typing\.", text)


def test_only_the_right_map_has_columns_that_sum_to_1(pages: dict[str, BeautifulSoup]) -> None:
    right, transposed, wrong_axis = pages["index.html"].select(".maps svg")
    assert not right.select(".wrong")
    assert not transposed.select(".wrong")  # which is why a test of sums does not see it
    assert wrong_axis.select(".wrong")


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_the_pages_run(page: str) -> None:
    failed, _ = doctest.testfile(str(DOCS / f"{page}.rst"), module_relative=False)
    assert failed == 0


def test_every_path_that_a_page_names_is_there() -> None:
    for page in PAGES:
        text = (DOCS / f"{page}.rst").read_text("utf-8")
        for path in re.findall(r"``((?:algorithms|bench|docs|examples|spec|tests)/[^`]+)``", text):
            assert (ROOT / path).exists(), f"{page}: {path}"


def one_page(folder: Path, builder: str) -> Path:
    """Build an algorithm and the table of symbols, and return the folder of what is written."""
    code = Path(str(inspect.getsourcefile(inspect.unwrap(algorithms.Attention)))).read_text("utf-8")
    page = "Page\n====\n\n.. algorithm:: 4\n\n.. symbols::\n"
    builds, errors = build_files(folder, {"index.rst": page, "mine.py": code}, builder=builder)
    assert builds, errors
    return folder / "out"


def test_a_page_can_be_read_as_plain_text(tmp_path: Path) -> None:
    text = (one_page(tmp_path, "text") / "index.txt").read_text("utf-8")
    assert "4  S ← Kᵀ Q" in text
    assert "S = K.mT @ Q  # 4.4" in text
    assert text.count("ê") == 1  # its formula has no text


def test_a_page_can_be_read_as_latex(tmp_path: Path) -> None:
    (path,) = one_page(tmp_path, "latex").glob("*.tex")
    text = path.read_text("utf-8")
    assert "S ← Kᵀ Q" in text
    assert "{ê}" in text  # a symbol of the table is within its row, not a block


@pytest.mark.sweep
def test_all_pages_can_be_read_as_plain_text(built: Callable[[str], Path]) -> None:
    mistake = (built("text") / "mistakes/4.5.txt").read_text("utf-8")
    assert "Wrong:\n5   ∀ t_z, t_x: if ¬Mask[t_x, t_z]" in "\n".join(
        line.strip() for line in mistake.splitlines()
    )


@pytest.mark.sweep
def test_all_pages_can_be_read_as_latex(built: Callable[[str], Path]) -> None:
    (path,) = built("latex").glob("*.tex")
    assert "S ← Kᵀ Q" in path.read_text("utf-8")


# ---- what the pages load ----


def test_no_page_loads_anything_from_another_origin(scans: dict[str, Scan]) -> None:
    for name, page in scans.items():
        assert page.loads
        for address in page.loads:
            assert not re.match(r"(?:\w+:)?//", address), f"{name}: {address}"


def test_no_style_sheet_loads_anything_from_another_origin(site: Path) -> None:
    for path in site.rglob("*.css"):
        for address in re.findall(
            r"""(?:url\(|@import)\s*["']?([^"')]+)""", path.read_text("utf-8")
        ):
            assert not re.match(r"(?:https?:)?//", address), f"{path.name}: {address}"


def test_every_link_within_the_site_leads_somewhere(
    site: Path, scans: dict[str, Scan], anchors: dict[str, set[str]]
) -> None:
    for name, page in scans.items():
        for link in page.links:
            target, fragment = urldefrag(link)
            if ":" in target:
                continue
            goal = os.path.normpath(Path(name).parent / target) if target else name
            if not goal.endswith(".html"):  # a recorded run, or a file to download
                assert (site / goal).is_file(), f"{name}: {link}"
                continue
            assert goal in anchors, f"{name}: {link}"
            assert not fragment or fragment in anchors[goal], f"{name}: {link}"
