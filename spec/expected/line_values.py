"""What each line of an algorithm sets on given inputs, exactly, and how rounding adds up there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

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
    """What each line of an algorithm sets on given inputs.

    Parameters
    ----------
    algorithms, id
        All algorithms, by id, and which it is.
    inputs
        The inputs, of which the function's are not looked at.
    precision
        The precision of the first run, in bits.
    width
        The largest radius of a ball, relative to the largest number of its run.
    chance
        The class that makes the random decisions.

    Attributes
    ----------
    traces
        For each member of the batch, what each line sets, in balls.
    scale
        The largest number of all runs, at least 1: errors are measured by it.
    chance
        The random decisions of the first member's runs.
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
        self.traces = [found for found, _ in runs]
        self.scale = max(map(_largest_number, self.traces))
        self.chance = runs[0][1]

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
    ) -> tuple[Trace, Chance]:
        """Run the pseudocode in narrow balls; return the trace, and the random decisions."""
        random, turns = self.inputs.random, self.inputs.turns

        def compute(domain: Balls) -> tuple[Trace, Chance]:
            made = chance(iter(random))
            return trace(self.algorithms, domain, self.id, runs, chance=made, turns=turns), made

        return certified(compute, lambda run: [_widest_ball(run[0])], width, start=precision)


def _widest_ball(run: Trace) -> Any:
    """Return a ball as wide as the widest of a trace, around the trace's largest number."""
    radius = arb(0)
    for ball in run.numbers():
        if ball.is_nan():
            return ball
        if not ball.is_exact():  # as infinities are
            radius = max(radius, ball.rad())
    return arb(_largest_number(run), radius)


def _largest_number(run: Trace) -> float:
    """Return the largest magnitude of a number in a trace; at least 1."""
    finite = (abs(float(ball)) for ball in run.numbers() if ball.is_finite())
    return max(1.0, max(finite, default=1.0))
