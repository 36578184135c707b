"""Is a derivative what the calculus says, over every domain?"""

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb
from helpers.functions import WEIGHTS, contains, every_function_and_point, network

from spec.domains import Domain, Floats, Reverse, UndecidedError
from spec.domains.balls import Balls


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
        # The bound of the functions themselves, at the scale of 1 for what is smaller.
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
        nobody = D.dot([x, y], D.softmax([minus_infinity, minus_infinity]))  # A11
        assert D.is_zero(nobody)
        assert D.gradient(nobody, [x, y]) == [0, 0]


def test_a_column_that_underflows_has_gradient_0_over_floats():
    with Reverse(Floats()) as D:
        x = D.variable(D.real(-1e4))
        (p,) = D.softmax([x])
        assert D.gradient(p, [x]) == [0]


def test_the_derivative_of_ReLU_over_a_ball_around_0_is_all_of_0_to_1():
    with Balls() as D:
        derivative = slope(D, lambda R, x: R.ReLU(x), arb(0.5, 1))
        assert all(x in derivative for x in (0, 0.5, 1))


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
        assert repr(results[0]) == "Variable(np.float64(6.0))"


def test_the_slope_of_ReLU_has_no_derivative_where_it_may_jump():
    with Reverse(Balls()) as D:
        x = D.variable(arb(2, 1))
        assert D.ReLU_slope(x) == 1
        assert D.gradient(D.ReLU_slope(x), [x]) == [0]
        for ball in (arb(1, 2), arb(0)):
            with pytest.raises(UndecidedError, match=r"^ReLU' may jump at "):
                D.ReLU_slope(D.variable(ball))
        assert 0.5 in D.ReLU_slope(arb(0))  # of a constant no derivative is asked


def test_the_larger_of_two_numbers_has_the_slope_of_that_number():
    with Reverse(Floats()) as D:
        x, y = D.variable(D.base.real(2)), D.variable(D.base.real(3))
        assert D.gradient(D.larger(x * 5, y * 7), [x, y]) == [0, 7]
        assert D.gradient(D.larger(x * 5, D.base.real(1)), [x, y]) == [5, 0]
    with Reverse(Balls()) as D, pytest.raises(UndecidedError):
        D.larger(D.variable(arb(1, 1)), D.variable(arb(1)))
