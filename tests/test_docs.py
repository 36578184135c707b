"""The pages: they build without a warning, say what the sources say, and load nothing from afar."""

import doctest
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import urldefrag

import pytest
from bs4 import BeautifulSoup, Tag

import algorithms
from algorithms import checkpoints
from spec.errata import errata
from spec.library import algorithms as library
from spec.pairing import Pairing, implementations, pair
from spec.symbols import table

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(path.stem for path in DOCS.glob("*.rst"))


def build(source: Path, out: Path, builder: str = "html") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sphinx", "-n", "-W", "--keep-going", "-b", builder]
    return subprocess.run(
        [*command, str(source), str(out)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        check=False,
    )


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    done = build(DOCS, out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, BeautifulSoup]:
    return {
        path.relative_to(site).as_posix(): BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in site.rglob("*.html")
    }


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
            assert text.get_text() == line.text
            assert [claim.get_text() for claim in claims] == ([line.claim] if line.claim else [])


def test_the_head_of_a_card_is_that_of_the_alg_file(cards: dict[str, Tag]) -> None:
    for id, algorithm in library().items():
        shown = [row.get_text() for row in cards[id].select(".head dd")]
        rows = [row for section in algorithm.sections for row in section.rows]
        assert shown == [row.strip().replace(" — ", " ") for row in rows]


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
    shown = [glyph.get_text() for glyph in pages["notation.html"].select(".listing td .math")]
    assert shown == list(table())


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
    assert f"spec/04-attention.alg:{line.row}: no statement of Attention (mine.py) is" in errors
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
