"""The sizes that costs depend on: turns of loops, lengths of sequences, numbers in a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from spec.language.checked import Checked
from spec.language.errors import SpecError
from spec.language.polynomials import ONE, ZERO, Atom, Poly, sum_of
from spec.language.tree import Line, Node
from spec.language.types import Bundle, Family, Function, Matrix, Product, Type

TURNS = Poly.of(Atom("turns"))  # of a `while`


class CostError(SpecError):
    """A cost that is not a polynomial in the sizes."""


@dataclass(frozen=True)
class Loop:
    """An index that runs from `low` to `high`.

    In a `while`, which makes sequences grow, `lengths` are their lengths in terms of the index.
    """

    index: Atom
    low: Poly
    high: Poly
    lengths: Mapping[Atom, Poly] = field(default_factory=dict)

    @property
    def turns(self) -> Poly:
        """The number of turns."""
        return self.high - self.low + 1

    @property
    def afterwards(self) -> Mapping[Atom, Poly]:
        """The lengths of the sequences after the last turn."""
        end = {self.index: self.high + 1}
        return {length: size.replace(end) for length, size in self.lengths.items()}


def loops(checked: Checked, binder: Node) -> tuple[Loop, ...]:
    """Return the loops of a binder, the outermost first; a set counts as full."""
    nest = []
    for index in checked.typing.indices[binder]:
        low, high = checked.typing.bounds[index]
        assert high is not None, "a loop has an upper bound"
        nest.append(Loop(index, of_equal_lengths(low), of_equal_lengths(high)))
    return tuple(nest)


def while_loop(checked: Checked, line: Line) -> Loop:
    """Return a `while` as a loop over its turns.

    Raises
    ------
    CostError
        If a sequence does not grow by the same length in each turn.
    """
    typing = checked.typing
    turn = Atom("turn", "index", -line.number)
    growing = {length: low for length, (low, high) in typing.bounds.items() if high is None}
    lengths: dict[Atom, Poly] = {}
    for claim in typing.obligations:
        if claim.node is not line.statement or claim.relation == "=":
            continue
        # The claim is that after a turn a sequence is at least as long as before the first.
        grown = claim.excess.atoms & growing.keys()
        steps = {length: claim.excess + growing[length] - Poly.of(length) for length in grown}
        if len(steps) != 1 or any(step.constant is None for step in steps.values()):
            problem = "a sequence does not grow by the same length in each turn"
            raise CostError(f"Algorithm {checked.id}, line {line.number}: {problem}")
        for length, step in steps.items():
            lengths[length] = of_equal_lengths(growing[length]) + step * (Poly.of(turn) - 1)
    return Loop(turn, ONE, TURNS, lengths)


def of_equal_lengths(size: Poly) -> Poly:
    """Return a size where all members of a family of sequences have the same length."""
    return size.replace({atom: Poly.of(Atom(atom.name)) for atom in size.atoms if atom.at})


def value(size: Poly, sizes: Mapping[str, int]) -> int:
    """Return the value of a polynomial at sizes that are given by name."""
    return size.value({atom: sizes[atom.name] for atom in size.atoms})


def numbers(type: Type, algorithms: Mapping[str, Checked]) -> Poly:
    """Return how many real numbers a value holds; tokens, counts, positions and bits are none."""
    match type:
        case Matrix(rows, columns, bits):
            return ZERO if bits else of_equal_lengths(rows * columns)
        case Family(index, count, member):
            return numbers(member, algorithms).sum(index, ONE, of_equal_lengths(count))
        case Bundle(algorithm, sizes):
            fields = algorithms[algorithm].header.fields.values()
            new = {atom: of_equal_lengths(size) for atom, size in sizes}
            return sum_of(numbers(field, algorithms) for field in fields).replace(new)
        case Function(_, _, result):
            return numbers(result, algorithms)
        case Product(parts):
            return sum_of(numbers(part, algorithms) for part in parts)
    return ZERO
