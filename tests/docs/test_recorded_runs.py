"""Are the recorded runs those of the functions, and do they follow the pseudocode?"""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from helpers.cases import AT_ONCE, REFERENCE
from helpers.sphinx_build import DOCS

from spec.language import tree
from spec.library import checked

sys.path.insert(0, str(DOCS / "_ext"))
from paired.stepper.factors import Product
from paired.stepper.recorded_run import NoRunError, recorded_run
from paired.stepper.run_json import run_json

pytestmark = pytest.mark.filterwarnings("ignore::algorithms.LengthLimitWarning")
every_algorithm = pytest.mark.parametrize("id", REFERENCE)


def run(id):
    return recorded_run(id, REFERENCE[id])


def matrix(held):
    array = np.asarray(held.numbers, dtype=float)
    return array.reshape(-1, 1) if array.ndim == 1 else array


@every_algorithm
def test_every_algorithm_has_a_run_that_ends_with_its_last_line(id):
    steps = run(id).steps
    assert isinstance(steps[-1].line.statement, tree.Return | tree.Returns)
    seen = {step.line.number for step in steps}
    held = {step.line.number for step in steps if step.values}
    unseen = {int(line.partition(".")[2]) for line in AT_ONCE.get(id, ())}
    assert seen - held <= unseen
    assert all(value.observed for value in steps[-1].values)


@every_algorithm
def test_factors_make_what_the_function_held(id):
    for step in run(id).steps:
        if not isinstance(step.drawn, Product):
            continue
        product = step.drawn
        made = np.array(product.left.numbers @ product.right.numbers, dtype=float)
        for one in product.added:
            made = made + (-1 if one.sign == "−" else 1) * np.array(one.numbers, dtype=float)
        # Sums of so many numbers, in any order.
        count = product.left.numbers.shape[1] + len(product.added)
        largest = max(np.abs(made).max(), 1) * max(np.abs(matrix(product.left)).max(), 1)
        within = 4 * count * np.finfo(float).eps * largest
        if product.inner is not None:
            assert np.abs(made - np.array(product.inner.numbers, dtype=float)).max() <= within
        elif len(step.values) == 1 and matrix(step.values[0]).shape == made.shape:
            assert np.abs(made - matrix(step.values[0])).max() <= within


@every_algorithm
def test_no_two_sizes_are_equal_that_meet_in_one_product(id):
    for step in run(id).steps:
        if isinstance(step.drawn, Product) and not checked()[id].program.uses(tree.Gradient):
            left, right = step.drawn.left.numbers.shape, step.drawn.right.numbers.shape
            assert left[0] != left[1] or 1 in left or right[0] != right[1]


def test_a_run_is_in_the_order_of_the_pseudocode_with_the_turns_of_its_loops():
    steps = [(step.line.number, [turn.value for turn in step.turns]) for step in run("10").steps]
    turn = [(5, [1]), (6, [1]), (7, [1]), (8, [1])]
    again = [(number, [2]) for number, _ in turn]
    assert steps == [(1, []), (2, []), (3, []), *turn, *again, (10, []), (11, [])]


def test_the_last_step_holds_what_the_function_returns():
    recorded = run("4")
    returned = REFERENCE["4"](*recorded.inputs.arguments, **recorded.inputs.keywords)
    (held,) = recorded.steps[-1].values
    assert held.name == "Ṽ"
    assert np.array_equal(held.numbers, returned)


def test_the_inputs_have_one_decimal_and_no_zero():
    for array in (run("4").arguments["X"], run("4").arguments["Z"]):
        numbers = array.astype(float)
        assert np.array_equal(np.round(numbers, 1), numbers)
        assert numbers.all()


def test_a_file_holds_the_run():
    recorded = run("14")
    written = json.loads(run_json(recorded))
    assert written["id"] == "14"
    visits = {row["number"]: row["visits"] for row in written["lines"]}
    assert [(step["line"], step["visit"]) for step in written["steps"]] == [
        (step.line.number, step.visit) for step in recorded.steps
    ]
    for step in recorded.steps:
        rows = visits[step.line.number][step.visit]
        assert [row["name"] for row in rows] == [value.name for value in step.values]
        for row, value in zip(rows, step.values, strict=True):
            assert np.array_equal(np.array(row["values"]), value.numbers)
            assert row["shape"] == list(np.shape(value.numbers))


def test_a_function_that_is_not_its_pseudocode_has_no_run():
    def norm(e, gamma, beta, eps=0.0):
        m = e.mean(axis=0)  # 6.1
        v = e.var(axis=0, ddof=1)  # 6.2
        return (e - m) / np.sqrt(v + eps) * gamma[:, None] + beta[:, None]  # 6.3

    with pytest.raises(NoRunError, match=r"at line 6\.2 v is "):
        recorded_run("6", norm)
