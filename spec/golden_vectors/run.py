"""A run of an algorithm on its example, in balls that are narrow enough to be rounded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spec.domains.balls import Balls
from spec.domains.depth import Depths
from spec.expected.line_values import numbers, scale_of
from spec.expected.trace import Trace, Visit, counted, from_0, trace
from spec.golden_vectors.rounding import nearest
from spec.inputs.draw import Inputs, draw
from spec.language.checked import Checked
from spec.library import example
from spec.line_by_line.array_axes import SpecArray
from spec.machine import Again, Chance, Parameters, Value
from spec.machine.bind_arguments import ArgumentBinder

#: The bits to begin with, and the most.
PRECISION, LIMIT = 512, 8192
#: How many turns a `while` may take, unless the example says otherwise.
TURNS = 8


@dataclass(frozen=True)
class Run:
    """An algorithm, the inputs it ran on, and what its lines set.

    Attributes
    ----------
    checked
        The algorithm.
    inputs
        Its inputs, in the paper's form.
    sizes
        Its sizes, by name.
    arguments
        The inputs, parameters and hyperparameters, by name, counted from 0.
    found
        What each line set, in balls.
    depths
        The same, with the depth of each number.
    scale
        The largest number that occurs, at least 1.
    random
        The uniform numbers that chance decided by, in order.
    margin
        How far each of these was from another decision, at least.
    """

    checked: Checked
    inputs: Inputs
    sizes: Mapping[str, int]
    arguments: Mapping[str, Value]
    found: Trace
    depths: Trace
    scale: float
    random: Sequence[float]
    margin: float

    def visits(self, number: int) -> Sequence[tuple[Visit, Visit]]:
        """Return what each visit of a line set, and how deep it is."""
        at = (self.checked.id, number)
        if at not in self.found.lines:
            return ()
        return tuple(zip(self.found.lines[at], self.depths.lines[at], strict=True))


def run(algorithms: Mapping[str, Checked], id: str) -> Run:
    """Run an algorithm on its example; where that has no seed, the seed is the id's number."""
    checked, chosen = algorithms[id], example(id)
    source = np.random.default_rng(chosen.get("seed", int(re.sub(r"\D", "", id))))
    inputs = draw(algorithms, id, source, chosen.get("sizes"), chosen.get("values"))
    uniform = source.random(100).tolist()
    turns = chosen.get("turns", TURNS)
    precision = PRECISION
    while True:
        domain, chance = Balls(precision), _Noted(iter(uniform))
        found = trace(algorithms, domain, id, [inputs], chance=chance, turns=turns)
        own = (visit for (of, _), visits in found.lines.items() if of == id for visit in visits)
        balls = (ball for visit in own for ball in numbers(dict(visit.values)))
        if 2 * precision > LIMIT or all(nearest(ball) is not None for ball in balls):
            break
        precision *= 2
    again = Again(chance.decisions)
    return Run(
        checked,
        inputs,
        _sizes(algorithms, id, inputs),
        {**found.calls[id][0].values, **_by_name(checked, inputs)},
        found,
        trace(algorithms, Depths(), id, [inputs], chance=again, turns=turns),
        scale_of(found),
        uniform[: len(chance.decisions)],
        chance.margin,
    )


def stored_arrays(value: Value) -> Iterator[tuple[tuple[str | int, ...], SpecArray]]:
    """Yield the arrays of a value, each with its path: names of fields, and indices from 0.

    The members of a data set, and the layers and heads of θ, are arrays of their own; columns and
    numbers of a family stand side by side in one.
    """
    match value:
        case Parameters(_, fields):
            for key, field in fields.items():
                split = isinstance(field, dict)
                members = {(at - 1,): one for at, one in field.items()} if split else {(): field}
                for index, member in members.items():
                    for path, array in stored_arrays(member):
                        yield (str(key), *index, *path), array
        case {1: list()}:
            for index, member in value.items():
                yield (index - 1,), SpecArray.of(member)
        case _:
            yield (), SpecArray.of(value)


class _Noted(Chance):
    """Notes how near the nearest number was that would have decided otherwise."""

    def __init__(self, random: Iterator[float]) -> None:
        super().__init__(random)
        self.margin = float("inf")
        self.last = 0.0

    def token(self, q: Sequence[float]) -> int:
        token = super().token(q)
        cumulative = np.cumsum(q)
        self._clear(cumulative[:-1] - (1 - self.last) * cumulative[-1])
        return token

    def happens(self, probability: float) -> bool:
        happens = super().happens(probability)
        self._clear(self.last - probability)
        return happens

    def _number(self) -> float:
        self.last = super()._number()
        return self.last

    def _clear(self, distances: Any) -> None:
        self.margin = min(self.margin, float(np.min(np.abs(distances))))


def _sizes(algorithms: Mapping[str, Checked], id: str, inputs: Inputs) -> dict[str, int]:
    """Return the sizes of a run; the length of a sequence is that of its array."""
    binder = ArgumentBinder(algorithms, Balls(), inputs.hyperparameters)
    found = binder.bind(id, inputs.inputs, inputs.parameters).sizes
    return {
        atom.name: found[atom]
        for atom in sorted(found, key=str)
        if atom.kind == "size" and "(" not in atom.name
    }


def _by_name(checked: Checked, inputs: Inputs) -> dict[str, Value]:
    """Return the hyperparameters, by name; real numbers as balls."""
    found = dict(inputs.hyperparameters)
    for name, value in found.items():
        if isinstance(value, float):
            found[name] = Balls().real(value)
        elif name in counted(checked):
            found[name] = from_0(value)
    return found
