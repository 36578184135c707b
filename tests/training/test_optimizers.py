"""Do the optimisers take the steps of torch's, of an array and of a record alike?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import generic
from helpers.rounding import assert_apart, assert_close
from transformers import get_cosine_schedule_with_warmup

from algorithms import (
    DTransformerParameters,
    ShapeError,
    clip,
    initialise,
    schedule,
    tree_map,
)
from algorithms.extensions.optimizers import AdamW, momentum
from algorithms.signatures.trees import named_arrays

STEPS = 50
THETA = generic.theta(DTransformerParameters, L=1)


def gradients(n):
    """Generic ones, some a thousand times as long as others."""
    rng = generic.rng(5)
    return [rng.standard_normal(n) * 10.0 ** rng.integers(-3, 2) for _ in range(STEPS)]


def by_torch(optimiser, theta, some, **options):
    """Where torch's optimiser comes to after each step."""
    w = torch.tensor(theta, requires_grad=True)
    own = optimiser([w], **options)
    for g in some:
        w.grad = torch.tensor(g)
        own.step()
        yield w.detach().numpy().copy()


def run(step, theta, some, memories):
    """Where a step of ours comes to, each time it is taken."""
    state = (theta, *[np.zeros_like(theta)] * memories)
    for i, g in enumerate(some, 1):
        theta, *rest = state
        state = step(theta, g, *rest, i)
        yield state[0]


@pytest.mark.parametrize(
    ("optimiser", "options", "step", "memories"),
    [
        (
            torch.optim.SGD,
            {"lr": 0.1, "momentum": 0.8},
            lambda w, g, m, i: momentum(w, g, m, eta=0.1, mu=0.8),
            1,
        ),
        (
            torch.optim.Adam,
            {"lr": 3e-3, "betas": (0.8, 0.95), "eps": 1e-6},
            lambda w, g, m, v, i: AdamW(w, g, m, v, i, eta=3e-3, beta_m=0.8, beta_v=0.95, eps=1e-6),
            2,
        ),
        (
            torch.optim.AdamW,
            {"lr": 3e-3, "weight_decay": 0.1},
            lambda w, g, m, v, i: AdamW(w, g, m, v, i, eta=3e-3, decay=0.1),
            2,
        ),
    ],
    ids=["momentum", "Adam", "AdamW"],
)
def test_every_step_is_torchs(optimiser, options, step, memories):
    theta = generic.matrix(37)
    ours = run(step, theta, gradients(37), memories)
    for i, (got, want) in enumerate(
        zip(ours, by_torch(optimiser, theta, gradients(37), **options), strict=True), 1
    ):
        assert_close(got, want, terms=8 * i)  # a step has at most eight roundings
    assert_apart(got, theta, terms=8 * STEPS)


def test_adam_without_its_corrections_is_apart():
    theta, (g, *_) = generic.matrix(37), gradients(37)
    zeros = np.zeros(37)
    right, *_ = AdamW(theta, g, zeros, zeros, 1, eta=1e-3)
    late, *_ = AdamW(theta, g, zeros, zeros, 1000, eta=1e-3)
    assert_apart(late, right, terms=8)


@pytest.mark.parametrize("step", [momentum, AdamW], ids=lambda f: f.__name__)
def test_a_record_takes_the_steps_of_all_its_entries_in_one_vector(step):
    g = generic.redrawn(THETA, 7)
    memories, number = ((1, ()), (2, (3,)))[step is AdamW]
    states = [generic.redrawn(THETA, n).map(abs) for n in range(memories)]
    results = step(THETA, g, *states, *number, eta=0.1)
    flat = step(*map(vector, (THETA, g, *states)), *number, eta=0.1)
    for one, other in zip(results, flat, strict=True):
        assert isinstance(one, DTransformerParameters)
        assert np.array_equal(vector(one), other)


def vector(theta):
    return np.concatenate([w.ravel() for _, w in named_arrays(theta, "theta")])


# Clipping -----------------------------------------------------------------------------------------


def torch_clip(g, c):
    w = torch.zeros(len(g), dtype=torch.float64, requires_grad=True)
    w.grad = torch.tensor(g)
    torch.nn.utils.clip_grad_norm_([w], c)
    return w.grad.numpy()


@pytest.mark.parametrize("c", [0.5, 1.0, 30.0])
def test_clipping_is_torchs_but_for_its_millionth(c):
    for g in gradients(37)[:9]:
        length = np.linalg.norm(g)
        cut = length + 1e-6 > c
        theirs = torch_clip(g, c) * ((length + 1e-6) / length if cut else 1.0)
        assert_close(clip(g, c=c), theirs if length > c else g, terms=37)


def test_torchs_millionth_is_seen():
    g = gradients(37)[0]
    c = 0.5 * float(np.linalg.norm(g))
    assert_apart(clip(g, c=c), torch_clip(g, c), terms=37)


def test_a_short_gradient_stays_to_the_bit_and_zero_stays_zero():
    g = generic.matrix(37)
    assert np.array_equal(clip(g, c=float(np.linalg.norm(g)) * 2), g)
    assert np.array_equal(clip(np.zeros(3), c=1.0), np.zeros(3))


def test_the_length_of_a_record_is_that_of_all_its_entries():
    short = clip(THETA, c=0.25)
    assert_close(np.linalg.norm(vector(short)), np.float64(0.25), terms=vector(THETA).size)
    ratio = vector(short) / vector(THETA)
    assert_close(ratio, np.full_like(ratio, ratio[0]), terms=2)


def test_float32_stays_float32():
    theta = tree_map(lambda w: w.astype(np.float32), THETA)
    rate = schedule(3, N_warm=2, N_steps=9, eta_max=1e-3)
    for result in (
        *momentum(theta, theta, theta, eta=rate),
        *AdamW(theta, theta, theta, theta.map(abs), 2, eta=rate, decay=0.1),
        clip(theta, c=1.0),
    ):
        assert {w.dtype.name for _, w in named_arrays(result, "")} == {"float32"}


# The schedule -------------------------------------------------------------------------------------


@pytest.mark.parametrize("N_warm", [0, 13])
def test_the_schedule_is_that_of_hugging_face(N_warm):
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.7)
    theirs = get_cosine_schedule_with_warmup(optimiser, N_warm, 100)
    for i in range(101):
        ours = schedule(i, N_warm=N_warm, N_steps=100, eta_max=0.7)
        assert_close(np.float64(ours), np.float64(theirs.get_last_lr()[0]), terms=8)
        optimiser.step()
        theirs.step()


def test_the_schedule_ends_at_its_least_rate():
    rates = {"N_warm": 2, "N_steps": 8, "eta_max": 0.5, "eta_min": 0.125}
    assert schedule(2, **rates) == 0.5
    assert schedule(8, **rates) == 0.125
    assert schedule(5, **rates) == pytest.approx(0.3125, rel=1e-15)


# Arguments that do not fit ------------------------------------------------------------------------


SMALL = {"N_V": 5, "ell_max": 4, "L": 1, "H": 1, "d_e": 2, "d_mlp": 3, "d_attn": 2, "d_mid": 2}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda w: w._replace(W_u=w.W_u[:-1]),
            r"clip2: g\.W_u has shape \(4, 2\), theta\.W_u has \(5, 2\): want one shape",
        ),
        (lambda w: w._replace(layers=()), r"clip2: g has not the arrays of theta: want theta\.W_e"),
        (lambda w: w.W_e, r"clip2: g has not the arrays of theta: want theta\.W_e, "),
    ],
)
def test_a_gradient_of_another_form_is_refused(change, message):
    theta = initialise(DTransformerParameters, generic.rng(), **SMALL)
    with pytest.raises(ShapeError, match=message.replace("clip2", "momentum")):
        momentum(theta, change(theta), theta, eta=0.1)


def test_two_vectors_of_two_lengths_are_refused():
    message = r"AdamW: g has shape \(4,\), want \(d,\) where d=3 \(theta\)"
    with pytest.raises(ShapeError, match=message):
        AdamW(np.ones(3), np.ones(4), np.ones(3), np.ones(3), 1, eta=0.1)


def test_matrices_are_taken_as_they_are():
    w = generic.matrix(3, 4)
    theta, m = momentum(w, w, w, eta=0.5, mu=0.5)
    assert np.array_equal(m, 1.5 * w)
    assert np.array_equal(theta, w - 0.5 * m)
