"""Are the losses of Algorithms 11 to 13 their definitions, and are the steps those of the loops?"""

from __future__ import annotations

import math
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from helpers import generic, gradients
from helpers.rounding import assert_apart, assert_close, budget

from algorithms import (
    DTraining,
    DTransformer,
    DTransformerParameters,
    EDTraining,
    EDTransformer,
    EDTransformerParameters,
    ETraining,
    ETransformer,
    ETransformerParameters,
    tree_map,
)

N_V = generic.SIZES["N_V"]
MASK = N_V - 3


class Recorder:
    """A gradient of ones, and every loss and θ that was asked about."""

    def __init__(self):
        self.losses, self.thetas = [], []

    def __call__(self, loss, theta):
        value = loss(theta)
        self.losses.append(float(value))
        self.thetas.append(theta)
        return value, tree_map(np.ones_like, theta)


def data(*lengths, seed=0):
    return [generic.tokens(n, seed=seed + i) for i, n in enumerate(lengths)]


def close(losses, want, theta):
    assert_close(np.array(losses), np.array(want), **budget(theta))


def test_the_loss_of_13_is_minus_the_log_probability_of_each_next_token():
    theta, x, record = generic.theta(DTransformerParameters), data(7, 2, 5), Recorder()
    DTraining(x, theta, N_epochs=1, eta=1e-3, value_and_gradient=record)
    close(
        record.losses,
        [
            -math.fsum(math.log(DTransformer(x_n, w)[x_n[t + 1], t]) for t in range(len(x_n) - 1))
            for x_n, w in zip(x, record.thetas, strict=True)
        ],
        theta,
    )


def test_the_loss_of_11_reads_z_as_the_context_of_x():
    theta, record = generic.theta(EDTransformerParameters), Recorder()
    z, x = data(3, 6, seed=9), data(7, 2)
    EDTraining(z, x, theta, N_epochs=1, eta=1e-3, value_and_gradient=record)
    close(
        record.losses,
        [
            -math.fsum(
                math.log(EDTransformer(z_n, x_n, w)[x_n[t + 1], t]) for t in range(len(x_n) - 1)
            )
            for z_n, x_n, w in zip(z, x, record.thetas, strict=True)
        ],
        theta,
    )


def test_the_loss_of_12_is_minus_the_log_probability_of_each_masked_token():
    theta, x, record = generic.theta(ETransformerParameters), data(9, 4, 7), Recorder()
    ETraining(
        x, theta, N_epochs=2, eta=1e-3, p_mask=0.4, rng=generic.rng(5), value_and_gradient=record
    )
    source, want, masked = generic.rng(5), [], 0
    for n, w in zip([0, 1, 2, 0, 1, 2], record.thetas, strict=True):
        hidden = np.array([source.random() < 0.4 for _ in x[n]])
        x_tilde = np.where(hidden, MASK, x[n])
        P = ETransformer(x_tilde, w)
        T_tilde = [t for t in range(len(x_tilde)) if x_tilde[t] == MASK]
        want.append(-math.fsum(math.log(P[x[n][t], t]) for t in T_tilde))
        masked += len(T_tilde)
    assert 0 < masked < 2 * (9 + 4 + 7)
    close(record.losses, want, theta)


def test_a_sequence_with_nothing_masked_has_loss_0():
    theta, record = generic.theta(ETransformerParameters), Recorder()
    x = [np.zeros(3, int)]
    ETraining(
        x, theta, N_epochs=1, eta=1.0, p_mask=1e-12, rng=generic.rng(), value_and_gradient=record
    )
    assert record.losses == [0.0]


def test_a_sequence_of_one_token_has_loss_0():
    theta, record = generic.theta(DTransformerParameters), Recorder()
    DTraining(data(1), theta, N_epochs=1, eta=1.0, value_and_gradient=record)
    assert record.losses == [0.0]


def test_each_step_is_eta_down_the_gradient_and_the_next_starts_there():
    theta, record = generic.theta(DTransformerParameters), Recorder()
    theta_hat = DTraining(data(7, 2), theta, N_epochs=3, eta=0.25, value_and_gradient=record)
    steps = [*record.thetas, theta_hat]
    assert len(steps) == 1 + 3 * 2
    assert np.array_equal(steps[0].W_u, theta.W_u)
    for before, after in pairwise(steps):
        tree_map(lambda b, a: np.testing.assert_array_equal(a, b - 0.25), before, after)


def test_the_given_theta_is_left_as_it_was():
    theta = generic.theta(DTransformerParameters)
    before = tree_map(np.copy, theta)
    DTraining(data(7), theta, N_epochs=1, eta=0.25, value_and_gradient=Recorder())
    tree_map(np.testing.assert_array_equal, theta, before)


def test_no_epochs_leave_theta_as_it_is():
    theta = generic.theta(DTransformerParameters)
    assert DTraining(data(7), theta, N_epochs=0, eta=1.0, value_and_gradient=Recorder()) is theta


def run(training, theta, asarray, value_and_gradient, **options):
    """Two epochs of two sequences, or pairs of them."""
    z, x = ([asarray(s) for s in data(*n, seed=s)] for n, s in (((4, 4), 9), ((6, 6), 0)))
    if training is ETraining:
        options |= {"p_mask": 0.4, "rng": generic.rng(5)}
    options |= {"N_epochs": 2, "eta": 1e-2, "eps": 1e-5, "value_and_gradient": value_and_gradient}
    return training(*((z, x) if training is EDTraining else (x,)), theta, **options)


PARAMETERS = {
    EDTraining: EDTransformerParameters,
    ETraining: ETransformerParameters,
    DTraining: DTransformerParameters,
}
every_training = pytest.mark.parametrize("training", PARAMETERS, ids=lambda f: f.__name__)


@every_training
def test_jax_and_torch_train_the_same_theta(training):
    parameters = PARAMETERS[training]
    theta = generic.theta(
        parameters, **{n: 1 for n in generic.ARCHITECTURES[parameters] if "L" in n}
    )
    with jax.enable_x64(True):
        ours = run(training, theta.map(jnp.asarray), jnp.asarray, gradients.by_jax)
    theirs = run(training, theta.map(torch.asarray), torch.asarray, gradients.by_torch)
    # Forth and back, in each of four steps.
    near = budget(*[theta] * 8)
    tree_map(lambda a, b: assert_close(np.asarray(a), b.numpy(), **near), ours, theirs)
    for name in ("W_e", "W_p", "W_u"):  # b_k, for one, moves nothing: softmax does not see it
        assert_apart(getattr(tree_map(np.asarray, ours), name), getattr(theta, name), **near)


def test_training_lowers_the_loss():
    theta = tree_map(torch.asarray, generic.theta(DTransformerParameters))
    x, losses = [torch.arange(8) % 5] * 10, []

    def value_and_gradient(loss, theta):
        value, gradient = gradients.by_torch(loss, theta)
        losses.append(float(value))
        return value, gradient

    DTraining(x, theta, N_epochs=3, eta=0.05, eps=1e-5, value_and_gradient=value_and_gradient)
    epochs = [sum(losses[i : i + 10]) for i in (0, 10, 20)]
    assert epochs == sorted(epochs, reverse=True)


def doubled(loss, theta):
    return loss(theta), tree_map(lambda w: 2 * w, theta)


@pytest.mark.parametrize(("training", "calls"), [*zip(PARAMETERS, [4, 3, 2], strict=True)])
def test_the_activation_is_that_of_the_model(training, calls):
    seen = []

    def activation(X):
        seen.append(X.shape)
        return X * 0.5

    theta = generic.theta(PARAMETERS[training])
    run(training, theta, np.asarray, doubled, activation=activation)
    assert len(seen) == 2 * 2 * calls  # two epochs of two sequences


@pytest.mark.parametrize(
    ("gradient", "message"),
    [
        (
            lambda theta: None,
            "DTraining: value_and_gradient gives no pair, want the loss and its gradient",
        ),
        (
            lambda theta: (0.0, list(theta)),
            "DTraining: gradient is of type list, want DTransformerParameters",
        ),
        (
            lambda theta: (0.0, theta._replace(W_u=theta.W_u[:, :1])),
            "DTraining: gradient.W_u has shape (23, 1), want (N_V, d_e) where ",
        ),
        (
            lambda theta: (0.0, tree_map(lambda w: w.astype("f4"), theta)),
            "DTraining: gradient.W_e has dtype float32, theta.W_e has float64: want one float type",
        ),
        (
            lambda theta: (0.0, tree_map(torch.asarray, theta)),
            "DTraining: gradient.W_e is an array of torch, theta.W_e one of numpy: ",
        ),
        (
            lambda theta: (0.0, theta._replace(layers=theta.layers[:1])),
            "DTraining: gradient.layers has length 1, theta.layers has 2: want one L",
        ),
    ],
)
def test_a_gradient_of_another_form_is_refused_at_the_first_step(gradient, message):
    steps = []

    def value_and_gradient(loss, theta):
        steps.append(theta)
        return gradient(theta)

    theta = generic.theta(DTransformerParameters)
    with pytest.raises((ValueError, TypeError)) as caught:
        DTraining(data(7, 2), theta, N_epochs=3, eta=0.1, value_and_gradient=value_and_gradient)
    assert str(caught.value).startswith(message)
    assert len(steps) == 1


@pytest.mark.parametrize("N_V", [1, 2])
def test_without_room_for_the_reserved_tokens_mask_token_must_be_given(N_V):
    theta, x = generic.theta(ETransformerParameters, N_V=N_V), [np.zeros(3, int)]
    options = {"N_epochs": 1, "eta": 0.1, "p_mask": 0.5, "value_and_gradient": doubled}
    with pytest.raises(ValueError, match=f"ETraining: want N_V >= 3, .* got N_V={N_V}"):
        ETraining(x, theta, rng=generic.rng(), **options)
    ETraining(x, theta, rng=generic.rng(), mask_token=0, **options)
