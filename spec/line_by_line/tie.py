"""Is a tagged function the pseudocode, line by line?

The function and the pseudocode run on the same inputs. After each tagged statement, what the
line sets must be what the code's variable of that name holds, up to a bound that is a formula in
the sizes and the unit round-off. The code may be batched, and carry out many visits of a line at
once: numbers stand side by side in a vector, columns in a matrix, matrices along a new first
axis, and batch axes left of it. There is one orientation only, so that no transpose is hidden.

What an untagged statement does is seen in the lines after it, and after the last line not at all.
"""

from __future__ import annotations

import copy
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
from spec.line_by_line.compare_lines import Comparison
from spec.line_by_line.findings import Tie
from spec.line_by_line.observe import Observation, observe
from spec.machine import Again, Chance, Value
from spec.machine.trees import arrays, leaves
from spec.pairing import Function

#: How narrow the pseudocode's balls are, next to the largest number that occurs.
WIDTH = 2.0**-80
#: The bits to begin with: more than most runs need, since a second run costs more than bits do.
PRECISION = 512


@dataclass(frozen=True)
class PairedInputs:
    """Inputs for the pseudocode, and the same for the function.

    Attributes
    ----------
    runs
        For each member of the batch, the runs of the pseudocode that one call of the function
        stands for: one, or one for each token where the function takes all tokens at once.
    arguments, keywords
        What the function is called with.
    batched
        Whether the function's arrays have a batch axis.
    random
        The numbers that the pseudocode draws, those that the function's own source gives.
    turns
        How many turns a `while` may take.
    """

    runs: Sequence[Sequence[Inputs]]
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any] = field(default_factory=dict)
    batched: bool = False
    random: Sequence[float] = ()
    turns: int = 100


def tie(algorithms: Mapping[str, Checked], id: str, function: Function, case: PairedInputs) -> Tie:
    """Run a function beside the pseudocode of an algorithm.

    Parameters
    ----------
    algorithms
        All algorithms, as `spec.library.checked` gives them.
    id
        The algorithm that the function carries out.
    function
        A function whose statements carry tags.
    case
        What both run on.

    Raises
    ------
    PairingError
        If the function's source is not at hand, or a tag cannot be read.
    MachineError
        If the inputs are not what the algorithm declares.
    PrecisionError
        If the pseudocode has no value on the inputs that can be certified: 0/0, say.
    """
    return ExpectedLines(algorithms, id, case).tie(function)


class ExpectedLines:
    """What each line of an algorithm sets on given inputs, to hold any number of functions to.

    Attributes
    ----------
    traces
        For each member of the batch, what was set, in balls.
    depths
        The same with the depth of each number: one for all, since sizes and tokens decide it.
    scale
        The largest number that occurs, at least 1: what errors are measured by.
    """

    def __init__(self, algorithms: Mapping[str, Checked], id: str, case: PairedInputs) -> None:
        self.algorithms = algorithms
        self.id = id
        self.case = case
        runs = [_run(algorithms, id, one, case) for one in case.runs]
        self.traces = [found for found, _ in runs]
        self.scale = max(float(_extent(one).mid()) for one in self.traces)
        again = Again(runs[0][1].decisions)
        self.depths = trace(algorithms, Depths(), id, case.runs[0], chance=again, turns=case.turns)

    @property
    def batch(self) -> tuple[int, ...]:
        """The batch axes of the function's arrays."""
        return (len(self.case.runs),) if self.case.batched else ()

    @property
    def precision(self) -> np.dtype[Any]:
        """The coarsest type of the real numbers among the arguments; float64 if there is none.

        A variable of a coarser one has lost digits, and differs.
        """
        converted = map(to_numpy, arrays((self.case.arguments, dict(self.case.keywords))))
        types = [array.dtype for array in converted if array is not None]
        reals = [type for type in types if type.kind == "f"]
        return max(reals, key=unit_roundoff, default=np.dtype(np.float64))

    def observe(self, function: Function) -> Observation:
        """Run a function on the inputs; what it draws, and what it changes, is its own."""
        keywords = copy.deepcopy(dict(self.case.keywords))
        return observe(function, *copy.deepcopy(self.case.arguments), **keywords)

    def tie(self, function: Function) -> Tie:
        """Run a function beside the pseudocode."""
        return self.compare(self.observe(function))

    def compare(self, observation: Observation) -> Tie:
        """Compare a run of a function that has been observed."""
        return Comparison(self).compare(observation)


def _run(
    algorithms: Mapping[str, Checked], id: str, runs: Sequence[Inputs], case: PairedInputs
) -> tuple[Trace, Chance]:
    """Run the pseudocode in balls, as narrow as is wanted; and return what chance decided."""

    def compute(domain: Balls) -> tuple[Trace, Chance]:
        chance = Chance(iter(case.random))
        return trace(algorithms, domain, id, runs, chance=chance, turns=case.turns), chance

    return certified(compute, lambda pair: [_extent(pair[0])], WIDTH, start=PRECISION)


def _extent(found: Trace) -> Any:
    """Return a ball as wide as the widest of a trace, around the largest number, at least 1."""
    largest, radius = arb(1), arb(0)
    for visit in itertools.chain(*found.lines.values(), *found.calls.values()):
        for value in visit.values.values():
            for ball in numbers(value):
                if ball.is_finite():
                    largest = max(largest, abs(ball.mid()))
                if not ball.is_exact():  # as infinities are
                    radius = max(radius, ball.rad())
                if ball.is_nan():
                    return ball
    return arb(largest, radius)


def numbers(value: Value) -> Iterator[Any]:
    """Yield every real number of a value."""
    for _, leaf in leaves(value):
        entries = leaf.ravel().tolist() if isinstance(leaf, np.ndarray) else [leaf]
        yield from (entry for entry in entries if not isinstance(entry, int | set))
