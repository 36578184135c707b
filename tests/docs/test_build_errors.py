"""What stops the build of the pages, and what it reads again."""

import inspect
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from helpers.sphinx_build import DOCS, ROOT, build

import algorithms
from spec.library import algorithms as library

CONF = f"""
import sys
sys.path[:0] = [{str(DOCS / "_ext")!r}, {str(ROOT)!r}, "."]
sys.path.insert(0, __file__.rpartition("/")[0])
extensions = ["paired"]
paired_module = "mine"
suppress_warnings = ["ref"]
"""


def page_of(
    folder: Path, code: str, text: str = ".. algorithm:: 4\n", jobs: int = 1
) -> tuple[int, str]:
    """Build one page from a module; links are not looked at."""
    (folder / "conf.py").write_text(CONF)
    (folder / "index.rst").write_text(f"Page\n====\n\n{text}", "utf-8")
    (folder / "mine.py").write_text(code, "utf-8")
    done = build(folder, folder / "out", jobs=jobs)
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


def test_a_link_to_nothing_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(CONF.replace('["ref"]', "[]"))
    (tmp_path / "index.rst").write_text(
        "Page\n====\n\n:alg:`99` :algline:`4.7` :erratum:`Z1` :mistake:`none`\n"
    )
    done = build(tmp_path, tmp_path / "out")
    assert done.returncode != 0
    for kind in ("n Algorithm 99", " line 4.7", "n erratum Z1", " mistake none"):
        assert f"no page shows a{kind}" in done.stderr


@pytest.mark.parametrize("processes", [1, 2])
def test_an_algorithm_on_two_pages_stops_the_build(tmp_path: Path, processes: int) -> None:
    (tmp_path / "other.rst").write_text(":orphan:\n\nOther\n=====\n\n.. algorithm:: 4\n")
    status, errors = page_of(tmp_path, attention(), jobs=processes)
    assert status != 0
    # Two processes may end in either order.
    assert re.search("Algorithm 4 stands on the page (index|other) too", errors)


def test_a_page_is_read_again_when_its_source_changes(tmp_path: Path) -> None:
    assert page_of(tmp_path, attention()) == (0, "")
    (tmp_path / "mine.py").write_text(attention().replace("S = K.mT @ Q", "S = (K.mT) @ Q"))
    assert build(tmp_path, tmp_path / "out").returncode == 0
    assert "(K" in BeautifulSoup((tmp_path / "out/index.html").read_text(), "html.parser").text


@pytest.mark.parametrize("event", ["source-read", "html-page-context"])
def test_an_error_in_another_process_stops_the_build(tmp_path: Path, event: str) -> None:
    (tmp_path / "conf.py").write_text(f"""{CONF}
import time

def fail(app, page, *_):
    if page == "page-0":
        raise RuntimeError("on purpose")

def setup(app):
    app.connect({event!r}, fail)
    # So long that the error is known before the next pages are given to a process.
    app.connect("doctree-resolved", lambda *_: time.sleep(0.1))
""")
    (tmp_path / "index.rst").write_text("Index\n=====\n")
    for number in range(20):
        page = tmp_path / f"page-{number}.rst"
        page.write_text(f":orphan:\n\nPage {number}\n=======\n")
    done = build(tmp_path, tmp_path / "out", jobs=2)
    assert done.returncode != 0
    assert "on purpose" in done.stderr or "page-0" in done.stderr
