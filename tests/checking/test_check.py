"""What is said of a function that is right, wrong, odd, or wrong in several ways?"""

from __future__ import annotations

import functools
import sys
import time

import numpy as np
import pytest
import torch
from user_code import attention

from spec.adapters.function_in_layout import layout
from spec.calling.verdict import Verdict
from spec.checking.check import check, function_under_test, reports
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Adapter
from spec.usage_error import UsageError

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too


@pytest.fixture
def _little_work(monkeypatch):
    """Little is searched for, where nothing explains a function."""
    monkeypatch.setattr("spec.checking.explain.WORK", 1_000)


def norm_with(eps):
    def norm(e, gamma, beta):
        m = e.mean(axis=0)
        return (e - m) / np.sqrt(e.var(axis=0) + eps) * gamma[:, None] + beta[:, None]

    return norm


def rms_norm(e, gamma, beta):
    return e / np.sqrt((e**2).mean(axis=0)) * gamma[:, None]


def doubled(e, gamma, beta):
    return 2 * norm_with(0)(e, gamma, beta)


def test_what_is_right_passes():
    report = check(attention.attend, 4)
    assert report.verdict is Verdict.AGREES
    assert report.passes
    assert str(report).startswith("attend is Algorithm 4 (Attention), as far as arguments of 21 ")
    assert 0 < report.ratio < 1


def test_a_mistake_is_named(numpy_alone):
    report = check(attention.masks_transposed, 4)
    assert not report.passes
    assert report.mistakes == [("mask-transposed",)]
    assert (
        "Your function computes Algorithm 4 with the mask transposed, at line 4.5 "
        "(mistake mask-transposed). Line 4.5 reads" in str(report)
    )


def test_the_first_wrong_line_of_a_tagged_function_is_named():
    report = check(attention.tagged, 4)
    assert report.line is not None
    assert report.mistakes == [("scale-missing",)]
    assert report.line.line == "4.2"  # b_k moves no result, and is seen all the same
    assert "First wrong: line 4.2 (K ← W_k Z + b_k 1ᵀ), at tagged" in str(report)


def test_a_change_without_a_name_is_told():
    def minus(e, gamma, beta):
        return norm_with(0)(e, gamma, -beta)

    report = check(minus, 6)
    (explanation,) = report.explanations
    (mutant,) = explanation.mutants
    assert (mutant.line, mutant.after) == (
        "6.3",
        "return ê = (e − m)/√(v + ε) ⊙ γ − β",
    )


def test_an_adapter_may_be_a_function():
    def rows(x, z, w, hidden):
        return attention.attend(x.T, z.T, w, ~hidden.T).T

    def adapter(function, arguments):
        X, Z, W, Mask = arguments.X, arguments.Z, arguments.W_qkv, arguments.Mask
        return function(X.T, Z.T, W, ~Mask.T).T

    report = check(rows, 4, adapter=adapter)
    assert report.verdict is Verdict.AGREES
    assert "Called as its own adapter does, in float64." in str(report)
    report = check(rows, 4, adapter=lambda function, arguments: arguments.XX)
    assert report.verdict is Verdict.DOES_NOT_FIT
    assert "Algorithm 4 has the arguments X, Z, W_qkv, Mask: not XX" in str(report)


def test_arguments_go_by_position_where_they_have_no_names():
    def norm(x, weight, bias, /):
        return norm_with(0)(x, weight, bias)

    def with_eps(e, gamma, beta, eps, /):
        return norm_with(eps)(e, gamma, beta)

    assert check(norm, 6).verdict is Verdict.AGREES
    assert check(with_eps, 6).verdict is Verdict.AGREES


@pytest.mark.parametrize(
    "function",
    [
        lambda e, gamma, beta: doubled(e, gamma, beta),
        functools.partial(doubled),
        np.vectorize(doubled, signature="(a,b),(a),(a)->(a,b)"),
        doubled.__call__,
    ],
    ids=["lambda", "partial", "vectorized", "method"],
)
@pytest.mark.usefixtures("_little_work")
def test_whatever_can_be_called_can_be_wrong(function):
    assert not check(function, 6).passes


def not_rescaled(Q, K, V, Mask):
    """Keys are taken one by one; what was summed up is kept as the largest score grows."""
    S = np.where(Mask, K.T @ Q / np.sqrt(len(Q)), -np.inf)
    highest = np.maximum.accumulate(S, axis=0)
    A = np.exp(S - np.where(np.isfinite(highest), highest, 0))
    return V @ A / np.maximum(A.sum(axis=0), 1e-300)


def test_algorithms_of_the_same_arguments_and_more_are_named_where_a_place_is_found():
    known = reports(function_under_test(not_rescaled, "C1"), lambda *_: None)
    assert (
        "It may be meant as C6 (block_attend) or C7 (online_attend), which has the same arguments,"
        " and B and N_B besides, and mistakes of its own."
    ) in str(next(report for report in known if report.locations))


@pytest.mark.sweep
def test_a_kernel_that_fixes_its_block_is_told_its_mistakes():
    report = check(not_rescaled, "C7", adapter=layout(sizes={"B": 1}))
    assert sorted(*report.mistakes) == ["online-sum-not-rescaled", "online-values-not-rescaled"]


# Documented differences ---------------------------------------------------------------------------


def test_documented_differences_are_not_errors():
    report = check(norm_with(1e-5), 6)
    assert report.verdict is Verdict.DEPARTS
    assert report.mistakes == [("norm-epsilon-1e-5",)]
    assert str(report).startswith(
        "norm is Algorithm 6 (layer_norm), with a documented difference that is not an error."
    )
    fixed = Adapter(
        "named",
        lambda function, arguments: function(arguments.e, arguments.gamma, arguments.beta),
        values={"ε": 1e-5},
    )
    assert check(norm_with(1e-5), 6, adapter=fixed).verdict is Verdict.AGREES
    assert check(rms_norm, 6).verdict is Verdict.DEPARTS


def top_p(p, alpha):
    """The usual one: it sorts, and its result is a distribution."""
    order = np.argsort(-p)
    before = np.cumsum(p[order]) - p[order]
    q = np.zeros_like(p)
    q[order[before < alpha]] = p[order[before < alpha]]
    return q / q.sum()


def allowed(p, s, a):
    q = np.where(a[s], p, 0)
    return q / (q.sum() or 1)


def scaled_embedding(v, W_e):
    return np.sqrt(len(W_e)) * W_e[:, v]


@pytest.mark.parametrize(
    ("function", "algorithm", "difference"),
    [
        (top_p, "S2", "weights-normalised-s2"),
        (allowed, "S5", "weights-normalised-s5"),  # S5 itself only copies, and so does 1
        (scaled_embedding, 1, "token-scaled"),
    ],
)
def test_weights_made_a_distribution_and_scaled_tokens_are_no_error(
    function, algorithm, difference
):
    report = check(function, algorithm)
    assert report.verdict is Verdict.DEPARTS
    assert report.mistakes == [(difference,)]


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
@pytest.mark.usefixtures("_little_work")
def test_a_documented_difference_excuses_nothing_else(how):
    def spoiled(e, gamma, beta):
        """Something else is wrong, at one size."""
        result = rms_norm(e, gamma, beta)
        return how(e, result) if len(e) == 4 else result

    assert not check(spoiled, 6).passes


# Calls that do not end, and other ends ------------------------------------------------------------


def test_a_tagged_function_that_exits_is_said_to_raise():
    def exits(v, W_e):
        e = W_e[:, v]  # 1.1
        sys.exit(e.size and 3)

    report = check(exits, 1)
    assert report.verdict is Verdict.DOES_NOT_FIT
    assert "on all arguments it raises SystemExit: 3" in str(report)


def test_nothing_is_tried_after_a_hang():
    calls = []

    def late(v, W_e):
        calls.append(v)
        if W_e.shape[0] == 4:
            time.sleep(60)
        return 2 * W_e[:, v]

    report = check(late, 1, seconds=0.3)
    assert [trial.verdict for trial in report.trials[-2:]] == [Verdict.DIFFERS, Verdict.HANGS]
    assert len(calls) == 2 * len(report.trials) - 1
    assert not report.smallest


def test_a_module_in_training_is_told_so():
    layer = torch.nn.TransformerEncoderLayer(8, 2, 12, dropout=0.1, activation="gelu")
    report = check(layer, 9)
    assert report.verdict is Verdict.NOT_DETERMINISTIC
    assert "call its eval()" in str(report)


single = Adapter("single", lambda *_: None, formats=("float32",))
REFUSED = (
    ((None, 4), {}, UsageError, "None cannot be called"),
    (("mypkg:f", 4), {}, UsageError, "'mypkg:f' cannot be called"),
    ((rms_norm, 99), {}, ValueError, "there is no Algorithm 99; there are 1, 2"),
    ((rms_norm, 6), {"format": "float8"}, ValueError, "there is no format float8; there are"),
    ((rms_norm, 6), {"format": "bfloat16"}, AdapterError, "float16, not bfloat16, which NumPy wid"),
    ((rms_norm, 6), {"seconds": 0}, UsageError, "seconds is 0, want a time above 0"),
    ((rms_norm, 6), {"seconds": float("nan")}, UsageError, "seconds is nan"),
    ((rms_norm, 6), {"adapter": "rows"}, UsageError, "'rows' is not an adapter"),
    (
        (rms_norm, 6),
        {"adapter": single, "format": "float64"},
        AdapterError,
        "single computes in float32, not float64",
    ),
)


@pytest.mark.parametrize(("arguments", "options", "error", "message"), REFUSED)
def test_a_question_that_makes_no_sense_is_refused(arguments, options, error, message):
    with pytest.raises(error, match=message):
        check(*arguments, **options)
