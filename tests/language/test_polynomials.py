"""Are polynomials what they are at every integer, and is what is said of them true?"""

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spec.language.header import Requirement
from spec.language.polynomials import ONE, ZERO, Atom, Poly, sum_of
from spec.language.proof import at_worst, is_never_negative

SIZES = tuple(map(Atom, ("a", "b", "d_e")))
T, I = Atom("t", "index", 1), Atom("i", "index", 2)
N = Atom("n", "index", -1)


def length(n: Poly | int) -> Atom:
    return Atom("length(x_n)", at=(Poly.of(n),), form="length(x_{•})")


@st.composite
def polynomials(
    draw: st.DrawFn, atoms: Iterable[Atom] = SIZES, low: int = -3, degree: int = 3
) -> Poly:
    monomials = st.lists(st.sampled_from(tuple(atoms)), max_size=degree)
    terms = draw(st.lists(st.tuples(monomials, st.integers(low, 3)), max_size=4))
    found = ZERO
    for monomial, factor in terms:
        term = Poly.of(factor)
        for atom in monomial:
            term *= Poly.of(atom)
        found += term
    return found


values = st.fixed_dictionaries(dict.fromkeys((*SIZES, T, I), st.integers(0, 9)))
Values = Mapping[Atom, int]


@given(polynomials(), polynomials(), values)
def test_a_sum_a_difference_and_a_product_are_those_of_the_values(
    p: Poly, q: Poly, at: Values
) -> None:
    assert (p + q).value(at) == p.value(at) + q.value(at)
    assert (p - q).value(at) == p.value(at) - q.value(at)
    assert (p * q).value(at) == p.value(at) * q.value(at)
    assert (-p).value(at) == -p.value(at)
    assert (2 - p).value(at) == 2 - p.value(at) == (2 + -1 * p).value(at)


@given(polynomials(), polynomials(), polynomials())
def test_two_that_are_equal_everywhere_look_alike(p: Poly, q: Poly, r: Poly) -> None:
    assert p * (q + r) == q * p + r * p
    assert hash(p * q) == hash(q * p)
    assert str(p * q) == str(q * p)
    assert p - p == 0
    assert p + 1 != p
    assert p != "p"


@given(polynomials(degree=2), polynomials(degree=2), values)
def test_to_put_one_for_an_atom_is_to_put_its_value(p: Poly, q: Poly, at: Values) -> None:
    atom = SIZES[0]
    assert p.replace({atom: q}).value(at) == p.value({**at, atom: q.value(at)})
    assert p.replace({}) is p


@given(polynomials(), values)
def test_coefficients_make_the_polynomial(p: Poly, at: Values) -> None:
    atom = SIZES[0]
    parts = p.coefficients(atom)
    assert sum_of(part * _power(atom, k) for k, part in enumerate(parts)) == p
    assert not any(atom in part.atoms for part in parts)


def _power(atom: Atom, exponent: int) -> Poly:
    return Poly({(atom,) * exponent: 1})


@given(polynomials((*SIZES, T)), st.integers(-3, 4), st.integers(-3, 4), values)
def test_a_sum_over_an_index_is_that_of_its_terms(p: Poly, low: int, high: int, at: Values) -> None:
    assume(low <= high + 1)
    total = p.sum(T, Poly.of(low), Poly.of(high))
    assert T not in total.atoms
    assert total.value(at) == sum(p.value({**at, T: t}) for t in range(low, high + 1))


@given(polynomials(), values)
def test_what_is_written_is_what_it_is(p: Poly, at: Values) -> None:
    text = str(p).replace("−", "-")
    text = re.sub("[²³]", lambda power: f"**{'²³'.index(power[0]) + 2}", text)
    for atom in SIZES:
        text = re.sub(rf"\b{atom}\b", str(at[atom]), text)
    text = re.sub(r"(?<=\d) (?=\d)", "*", text)
    assert eval(text) == p.value(at)


def test_a_size_is_written_in_one_order() -> None:
    a, b, d_e = map(Poly.of, SIZES)
    assert str(d_e * b - 2 * a * a * b + 3) == "−2 a² b + b d_e + 3"
    assert str(ZERO) == "0"
    assert str(Poly.of(Fraction(1, 2)) * a) == "1/2 a"


def test_what_a_polynomial_is_if_it_is_simple() -> None:
    a = Poly.of(SIZES[0])
    assert (ZERO.constant, Poly.of(2).constant, a.constant) == (0, 2, None)
    assert (a.atom, (a + a).atom, (a + 1).atom, ONE.atom) == (SIZES[0], None, None, None)
    assert Poly.of(a) is a


def test_half_a_size_is_none() -> None:
    with pytest.raises(ArithmeticError, match=r"^1/2 a is 3/2, not a whole number$"):
        (Poly.of(Fraction(1, 2)) * Poly.of(SIZES[0])).value({SIZES[0]: 3})


def test_lengths_of_two_members_are_two_sizes() -> None:
    one, two = Poly.of(length(1)), Poly.of(length(2))
    assert one != two
    assert Poly.of(length(Poly.of(N))).replace({N: ONE}) == one
    assert (str(one), str(two)) == ("length(x_1)", "length(x_2)")
    assert str(Poly.of(length(Poly.of(N) + 1))) == "length(x_{n + 1})"


def test_a_product_has_one_order_even_where_names_are_alike() -> None:
    first, second = (length(Poly.of(Atom("n", "index", serial))) for serial in (1, 2))
    assert str(first) == str(second)
    assert Poly.of(first) * Poly.of(second) == Poly.of(second) * Poly.of(first)


# Proofs


class Case:
    """Bounds, requirements, and a size that they may keep from being negative."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.bounds: dict[Atom, tuple[Poly, Poly | None]] = {}
        for index, atoms in ((T, SIZES), (I, (*SIZES, T))):
            low = self.some(atoms, -1)
            self.bounds[index] = low, random.choice([None, low + self.some(atoms, 0)])
        excesses = [self.some(SIZES, -2) for _ in range(random.randrange(3))]
        self.required = [Requirement("", excess) for excess in excesses]
        # What can be proved is rare among all there is.
        self.excess = self.some((*SIZES, T, I), -1) + self.some(SIZES, 0) + sum_of(excesses)

    def some(self, atoms: Sequence[Atom], low: int) -> Poly:
        terms = [Poly.of(self.random.choice(atoms)) for _ in range(self.random.randrange(3))]
        return sum_of(self.random.randint(low, 2) * term for term in terms) + self.random.randint(
            low, 2
        )

    def place(self) -> Values | None:
        """Values that fulfil all that is required, if the first that come do."""
        at = {atom: self.random.randint(0, 6) for atom in (*SIZES, T, I)}
        for index, (low, high) in self.bounds.items():
            if not low.value(at) <= at[index] <= (at[index] if high is None else high.value(at)):
                return None
        return at if all(one.excess.value(at) >= 0 for one in self.required) else None


@given(st.integers())
def test_what_is_proved_is_true(seed: int) -> None:
    for case in [Case(Random(seed + at)) for at in range(20)]:
        if is_never_negative(case.excess, case.bounds, case.required):
            for at in filter(None, (case.place() for _ in range(20))):
                assert case.excess.value(at) >= 0


def test_what_is_not_linear_in_an_index_has_no_worst_case() -> None:
    t = Poly.of(T)
    between = {T: (ONE, Poly.of(SIZES[0]))}
    assert at_worst(t * t, between) is None
    assert at_worst(t * (Poly.of(SIZES[1]) - 1), between) is None
    assert at_worst(t * Poly.of(I), {**between, I: (ONE, None)}) is None
    assert at_worst(-t, {T: (ONE, None)}) is None
    assert not is_never_negative(t * t, between, ())


def test_an_index_times_a_size_is_least_at_an_end() -> None:
    t, a, b = Poly.of(T), Poly.of(SIZES[0]), Poly.of(SIZES[1])
    between = {T: (ONE, a)}
    assert at_worst(t * b, between) == b
    assert at_worst(-(t * b), between) == -(a * b)
    assert is_never_negative(a * b - t * b, between, ())
    assert not is_never_negative(t * b - b - 1, between, ())


def test_a_requirement_of_each_member_is_used_for_those_in_question() -> None:
    n, i = Poly.of(N), Poly.of(I)
    a = Poly.of(SIZES[0])
    every = Requirement("2 ≤ length(x_n)", Poly.of(length(n)) - 2, (N,))
    assert is_never_negative(Poly.of(length(i)) - 2, {}, (every,))
    assert is_never_negative(Poly.of(length(1)) + Poly.of(length(i)) - 4, {}, (every,))
    assert not is_never_negative(Poly.of(length(i)) - 3, {}, (every,))
    # There need be no member at all, nor one of another family at the same place.
    room = Requirement("length(x_n) + 2 ≤ a", a - 2 - Poly.of(length(n)), (N,))
    assert not is_never_negative(a - 2, {}, (room,))
    other = Atom("length(y_n)", at=(i,))
    assert not is_never_negative(a - 2 + Poly.of(other), {}, (room,))


def test_a_requirement_of_two_families_says_nothing_of_one_member() -> None:
    m = Atom("m", "index", -2)
    both = Requirement("length(x_n) ≤ length(x_m)", Poly.of(length(Poly.of(m))), (N, m))
    assert not is_never_negative(Poly.of(length(1)) - 1, {}, (both,))
