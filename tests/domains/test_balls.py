"""Do balls enclose the exact numbers, and as narrowly as is asked?"""

import math
from fractions import Fraction

import pytest
from flint import arb, ctx
from helpers.functions import contains, every_function_and_point, fraction, matrix
from hypothesis import assume, given
from hypothesis import strategies as st

from spec.domains import Domain, UndecidedError
from spec.domains.balls import Balls, PrecisionError, certified

moderate = st.floats(-8, 8)
pairs = st.lists(st.tuples(moderate, moderate), min_size=1, max_size=6)


@pytest.mark.parametrize("x", [10**40 + 1, -(2**300) + 1, 0.1, 5e-324, 1.7976931348623157e308])
def test_a_ball_starts_exact(x):
    with Balls(24) as D:
        assert fraction(D.real(x)) == Fraction(x)


@given(moderate, st.integers(-9, 9))
def test_balls_contain_exact_powers(x, n):
    assume(x != 0 or n >= 0)
    with Balls(24) as D:
        assert contains(D.power(D.real(x), n), Fraction(x) ** n)
        assert contains(D.square(D.real(x)), Fraction(x) ** 2)


@given(pairs)
def test_balls_contain_exact_sums(pairs):
    xs, ys = zip(*pairs, strict=True)
    exact = sum(Fraction(x) * Fraction(y) for x, y in pairs)
    with Balls(24) as D:
        a, b = [D.real(x) for x in xs], [D.real(y) for y in ys]
        assert contains(D.total(a), sum(map(Fraction, xs)))
        assert contains(D.dot(a, b), exact)
        assert contains(D.product(matrix([a]), matrix([b]).T)[0, 0], exact)


@every_function_and_point
@given(st.floats(0, 1), st.floats(-1, 1))
def test_balls_contain_the_function_of_every_number_in_them(function, x, radius, place):
    with Balls(300) as fine:
        point = function(fine, fine.real(x) + fine.real(radius) * fine.real(place))
    with Balls(24) as D:
        ball = function(D, arb(x, radius))
    assert ball.is_nan() or ball.overlaps(point)


@every_function_and_point
def test_the_balls_of_functions_are_narrow(function, x):
    with Balls() as D:
        ball = function(D, D.real(x))
        # Φ(-30) loses the bits of 30² = 2¹⁰, and 128 - 16 are left everywhere.
        assert ball.rad() <= ball.abs_lower() * arb(2) ** -112


def test_a_ball_around_0_is_not_zero():
    with Balls() as D:
        assert not D.is_zero(arb(0, 2**-100))


def test_no_part_of_a_square_is_negative():
    with Balls() as D:
        assert D.square(arb(0.5, 2)).lower() >= 0
        assert D.power(arb(0.5, 2), 4).lower() >= 0


def test_Phi_is_narrow_far_to_the_left():
    with Balls() as D:
        Phi = D.Phi(D.real(-1000))
        assert Phi.rad() <= Phi * arb(2) ** -100


def test_ReLU_of_a_ball_around_0_has_both_its_sides():
    with Balls() as D:
        assert all(x in D.ReLU(arb(1, 3)) for x in (0, 2, 4))
        assert all(x in D.ReLU(arb(-1, 3)) for x in (0, 1, 2))
        assert D.is_zero(D.ReLU(arb(-4, 3)))


@pytest.mark.parametrize("ball", [arb(0), arb(1, 3), arb(-1, 1), arb(1, 1)])
def test_the_step_of_a_ball_that_may_be_0_is_0_to_1(ball):
    with Balls() as D:
        assert all(slope in D.step(ball) for slope in (0, 0.5, 1))
        assert D.step(arb(2, 1)) == 1
        assert D.step(arb(-2, 1)) == 0


def test_what_balls_decide_holds_of_all_their_numbers_and_the_rest_raises():
    with Balls() as D:
        assert D.at_most(arb(1, 0.5), arb(3, 1))
        assert D.at_most(arb(2), arb(2))
        assert not D.at_most(arb(3, 0.5), arb(2, 0.25))
        for x, y in [(arb(1, 1), arb(2, 1)), (arb(2), arb(2, 1)), (arb("nan"), arb(0))]:
            with pytest.raises(UndecidedError, match=r" is not decided at 128 bits$"):
                D.at_most(x, y)


def test_the_larger_of_two_balls_holds_the_larger_of_their_numbers():
    with Balls() as D:
        larger = D.larger(arb(1, 1), arb(0.5, 2))
        assert all(x in larger for x in (0, 1, 2, 2.5))
        assert D.larger(arb(2), arb(1)) == 2
        assert D.larger(arb.neg_inf(), arb(1)) == 1


def test_the_smaller_of_two_balls_holds_the_smaller_of_their_numbers():
    with Balls() as D:
        smaller = D.smaller(arb(1, 1), arb(0.5, 2))
        assert all(x in smaller for x in (-1.5, 0, 1, 2))
        assert D.smaller(arb(2), arb(1)) == 1


def test_the_cosine_of_half_a_turn_is_minus_1():
    with Balls() as D:
        assert D.cos(D.pi()).overlaps(arb(-1))
        assert D.cos(D.pi()).rad() <= arb(2) ** -100


@given(st.lists(st.sampled_from([-math.inf, -3.0, 0.0, 0.1, math.inf, math.nan]), min_size=8))
def test_a_product_with_infinities_claims_no_more_than_its_definition(entries):
    with Balls() as D:
        numbers = [D.real(x) for x in entries[:8]]
        A, B = matrix([numbers[:2], numbers[2:4]]), matrix([numbers[4:6], numbers[6:]])
        literal = Domain.product(D, A, B)
        for ball, exact in zip(D.product(A, B).flat, literal.flat, strict=True):
            assert ball.is_nan() or (ball == exact) or ball.overlaps(exact)
            assert ball.is_nan() or not exact.is_nan()


# certified


def cancelled(D):
    """The double nearest to exp(2⁻¹⁵⁰) - 1 is 2⁻¹⁵⁰: all bits before that cancel."""
    return D.exp(D.power(D.real(2), -150)) - 1


def test_certified_doubles_the_precision_until_the_ball_is_narrow():
    tried = []

    def compute(D):
        tried.append(D.precision)
        assert ctx.prec == D.precision
        return [cancelled(D)]

    (x,) = certified(compute, lambda xs: xs, 2.0**-60)
    assert tried == [128, 256]
    assert x.rad() <= 2.0**-60 * x.abs_lower()
    assert float(x) == 2.0**-150


def test_certified_gives_up_and_says_how_far_it_came():
    before = ctx.prec
    with pytest.raises(PrecisionError, match=r"at 128 bits .* above 1e-20"):
        certified(cancelled, lambda x: [x], 1e-20, limit=200)
    with pytest.raises(ArithmeticError, match="at 40 bits the radius of nan is inf"):
        certified(lambda D: [D.real(1), 0 / D.real(0)], list, 0.5, start=10, limit=40)
    assert ctx.prec == before


def test_certified_takes_the_worst_of_the_leaves():
    with pytest.raises(PrecisionError, match=r"of \[\+/-"):
        certified(lambda D: [D.real(1) / 3, cancelled(D), D.real(2) / 3], list, 1e-20, limit=128)


def test_certified_measures_a_radius_by_the_least_magnitude_in_the_ball():
    ball = arb(1, 0.375)
    assert certified(lambda D: ball, lambda x: [x], 0.6 + 2.0**-20) is ball
    with pytest.raises(PrecisionError, match=r"is 0\.6 of its magnitude, above 0\.599"):
        certified(lambda D: ball, lambda x: [x], 0.599)


@pytest.mark.parametrize("x", [0, -math.inf, math.inf, 0.1])
def test_certified_takes_exact_numbers_as_they_are(x):
    assert certified(lambda D: D.real(x), lambda x: [x], 0.0, start=2, limit=2) == x
    assert certified(lambda D: [], list, 0.0) == []


def test_certified_measures_a_number_that_is_0_by_the_smallest_normal_double():
    root = certified(lambda D: D.square(D.sqrt(D.real(2))) - 2, lambda x: [x], 2.0**-10, limit=2048)
    assert 0 in root
    assert 0 < root.rad() <= arb(2) ** -1032
    with pytest.raises(PrecisionError, match="at 1024 bits"):
        certified(lambda D: D.square(D.sqrt(D.real(2))) - 2, lambda x: [x], 2.0**-10, limit=1024)


def test_a_ball_is_the_same_number_as_itself():
    with Balls() as D:
        x = arb(2, 1)
        assert D.at_most(x, x)


def test_what_is_undecided_is_tried_at_more_bits_up_to_the_limit():
    tried = []

    def third_below(D, more):
        tried.append(D.precision)
        return D.at_most(arb(1) / 3, arb(1) / 3 + more)

    assert certified(lambda D: third_below(D, arb(2) ** -150), lambda _: [], 1e-9)
    assert tried == [128, 256]
    with pytest.raises(PrecisionError, match=r" is not decided at 256 bits$"):
        certified(lambda D: third_below(D, 0), lambda _: [], 1e-9, limit=256)
    assert tried == [128, 256, 128, 256]
