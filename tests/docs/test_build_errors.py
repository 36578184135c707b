"""What stops the build of the pages, and what it reads again."""

import inspect
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from helpers.sphinx_build import CONF, build_files

import algorithms
from spec.library import algorithms as library

PAGE = "Page\n====\n\n.. algorithm:: 4\n"


def page_of(folder: Path, code: str, page: str = PAGE, jobs: int = 1) -> tuple[bool, str]:
    """Build a page from a module."""
    return build_files(folder, {"index.rst": page, "mine.py": code}, jobs)


def attention() -> str:
    file = inspect.getsourcefile(inspect.unwrap(algorithms.Attention))
    assert file is not None
    return Path(file).read_text("utf-8")


def test_a_line_without_code_and_a_tag_without_a_line_stop_the_build(tmp_path: Path) -> None:
    code = attention().replace("  # 4.5", "").replace("  # 4.6", "  # 4.6, 4.9")
    row = next(i for i, text in enumerate(code.splitlines(), 1) if "4.9" in text)
    builds, errors = page_of(tmp_path, code)
    assert not builds
    line = library()["4"].lines[4]
    assert (
        f"spec/paper/04-attention.alg:{line.row}: no statement of Attention (mine.py) is" in errors
    )
    assert f"4.5: {line.text}" in errors
    assert f"mine.py:{row}: the tag 4.9 of Attention names no line" in errors


@pytest.mark.parametrize(
    ("id", "error"),
    [
        ("4", "no public function of mine carries out Algorithm 4"),
        ("99", "the specification has no Algorithm 99"),
    ],
)
def test_an_algorithm_without_a_function_or_a_text_stops_the_build(
    tmp_path: Path, id: str, error: str
) -> None:
    builds, errors = page_of(tmp_path, "", PAGE.replace("4", id))
    assert not builds
    assert error in errors


def test_a_link_to_nothing_stops_the_build(tmp_path: Path) -> None:
    page = "Page\n====\n\n:alg:`99` :algline:`4.7` :erratum:`Z1` :mistake:`none` :symbol:`none`\n"
    conf = CONF.replace('["ref"]', "[]")
    builds, errors = build_files(tmp_path, {"conf.py": conf, "index.rst": page})
    assert not builds
    for kind in ("n Algorithm 99", " line 4.7", "n erratum Z1", " mistake none", " symbol none"):
        assert f"no page shows a{kind}" in errors


@pytest.mark.parametrize("processes", [1, 2])
def test_an_algorithm_on_two_pages_stops_the_build(tmp_path: Path, processes: int) -> None:
    (tmp_path / "other.rst").write_text(f":orphan:\n\n{PAGE}")
    builds, errors = page_of(tmp_path, attention(), jobs=processes)
    assert not builds
    # Two processes may end in either order.
    assert re.search("Algorithm 4 stands on the page (index|other) too", errors)


def test_a_page_is_read_again_when_its_source_changes(tmp_path: Path) -> None:
    assert page_of(tmp_path, attention()) == (True, "")
    assert page_of(tmp_path, attention().replace("S = K.mT @ Q", "S = (K.mT) @ Q"))[0]
    assert "(K" in BeautifulSoup((tmp_path / "out/index.html").read_text(), "html.parser").text


def test_a_page_is_read_again_when_what_its_function_calls_changes(tmp_path: Path) -> None:
    code = attention()
    assert "= softmax(" in code
    called = "from algorithms import softmax as theirs\n\n\ndef softmax(A):\n    return theirs(A)\n"
    files = {
        "mine/__init__.py": "from .attention import Attention\n\n__all__ = ['Attention']\n",
        "mine/attention.py": f"{code}\n\nfrom .parts import softmax\n",
        "mine/parts.py": called,
        "index.rst": PAGE,
    }
    assert build_files(tmp_path, files) == (True, "")
    changed = {"mine/parts.py": called.replace("theirs(A)", "2 * theirs(A)")}
    builds, errors = build_files(tmp_path, {**files, **changed})
    assert not builds
    assert "Attention is not Algorithm 4: at line 4.6" in errors


def test_a_function_that_is_not_its_pseudocode_stops_the_build(tmp_path: Path) -> None:
    code = attention().replace("S = K.mT @ Q", "S = 2 * K.mT @ Q")
    builds, errors = page_of(tmp_path, code)
    assert not builds
    assert "index.rst:4: WARNING: Attention is not Algorithm 4: at line 4.4 S is" in errors


@pytest.mark.parametrize("event", ["source-read", "html-page-context"])
def test_an_error_in_another_process_stops_the_build(tmp_path: Path, event: str) -> None:
    conf = f"""{CONF}
import time

def fail(app, page, *_):
    if page == "page-0":
        raise RuntimeError("on purpose")

def setup(app):
    app.connect({event!r}, fail)
    # So long that the error is known before the next pages are given to a process.
    app.connect("doctree-resolved", lambda *_: time.sleep(0.1))
"""
    pages = {f"page-{at}.rst": f":orphan:\n\nPage {at}\n=======\n" for at in range(20)}
    files = {"conf.py": conf, "index.rst": "Index\n=====\n", **pages}
    builds, errors = build_files(tmp_path, files, jobs=2)
    assert not builds
    assert "on purpose" in errors or "page-0" in errors
