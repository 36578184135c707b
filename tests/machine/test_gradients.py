"""Is a gradient the slope of the loss, and is a function what its definition says?"""

from __future__ import annotations

import gc
import itertools

import numpy as np
import pytest
from flint import arb
from helpers.runs import TRAINING, Seen, drawn, run, stream

from spec.domains import Floats, Reverse
from spec.domains.balls import Balls
from spec.expected.line_values import numbers
from spec.inputs.draw import SIZES, draw
from spec.language.types import Key
from spec.library import checked
from spec.machine import Machine, MachineError, Parameters, map_values
from spec.machine.values import Definition

TINY = dict.fromkeys(SIZES, 1) | {
    "N_V": 3, "ℓ_max": 3, "d_e": 2, "d_f": 2, "d_mlp": 2, "length(x_n)": 3, "length(z_n)": 2,
}  # fmt: skip
NETWORK = {"11": "8", "12": "9", "13": "10"}


def log_loss(id, sequences, θ, given, hidden):
    """The loss as the paper's text has it, by a run of the network."""
    x = sequences[-1][0]
    if id == "12":
        sequences = [[[given["mask_token"] if t in hidden else one for t, one in enumerate(x)]]]
    at = [(x[t], t) for t in sorted(hidden)] if id == "12" else [
        (x[t + 1], t) for t in range(len(x) - 1)
    ]  # fmt: skip
    arguments = (*(one[0] for one in sequences), θ)
    header = checked()[NETWORK[id]].header
    of = len(header.inputs)
    P = Machine(checked(), Balls(512)).run(
        NETWORK[id], arguments[:of], arguments[of:], {"ε": given["ε"]}
    )
    with Balls(512):
        return -sum((P[token - 1, t].log() for token, t in at), arb(0))


@pytest.mark.parametrize("id", NETWORK)
def test_a_step_of_training_goes_down_the_gradient(id):
    inputs = draw(checked(), id, np.random.default_rng(1), TINY)
    *data, θ = inputs.inputs
    θ = balls(θ)
    given = {**inputs.hyperparameters, "mask_token": 3}
    random = [0.0, 0.999, 0.0] if id == "12" else []  # the first and the third are masked
    machine = Machine(checked(), Balls(512), random=iter(random))
    trained = machine.run(id, (*data, θ), (), {key: given[key] for key in inputs.hyperparameters})

    hidden = {0, 2} | {t for t, one in enumerate(data[0][0]) if one == 3}
    with Balls(512):
        h = arb(2) ** -60
        for (array, at), new in zip(places(θ), numbers(trained), strict=True):
            old = array[at]
            losses = []
            for step in (h, -h):
                array[at] = old + step
                losses.append(log_loss(id, data, θ, given, hidden))
            array[at] = old
            slope = (losses[0] - losses[1]) / (2 * h)
            assert abs(new - (old - arb(given["η"]) * slope)) < 2.0**-100


def balls(value):
    """Parameters of which every array holds balls."""
    match value:
        case Parameters(algorithm, fields):
            return Parameters(algorithm, {key: balls(part) for key, part in fields.items()})
        case list():
            return [balls(part) for part in value]
    return np.array([[arb(entry) for entry in row] for row in value.tolist()], dtype=object)


def places(value):
    """Every array of θ with every place in it."""
    match value:
        case Parameters(_, fields):
            for part in fields.values():
                yield from places(part)
        case list():
            for part in value:
                yield from places(part)
        case np.ndarray():
            for at in itertools.product(*map(range, value.shape)):
                yield value, at


def test_a_function_has_another_value_at_another_argument():
    seen = []

    def see(frame, values):
        loss, value = frame.variables[Key("loss")], values["return"]
        θ = next(one for key, one in frame.variables.items() if str(key) == "θ")
        twice = map_values(lambda matrix: matrix * 2, θ)
        seen.append([value] + [machine.apply(loss, one, frame) for one in (θ, twice, twice, θ)])

    machine = Machine(checked(), Floats(), watcher=Seen("13.5", see))
    inputs = drawn("13")
    machine.run("13", inputs.inputs, (), inputs.hyperparameters)
    for value, same, other, other_again, same_again in seen:
        assert value == same == same_again
        assert value != other == other_again


def test_a_definition_keeps_none_of_the_turns_before():
    seen = []
    watcher = Seen("13.5", lambda frame, values: seen.append(frame.variables[Key("loss")]))
    run("13", drawn("13", N_epochs=4, N_data=1), watcher=watcher)
    assert len(seen) == 4
    for loss in seen:
        (P,) = (value for value in loss.variables.values() if isinstance(value, Definition))
        assert not any(isinstance(value, Definition) for value in P.variables.values())


@pytest.mark.parametrize("enabled", [True, False])
def test_a_gradient_leaves_the_search_for_cycles_as_it_was(enabled):
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        run("13", drawn("13", N_epochs=1))
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


@pytest.mark.parametrize("id", sorted(TRAINING))
def test_a_domain_without_derivatives_cannot_train(id):
    message = f"^Algorithm {id} needs derivatives; Reverse has none$"
    with pytest.raises(MachineError, match=message):
        run(id, drawn(id), Reverse(Floats()), random=stream())
