"""Is NumPy's erfc as near to the exact one as it says, in every binade and everywhere between?"""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
from flint import arb, arb_poly, ctx

from algorithms.signatures.error_function import BLOCK, TABLES, erfc

UNITS = 8  # in the last place: what the docstring says
every_type = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@pytest.fixture(autouse=True)
def many_digits():
    before, ctx.prec = ctx.prec, 400
    yield
    ctx.prec = before


def units(x, y):
    """How far y is from erfc(x) at most, in units in the last place of y."""
    apart = [
        float(abs(arb(value) - arb(argument).erfc()).upper())
        for argument, value in zip(x.tolist(), y.tolist(), strict=True)
    ]
    return np.array(apart) / np.spacing(y)


def every_binade(dtype):
    """A few numbers of each binade, and of both signs."""
    info = np.finfo(dtype)
    exponents = np.arange(info.minexp - info.nmant, info.maxexp)
    fractions = 1 + np.random.default_rng(0).random((3, exponents.size))
    x = np.ldexp(fractions.astype(dtype), exponents).ravel()
    return np.concatenate([x, -x])


def between(dtype):
    """Numbers as dense as they can matter: to where the result is 0, or 2."""
    last = TABLES[np.dtype(dtype).name].last
    return np.random.default_rng(1).uniform(-7, last + 0.5, 4_000).astype(dtype)


@every_type
@pytest.mark.parametrize("numbers", [every_binade, between])
def test_the_error_is_below_what_is_said(dtype, numbers):
    x = numbers(dtype)
    y = erfc(x)
    assert y.dtype == dtype
    assert units(x, y).max() < UNITS


@every_type
def test_a_coefficient_that_is_off_is_seen(dtype, monkeypatch):
    x = between(dtype)
    table = TABLES[np.dtype(dtype).name]
    *others, last = table.coefficients
    off = table._replace(coefficients=(*others, last * (1 + 8 * np.finfo(dtype).eps)))
    monkeypatch.setitem(TABLES, np.dtype(dtype).name, off)
    assert units(x, erfc(x)).max() > UNITS


def test_in_float64_it_has_digits_that_scipys_has_not():
    x = np.linspace(8, 26, 200)
    assert units(x, scipy.special.erfc(x)).max() > 20 * units(x, erfc(x)).max()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_limits_and_nan(dtype):
    x = np.array([-np.inf, np.inf, np.nan, np.finfo(dtype).max, np.finfo(dtype).min], dtype)
    assert np.array_equal(erfc(x), np.array([2, 0, np.nan, 0, 2], dtype), equal_nan=True)
    assert erfc(x).dtype == x.dtype


@every_type
def test_blocks_and_layouts_change_nothing(dtype):
    x = np.random.default_rng(2).standard_normal((2, BLOCK // 3, 3)).astype(dtype)
    y = erfc(x)
    assert np.array_equal(erfc(x.T), y.T)
    assert np.array_equal(erfc(x[::-1, ::2]), y[::-1, ::2])
    assert erfc(x[0, 0, 0]) == y[0, 0, 0]
    assert erfc(x[:0]).shape == (0, *x.shape[1:])


# Where the coefficients come from -----------------------------------------------------------------


def p(t):
    a = 1 / t - 3
    return (a * a).exp() * a.erfc() / t


@pytest.mark.parametrize("name", TABLES)
def test_the_coefficients_are_those_of_an_interpolation(name):
    last, middle, _, coefficients = TABLES[name]
    N, low, high = len(coefficients), 1 / (arb(last) + 3), 1 / arb(3)
    angles = [(2 * j + 1) * arb.pi() / (2 * N) for j in range(N)]
    points = [(low + high) / 2 + (high - low) / 2 * angle.cos() for angle in angles]
    # Newton's divided differences, and his polynomial in powers of t − middle.
    differences = [p(t) for t in points]
    for k in range(1, N):
        for j in range(N - 1, k - 1, -1):
            step = points[j] - points[j - k]
            differences[j] = (differences[j] - differences[j - 1]) / step
    polynomial = arb_poly([])
    for difference, point in zip(differences[::-1], points[::-1], strict=True):
        factor = arb_poly([middle - point, 1])
        polynomial = polynomial * factor + arb_poly([difference])
    exact = [polynomial[i] for i in reversed(range(N))]
    assert [float(c.mid()) for c in exact] == [*coefficients]
    assert all(float(c.rad()) < 1e-60 for c in exact)
