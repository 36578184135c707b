"""What each line of an algorithm sets on given inputs, and how deep each number lies."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
from spec.machine import Again, Chance, Value
from spec.machine.trees import arrays, leaves

#: How narrow the pseudocode's balls are, relative to the largest number that occurs.
WIDTH = 2.0**-80
#: The bits to begin with: more than most runs need, since a second run costs more than bits do.
PRECISION = 512


@dataclass(frozen=True)
class PairedInputs:
    """Inputs for the pseudocode, and the same inputs for a function.

    Attributes
    ----------
    runs
        For each member of the batch, the runs of the pseudocode that one call of the function
        stands for: one, or one for each token where the function takes all tokens at once.
    arguments, keywords
        The arguments of the function, by position and by name.
    batched
        Whether the function's arrays have a batch axis.
    random
        The numbers that the pseudocode draws: those that the function's own source gives.
    turns
        How many turns a `while` may take.
    """

    runs: Sequence[Sequence[Inputs]]
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any] = field(default_factory=dict)
    batched: bool = False
    random: Sequence[float] = ()
    turns: int = 100


class LineValues:
    """What each line of an algorithm sets on given inputs.

    Attributes
    ----------
    traces
        For each member of the batch, what each line sets, in balls.
    depths
        The same with the depth of each number: one for all, since sizes and tokens decide it.
    scale
        The largest number that occurs, at least 1: errors are measured by it.
    """

    def __init__(self, algorithms: Mapping[str, Checked], id: str, inputs: PairedInputs) -> None:
        self.algorithms = algorithms
        self.id = id
        self.inputs = inputs
        runs = [_certified_run(algorithms, id, member, inputs) for member in inputs.runs]
        self.traces = [found for found, _ in runs]
        self.scale = max(map(scale_of, self.traces))
        again = Again(runs[0][1].decisions)
        self.depths = trace(
            algorithms, Depths(), id, inputs.runs[0], chance=again, turns=inputs.turns
        )

    @property
    def batch(self) -> tuple[int, ...]:
        """The batch axes of the function's arrays."""
        return (len(self.inputs.runs),) if self.inputs.batched else ()

    @property
    def precision(self) -> np.dtype[Any]:
        """The coarsest type of the real numbers among the arguments; float64 if there is none.

        A variable of a coarser type has lost digits, and differs.
        """
        handed = (self.inputs.arguments, dict(self.inputs.keywords))
        types = [array.dtype for array in map(to_numpy, arrays(handed)) if array is not None]
        reals = [type for type in types if type.kind == "f"]
        return max(reals, key=unit_roundoff, default=np.dtype(np.float64))


def _certified_run(
    algorithms: Mapping[str, Checked], id: str, runs: Sequence[Inputs], inputs: PairedInputs
) -> tuple[Trace, Chance]:
    """Run the pseudocode in balls that are narrow enough; return what chance decided, too."""

    def compute(domain: Balls) -> tuple[Trace, Chance]:
        chance = Chance(iter(inputs.random))
        return trace(algorithms, domain, id, runs, chance=chance, turns=inputs.turns), chance

    return certified(compute, lambda pair: [_widest(pair[0])], WIDTH, start=PRECISION)


def _widest(found: Trace) -> Any:
    """Return a ball as wide as the widest of a trace, around the trace's largest number."""
    radius = arb(0)
    for ball in numbers_of(found):
        if ball.is_nan():
            return ball
        if not ball.is_exact():  # as infinities are
            radius = max(radius, ball.rad())
    return arb(scale_of(found), radius)


def scale_of(found: Trace) -> float:
    """Return the largest number that is set, or an argument, anywhere in a run; at least 1."""
    finite = (abs(float(ball)) for ball in numbers_of(found) if ball.is_finite())
    return max(1.0, max(finite, default=1.0))


def numbers_of(found: Trace) -> Iterator[Any]:
    """Yield every real number of a trace."""
    for visit in itertools.chain(*found.lines.values(), *found.calls.values()):
        yield from numbers(dict(visit.values))


def numbers(value: Value) -> Iterator[Any]:
    """Yield every real number of a value."""
    for _, leaf in leaves(value):
        entries = leaf.ravel().tolist() if isinstance(leaf, np.ndarray) else [leaf]
        yield from (entry for entry in entries if not isinstance(entry, int | set))
