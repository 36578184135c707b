"""Is what has no gradient refused by name, and never taken for a constant in silence?"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from algorithms import value_and_gradient

w = (np.array([1.0, 2.0, 4.0]), np.eye(3))
NO_RULE = "has no rule for gradients"
CONSTANT = f"{NO_RULE}: it would be a constant, with no part in the gradient"
SECOND = "holds an array that another call tracks: second derivatives have no rule"

REFUSED = {
    "a function": (lambda w: np.cumsum(w[0])[-1], f"numpy.cumsum {NO_RULE}"),
    "one of linalg": (lambda w: np.linalg.norm(w[0]), f"numpy.norm {NO_RULE}"),
    "einsum": (lambda w: np.einsum("i,i", w[0], w[0]), f"numpy.einsum {NO_RULE}"),
    "an operator": (lambda w: np.sum(w[0] % 2), f"numpy.remainder {NO_RULE}"),
    "a reduction": (lambda w: np.add.reduce(w[0]), f"numpy.add.reduce {NO_RULE}"),
    "a method": (lambda w: w[0].cumsum(), f"the attribute cumsum {NO_RULE}"),
    "an exponent": (
        lambda w: np.sum(2.0 ** w[0]),
        f"numpy.power with a tracked exponent {NO_RULE}",
    ),
    "a vector": (lambda w: w[1] @ w[0], f"@ of a vector {NO_RULE}: write X @ v[:, None]"),
    "an option": (lambda w: np.sum(w[0], initial=1.0), f"numpy.sum with initial {NO_RULE}"),
    "a type": (lambda w: np.sum(w[0].astype(int)), f"astype('int64') {NO_RULE}"),
    "an index": (lambda w: w[0][w[0]], f"an index that is tracked {NO_RULE}"),
    "a condition": (
        lambda w: np.where(w[0], 1.0, w[0]),
        f"numpy.where of a tracked condition {NO_RULE}",
    ),
    "taken along": (
        lambda w: np.take_along_axis(w[0], w[0], axis=0),
        f"an index that is tracked {NO_RULE}",
    ),
    # What would have no part in the gradient
    "float": (lambda w: w[0][0] * float(w[0][1]), f"float {CONSTANT}"),
    "int": (lambda w: w[0][0] * int(w[0][1]), f"int {CONSTANT}"),
    "math": (lambda w: math.sqrt(w[0][0]), f"float {CONSTANT}"),
    "asarray": (lambda w: np.sum(np.asarray(w[0])), f"numpy.asarray {CONSTANT}"),
    "array": (lambda w: np.sum(np.array([w[0][0], 1.0])), f"numpy.asarray {CONSTANT}"),
    # What would change an array
    "out": (
        lambda w: np.sum(np.exp(w[0], out=np.zeros(3))),
        f"numpy.exp with out {NO_RULE}: it changes an array",
    ),
    "setting": (
        lambda w: w[0].__setitem__(0, 1.0),
        f"X[…] = … {NO_RULE}: a tracked array never changes",
    ),
    # Second derivatives
    "a theta": (lambda w: value_and_gradient(lambda v: np.sum(v[0]), w)[0], f"theta {SECOND}"),
    "a loss": (
        lambda w: value_and_gradient(lambda v: np.sum(v[0] * w[0]), (np.ones(3),))[0],
        f"the loss {SECOND}",
    ),
    "a result": (
        lambda w: value_and_gradient(lambda v: np.sum(w[0]), (np.ones(3),))[0],
        f"the loss {SECOND}",
    ),
    # Losses, parameters and names
    "no number": (lambda w: w[0], "loss gives an array of shape (3,), want a number"),
}


@pytest.mark.parametrize(("loss", "message"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_by_name(loss, message):
    with pytest.raises((TypeError, ValueError, AttributeError)) as caught:
        value_and_gradient(loss, w)
    assert str(caught.value) == f"value_and_gradient: {message}"


@pytest.mark.parametrize(
    ("theta", "options", "message"),
    [
        ((torch.ones(3),), {}, "theta holds a torch.Tensor, want NumPy's arrays of floats"),
        (([1.0, 2.0],), {}, "theta holds a list, want NumPy's arrays of floats"),
        ((np.ones(3, int),), {}, "theta holds int64, want floats"),
        (
            (np.ma.ones(3),),
            {},
            (
                "theta holds a numpy.ma.MaskedArray, whose mask would be lost, "
                "want NumPy's arrays of floats"
            ),
        ),
        (
            (np.ones(3),),
            {"recompute": ("Attention", "MHAttentoin")},
            "recompute holds 'MHAttentoin', want some of Attention, MHAttention",
        ),
    ],
)
def test_what_is_no_theta_and_no_name_is_refused(theta, options, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        value_and_gradient(lambda w: np.sum(w[0]), theta, **options)
    assert str(caught.value) == f"value_and_gradient: {message}"


def test_a_comparison_is_a_plain_array_and_what_it_decides_is_right():
    def loss(theta):
        x = theta[0]
        assert isinstance(x > 1, np.ndarray)
        total = x[0] * 0.0
        for one in x:
            total += one * 3.0 if one > 1.5 else one * 5.0
        return total + x[np.argmax(x)]

    assert value_and_gradient(loss, w)[1][0].tolist() == [5.0, 3.0, 4.0]


def test_adding_to_a_name_changes_no_array():
    def loss(theta):
        x = y = theta[0]
        x += 1.0
        x *= 2.0
        return np.sum(x * y)

    assert value_and_gradient(loss, w)[1][0].tolist() == [6.0, 10.0, 18.0]
    assert w[0].tolist() == [1.0, 2.0, 4.0]


# What has a rule ----------------------------------------------------------------------------------

M = np.array([[0.3, -1.2, 0.7], [1.1, 0.4, -0.6]])
N = np.array([[0.9, -0.5], [1.3, 0.8], [1.7, -0.2]])
mask = np.array([[True, False, True], [False, False, True]])
RULES = {
    "+": lambda a, b: a + b.T + 1.0,
    "-": lambda a, b: 2.0 - a - b.T,
    "*": lambda a, b: 3.0 * a * b.T * a,
    "/": lambda a, b: a / b.T + 1.0 / b.T,
    "@": lambda a, b: (a @ b) @ (a @ b),
    "@ of a batch": lambda a, b: np.stack([a, 2.0 * a, b.T])[:, None] @ np.stack([b, -b]),
    "@ of heads": lambda a, b: np.stack([a, a * a, b.T]) @ np.reshape(b, (1, 3, 2)),
    "@ of heads of a batch": lambda a, b: (
        np.stack([a, a * a, b.T]) @ np.stack([b, -b, b * b, b])[:, None]
    ),
    "@ of one for a batch": lambda a, b: a @ np.stack([b, -b, b * b]),
    "@ by one for a batch": lambda a, b: np.stack([b.T, a, a * a, a])[:, None] @ b[None],
    "@ of constants": lambda a, b: (N @ a) @ (b @ M),
    "**": lambda a, b: a**2 + b.T**3 + (a * a + 1.0) ** 0.5,
    "signs": lambda a, b: abs(a) + (-b.T) + (+a),
    "exp": lambda a, b: np.exp(a) * np.expm1(b.T),
    "log": lambda a, b: np.log(a * a + 0.1) + np.log1p(b.T * b.T),
    "roots": lambda a, b: np.sqrt(a * a + 1.0) + np.reciprocal(b.T) + np.square(a),
    "tanh": lambda a, b: np.tanh(a) + np.sin(b.T) * np.cos(a),
    "maximum": lambda a, b: np.maximum(a, b.T) - np.minimum(a, 0.1),
    "where": lambda a, b: np.where(mask, a, b.T * 2.0) + np.where(mask, 0.0, a),
    "sums": lambda a, b: (
        np.sum(a, axis=0) * np.mean(b, axis=-1) + a.sum() * b.mean(0, keepdims=True).sum()
    ),
    "sums of both": lambda a, b: np.sum(a * b.T, axis=(0, 1), keepdims=True),
    "largest": lambda a, b: np.max(a, axis=0) * np.min(b, axis=1, keepdims=True)[:, 0] + np.max(b),
    "an entry": lambda a, b: a[0, 1] * b[2, -1] + a[1][2],
    "slices": lambda a, b: a[:, ::-1] * b.T[:, 1:2] + a[::-1, :1],
    "arrays": lambda a, b: a[:, [2, 0, 0]] * b[[1, 1, 2], :].T + a[:, mask[0]].sum(),
    "places twice": lambda a, b: a[0][1:][np.array([0, 1, 0])] * b[:, 0],
    "new axes": lambda a, b: a[:, None, :] * b.T[None] + np.expand_dims(a, 1),
    "take": lambda a, b: np.take(a, np.array([1, 1, 0]), axis=0)[:, 0] * np.take(b, [5, 0, 3]),
    "take along": lambda a, b: np.take_along_axis(a, np.array([[2, 0, 2]]), axis=-1) * b[:, 0],
    "shapes": lambda a, b: np.reshape(a, (3, 2)) * b + a.reshape(-1, 2) + np.transpose(b.T, (1, 0)),
    "axes": lambda a, b: (
        np.swapaxes(np.stack([a, b.T], axis=-1), 0, 2)[0] * np.squeeze(b[None]).sum()
    ),
    "joined": lambda a, b: (
        np.concatenate([a, b.T, M], axis=0) * np.concatenate([b, N, b.T.T])[:6, :1]
    ),
    "broadcast": lambda a, b: np.broadcast_to(a[:1], (4, 3)) * b[:, 0],
    "to one type": lambda a, b: a.astype(np.float64) * b.T,
    "what is constant": lambda a, b: a * np.ones_like(b.T) + np.zeros_like(a) + np.isfinite(a),
}


@pytest.mark.parametrize("f", RULES.values(), ids=RULES)
def test_a_rule_gives_the_slope_along_each_entry(f):
    source = np.random.default_rng(0)
    weights = source.standard_normal(np.shape(f(M, N)))

    def loss(theta):
        return np.sum(f(*theta) * weights)

    value, gradient = value_and_gradient(loss, (M, N))
    assert value == loss((M, N))
    h = 2.0**-17
    for k, array in enumerate((M, N)):
        for i in np.ndindex(array.shape):
            step = np.zeros_like(array)
            step[i] = h
            up, down = ([M, N], [M, N])
            up[k], down[k] = array + step, array - step
            about = (loss(up) - loss(down)) / (2 * h)
            # The third derivatives are below 1e4; values below 1e3 are rounded by 2^-53.
            assert abs(gradient[k][i] - about) < 1e4 * h**2 + 1e3 * 2.0**-53 / h
            assert gradient[k].shape == array.shape
