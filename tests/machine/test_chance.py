"""Are random decisions those of the text, and can they be repeated? Against simulations by hand."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.runs import TURNS, Seen, changed, drawn, run, stream, with_part

from spec.domains import Floats
from spec.domains.depth import Depths
from spec.library import checked
from spec.machine import Again, Chance, Machine, MachineError


def last_column(network, sequences, θ, given):
    """The distribution of the next token."""
    P = Machine(checked(), Floats()).run(network, sequences, [θ], {"ε": given["ε"]})
    return P[:, -1].astype(float)


def token(p, τ, u):
    """The token that u draws from q ∝ p^{1/τ}, counted from 1."""
    weights = p ** (1 / τ)
    reached = 0.0
    for at, weight in enumerate(weights / weights.sum(), 1):
        reached += weight
        if reached >= 1 - u:
            return at
    raise AssertionError("they sum to 1")


@pytest.mark.parametrize("seed", range(5))
def test_algorithm_14_continues_as_a_simulation_by_hand(seed):
    inputs, random = drawn("14", seed), stream(seed)
    (x, θ), given = inputs.inputs, inputs.hyperparameters
    text = list(x)
    for u in random[: given["ℓ_gen"]]:
        text.append(token(last_column("10", [text], θ, given), given["τ"], u))
    assert run("14", inputs, random=random) == text[len(x) :]


@pytest.mark.parametrize("seed", range(5))
def test_algorithm_15_predicts_as_a_simulation_by_hand(seed):
    inputs, random = drawn("15", seed), stream(seed)
    (z, θ), given = inputs.inputs, inputs.hyperparameters
    text = [given["bos_token"]]
    for u in random[:TURNS]:
        text.append(token(last_column("8", [z, text], θ, given), given["τ"], u))
    for eos_token in set(text[1:]):  # it ends where this comes first, or before the first turn
        inputs = changed(inputs, eos_token=eos_token)
        last = text.index(eos_token, 1)
        assert run("15", inputs, random=random) == text[: last + 1]


@pytest.mark.parametrize("seed", range(5))
def test_algorithm_12_masks_what_a_simulation_masks(seed):
    inputs, random, seen = drawn("12", seed), stream(seed), []
    watcher = Seen("12.7", lambda frame, values: seen.append(values["T̃"]))
    run("12", inputs, random=random, watcher=watcher)
    (x, _), given, us = inputs.inputs, inputs.hyperparameters, iter(random)
    wanted = []
    for sequence in [*x, *x]:  # of two epochs
        hidden = [next(us) < given["p_mask"] for _ in sequence]
        there = [one == given["mask_token"] for one in sequence]
        wanted.append({t for t, (a, b) in enumerate(zip(hidden, there, strict=True), 1) if a or b})
    assert seen == wanted


def test_what_chance_decided_is_decided_again():
    inputs = drawn("14")
    chance = Chance(iter(stream()))
    text = run("14", inputs, random=chance)
    assert chance.decisions == text
    assert run("14", inputs, Depths(), random=Again(chance.decisions)) == text
    assert run("14", inputs, random=stream(seed=1)) != text


def test_a_choice_is_decided_again():
    chance = Chance(iter([0.2, 0.9]))
    assert [chance.happens(0.5), chance.happens(0.5)] == [True, False]
    again = Again(chance.decisions)
    assert [again.happens(0.0), again.happens(1.0)] == [True, False]


@pytest.mark.parametrize(
    ("u", "drawn"), [(0.0, 3), (0.24, 3), (0.26, 2), (0.74, 2), (0.76, 1), (0.99, 1)]
)
def test_a_token_is_the_first_at_which_the_probabilities_reach_1_minus_u(u, drawn):
    assert Chance(iter([u])).token([0.25, 0.5, 0.25, 0.0]) == drawn


def test_a_token_of_probability_0_is_never_drawn():
    assert {Chance(iter([u])).token([0.0, 1.0, 0.0]) for u in (0.0, 0.5, 1 - 2**-53)} == {2}


@pytest.mark.parametrize(
    ("random", "message"),
    [
        (None, "random numbers are asked for, and none are given"),
        (Chance(iter([0.5])), "more random numbers are asked for than are given"),
        (Again([1]), "more random numbers are asked for than are given"),
    ],
)
def test_too_few_random_numbers_are_an_error(random, message):
    machine = Machine(checked(), Floats(), random=random)
    inputs = drawn("14")
    with pytest.raises(MachineError, match=f"^{message}$"):
        machine.run("14", inputs.inputs, inputs.parameters, inputs.hyperparameters)


def test_no_token_is_drawn_from_what_is_no_distribution():
    inputs = drawn("14")
    inputs = changed(
        inputs, input1=lambda θ: with_part(θ, "W_p", lambda W: np.full_like(W, np.nan))
    )
    with pytest.raises(MachineError, match=r"^no token can be drawn: the weights sum to nan$"):
        run("14", inputs, random=stream())
