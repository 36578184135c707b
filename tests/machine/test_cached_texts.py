"""Do the texts with caches compute what those without do: the same numbers, the same tokens?

What is kept is what a whole pass computes again, so that not even a rounding differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers.changed_texts import changed
from helpers.runs import drawn, run, stream

from spec.domains import Domain, Floats
from spec.domains.balls import Balls
from spec.inputs.draw import Inputs
from spec.language.checked import Checked
from spec.language.tree import Line
from spec.library import checked
from spec.machine import Frame, Machine, Parameters, Value, Watcher

WHOLE = {"K4": "10", "K5": "8", "K6": "X1"}
LEAST = {"L": 1, "L_enc": 1, "L_dec": 1, "H": 2}
PROMPT = {"N_V": 7, "length(x)": 2, "length(z)": 3, "ℓ_gen": 4}


def steps(id: str, cuts: tuple[int, ...], machine: Machine[Any], inputs: Inputs) -> Value:
    """P of all tokens, of which each step gets those up to the next cut."""
    x, *caches = inputs.inputs
    caches, context = caches[:2], caches[2:]
    columns = []
    for start, end in zip((0, *cuts), (*cuts, len(x)), strict=True):
        new = [x[start:end], *caches, *context]
        P, *caches = machine.run(id, new, inputs.parameters, inputs.hyperparameters)
        columns.append(P)
    return np.concatenate(columns, axis=1)


def both(
    id: str, cuts: tuple[int, ...], domain: Domain[Any], *faulty: Checked
) -> tuple[Value, Value]:
    """What steps and a whole pass compute, of the same tokens and parameters."""
    inputs = drawn(id, **{**LEAST, "ℓ": 0})
    read = [inputs.inputs[0]]
    algorithms = {**checked(), **{one.id: one for one in faulty}}
    machine: Machine[Any] = Machine(algorithms, domain)
    if id == "K5":
        z = drawn("8").inputs[0]
        context = machine.run("K11", [z], inputs.parameters, inputs.hyperparameters)
        inputs = replace(inputs, inputs=(*inputs.inputs[:3], *context))
        read = [z, *read]
    whole = machine.run(WHOLE[id], read, inputs.parameters, inputs.hyperparameters)
    return steps(id, cuts, machine, inputs), whole


class Distributions(Watcher):
    """Each p of an algorithm, from which a token is drawn."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.p: list[Value] = []

    def line(self, frame: Frame, line: Line, values: Mapping[str, Value]) -> None:
        if frame.checked.id == self.id and "p" in values:
            self.p.append(values["p"])


@pytest.mark.parametrize("cuts", [(), (1, 2, 3, 4), (2,), (1, 4)])
@pytest.mark.parametrize("id", WHOLE)
def test_steps_are_a_whole_pass_however_the_tokens_are_divided(
    id: str, cuts: tuple[int, ...]
) -> None:
    stepwise, whole = both(id, cuts, Floats())
    assert np.array_equal(stepwise, whole)


@pytest.mark.parametrize(
    ("place", "right", "wrong"),
    [
        ("K4.2", "ℓ + t", "t"),
        ("K5.6", "ℓ + t'", "t'"),
        ("K6.6", "ω, ℓ", "ω, 0"),
        ("K6.7", "ω, ℓ", "ω, 0"),
        ("K8.3", "[K, [K^1; …; K^H]]", "[[K^1; …; K^H], K]"),
    ],
)
def test_a_step_that_forgets_how_many_tokens_came_before_differs(
    place: str, right: str, wrong: str
) -> None:
    id = "K4" if place == "K8.3" else place[:2]
    stepwise, whole = both(id, (2,), Floats(), changed(place, right, wrong))
    assert not np.allclose(stepwise.astype(float), whole.astype(float))


@pytest.mark.parametrize("id", WHOLE)
def test_in_balls_steps_are_a_whole_pass(id: str) -> None:
    stepwise, whole = both(id, (1, 4), Balls(128))
    for one, other in zip(stepwise.flat, whole.flat, strict=True):
        assert one.overlaps(other)
        assert float(one.rad()) < 2**-64


@pytest.mark.parametrize(("id", "literal"), [("K2", "14"), ("K3", "15")])
def test_with_a_cache_the_same_tokens_are_drawn(id: str, literal: str) -> None:
    tokens: set[int] = set()
    for seed in range(5):
        inputs = drawn(id, seed, **LEAST, **PROMPT)
        cached, plain = (run(one, inputs, random=stream(seed)) for one in (id, literal))
        assert cached == plain
        tokens |= set(cached)
    assert len(tokens) > 3


@pytest.mark.parametrize(
    ("id", "whole", "values"),
    [("K7", "X1", {}), ("K13", "X2", {"w": 1}), ("K13", "X2", {"w": 3}), ("K13", "X2", {"w": 9})],
)
def test_each_token_is_drawn_from_what_a_whole_pass_says(
    id: str, whole: str, values: dict[str, int]
) -> None:
    inputs, seen = drawn(id, **LEAST, **PROMPT), Distributions(id)
    inputs = replace(inputs, hyperparameters={**inputs.hyperparameters, **values})
    y = run(id, inputs, random=stream(), watcher=seen)
    (x, theta), ω = inputs.inputs, inputs.parameters
    P = Machine(checked(), Floats()).run(
        whole, [[*x, *y[:-1]]], [theta, *ω], inputs.hyperparameters
    )
    assert len(y) == PROMPT["ℓ_gen"]
    assert np.array_equal(np.concatenate(seen.p, axis=1), P[:, len(x) - 1 :])


@pytest.mark.parametrize("cuts", [(), (1, 2, 3, 4), (2,), (1, 4)])
def test_a_window_keeps_as_much_as_it_sees_whatever_stood_there_before(
    cuts: tuple[int, ...],
) -> None:
    inputs = drawn("K12", **LEAST, **{"ℓ": 2, "length(x)": 5})
    (x, *caches), (theta, ω, _) = inputs.inputs, inputs.parameters
    chosen = {**inputs.hyperparameters, "w": 3}
    machine: Machine[Any] = Machine(checked(), Floats())
    columns = []
    for start, end in zip((0, *cuts), (*cuts, len(x)), strict=True):
        new = [x[start:end], *caches]
        P, *caches = machine.run("K12", new, [theta, ω, start], chosen)
        columns.append(P)
    whole = machine.run("X2", [x], [theta, ω], chosen)
    assert np.array_equal(np.concatenate(columns, axis=1), whole)


@pytest.mark.parametrize(("k", "w"), [(1, 1), (1, 2), (2, 3), (3, 9)])
def test_sinks_and_a_window_are_drawn_from_what_a_whole_pass_says(k: int, w: int) -> None:
    inputs, seen = drawn("K15", **LEAST, **{**PROMPT, "length(x)": 4}), Distributions("K15")
    inputs = replace(inputs, hyperparameters={**inputs.hyperparameters, "k": k, "w": w})
    y = run("K15", inputs, random=stream(), watcher=seen)
    x, theta = inputs.inputs
    theta = Parameters("X9", theta.fields)  # of the same parts
    P = Machine(checked(), Floats()).run("X9", [[*x, *y[:-1]]], [theta], inputs.hyperparameters)
    assert np.array_equal(np.concatenate(seen.p, axis=1), P[:, len(x) - 1 :])
