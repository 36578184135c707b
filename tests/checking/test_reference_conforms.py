"""Is each of the algorithms' functions what it says, by the suite that anybody's can be put to?

Every function with a tag is found, the paper's and ours. Variations and laws are in float64; that
float32 stays float32 is a test of the suite, and its digits are compared by `check`.
"""

from __future__ import annotations

from functools import partial

import pytest
import torch
from helpers.gradients import by_torch
from helpers.paper import MODELS, PAPER, RANDOM

from algorithms import tree_map
from spec.adapters.function_in_layout import PAPER_LAYOUT
from spec.calling.python_signature import name_of, parameters_of
from spec.calling.verdict import Verdict
from spec.checking.check import check
from spec.checking.property_tests import conformance
from spec.inputs.arguments import Adapter
from spec.pairing import implementations

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

FUNCTIONS = implementations("algorithms")
TRAINING = {
    id for id, function in FUNCTIONS.items() if "value_and_gradient" in parameters_of(function)
}


def in_torch(function, arguments):
    """Gradients are a library's: NumPy has none."""
    by_name = PAPER_LAYOUT.arguments(function, arguments)
    return function(**{name: to_torch(value) for name, value in by_name.items()})


def to_torch(value):
    if isinstance(value, list):
        return [to_torch(part) for part in value]
    is_tree = isinstance(value, tuple) or hasattr(value, "dtype")
    return tree_map(torch.tensor, value) if is_tree else value


TENSORS = Adapter("tensors of torch", in_torch, values={"ε": 0.0}, draws="from above")

for id, function in FUNCTIONS.items():
    adapter = None
    if id in TRAINING:
        function = partial(function, value_and_gradient=by_torch)
        adapter = TENSORS
    # Models of ours are like one of them; what trains or generates calls a model many times.
    is_long = id in MODELS.difference(PAPER, ["X1"]) | RANDOM | TRAINING
    marked = pytest.mark.sweep if is_long else lambda suite: suite
    vars()[f"test_{name_of(function)}"] = marked(conformance(function, id, adapter=adapter))


def test_training_is_right():
    report = check(partial(FUNCTIONS["13"], value_and_gradient=by_torch), 13, adapter=TENSORS)
    assert report.verdict is Verdict.AGREES, str(report)


def in_float32():
    """The paper's; models, which take long, are left to the sweep.

    Of all others each line is compared in float32, with a bound of its own (`test_tie.py`).
    """
    for id in sorted({*PAPER} - TRAINING):
        is_model = any(name.startswith("theta") for name in parameters_of(FUNCTIONS[id]))
        yield pytest.param(id, marks=[pytest.mark.sweep] if is_model else [])


@pytest.mark.parametrize("id", list(in_float32()))
def test_the_reference_is_right_in_float32(id):
    report = check(FUNCTIONS[id], id, format="float32")
    assert report.verdict is Verdict.AGREES, str(report)
    assert report.ratio < 1
    assert not report.explanations
