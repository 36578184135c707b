"""Are figures that are made again compared in all but times, and is none lost by making some?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from figures.__main__ import ROWS, WHOLE, joined
from figures.same import TIMES, differences

DATA = Path(__file__).parents[2] / "docs" / "_data"
ROWS_BEFORE = {"4": {"kinds": 21, "seconds": 0.3}, "5": {"kinds": 23, "seconds": 0.6}}


def test_a_time_may_be_another():
    now = {**ROWS_BEFORE, "5": {"kinds": 23, "seconds": 9.0}}
    assert differences("checks", ROWS_BEFORE, now) == []


def test_what_is_no_time_may_not():
    now = {**ROWS_BEFORE, "5": {"kinds": 22, "seconds": 0.6}}
    assert differences("checks", ROWS_BEFORE, now) == ["/5/kinds: 23 was there, and now 22"]


def test_a_key_of_that_name_is_a_time_only_where_it_is_listed():
    now = {**ROWS_BEFORE, "5": {"kinds": 23, "seconds": 9.0}}
    assert differences("ties", ROWS_BEFORE, now) == ["/5/seconds: 0.6 was there, and now 9.0"]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"4": 1}, {"4": 1, "5": 1}),  # a row more
        ({"4": 1, "5": 1}, {"4": 1}),  # one less
        ([1, 2], [2, 1]),  # another order
        ([1, 2], [1]),
        (None, {"4": 1}),  # there was no file
        ({"4": 1}, {"4": 1.5}),
        ({"4": {"5": 1}}, {"4": 1}),
    ],
)
def test_a_difference_is_seen(before, now):
    assert differences("ties", before, now)


def test_what_json_does_not_tell_apart_is_no_difference():
    assert differences("ties", {"1": [1, 2]}, {"1": (1, 2)}) == []


@pytest.mark.parametrize("name", TIMES)
def test_the_times_that_are_left_out_are_there(name):
    data = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    rows = data.values() if isinstance(data, dict) else data
    assert set().union(*rows) >= TIMES[name]


def test_rows_that_are_not_made_again_are_kept():
    assert joined({"4": 1, "5": 2}, {"5": 3}, deep=False) == {"4": 1, "5": 3}
    assert joined({"tiny": {"4": 1, "5": 2}}, {"tiny": {"5": 3}}, deep=True) == {
        "tiny": {"4": 1, "5": 3}
    }


def test_every_file_is_made_by_one_command():
    assert not ROWS.keys() & WHOLE.keys()
    assert all((DATA / f"{name}.json").exists() for name in (*ROWS, *WHOLE))
