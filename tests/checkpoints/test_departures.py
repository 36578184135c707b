"""Is each departure of a published model where it says it is?"""

from __future__ import annotations

import inspect
import re

import pytest

from algorithms import checkpoints
from algorithms.checkpoints import (
    BERT,
    BERT_DEPARTURES,
    GPT2,
    GPT2_DEPARTURES,
    MARIAN_DEPARTURES,
    Marian,
)
from spec.library import algorithms
from spec.pairing import pair

MODELS = {"GPT2": (GPT2, GPT2_DEPARTURES), "BERT": (BERT, BERT_DEPARTURES),
          "Marian": (Marian, MARIAN_DEPARTURES)}  # fmt: skip
LIBRARY = algorithms()


def test_every_model_is_here():
    departures = {name for name in checkpoints.__all__ if name.endswith("_DEPARTURES")}
    assert len(departures) == len(MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_each_departure_is_tagged_in_the_source(model):
    function, departures = MODELS[model]
    source = inspect.getsource(inspect.getmodule(inspect.unwrap(function)))
    tags = set(re.findall(r"# ([A-Z]\d+)\n", source))
    assert tags == {departure.id for departure in departures}


@pytest.mark.parametrize("model", MODELS)
def test_each_departure_changes_lines_that_exist(model):
    for departure in MODELS[model][1]:
        for line in departure.lines:
            algorithm, number = line.split(".")
            assert 1 <= int(number) <= len(LIBRARY[algorithm].lines)


@pytest.mark.parametrize(("function", "number"), [(BERT, "9"), (Marian, "8")])
def test_a_model_carries_out_every_line_of_its_algorithm(function, number):
    pairing = pair(LIBRARY[number], function, LIBRARY)
    assert pairing.untagged == ()
    assert pairing.unknown == ()
    lines = [ref.line for row in pairing.rows for code in row.code for ref in code.refs]
    assert lines == sorted(lines)
