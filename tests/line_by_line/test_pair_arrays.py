"""Are the arrays of parameters and data found in the code, in whatever form it holds them?"""

from __future__ import annotations

import copy
import dataclasses
from functools import cache

import numpy as np
import pytest
from helpers.cases import REFERENCE, line_values
from helpers.tagged_code import written

from algorithms import tree_map
from spec.line_by_line.observe import observe
from spec.line_by_line.tie import hold_to_lines

TRAINING = "def train(x, theta, **rest):\n    theta = after  # 13.6\n"


def held():
    return line_values("13", N_epochs=1, N_data=1)


@cache
def trained():
    """θ as the reference leaves it."""
    inputs = held().inputs
    result = observe(REFERENCE["13"], *inputs.arguments, **inputs.keywords).result
    return tree_map(lambda array: array.numpy(), result)


def stacked(theta):
    """θ with one array for all layers."""
    layers = tree_map(lambda *parts: np.stack(parts), *theta.layers)
    rest = {name: part for name, part in theta._asdict().items() if name != "layers"}
    return {**rest, **layers._asdict()}


@pytest.mark.parametrize(
    "form",
    [
        lambda θ: θ,
        stacked,
        lambda θ: θ._asdict() | {"layers": [layer._asdict() for layer in θ.layers]},
    ],
)
def test_parameters_may_be_records_or_dicts_and_layers_stacked_or_in_lists(form):
    assert hold_to_lines(held(), written(TRAINING, after=form(trained()))).differences == ()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda θ: θ._replace(layers=θ.layers[:1]), "theta has 1 of W where the pseudocode has 2"),
        (
            lambda θ: θ._replace(layers=θ.layers + θ.layers[1:]),
            "theta has 3 of W where the pseudocode has 2",
        ),
        (lambda θ: θ._replace(layers=()), "theta has 0 of W where the pseudocode has 2"),
        (lambda θ: θ._replace(layers=None), "theta has 0 of W where the pseudocode has 2"),
        (lambda θ: θ._asdict() | {"W_u": None}, "theta.W_u is None; one visit has shape (13, 6)"),
        (
            lambda θ: {name: part for name, part in θ._asdict().items() if name != "W_u"},
            "theta has 0 of W_u where the pseudocode has 1",
        ),
        (
            lambda θ: θ._replace(gamma=θ.gamma[:, None]),
            "theta.gamma has shape (6, 1); one visit has (6,)",
        ),
        (lambda θ: θ._replace(layers=θ.layers[::-1]), "theta.layers[0].W.W_qkv.W_q is "),
        (
            lambda θ: stacked(θ) | {"W": tree_map(lambda a: a[::-1], stacked(θ)["W"])},
            "theta.W.W_qkv.W_q is ",
        ),
    ],
)
def test_what_is_wrong_or_missing_in_parameters_is_named(change, problem):
    after = change(trained())
    (difference,) = hold_to_lines(held(), written(TRAINING, after=after)).differences
    assert difference.problem.startswith(problem)
    assert difference.problem == problem or problem.endswith(" is ")


def test_a_data_set_of_another_size_is_named():
    text = "def train(x, theta, **rest):\n    return theta\n"
    right = line_values("13")
    x, *rest = right.inputs.arguments
    for data in ([], x[:1], 3):
        other = copy.copy(right)
        other.inputs = dataclasses.replace(right.inputs, arguments=(data, *rest))
        (difference,) = hold_to_lines(other, written(text, algorithm="13")).differences
        assert difference.problem.startswith("x is ")
        assert difference.problem.endswith("where the pseudocode has 2 sequences")
