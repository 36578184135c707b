"""Are the kinds of arguments for training few and small, and is every mistake seen on them?"""

from __future__ import annotations

from functools import cache

import pytest

from spec.expected.result import UndefinedResultError, floating_point_result, telling_result
from spec.inputs.arguments import Adapter, draw_arguments
from spec.inputs.formats import FORMATS
from spec.inputs.variations import variations
from spec.language.tree import Gradient
from spec.library import checked
from spec.machine import MachineError
from spec.mistakes import catalogue, edited

MACHINE = Adapter("the machine", lambda f, given: None, values={"ε": 0.0}, draws="from above")
#: Algorithm 13 is the quickest of those that train; the others are for the sweep.
TRAINING = [
    pytest.param(id, marks=[pytest.mark.sweep] * (id != "13"))
    for id, algorithm in checked().items()
    if algorithm.program.uses(Gradient)
]


@cache
def expected(id):
    """The exact results on each kind, those of few numbers first."""
    results = []
    for variation in variations(checked(), id):
        arguments = draw_arguments(checked(), id, variation, FORMATS["float64"], MACHINE)
        try:
            results.append(telling_result(arguments))
        except UndefinedResultError:
            continue
    return sorted(results, key=lambda exact: exact.arguments.count)


def seen(exact, wrong):
    """Whether a function that runs the wrong pseudocode fails."""
    try:
        arrays = floating_point_result(exact.arguments, wrong).arrays
        result = {one.path: one.entries.astype(float) for one in arrays}
        return bool(exact.misfit(result)) or exact.distance(result, exact.tolerance).ratio > 1
    except (ArithmeticError, LookupError, MachineError, TypeError, ValueError):
        return True


@pytest.mark.parametrize("id", TRAINING)
def test_the_kinds_are_many_and_each_has_few_numbers(id):
    lengths = {len(text) for exact in expected(id) for text in exact.arguments.runs[0].inputs[0]}
    assert len(lengths) > 2
    assert len(expected(id)) > 10
    assert max(exact.arguments.count for exact in expected(id)) < 1000
    sizes = [exact.arguments.sizes for exact in expected(id)]
    counts = ("N_data", "N_epochs") if "N_epochs" in sizes[0] else ("B",)
    assert [{one[count] for one in sizes} for count in counts] == [{1, 2}] * len(counts)


@pytest.mark.parametrize("id", TRAINING)
def test_every_mistake_in_training_is_seen(id):
    mistakes = [one for one in catalogue().values() if one.algorithm == id]
    for mistake in mistakes:
        wrong = edited(mistake, checked())
        assert any(seen(exact, wrong) for exact in expected(id)), mistake.id
