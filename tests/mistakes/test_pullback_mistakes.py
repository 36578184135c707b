"""Is each mistake of a pullback named when it stands in the reference?"""

from __future__ import annotations

import inspect

import pytest
from helpers.planting import planted

from spec.checking.check import check
from spec.mistakes import catalogue
from spec.pairing import implementations

FUNCTIONS = implementations("algorithms")
#: The mistakes, and what stands once in the function, and what stands there instead.
PLANTS = {
    "pullback-embedding-overwritten": [("X_bar @ one_hot", "X_bar @ only_the_last(one_hot)")],
    "pullback-embedding-accumulated": [("W_e * 0.0", "W_e")],
    "pullback-positions-at-end": [
        ("[X_bar, W_p_bar[..., ell:]]", "[W_p_bar[..., ell:], X_bar]"),
    ],
    "pullback-positions-accumulated": [("W_p * 0.0", "W_p")],
    "pullback-mask-forgotten": [("xp.where(Mask, S, -xp.inf)", "xp.where(Mask, S, S)")],
    "pullback-values-transposed": [("R_bar @ A.mT", "R_bar @ A")],
    "pullback-scale-missing": [("(A_bar - means) / root", "(A_bar - means)")],
    "pullback-softmax-mean-missing": [("(A_bar - means)", "A_bar")],
    "pullback-softmax-mean-unweighted": [("xp.sum(A * A_bar,", "xp.mean(A_bar,")],
    "pullback-queries-of-queries": [("K @ S_bar", "Q @ S_bar")],
    "pullback-keys-transposed": [("Q @ S_bar.mT", "Q @ S_bar")],
    "pullback-offsets-averaged": [
        ("b_q_bar = xp.sum", "b_q_bar = xp.mean"),
        ("b_v_bar = xp.sum", "b_v_bar = xp.mean"),
    ],
    "pullback-values-left-out": [("W_k.mT @ K_bar + W_v.mT @ V_bar", "W_k.mT @ K_bar")],
    "pullback-keys-left-out": [("W_k.mT @ K_bar + W_v.mT @ V_bar", "W_v.mT @ V_bar")],
    "pullback-weights-exchanged": [
        ("W_k.mT @ K_bar + W_v.mT @ V_bar", "W_v.mT @ K_bar + W_k.mT @ V_bar")
    ],
    "pullback-one-head": [
        ("xp.sum(X_h_bar, axis=-3)", "X_h_bar[..., 0, :, :]"),
        ("xp.sum(Z_h_bar, axis=-3)", "Z_h_bar[..., 0, :, :]"),
    ],
    "pullback-heads-averaged": [
        ("xp.sum(X_h_bar", "xp.mean(X_h_bar"),
        ("xp.sum(Z_h_bar", "xp.mean(Z_h_bar"),
    ],
    "pullback-norm-mean-constant": [("N_bar - along_1 - N * along_N", "N_bar - N * along_N")],
    "pullback-norm-variance-constant": [("N_bar - along_1 - N * along_N", "N_bar - along_1")],
    "pullback-norm-constant": [("N_bar - along_1 - N * along_N", "N_bar")],
    "pullback-norm-not-divided": [("E_bar = E_bar / s_t[..., None, :]", "E_bar = E_bar")],
    "pullback-norm-gain-missing": [("R_bar * gamma[:, None]", "R_bar")],
    "pullback-norm-gain-of-input": [("R_bar * N,", "R_bar * E,")],
    "pullback-loss-not-masked": [("a_t * P", "P"), ("S_bar - a_t", "S_bar - 1")],
    "pullback-target-unweighted": [("S_bar - a_t", "S_bar - 1")],
    "pullback-target-forgotten": [("S_bar - a_t", "S_bar")],
    "pullback-sign": [("a_t * P", "-a_t * P"), ("S_bar - a_t", "S_bar + a_t")],
    "pullback-averaged": [
        ("a_t * P", "a_t * P / y.shape[-1]"),
        ("S_bar - a_t", "S_bar - a_t / y.shape[-1]"),
    ],
}
#: What is named in a second or so; the others are for the sweep.
QUICK = ("pullback-embedding-overwritten", "pullback-norm-constant", "pullback-target-unweighted")


def test_each_mistake_of_a_function_is_planted() -> None:
    known = {one.id for one in catalogue().values() if one.algorithm in FUNCTIONS}
    assert {id for id in known if id.startswith("pullback-")} == PLANTS.keys()


def only_the_last(one_hot):
    """Of several ones in a column the last."""
    from_the_end = one_hot[..., ::-1, :].cumsum(axis=-2)[..., ::-1, :]
    return one_hot * (from_the_end == 1)


@pytest.mark.parametrize(
    "id", [pytest.param(id, marks=[pytest.mark.sweep] * (id not in QUICK)) for id in PLANTS]
)
def test_a_mistake_in_the_reference_is_named(id: str) -> None:
    algorithm = catalogue()[id].algorithm
    function = FUNCTIONS[algorithm]
    for right, wrong in PLANTS[id]:
        function = planted(function, right, wrong)
    inspect.unwrap(function).__globals__["only_the_last"] = only_the_last
    report = check(function, algorithm)
    assert not report.passes
    assert (id,) in report.mistakes, str(report)
