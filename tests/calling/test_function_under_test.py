"""Is each call of a function judged rightly, and within a tolerance that follows from rounding?"""

from __future__ import annotations

import sys
import time
import warnings
from itertools import islice
from types import ModuleType

import numpy as np
import pytest
from user_code import attention

from spec.calling.verdict import Verdict
from spec.checking.check import check, function_under_test
from spec.inputs.arguments import Adapter
from spec.inputs.variations import variations
from spec.library import checked

UNCALLED = Adapter("uncalled", lambda function, arguments: None)
MISBEHAVING = (
    ("raises", Verdict.RAISES, "raises ValueError: no way (in raises, row"),
    ("exits", Verdict.RAISES, "raises SystemExit: 2"),
    ("hangs", Verdict.HANGS, "gave no result in 0.5 s"),
    ("gives_nan", Verdict.NOT_A_NUMBER, "gives nan for 50 of 50 entries of Ṽ"),
    ("gives_another_shape", Verdict.WRONG_SHAPE, "gives Ṽ of shape (5, 10), not (10, 5)"),
    ("gives_another_dtype", Verdict.WRONG_DTYPE, "gives float32 where its arguments are float64"),
    ("gives_nothing", Verdict.WRONG_SHAPE, "gives NoneType for Ṽ, not an array of numbers"),
    ("changes_its_arguments", Verdict.MUTATES, "changes its argument X"),
    ("is_random", Verdict.NOT_DETERMINISTIC, "gives two results for the same arguments"),
    ("takes_more", Verdict.DOES_NOT_FIT, "takes temperature, which is not an argument of"),
    ("forgets_the_scale", Verdict.DIFFERS, "times the tolerance"),
)


@pytest.mark.parametrize(("function", "verdict", "problem"), MISBEHAVING)
def test_a_function_that_misbehaves_gets_a_clear_verdict(function, verdict, problem):
    seconds = 0.5 if verdict is Verdict.HANGS else 60
    tested = function_under_test(getattr(attention, function), 4, seconds=seconds)
    trials = tested.trials(islice(variations(checked(), "4"), 4))
    failed = next(trial for trial in trials if not trial.verdict.passes)
    assert failed.verdict is verdict
    assert problem in failed.problem


def test_filters_of_warnings_are_the_users_again_after_a_hang():
    def hangs(v, W_e):
        time.sleep(0.6)
        return W_e[:, v]

    before = list(warnings.filters)
    assert check(hangs, 1, seconds=0.1).verdict is Verdict.HANGS
    assert warnings.filters == before
    time.sleep(0.7)  # until the thread has ended
    assert warnings.filters == before


def test_a_call_that_fails_when_it_is_made_again_is_not_called_random():
    calls = []

    def tires(v, W_e):
        calls.append(v)
        if len(calls) > 1:
            raise RuntimeError("tired")
        return W_e[:, v]

    failed = check(tires, 1).failed[0]
    assert failed.verdict is Verdict.RAISES
    assert failed.problem.startswith("raises RuntimeError: tired")
    assert failed.problem.endswith("when it is called again")


def test_a_first_call_that_imports_a_module_is_made_again(monkeypatch):
    """The module may have the class of a record, which the function wants."""

    def imports(v, W_e):
        if "late" not in sys.modules:
            monkeypatch.setitem(sys.modules, "late", ModuleType("late"))
            raise TypeError("another class is wanted")
        return W_e[:, v]

    assert check(imports, 1).passes


def test_nan_where_the_paper_has_no_value_is_not_an_error():
    def textbook(X, Z, W, Mask):
        Q, K = W.W_q @ X + W.b_q[:, None], W.W_k @ Z + W.b_k[:, None]
        S = np.where(Mask, K.T @ Q / np.sqrt(len(Q)), -np.inf)
        A = np.exp(S - S.max(axis=0))
        return (W.W_v @ Z + W.b_v[:, None]) @ (A / A.sum(axis=0))

    report = check(textbook, 4)
    assert report.verdict is Verdict.DEPARTS
    assert "It gives nan for a token that may attend to nothing" in str(report)


def test_a_softmax_that_overflows_is_seen():
    def overflows(e, W_u):
        weights = np.exp(W_u @ e)
        return weights / weights.sum(axis=0)

    (failed,) = check(overflows, 7).failed
    assert failed.verdict is Verdict.NOT_A_NUMBER
    assert failed.name == "scores too large for exp"


def test_arguments_of_the_same_shapes_are_not_tried_twice():
    def called(function, arguments):
        return function(arguments.X, arguments.Z, arguments.W_qkv, arguments.Mask)

    one_size = {"d_x": 3, "d_z": 3, "ℓ_x": 2, "ℓ_z": 2}
    fixed = Adapter("of one size", called, sizes=lambda sizes: {**sizes, **one_size})
    every = list(variations(checked(), "4"))
    trials = list(function_under_test(attention.attend, 4, fixed).trials(every))
    shapes = [trial.arguments.shapes for trial in trials if trial.arguments.variation.edge]
    assert len(shapes) == len(set(shapes))
    assert len(trials) < len(every)
