"""Equations between sizes, and the unknowns that they settle."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from spec.language.errors import CheckError
from spec.language.header import Header
from spec.language.inference.typing import Obligation, Typing
from spec.language.names import Names
from spec.language.plain_text import text
from spec.language.polynomials import ONE, ZERO, Atom, Poly
from spec.language.tree import Node, Program
from spec.language.types import (
    N_V,
    Bundle,
    Family,
    Key,
    Matrix,
    Subset,
    Tokens,
    Type,
    Whole,
    map_sizes,
    sizes_of,
)


class Unknowns:
    """The types of one algorithm in the making; `variables` are those at the line in hand.

    What the paper leaves unsaid, how far `∀t` runs, how long `1ᵀ` is, is an unknown at first. An
    equation between sizes either settles an unknown or must hold as it stands, at once and for
    all sizes. An inequality is noted, to be proved when every unknown is settled.
    """

    def __init__(self, program: Program, headers: Mapping[str, Header], names: Names) -> None:
        self.program = program
        self.headers = headers
        self.header = headers[program.id]
        self.functions = {one.function: one for one in headers.values() if one.function}
        self.names = names
        self.found = Typing(bounds=dict(self.header.bounds))
        self.variables: dict[Key, Type] = dict(self.header.variables)
        self.settled: dict[Atom, Poly] = dict(self.header.equal)
        self.highs: dict[Atom, Atom] = {}  # an index of a ∀ or Σ, and the unknown it runs up to
        self.running: dict[Key, Atom] = {}
        self.serials = count(1)
        self.line = program.body[0]
        self.place = ""

    def error(self, node: Node, problem: str) -> CheckError:
        line = self.line.layout
        text = line.text
        if self.place:
            assert line.claim is not None, "only a claim is said to be after ▷"
            text = line.claim
        place = f"line {line.number}{self.place}"
        return CheckError(self.program.id, place, node.span[0] + 1, text, problem)

    def unknown(self, name: str) -> Poly:
        return Poly.of(Atom(name, "unknown", next(self.serials)))

    def settle(self, size: Poly) -> Poly:
        """Put what has been settled for the unknowns of a size."""
        while known := {a: self.settled[a] for a in _all_atoms(size) if a in self.settled}:
            size = size.replace(known)
        return size

    def now(self, type: Type) -> Type:
        return map_sizes(type, self.settle)

    def equal(self, left: Poly, right: Poly, node: Node) -> bool:
        """Let two sizes be equal: settle an unknown, or note an obligation if it holds."""
        excess = self.settle(left) - self.settle(right)
        unknown = [atom for atom in excess.atoms if atom.kind == "unknown"]
        if unknown:
            newest = max(unknown, key=lambda atom: atom.serial)
            rest, slope, *more = excess.coefficients(newest)
            # What an index has a part in may be out of scope where the unknown is used.
            older = all(atom.serial < newest.serial for atom in _all_atoms(rest))
            if not more and slope in (1, -1) and older:
                self.settled[newest] = rest * -slope
                return True
        if excess == ZERO:
            claim = f"{self.settle(left)} = {self.settle(right)}"
            self.found.obligations.append(Obligation(self.line.number, claim, "=", excess, node))
        return excess == ZERO

    def at_least_0(self, excess: Poly, claim: str, node: Node) -> None:
        self.found.obligations.append(Obligation(self.line.number, claim, "≥", excess, node))

    def within(self, index: Type, size: Poly, node: Node) -> None:
        """Let an index be one of 1 … size; one that runs as far as it is used runs so far."""
        match index:
            case Whole(Poly() as value, _):
                if value.atom is not None and self.is_unsaid(value.atom):
                    self.equal(self.upper(value.atom), size, node)
                self.at_least_0(value - 1, f"1 ≤ {text(node)}", node)
                self.at_least_0(size - value, f"{text(node)} ≤ {self.settle(size)}", node)
            case Whole(None, Poly() as high_of):
                self.at_least_0(size - high_of, f"{text(node)} ≤ {self.settle(size)}", node)
            case _:
                raise self.error(node, f"{text(node)} is {index}: no index")

    def is_unsaid(self, index: Atom) -> bool:
        """Say whether it is still to be shown how far an index runs."""
        return index in self.highs and self.highs[index] not in self.settled

    def upper(self, index: Atom) -> Poly:
        _, high = self.found.bounds[index]
        assert high is not None, "a loop has an upper bound"
        return high

    def same(self, found: Type, wanted: Type, node: Node, subject: str) -> None:
        """Let a type be as wanted, or say that the subject is not."""
        found, wanted = self.now(found), self.now(wanted)
        if not self.matches(found, wanted, node):
            raise self.error(node, f"{subject} is {self.now(found)}, not {self.now(wanted)}")

    def matches(self, found: Type, wanted: Type, node: Node) -> bool:
        match found, wanted:
            case Matrix(rows, columns, bits), Matrix(wanted_rows, wanted_columns, wanted_bits):
                return (
                    (bits or not wanted_bits)
                    and self.equal(rows, wanted_rows, node)
                    and self.equal(columns, wanted_columns, node)
                )
            case Whole(value, high), Matrix():
                known = None if value is None else value.constant
                return high != N_V and self.matches(Matrix(bits=known in (0, 1)), wanted, node)
            case Whole(), Whole(None, None):
                return True
            case Whole(value), Whole(Poly() as wanted_value):
                return value is not None and self.equal(value, wanted_value, node)
            case Whole(_, high), Whole(None, Poly() as wanted_high):
                if N_V in (high, wanted_high):  # a token is no position, nor is one a token
                    return high == wanted_high
                self.within(found, wanted_high, node)
                return True
            case Tokens(length), Tokens(wanted_length):
                return self.equal(length, wanted_length, node)
            case Bundle(algorithm, sizes), Bundle(wanted_algorithm, wanted_sizes):
                ours = dict(sizes)
                return algorithm == wanted_algorithm and all(
                    self.equal(ours[atom], size, node) for atom, size in wanted_sizes
                )
            case Subset(high), Subset(wanted_high):
                return self.equal(high, wanted_high, node)
            case Family(index, size), Family(count=wanted_size):
                common = Atom(index.name, "index", next(self.serials))
                self.found.bounds[common] = (ONE, size)
                return self.equal(size, wanted_size, node) and self.matches(
                    found.at(Poly.of(common)), wanted.at(Poly.of(common)), node
                )
        return False

    def lasting(self, type: Type, index: Atom, node: Node, subject: str) -> None:
        """Refuse a type that came about in one turn of what an index runs over."""
        type = self.now(type)
        if any(atom.kind == "index" and atom.serial >= index.serial for atom in sizes_of(type)):
            raise self.error(node, f"{subject} is {type}, another in each turn")


def _all_atoms(size: Poly) -> set[Atom]:
    within = {deep for atom in size.atoms for at in atom.at for deep in _all_atoms(at)}
    return size.atoms | within
