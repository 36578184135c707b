"""Are the pullbacks what autograd finds, of batches, and of what is broadcast?

That every library computes the same is seen of all functions at once, in `tests/algorithms`.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import generic
from helpers.rounding import assert_close, budget

from algorithms import (
    Attention,
    MHAttention,
    layer_norm,
    positional_embedding,
    token_embedding,
    tree_map,
    unembedding,
)
from algorithms.gradients import (
    Attention_pullback,
    MHAttention_pullback,
    cross_entropy_pullback,
    layer_norm_pullback,
    positional_embedding_pullback,
    token_embedding_pullback,
)
from algorithms.signatures.arrays import entries, namespace

LIBRARIES = {"numpy": np.asarray, "torch": torch.asarray}
B, d, N_V, ELL = 3, 8, 11, 5
W = generic.heads()
d_x, d_z, d_out = W.W_qkv.W_q.shape[-1], W.W_qkv.W_k.shape[-1], W.W_o.shape[0]
d_mid, H = W.W_qkv.W_v.shape[-2], W.W_qkv.W_q.shape[0]
Z, M = generic.matrix(d_z, 4), generic.rng(1).random((4, ELL)) < 0.7
M[:, 1] = False  # may attend to nobody
x, gamma, beta = generic.tokens(B, ELL, N_V=N_V), generic.matrix(d), generic.matrix(d, seed=1)
W_e, W_u, a = generic.matrix(d, N_V), generic.matrix(N_V, d), generic.rng(2).random((B, ELL))
a[1, 2] = 0


def cross_entropy(y, a, X, W_u):
    xp, p = namespace(X), entries(unembedding(X, W_u), y)
    return -xp.sum(a * xp.log(p))


#: A function, its arguments, where those are that a pullback gives something for, and the pullback
#: by these arguments and what is owed to the result.
CASES = {
    "∇1": (token_embedding, (x, W_e), (1,),
           lambda x, W_e, c: (token_embedding_pullback(x, c, W_e),)),
    "∇2": (lambda W_p: positional_embedding(namespace(W_p).arange(ELL), W_p), (W_e,), (0,),
           lambda W_p, c: (positional_embedding_pullback(c, W_p),)),
    "∇4": (Attention, (generic.matrix(B, 1, d_x, ELL), Z, W.W_qkv, M), (0, 1, 2),
           lambda X, Z, W, M, c: Attention_pullback(X, Z, c, W, M)),
    "∇5": (MHAttention, (generic.matrix(d_x, ELL), generic.matrix(B, d_z, 4), W, M), (0, 1, 2),
           lambda X, Z, W, M, c: MHAttention_pullback(X, Z, c, W, M)),
    "∇6": (lambda E, g, b: layer_norm(E, g, b, eps=0.1), (generic.matrix(B, d, ELL), gamma, beta),
           (0, 1, 2), lambda E, g, b, c: layer_norm_pullback(E, c, g, b, eps=0.1)),
    "∇7": (cross_entropy, (x, a, generic.matrix(B, d, ELL), W_u), (2, 3),
           lambda y, a, X, W_u, c: cross_entropy_pullback(y, a, X, W_u)[1:]),
}  # fmt: skip


def owed(result):
    return np.ones(()) if result.ndim == 0 else generic.matrix(*result.shape, seed=5)


def by_torch(function, arguments, at, c):
    tensors = tuple(tree_map(torch.asarray, argument) for argument in arguments)
    leaves = []
    for i in at:
        tree_map(lambda w: leaves.append(w.requires_grad_()), tensors[i])
    function(*tensors).backward(torch.asarray(c))
    return [w.grad.numpy() for w in leaves]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", CASES)
def test_a_pullback_is_what_autograd_finds(name, library):
    function, arguments, at, pullback = CASES[name]
    c = owed(np.asarray(function(*arguments)))
    asarray, found = LIBRARIES[library], []
    given = (tree_map(asarray, argument) for argument in (*arguments, c))
    tree_map(found.append, tuple(pullback(*given)))
    want = by_torch(function, arguments, at, c)
    assert len(found) == len(want)
    for got, right in zip(found, want, strict=True):
        assert type(got) is type(asarray(c))
        assert_close(np.asarray(got), right, **budget(arguments, arguments))


def test_the_loss_of_the_cross_entropy_is_finite_where_P_underflows():
    W_u, X = np.array([[0.0], [2000.0]]), np.array([[1.0, 1.0, 1.0]])
    y, a = np.array([0, 1, 0]), np.array([1.0, 1.0, 0.0])
    loss, X_bar, W_u_bar = cross_entropy_pullback(y, a, X, W_u)
    assert loss == 2000.0
    assert X_bar.tolist() == [[2000.0, 0.0, 0.0]]
    assert W_u_bar.tolist() == [[-1.0], [1.0]]
