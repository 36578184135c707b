"""Hosts that no maker of the checks had seen: frozen, and found as the docs show."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from figures.unseen import HERE, hosts, outcome, twin

SHOWN = json.loads(
    (Path(__file__).parents[2] / "docs" / "_data" / "unseen.json").read_text(encoding="utf-8")
)
#: Hosts of small algorithms, which are checked in a second; and of all but models.
QUICK = [number for number, host in hosts().items() if host["algorithm"] in ("3", "6")]
PARTS = [number for number, host in hosts().items() if host["algorithm"] in ("2", "4", "5", "7")]


@pytest.mark.parametrize("number", hosts())
def test_a_host_is_as_it_was_before_the_first_run(number):
    source = (HERE / f"host_{number}.py").read_bytes()
    assert hashlib.sha256(source).hexdigest() == hosts()[number]["sha256"]


@pytest.mark.parametrize("number", hosts())
def test_a_bug_can_be_put_into_its_host(number):
    right, wrong = (twin(number, wrong=wrong) for wrong in (False, True))
    assert set(vars(right)) == set(vars(wrong))


def test_the_docs_show_every_host_and_no_false_word():
    assert [each["number"] for each in SHOWN] == list(hosts())
    assert all(each["right"] and each["found"] for each in SHOWN)
    assert sum(each["placed"] for each in SHOWN) >= 0.95 * len(SHOWN)


@pytest.mark.parametrize(
    "number", [*QUICK, *(pytest.param(each, marks=pytest.mark.sweep) for each in PARTS)]
)
def test_a_host_is_found_as_the_docs_show(number):
    (shown,) = (each for each in SHOWN if each["number"] == number)
    assert {**outcome(number), "seconds": 0} == {**shown, "seconds": 0}
