"""How often a line is carried out, and how long its sequences are in each turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spec.language.checked import Checked
from spec.language.errors import SpecError
from spec.language.polynomials import ONE, Atom, Poly
from spec.language.tree import Line, Node

TURNS = Poly.of(Atom("turns"))  # of a `while`


class CostError(SpecError):
    """A cost that is no polynomial in the sizes."""


@dataclass(frozen=True)
class Loop:
    """An index that runs from `low` to `high`.

    `lengths` says how long the sequences are that grow in a `while`, in terms of the index.
    """

    index: Atom
    low: Poly
    high: Poly
    lengths: Mapping[Atom, Poly] = field(default_factory=dict)

    @property
    def turns(self) -> Poly:
        """How many there are."""
        return self.high - self.low + 1

    @property
    def afterwards(self) -> Mapping[Atom, Poly]:
        """How long the sequences are after the last turn."""
        end = {self.index: self.high + 1}
        return {length: put(size, end) for length, size in self.lengths.items()}


def loops(checked: Checked, binder: Node) -> tuple[Loop, ...]:
    """Return what a binder runs over, the outermost first; of a set, as if it held all it may."""
    found = []
    for index in checked.typing.indices[binder]:
        low, high = checked.typing.bounds[index]
        assert high is not None, "a loop has an upper bound"
        found.append(Loop(index, alike(low), alike(high)))
    return tuple(found)


def repeated(checked: Checked, line: Line) -> Loop:
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
        # The claim is that a sequence is, after a turn, at least as long as before the first.
        grown = claim.excess.atoms & growing.keys()
        steps = {length: claim.excess + growing[length] - Poly.of(length) for length in grown}
        if len(steps) != 1 or any(step.constant is None for step in steps.values()):
            problem = "a sequence does not grow by the same length in each turn"
            raise CostError(f"Algorithm {checked.id}, line {line.number}: {problem}")
        for length, step in steps.items():
            lengths[length] = alike(growing[length]) + step * (Poly.of(turn) - 1)
    return Loop(turn, ONE, TURNS, lengths)


def alike(size: Poly) -> Poly:
    """Take every member of a family of sequences to be of one length."""
    return put(size, {atom: Poly.of(Atom(atom.name)) for atom in size.atoms if atom.at})


def put(size: Poly, known: Mapping[Atom, Poly]) -> Poly:
    """Put polynomials for atoms, as `replace` does, and soon done where few are to be put."""
    known = {atom: new for atom, new in known.items() if new.atom != atom}
    held = {term: factor for term, factor in size.terms.items() if known.keys() & set(term)}
    if not held:
        return size
    rest = {term: factor for term, factor in size.terms.items() if term not in held}
    return Poly(rest) + Poly(held).replace(known)


def value(size: Poly, sizes: Mapping[str, int]) -> int:
    """Return the number that a polynomial is, where sizes are given by name."""
    return size.value({atom: sizes[atom.name] for atom in size.atoms})
