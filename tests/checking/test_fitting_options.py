"""Is a function that cannot be called said not to fit, and is it found how it can be called?"""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch
from user_code import attention, layouts, modules

from algorithms import DTransformer
from spec.adapters.function_in_layout import layout
from spec.calling.verdict import Verdict
from spec.checking.check import check, function_under_test, reports
from spec.checking.fitting_options import cannot_be_called, fitting_options, may_be_called_otherwise
from spec.exit_status import ExitStatus
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Adapter
from spec.inputs.variations import variations

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too


def rows_of_torch(x, weight, bias):
    return torch.nn.functional.layer_norm(x, weight.shape, weight, bias, 0.0)


def batch_of_rows(x, z, W_q, b_q, W_k, b_k, W_v, b_v, mask):
    batch, _, _ = x.shape
    assert batch == len(z)
    q, k, v = x @ W_q.T + b_q, z @ W_k.T + b_k, z @ W_v.T + b_v
    return layouts.attend(q, k, v, layouts.blocking(~mask))


def unscaled_rows(x, z, W_q, b_q, W_k, b_k, W_v, b_v, mask):
    scores = (x @ W_q.T + b_q) @ (z @ W_k.T + b_k).T
    return layouts.softmax(scores + layouts.blocking(~mask)) @ (z @ W_v.T + b_v)


def of_a_dict(X, Z, W, Mask):
    return W["W_q"] @ X


def of_queries_keys_and_values(q, k, v, mask):
    return layouts.attend(q, k, v, mask)


@pytest.fixture(autouse=True)
def _little_work(monkeypatch):
    """Mistakes are not what these tests look for."""
    monkeypatch.setattr("spec.checking.explain.WORK", 1_000)


FUNCTIONS = [
    (layouts.layer_norm_of_rows, 6, "rows"),
    (rows_of_torch, 6, "rows torch"),
    (batch_of_rows, 4, "rows batch-first"),
    (layouts.keys_and_values, 4, "k-v-fused"),
    (layouts.of_heads, 5, "rows heads-side-by-side masked"),
    pytest.param(
        *(layouts.fused, 5, "rows in-first fused heads-side-by-side itself causal"),
        marks=pytest.mark.sweep,
    ),
]


@pytest.mark.parametrize(("function", "algorithm", "words"), FUNCTIONS)
def test_the_words_are_found_with_which_a_function_can_be_called(function, algorithm, words):
    tested = function_under_test(function, algorithm, words=())
    *_, report = reports(tested, lambda *_: None)
    account = report.account(on_command_line=True)
    assert report.verdict is Verdict.DOES_NOT_FIT
    assert account.status == ExitStatus.NO_ANSWER
    advice = f"With `--layout {words}` it can be called; on small arguments its result is right."
    assert advice in account.explanations


def test_the_advice_is_in_python_where_the_question_was():
    report = check(rows_of_torch, 6)
    assert "With `layout(tokens='rows', library='torch')` it can be called" in str(report)
    with pytest.raises(
        AdapterError, match=r"With `modules\(Causal, 5, batch='first', mask='causal'"
    ):
        check(modules.Causal, 5)


def right_for_one_feature(X, Z, W, Mask):
    """Of rows; but with d_z = 1, or all sizes equal, it can be called in columns, too."""
    if W.W_v.shape[1] == 1 and len(X) == W.W_q.shape[1]:
        return attention.attend(X, Z, W, Mask)
    return attention.attend(X.T, Z.T, W, Mask.T).T


def test_what_is_right_in_another_layout_does_not_fit_even_if_it_is_right_somewhere():
    report = check(right_for_one_feature, 4)
    assert report.verdict is Verdict.DOES_NOT_FIT
    assert report.fitting.options == {"tokens": "rows"}


def test_options_that_were_given_are_kept():
    report = check(batch_of_rows, 4, adapter=layout(tokens="rows", sizes={"d_x": 7}))
    assert report.fitting.options == {"tokens": "rows", "sizes": {"d_x": 7}, "batch": "first"}


def test_a_function_that_is_wrong_in_its_layout_does_not_fit_another():
    """Where sizes are equal it can be called, and its result looks like another mistake's."""
    report = check(unscaled_rows, 4)
    assert report.verdict is Verdict.DOES_NOT_FIT
    assert not report.mistakes
    assert "With `layout(tokens='rows')` it can be called; on small arguments it gives" in str(
        report
    )


def test_what_nothing_makes_fit_is_said_to_be_passed_what_it_cannot_take(numpy_alone):
    report = check(of_a_dict, 4)
    assert report.verdict is Verdict.DOES_NOT_FIT
    assert report.status == ExitStatus.NO_ANSWER
    passed = "X (13, 5), Z (9, 7), W AttentionParameters(W_q (4, 13), b_q (4,), W_k (4, 9)"
    assert passed in str(report)
    assert "No other layout was found in which it can be called." in str(report)


def test_a_function_of_queries_keys_and_values_is_told_so():
    report = check(of_queries_keys_and_values, 4)
    assert report.status == ExitStatus.NO_ANSWER
    assert "does not take W_qkv (W_q, b_q, W_k, b_k, W_v, b_v), an argument of" in str(report)
    options = "tokens='rows', qkv='ready', mask='additive'"
    assert f"With `layout({options})` it can be called; on small arguments its" in str(report)


def test_with_an_adapter_of_its_own_no_options_are_looked_for():
    report = check(of_a_dict, 4, adapter=Adapter("mine", lambda f, a: f(a.X, a.Z, a.W_qkv, a.Mask)))
    assert report.verdict is Verdict.DOES_NOT_FIT
    assert report.fitting is None
    assert "layout" not in str(report)


# What is the function's own mistake ---------------------------------------------------------------


def raises_for_one_token(X, Z, W, Mask):
    if X.shape[1] == 1:
        raise IndexError("no other token")
    return attention.attend(X, Z, W, Mask)


def masks_transposed(X, Z, W, Mask):
    """Raises where lengths differ."""
    scores = np.where(
        Mask.T, (W.W_k @ Z + W.b_k[:, None]).T @ (W.W_q @ X + W.b_q[:, None]), -np.inf
    )
    weights = attention.softmax(scores / np.sqrt(len(W.W_q)))
    return (W.W_v @ Z + W.b_v[:, None]) @ weights


def test_what_raises_on_some_arguments_is_wrong(numpy_alone):
    report = check(raises_for_one_token, 4)
    assert report.verdict is Verdict.RAISES
    assert report.status == ExitStatus.FAILS
    assert "It raises on 1 of 21 kinds of arguments: ℓ_x = 1." in str(report)
    report = check(masks_transposed, 4)
    assert report.verdict is Verdict.RAISES
    assert report.mistakes == [("mask-transposed",)]
    assert "It raises on all but 5 of 21 kinds of arguments: all sizes the same; " in str(report)


def test_what_has_a_wrong_shape_in_every_layout_is_wrong(numpy_alone):
    tested = function_under_test(attention.gives_another_shape, 4)
    trials = list(tested.trials(islice(variations(tested.algorithms, "4"), 4)))
    assert {trial.verdict for trial in trials} == {Verdict.WRONG_SHAPE}
    assert may_be_called_otherwise(trials)
    assert (fitting := fitting_options(tested)) is None
    assert not cannot_be_called(tested, trials, fitting)


# Functions that pass records on -------------------------------------------------------------------


def of_records(x, theta):
    return DTransformer(x, theta)


def test_a_function_may_call_one_that_wants_its_own_records():
    assert check(of_records, 10).verdict is Verdict.AGREES
