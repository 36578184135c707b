"""Are random decisions made from the numbers that are given, and can they be repeated?

That the algorithms make the decisions of their texts is shown where the reference is held to them.
"""

from __future__ import annotations

import numpy as np
import pytest
from helpers.runs import changed, drawn, run, stream, with_part

from spec.domains import Floats, UndecidedError
from spec.domains.depth import Depths
from spec.library import checked
from spec.machine import Again, Chance, Machine, MachineError


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


def test_what_a_comparison_said_is_said_again():
    inputs = drawn("D2")
    chance = Chance()
    dropped = run("D2", inputs, random=chance)
    assert {*chance.decisions} == {0, 1}
    assert [int(x != 0) for x in dropped.ravel()] == chance.decisions
    depths = run("D2", inputs, Depths(), random=Again(chance.decisions))
    assert all(one.depth == 2 for one in depths.ravel())
    with pytest.raises(UndecidedError, match=r"^a depth does not say which number is larger$"):
        run("D2", inputs, Depths())
