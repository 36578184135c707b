"""Equations between sizes, and the unknowns that they settle."""

from collections.abc import Mapping
from itertools import count

from spec.language import types
from spec.language.errors import CheckError
from spec.language.header import Header
from spec.language.inference.typing import Obligation, Typing
from spec.language.names import Names
from spec.language.plain_text import text
from spec.language.polynomials import ONE, ZERO, Atom, Poly
from spec.language.tree import Node, Program
from spec.language.types import N_V, Key, Type, is_bit, map_sizes, sizes_of


class Equations:
    """Finds the sizes that the text leaves unsaid, and notes the conditions that sizes must fulfil.

    How far `∀t` runs and how long `1ᵀ` is are unknowns at first. An equation between sizes either
    settles an unknown or must hold as it stands, at once and for all sizes. An inequality is
    noted, to be proved when every unknown is settled.
    """

    def __init__(self, program: Program, headers: Mapping[str, Header], names: Names) -> None:
        self.program = program
        self.headers = headers
        self.header = headers[program.id]
        self.functions = {header.function: header for header in headers.values() if header.function}
        self.names = names
        self.typing = Typing(bounds=dict(self.header.bounds))
        self.variables: dict[Key, Type] = dict(self.header.variables)  # at the present line
        self.settled: dict[Atom, Poly] = dict(self.header.equal)  # the sizes of unknowns
        self.highs: dict[Atom, Atom] = {}  # of an index of a ∀ or Σ, the unknown it runs up to
        self.running: dict[Key, Atom] = {}  # the index that a name is
        self.serials = count(1)
        self.line = program.body[0]
        self.place = ""  # or `, after ▷`

    def error(self, node: Node, problem: str) -> CheckError:
        line = self.line.layout
        text = (line.claim or "") if self.place else line.text
        place = f"line {line.number}{self.place}"
        return CheckError(self.program.id, place, node.span[0] + 1, text, problem)

    def unknown(self, name: str) -> Poly:
        return Poly.of(Atom(name, "unknown", next(self.serials)))

    def settle(self, size: Poly) -> Poly:
        """Replace the settled unknowns of a size."""
        while not self.settled.keys().isdisjoint(size.all_atoms):
            size = size.replace(self.settled)
        return size

    def settle_type(self, type: Type) -> Type:
        return map_sizes(type, self.settle)

    def equal(self, left: Poly, right: Poly, node: Node) -> bool:
        """Say whether two sizes are equal, or settle an unknown so that they are."""
        excess = self.settle(left) - self.settle(right)
        unknowns = [atom for atom in excess.atoms if atom.kind == "unknown"]
        if unknowns:
            newest = max(unknowns, key=lambda atom: atom.serial)
            rest, slope, *more = excess.coefficients(newest)
            # What an index has a part in may be out of scope where the unknown is used.
            older = all(atom.serial < newest.serial for atom in rest.all_atoms)
            if not more and older and (size := _quotient(-rest, slope)) is not None:
                alone = newest in (self.settle(left).atom, self.settle(right).atom)
                if not alone and any(part < 0 for part in size.terms.values()):
                    self.at_least_0(size, f"0 ≤ {size}", node)  # of 2 k + 1 columns there is one
                self.settled[newest] = size
                return True
        if excess == ZERO:
            claim = f"{self.settle(left)} = {self.settle(right)}"
            self.typing.obligations.append(Obligation(self.line.number, claim, "=", excess, node))
        return excess == ZERO

    def at_least_0(self, excess: Poly, claim: str, node: Node) -> None:
        self.typing.obligations.append(Obligation(self.line.number, claim, "≥", excess, node))

    def within(self, index: Type, size: Poly, node: Node) -> None:
        """Note that an index must be one of 1 … size, which may settle how far it runs."""
        match index:
            case types.Whole(Poly() as value, _):
                if value.atom is not None and self.is_unsaid(value.atom):
                    self.equal(self.upper(value.atom), size, node)
                self.at_least_0(value - 1, f"1 ≤ {text(node)}", node)
                self.at_least_0(size - value, f"{text(node)} ≤ {self.settle(size)}", node)
            case types.Whole(None, Poly() as high):
                self.at_least_0(size - high, f"{text(node)} ≤ {self.settle(size)}", node)
            case _:
                raise self.error(node, f"{text(node)} is {index}, not an index")

    def is_unsaid(self, index: Atom) -> bool:
        """Say whether nothing has shown yet how far an index runs."""
        return index in self.highs and self.highs[index] not in self.settled

    def upper(self, index: Atom) -> Poly:
        _, high = self.typing.bounds[index]
        assert high is not None, "a loop has an upper bound"
        return high

    def require(self, type: Type, wanted: Type, node: Node, subject: str) -> None:
        """Refuse a subject whose type does not match the wanted one."""
        type, wanted = self.settle_type(type), self.settle_type(wanted)
        if not self.matches(type, wanted, node):
            type, wanted = self.settle_type(type), self.settle_type(wanted)
            raise self.error(node, f"{subject} is {type}, not {wanted}")

    def matches(self, type: Type, wanted: Type, node: Node) -> bool:
        match type, wanted:
            case types.Matrix(m, n, bits), types.Matrix(rows, columns, wants_bits):
                if wants_bits and not bits:
                    return False
                return self.equal(m, rows, node) and self.equal(n, columns, node)
            case types.Whole(high=high), types.Matrix():
                number = types.Matrix(bits=is_bit(type))
                return high != N_V and self.matches(number, wanted, node)
            case types.Whole(), types.Whole(None, None):
                return True
            case types.Whole(value), types.Whole(Poly() as wanted_value):
                return value is not None and self.equal(value, wanted_value, node)
            case types.Whole(_, high), types.Whole(None, Poly() as wanted_high):
                if N_V in (high, wanted_high):  # tokens are not positions
                    return high == wanted_high
                self.within(type, wanted_high, node)
                return True
            case types.Tokens(length), types.Tokens(wanted_length):
                return self.equal(length, wanted_length, node)
            case types.Bundle(algorithm, sizes), types.Bundle(wanted_algorithm, wanted_sizes):
                return algorithm == wanted_algorithm and all(
                    self.equal(dict(sizes)[atom], size, node) for atom, size in wanted_sizes
                )
            case types.Subset(high), types.Subset(wanted_high):
                return self.equal(high, wanted_high, node)
            case types.Family(index, size), types.Family(count=wanted_size):
                common = Atom(index.name, "index", next(self.serials))
                self.typing.bounds[common] = (ONE, size)
                return self.equal(size, wanted_size, node) and self.matches(
                    type.at(Poly.of(common)), wanted.at(Poly.of(common)), node
                )
        return False

    def lasting(self, type: Type, index: Atom, node: Node, subject: str) -> None:
        """Refuse a type that depends on the index of a loop, which has no value after the loop."""
        type = self.settle_type(type)
        if any(atom.kind == "index" and atom.serial >= index.serial for atom in sizes_of(type)):
            raise self.error(node, f"{subject} is {type}, another in each turn")


def _quotient(size: Poly, factor: Poly) -> Poly | None:
    """Return a size divided by a number, None if that leaves a remainder."""
    number = factor.constant
    if not number or any(part % number for part in size.terms.values()):
        return None
    return Poly({monomial: part // number for monomial, part in size.terms.items()})
