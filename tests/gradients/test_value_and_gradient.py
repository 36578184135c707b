"""Is the gradient that we find that of autograd, of every model and with everything recomputed?"""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from helpers import generic
from helpers.gradients import by_torch
from helpers.rounding import assert_apart, assert_close, budget

from algorithms import (
    DTransformer,
    DTransformerParameters,
    EDTransformer,
    EDTransformerParameters,
    ETransformer,
    ETransformerParameters,
    MHAttention,
    gradients,
    tree_map,
    value_and_gradient,
)
from algorithms.checkpoints import BERT, GPT2, BERTParameters, Marian, MarianParameters
from algorithms.paper.notation import softmax
from algorithms.signatures.arrays import entries, namespace

D, E, ED = (
    generic.theta(parameters, **dict.fromkeys(layers, 1))
    for parameters, layers in (
        (DTransformerParameters, ("L",)),
        (ETransformerParameters, ("L",)),
        (EDTransformerParameters, ("L_enc", "L_dec")),
    )
)
d_e, N_V, ELL = generic.SIZES["d_e"], generic.SIZES["N_V"], 6
BERTS = BERTParameters(
    E, generic.matrix(d_e, 2), generic.matrix(d_e), generic.matrix(d_e, seed=1), generic.matrix(N_V)
)
#: P of each model, of a batch of sequences, and a θ for it.
MODELS = {
    "8": (lambda x, w, pad: EDTransformer(x[:, 1:], x, w, eps=1e-5, padding_x=pad), ED),
    "9": (lambda x, w, pad: ETransformer(x, w, eps=1e-5, padding=pad), E),
    "10": (lambda x, w, pad: DTransformer(x, w, eps=1e-5, padding=pad), D),
    "GPT-2": (lambda x, w, pad: GPT2(x, w, padding=pad), D),
    "BERT": (lambda x, w, pad: BERT(x, w, segments=x % 2, eps=1e-5, padding=pad), BERTS),
    "Marian": (
        lambda x, w, pad: Marian(x[:, 1:], x, w, padding_x=pad),
        MarianParameters(ED, generic.matrix(N_V)),
    ),
}
X = generic.tokens(2, ELL)
PADDING = np.array([[True] * ELL, [True] * (ELL - 2) + [False] * 2])


def loss_of(name, asarray=np.asarray, x=X, padding=PADDING):
    """The loss of line 13.5 over a batch with padding, whose own predictions do not count."""
    P = MODELS[name][0]
    x, padding = asarray(x), asarray(padding)

    def loss(theta):
        p = entries(P(x, theta, padding)[..., :-1], x[:, 1:])
        xp = namespace(p)
        return -xp.sum(xp.where(padding[:, 1:], xp.log(p), 0.0))

    return loss


def assert_same_gradient(ours, theirs, theta):
    near = budget(*[theta] * 2)  # forth and back
    tree_map(lambda a, b: assert_close(np.asarray(a), np.asarray(b), **near), ours, theirs)


@pytest.mark.parametrize("recompute", [(), ("MHAttention",), ("Attention",)])
@pytest.mark.parametrize("name", MODELS)
def test_the_gradient_is_torchs(name, recompute):
    theta = MODELS[name][1]
    loss, ours = value_and_gradient(loss_of(name), theta, recompute=recompute)
    their_loss, theirs = by_torch(loss_of(name, torch.asarray), theta.map(torch.asarray))
    assert_close(loss, np.asarray(their_loss), **budget(theta))
    assert_same_gradient(ours, theirs, theta)
    assert isinstance(ours, type(theta))


def test_a_gradient_that_is_off_is_seen():
    _, ours = value_and_gradient(loss_of("10"), D)
    off = ours._replace(W_p=ours.W_p * (1 + 1e-9))
    assert_apart(off.W_p, ours.W_p, **budget(D, D))


@pytest.mark.parametrize("recompute", [(), ("MHAttention",)])
def test_float32_goes_in_and_comes_out(recompute):
    theta = tree_map(lambda w: w.astype(np.float32), D)
    loss, ours = value_and_gradient(loss_of("10"), theta, recompute=recompute)
    _, exact = value_and_gradient(loss_of("10"), D)
    assert loss.dtype == np.float32
    near = budget(D, D)
    tree_map(lambda a, b: assert_close(a, b.astype(np.float32), **near), ours, exact)


# What is a gradient, of anything ------------------------------------------------------------------


def test_tokens_that_may_attend_to_nobody_give_finite_gradients():
    Mask = np.zeros((ELL, ELL), bool)
    Mask[0, 1:3] = True
    W = generic.heads(d_x=d_e, d_z=d_e)

    def loss(theta):
        X, W = theta
        return np.sum(MHAttention(X, X, W, Mask) ** 2)

    theta = (generic.matrix(d_e, ELL), W)
    for recompute in ((), ("MHAttention",)):
        _, (X_bar, W_bar) = value_and_gradient(loss, theta, recompute=recompute)
        finite = []
        tree_map(lambda w: finite.append(np.isfinite(w).all()), (X_bar, W_bar))
        assert all(finite)
        assert (X_bar[:, 3:] == 0).all()


def test_what_the_loss_does_not_depend_on_has_a_gradient_of_0():
    theta = (np.arange(3.0), np.ones((2, 2)))
    value, (a, b) = value_and_gradient(lambda w: w[0][1] * 2.0, theta)
    assert (value, a.tolist(), b.tolist()) == (2.0, [0.0, 2.0, 0.0], [[0.0, 0.0], [0.0, 0.0]])
    assert value_and_gradient(lambda w: 3.0, theta)[0] == 3.0
    assert value_and_gradient(lambda w: 3.0, theta)[1][0].tolist() == [0.0, 0.0, 0.0]


def test_no_two_gradients_are_one_array_and_none_is_a_part_of_theta():
    theta = (np.ones(3), np.ones(3), np.array(1.0), np.array(2.0))
    _, gradient = value_and_gradient(lambda w: np.sum(w[0] + w[1]) + w[2] + w[3], theta)
    for i, array in enumerate(gradient):
        array += 7 + i
    assert [a.ravel()[0] for a in gradient] == [8.0, 9.0, 10.0, 11.0]
    assert [w.ravel()[0] for w in theta] == [1.0, 1.0, 1.0, 2.0]


def test_one_array_in_two_places_of_theta_counts_as_two():
    w = np.array([3.0])
    _, (a, b) = value_and_gradient(lambda t: np.sum(t[0] ** 2 * t[1]), (w, w))
    assert (a.tolist(), b.tolist()) == ([18.0], [9.0])


def test_a_call_within_a_call_and_calls_in_threads_do_not_meet():
    def within(w):
        inner, slope = value_and_gradient(lambda v: np.sum(v[0] ** 2), (np.array([5.0]),))
        return np.sum(w[0] * slope[0]) * inner

    assert value_and_gradient(within, (np.array([2.0]),))[1][0].tolist() == [250.0]
    loss, found = loss_of("10"), []

    def find():
        found.append(value_and_gradient(loss, D)[1])

    threads = [threading.Thread(target=find) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for gradient in found:
        tree_map(lambda a, b: np.testing.assert_array_equal(a, b), gradient, found[0])


def test_an_array_that_the_loss_changes_later_counts_as_it_was():
    def loss(theta):
        weights, total = np.zeros(3), 0.0
        for i, w in enumerate((2.0, 3.0, 5.0)):
            weights[:] = 0
            weights[i] = w
            total += np.sum(theta[0] * weights)
        return total

    assert value_and_gradient(loss, (np.ones(3),))[1][0].tolist() == [2.0, 3.0, 5.0]


def test_rows_are_gone_through_one_by_one_and_an_array_shows_its_value():
    shown = []

    def loss(W):
        shown.append(repr(W))
        return sum(np.sum(row**2) for row in W if np.sum(row))

    W = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert np.array_equal(value_and_gradient(loss, W)[1], 2 * W)
    assert shown == [f"Tracked({W!r})"]


def test_probabilities_at_places_have_a_gradient_without_their_logarithm():
    S, places = np.array([[0.0, 1.0], [2.0, 0.0]]), np.array([0, 3])

    def loss(S):
        return np.sum(np.reshape(softmax(S), (-1,))[places])

    p = softmax(S)[0, 0], softmax(S)[1, 1]
    slopes = [one * (1 - one) for one in p]
    want = np.array([[slopes[0], -slopes[1]], [-slopes[0], slopes[1]]])
    _, got = value_and_gradient(loss, S)
    assert_close(got, want, terms=2, sums=2)


def test_the_room_shows_its_names():
    names = {"value_and_gradient", "Attention_pullback", "layer_norm_pullback"}
    assert names <= {*dir(gradients)}
