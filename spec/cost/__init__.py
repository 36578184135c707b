"""What an algorithm costs, as polynomials in its sizes, read off its tree.

Counted are operations on real numbers, of the kinds of `spec.domains.counting`: a run over that
domain does exactly so many. Work on whole numbers is free, and so is to repeat a column, `b 1ᵀ`.
A sum of n terms is n − 1 additions, also where it has none: in 11.5 and 13.5, at one token.

A `while` takes `turns` turns, and the sequences of a data set are all of one length. What a line
does only if the data are such and such is counted (`Cost.at_most` has those lines).

A function that an algorithm defines, `loss(θ) = …`, is evaluated once, in the line that defines
it. A gradient is not counted, neither what is done for it nor the memory that it takes, since the
text does not say how to compute it: a step of 11-13 is one evaluation of the loss, and the change
of θ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from spec.cost.loops import CostError, value
from spec.cost.memory import Memory, Peak, Where, highest
from spec.cost.numbers import numbers
from spec.cost.operations import KINDS, Count, Operations, together
from spec.language.checked import Checked
from spec.language.polynomials import Poly, sum_of
from spec.language.types import Bundle

__all__ = [
    "KINDS",
    "Cost",
    "CostError",
    "Operations",
    "Peak",
    "Where",
    "cost",
    "highest",
    "value",
]


@dataclass(frozen=True)
class Cost:
    """What an algorithm costs.

    Attributes
    ----------
    id
        The algorithm.
    lines
        The operations of each line, of all its turns together, what it calls included.
    parameters
        How many numbers its parameters are, also those that are an input (11-15).
    memory
        For each line, how many numbers are in memory at once while it is carried out: the largest
        of these. What is in memory says `spec.cost.memory`.
    at_most
        The lines that may do less than is counted, depending on the data.
    """

    id: str
    lines: Mapping[int, Operations]
    parameters: Poly
    memory: Mapping[int, tuple[Peak, ...]]
    at_most: frozenset[int]

    @property
    def total(self) -> Operations:
        """The operations of all lines."""
        return together(self.lines.values())

    @cached_property
    def peaks(self) -> tuple[Peak, ...]:
        """How many numbers are in memory at once: the largest of these."""
        return highest(peak for line in self.memory.values() for peak in line)

    @property
    def sizes(self) -> tuple[str, ...]:
        """The names of the sizes that the cost depends on."""
        polynomials = [*self.total.kinds.values(), self.parameters]
        polynomials += [peak.numbers for peak in self.peaks]
        return tuple(sorted({atom.name for one in polynomials for atom in one.atoms}))

    def peak(self, sizes: Mapping[str, int]) -> tuple[int, tuple[Where, ...]]:
        """Return how much memory is needed at given sizes, and where it is, from line to line."""
        return max((peak.value(sizes), peak.path) for peak in self.peaks)


def cost(algorithms: Mapping[str, Checked], id: str) -> Cost:
    """Return what an algorithm costs; `algorithms` are all, by id."""
    count = Count(algorithms)
    header = algorithms[id].header
    inputs = (type for _, type in header.inputs if isinstance(type, Bundle))
    return Cost(
        id,
        count.lines(id),
        sum_of(numbers(type, algorithms) for type in (*header.fields.values(), *inputs)),
        Memory(algorithms).lines(id),
        count.at_most(id),
    )
