"""Are the maps of the page on programs those of real runs, and is its code the functions'?"""

from __future__ import annotations

import sys
from textwrap import indent

import numpy as np
import pytest
from bs4 import BeautifulSoup
from helpers.sphinx_build import DOCS, build_files

from algorithms import programs

sys.path.insert(0, str(DOCS / "_ext"))
from paired.programs import RUNS, body

#: What stands below the last map of each program.
WRITTEN = {
    "previous_token": "w w o l v e",
    "induction": "t o m a o m a",
    "majority": "1 0 0 0 1 1 1",
    "dyck_depth": "1 2 1 2 3 2",
    "reverse": ". r e w a r d",
    "histogram": "^ 1 3 2 3 2 3",
    "sort": "^ a a a b n n",
    "laplace": ".5 .667 .75 .6 .667 .714",
}
HEADS = {"induction": 2, "reverse": 2, "sort": 3}
every_run = pytest.mark.parametrize("name", RUNS)


def test_every_program_is_shown():
    shown = {run.weights for run in RUNS.values()}
    assert shown == {getattr(programs, name) for name in programs.__all__}
    assert WRITTEN.keys() == RUNS.keys()
    page = (DOCS / "programs.rst").read_text("utf-8")
    assert [row.split()[-1] for row in page.splitlines() if row.startswith(".. weights::")] == [
        *RUNS
    ]


@every_run
def test_below_the_last_map_stands_what_the_program_writes(name):
    *others, last = RUNS[name].maps()
    assert last.written == tuple(WRITTEN[name].split())
    assert [map.written for map in others] == [()] * (HEADS.get(name, 1) - 1)
    assert last.text().splitlines()[-1].split() == ["writes", *last.written]


@every_run
def test_each_column_of_a_map_is_a_distribution_on_what_the_token_sees(name):
    for map in RUNS[name].maps():
        assert np.allclose(map.weights.sum(axis=0), 1, rtol=0, atol=1e-15 * len(map.tokens))
        assert not map.weights[~map.mask].any()


def test_maps_are_of_the_head_that_they_are_drawn_for():
    first, second = (map.weights for map in RUNS["induction"].maps())
    places = [0, 0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 1, 2, 3]
    for weights, rows in zip((first, second), places, strict=True):
        assert np.array_equal(weights, np.eye(7)[:, rows])


@every_run
def test_the_code_is_all_that_follows_the_docstring(name):
    code = body(RUNS[name].weights)
    assert code.splitlines()[-1].startswith(("return ", ")"))
    assert '"""' not in code
    compile("def f():\n" + indent(code, "    "), name, "exec")


def test_a_program_is_code_and_a_figure_for_each_head(tmp_path):
    builds, errors = build_files(tmp_path, {"index.rst": "Page\n====\n\n.. weights:: sort\n"})
    assert builds, errors
    page = BeautifulSoup((tmp_path / "out" / "index.html").read_text("utf-8"), "html.parser")
    (code,) = page.select(".weights pre")
    assert code.get_text().strip() == body(programs.sort_weights).strip()
    figures = page.select(".maps figure")
    assert [figure.b.get_text() for figure in figures if figure.b] == ["Head 1", "Head 2", "Head 3"]
    assert [len(figure.select("rect.cell")) for figure in figures] == [49, 49, 49]
    assert not figures[0].select("text.written")
    written = [text.get_text() for text in figures[2].select("text.written")]
    assert " ".join(written) == WRITTEN["sort"]


def test_a_program_that_is_none_is_refused(tmp_path):
    builds, errors = build_files(tmp_path, {"index.rst": "Page\n====\n\n.. weights:: parity\n"})
    assert not builds
    assert '"parity" unknown; choose from' in errors
