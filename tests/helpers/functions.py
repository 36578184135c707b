"""Functions of one number in any domain, and matrices of such numbers."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import arb

from spec.domains import Domain

#: Functions of one number, each smooth on a neighbourhood of its points, which are exact.
FUNCTIONS = {
    "exp": (lambda D, x: D.exp(x), [-3.0, 0.0, 2.5]),
    "log": (lambda D, x: D.log(x), [0.125, 1.0, 7.0]),
    "sqrt": (lambda D, x: D.sqrt(x), [0.125, 1.0, 7.0]),
    "Phi": (lambda D, x: D.Phi(x), [-30.0, -1.0, 0.0, 2.0]),
    "ReLU": (lambda D, x: D.ReLU(x), [-2.0, 3.0]),
    "GELU": (lambda D, x: D.GELU(x), [-5.0, 0.0, 1.5]),
    "GELU'": (lambda D, x: D.GELU_slope(x), [-5.0, 0.0, 1.5]),
    "logistic": (lambda D, x: D.logistic(x), [-5.0, 0.0, 1.5]),
    "SiLU": (lambda D, x: D.SiLU(x), [-5.0, 0.0, 1.5]),
    "ELU": (lambda D, x: D.ELU(x), [-5.0, -0.25, 1.5]),
    "cos": (lambda D, x: D.cos(x), [-2.0, 0.0, 1.25]),
    "sin": (lambda D, x: D.sin(x), [-2.0, 0.0, 1.25]),
    "tanh": (lambda D, x: D.tanh(x), [-2.0, 0.0, 1.25]),
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


def matrix(rows: Iterable[Iterable[Any]]) -> Any:
    """A matrix of Python objects; `rows` may be an iterator over numbers of any domain."""
    rows = [list(row) for row in rows]
    return np.array(rows, dtype=object).reshape(len(rows), -1)


def network(D: Domain[Any], w: list[Any]) -> Any:
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
