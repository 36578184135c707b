"""Is each departure of a published model where it says it is?"""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections import defaultdict
from functools import partial
from importlib import import_module

import pytest
from helpers.executed_tags import executed_tags
from helpers.published_models import ORACLES

from algorithms import checkpoints
from algorithms.checkpoints import BERT, BERTForClasses, Marian, PublishedT5, Qwen
from algorithms.checkpoints.rotary_decoder import rotary_decoder
from spec.library import algorithms
from spec.pairing import pair

LIBRARY = algorithms()
MODULES = [
    import_module(f"{checkpoints.__name__}.{module.name}")
    for module in pkgutil.iter_modules(checkpoints.__path__)
]


def sets(module):
    """The names of the sets of departures that a module defines."""
    return re.findall(r"^(\w+_DEPARTURES) = ", inspect.getsource(module), re.MULTILINE)


#: The module of each model.
MODELS = {name: module for module in MODULES for name in sets(module)}


def departures(model):
    return getattr(MODELS[model], model)


def tags(*modules):
    sources = map(inspect.getsource, modules)
    return {tag for source in sources for tag in re.findall(r"# ([A-Z]\d+)\n", source)}


def read_and_run(compare):
    compared = compare()
    compared.P()
    return compared.function


def test_every_model_is_public():
    assert {*MODELS} == {name for name in checkpoints.__all__ if name.endswith("_DEPARTURES")}


def test_the_departures_of_a_model_are_those_by_which_it_comes_to_P():
    executed = defaultdict(set)
    for _, compare in ORACLES.values():
        function, found = executed_tags(partial(read_and_run, compare))
        executed[function.__module__] |= found
    listed = {model: {departure.id for departure in departures(model)} for model in MODELS}
    assert {model: executed[module.__name__] for model, module in MODELS.items()} == listed


def test_each_tag_is_of_a_departure():
    known = {departure.id for model in MODELS for departure in departures(model)}
    assert tags(*MODULES) == known


def test_no_two_departures_have_one_id():
    different = {departure for model in MODELS for departure in departures(model)}
    assert len(different) == len({departure.id for departure in different})


@pytest.mark.parametrize("model", MODELS)
def test_each_departure_changes_lines_that_exist(model):
    for departure in departures(model):
        for line in departure.lines:
            algorithm, number = line.split(".")
            assert 1 <= int(number) <= len(LIBRARY[algorithm].lines)


@pytest.mark.parametrize(
    ("function", "id"),
    [
        (BERT, "9"),
        (BERTForClasses, "X6"),
        (Marian, "8"),
        (PublishedT5, "X8"),
        (Qwen, "X1"),
        (rotary_decoder, "10"),
    ],
)
def test_a_model_carries_out_every_line_of_its_algorithm(function, id):
    pairing = pair(LIBRARY[id], function, LIBRARY)
    assert pairing.untagged == ()
    assert pairing.unknown == ()
    lines = [ref.line for row in pairing.rows for code in row.code for ref in code.refs]
    assert lines == sorted(lines)
