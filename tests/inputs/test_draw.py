"""Are drawn inputs what the algorithms declare, and nothing special?"""

from __future__ import annotations

import numpy as np
import pytest

from spec.domains import Floats
from spec.inputs.change_parameters import parameters_by_name
from spec.inputs.draw import LONGER, SIZES, draw
from spec.library import LibraryError, checked
from spec.machine import Machine
from spec.machine.trees import leaves

every_algorithm = pytest.mark.parametrize("id", list(checked()))


def drawn(id, seed=0, sizes=None, values=None, **more):
    return draw(checked(), id, np.random.default_rng(seed), sizes, values, **more)


def matrices(inputs):
    """Every array of real numbers, with its path."""
    found = leaves((inputs.inputs, inputs.parameters))
    return [(path, leaf) for path, leaf in found if getattr(leaf, "dtype", None) == np.float64]


@every_algorithm
def test_every_algorithm_runs_on_what_is_drawn(id):
    inputs = drawn(id, sizes=dict.fromkeys(("L", "L_enc", "L_dec", "N_epochs"), 1))
    machine = Machine(checked(), Floats(), random=iter([0.5] * 99), turns=2)
    machine.run(id, inputs.inputs, inputs.parameters, inputs.hyperparameters)


@every_algorithm
def test_one_seed_draws_the_same_another_something_else(id):
    assert repr(drawn(id)) == repr(drawn(id))
    assert repr(drawn(id)) != repr(drawn(id, seed=1))


@every_algorithm
def test_nothing_is_special_and_float32_has_every_number(id):
    arrays = [array for _, array in matrices(drawn(id))]
    assert all(array.shape[0] != array.shape[1] for array in arrays)
    entries = np.concatenate([array.ravel() for array in arrays] or [[]])
    assert not np.isin(entries, [0, 1]).any()
    assert len(np.unique(entries)) >= 0.99 * len(entries)  # a few are equal by chance
    assert np.array_equal(entries, entries.astype(np.float32))
    for value in drawn(id).hyperparameters.values():
        assert np.array_equal(value, np.float32(value))


def test_scales_lie_around_1_and_offsets_around_0():
    fields = parameters_by_name(drawn("10", sizes={"d_e": 60}))
    assert abs(fields["gamma"].mean() - 1) < 0.3
    assert abs(fields["beta"].mean()) < 0.3


def test_a_step_of_training_is_short():
    assert all(drawn(id).hyperparameters["η"] < 0.1 for id in ("11", "12", "13"))


def test_sizes_and_hyperparameters_can_be_given_and_the_rest_stays_as_it_was():
    W_p = parameters_by_name(drawn("10", sizes={"ℓ_max": 9}))["W_p"]
    assert W_p.shape == (SIZES["d_e"], 9)
    before, after = drawn("14"), drawn("14", values={"τ": 2.0})
    assert after.hyperparameters == {**before.hyperparameters, "τ": 2.0}
    assert repr(after.inputs) == repr(before.inputs)


@pytest.mark.parametrize("wrong", [{"sizes": {"ell_max": 9}}, {"values": {"tau": 2.0}}])
def test_an_unknown_name_is_refused(wrong):
    with pytest.raises(ValueError, match=r"^no algorithm has a size or hyperparameter (ell_max|t)"):
        drawn("14", **wrong)


def test_a_size_without_a_value_is_named(monkeypatch):
    monkeypatch.setattr("spec.inputs.draw.SIZES", {"d_e": 6})
    with pytest.raises(LibraryError, match=r"^there is no size for d_x: spec/inputs/sizes\.toml,"):
        drawn("4")


@pytest.mark.parametrize(
    ("id", "names"),
    [
        ("5", set()),  # its sizes are those of its arrays
        ("10", {"ε"}),  # which the norms that it calls take
        ("12", {"N_epochs", "η", "p_mask", "mask_token", "ε"}),
        ("14", {"ℓ_gen", "τ", "ε"}),
    ],
)
def test_hyperparameters_are_its_own_and_those_of_what_it_calls(id, names):
    assert set(drawn(id).hyperparameters) == names


def test_the_sequences_of_a_data_set_have_different_lengths():
    z, x, _ = drawn("11", sizes={"N_data": 2}).inputs
    for texts, length in ((z, SIZES["length(z_n)"]), (x, SIZES["length(x_n)"])):
        assert [len(text) for text in texts] == [length, length + LONGER]


def test_every_token_position_and_bit_is_drawn_some_time():
    tokens = {token for seed in range(40) for token in drawn("10", seed).inputs[0]}
    assert tokens == set(range(1, SIZES["N_V"] + 1))
    positions = {drawn("2", seed).inputs[0] for seed in range(100)}
    assert positions == set(range(1, SIZES["ℓ_max"] + 1))
    assert set(drawn("4").parameters[1].ravel().tolist()) == {0, 1}


@pytest.mark.parametrize("rows", [1, 2, 7])
@pytest.mark.parametrize("columns", [1, 5])
def test_every_token_may_attend_to_something_and_not_to_everything_where_it_can(rows, columns):
    for seed in range(20):
        Mask = drawn("4", seed, {"ℓ_z": rows, "ℓ_x": columns}).parameters[1]
        assert Mask.shape == (rows, columns)
        assert Mask.any(axis=0).all()
        assert rows == 1 or not Mask.all(axis=0).any()


def test_numbers_can_have_all_digits():
    entries = drawn("4", digits=np.float64).inputs[0]
    assert not np.array_equal(entries, entries.astype(np.float32))
    assert np.allclose(entries, drawn("4").inputs[0], rtol=1e-6)


def test_heads_have_the_sizes_that_the_layer_says():
    fields = parameters_by_name(drawn("10"))
    assert fields["W_q"].shape == (SIZES["d_attn"], SIZES["d_e"])
    assert fields["W_v"].shape == (SIZES["d_mid"], SIZES["d_e"])
