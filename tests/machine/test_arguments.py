"""Is an argument that does not fit named, with what it should be?"""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from helpers.changed_texts import understood
from helpers.runs import changed, comparable, drawn, run, stream, with_part

from spec.domains import Floats
from spec.language.parse import program
from spec.language.types import SCALAR
from spec.library import checked
from spec.machine import Machine, MachineError, Parameters
from spec.mistakes.edit import with_rows

every_algorithm = pytest.mark.parametrize("id", checked())


def part(name, change):
    return {"parameter0": lambda θ: with_part(θ, name, change)}


def other(id):
    return lambda _: next(
        part for part in (*drawn(id).parameters, *drawn(id).inputs) if isinstance(part, Parameters)
    )


def transposed(array):
    return array.T


MORE = "requires length(x) + ℓ_gen − 1 ≤ ℓ_max"
WRONG = [
    # An array
    ("4", {"input0": None}, "X is None, want d_x×ℓ_x"),
    ("4", {"input0": [[1, 2], [3, 4]]}, "X is [[1, 2], [3, 4]], want d_x×ℓ_x"),
    ("4", {"input0": np.ones((2, 3, 4))}, "X has 3 axes, want d_x×ℓ_x"),
    ("4", {"input0": np.array("a")}, "X is array('a', dtype='<U1'), want d_x×ℓ_x"),
    ("4", {"input0": transposed}, "W_qkv has a size 13 where d_x = 5"),
    ("4", {"parameter1": transposed}, "Mask has a size 5 where ℓ_z = 7"),
    ("4", {"parameter1": lambda Mask: 2 * Mask}, "Mask has an entry that is neither 0 nor 1"),
    # Parameters
    ("4", {"parameter0": 3}, "W_qkv is 3, want parameters of Algorithm 4"),
    (
        "4",
        {"parameter0": other("10")},
        "W_qkv is parameters of Algorithm 10, want parameters of Algorithm 4",
    ),
    ("4", part("b_k", None), "W_qkv has no b_k"),
    ("4", part("b_k", lambda b: b[:-1]), "W_qkv, b_k has a size 3 where d_attn = 4"),
    ("4", part("b_k", lambda b: np.ones((4, 2))), "W_qkv, b_k has a size 2 where 1 = 1"),
    ("5", part("W_o", transposed), "W, W_o has a size 24 where d_out = 10"),
    ("10", part("W^l_mlp1", lambda family: family[:1]), "θ, W^l_mlp1 has a size 1 where L = 2"),
    (
        "10",
        part("W_l", lambda W: [W[0], 7]),
        "θ, W_l, member 2, is 7, want parameters of Algorithm 5",
    ),
    # Tokens and counts
    ("10", {"input0": [1, 18]}, "x is 18, outside 1 … 17 (N_V)"),
    ("10", {"input0": [1, 0]}, "x is 0, outside 1 … 17 (N_V)"),
    ("10", {"input0": [1, 1.5]}, "x is 1.5, want a whole number"),
    ("10", {"input0": 3}, "x is 3, want a sequence of length(x) tokens"),
    ("2", {"input0": 12}, "t is 12, outside 1 … 11 (ℓ_max)"),
    ("13", {"input0": [[1], [1, 14]]}, "x_n, member 2, is 14, outside 1 … 13 (N_V)"),
    ("12", {"mask_token": 14}, "mask_token is 14, outside 1 … 13 (N_V)"),
    ("13", {"N_epochs": 1.0}, "N_epochs is 1.0, want a whole number"),
    ("13", {"N_epochs": -1}, "N_epochs is -1, want a natural number"),
    ("10", {"l_max": 12}, "ℓ_max has a size 12 where ℓ_max = 11"),
    # Numbers
    ("13", {"η": "small"}, "η is 'small', want a number"),
    ("6", {"ε": np.ones(2)}, "ε is array([1., 1.]), want a number"),
    # Requirements
    ("10", {"input0": []}, "requires 1 ≤ length(x), not length(x) = 0"),
    ("10", {"input0": [1] * 12}, "requires length(x) ≤ ℓ_max, not length(x) = 12, ℓ_max = 11"),
    (
        "13",
        {"input0": [[1], [1] * 12]},
        "requires length(x_n) ≤ ℓ_max, not length(x_2) = 12, ℓ_max = 11",
    ),
    ("11", {"input0": [[1], []]}, "requires 1 ≤ length(z_n), not length(z_2) = 0"),
    ("14", {"l_gen": 9}, f"{MORE}, not length(x) = 5, ℓ_gen = 9, ℓ_max = 11"),
]


@pytest.mark.parametrize(("id", "changes", "message"), WRONG, ids=[one[2] for one in WRONG])
def test_a_wrong_argument_is_named(id, changes, message):
    with pytest.raises(MachineError, match=f"^Algorithm {id}:? {re.escape(message)}$"):
        run(id, changed(drawn(id), **changes), random=stream())


@pytest.mark.parametrize(
    ("line", "rows", "problem"),
    [
        ("2.1", "return e_p = W_p[:, t + ℓ_max]", "t + ℓ_max is {}, outside 1 … 11"),
        ("6.1", "m ← e[d_e + 1]", "d_e + 1 is 7, outside 1 … 6"),
        ("6.1", "m ← e[0]", "0 is 0, outside 1 … 6"),
        ("3.1", "q ← W_q e_{T+1} + b_q", "T + 1 is 6, outside 1 … 5"),
        ("9.2", "for t ∈ [ℓ]: e_t ← W_e[:, x[t + 1]]", "t + 1 is 6, outside 1 … 5"),
        ("4.5", "for t ∈ [ℓ_z]: S[1, t] ← −∞", "t is 6, outside 1 … 5"),
        ("14.8", "return y = x[0 : 1]", "0:1 is 0 … 1, which is no part of 1 … 8"),
        ("14.8", "return y = x[1 : 9]", "1:9 is 1 … 9, which is no part of 1 … 8"),
        ("14.8", "return y = x[4 : 2]", "4:2 is 4 … 2, which is no part of 1 … 8"),
        (
            "R1.4",
            "return ẽ = [a ⊙ cos(φ); b ⊙ sin(φ); e[2 d_rot+2 : d_attn+1]]",
            "2 d_rot+2 : d_attn+1 is 6 … 5, which is no part of 1 … 4",
        ),
    ],
)
def test_what_is_out_of_bounds_is_named(line, rows, problem):
    """The line is changed to one that the checks cannot prove to be within bounds."""
    id, number = line.split(".")
    inputs = drawn(id)
    beyond = understood(program(with_rows(checked()[id].program.layout, {int(number): rows})))
    machine = Machine({**checked(), id: beyond}, Floats(), random=iter(stream()))
    with pytest.raises(MachineError) as caught:
        machine.run(id, inputs.inputs, inputs.parameters, inputs.hyperparameters)
    (first, *_) = inputs.inputs
    told = problem.format(first + 11) if id == "2" else problem
    assert str(caught.value) == f"Algorithm {id}: {told}"


@every_algorithm
def test_no_wrong_argument_passes(id):
    inputs = drawn(id)
    for kind in ("input", "parameter"):
        for at in range(len(getattr(inputs, f"{kind}s"))):
            _, type = getattr(checked()[id].header, f"{kind}s")[at]
            number = "2.5" if type == SCALAR else 2.5  # which is a right one, else
            for wrong in (None, "a", number, object(), np.ones((2, 2, 2)), [[None]]):
                one = changed(inputs, **{f"{kind}{at}": lambda _, wrong=wrong: wrong})
                with pytest.raises(MachineError) as caught:
                    run(id, one, random=stream())
                assert str(caught.value).startswith(f"Algorithm {id}: ")
                assert "\n" not in str(caught.value)


@every_algorithm
def test_the_number_of_arguments_is_held(id):
    inputs = drawn(id)
    number = len(inputs.inputs), len(inputs.parameters)
    fewer = dataclasses.replace(inputs, inputs=inputs.inputs[1:])
    message = "Algorithm {0} takes {1} inputs and {2} parameters, not {3} and {2}"
    with pytest.raises(MachineError) as caught:
        run(id, fewer)
    assert str(caught.value) == message.format(id, *number, number[0] - 1)


@pytest.mark.parametrize(
    ("id", "name"), [("13", "η"), ("14", "τ"), ("15", "eos_token"), ("13", "N_epochs")]
)
def test_a_missing_hyperparameter_is_named(id, name):
    inputs = drawn(id)
    given = {key: value for key, value in inputs.hyperparameters.items() if key != name}
    with pytest.raises(MachineError, match=f"^Algorithm {id} needs {name}$"):
        run(id, dataclasses.replace(inputs, hyperparameters=given), random=stream())


def test_a_hyperparameter_has_its_default():
    inputs = drawn("6")
    without = dataclasses.replace(inputs, hyperparameters={})
    assert comparable(run("6", without)) == comparable(run("6", changed(inputs, ε=0)))


def test_what_is_unknown_is_named():
    with pytest.raises(MachineError, match=r"^there is no Algorithm 99$"):
        Machine(checked(), Floats()).run("99", [])
    with pytest.raises(MachineError, match=r"^χ is not a hyperparameter of any algorithm$"):
        run("6", changed(drawn("6"), χ=1.0))


def test_a_size_that_nothing_says_is_named():
    with pytest.raises(MachineError, match=r"^Algorithm 5 needs d_mid$"):
        run("5", drawn("5", H=0))
