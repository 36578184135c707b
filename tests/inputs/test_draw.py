"""Are drawn inputs what the algorithms declare, and nothing special?"""

from __future__ import annotations

import numpy as np
import pytest

from spec.domains.depth import Depths
from spec.inputs.draw import LONGER, SIZES, draw
from spec.library import checked
from spec.machine import Machine, Parameters

every_algorithm = pytest.mark.parametrize("id", list(checked()))


def drawn(id, seed=0, sizes=None, values=None):
    return draw(checked(), id, np.random.default_rng(seed), sizes, values)


def arrays(value, name=""):
    """Every array with real numbers, by the name of its parameter."""
    match value:
        case np.ndarray() if value.dtype == np.float64:
            yield name, value
        case Parameters(_, fields):
            for key, part in fields.items():
                yield from arrays(part, str(key))
        case list() | tuple():
            for part in value:
                yield from arrays(part, name)


def matrices(inputs):
    return list(arrays((inputs.inputs, inputs.parameters)))


@every_algorithm
def test_every_algorithm_runs_on_what_is_drawn(id):
    inputs = drawn(id, sizes=dict.fromkeys(("L", "L_enc", "L_dec", "N_epochs"), 1))
    machine = Machine(checked(), Depths(), random=iter([0.5] * 99), turns=2)
    machine.run(id, inputs.inputs, inputs.parameters, inputs.hyperparameters)


@every_algorithm
def test_one_seed_draws_the_same_another_something_else(id):
    assert repr(drawn(id)) == repr(drawn(id))
    assert repr(drawn(id)) != repr(drawn(id, seed=1))


@every_algorithm
def test_no_matrix_is_square(id):
    assert all(array.shape[0] != array.shape[1] for _, array in matrices(drawn(id)))


@every_algorithm
def test_every_number_is_the_same_in_float32(id):
    for _, array in matrices(drawn(id)):
        assert np.array_equal(array, array.astype(np.float32))
    for value in drawn(id).hyperparameters.values():
        assert value == np.float32(value)


@every_algorithm
def test_no_parameter_is_0_or_1_and_no_two_are_equal(id):
    entries = np.concatenate([array.ravel() for _, array in matrices(drawn(id))] or [[]])
    assert not np.isin(entries, [0, 1]).any()
    assert len(np.unique(entries)) > 0.99 * len(entries)  # a few are equal by chance


def test_scales_lie_around_1_and_offsets_around_0():
    scales, offsets = (
        np.concatenate([one.ravel() for name, one in matrices(drawn("10")) if name[0] == symbol])
        for symbol in "γβ"
    )
    assert abs(scales.mean() - 1) < 0.3
    assert abs(offsets.mean()) < 0.3


def test_a_step_of_training_is_short():
    assert all(drawn(id).hyperparameters["η"] < 0.1 for id in ("11", "12", "13"))


def test_a_size_can_be_given():
    (_, W_p, *_) = drawn("10", sizes={"ℓ_max": 9}).parameters[0].fields.values()
    assert W_p.shape == (SIZES["d_e"], 9)


def test_a_hyperparameter_can_be_given_and_the_rest_stays_as_it_was():
    before, after = drawn("14"), drawn("14", values={"τ": 2.0})
    assert after.hyperparameters == {**before.hyperparameters, "τ": 2.0}
    assert repr(after.inputs) == repr(before.inputs)


@pytest.mark.parametrize("given", [{"sizes": {"ell_max": 9}}, {"values": {"tau": 2.0}}])
def test_an_unknown_name_is_refused(given):
    with pytest.raises(
        ValueError, match=r"^no algorithm has a size or hyperparameter (ell_max|tau)$"
    ):
        drawn("14", **given)


def test_what_is_called_gets_its_hyperparameters():
    assert set(drawn("10").hyperparameters) == {"ε"}
    assert set(drawn("12").hyperparameters) == {"N_epochs", "η", "p_mask", "mask_token", "ε"}


def test_a_size_that_an_array_has_is_not_given_again():
    assert set(drawn("5").hyperparameters) == set()
    assert set(drawn("14").hyperparameters) == {"ℓ_gen", "τ", "ε"}


def test_the_sequences_of_a_data_set_have_different_lengths():
    z, x, _ = drawn("11", sizes={"N_data": 2}).inputs
    assert [len(one) for one in x] == [SIZES["length(x_n)"] + LONGER * n for n in range(2)]
    assert [len(one) for one in z] == [SIZES["length(z_n)"] + LONGER * n for n in range(2)]


def test_every_token_and_position_is_drawn_some_time():
    tokens = {token for seed in range(40) for token in drawn("10", seed).inputs[0]}
    assert tokens == set(range(1, SIZES["N_V"] + 1))
    positions = {drawn("2", seed).inputs[0] for seed in range(100)}
    assert positions == set(range(1, SIZES["ℓ_max"] + 1))


def test_a_mask_has_zeros_and_ones():
    _, Mask = drawn("4").parameters
    assert set(Mask.ravel().tolist()) == {0, 1}


def test_heads_have_the_sizes_that_the_layer_says():
    heads = drawn("10").parameters[0]
    W_l = next(value for key, value in heads.fields.items() if str(key) == "W_l")
    W_q, _, _, _, W_v, _ = next(iter(W_l[0].fields.values()))[0].fields.values()
    assert W_q.shape == (SIZES["d_attn"], SIZES["d_e"])
    assert W_v.shape == (SIZES["d_mid"], SIZES["d_e"])
