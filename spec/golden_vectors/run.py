"""A run of an algorithm on its example, in balls that are narrow enough to be rounded."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from spec.domains.balls import Balls
from spec.expected.line_values import LineValues, PairedInputs
from spec.expected.trace import Visit, numbers, zero_based, zero_based_names
from spec.golden_vectors.rounding import nearest
from spec.inputs.draw import Inputs, draw
from spec.language.checked import Checked
from spec.library import example
from spec.machine import Chance, Value
from spec.machine.bind_arguments import ArgumentBinder
from spec.machine.values import entrywise

#: The precision of the first run, in bits, and the highest.
PRECISION, LIMIT = 512, 8192
#: After how many turns a `while` is stopped, unless the example says otherwise.
TURNS = 8


def example_inputs(algorithms: Mapping[str, Checked], id: str) -> tuple[Inputs, list[float]]:
    """Return the inputs of an algorithm's example, and the numbers by which chance decides.

    Where the example has no seed, the number in the algorithm's id is the seed.
    """
    chosen = example(id)
    source = np.random.default_rng(chosen.get("seed", int(re.sub(r"\D", "", id))))
    inputs = draw(algorithms, id, source, chosen.get("sizes"), chosen.get("values"))
    return inputs, source.random(100).tolist()


class ExampleRun:
    """A run of an algorithm on its example, with as many bits as round every number.

    Attributes
    ----------
    checked, sizes
        The algorithm, and the sizes of its arguments, by name, except the lengths of sequences.
    arguments
        The inputs, parameters and hyperparameters, by name; tokens and positions count from 0.
    values
        The values that each line sets, and how many roundings deep each number is.
    random, margin
        The uniform numbers that decided between tokens, in order, and the least distance of one of
        them from a number that decides otherwise.
    """

    def __init__(self, algorithms: Mapping[str, Checked], id: str) -> None:
        self.checked = algorithms[id]
        inputs, uniform = example_inputs(algorithms, id)
        turns = example(id).get("turns", TURNS)
        paired = PairedInputs([[inputs]], (), random=uniform, turns=turns)
        precision = PRECISION
        while True:
            self.values = LineValues(
                algorithms,
                id,
                paired,
                precision=precision,
                width=math.inf,
                chance=_ChanceWithMargin,
            )
            (trace,), chance = self.values.traces, self.values.chance
            # What the algorithms that it calls set is not written.
            own = (visits for (caller, _), visits in trace.lines.items() if caller == id)
            written = chain(trace.calls[id], *own)
            balls = chain.from_iterable(numbers(dict(visit)) for visit in written)
            decided = all(nearest(ball) is not None for ball in balls)
            if decided or 2 * precision > LIMIT:
                break
            precision *= 2
        assert isinstance(chance, _ChanceWithMargin), "LineValues makes the class it is given"
        self.random = uniform[: len(chance.decisions)]
        self.margin = chance.margin
        self.sizes = _sizes(algorithms, id, inputs)
        self.arguments = {**trace.calls[id][0], **_hyperparameters(self.checked, inputs)}

    def visits(self, number: int) -> Sequence[tuple[Visit, Visit]]:
        """Return what a line set at each visit, and how deep that is."""
        at = (self.checked.id, number)
        (trace,), depths = self.values.traces, self.values.depths
        return list(zip(trace.lines.get(at, ()), depths.lines.get(at, ()), strict=True))


class _ChanceWithMargin(Chance):
    """Notes how far the random numbers were, at least, from another decision."""

    def __init__(self, random: Iterator[float] | None = None) -> None:
        super().__init__(random)
        self.margin = float("inf")
        self.last = 0.0

    def token(self, q: Sequence[float]) -> int:
        token = super().token(q)
        cumulative = np.cumsum(q)
        self._note(cumulative[:-1] - (1 - self.last) * cumulative[-1])
        return token

    def happens(self, probability: float) -> bool:
        happens = super().happens(probability)
        self._note(self.last - probability)
        return happens

    def _number(self) -> float:
        self.last = super()._number()
        return self.last

    def _note(self, distances: Any) -> None:
        self.margin = min(self.margin, float(np.min(np.abs(distances))))


def _sizes(algorithms: Mapping[str, Checked], id: str, inputs: Inputs) -> dict[str, int]:
    """Return the sizes of some inputs, except the lengths of sequences."""
    binder = ArgumentBinder(algorithms, Balls(), inputs.hyperparameters)
    sizes = binder.bind(id, inputs.inputs, inputs.parameters).sizes
    named = {atom.name: size for atom, size in sizes.items() if atom.kind == "size"}
    return {name: named[name] for name in sorted(named) if "(" not in name}


def _hyperparameters(checked: Checked, inputs: Inputs) -> dict[str, Value]:
    """Return the hyperparameters, by name: real numbers as balls, tokens counted from 0."""
    tokens = zero_based_names(checked)
    return {
        name: entrywise(Balls().real, value)
        if isinstance(value, float | np.ndarray)
        else zero_based(value)
        if name in tokens
        else value
        for name, value in inputs.hyperparameters.items()
    }
