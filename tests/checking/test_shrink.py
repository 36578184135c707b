"""Does a function that is wrong come with small arguments on which it is?"""

from __future__ import annotations

import time

import pytest
from helpers.broken_laws import ACROSS
from helpers.planting import planted
from hosts import columns_numpy as columns
from hosts import convert

from spec.calling.verdict import Verdict
from spec.checking.check import subject
from spec.checking.print_arguments import FEW, shown
from spec.checking.shrink import smallest
from spec.inputs.adapter import Adapter
from spec.inputs.variations import variations

SECONDS = 20


def failing(one):
    trials = one.trials(variations(one.algorithms, one.id))
    return next((trial for trial in trials if not trial.verdict.passes), None)


def attention(right, wrong):
    function = planted(columns.attend, right, wrong)
    adapter = Adapter(
        "columns",
        lambda f, given: f(given.X, given.Z, given.Mask, **convert.columns_head(given.W_qkv)),
    )
    return subject(function, 4, adapter)


def shrunk(one, seconds=SECONDS):
    trial = failing(one)
    found = smallest(one, trial, seconds)
    assert found.verdict is trial.verdict
    sizes = found.arguments.sizes
    return found, {name: size for name, size in sizes.items() if size > 1}


def test_a_lost_bias_of_the_query_needs_a_context_of_two():
    found, sizes = shrunk(attention("affine(X, Wq, bq)", "Wq @ X"))
    assert sizes == {"ℓ_z": 2}
    assert shown(found) == (
        "ℓ_x = 1, ℓ_z = 2, d_x = 1, d_z = 1, d_attn = 1, d_out = 1\n"
        "X = [0]\n"
        "Z = [0 1]\n"
        "W_qkv:\n"
        "  W_q = [0]\n"
        "  b_q = [1]\n"
        "  W_k = [1]\n"
        "  b_k = [0]\n"
        "  W_v = [1]\n"
        "  b_v = [0]\n"
        "Mask = [1; 1]\n"
        "found: Ṽ = [0.5]\n"
        "wanted: Ṽ = [0.731059]"
    )


def test_a_lost_bias_of_the_key_is_none():
    assert failing(attention("affine(Z, Wk, bk)", "Wk @ Z")) is None


def test_a_lost_bias_of_the_values_needs_no_size():
    found, sizes = shrunk(attention("affine(Z, Wv, bv)", "Wv @ Z"))
    assert sizes == {}
    assert found.arguments.W_qkv.b_v.tolist() == [1.0]
    assert "found: Ṽ = [0]\nwanted: Ṽ = [1]" in shown(found)


def test_no_scale_needs_d_attn():
    _, sizes = shrunk(attention("S / np.sqrt(d_attn)", "S"))
    assert sizes == {"ℓ_z": 2, "d_attn": 2}


def test_a_softmax_of_the_other_axis():
    found, sizes = shrunk(attention(*ACROSS))
    assert len(sizes) == 1
    assert found.arguments.count < 15


def test_a_mask_transposed_is_a_difference_only_of_equal_lengths():
    one = attention("np.where(mask, S", "np.where(mask.T if len(set(mask.shape)) == 1 else mask, S")
    found, sizes = shrunk(one)
    assert sizes == {"ℓ_x": 2, "ℓ_z": 2}
    Mask = found.arguments.Mask
    assert (Mask != Mask.T).any()
    raising = attention("np.where(mask, S", "np.where(mask.T, S")
    found, sizes = shrunk(raising)
    assert found.verdict is Verdict.RAISES
    assert sorted(sizes.values()) == [2]
    assert sizes.keys() < {"ℓ_x", "ℓ_z"}


def test_a_sample_variance():
    def norm(e, gamma, beta):
        unit = (e - e.mean(axis=0)) / e.std(axis=0, ddof=1)
        return unit * gamma[:, None] + beta[:, None]

    found, sizes = shrunk(subject(norm, 6))
    assert sizes == {"d_e": 2}
    assert len(found.arguments.runs) == 1
    assert shown(found) == (
        "d_e = 2\n"
        "e = [0; 1]\n"
        "γ = [0; 1]\n"
        "β = [0; 0]\n"
        "ε = 0\n"
        "found: ê = [0; 0.707107]\n"
        "wanted: ê = [0; 1]"
    )


def test_tokens_count_from_1():
    found, sizes = shrunk(subject(lambda v, W_e: W_e[:, v - 1], 1))
    assert sizes == {"N_V": 2, "d_e": 2}
    assert shown(found).splitlines()[1:] == [
        "v = 1", "W_e = [0 0; 0 1]", "found: e = [0; 1]", "wanted: e = [0; 0]"
    ]  # fmt: skip


def test_a_whole_model():
    """Its numbers are too many to be read, but for those of one layer."""

    def scaled(x, We, **others):
        return columns.gpt(x, We=2 * We, **others)

    adapter = Adapter(
        "columns",
        lambda f, given: f(given.x, **convert.columns_gpt(given.theta)),
        values={"ε": 0.0},
    )
    found, sizes = shrunk(subject(scaled, 10, adapter), 8)
    assert sizes.keys() <= {"N_V", "d_e", "length(x)", "ℓ_max"}
    assert max(sizes.values()) <= 3
    if found.arguments.count <= FEW:
        assert "  W_1:\n    W^1_qkv:\n      W_q = [" in shown(found)


def test_many_numbers_are_not_shown():
    trial = failing(attention("affine(X, Wq, bq)", "Wq @ X"))
    assert shown(trial) == (
        "ℓ_x = 5, ℓ_z = 7, d_x = 13, d_z = 9, d_attn = 4, d_out = 10\nnumbers drawn from seed 0"
    )


def test_sizes_are_those_that_a_function_can_have():
    def even(sizes):
        return {**sizes, "d_e": 2 * ((sizes["d_e"] + 1) // 2)}

    adapter = Adapter("even", lambda f, given: f(given.v, given.W_e), sizes=even)
    found, sizes = shrunk(subject(lambda v, W_e: -W_e[:, v], 1, adapter))
    assert sizes == {"d_e": 2}
    assert "d_e = 2" in shown(found)


def test_other_arguments_are_those_that_a_function_can_have():
    def tied(run):
        (W_e,) = run.parameters
        W_e = W_e.copy()
        W_e[0] = 1
        return type(run)(run.inputs, (W_e,), run.hyperparameters)

    adapter = Adapter("first row 1", lambda f, given: f(given.v, given.W_e), inputs=tied)
    found, sizes = shrunk(subject(lambda v, W_e: -W_e[:, v], 1, adapter))
    assert sizes == {"d_e": 2}
    assert found.arguments.W_e.tolist() == [[1.0], [0.0]]


@pytest.mark.parametrize("seconds", [0, 0.3])
def test_there_is_an_end(seconds):
    one = attention("S / np.sqrt(d_attn)", "S")
    trial = failing(one)
    start = time.monotonic()
    found = smallest(one, trial, seconds)
    assert time.monotonic() - start < seconds + 5
    assert (found is None) if not seconds else (found is None or found.verdict is trial.verdict)


def test_what_agrees_has_none():
    one = attention("V @ A", "(V @ A)")
    right = next(one.trials(variations(one.algorithms, "4")))
    assert right.verdict is Verdict.AGREES
    wrong = type(right)(right.expected, Verdict.DIFFERS)
    assert smallest(one, wrong, 2) is None
