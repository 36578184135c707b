"""Do libraries train the same θ as we do, and is a gradient refused that is not of its form?

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
    NotFiniteError,
    tree_map,
)
from algorithms.extensions.classifier import EClassifierParameters
from algorithms.extensions.tuning import ETuning

PARAMETERS = {
    EDTraining: EDTransformerParameters,
    ETraining: ETransformerParameters,
    DTraining: DTransformerParameters,
    ETuning: EClassifierParameters,
}


def by_jax(loss, theta):
    return jax.jit(jax.value_and_grad(loss))(theta)


def one_step(training, theta, asarray, value_and_gradient):
    """On one sequence, one pair, or one sequence of class 2."""
    z, x = ([asarray(generic.tokens(n, seed=n))] for n in (4, 6))
    data = {EDTraining: (z, x), ETuning: (x, asarray(np.array([2])))}.get(training, (x,))
    options = {"p_mask": 0.4, "rng": generic.rng(5)} if training is ETraining else {}
    options |= {"N_epochs": 1, "eta": 1e-2, "eps": 1e-5, "value_and_gradient": value_and_gradient}
    return training(*data, theta, **options)


@pytest.mark.parametrize("training", PARAMETERS, ids=lambda f: f.__name__)
def test_jax_torch_and_we_train_the_same_theta(training):
    parameters = PARAMETERS[training]
    theta = generic.theta(
        parameters, **{n: 1 for n in generic.ARCHITECTURES[parameters] if "L" in n}
    )
    with jax.enable_x64(True):
        jaxs = one_step(training, theta.map(jnp.asarray), jnp.asarray, by_jax)
    torchs = one_step(training, theta.map(torch.asarray), torch.asarray, by_torch)
    ours = one_step(training, theta, np.asarray, None)
    near = budget(*[theta] * 2)  # forth and back
    for theirs in (jaxs, torchs):
        tree_map(lambda a, b: assert_close(a, np.asarray(b), **near), ours, theirs)
    last = "W_c" if training is ETuning else "W_u"
    for name in ("W_e", "W_p", last):  # b_k, for one, moves nothing: softmax does not see it
        assert_apart(getattr(ours, name), getattr(theta, name), **near)


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


# By default --------------------------------------------------------------------------------------

#: P[0, 0] is exp(−200), which is 0 in float32.
FAR = generic.theta(DTransformerParameters, N_V=3, d_e=2, L=1)._replace(
    gamma=np.zeros(2), beta=np.eye(2)[0], W_u=np.array([[0.0, 0], [200, 0], [0, 200]])
)


def far(dtype, **changed):
    theta = FAR._replace(**changed).map(lambda w: w.astype(dtype))
    x = [np.array([0, 0]), np.array([0, 0])]
    return DTraining(x, theta, N_epochs=1, eta=1e-3, eps=1e-5), theta


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_training_goes_on_where_P_underflows_and_the_loss_is_finite(dtype):
    theta_hat, theta = far(dtype)
    assert theta_hat.W_u[1, 0] < theta.W_u[1, 0]
    assert np.isfinite(theta_hat.W_u).all()


def test_tuning_goes_on_where_the_probability_of_a_class_underflows():
    theta = generic.theta(EClassifierParameters, L=1)
    theta = theta._replace(b_c=np.where(np.arange(len(theta.b_c)) == 1, 0.0, 2000.0))
    tuned = ETuning([np.array([0, 0])], np.array([1]), theta, N_epochs=1, eta=0.5, eps=1e-5)
    assert tuned.b_c[1] == 0.5
    assert np.isfinite(tuned.W_c).all()


@pytest.mark.filterwarnings("ignore:(overflow|invalid value|divide):RuntimeWarning")
@pytest.mark.parametrize(
    ("W_u", "what"),
    [
        (np.array([[0.0, 0], [1.5e308, 0], [0, 0]]), "the loss is inf"),
        # What is owed to β is twice −1e308.
        (np.array([[0.0, 1.5e308], [0, 0], [0, 0]]), r"gradient\.(gamma|beta) is not finite"),
    ],
)
def test_a_step_that_is_not_finite_is_named_and_theta_kept(W_u, what):
    theta, x = FAR._replace(W_u=W_u), [np.array([1]), np.array([0, 0, 0])]
    with pytest.raises(
        NotFiniteError, match=f"^DTraining: {what} in epoch i=0, sequence n=1$"
    ) as caught:
        DTraining(x, theta, N_epochs=1, eta=1.0, eps=1e-5)
    tree_map(np.testing.assert_array_equal, caught.value.theta, theta)


def test_for_arrays_of_another_library_a_gradient_must_be_given():
    theta, x = generic.theta(DTransformerParameters).map(torch.asarray), [torch.asarray([1, 2])]
    with pytest.raises(TypeError) as caught:
        DTraining(x, theta, N_epochs=1, eta=0.1)
    assert str(caught.value) == (
        "DTraining: theta holds arrays of torch: give value_and_gradient, for ours is for NumPy's"
    )


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
