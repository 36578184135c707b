"""Does the booklet have every algorithm once, and does all that it refers to exist?"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from spec.booklet import PARTS, booklet
from spec.errata import errata
from spec.library import algorithms, programs
from spec.render.algpseudocode import algpseudocode

ROOT = Path(__file__).parents[1]
TEXT = booklet()


def test_every_algorithm_is_there_once_in_order_and_under_its_own_number():
    places = [TEXT.index(algpseudocode(program)) for program in programs().values()]
    assert places == sorted(places)
    assert TEXT.count(r"\begin{algorithm}") == len(places)
    numbers = re.findall(r"\\renewcommand\{\\thealgorithm\}\{(.*)\}", TEXT)
    assert [number.replace(r"$\nabla$", "∇") for number in numbers] == list(algorithms())


def test_the_folders_of_the_texts_are_its_parts():
    assert {algorithms()[id].path.partition("/")[0] for id in algorithms()} == {*PARTS}
    assert TEXT.count(r"\addcontentsline{toc}{section}") == len(PARTS) + 2
    assert TEXT.count(r"\addcontentsline{toc}{subsection}") == len(algorithms())


def test_what_is_cited_is_listed_and_what_is_listed_is_cited():
    cited = {key for keys in re.findall(r"\\cite\{(.*?)\}", TEXT) for key in keys.split(",")}
    listed = re.findall(r"\\bibitem\[.*?\]\{(.*?)\}", TEXT)
    assert sorted(cited) == sorted(listed)
    assert "vaswani2017attention" in cited


def test_the_errata_are_listed_and_named_where_they_touch():
    assert re.findall(r"\\label\{erratum:(\w+)\}", TEXT) == list(errata())
    named = re.findall(r"\\hyperref\[erratum:(\w+)\]", TEXT)
    touching = [{line.partition(".")[0] for line in erratum.lines} for erratum in errata().values()]
    assert len(named) == sum(map(len, touching))


def test_no_mark_of_a_script_is_left_in_the_errata():
    told = TEXT[TEXT.index("{Errata}") :]
    assert r"$\ell$\textsubscript{max}" in told
    assert r"\textasciicircum" not in told[: told.index(r"\begin{thebibliography}")]


def test_an_implementation_without_docstrings_has_a_booklet_too(tmp_path, monkeypatch):
    (tmp_path / "bare_module.py").write_text("__all__ = []\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert r"\cite" not in booklet("bare_module")
    assert algpseudocode(programs()["4"]) in booklet("bare_module")


def test_the_command_writes_it_into_a_folder_that_it_makes(tmp_path):
    path = tmp_path / "new" / "booklet.tex"
    command = [sys.executable, "-m", "spec.booklet", str(path)]
    subprocess.run(command, cwd=ROOT, check=True)
    assert path.read_text("utf-8") == TEXT


@pytest.mark.typeset
def test_lualatex_sets_it_with_nothing_missing_or_undefined(tmp_path):
    (tmp_path / "booklet.tex").write_text(TEXT, "utf-8")
    for _ in range(3):
        done = subprocess.run(
            ["lualatex", "-halt-on-error", "-interaction=batchmode", "booklet.tex"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        log = (tmp_path / "booklet.log").read_text("utf-8", errors="replace")
        assert done.returncode == 0, log[-2000:]
    assert (tmp_path / "booklet.pdf").exists()
    for fault in ("Missing character", "undefined", "LaTeX Warning", "Overfull"):
        assert fault not in log
