"""Are floats rounded as the hardware rounds them, and do they never raise?"""

import math

import numpy as np
from helpers.functions import matrix

from spec.domains import Floats


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


def test_a_gate_is_shut_and_open_at_the_ends_of_floats():
    with Floats() as D:
        assert [D.SiLU(D.real(x)) for x in (-1e4, 0, 1e4)] == [0.0, 0.0, 1e4]
        assert [D.logistic(D.real(x)) for x in (-1e4, 0, 1e4)] == [0.0, 0.5, 1.0]


def test_an_exponential_less_1_keeps_its_digits_and_does_not_overflow():
    with Floats() as D:
        assert [D.ELU(D.real(x)) for x in (-1e4, -1e-20, 0, 1e4)] == [-1.0, -1e-20, 0.0, 1e4]


def test_the_step_of_floats_is_0_at_0():
    with Floats() as D:
        assert [D.step(D.real(x)) for x in (-1, 0, 1)] == [0.0, 0.0, 1.0]
