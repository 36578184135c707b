"""An added text and its function: every page finds them by itself."""

from pathlib import Path

from bs4 import BeautifulSoup, Tag
from helpers.sphinx_build import DOCS, build

IDS = ("N90", "∇90")


def card(pages: dict[str, BeautifulSoup], id: str) -> Tag:
    found = pages["extensions.html"].find(id=f"algorithm-{id}")
    assert isinstance(found, Tag)
    return found


def test_the_page_of_the_algorithms_of_ours_shows_them_by_group(
    extended_pages: dict[str, BeautifulSoup],
) -> None:
    page = extended_pages["extensions.html"]
    groups = {
        section.find("h2").get_text().rstrip("¶"): [
            str(one["id"]) for one in section.select(".alg")
        ]
        for section in page.select("section section")
    }
    assert "algorithm-N90" in groups["Norms"]
    assert "algorithm-∇90" in groups["Gradients"]
    assert list(groups)[-1] == "Gradients"


def test_the_docstring_introduces_an_algorithm_whose_text_has_no_comment(
    extended_pages: dict[str, BeautifulSoup],
) -> None:
    said = card(extended_pages, "N90").find_previous_sibling("p")
    assert said is not None
    assert said.get_text() == "Each activation halved, of which Algorithm ∇90 is the gradient."
    (link,) = said.find_all("a")
    assert link["href"] == "#algorithm-∇90"
    assert card(extended_pages, "∇90").find_previous_sibling("p") is None


def test_algorithms_of_ours_are_links_wherever_a_text_names_them(
    extended_pages: dict[str, BeautifulSoup],
) -> None:
    comment = card(extended_pages, "∇90").select_one(".title > p:nth-of-type(3)")
    assert comment is not None
    assert [a["href"] for a in comment.find_all("a")] == ["#algorithm-N90"]
    entry = extended_pages["api.html"].find(id="algorithms.halve").find_parent("dl")
    hrefs = {str(a["href"]) for a in entry.select("dd a[href]")}
    assert {f"extensions.html#algorithm-{id}" for id in IDS} <= hrefs


def test_a_call_and_a_tag_lead_to_the_algorithm(extended_pages: dict[str, BeautifulSoup]) -> None:
    hrefs = {str(a["href"]) for a in card(extended_pages, "∇90").select("a[href]")}
    assert {"#algorithm-N90", "#line-∇90.1"} <= hrefs


def test_their_functions_are_in_the_reference_after_the_papers(
    extended_pages: dict[str, BeautifulSoup],
) -> None:
    section = extended_pages["api.html"].find(id="the-algorithms")
    names = [str(entry["id"]) for entry in section.select("dt[id]")]
    assert names.index("algorithms.EDInference") < names.index("algorithms.halve")
    assert names[-1] == "algorithms.halve_pullback"


def test_a_table_says_which_figures_are_not_measured_yet(
    extended_pages: dict[str, BeautifulSoup],
) -> None:
    tables = extended_pages["verification.html"].select("table.measured")
    for table in tables:
        rows = [row for row in table.select("tbody tr") if row.td.get_text() in IDS]
        assert [row.td.get_text() for row in rows] == list(IDS)
        for row in rows:
            columns = sum(int(cell.get("colspan", 1)) for cell in row.find_all("td"))
            assert columns == len(table.select("thead th"))
            assert row.find_all("td")[1].get_text() == "not measured yet"
    proofs = extended_pages["language.html"].select_one("table.measured")
    assert proofs is not None
    assert {row.td.get_text() for row in proofs.select("tbody tr")} > set(IDS)


def test_without_algorithms_of_ours_the_page_says_so(tmp_path: Path) -> None:
    assert page(tmp_path, "paper/1-same.alg") == (0, "")
    assert "There is none yet." in (tmp_path / "out/index.html").read_text("utf-8")


def test_a_letter_that_stands_for_no_group_stops_the_build(tmp_path: Path) -> None:
    status, errors = page(tmp_path, "extensions/Z1-same.alg")
    assert status != 0
    assert "Algorithm Z1 has no group: the letters are N, F, C" in errors


def test_a_text_without_a_function_stops_the_build(tmp_path: Path) -> None:
    status, errors = page(tmp_path, "extensions/N1-same.alg")
    assert status != 0
    assert "no public function of algorithms carries out Algorithm N1" in errors


def page(folder: Path, path: str) -> tuple[int, str]:
    """Build the page of a specification that has one text, at this path."""
    text = folder / "texts" / path
    text.parent.mkdir(parents=True)
    id, _, _ = text.name.partition("-")
    text.write_text(f"Algorithm {id}: Same\nInput: n ∈ ℕ\nOutput: n ∈ ℕ\n\n1  return n\n", "utf-8")
    (folder / "conf.py").write_text(f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(DOCS / "_ext")!r})
import spec.library
spec.library.files = lambda _: Path({str(folder / "texts")!r})
extensions = ["paired"]
suppress_warnings = ["ref"]
""")
    (folder / "index.rst").write_text("Page\n====\n\n.. extensions::\n")
    done = build(folder, folder / "out")
    return done.returncode, done.stderr
