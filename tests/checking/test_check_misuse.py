"""Is what is said still true of functions that are odd, or wrong in several ways?"""

from __future__ import annotations

import functools
import sys
import time
import warnings

import numpy as np
import pytest
import torch
from examples import attention

from spec.calling.verdict import Verdict
from spec.checking.check import UsageError, check
from spec.inputs.adapter import Adapter, AdapterError
from spec.inputs.arguments import draw_arguments
from spec.inputs.formats import FORMATS
from spec.inputs.variations import variations
from spec.library import checked


def rms_norm(e, gamma, beta):
    return e / np.sqrt((e**2).mean(axis=0)) * gamma[:, None]


def spoiled(how):
    """A documented difference, and something else that is wrong at one size."""

    def function(e, gamma, beta):
        result = rms_norm(e, gamma, beta)
        return how(e, result) if len(e) == 4 else result

    return function


def test_a_documented_difference_alone_is_no_error():
    assert check(rms_norm, 6).verdict is Verdict.DEPARTS


@pytest.mark.parametrize(
    "how",
    [
        lambda e, result: 1 / 0,
        lambda e, result: result * np.nan,
        lambda e, result: result + np.random.default_rng().random(),
        lambda e, result: np.multiply(e, 2, out=e),
        lambda e, result: result[:, :-1],
        lambda e, result: result.astype(np.float32),
        lambda e, result: 2 * result,
    ],
    ids=["raises", "nan", "random", "mutates", "shape", "dtype", "differs"],
)
def test_a_documented_difference_excuses_nothing_else(how):
    assert not check(spoiled(how), 6).passes


def test_activations_near_to_their_mean_are():
    near = next(one for one in variations(checked(), "6") if one.scale != 1)
    adapter = Adapter("none", lambda function, given: None)
    given = draw_arguments(checked(), "6", near, FORMATS["float64"], adapter)
    assert 0 < abs(given.e).max() < 1e-4


@pytest.mark.parametrize(
    "function",
    [
        lambda X, Z, W, Mask: 2 * attention.attend(X, Z, W, Mask),
        functools.partial(attention.masks_transposed),
        np.vectorize(attention.attend, signature="(a,b),(c,d),(),(d,b)->(e,b)"),
        attention.attend.__call__,
    ],
    ids=["lambda", "partial", "vectorized", "method"],
)
def test_whatever_can_be_called_can_be_wrong(function):
    assert str(check(function, 4))


def test_a_tagged_function_that_exits_is_said_to_raise():
    def exits(v, W_e):
        e = W_e[:, v]  # 1.1
        sys.exit(e.size and 3)

    report = check(exits, 1)
    assert report.verdict is Verdict.RAISES
    assert "SystemExit: 3" in str(report)


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

    report = check(tires, 1)
    assert report.failed[0].verdict is Verdict.RAISES
    assert "tired" in report.failed[0].problem
    assert "when it is called again" in report.failed[0].problem


def test_nothing_is_tried_after_a_hang():
    def late(v, W_e):
        if W_e.shape[0] == 4:
            time.sleep(60)
        return 2 * W_e[:, v]

    start = time.monotonic()
    report = check(late, 1, seconds=0.3)
    assert {Verdict.HANGS, Verdict.DIFFERS} <= {trial.verdict for trial in report.failed}
    assert time.monotonic() - start < 30


def test_arguments_go_by_position_where_they_have_no_names():
    def norm(x, weight, bias, /):
        m = x.mean(axis=0)
        v = ((x - m) ** 2).mean(axis=0)
        return (x - m) / np.sqrt(v) * weight[:, None] + bias[:, None]

    def with_eps(e, gamma, beta, eps, /):
        return norm(e, gamma, beta) if eps == 0 else rms_norm(e, gamma, beta)

    assert check(norm, 6).verdict is Verdict.AGREES
    assert check(with_eps, 6).verdict is not Verdict.RAISES


def test_nan_where_the_paper_has_no_value_is_no_error():
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

    report = check(overflows, 7)
    assert report.verdict is Verdict.NOT_A_NUMBER
    assert [trial.name for trial in report.failed] == ["scores too large for exp"]


def test_an_adapter_that_asks_for_what_is_not_given_does_not_fit():
    report = check(attention.attend, 4, adapter=lambda function, given: given.XX)
    assert report.verdict is Verdict.DOES_NOT_FIT
    assert "Algorithm 4 has the arguments X, Z, W_qkv, Mask: not XX" in str(report)


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((None, 4), {}, "None cannot be called"),
        (("mypkg:f", 4), {}, "'mypkg:f' cannot be called"),
        ((rms_norm, 6), {"seconds": 0}, "seconds is 0, want a time above 0"),
        ((rms_norm, 6), {"seconds": float("nan")}, "seconds is nan"),
        ((rms_norm, 6), {"adapter": "rows"}, "the adapter 'rows' is none"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(arguments, options, said):
    with pytest.raises((UsageError, AdapterError), match=said):
        check(*arguments, **options)


def test_a_module_in_training_is_told_so():
    layer = torch.nn.TransformerEncoderLayer(8, 2, 12, dropout=0.1, activation="gelu")
    report = check(layer, 9)
    assert report.verdict is Verdict.NOT_DETERMINISTIC
    assert "call its eval()" in str(report)
