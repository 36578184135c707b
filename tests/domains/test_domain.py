"""Does each domain of numbers keep what all of them promise? A test's name is the promise."""

import math
import subprocess
import sys

import numpy as np
import pytest
from flint import ctx
from helpers.counting import Counting
from helpers.functions import every_function_and_point, matrix

from spec.domains import Floats, Reverse
from spec.domains.balls import Balls

WITH_VALUES = [Floats, Balls, lambda: Reverse(Floats()), lambda: Reverse(Balls())]
NAMES = ["Floats", "Balls", "Reverse of Floats", "Reverse of Balls"]
every_domain = pytest.mark.parametrize("make", [*WITH_VALUES, Counting], ids=[*NAMES, "Counting"])
every_domain_with_values = pytest.mark.parametrize("make", WITH_VALUES, ids=NAMES)


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
        got, exact = function(D, D.real(x)), function(E, E.real(x))
        assert type(got) is np.float64
        # No function here multiplies a relative error by more than x² + 8, what Φ makes of
        # that of its argument; NumPy's functions promise 4 ulp, and no more than 8 are in a row.
        unit = np.spacing(abs(float(exact)))
        assert abs(exact - D.float(got)) <= 4 * 8 * (x**2 + 8) * unit


def test_the_package_does_not_need_python_flint():
    code = "import sys; sys.modules['flint'] = None; import spec.domains"
    subprocess.run([sys.executable, "-c", code], check=True)
