"""Do libraries train the same θ, and is a gradient refused that is not of its form?

That losses and steps are those of the pseudocode is seen line by line, by the tie.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from helpers import generic
from helpers.gradients import by_torch
from helpers.rounding import assert_apart, assert_close, budget

from algorithms import (
    DTraining,
    DTransformerParameters,
    EDTraining,
    EDTransformerParameters,
    ETraining,
    ETransformerParameters,
    tree_map,
)

PARAMETERS = {
    EDTraining: EDTransformerParameters,
    ETraining: ETransformerParameters,
    DTraining: DTransformerParameters,
}


def by_jax(loss, theta):
    return jax.jit(jax.value_and_grad(loss))(theta)


def one_step(training, theta, asarray, value_and_gradient):
    """On one sequence, or one pair."""
    z, x = ([asarray(generic.tokens(n, seed=n))] for n in (4, 6))
    options = {"p_mask": 0.4, "rng": generic.rng(5)} if training is ETraining else {}
    options |= {"N_epochs": 1, "eta": 1e-2, "eps": 1e-5, "value_and_gradient": value_and_gradient}
    return training(*((z, x) if training is EDTraining else (x,)), theta, **options)


@pytest.mark.parametrize("training", PARAMETERS, ids=lambda f: f.__name__)
def test_jax_and_torch_train_the_same_theta(training):
    parameters = PARAMETERS[training]
    theta = generic.theta(
        parameters, **{n: 1 for n in generic.ARCHITECTURES[parameters] if "L" in n}
    )
    with jax.enable_x64(True):
        ours = one_step(training, theta.map(jnp.asarray), jnp.asarray, by_jax)
    theirs = one_step(training, theta.map(torch.asarray), torch.asarray, by_torch)
    near = budget(*[theta] * 2)  # forth and back
    tree_map(lambda a, b: assert_close(np.asarray(a), b.numpy(), **near), ours, theirs)
    for name in ("W_e", "W_p", "W_u"):  # b_k, for one, moves nothing: softmax does not see it
        assert_apart(getattr(tree_map(np.asarray, ours), name), getattr(theta, name), **near)


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
            "DTraining: gradient.W_u has shape (17, 1), want (N_V, d_e) where ",
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
        DTraining(
            [generic.tokens(7)] * 2,
            theta,
            N_epochs=3,
            eta=0.1,
            value_and_gradient=value_and_gradient,
        )
    assert str(caught.value).startswith(message)
    assert len(steps) == 1


def doubled(loss, theta):
    return loss(theta), tree_map(lambda w: 2 * w, theta)


@pytest.mark.parametrize("N_V", [1, 2])
def test_without_room_for_the_reserved_tokens_mask_token_must_be_given(N_V):
    theta, x = generic.theta(ETransformerParameters, N_V=N_V), [np.zeros(3, int)]
    options = {"N_epochs": 1, "eta": 0.1, "p_mask": 0.5, "value_and_gradient": doubled}
    with pytest.raises(ValueError, match=f"ETraining: want N_V >= 3, .* got N_V={N_V}"):
        ETraining(x, theta, rng=generic.rng(), **options)
    ETraining(x, theta, rng=generic.rng(), mask_token=0, **options)


def test_mask_token_is_the_third_from_the_end_unless_it_is_given():
    theta, lost = generic.theta(ETransformerParameters), []

    def value_and_gradient(loss, theta):
        lost.append(loss(theta))
        return doubled(loss, theta)

    options = {"N_epochs": 1, "eta": 0.1, "p_mask": 0.5, "value_and_gradient": value_and_gradient}
    for mask_token in (None, generic.SIZES["N_V"] - 3, 0):
        ETraining([generic.tokens(9)], theta, rng=generic.rng(), mask_token=mask_token, **options)
    assert lost[0] == lost[1] != lost[2]
