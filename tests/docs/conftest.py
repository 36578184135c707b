"""The pages, built once for all tests of a run, in however many processes it has."""

import os
import re
import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from filelock import FileLock
from helpers.sphinx_build import DOCS, ROOT, build

# A picture of numbers, one of tokens, a departure, and a line that calls an algorithm of its own.
FEW = ("mask-transposed", "temperature-inverted-14", "tanh-gelu-10")

#: What is added to the copy: a text and its function, of ids that no algorithm of ours has.
ADDED = {
    "spec/extensions/N90-halve.alg": """\
Algorithm N90: ê ← halve(e)
Input: e ∈ ℝ^{d_e} — the activations
Output: ê ∈ ℝ^{d_e} — half of them

1  return ê = e/2
""",
    "spec/gradients/∇90-halve.alg": """\
Algorithm ∇90: ē ← halve_pullback(ê)
/* The gradient of Algorithm N90. */
Input: ê ∈ ℝ^{d_e} — the gradient of the result
Output: ē ∈ ℝ^{d_e} — the gradient of the activations

1  return ē = halve(ê)
""",
    "algorithms/halving.py": '''\
"""Algorithm N90 and its gradient."""

from jaxtyping import Float

from algorithms.signatures.arrays import A
from algorithms.signatures.decorator import algorithm


@algorithm("N90")
def halve(e: Float[A, "d_e ell"]) -> Float[A, "d_e ell"]:
    """Each activation halved, of which Algorithm ∇90 is the gradient.

    Not in the first paragraph: Algorithm N90 is linear.
    """
    return e / 2  # N90.1


@algorithm("∇90")
def halve_pullback(e_hat: Float[A, "d_e ell"]) -> Float[A, "d_e ell"]:
    """The gradient halved."""
    return halve(e_hat)  # ∇90.1
''',
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what all processes of a run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def site(folder: Path) -> Path:
    """The pages as `make` builds them."""
    return built(DOCS, folder / "site")


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, BeautifulSoup]:
    """Every page of the site, by its path."""
    return read(site)


@pytest.fixture(scope="session")
def cards(pages: dict[str, BeautifulSoup]) -> dict[str, Tag]:
    """The card of each algorithm, on the page of its group."""
    return {
        str(card["id"]).removeprefix("algorithm-"): card
        for name, page in pages.items()
        if name != "index.html"
        for card in page.select(".alg")
    }


@pytest.fixture(scope="session")
def extended(folder: Path) -> Path:
    """A copy of the sources with two more algorithms and few mistakes."""
    copy = folder / "extended"
    with FileLock(f"{copy}.lock"):
        if not copy.exists():
            for room in ("algorithms", "docs", "spec", "tests/examples"):
                shutil.copytree(ROOT / room, copy / room, ignore=generated)
            for path, text in ADDED.items():
                (copy / path).parent.mkdir(exist_ok=True)
                (copy / path).write_text(text, "utf-8")
            with (copy / "algorithms/__init__.py").open("a", encoding="utf-8") as module:
                module.write("from algorithms.halving import halve_pullback, halve\n")
                module.write('__all__ += ["halve", "halve_pullback"]\n')
            leave_few_mistakes(copy / "spec/mistakes/mistakes.toml")
            with (copy / "docs/conf.py").open("a", encoding="utf-8") as conf:
                conf.write('suppress_warnings = ["ref.mistake"]  # of those that are left out\n')
    return copy


def generated(folder: str, names: list[str]) -> list[str]:
    """Return what a build has left in a folder."""
    left = ("_build", "mistakes") if Path(folder) == DOCS else ("__pycache__",)
    return [name for name in names if name in left]


def leave_few_mistakes(path: Path) -> None:
    head, *mistakes = re.split(r"(?m)^(?=\[\[mistake\]\])", path.read_text("utf-8"))
    kept = [mistake for mistake in mistakes if any(f'id = "{id}"' in mistake for id in FEW)]
    assert len(kept) == len(FEW)
    path.write_text("".join([head, *kept]), "utf-8")


@pytest.fixture(scope="session")
def extended_site(extended: Path) -> Path:
    """The pages of that copy."""
    return built(extended / "docs", extended / "html")


@pytest.fixture(scope="session")
def extended_pages(extended_site: Path) -> dict[str, BeautifulSoup]:
    """Every page of that site, by its path."""
    return read(extended_site)


@pytest.fixture(scope="session")
def plain_text(extended: Path, extended_site: Path) -> Path:
    """The same pages as plain text."""
    return built(extended / "docs", extended / "text", "text")


@pytest.fixture(scope="session")
def latex(extended: Path, extended_site: Path) -> Path:
    """The same pages as LaTeX."""
    return built(extended / "docs", extended / "latex", "latex")


def built(source: Path, out: Path, builder: str = "html") -> Path:
    """Build pages unless another process has done so, all builders from the same doctrees."""
    with FileLock(f"{out}.lock"):
        if not out.exists():
            done = build(source, out, builder, doctrees=out.parent / "doctrees")
            if done.returncode:
                shutil.rmtree(out, ignore_errors=True)
            assert done.returncode == 0, done.stderr
    return out


def read(site: Path) -> dict[str, BeautifulSoup]:
    return {
        path.relative_to(site).as_posix(): BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in site.rglob("*.html")
    }
