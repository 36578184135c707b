"""Sizes as polynomials: a dimension, a bound or a cost for all sizes at once.

    d_out × H d_mid        length(x) + ℓ_gen − 1 ≤ ℓ_max

A polynomial is kept multiplied out, so that two are equal at all sizes just if their terms are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, reduce
from math import comb
from typing import Any, Literal

Number = int | Fraction
Monomial = tuple["Atom", ...]  # sorted; an atom stands as often as its power

_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Atom:
    """A variable of a polynomial.

    Attributes
    ----------
    name
        Its name in the text: `d_e`, `t`, `length(x_n)`.
    kind
        A `size` is fixed, and at least 0; an `index` runs between bounds that `Typing` holds; an
        `unknown` is a size that the text leaves unsaid, until a use shows its value.
    serial
        A number that tells apart the indices, and the unknowns, of one name.
    at
        The index of the member of a family that is meant: n in `length(x_n)`.
    form
        The name with `•` for the index: `length(x_{•})`.
    """

    name: str
    kind: Literal["size", "index", "unknown"] = "size"
    serial: int = 0
    at: tuple[Poly, ...] = ()
    form: str = field(default="", compare=False)

    def __hash__(self) -> int:
        return hash(self.name)  # which Python keeps: an atom is looked up far more often than made

    def __str__(self) -> str:
        if not self.form:
            return self.name
        (member,) = map(str, self.at)
        return self.form.replace("{•}", member if member.isalnum() else f"{{{member}}}")

    @cached_property
    def _order(self) -> tuple[Any, ...]:
        return self.name, self.serial, self.kind, tuple(index._order for index in self.at)


class Poly:
    """A polynomial in atoms, with whole or rational coefficients."""

    __slots__ = ("_all_atoms", "_atoms", "terms")

    _atoms: frozenset[Atom]
    _all_atoms: frozenset[Atom]

    def __init__(self, terms: Mapping[Monomial, Number]) -> None:
        self.terms = {monomial: factor for monomial, factor in terms.items() if factor}

    @staticmethod
    def of(value: Poly | Atom | Number) -> Poly:
        """Return a number or an atom as a polynomial."""
        match value:
            case Poly():
                return value
            case Atom():
                return Poly({(value,): 1})
        return Poly({(): value})

    def __add__(self, other: Poly | Number) -> Poly:
        terms = dict(self.terms)
        for monomial, factor in Poly.of(other).terms.items():
            terms[monomial] = terms.get(monomial, 0) + factor
        return Poly(terms)

    def __mul__(self, other: Poly | Number) -> Poly:
        terms: dict[Monomial, Number] = {}
        for left, factor in self.terms.items():
            for right, other_factor in Poly.of(other).terms.items():
                monomial = tuple(sorted(left + right, key=lambda atom: atom._order))
                terms[monomial] = terms.get(monomial, 0) + factor * other_factor
        return Poly(terms)

    def __neg__(self) -> Poly:
        return Poly({monomial: -factor for monomial, factor in self.terms.items()})

    def __sub__(self, other: Poly | Number) -> Poly:
        terms = dict(self.terms)
        for monomial, factor in Poly.of(other).terms.items():
            terms[monomial] = terms.get(monomial, 0) - factor
        return Poly(terms)

    def __rsub__(self, other: Number) -> Poly:
        return Poly.of(other) - self

    __radd__ = __add__
    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Poly):
            return self.terms == other.terms
        return isinstance(other, int | Fraction) and self == Poly.of(other)

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    @property
    def atoms(self) -> frozenset[Atom]:
        """Every atom of the polynomial, except those that only occur in the `at` of another."""
        try:
            return self._atoms
        except AttributeError:  # they are asked for again and again, of some polynomials
            self._atoms = frozenset(atom for monomial in self.terms for atom in monomial)
            return self._atoms

    @property
    def all_atoms(self) -> frozenset[Atom]:
        """Every atom of the polynomial, also those in the `at` of another."""
        try:
            return self._all_atoms
        except AttributeError:
            within = [index.all_atoms for atom in self.atoms for index in atom.at]
            self._all_atoms = self.atoms.union(*within) if within else self.atoms
            return self._all_atoms

    @property
    def _order(self) -> tuple[Any, ...]:
        return tuple(
            sorted(
                (tuple(atom._order for atom in monomial), factor)
                for monomial, factor in self.terms.items()
            )
        )

    @property
    def constant(self) -> Number | None:
        """The value of a polynomial without atoms, else None."""
        return None if self.atoms else self.terms.get((), 0)

    @property
    def atom(self) -> Atom | None:
        """The atom, if the polynomial is a single one, else None."""
        if len(self.terms) != 1:
            return None
        ((monomial, factor),) = self.terms.items()
        return monomial[0] if len(monomial) == 1 and factor == 1 else None

    def replace(self, new: Mapping[Atom, Poly]) -> Poly:
        """Replace atoms by polynomials, also those in the `at` of another atom."""
        changed: list[Poly] = []
        terms: dict[Monomial, Number] = {}
        for monomial, factor in self.terms.items():
            if any(atom in new or atom.at for atom in monomial):
                factors = (_replaced(atom, new) for atom in monomial)
                changed.append(reduce(Poly.__mul__, factors, Poly.of(factor)))
            else:
                terms[monomial] = factor
        return sum_of([Poly(terms), *changed]) if changed else self

    def value(self, sizes: Mapping[Atom, int]) -> int:
        """Return the value of the polynomial at some sizes."""
        total: Number = 0
        for monomial, factor in self.terms.items():
            for atom in monomial:
                factor = factor * sizes[atom]
            total += factor
        if isinstance(total, int):
            return total
        if total != int(total):
            raise ArithmeticError(f"{self} is {total}, not a whole number")
        return int(total)

    def coefficients(self, atom: Atom) -> list[Poly]:
        """Return c_0, c_1, …, where the polynomial is Σ_k c_k · atom^k."""
        parts: list[dict[Monomial, Number]] = [{}]
        for monomial, factor in self.terms.items():
            power = monomial.count(atom)
            parts += [{} for _ in range(power + 1 - len(parts))]
            rest = tuple(variable for variable in monomial if variable != atom)
            parts[power][rest] = parts[power].get(rest, 0) + factor
        return [Poly(terms) for terms in parts]

    def sum(self, atom: Atom, low: Poly, high: Poly) -> Poly:
        """Return the sum of the polynomial as an atom runs from `low` to `high`."""
        total = sum_of(
            coefficient * (_power_sum(power, high) - _power_sum(power, low - 1))
            for power, coefficient in enumerate(self.coefficients(atom))
        )
        # Most are whole in the end, and Python's own numbers are much faster than fractions.
        return Poly(
            {
                monomial: int(factor) if factor.denominator == 1 else factor
                for monomial, factor in total.terms.items()
            }
        )

    def __str__(self) -> str:
        ordered = sorted(
            self.terms.items(), key=lambda term: (-len(term[0]), [atom._order for atom in term[0]])
        )
        written = ""
        for monomial, factor in ordered:
            if written:
                written += " − " if factor < 0 else " + "
            elif factor < 0:
                written = "−"
            parts = [_power(atom, monomial.count(atom)) for atom in dict.fromkeys(monomial)]
            if abs(factor) != 1 or not monomial:
                parts.insert(0, str(abs(factor)))
            written += " ".join(parts)
        return written or "0"

    __repr__ = __str__


ZERO = Poly.of(0)
ONE = Poly.of(1)


def sum_of(polynomials: Iterable[Poly]) -> Poly:
    """Return the sum of polynomials, 0 if there are none."""
    return reduce(Poly.__add__, polynomials, ZERO)


def _replaced(atom: Atom, new: Mapping[Atom, Poly]) -> Poly:
    if atom in new:
        return new[atom]
    if atom.at:
        return Poly.of(replace(atom, at=tuple(index.replace(new) for index in atom.at)))
    return Poly.of(atom)


def _power_sum(power: int, high: Poly) -> Poly:
    """Return Σ_{i=1}^{high} i^power, by the sum of (i + 1)^{power+1} − i^{power+1} over all i."""
    rest = reduce(Poly.__mul__, [high + 1] * (power + 1)) - 1
    for lower in range(power):
        rest -= comb(power + 1, lower) * _power_sum(lower, high)
    return rest * Fraction(1, power + 1)


def _power(atom: Atom, exponent: int) -> str:
    return str(atom) + ("" if exponent == 1 else str(exponent).translate(_POWERS))
