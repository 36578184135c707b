"""When is a mixture another layer? A test's name is the law.

Laws for anybody's function are in `spec.laws.feed_forward`.
"""

from __future__ import annotations

import numpy as np
import pytest
from helpers import generic
from helpers.rounding import assert_close, budget

from algorithms import Mixture, MixtureParameters, SwiGLU, initialise, softmax

N_E = 5
X = generic.matrix(4, 6)


def drawn(N_E):
    return generic.redrawn(
        initialise(MixtureParameters, generic.rng(), N_E=N_E, d_e=4, d_mlp=3),
    )


def test_a_mixture_of_one_layer_is_that_layer():
    W = drawn(1)
    assert np.array_equal(Mixture(X, W, k=1), SwiGLU(X, W.experts[0].W))


def test_a_mixture_of_all_layers_is_their_mean_by_the_probabilities_of_the_router():
    W = drawn(N_E)
    outputs = np.stack([SwiGLU(X, expert.W) for expert in W.experts])
    mean = (softmax(W.W_r @ X)[:, None, :] * outputs).sum(axis=0)
    assert_close(Mixture(X, W, k=N_E), mean, **budget(W, X))


@pytest.mark.parametrize("k", range(1, N_E))
def test_each_token_goes_through_the_k_layers_whose_scores_are_the_largest(k):
    W = drawn(N_E)
    scores, got = W.W_r @ X, Mixture(X, W, k=k)
    for t in range(X.shape[1]):
        best = np.argsort(-scores[:, t])[:k]
        weights = softmax(scores[best, t : t + 1])
        outputs = [SwiGLU(X[:, t : t + 1], W.experts[i].W) for i in best]
        mean = sum(weight * Y for weight, Y in zip(weights[:, 0], outputs, strict=True))
        assert_close(got[:, t : t + 1], mean, **budget(W, X))


def test_layers_that_suit_a_token_equally_stay_together():
    W = drawn(3)
    tied = W._replace(W_r=np.repeat(W.W_r[:1], 3, axis=0))
    outputs = np.stack([SwiGLU(X, expert.W) for expert in W.experts])
    assert_close(Mixture(X, tied, k=1), outputs.mean(axis=0), **budget(W, X))
