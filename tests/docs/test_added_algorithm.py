"""An added text and its function: every table and list finds them by itself."""

import re
import shutil
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from helpers.sphinx_build import DOCS, ROOT, build_files

from spec.library import algorithms, paper

sys.path.insert(0, str(DOCS / "_ext"))

from paired.extensions import GROUPS

FILES = {
    "texts/extensions/N90-halve.alg": """\
Algorithm N90: ê ← halve(e)
Input: e ∈ ℝ^{d_e} — the activations
Output: ê ∈ ℝ^{d_e} — half of them

1  return ê = e/2
""",
    "texts/gradients/∇90-halve.alg": """\
Algorithm ∇90: ē ← halve_pullback(ê)
/* The gradient of Algorithm N90. */
Input: ê ∈ ℝ^{d_e} — the gradient of the result
Output: ē ∈ ℝ^{d_e} — the gradient of the activations

1  return ē = halve(ê)
""",
    "mine.py": '''\
"""Algorithm N90 and its gradient."""

from jaxtyping import Float

from algorithms.signatures.arrays import A
from algorithms.signatures.decorator import algorithm

__all__ = ["halve", "halve_pullback"]


@algorithm("∇90")
def halve_pullback(e_hat: Float[A, "d_e ell"]) -> Float[A, "d_e ell"]:
    """The gradient halved."""
    return halve(e_hat)  # ∇90.1


@algorithm("N90")
def halve(e: Float[A, "d_e ell"]) -> Float[A, "d_e ell"]:
    """Each activation halved, of which Algorithm ∇90 is the gradient.

    Not in the first paragraph: Algorithm N90 is linear.
    """
    return e / 2  # N90.1
''',
    "index.rst": """\
Page
====

.. extensions::

.. extensions:: N F

Gradients
---------

.. extensions:: ∇

Reference
---------

.. public:: mine

Tables
------

.. measured:: proofs
.. measured:: ties
.. measured:: errors-tiny
.. measured:: errors-middling
.. measured:: mutants-spec
.. measured:: mutants-code
.. measured:: told
.. measured:: checks
""",
}
IDS = ["N90", "∇90"]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> BeautifulSoup:
    """A page of everything that is there of two algorithms, one of which calls the other."""
    folder = tmp_path_factory.mktemp("added")
    shutil.copytree(ROOT / "spec" / "paper", folder / "texts" / "paper")
    assert build_files(folder, FILES) == (True, "")
    return BeautifulSoup((folder / "out/index.html").read_text("utf-8"), "html.parser")


def card(page: BeautifulSoup, id: str) -> Tag:
    found = page.find(id=f"algorithm-{id}")
    assert isinstance(found, Tag)
    return found


def links(part: Tag) -> list[str]:
    return [str(a["href"]) for a in part.select("a[href]")]


def test_they_stand_in_their_groups(page: BeautifulSoup) -> None:
    groups = {
        section.find("h2").get_text().rstrip("¶"): [one["id"] for one in section.select(".alg")]
        for section in page.select("section section")
    }
    assert [*groups][:2] == ["Norms", "Gradients"]
    assert groups["Norms"] == ["algorithm-N90"]
    assert groups["Gradients"] == ["algorithm-∇90"]


def test_a_table_lists_all_of_them_in_their_groups(page: BeautifulSoup) -> None:
    listed = page.select_one("table.listing")
    assert listed is not None
    rows = [[cell.get_text() for cell in row.find_all("td")] for row in listed.select("tbody tr")]
    assert rows == [
        ["Norms"],
        ["N90", "halve", "Each activation halved, of which Algorithm ∇90 is the gradient."],
        ["Gradients"],
        ["∇90", "halve_pullback", "The gradient of Algorithm N90."],
    ]
    assert "#algorithm-N90" in links(listed)


def test_every_group_has_one_page() -> None:
    letters = [
        letter
        for path in DOCS.glob("*.rst")
        for row in re.findall(r"^\.\. extensions::(.*)$", path.read_text("utf-8"), re.MULTILINE)
        for letter in row.split()
    ]
    assert sorted(letters) == sorted(GROUPS)


def test_the_docstring_introduces_an_algorithm_whose_text_has_no_comment(
    page: BeautifulSoup,
) -> None:
    said = card(page, "N90").find_previous_sibling("p")
    assert said is not None
    assert said.get_text() == "Each activation halved, of which Algorithm ∇90 is the gradient."
    assert links(said) == ["#algorithm-∇90"]
    assert card(page, "∇90").find_previous_sibling("p") is None


def test_they_are_links_wherever_a_text_names_or_calls_them(page: BeautifulSoup) -> None:
    comment = card(page, "∇90").select_one(".title > p:nth-of-type(3)")
    assert comment is not None
    assert links(comment) == ["#algorithm-N90"]
    assert {"#algorithm-N90", "#line-∇90.1"} <= set(links(card(page, "∇90")))
    docstring = page.find(id="mine.halve").find_parent("dl").dd
    assert {f"#algorithm-{id}" for id in IDS} <= set(links(docstring))


def test_their_functions_are_in_the_reference_in_the_order_of_their_ids(
    page: BeautifulSoup, pages: dict[str, BeautifulSoup]
) -> None:
    assert [entry["id"] for entry in page.select("dt[id]")] == ["mine.halve", "mine.halve_pullback"]
    section = pages["api.html"].find(id="the-algorithms")
    names = [str(entry["id"]) for entry in section.select("dt[id]")]
    assert len(names) == len(algorithms()) - len(("∇8", "∇9", "∇10"))  # which are texts alone
    assert names.index("algorithms.EDInference") == len(paper()) - 1


def test_a_table_says_which_figures_are_not_measured_yet(page: BeautifulSoup) -> None:
    proofs, *tables, told, checks = page.select("table.measured")
    assert len(tables) == 5
    for table in tables:
        (folded,) = table.select("details.ids")
        cell = folded.find_parent("td")
        assert int(cell["colspan"]) == len(table.select("thead th"))
        assert folded.summary.get_text().startswith("not measured yet: ")
        named = [link.get_text() for link in folded.select("summary ~ *")]
        assert len(named) == int(folded.summary.get_text().rpartition(" ")[2])
        assert [id for id in named if id in IDS] == IDS
        assert table.get_text().count("not measured yet") == 1
    assert [row.td.get_text() for row in proofs.select("tbody tr")][-3:] == [*IDS, "all"]
    for table in (told, checks):  # of mistakes that somebody has planted, and none in these
        assert not {row.td.get_text() for row in table.select("tbody tr")} & {*IDS}


def test_a_card_says_that_nothing_was_measured(page: BeautifulSoup) -> None:
    said = {one.dt.get_text(): one.dd.get_text() for one in card(page, "N90").select(".rungs div")}
    assert said.pop("Sizes") == "2 of 2 proved"
    assert said.pop("Laws") == "1 holds"  # one that is about declarations such as these
    assert set(said.values()) == {"not measured yet"}


def build_one(folder: Path, path: str, letters: str) -> tuple[bool, str]:
    """Build a page of a single text, which no function carries out."""
    id = Path(path).name.partition("-")[0]
    text = f"Algorithm {id}: Same\nInput: n ∈ ℕ\nOutput: n ∈ ℕ\n\n1  return n\n"
    page = f"Page\n====\n\n.. extensions:: {letters}\n"
    return build_files(folder, {f"texts/{path}": text, "index.rst": page})


def test_an_algorithm_may_be_left_to_another_page(tmp_path: Path) -> None:
    assert build_one(tmp_path, "extensions/N1-same.alg", "N\n   :without: N1") == (True, "")
    assert "algorithm-N1" not in (tmp_path / "out/index.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("path", "letters", "error"),
    [
        ("paper/1-same.alg", "", None),
        ("extensions/Z1-same.alg", "", "Algorithm Z1 has no group: the letters are N, F, C"),
        ("extensions/N1-same.alg", "N Z", "no group has the letter Z"),
        ("extensions/N1-same.alg", "N", "no public function of mine carries out Algorithm N1"),
        ("extensions/N1-same.alg", "N\n   :without: N2", "there is no Algorithm N2"),
    ],
)
def test_a_text_needs_a_group_and_a_function(
    tmp_path: Path, path: str, letters: str, error: str | None
) -> None:
    builds, said = build_one(tmp_path, path, letters)
    assert builds == (error is None)
    if builds:
        assert "There is none yet." in (tmp_path / "out/index.html").read_text("utf-8")
    else:
        assert error in said
