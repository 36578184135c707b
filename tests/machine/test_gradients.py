"""Is a function what its definition says, and does a gradient leave the rest as it was?

That a gradient is the slope of the loss is shown where training is held to its lines, with torch.
"""

from __future__ import annotations

import gc

import pytest
from helpers.paper import TRAINING
from helpers.runs import Seen, drawn, run, stream

from spec.domains import Floats, Reverse
from spec.language.types import Key
from spec.library import checked
from spec.machine import Machine, MachineError, map_values
from spec.machine.values import Definition


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
def test_what_has_derivatives_already_cannot_train(id):
    message = f"^Algorithm {id} needs derivatives of numbers that have derivatives already$"
    with pytest.raises(MachineError, match=message):
        run(id, drawn(id), Reverse(Floats()), random=stream())
