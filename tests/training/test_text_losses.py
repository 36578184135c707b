"""Are the losses of prefixes and of tuned models those of torch, of equal parts of the text?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import generic
from helpers.rounding import assert_apart, assert_close

from algorithms import softmax, value_and_gradient
from algorithms.extensions.decoder_classifier import DClassifier, DClassifierParameters
from algorithms.extensions.text_losses import prefix_loss, tuning_loss
from algorithms.paper.decoder import DTransformer
from algorithms.paper.parameters import DTransformerParameters

N_V, ELL = 11, 7
S, X = generic.matrix(3, N_V, ELL), generic.tokens(3, ELL, N_V=N_V)
ENTROPY = torch.nn.CrossEntropyLoss(reduction="sum", ignore_index=-100)


@pytest.mark.parametrize("ell_p", [1, 3, ELL - 1])
def test_the_loss_of_a_prefix_is_torchs_with_the_prefix_ignored(ell_p):
    labels = np.where(np.arange(ELL) < ell_p, -100, X)[:, 1:]
    theirs = np.asarray(ENTROPY(torch.tensor(S[..., :-1]), torch.tensor(labels)))
    P = softmax(S)
    assert_close(np.asarray(prefix_loss(P, X, ell_p=ell_p)), theirs, terms=S.size)
    other = ell_p % (ELL - 1) + 1
    assert_apart(np.asarray(prefix_loss(P, X, ell_p=other)), theirs, terms=S.size)


def test_with_one_token_before_it_the_loss_is_that_of_algorithm_13():
    P, x = softmax(S[0]), X[0]
    rows = [P[x[t + 1], t] for t in range(ELL - 1)]
    assert prefix_loss(P, x, ell_p=1) == -np.sum(np.log(rows))


def test_columns_in_the_prefix_do_not_count():
    P, x = softmax(S[0]), X[0]
    other = np.concatenate([softmax(2 * S[0])[:, :2], P[:, 2:]], axis=1)
    assert prefix_loss(other, x, ell_p=3) == prefix_loss(P, x, ell_p=3)
    assert prefix_loss(other, x, ell_p=2) != prefix_loss(P, x, ell_p=2)


@pytest.mark.parametrize("lambda_x", [0.5, 2.0])
def test_the_loss_of_tuning_is_torchs_for_the_class_and_a_part_of_its_for_the_text(lambda_x):
    s, P = generic.matrix(5, 1), softmax(S[0])
    of_class = ENTROPY(torch.tensor(s.T), torch.tensor([2]))
    of_text = ENTROPY(torch.tensor(S[0, :, :-1].T), torch.tensor(X[0, 1:]))
    theirs = np.asarray(of_class + lambda_x * of_text)
    p = softmax(s)[:, 0]
    ours = np.asarray(tuning_loss(p, 2, P, X[0], lambda_x=lambda_x))
    assert_close(ours, theirs, terms=S.size)
    assert_apart(np.asarray(tuning_loss(p, 2, P, X[0], lambda_x=1.0)), theirs, terms=S.size)
    assert tuning_loss(p, 2, P, X[0]) == tuning_loss(p, 2, P, X[0], lambda_x=0.5)


def test_a_text_of_one_token_has_the_loss_of_its_class_alone():
    p = softmax(generic.matrix(5, 1))[:, 0]
    assert tuning_loss(p, 2, softmax(S[0, :, :1]), X[0, :1]) == -np.log(p[2])


def test_class_and_text_move_the_layers_that_they_share():
    theta = generic.theta(DClassifierParameters, L=1)
    W_u = theta.W_e.T
    x = generic.tokens(5, N_V=theta.W_e.shape[1])

    def loss(theta):
        p = DClassifier(x, theta, eps=1e-5)
        P = DTransformer(x, DTransformerParameters(*theta[:-1], W_u), eps=1e-5)
        return tuning_loss(p, 1, P, x)

    def of_class(theta):
        return -np.log(DClassifier(x, theta, eps=1e-5)[1])

    def of_text(theta):
        P = DTransformer(x, DTransformerParameters(*theta[:-1], W_u), eps=1e-5)
        return prefix_loss(P, x, ell_p=1)

    both, one, other = (value_and_gradient(f, theta)[1] for f in (loss, of_class, of_text))
    assert_close(both.W_p, one.W_p + 0.5 * other.W_p, terms=both.W_p.size)
    assert np.abs(other.W_p).max() > 0
