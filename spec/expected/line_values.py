"""What each line of an algorithm sets on given inputs, exactly, and how rounding adds up there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from spec.domains.balls import Balls, certified
from spec.domains.depth import Depths
from spec.expected.rounding_bounds import unit_roundoff
from spec.expected.trace import Trace, trace
from spec.inputs.array_conversion import to_numpy
from spec.inputs.draw import Inputs
from spec.language.checked import Checked
from spec.machine import Again, Chance
from spec.machine.trees import arrays

WIDTH = 2.0**-80
PRECISION = 512  # enough for most algorithms: a second run costs more than these bits do


@dataclass(frozen=True)
class PairedInputs:
    """Inputs for the pseudocode, and the same inputs for a function.

    Attributes
    ----------
    runs
        For each member of the batch, the runs of the pseudocode that one call of the function
        stands for: one run, or one for each token where the function takes all tokens at once.
    arguments, keywords
        The arguments of the function, by position and by name.
    batched
        Whether the function's arrays have a batch axis.
    random
        The random numbers by which the pseudocode decides: those that the function draws.
    turns
        After how many turns a `while` of the pseudocode is stopped.
    """

    runs: Sequence[Sequence[Inputs]]
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any] = field(default_factory=dict)
    batched: bool = False
    random: Sequence[float] = ()
    turns: int = 100

    @property
    def batch(self) -> tuple[int, ...]:
        """The batch axes of the function's arrays: `(2,)`, or none."""
        return (len(self.runs),) if self.batched else ()

    @cached_property
    def coarsest_type(self) -> np.dtype[Any]:
        """The coarsest type of the real numbers among the arguments; float64 if there are none.

        A variable of a coarser type has lost digits, and differs.
        """
        handed = (self.arguments, dict(self.keywords))
        types = [array.dtype for array in map(to_numpy, arrays(handed)) if array is not None]
        reals = [type for type in types if type.kind == "f"]
        return max(reals, key=unit_roundoff, default=np.dtype(np.float64))


class LineValues:
    """The exact values that each line of an algorithm sets on some inputs.

    Parameters
    ----------
    algorithms, id
        All algorithms, by id, and the id of the one that runs.
    inputs
        The inputs, of which only those for the pseudocode are used.
    precision, width
        The precision of the first run, in bits, and the largest radius of a ball, relative to the
        largest number of its run.
    chance
        The class that makes the random decisions.

    Attributes
    ----------
    traces, chance
        The balls that each line sets, for each member of the batch, and the random decisions in the
        runs of the first.
    scale
        The largest number of all runs, at least 1: errors are measured by it.
    """

    def __init__(
        self,
        algorithms: Mapping[str, Checked],
        id: str,
        inputs: PairedInputs,
        *,
        precision: int = PRECISION,
        width: float = WIDTH,
        chance: type[Chance] = Chance,
    ) -> None:
        self.algorithms = algorithms
        self.id = id
        self.inputs = inputs
        runs = [self._certified_run(run, precision, width, chance) for run in inputs.runs]
        self.traces = [run.trace for run in runs]
        self.scale = max(run.largest for run in runs)
        self.chance = runs[0].chance

    @cached_property
    def depths(self) -> Trace:
        """The depth of each number that a line sets: one for all members of the batch.

        Sizes and tokens alone decide it.
        """
        again = Again(self.chance.decisions)
        turns = self.inputs.turns
        return trace(
            self.algorithms, Depths(), self.id, self.inputs.runs[0], chance=again, turns=turns
        )

    def _certified_run(
        self, runs: Sequence[Inputs], precision: int, width: float, chance: type[Chance]
    ) -> _Run:
        """Run the pseudocode in balls that are narrow enough."""
        random, turns = self.inputs.random, self.inputs.turns

        def compute(domain: Balls) -> _Run:
            made = chance(iter(random))
            found = trace(self.algorithms, domain, self.id, runs, chance=made, turns=turns)
            return _Run(found, made, *_extent(found))

        return certified(compute, lambda run: [run.widest], width, start=precision)


class _Run(NamedTuple):
    trace: Trace
    chance: Chance
    largest: float
    widest: arb


def _extent(run: Trace) -> tuple[float, arb]:
    """Return the largest magnitude in a trace, at least 1, and a ball around it.

    The ball is as wide as the widest of the trace; it is nan if a number has no value.
    """
    largest, radius = 1.0, arb(0)
    for ball in run.numbers():
        if ball.is_nan():
            return largest, ball
        if not ball.is_exact():
            radius = max(radius, ball.rad())
        if ball.is_finite():
            largest = max(largest, abs(float(ball)))
    return largest, arb(largest, radius)
