"""What holds of every gradient, whatever the numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import generic
from helpers.rounding import apart, assert_close, bound, budget

from algorithms import (
    GELU,
    DTransformer,
    DTransformerParameters,
    ReLU,
    layer_norm,
    softmax,
    tree_map,
    value_and_gradient,
)
from algorithms.checkpoints import GELU_tanh
from algorithms.extensions.silu import SiLU
from algorithms.gradients import layer_norm_pullback
from algorithms.signatures.arrays import entries

THETA = generic.theta(DTransformerParameters, L=1)
x = generic.tokens(6)
NEAR = budget(*[THETA] * 2)


def loss(theta):
    P = DTransformer(x, theta, eps=1e-5)
    return -np.sum(np.log(entries(P[:, :-1], x[1:])))


def gradient(f, theta):
    return value_and_gradient(f, theta)[1]


def dot(a, b):
    products = []
    tree_map(lambda v, w: products.append(float(np.sum(v * w))), a, b)
    return sum(products)


def test_the_slope_along_a_direction_is_that_of_two_losses():
    source = generic.rng(7)
    h = tree_map(lambda w: source.standard_normal(w.shape), THETA)
    s = 2.0**-13

    def at(step):
        return float(loss(tree_map(lambda w, d: w + step * d, THETA, h)))

    # Central differences of steps s and 2s, extrapolated: what is left is of the fourth order.
    slopes = [(at(step) - at(-step)) / (2 * step) for step in (s, 2 * s)]
    slope = (4 * slopes[0] - slopes[1]) / 3
    most = abs(slopes[0] - slopes[1])  # s², and the error s⁴
    assert abs(dot(gradient(loss, THETA), h) - slope) <= most / 100


def test_the_gradient_of_a_sum_is_the_sum():
    two = gradient(lambda w: loss(w) + loss(w), THETA)
    tree_map(lambda a, b: assert_close(a, 2 * b, **NEAR), two, gradient(loss, THETA))


def test_softmax_does_not_see_a_constant_so_b_k_moves_nothing():
    W_qkv = gradient(loss, THETA).layers[0].W.W_qkv
    assert abs(W_qkv.b_k).max() <= bound(W_qkv.b_q, **NEAR)
    assert abs(W_qkv.b_q).max() > bound(W_qkv.b_q, **NEAR)
    S = generic.matrix(5, 4)
    (S_bar,) = gradient(lambda w: np.sum(softmax(w[0]) * S**2), (S,))
    assert apart(S_bar.sum(axis=0), np.zeros(4)) <= bound(S_bar, terms=5, sums=3)


def test_parameters_that_are_not_used_have_a_gradient_of_0():
    found = gradient(loss, THETA)
    assert (found.W_p[:, len(x) :] == 0).all()
    unused = [v for v in range(THETA.W_e.shape[1]) if v not in x]
    assert (found.W_e[:, unused] == 0).all()
    assert (found.W_e[:, x[:-1]] != 0).any(axis=0).all()


def test_a_column_of_layer_norms_cotangent_is_across_1_and_across_its_result():
    E, R_bar = generic.matrix(8, 5), generic.matrix(8, 5, seed=1)
    gamma, beta = generic.matrix(8), generic.matrix(8, seed=2)
    E_bar, _, _ = layer_norm_pullback(E, R_bar, gamma, beta)
    N = layer_norm(E, np.ones(8), np.zeros(8))
    for across in (np.ones_like(N), N):
        assert abs((across * E_bar).sum(axis=0)).max() <= bound(R_bar, terms=8, sums=6)


# Activations --------------------------------------------------------------------------------------


def Phi(x):
    return math.erfc(-x / math.sqrt(2)) / 2


def phi(x):
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


EDGES = [0.0, 1.0, 5.0, 39.0, 101.0, 1e3]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_slope_of_GELU_is_right_at_subnormal_and_huge_numbers(dtype):
    info = np.finfo(dtype)
    small = [float(info.smallest_subnormal), float(info.tiny), float(info.eps)]
    edges = np.array([*EDGES, *small, float(info.max), np.inf], dtype)
    for sign, towards in ((1, 1.0), (-1, 0.0)):
        X = sign * edges
        (slope,) = gradient(lambda w: np.sum(np.where(np.isfinite(w[0]), GELU(w[0]), 0.0)), (X,))
        assert slope.dtype == dtype
        at_1, at_5 = (Phi(x) + x * phi(x) for x in (sign * 1.0, sign * 5.0))
        want = [0.5, at_1, at_5, *[towards] * 3, *[0.5] * 3, towards]
        assert_close(slope[:-1], np.array(want, dtype), terms=40)
        (slope,) = gradient(lambda w: np.sum(GELU(w[0])), (X,))
        assert slope[-1] == towards


@pytest.mark.parametrize("activation", [ReLU, GELU, GELU_tanh, SiLU])
def test_activations_have_the_slope_of_two_of_their_values(activation):
    X, s = generic.matrix(40), 2.0**-17
    (slope,) = gradient(lambda w: np.sum(activation(w[0])), (X,))
    about = (activation(X + s) - activation(X - s)) / (2 * s)
    assert abs(slope - about).max() <= s  # up to s² f‴/6, and 2u/s by rounding


# Cross-entropy where P underflows -----------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("gap", [10.0, 200.0, 1e4])
def test_the_loss_is_finite_where_P_underflows_and_its_gradient_is_P_less_1(dtype, gap):
    S = np.array([[0.0, gap, -np.inf], [gap, 0.0, 0.0], [-gap, -gap, 0.0]], dtype)
    y = np.array([0, 0, 1])

    def loss(theta):
        return -np.sum(np.log(entries(softmax(theta[0])[:, :], y)))

    value, (S_bar,) = value_and_gradient(loss, (S,))
    P = np.asarray(softmax(S))
    want = gap + 2 * np.log1p(np.exp(-gap) + np.exp(-2 * gap)) + np.log(2)
    assert_close(value, np.asarray(want, dtype), terms=9)
    P[y, np.arange(3)] -= 1
    assert_close(S_bar, P, terms=9)


def test_the_logarithm_of_one_entry_keeps_its_digits_too():
    S = np.array([[0.0], [1e4]])
    value, (S_bar,) = value_and_gradient(lambda w: -np.log(softmax(w[0])[0, 0]), (S,))
    assert (value, S_bar.tolist()) == (1e4, [[-1.0], [1.0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_logarithm_of_a_probability_keeps_its_digits_wherever_it_is_moved(dtype):
    S = np.array([[0.0, -5.0], [-1e4, -3e4], [-2e4, 0.0]], dtype)
    weights = np.array([[3.0, 1.0], [2.0, 4.0], [5.0, 6.0]], dtype)

    def loss(theta):
        P = softmax(theta[0])
        moved = np.reshape(P[::-1].mT[None], (2, 3)).T[[2, 1, 0]][:, :]
        return np.sum(np.log(moved) * weights)

    value, (S_bar,) = value_and_gradient(loss, (S,))
    log_P = S - np.log(np.exp(S).sum(axis=0))
    assert_close(value, np.sum(log_P * weights), terms=S.size)
    assert_close(S_bar, weights - softmax(S) * weights.sum(axis=0), terms=S.size)
