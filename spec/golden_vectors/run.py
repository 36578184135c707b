"""A run of an algorithm on chosen inputs, in balls that are narrow enough to be rounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spec.domains.balls import Balls
from spec.domains.depth import Depths
from spec.expected.trace import Trace, Visit, counted, from_0, trace
from spec.golden_vectors.chosen import SEEDS, SIZES, TURNS
from spec.golden_vectors.rounding import nearest
from spec.inputs.draw import Inputs, draw
from spec.language.checked import Checked
from spec.line_by_line.array_axes import Layout
from spec.line_by_line.tie import numbers
from spec.machine import Again, Chance, Parameters, Value
from spec.machine.bind_arguments import ArgumentBinder

#: The bits to begin with, and the most.
PRECISION, LIMIT = 512, 8192


@dataclass(frozen=True)
class Run:
    """An algorithm, what it ran on, and what its lines set.

    Attributes
    ----------
    checked
        The algorithm.
    inputs
        What it ran on, in the paper's form.
    sizes
        Its sizes, by name.
    arguments
        The inputs, parameters and hyperparameters, by name, counted from 0.
    found
        What was set, in balls.
    depths
        The same, with the depth of each number.
    scale
        The largest number that occurs, at least 1.
    random
        The uniform numbers that chance decided by, in order.
    margin
        How far each was from another decision, at least.
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
    """Run an algorithm on what is chosen for it."""
    checked = algorithms[id]
    source = np.random.default_rng(SEEDS.get(id, int(id)))
    inputs = draw(algorithms, id, source, SIZES.get(id))
    uniform = source.random(100).tolist()
    precision = PRECISION
    while True:
        domain, chance = Balls(precision), _Noted(iter(uniform))
        found = trace(algorithms, domain, id, [inputs], chance=chance, turns=TURNS)
        own = (visit for (of, _), each in found.lines.items() if of == id for visit in each)
        if 2 * precision > LIMIT or all(nearest(ball) is not None for ball in _balls(own)):
            break
        precision *= 2
    again = Again(chance.decisions)
    return Run(
        checked,
        inputs,
        _sizes(algorithms, id, inputs),
        {**found.calls[id][0].values, **_by_name(checked, inputs)},
        found,
        trace(algorithms, Depths(), id, [inputs], chance=again, turns=TURNS),
        _scale(found),
        uniform[: len(chance.decisions)],
        chance.margin,
    )


def leaves(value: Value) -> Iterator[tuple[tuple[str | int, ...], Layout]]:
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
                    for path, leaf in leaves(member):
                        yield (str(key), *index, *path), leaf
        case {1: list()}:
            for index, member in value.items():
                yield (index - 1,), Layout.of(member)
        case _:
            yield (), Layout.of(value)


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
    """Return what is given by its name; real numbers as balls."""
    found = dict(inputs.hyperparameters)
    for name, value in found.items():
        if isinstance(value, float):
            found[name] = Balls().real(value)
        elif name in counted(checked):
            found[name] = from_0(value)
    return found


def _balls(visits: Iterable[Visit]) -> Iterator[Any]:
    for visit in visits:
        for value in visit.values.values():
            yield from numbers(value)


def _scale(found: Trace) -> float:
    """Return the largest number that is set, or given, anywhere in a run, at least 1."""
    visits = [visit for each in (*found.lines.values(), *found.calls.values()) for visit in each]
    return max(1.0, *(abs(float(ball)) for ball in _balls(visits) if ball.is_finite()))
