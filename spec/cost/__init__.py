"""The cost of an algorithm, as polynomials in its sizes, read off its tree.

Counted are operations on real numbers, in the kinds `KINDS`: `add` is also a difference, and each
addition of a sum; `multiply-add` is a term of an entry of a matrix product. Work on whole numbers
is free, and so is to repeat a column, `b 1ᵀ`. A sum of n terms is n − 1 additions, even if n is 0:
in 11.5 and 13.5, at one token.

A `while` takes `turns` turns, and the sequences of a data set all have one length. Operations
that depend on the data are counted as if they were always done (`Cost.at_most` has their lines).

A function that an algorithm defines, `loss(θ) = …`, is evaluated once, in the line that defines
it. A gradient is not counted, neither its operations nor its memory, since the text does not say
how to compute it: a step of 11-13 is one evaluation of the loss, and the change of θ. ∇8-∇10 say
how, and what they keep from the way forth to the way back is in their memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from spec.cost.counts import CostError, numbers, value
from spec.cost.memory import Memory, Peak, highest
from spec.cost.operations import KINDS, Counts, Operations, total
from spec.language.checked import Checked
from spec.language.polynomials import ZERO, Poly, sum_of
from spec.language.types import Bundle
from spec.pairing import Ref

__all__ = ["KINDS", "Cost", "CostError", "Costs", "Operations", "Peak", "cost", "highest", "value"]


@dataclass(frozen=True)
class Cost:
    """The cost of an algorithm.

    Attributes
    ----------
    id
        The id of the algorithm.
    lines
        The operations of each line, in all its turns, with those of the algorithms it calls.
    parameters
        How many numbers the parameters hold, also those that are an input (11-15).
    memory
        For each line, its peaks: the most numbers in memory at once is the largest of them.
        `spec.cost.memory` says what is in memory.
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
        return total(self.lines.values())

    @cached_property
    def peaks(self) -> tuple[Peak, ...]:
        """The peaks of all lines, without those that another peak covers."""
        found = highest(peak for line in self.memory.values() for peak in line)
        return found or (Peak(ZERO, (Ref(self.id, max(self.lines)),)),)  # what only copies

    @property
    def sizes(self) -> tuple[str, ...]:
        """The names of the sizes that the cost depends on."""
        polynomials = [*self.total.kinds.values(), self.parameters]
        polynomials += [peak.numbers for peak in self.peaks]
        atoms = {atom.name for polynomial in polynomials for atom in polynomial.atoms}
        return tuple(sorted(atoms))

    def peak(self, sizes: Mapping[str, int]) -> tuple[int, tuple[Ref, ...]]:
        """Return the most numbers in memory at once, at some sizes, and the path to that line."""
        return max((peak.value(sizes), peak.path) for peak in self.peaks)


class Costs(dict[str, Cost]):
    """The costs of some algorithms, by id, found when they are first asked for."""

    def __init__(self, algorithms: Mapping[str, Checked]) -> None:
        super().__init__()
        self._algorithms = algorithms
        self._counts = Counts(algorithms)
        self._memory = Memory(algorithms)

    def __missing__(self, id: str) -> Cost:
        count, header = self._counts[id], self._algorithms[id].header
        inputs = (type for _, type in header.inputs if isinstance(type, Bundle))
        stored = (*header.fields.values(), *inputs)
        self[id] = Cost(
            id,
            count.lines,
            sum_of(numbers(type, self._algorithms) for type in stored),
            self._memory[id].lines,
            frozenset(count.at_most),
        )
        return self[id]


def cost(algorithms: Mapping[str, Checked], id: str) -> Cost:
    """Return the cost of an algorithm; `algorithms` holds all of them, by id."""
    return Costs(algorithms)[id]
