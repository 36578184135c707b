"""Is one part of a line perturbed, where it is asked for, and nothing else?"""

from __future__ import annotations

import numpy as np
import pytest

from spec.domains import Floats
from spec.inputs.draw import draw
from spec.inputs.variations import SMALL
from spec.language.plain_text import text
from spec.library import checked
from spec.machine import Machine
from spec.machine.perturbed import WAYS, Perturbation, PerturbedMachine


def run(id: str, perturbation: Perturbation | None = None, sizes=SMALL):
    """The machine after a run, and the result as floats."""
    drawn = draw(checked(), id, np.random.default_rng(0), sizes)
    machine = PerturbedMachine(checked(), Floats(), perturbation=perturbation)
    result = machine.run(id, drawn.inputs, drawn.parameters, drawn.hyperparameters)
    return machine, result.astype(float)


@pytest.mark.parametrize("id", ["4", "5", "6", "10"])
def test_without_a_perturbation_the_run_is_that_of_the_machine(id):
    drawn = draw(checked(), id, np.random.default_rng(0), SMALL)
    right = Machine(checked(), Floats()).run(
        id, drawn.inputs, drawn.parameters, drawn.hyperparameters
    )
    assert np.array_equal(run(id)[1], right.astype(float))


def test_every_line_that_computes_something_can_be_perturbed_in_each_place():
    seen = {(each.site.within, each.site.algorithm, each.site.line) for each in run("10")[0].seen}
    assert {(6, "4", line) for line in range(1, 7)} <= seen
    assert {(outer, "6", line) for outer in (5, 7, 10) for line in (1, 2, 3)} <= seen
    assert {(line, "10", line) for line in (2, 4, 5, 6, 7, 8, 10, 11)} <= seen


def test_a_perturbation_is_made_in_its_place_alone():
    machine, right = run("10")
    nodes = {text(node): node for node, line in checked()["6"].line_of.items() if line == 3}
    places = {
        each.site.within: each
        for each in machine.seen
        if each.site.node == id(nodes["γ"]) and each.way == "0"
    }
    assert places.keys() == {5, 7, 10}
    results = [run("10", each)[1] for each in places.values()]
    assert not any(np.array_equal(result, right) for result in results)
    last = run("10", places[10])[1]
    assert np.allclose(last, last[:, :1])  # the last norm gives β for every token


def test_a_loop_can_be_perturbed_as_a_whole():
    machine, right = run("10", sizes=SMALL | {"L": 2})
    ways = "backwards", "the first throughout", "all but the last"
    loops = [each for each in machine.seen if each.site.line == 4 and each.way in ways]
    assert len(loops) == len(ways)
    results = [run("10", each, SMALL | {"L": 2})[1] for each in loops]
    assert not any(np.array_equal(result, right) for result in results)


def test_a_way_that_changes_no_value_is_not_noted():
    ways = {each.way for each in run("6", sizes={"d_e": 1})[0].seen}
    assert "rows moved" not in ways
    assert ways <= WAYS.keys()


def test_members_are_cut_as_a_reshape_would_cut_them():
    heads = np.arange(24).reshape(2, 3, 4)  # heads, features, tokens
    in_memory = heads.swapaxes(1, 2)  # heads, tokens, features
    wrong = in_memory.reshape(4, 6)  # the axis of heads has not changed places with that of tokens
    cut = WAYS["cut by reshape alone"](list(heads))
    assert np.array_equal(np.concatenate(cut), wrong.T)


def test_members_are_interleaved_row_by_row():
    heads = np.arange(24).reshape(2, 3, 4)
    rows = np.concatenate(WAYS["interleaved"](list(heads)))
    assert np.array_equal(rows, [heads[h, i] for i in range(3) for h in range(2)])


@pytest.mark.parametrize("way", ["backwards", "the first throughout"])
def test_a_family_that_is_handed_on_whole_can_have_its_members_elsewhere(way):
    sizes = SMALL | {"H_kv": 2, "ℓ": 5}  # of which the mask shows each token several
    machine, right = run("H6", sizes=sizes)
    (keys,) = (node for node, _ in checked()["H6"].line_of.items() if text(node) == "K^{1:H_kv}")
    (each,) = (one for one in machine.seen if (one.site.node, one.way) == (id(keys), way))
    assert not np.array_equal(run("H6", each, sizes)[1], right)
    assert WAYS["backwards"]({1: "a", 2: "b"}) == {1: "b", 2: "a"}
