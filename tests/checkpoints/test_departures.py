"""Is each departure of a published model where it says it is?"""

from __future__ import annotations

import inspect
import pkgutil
import re
from importlib import import_module

import pytest

from algorithms import checkpoints
from algorithms.checkpoints import BERT, BERTForClasses, Marian, Qwen
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


def helpers(module):
    """The modules of which a model takes functions."""
    taken = {value.__module__ for value in vars(module).values() if inspect.isfunction(value)}
    return [one for one in MODULES if one.__name__ in taken - {module.__name__}]


def test_every_model_is_public():
    assert {*MODELS} == {name for name in checkpoints.__all__ if name.endswith("_DEPARTURES")}


@pytest.mark.parametrize("model", MODELS)
def test_each_departure_is_tagged_in_the_source(model):
    ids, module = {departure.id for departure in departures(model)}, MODELS[model]
    assert tags(module) <= ids <= tags(module, *helpers(module))


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
    [(BERT, "9"), (BERTForClasses, "X6"), (Marian, "8"), (Qwen, "X1"), (rotary_decoder, "10")],
)
def test_a_model_carries_out_every_line_of_its_algorithm(function, id):
    pairing = pair(LIBRARY[id], function, LIBRARY)
    assert pairing.untagged == ()
    assert pairing.unknown == ()
    lines = [ref.line for row in pairing.rows for code in row.code for ref in code.refs]
    assert lines == sorted(lines)
