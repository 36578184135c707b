"""Are the figures in the docs those that come out now?"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from figures.errors import SIZES, figures, rounded
from figures.ties import seen
from figures.told import SHOWN, told
from helpers.cases import AT_ONCE, REFERENCE
from helpers.paper import MODELS, PAPER, RANDOM, TRAINING

# Algorithm 15 may be stopped, as the pseudocode is.
pytestmark = pytest.mark.filterwarnings("ignore::algorithms.LengthLimitWarning")

DATA = Path(__file__).parents[2] / "docs" / "_data"
#: What takes long, and is held to its lines elsewhere too: S7 searches, and models of ours are like
#: one of them.
SLOW = TRAINING | RANDOM | MODELS.difference(PAPER, ["X1"]) | {"S7"}


def each(ids):
    """Each algorithm, of which the slow ones are for the sweep."""
    marks = {id: [pytest.mark.sweep] if id in SLOW else [] for id in ids}
    return pytest.mark.parametrize("id", [pytest.param(id, marks=marks[id]) for id in ids])


@cache
def shown(name):
    """The figures of a file: of every algorithm of the paper, and of others once they are made."""
    figures = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    for by_algorithm in figures.values() if name == "errors" else [figures]:
        assert set(PAPER) <= by_algorithm.keys() <= REFERENCE.keys()
    return figures


@each(REFERENCE)
def test_every_line_that_sets_something_is_seen_and_the_docs_count_them(id):
    now = seen(id)
    assert set(now["unseen"]) == AT_ONCE.get(id, set())
    unseen = len(now["unseen"])
    assert now["observed"] + now["loops"] + now["ends"] + unseen == now["numbered"]
    assert now == shown("ties").get(id, now)


@each(REFERENCE)
def test_the_errors_at_small_sizes_are_those_that_the_docs_show(id):
    now = figures(id, "tiny")
    before = shown("errors")["tiny"].get(id, now)
    assert now.keys() == before.keys()
    for precision, lines in now.items():
        assert lines.keys() == before[precision].keys()
        for line, figure in lines.items():
            assert figure["depth"] == before[precision][line]["depth"]
            assert figure["bound"] == before[precision][line]["bound"]
            # The error is this processor's: another adds in another order, within the bound.
            assert figure["ulps"] <= figure["bound"]


@each(SHOWN)
def test_a_mistake_is_named_at_its_line_in_the_words_that_the_docs_show(id):
    now, before = told(id), shown("told")[id]
    assert now["named"] == now["line"]
    assert [now[part] for part in ("what", "line")] == [before[part] for part in ("what", "line")]
    # The figures in it are of one processor, the words of any.
    assert now["message"].split(" is ")[0] == before["message"].split(" is ")[0]


@pytest.mark.parametrize("sizes", SIZES)
def test_no_error_that_the_docs_show_is_above_its_bound(sizes):
    for precisions in shown("errors")[sizes].values():
        for lines in precisions.values():
            assert all(figure["ulps"] <= figure["bound"] for figure in lines.values())


@pytest.mark.parametrize(
    ("figure", "shown"), [(0.0, 0.0), (1.21, 1.3), (0.0301, 0.031), (99.1, 100.0), (20.0, 20.0)]
)
def test_a_figure_is_rounded_up_to_two_digits(figure, shown):
    assert rounded(figure) == shown
