"""Is the gradient through attention by blocks that through Algorithm 4?"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from helpers import generic
from helpers.rounding import assert_close, budget

from algorithms import (
    DTransformer,
    DTransformerParameters,
    EDTransformer,
    EDTransformerParameters,
    tree_map,
    value_and_gradient,
)
from algorithms.extensions import BlockAttention, OnlineAttention
from algorithms.signatures.arrays import entries

D = generic.theta(DTransformerParameters, L=1)
ED = generic.theta(EDTransformerParameters, L_enc=1, L_dec=1)
X = generic.tokens(2, 6)
PADDING = np.array([[True] * 6, [True] * 4 + [False] * 2])
MODELS = {
    "8": (lambda w, **by: EDTransformer(X[:, 1:], X, w, eps=1e-5, padding_x=PADDING, **by), ED),
    "10": (lambda w, **by: DTransformer(X, w, eps=1e-5, padding=PADDING, **by), D),
}


@pytest.mark.parametrize("recompute", [(), ("MHAttention",)])
@pytest.mark.parametrize("blocks", [BlockAttention, OnlineAttention])
@pytest.mark.parametrize("name", MODELS)
def test_the_gradient_through_blocks_is_that_through_attention(name, blocks, recompute):
    P, theta = MODELS[name]

    def loss(theta, **by):
        return -np.sum(np.log(entries(P(theta, **by)[..., :-1], X[:, 1:])))

    want, slope = value_and_gradient(loss, theta)
    by_blocks = partial(loss, attention=partial(blocks, B=4))
    got, found = value_and_gradient(by_blocks, theta, recompute=recompute)
    near = budget(*[theta] * 2)  # forth and back
    assert_close(got, want, **near)
    tree_map(lambda a, b: assert_close(a, b, **near), found, slope)
