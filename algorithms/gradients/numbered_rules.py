"""Numbered functions, and their notation, differentiated whole.

Each rule runs the function itself on plain arrays. What it keeps is
the arguments and the result; the way back is the function's
pullback.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from inspect import unwrap
from typing import Any

import numpy as np

from algorithms.gradients.attention_pullback import (
    Attention_pullback,
    MHAttention_pullback,
)
from algorithms.gradients.cotangents import (
    Placed,
    Relative,
    Values,
)
from algorithms.gradients.normalization_pullback import (
    layer_norm_pullback,
)
from algorithms.gradients.tracked_array import (
    ALGORITHMS,
    RECOMPUTED,
    Rule,
    Tracked,
    held,
    record,
    record_joint,
)
from algorithms.paper.attention import Attention, MHAttention
from algorithms.paper.embedding import (
    positional_embedding,
    token_embedding,
)
from algorithms.paper.normalization import layer_norm
from algorithms.paper.notation import GELU, ReLU, softmax
from algorithms.signatures.trees import named_arrays, tree_map


def rule(
    function: Any, *, recomputes: bool = False
) -> Callable[[Rule], Rule]:
    """Enter a rule for a numbered function into the table."""
    bare = unwrap(function)

    def enter(carry_out: Rule) -> Rule:
        ALGORITHMS[bare.__module__, bare.__name__] = carry_out
        if recomputes:
            RECOMPUTED.add(bare.__name__)
        return carry_out

    return enter


# Notation -------------------------------------------------------


@rule(softmax)
def _softmax(function: Rule, S: Tracked) -> Tracked:
    """`S_bar = A ⊙ A_bar − A ⊙ 1ᵀ(A ⊙ A_bar)`, column by column."""
    scores = S.value
    A = function(scores)

    def pull(c: Any) -> Values:
        if isinstance(c, Placed):
            return _softmax_at_places(A, c)
        # A_bar ⊙ A, which the logarithm has as it is.
        r = c.r if isinstance(c, Relative) else A * c
        total = np.sum(r, axis=-2, keepdims=True)
        return np.asarray(r - A * total)

    def logarithm(pick: Callable[[Values], Values]) -> Values:
        return _log_softmax(scores, A, pick)

    return record(A, (S, pull), takes=True, logarithm=logarithm)


def _softmax_at_places(A: Values, c: Placed) -> Values:
    """The same where A_bar is 0 but at a few places.

    For −log A[y, t] this is A, less 1 at y.
    """
    inner = c.innermost()
    r = (
        inner.r
        if isinstance(inner, Relative)
        else c.pick(A) * inner
    )
    # The number of each column, at the same places.
    columns = (*A.shape[:-2], 1, A.shape[-1])
    number = np.arange(math.prod(columns)).reshape(columns)
    places = c.pick(np.broadcast_to(number, A.shape))
    # In float64, whatever the type.
    sums = np.bincount(np.ravel(places), np.ravel(r), number.size)
    total = sums.reshape(columns).astype(A.dtype)
    S_bar = np.asarray(A * -total)
    c.with_innermost(r).add_to(S_bar)
    return S_bar


def _log_softmax(
    S: Values, A: Values, pick: Callable[[Values], Values]
) -> Values:
    """The logarithm of some of A's entries, with all digits.

    From the scores where A underflows: the largest entry of a
    column is 1 over softmax's sum.
    """
    a, s = np.asarray(pick(A)), pick(S)
    lost = (a < np.finfo(A.dtype).tiny) & (s > -np.inf)
    if not lost.any():
        return np.asarray(np.log(a))
    top = np.max(S, axis=-2, keepdims=True)
    most = np.max(A, axis=-2, keepdims=True)
    shift = np.broadcast_to(np.log(most) - top, A.shape)
    y = np.asarray(s + pick(shift))  # of one entry, too
    np.log(a, out=y, where=~lost)
    return y


@rule(ReLU)
def _ReLU(function: Rule, X: Tracked) -> Tracked:
    x = X.value
    return record(
        function(x), (X, lambda c: np.where(x <= 0, 0, c))
    )


@rule(GELU)
def _GELU(function: Rule, X: Tracked) -> Tracked:
    """GELU'(x) is `Φ(x) + x φ(x)`, and Φ(x) is GELU(x) / x."""
    x = X.value
    y = function(x)
    return record(y, (X, lambda c: _GELU_slope(x, y) * c))


def _GELU_slope(x: Values, y: Values) -> Values:
    # Where the square is finite, and beyond which φ is 0.
    z = np.clip(x, -100, 100)
    slope = np.asarray(z * z)
    slope *= -0.5
    np.exp(slope, out=slope)
    slope *= z
    slope *= 1 / math.sqrt(2 * math.pi)
    # Next to 0 the quotient would be one of too few digits, and far
    # off one of infinities.
    near, far = np.abs(x) < np.finfo(x.dtype).eps, x > 100
    with np.errstate(invalid="ignore"):
        Phi = np.asarray(y / x)
    np.copyto(Phi, 0.5, where=near)
    np.copyto(Phi, 1, where=far)
    slope += Phi
    return slope


# Algorithms -----------------------------------------------------


@rule(layer_norm)
def _layer_norm(
    function: Rule,
    e: Any,
    gamma: Any,
    beta: Any,
    *,
    eps: float = 0.0,
) -> Tracked:
    E, g, b = held(e), held(gamma), held(beta)

    def pull(c: Values) -> Any:
        return layer_norm_pullback(E, c, g, b, eps=eps)

    value = function(E, g, b, eps=eps)
    return record_joint(value, (e, gamma, beta), pull)


@rule(token_embedding)
def _token_embedding(
    function: Rule, v: Any, W_e: Tracked
) -> Tracked:
    return _columns(function, v, W_e)


@rule(positional_embedding)
def _positional_embedding(
    function: Rule, t: Any, W_p: Tracked
) -> Tracked:
    return _columns(function, t, W_p)


def _columns(function: Rule, i: Any, W: Tracked) -> Tracked:
    """∇1, which holds for positions in any order as well.

    A product with a matrix of the columns that occur is faster than
    one with as many as there are tokens.
    """
    i, shape = held(i), W.shape

    def pull(c: Values) -> Values:
        used, at = np.unique(i, return_inverse=True)
        c = np.swapaxes(c, -1, -2).reshape(-1, shape[0])
        one_hot = np.arange(used.size)[:, None] == np.ravel(at)
        W_bar = np.zeros(shape, c.dtype)
        W_bar[:, used] = (one_hot.astype(c.dtype) @ c).mT
        return W_bar

    return record(function(i, W.value), (W, pull))


@rule(Attention, recomputes=True)
def _Attention(
    function: Rule, X: Any, Z: Any, W_qkv: Any, Mask: Any
) -> Tracked:
    return _recomputed(
        function, Attention_pullback, X, Z, W_qkv, Mask
    )


@rule(MHAttention, recomputes=True)
def _MHAttention(
    function: Rule,
    X: Any,
    Z: Any,
    W: Any,
    Mask: Any,
    *,
    attention: Any = Attention,
) -> Tracked:
    run = partial(function, attention=attention)
    return _recomputed(run, MHAttention_pullback, X, Z, W, Mask)


def _recomputed(
    function: Rule,
    pullback: Rule,
    X: Any,
    Z: Any,
    W: Any,
    Mask: Any,
) -> Tracked:
    x, z, mask = held(X), held(Z), held(Mask)
    w = tree_map(held, W)

    def pull(c: Values) -> Any:
        X_bar, Z_bar, W_bar = pullback(x, z, c, w, mask)
        return X_bar, Z_bar, *_leaves(W_bar)

    value = function(x, z, w, mask)
    return record_joint(value, (X, Z, *_leaves(W)), pull)


def _leaves(tree: Any) -> list[Any]:
    return [w for _, w in named_arrays(tree, "")]
