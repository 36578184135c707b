"""Does each domain of numbers keep what it promises? A test's name is the promise."""

import math
import subprocess
import sys
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import assume, example, given
from hypothesis import strategies as st

from spec.domains import Counting, Domain, Floats, Reverse
from spec.domains.balls import Balls, PrecisionError, certified, ulps

WITH_VALUES = [Floats, Balls, lambda: Reverse(Floats()), lambda: Reverse(Balls())]
NAMES = ["Floats", "Balls", "Reverse of Floats", "Reverse of Balls"]
every_domain = pytest.mark.parametrize("make", [*WITH_VALUES, Counting], ids=[*NAMES, "Counting"])
every_domain_with_values = pytest.mark.parametrize("make", WITH_VALUES, ids=NAMES)

moderate = st.floats(-8, 8)
lists = st.lists(moderate, min_size=1, max_size=6)
pairs = st.lists(st.tuples(moderate, moderate), min_size=1, max_size=6)

# Of one number. Each is smooth on a neighbourhood of its points, which are exact.
FUNCTIONS = {
    "exp": (lambda D, x: D.exp(x), [-3.0, 0.0, 2.5]),
    "log": (lambda D, x: D.log(x), [0.125, 1.0, 7.0]),
    "sqrt": (lambda D, x: D.sqrt(x), [0.125, 1.0, 7.0]),
    "Phi": (lambda D, x: D.Phi(x), [-30.0, -1.0, 0.0, 2.0]),
    "ReLU": (lambda D, x: D.ReLU(x), [-2.0, 3.0]),
    "GELU": (lambda D, x: D.GELU(x), [-5.0, 0.0, 1.5]),
    "square": (lambda D, x: D.square(x), [-2.0, 0.0, 3.0]),
    "cube": (lambda D, x: D.power(x, 3), [-2.0, 0.0, 3.0]),
    "x^-3": (lambda D, x: D.power(x, -3), [-2.0, 3.0]),
    "x^0.7": (lambda D, x: D.power(x, D.real(0.7)), [0.5, 4.0]),
    "x^x": (lambda D, x: D.power(x, x), [0.5, 4.0]),
    "x + x": (lambda D, x: x + x, [1.0]),
    "x + 2": (lambda D, x: x + 2, [1.0]),
    "2 + x": (lambda D, x: 2 + x, [1.0]),
    "c + x": (lambda D, x: D.real(0.3) + x, [1.0]),
    "x - 2x": (lambda D, x: x - 2 * x, [1.0]),
    "x - 2": (lambda D, x: x - 2, [1.0]),
    "2 - x": (lambda D, x: 2 - x, [1.0]),
    "c - x": (lambda D, x: D.real(0.3) - x, [1.0]),
    "-x": (lambda D, x: -x, [1.0]),
    "x x": (lambda D, x: x * x, [-3.0, 1.5]),
    "x 3": (lambda D, x: x * 3, [1.0]),
    "c x": (lambda D, x: D.real(0.3) * x, [1.0]),
    "x / x²": (lambda D, x: x / D.square(x), [-3.0, 1.5]),
    "x / 3": (lambda D, x: x / 3, [1.0]),
    "3 / x": (lambda D, x: 3 / x, [-3.0, 1.5]),
    "x / c": (lambda D, x: x / D.real(0.3), [1.0]),
    "c / x": (lambda D, x: D.real(0.3) / x, [-3.0, 1.5]),
    "total": (lambda D, x: D.total([x, D.real(2), D.square(x), x]), [0.75]),
    "dot": (lambda D, x: D.dot([x, D.real(2), D.exp(x)], [D.real(5), x, D.log(x)]), [0.75]),
    "softmax": (lambda D, x: D.softmax([x, D.real(1), D.square(x)])[1], [0.75, -1.0]),
    "masked": (lambda D, x: D.softmax([x, D.minus_infinity, D.square(x)])[0], [0.75, -1.0]),
}
POINTS = [
    pytest.param(function, x, id=f"{name} at {x}")
    for name, (function, points) in FUNCTIONS.items()
    for x in points
]
every_function_and_point = pytest.mark.parametrize(("function", "x"), POINTS)


def fraction(x: arb) -> Fraction:
    """The value of an exact ball."""
    mantissa, exponent = x.man_exp()
    return int(mantissa) * Fraction(2) ** int(exponent)


def contains(ball: arb, exact: Fraction) -> bool:
    return fraction(ball.lower()) <= exact <= fraction(ball.upper())


def matrix(rows) -> np.ndarray:
    """A matrix of Python objects; `rows` may be an iterator over numbers of any domain."""
    rows = [list(row) for row in rows]
    return np.array(rows, dtype=object).reshape(len(rows), -1)


def network(D: Domain, w):
    """A masked head, a layer norm and an MLP: two numbers of three tokens, from twelve."""
    X, W = matrix([w[:3], w[3:6]]), matrix([w[6:8], w[8:10]])
    S = D.product(X.T, D.product(W, X))
    S[2, 0] = S[2, 1] = S[1, 0] = D.minus_infinity
    X = X + D.product(X, matrix(D.softmax([s / D.sqrt(D.real(2)) for s in c]) for c in S.T).T)
    m = D.total(list(X[:, 0])) / D.real(2)
    v = D.total([D.square(e - m) for e in X[:, 0]]) / D.real(2)
    e = matrix([[(e - m) / D.sqrt(v + D.real(0.1)) * w[10] + w[11]] for e in X[:, 0]])
    hidden = D.product(W, e)
    return D.log(D.softmax([D.GELU(hidden[0, 0]), D.ReLU(hidden[1, 0]), X[0, 2]])[0])


WEIGHTS = [0.3, -1.2, 0.7, 1.1, 0.4, -0.6, 0.9, -0.5, 1.3, 0.8, 1.7, -0.2]


# every domain -------------------------------------------------------------------------------------


@every_domain
def test_a_domain_leaves_everything_as_it_was(make):
    D = make()
    with np.errstate(all="raise"), Balls(77):
        before = ctx.prec, np.geterr()
        with D, Balls(200), D:
            inside = ctx.prec, np.geterr()
            with D:
                pass
            assert (ctx.prec, np.geterr()) == inside
        with pytest.raises(LookupError), D:
            raise LookupError
        assert (ctx.prec, np.geterr()) == before


@every_domain_with_values
def test_softmax_of_minus_infinity_alone_is_zeros_A11(make):
    with make() as D:
        column = D.softmax([D.minus_infinity] * 3)
        assert all(D.is_zero(p) for p in column)
        assert len(column) == 3


@every_domain_with_values
def test_minus_infinity_beside_a_number_weighs_exactly_0(make):
    with make() as D:
        masked, alone = D.softmax([D.minus_infinity / D.sqrt(D.real(3)), D.real(-2)])
        assert D.is_zero(masked)
        assert D.float(alone) == 1
        assert D.is_zero(D.exp(D.minus_infinity))
        assert D.float(D.log(D.real(0))) == D.float(D.minus_infinity) == -math.inf


@every_domain_with_values
def test_only_0_is_zero(make):
    with make() as D:
        assert D.is_zero(D.real(0))
        assert not D.is_zero(D.real(5e-324))


@every_domain_with_values
@pytest.mark.parametrize("x", [0, 3, -7, 2**53 - 1, 0.1, -1e300, 5e-324, math.inf, -math.inf])
def test_a_number_goes_in_and_comes_out(make, x):
    with make() as D:
        assert D.float(D.real(x)) == x


@every_domain
def test_an_empty_sum_is_0(make):
    with make() as D:
        assert D.float(D.total([])) == D.float(D.real(0))
        product = D.product(matrix([[], []]), np.empty((0, 3), dtype=object))
        assert product.shape == (2, 3)
        assert all(D.float(entry) == D.float(D.real(0)) for entry in product.flat)


@every_domain
def test_a_product_without_rows_or_columns_has_none(make):
    with make() as D:
        A, none = matrix([[D.real(1), D.real(2)]]), np.empty((2, 0), dtype=object)
        assert D.product(A, none).shape == (1, 0)
        assert D.product(none.T, A.T).shape == (0, 1)


@every_domain_with_values
def test_a_product_of_matrices_is_rows_by_columns(make):
    with make() as D:
        A = matrix([[D.real(1), D.real(2), D.real(3)], [D.real(4), D.real(5), D.real(6)]])
        B = matrix([[D.real(7)], [D.real(-8)], [D.real(9)]])
        assert [[D.float(x) for x in row] for row in D.product(A, B)] == [[18.0], [42.0]]


@every_domain_with_values
def test_lists_of_two_lengths_have_no_dot_product(make):
    with make() as D, pytest.raises(ValueError, match="zip"):
        D.dot([D.real(1)], [D.real(1), D.real(2)])


@every_domain_with_values
def test_GELU_of_1_is_Phi_of_1(make):
    with make() as D:
        assert D.float(D.GELU(D.real(1))) == D.float(D.Phi(D.real(1))) == 0.8413447460685429


@every_function_and_point
def test_floats_are_near_the_balls(function, x):
    with Floats() as D, Balls() as E:
        got, exact = D.float(function(D, D.real(x))), function(E, E.real(x))
        # No function here multiplies a relative error by more than x² + 8, what Φ makes of
        # that of its argument; NumPy's functions promise 4 ulp, and no more than 8 are in a row.
        assert ulps(got, exact, np.float64) <= 4 * 8 * (x**2 + 8)


def test_the_package_does_not_need_python_flint():
    code = "import sys; sys.modules['flint'] = None; import spec.domains"
    subprocess.run([sys.executable, "-c", code], check=True)


# floats -------------------------------------------------------------------------------------------


@given(moderate, moderate)
def test_floats_round_each_operation(x, y):
    assume(y != 0)
    with Floats() as D:
        X, Y = D.real(x), D.real(y)
        results = [X + Y, X - Y, X * Y, X / Y, -X, D.square(X), D.ReLU(X), X + 1, 1 / Y]
        assert results == [x + y, x - y, x * y, x / y, -x, x * x, max(x, 0.0), x + 1, 1 / y]
        assert {type(z) for z in results} == {np.float64}


def test_floats_are_summed_from_left_to_right():
    with Floats() as D:
        terms = [D.real(x) for x in (1e17, 1, -1e17, 2)]
        ones = [D.real(1)] * 4
        assert D.total(terms) == D.dot(terms, ones) == D.dot(ones, terms) == 2.0
        assert D.product(matrix([terms]), matrix([ones]).T)[0, 0] == 2.0
        assert D.total(terms[::-1]) == 0.0


def test_floats_overflow_to_infinity_and_do_not_raise():
    with Floats() as D:
        zero, one = D.real(0), D.real(1)
        assert D.exp(D.real(710)) == one / zero == D.power(zero, -1) == math.inf
        assert D.log(zero) == -one / zero == -math.inf
        undefined = [zero / zero, D.log(-one), D.sqrt(-one), D.ReLU(zero / zero)]
        undefined += D.softmax([D.real(710)])
        assert all(np.isnan(x) for x in undefined)


def test_the_step_of_floats_is_0_at_0():
    with Floats() as D:
        assert [D.step(D.real(x)) for x in (-1, 0, 1)] == [0.0, 0.0, 1.0]


# balls --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [10**40 + 1, -(2**300) + 1, 0.1, 5e-324, 1.7976931348623157e308])
def test_a_ball_starts_exact(x):
    with Balls(24) as D:
        assert fraction(D.real(x)) == Fraction(x)


@given(moderate, moderate, st.integers(2, 64))
@example(0.1, 0.3, 24)
def test_balls_contain_exact_operations(x, y, precision):
    assume(y != 0)
    X, Y = Fraction(x), Fraction(y)
    with Balls(precision) as D:
        a, b = D.real(x), D.real(y)
        assert contains(a + b, X + Y)
        assert contains(a - b, X - Y)
        assert contains(a * b, X * Y)
        assert contains(a / b, X / Y)
        assert contains(3 / b, 3 / Y)
        assert contains(D.square(a), X**2)


@given(moderate, st.integers(-9, 9))
def test_balls_contain_exact_powers(x, n):
    assume(x != 0 or n >= 0)
    with Balls(24) as D:
        assert contains(D.power(D.real(x), n), Fraction(x) ** n)


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


@given(st.lists(st.sampled_from([-math.inf, -3.0, 0.0, 0.1, math.inf, math.nan]), min_size=8))
def test_a_product_with_infinities_claims_no_more_than_its_definition(entries):
    with Balls() as D:
        numbers = [D.real(x) for x in entries[:8]]
        A, B = matrix([numbers[:2], numbers[2:4]]), matrix([numbers[4:6], numbers[6:]])
        literal = Domain.product(D, A, B)
        for ball, exact in zip(D.product(A, B).flat, literal.flat, strict=True):
            assert ball.is_nan() or (ball == exact) or ball.overlaps(exact)
            assert ball.is_nan() or not exact.is_nan()


@pytest.mark.parametrize("size", [1, 7, 60])
def test_a_large_product_contains_the_exact_one(size):
    # Scales from 2⁻⁴⁰ to 2⁴⁰: a fast algorithm that mixed them would have to say so.
    generator = np.random.default_rng(size)
    A, B = (
        generator.normal(size=(size, size)) * 2.0 ** generator.integers(-40, 40, (size, size))
        for _ in range(2)
    )
    with Balls(40) as D:
        C = D.product(*(matrix([D.real(x) for x in row] for row in M.tolist()) for M in (A, B)))
    for i, j in [(0, 0), (size - 1, 0), (size // 2, size - 1)]:
        exact = sum(Fraction(x) * Fraction(y) for x, y in zip(A[i], B[:, j], strict=True))
        assert contains(C[i, j], exact)


def test_a_ball_outside_of_the_with_still_contains_the_exact_number():
    with Balls(200) as D:
        third = D.real(1) / 3
    assert contains(third + 1, Fraction(4, 3))
    assert contains(D.square(third), Fraction(1, 9))


# certified ----------------------------------------------------------------------------------------


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


# ulps ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("exact", [1.0, -1.5, 2.0**-120, 3e38])
def test_the_next_number_is_1_ulp_away(dtype, exact):
    exact = dtype(exact)
    away = np.nextafter(exact, dtype(math.copysign(math.inf, exact)))
    assert ulps(float(exact), arb(float(exact)), dtype) == 0
    assert ulps(float(away), arb(float(exact)), dtype) == 1


def test_the_unit_is_that_of_the_exact_number():
    below_1 = arb(1) - arb(2) ** -53
    assert ulps(1.0, below_1, np.float64) == 1.0
    assert ulps(float(below_1), arb(1), np.float64) == 0.5
    assert ulps(1.0, arb(1) - arb(2) ** -24, np.float32) == 1.0


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("exact", [0, 1, 4])
def test_subnormal_numbers_lie_a_smallest_one_apart(dtype, exact):
    smallest = float(np.finfo(dtype).smallest_subnormal)
    assert ulps(7 * smallest, arb(exact * smallest), dtype) == 7 - exact


def test_ulps_of_infinity_and_nan():
    inf, nan = math.inf, math.nan
    assert ulps(-inf, arb.neg_inf(), np.float64) == 0
    assert ulps(inf, arb.pos_inf(), np.float32) == 0
    assert ulps(-inf, arb(-math.inf, 1), np.float64) == 0
    mismatches = [(inf, -inf), (inf, 1.0), (1.0, inf), (nan, 1.0), (1.0, nan), (nan, nan)]
    assert {ulps(x, arb(y), np.float64) for x, y in mismatches} == {inf}
    assert {ulps(x, arb(0, inf), np.float64) for x in (-inf, 1.0, inf)} == {inf}


@given(st.floats(width=32, allow_nan=False, allow_infinity=False), moderate)
@example(1.0, 0.0)
def test_ulps_is_above_the_exact_ratio_by_two_roundings_at_most(x, y):
    assume(abs(y) >= 2.0**-126)
    exact = abs(Fraction(x) - Fraction(y)) / Fraction(2) ** (math.frexp(y)[1] - 24)
    bound = ulps(x, arb(y), np.float32)
    assert exact <= Fraction(bound)
    assert bound == 0 or Fraction(math.nextafter(math.nextafter(bound, 0), 0)) < exact


@given(st.floats(-1e30, 1e30))
def test_a_rounded_number_is_at_most_half_a_unit_away(x):
    assert ulps(float(np.float32(x)), arb(x), np.float32) <= 0.5


def test_ulps_bounds_the_distance_to_every_number_in_the_ball():
    ball = arb(1, 2.0**-50)
    assert ulps(1.0, ball, np.float64) >= 2**3
    assert ulps(float(ball.lower()), ball, np.float64) >= 2**4


# reverse ------------------------------------------------------------------------------------------


def slope(D: Domain, function, x):
    """The derivative at a ball: it encloses those at all its numbers."""
    with Reverse(D) as R:
        variable = R.variable(x)
        (slope,) = R.gradient(function(R, variable), [variable])
        return slope


@every_function_and_point
def test_derivatives_obey_the_mean_value_theorem(function, x):
    # A difference quotient over [x - h, x + h] is the derivative somewhere inside.
    with Balls(400) as D:
        h = arb(2) ** -150
        quotient = (function(D, x + h) - function(D, x - h)) / (2 * h)
        derivative = slope(D, function, arb(x, 2.0**-150))
        assert derivative.overlaps(quotient)
        assert derivative.rad() <= arb(2) ** -100 * abs(quotient).max(1)


@every_function_and_point
def test_derivatives_over_floats_are_near_those_over_balls(function, x):
    with Floats() as D, Balls() as E:
        got, exact = slope(D, function, D.real(x)), slope(E, function, E.real(x))
        # The bound above, at the scale of 1 for what is smaller.
        scale = np.spacing(max(1.0, abs(float(exact))))
        assert abs(got - float(exact)) <= 4 * 8 * (x**2 + 8) * scale


@pytest.mark.parametrize("i", range(len(WEIGHTS)))
def test_gradients_of_a_network_obey_the_mean_value_theorem(i):
    with Balls(400) as D:
        h = arb(2) ** -150
        low, wide, high = ([D.real(w) for w in WEIGHTS] for _ in range(3))
        low[i], wide[i], high[i] = low[i] - h, arb(WEIGHTS[i], 2.0**-150), high[i] + h
        quotient = (network(D, high) - network(D, low)) / (2 * h)
        with Reverse(D) as R:
            w = [R.variable(x) for x in wide]
            gradient = R.gradient(network(R, w), w)
        assert gradient[i].overlaps(quotient)
        assert gradient[i].rad() <= arb(2) ** -100
        assert quotient != 0


@pytest.mark.parametrize("Base", [Floats, Balls])
def test_values_are_those_of_the_domain_below(Base):
    with Reverse(Base()) as D:
        constants = [D.real(w) for w in WEIGHTS]
        want, got = network(D.base, constants), network(D, [D.variable(w) for w in constants])
        assert repr(got.value) == repr(want)
        assert D.float(got) == D.base.float(want)


def test_constants_of_constants_stay_constants():
    with Reverse(Floats()) as D:
        assert isinstance(network(D, [D.real(w) for w in WEIGHTS]), np.float64)
        assert isinstance(D.power(D.real(2), 3), np.float64)


@pytest.mark.parametrize("Base", [Floats, Balls])
def test_what_the_output_does_not_depend_on_has_gradient_0(Base):
    with Reverse(Base()) as D:
        x, y = D.variable(D.real(2)), D.variable(D.real(3))
        assert D.gradient(x * 5, [y, x]) == [0, 5]
        assert D.gradient(D.real(7), [x, y]) == [0, 0]
        assert D.gradient(x, [x, x]) == [1, 1]
        assert {type(slope) for slope in D.gradient(x, [x, y])} == {type(D.real(0))}


def test_a_gradient_does_not_depend_on_the_one_before():
    with Reverse(Floats()) as D:
        x = D.variable(D.real(3))
        y = x * x
        assert D.gradient(y, [x]) == D.gradient(y, [x]) == D.gradient(x + x * 5, [x]) == [6]


def test_a_gradient_takes_one_pass_however_often_a_number_is_used():
    with Reverse(Balls()) as D:
        x = y = D.variable(D.real(1))
        for _ in range(3000):
            y = y + y
        assert D.gradient(y, [x]) == [arb(2) ** 3000]


@pytest.mark.parametrize("Base", [Floats, Balls])
def test_masked_scores_leave_gradients_finite(Base):
    with Reverse(Base()) as D:
        x, y = D.variable(D.real(2)), D.variable(D.real(3))
        minus_infinity = D.minus_infinity / D.sqrt(D.real(3))
        alone = D.softmax([minus_infinity, x, minus_infinity])[1]
        both = D.softmax([minus_infinity, x, y])
        assert [D.float(d) for d in D.gradient(alone, [x])] == [0]
        assert all(math.isfinite(D.float(d)) for d in D.gradient(both[1], [x, y]))
        assert D.gradient(both[0] * x, [x, y]) == [0, 0]


@pytest.mark.parametrize("Base", [Floats, Balls])
def test_a_column_masked_altogether_has_gradient_0_A11(Base):
    with Reverse(Base()) as D:
        V = [D.variable(D.real(2)), D.variable(D.real(3))]
        output = D.dot(V, D.softmax([D.minus_infinity, D.minus_infinity]))
        assert D.is_zero(output)
        assert D.gradient(output, V) == [0, 0]


def test_a_column_that_underflows_has_gradient_0_over_floats():
    with Reverse(Floats()) as D:
        x = D.variable(D.real(-1e4))
        (p,) = D.softmax([x])
        assert D.gradient(p, [x]) == [0]


def test_the_derivative_of_ReLU_over_a_ball_around_0_is_all_of_0_to_1():
    with Balls() as D:
        derivative = slope(D, lambda R, x: R.ReLU(x), arb(0.5, 1))
        assert all(x in derivative for x in (0, 0.5, 1))


def test_the_derivative_of_ReLU_over_floats_is_0_at_0():
    with Floats() as D:
        assert slope(D, lambda R, x: R.ReLU(x), D.real(0)) == 0


def test_division_by_an_int_rounds_no_slope():
    # 1 / 3 in Python is a double, and 2⁻⁵⁵ away.
    with Balls() as D:
        assert contains(slope(D, lambda _, x: x / 3, D.real(1)), Fraction(1, 3))


@pytest.mark.parametrize("scalar", [np.float64(2), 2])
def test_a_number_of_any_kind_may_stand_on_the_left(scalar):
    with Reverse(Floats()) as D:
        x = D.variable(D.real(4))
        results = [scalar + x, scalar - x, scalar * x, scalar / x]
        assert [result.value for result in results] == [6, -2, 8, 0.5]
        assert {type(result.value) for result in results} == {np.float64}


def test_a_variable_shows_its_value():
    with Reverse(Floats()) as D:
        assert repr(D.variable(D.real(5))) == "Variable(np.float64(5.0))"


# counting -----------------------------------------------------------------------------------------

COUNTS = {
    "x + y": (lambda D, x: x + x, {"add": 1}),
    "1 + x - 1": (lambda D, x: 1 + x - 1, {"add": 2}),
    "1 - x": (lambda D, x: 1 - x, {"add": 1}),
    "-x": (lambda D, x: -x, {"add": 1}),
    "2 x y": (lambda D, x: 2 * x * x, {"multiply": 2}),
    "square": (lambda D, x: D.square(x), {"multiply": 1}),
    "1 / x / y": (lambda D, x: 1 / x / x, {"divide": 2}),
    "exp": (lambda D, x: D.exp(x), {"exp": 1}),
    "log": (lambda D, x: D.log(x), {"log": 1}),
    "sqrt": (lambda D, x: D.sqrt(x), {"sqrt": 1}),
    "power": (lambda D, x: D.power(x, x), {"power": 1}),
    "Phi": (lambda D, x: D.Phi(x), {"Phi": 1}),
    "ReLU": (lambda D, x: D.ReLU(x), {"ReLU": 1}),
    "GELU": (lambda D, x: D.GELU(x), {"Phi": 1, "multiply": 1}),
    "total of 5": (lambda D, x: D.total([x] * 5), {"add": 4}),
    "total of 1": (lambda D, x: D.total([x]), {}),
    "total of 0": (lambda D, x: D.total([]), {}),
    "dot": (lambda D, x: D.dot([x] * 3, [x] * 3), {"multiply-add": 3}),
    "softmax": (lambda D, x: D.softmax([x] * 4), {"exp": 4, "add": 3, "divide": 4}),
    "2×3 by 3×5": (
        lambda D, x: D.product(np.full((2, 3), x), np.full((3, 5), x)),
        {"multiply-add": 30},
    ),
    "nothing": (lambda D, x: [D.real(2), D.minus_infinity, D.float(x), D.is_zero(x)], {}),
}


@pytest.mark.parametrize(("function", "counts"), COUNTS.values(), ids=COUNTS)
def test_each_operation_is_counted_once(function, counts):
    D = Counting()
    function(D, D.real(1))
    assert D.operations == Counter(counts)


def test_every_number_that_is_counted_can_be_sampled():
    D = Counting()
    assert D.float(D.exp(D.real(3))) == 1.0


def test_each_counting_counts_for_itself():
    one, other = Counting(), Counting()
    one.exp(one.real(1))
    assert other.operations == {}
