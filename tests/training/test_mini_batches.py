"""Is a padded batch the sum of its sequences, in each architecture and in D9?"""

from __future__ import annotations

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
    schedule,
    tree_map,
)
from algorithms.extensions.pretraining import DPretraining
from algorithms.signatures.arrays import entries
from algorithms.signatures.trees import named_arrays
from algorithms.training import log_loss, pad

LENGTHS = (7, 1, 4, 7, 2)
X = [generic.tokens(n, seed=n) for n in LENGTHS]
Z = [generic.tokens(n, seed=n + 20) for n in reversed(LENGTHS)]
EPS = {"eps": 1e-5}


def decoder(x, padding, z, padding_z, theta):
    P = DTransformer(x, theta, padding=padding, **EPS)
    return log_loss(P[..., :-1], x[:, 1:], padding[:, 1:])


def encoder(x, padding, z, padding_z, theta):
    P = ETransformer(x, theta, padding=padding, **EPS)
    return log_loss(P, x, padding & (x % 2 == 0))


def encoder_decoder(x, padding, z, padding_z, theta):
    options = {"padding_x": padding, "padding_z": padding_z, **EPS}
    P = EDTransformer(z, x, theta, **options)
    return log_loss(P[..., :-1], x[:, 1:], padding[:, 1:])


@pytest.mark.parametrize(
    ("loss", "parameters"),
    [
        (decoder, DTransformerParameters),
        (encoder, ETransformerParameters),
        (encoder_decoder, EDTransformerParameters),
    ],
    ids=lambda f: f.__name__,
)
def test_the_loss_of_a_padded_batch_is_the_sum_of_the_losses(loss, parameters):
    theta = generic.theta(parameters)
    whole = loss(*pad(X), *pad(Z), theta)
    alone = [loss(*pad([x]), *pad([z]), theta) for x, z in zip(X, Z, strict=True)]
    near = budget(theta, X)
    assert_close(whole, np.sum(alone), **near)
    assert_apart(whole, np.sum(alone[:-1]), **near)


def test_padding_is_at_the_right_end_and_holds_the_sequences():
    x, padding = pad(X)
    assert [row[mask].tolist() for row, mask in zip(x, padding, strict=True)] == [
        row.tolist() for row in X
    ]
    assert padding.sum(-1).tolist() == [*LENGTHS]
    assert (padding[:, 1:] <= padding[:, :-1]).all()
    assert not x[~padding].any()


def test_padding_keeps_the_library_and_the_type():
    x, padding = pad([torch.tensor([1, 2], dtype=torch.int32), torch.tensor([3])])
    assert (x.dtype, padding.dtype) == (torch.int32, torch.bool)
    assert pad([np.array([1, 2], np.uint8)])[0].dtype == np.uint8


def test_what_does_not_count_may_be_impossible():
    P = np.array([[1.0, 0.5], [0.0, 0.5]])
    assert log_loss(P, np.array([1, 1]), np.array([False, True])) == np.log(2)


def test_entries_of_a_batch_are_those_of_its_members():
    P, y = generic.matrix(2, 3, 5, 4), generic.tokens(2, 3, 4, N_V=5)
    got = entries(P, y)
    assert got.shape == y.shape
    for place in np.ndindex(2, 3):
        assert np.array_equal(got[place], entries(P[place], y[place]))


# Algorithm D9 -------------------------------------------------------------------------------------

RATES = {"N_steps": 2, "N_warm": 1, "eta_max": 0.02, "eta_min": 0.01}


def test_pretraining_takes_the_steps_of_single_sequences_added_up():
    theta = generic.theta(DTransformerParameters, L=1).map(torch.asarray)
    x = [torch.asarray(x) for x in X[:4]]
    options = {"mu": 0.5, "value_and_gradient": by_torch, **RATES, **EPS}
    got = DPretraining(x, theta, B=2, **options)
    want, m = theta, tree_map(torch.zeros_like, theta)
    for i in (1, 2):
        for n in (2 * i - 2, 2 * i - 1):
            _, g = by_torch(lambda w: single(x[n], w), want)
            m = tree_map(lambda m, g: m * (0.5 if n % 2 == 0 else 1) + g / 2, m, g)
        want = tree_map(lambda w, m: w - schedule(i, **RATES) * m, want, m)
    near = budget(theta, theta, X)
    arrays = [named_arrays(tree, "theta") for tree in (got, want, theta)]
    for (path, a), (_, b), (_, first) in zip(*arrays, strict=True):
        assert_close(a.numpy(), b.numpy(), **near)
        if not path.endswith("b_k"):  # which softmax does not see
            assert_apart(a.numpy(), first.numpy(), **near)


def single(x, theta):
    """13.5."""
    p = entries(DTransformer(x, theta, **EPS)[:, :-1], x[1:])
    return -torch.log(p).sum()


def test_data_that_are_not_of_whole_batches_are_refused():
    theta = generic.theta(DTransformerParameters)
    message = r"DPretraining: want N_data == N_steps \* B, got N_data=5 \(x\), N_steps=2, B=2"
    with pytest.raises(ValueError, match=message):
        DPretraining(X, theta, B=2, mu=0.5, value_and_gradient=by_torch, **RATES)
