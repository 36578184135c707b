"""The pages, built once for all tests of a run, in however many processes it has."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from filelock import FileLock
from helpers.page_scan import Scan, scan
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


class Pages(Mapping[str, BeautifulSoup]):
    """Every page of a site, by its path: a tree of it is made when it is asked for."""

    def __init__(self, site: Path) -> None:
        self.paths = {path.relative_to(site).as_posix(): path for path in site.rglob("*.html")}
        self.trees: dict[str, BeautifulSoup] = {}

    def __getitem__(self, name: str) -> BeautifulSoup:
        if name not in self.trees:
            self.trees[name] = BeautifulSoup(self.text(name), "html.parser")
        return self.trees[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)

    def text(self, name: str) -> str:
        return self.paths[name].read_text("utf-8")


@pytest.fixture(scope="session")
def pages(site: Path) -> Pages:
    """Every page of the site, by its path."""
    return Pages(site)


@pytest.fixture(scope="session")
def scans(pages: Pages) -> dict[str, Scan]:
    """What each page has and loads."""
    return {name: scan(path) for name, path in pages.paths.items()}


@pytest.fixture(scope="session")
def anchors(scans: dict[str, Scan]) -> dict[str, set[str]]:
    """The ids of all elements of each page, to which a link may lead."""
    return {name: scan.ids for name, scan in scans.items()}


@pytest.fixture(scope="session")
def cards(pages: Pages) -> dict[str, Tag]:
    """The card of each algorithm, on the page of its group."""
    return {
        str(card["id"]).removeprefix("algorithm-"): card
        for name in pages
        if name != "index.html" and 'id="algorithm-' in pages.text(name)
        for card in pages[name].select(".alg")
    }
