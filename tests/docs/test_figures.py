"""Are the figures in the docs those that come out now?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from figures.errors import figures, rounded
from figures.ties import seen
from figures.told import told

from spec.library import checked

# Algorithm 15 may be stopped, as the pseudocode is.
pytestmark = pytest.mark.filterwarnings("ignore::algorithms.LengthLimitWarning")

DATA = Path(__file__).parents[2] / "docs" / "_data"
IDS = [id for id in checked() if id.isdecimal()]


def read(name):
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("id", IDS)
def test_every_line_that_sets_something_is_seen_and_the_docs_count_them(id):
    now = seen(id)
    assert now["unseen"] == []
    assert now["observed"] + now["loops"] + now["ends"] == now["numbered"]
    assert now == read("ties")[id]


@pytest.mark.parametrize("id", IDS)
def test_the_errors_at_small_sizes_are_those_that_the_docs_show(id):
    now, shown = figures(id, "tiny"), read("errors")["tiny"][id]
    assert now.keys() == shown.keys()
    for precision in now:
        assert now[precision].keys() == shown[precision].keys()
        for line, one in now[precision].items():
            before = shown[precision][line]
            assert one["depth"] == before["depth"]
            assert one["bound"] == before["bound"]
            # The error is this processor's: another adds in another order, within the bound.
            assert one["ulps"] <= one["bound"]


@pytest.mark.parametrize("id", IDS)
def test_a_mistake_is_named_at_its_line_in_the_words_that_the_docs_show(id):
    now, shown = told(id), read("told")[id]
    assert now["named"] == now["line"]
    assert [now[part] for part in ("what", "line")] == [shown[part] for part in ("what", "line")]
    # The figures in it are of one processor, the words of any.
    assert now["message"].split(" is ")[0] == shown["message"].split(" is ")[0]


def test_the_docs_show_every_algorithm_at_every_size():
    assert set(read("ties")) == set(read("told")) == set(IDS)
    for sizes in ("tiny", "middling"):
        assert set(read("errors")[sizes]) == set(IDS)
        for precisions in read("errors")[sizes].values():
            for lines in precisions.values():
                assert all(one["ulps"] <= one["bound"] for one in lines.values())


@pytest.mark.parametrize(
    ("figure", "shown"), [(0.0, 0.0), (1.21, 1.3), (0.0301, 0.031), (99.1, 100.0), (20.0, 20.0)]
)
def test_a_figure_is_rounded_up_to_two_digits(figure, shown):
    assert rounded(figure) == shown
