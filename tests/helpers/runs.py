"""Runs of the machine on drawn inputs, and changes of these inputs."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from helpers.paper import TRAINING
from spec.domains import Domain, Floats
from spec.expected.trace import numbers
from spec.inputs.draw import Inputs, draw
from spec.language.tree import Line
from spec.library import checked
from spec.machine import Chance, Frame, Machine, Parameters, Value, Watcher
from spec.machine.trees import leaves

TURNS = 4  # how long a text may grow
QUICK = {  # sizes for gradients
    "N_V": 13, "d_mid": 7, "d_mlp": 9, "length(x_n)": 2, "length(z_n)": 5,
    "L": 1, "L_enc": 1, "L_dec": 1, "H": 2,
}  # fmt: skip


def drawn(id: str, seed: int = 0, **sizes: int) -> Inputs:
    """Inputs of an algorithm; sizes are named as in Python, which writes ℓ as `l`."""
    small = QUICK if id in TRAINING else {}
    return draw(checked(), id, np.random.default_rng(seed), {**small, **sized(sizes)})


def sized(sizes: Mapping[str, Any]) -> dict[str, Any]:
    """The same values by their names in the paper."""
    return {name.replace("l_", "ℓ_"): size for name, size in sizes.items()}


def run(
    id: str,
    inputs: Inputs,
    domain: Domain[Any] | None = None,
    *,
    random: Chance | Iterable[float] = (),
    turns: int = TURNS,
    watcher: Watcher | None = None,
) -> Any:
    """What an algorithm returns."""
    chance = random if isinstance(random, Chance) else iter(random)
    machine = Machine(checked(), domain or Floats(), random=chance, turns=turns, watcher=watcher)
    return machine.run(id, inputs.inputs, inputs.parameters, inputs.hyperparameters)


def stream(seed: int = 0, count: int = 200) -> list[float]:
    """Numbers uniform in [0, 1)."""
    found: list[float] = np.random.default_rng(seed).random(count).tolist()
    return found


def with_part(
    parameters: Parameters, name: str, change: Callable[[Value], Value] | None
) -> Parameters:
    """θ with one part changed, or without it."""
    (key,) = (key for key in parameters.fields if str(key) == name)
    fields = {one: value for one, value in parameters.fields.items() if one != key}
    if change is not None:
        fields[key] = change(parameters.fields[key])
    return Parameters(parameters.algorithm, fields)


def changed(inputs: Inputs, **changes: Any) -> Inputs:
    """Inputs with an argument changed: `input0`, `parameter1`, or a hyperparameter."""
    for name, value in changes.items():
        match re.fullmatch(r"(input|parameter)(\d)", name):
            case None:
                values = {**inputs.hyperparameters, **sized({name: value})}
                inputs = dataclasses.replace(inputs, hyperparameters=values)
            case found:
                kind, at = f"{found[1]}s", int(found[2])
                values = list(getattr(inputs, kind))
                values[at] = value(values[at]) if callable(value) else value
                inputs = dataclasses.replace(inputs, **{kind: tuple(values)})
    return inputs


def comparable(value: Any) -> Any:
    """The leaves of a value by their paths, with lists for arrays."""
    return {path: np.asarray(leaf).tolist() for path, leaf in leaves(value)}


class Seen(Watcher):
    """Calls a function with the frame and the values of a line, each time it is carried out."""

    def __init__(self, where: str, see: Callable[[Frame, Mapping[str, Value]], object]) -> None:
        self.where = where
        self.see = see

    def line(self, frame: Frame, line: Line, values: Mapping[str, Value]) -> None:
        if f"{frame.checked.id}.{line.number}" == self.where:
            self.see(frame, values)


class Largest(Watcher):
    """The largest number that a line sets."""

    def __init__(self) -> None:
        self.number = 1.0

    def line(self, frame: Frame, line: Line, values: Mapping[str, Value]) -> None:
        entries = [abs(float(one)) for value in values.values() for one in numbers(value)]
        self.number = max([self.number, *(one for one in entries if one < float("inf"))])
