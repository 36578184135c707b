"""The pages, built once for all tests of a run, in however many processes it has."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from filelock import FileLock
from helpers.sphinx_build import DOCS, build


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Build the pages, unless a process of this run has; builders share what they have read."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def built(builder: str) -> Path:
        out = folder / builder
        with FileLock(folder / "pages.lock"):
            if not out.exists():
                done = build(DOCS, out, builder, doctrees=folder / "doctrees")
                if done.returncode:
                    shutil.rmtree(out, ignore_errors=True)
                assert done.returncode == 0, done.stderr
        return out

    return built


@pytest.fixture(scope="session")
def site(built: Callable[[str], Path]) -> Path:
    """The pages as `make` builds them."""
    return built("html")


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, BeautifulSoup]:
    """Every page of the site, by its path."""
    return {
        path.relative_to(site).as_posix(): BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in site.rglob("*.html")
    }


@pytest.fixture(scope="session")
def anchors(pages: dict[str, BeautifulSoup]) -> dict[str, set[str]]:
    """The ids of all elements of each page, to which a link may lead."""
    return {name: {str(tag["id"]) for tag in page.select("[id]")} for name, page in pages.items()}


@pytest.fixture(scope="session")
def cards(pages: dict[str, BeautifulSoup]) -> dict[str, Tag]:
    """The card of each algorithm, on the page of its group."""
    return {
        str(card["id"]).removeprefix("algorithm-"): card
        for name, page in pages.items()
        if name != "index.html"
        for card in page.select(".alg")
    }
