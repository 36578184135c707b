"""Does a function that is wrong come with small arguments on which it is?"""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from helpers.broken_laws import ACROSS, attend
from hosts.adapters import ADAPTERS

from spec.calling.verdict import Verdict
from spec.checking.check import function_under_test
from spec.checking.print_arguments import FEW, printed
from spec.checking.shrink import smallest
from spec.inputs.arguments import Adapter
from spec.inputs.change_parameters import change_parameters
from spec.inputs.variations import variations

SCALE = ("S / np.sqrt(d_attn)", "S")


def failing(tested):
    trials = tested.trials(variations(tested.algorithms, tested.id))
    return next((trial for trial in trials if not trial.verdict.passes), None)


def attention(right, wrong):
    broken = attend(right, wrong)
    return function_under_test(broken.function, broken.id, broken.adapter)


def shrunk(tested, seconds=20):
    """The smallest trial that fails in the same way, and its sizes above 1."""
    trial = failing(tested)
    found = smallest(tested, trial, seconds)
    assert found.verdict is trial.verdict
    return found, {name: size for name, size in found.arguments.sizes.items() if size > 1}


def test_a_lost_bias_of_the_query_needs_a_context_of_two():
    found, sizes = shrunk(attention("affine(X, Wq, bq)", "Wq @ X"))
    assert sizes == {"ℓ_z": 2}
    assert printed(found) == (
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


def test_a_lost_bias_of_the_key_moves_nothing():
    assert failing(attention("affine(Z, Wk, bk)", "Wk @ Z")) is None


@pytest.mark.parametrize(
    ("right", "wrong", "above_1"),
    [
        ("affine(Z, Wv, bv)", "Wv @ Z", [set()]),
        (*SCALE, [{"ℓ_z", "d_attn"}]),
        (*ACROSS, [{"ℓ_x"}, {"ℓ_z"}]),
        (
            "np.where(mask, S",
            "np.where(mask.T if len(set(mask.shape)) == 1 else mask, S",
            [{"ℓ_x", "ℓ_z"}],
        ),
    ],
    ids=["no b_v", "no scale", "softmax of the other axis", "a mask that is transposed if square"],
)
def test_only_the_sizes_stay_above_1_that_a_mistake_needs(right, wrong, above_1):
    found, sizes = shrunk(attention(right, wrong))
    assert set(sizes) in above_1
    assert set(sizes.values()) <= {2}
    assert found.arguments.count < 25


def test_the_smallest_arguments_fail_in_the_same_way():
    found, sizes = shrunk(attention("np.where(mask, S", "np.where(mask.T, S"))
    assert found.verdict is Verdict.RAISES
    assert sorted(sizes.values()) == [2]
    assert sizes.keys() < {"ℓ_x", "ℓ_z"}


def test_tokens_count_from_1():
    found, sizes = shrunk(function_under_test(lambda v, W_e: W_e[:, v - 1], 1))
    assert sizes == {"N_V": 2, "d_e": 2}
    rows = ["v = 1", "W_e = [0 0; 0 1]", "found: e = [0; 1]", "wanted: e = [0; 0]"]
    assert printed(found).splitlines()[1:] == rows


def test_a_whole_model():
    """Its numbers are too many to be read, but for those of one layer."""
    _, function, adapter = ADAPTERS["columns 10"]

    def scaled(x, We, **others):
        return function(x, We=2 * We, **others)

    found, sizes = shrunk(function_under_test(scaled, 10, adapter), 4)
    assert sizes.keys() <= {"N_V", "d_e", "length(x)", "ℓ_max"}
    assert max(sizes.values()) <= 3
    if found.arguments.count <= FEW:
        assert "  W_1:\n    W^1_qkv:\n      W_q = [" in printed(found)


def test_numbers_have_the_digits_in_which_they_differ():
    found, _ = shrunk(function_under_test(lambda v, W_e: W_e[:, v] * (1 + 3e-9), 1))
    assert printed(found).endswith("found: e = [0; 1.000000003]\nwanted: e = [0; 1]")
    widened = function_under_test(lambda v, W_e: W_e[:, v].astype(float), 1, format="float32")
    found, _ = shrunk(widened)
    assert "found" not in printed(found)


def test_many_numbers_are_not_shown():
    assert printed(failing(attention(*SCALE))) == (
        "ℓ_x = 5, ℓ_z = 7, d_x = 13, d_z = 9, d_attn = 4, d_out = 10\nnumbers drawn from seed 0"
    )


def test_arguments_are_those_that_a_function_can_have():
    def first_row_1(fields):
        W_e = fields["W_e"].copy()
        W_e[0] = 1
        return {"W_e": W_e}

    adapter = Adapter(
        "even, first row 1",
        lambda f, given: f(given.v, given.W_e),
        sizes=lambda sizes: {**sizes, "d_e": 2 * ((sizes["d_e"] + 1) // 2)},
        inputs=lambda run: change_parameters(run, first_row_1),
    )
    found, sizes = shrunk(function_under_test(lambda v, W_e: -W_e[:, v], 1, adapter))
    assert sizes == {"d_e": 2}
    assert found.arguments.W_e.tolist() == [[1.0], [0.0]]


@pytest.mark.parametrize("seconds", [0, 0.3])
def test_there_is_an_end(seconds):
    tested = attention(*SCALE)
    trial = failing(tested)
    start = time.process_time()
    found = smallest(tested, trial, seconds)
    assert time.process_time() - start < seconds + 2  # one trial and Hypothesis's own work
    assert (found is None) if not seconds else (found is None or found.verdict is trial.verdict)


def test_what_agrees_has_none():
    tested = attention("V @ A", "(V @ A)")
    right = next(tested.trials(variations(tested.algorithms, "4")))
    assert right.verdict is Verdict.AGREES
    assert smallest(tested, replace(right, verdict=Verdict.DIFFERS), 1) is None
