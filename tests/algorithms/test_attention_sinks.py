"""What is a score of nobody, and where do sinks stand? A test's name is the law.

Laws for anybody's function are in `spec.laws.sinks`.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import generic
from helpers.rounding import assert_apart, assert_close, budget

from algorithms import (
    GQAttention,
    GQAttentionParameters,
    GroupQueriesParameters,
    RotaryQueries,
    RotaryQueriesParameters,
    SinkAttention,
    SinkAttentionParameters,
    StreamingQueries,
    attend,
    attend_sink,
    initialise,
    rotate,
    sink_mask,
    softmax,
    unidirectional_mask,
)

OMEGA = np.array([1.0, 0.125])
HEADS = 3
Q = np.stack([generic.matrix(4, 5, seed=i) for i in range(HEADS)])
K, V = generic.matrix(4, 6, seed=7), generic.matrix(2, 6, seed=8)
SIGMA = np.array([0.5, -1.5, 2.0])
MASK = generic.rng(5).integers(0, 2, (6, 5)) == 1
MASK[0] = True

# nobody -------------------------------------------------------------------------------------------


def test_without_a_score_of_nobody_attention_is_as_before():
    got = attend_sink(Q, K, V, np.full(HEADS, -np.inf), MASK)
    assert np.array_equal(got, attend(Q, K, V, MASK))


def test_nobody_is_one_more_token_of_its_score_and_value_0():
    for head, sigma in zip(Q, SIGMA, strict=True):
        # One more row of keys and queries, which adds the score and is 0 in all other tokens.
        above = np.vstack([head, np.full((1, 5), 2.0)])
        more = np.zeros((5, 7))
        more[:4, 1:], more[4, 0] = K, sigma * math.sqrt(5) / 2
        above[:4] *= math.sqrt(5) / 2  # of five rows the root is another
        values = np.hstack([np.zeros((2, 1)), V])
        seen = np.vstack([np.ones((1, 5), dtype=bool), MASK])
        got = attend_sink(head, K, V, np.array(sigma), MASK)
        assert_close(got, attend(above, more, values, seen), terms=6, sums=6)


def test_nobody_takes_the_same_part_of_every_value():
    scores = np.where(MASK, K.T @ Q / 2, -np.inf)
    taken = np.exp(SIGMA)[:, None] / (np.exp(SIGMA)[:, None] + np.exp(scores).sum(axis=-2))
    got = attend_sink(Q, K, V, SIGMA, MASK)
    assert_close(got, attend(Q, K, V, MASK) * (1 - taken)[:, None, :], terms=6, sums=6)


def test_each_head_has_a_score_of_its_own_wherever_heads_stand():
    """In the queries, in the scores of nobody, or in both."""
    alone = [attend_sink(Q[0], K, V, np.array(sigma), MASK) for sigma in SIGMA]
    assert np.array_equal(attend_sink(Q[0], K, V, SIGMA, MASK), np.stack(alone))
    alone = [attend_sink(head, K, V, SIGMA[0], MASK) for head in Q]
    assert np.array_equal(attend_sink(Q, K, V, SIGMA[0], MASK), np.stack(alone))


@pytest.mark.parametrize("sigma", [-1e5, 1e5])
def test_no_score_of_nobody_overflows(sigma):
    none = attend_sink(Q, K, V, np.array(sigma), MASK)
    assert np.array_equal(none, attend(Q, K, V, MASK) if sigma < 0 else 0 * none)


def test_a_token_that_may_attend_to_nothing_leaves_all_to_nobody():
    nothing = np.zeros_like(MASK)
    assert not attend_sink(Q, K, V, SIGMA, nothing).any()


def test_sink_attention_of_heads_that_miss_nobody_and_do_not_turn_is_grouped_attention():
    sizes = {"H_kv": 2, "R": 3, "d_attn": 4, "d_x": 6, "d_mid": 3, "d_out": 7}
    W = generic.redrawn(initialise(SinkAttentionParameters, generic.rng(), **sizes))
    columns = generic.matrix(6, 4)
    Mask = unidirectional_mask(columns)
    group = W.W_g._replace(sigma=np.full((2, 3), -np.inf))
    got = SinkAttention(columns, W._replace(W_g=group), Mask, 0 * OMEGA)
    queries = GroupQueriesParameters(group.W_q, group.b_q)
    same = GQAttentionParameters(queries, group.W_k, group.b_k, group.W_v, group.b_v, W.W_o, W.b_o)
    assert np.array_equal(got, GQAttention(columns, columns, same, Mask))


# sinks in a cache ---------------------------------------------------------------------------------

TOKENS = 23
X = generic.matrix(7, TOKENS)
W = RotaryQueriesParameters(np.stack([generic.matrix(6, 7, seed=i) for i in (1, 2)]))
W_K, W_V = generic.matrix(6, 7, seed=3), generic.matrix(5, 7, seed=4)
KEYS = rotate(W_K @ X, np.arange(TOKENS), OMEGA)


def with_a_cache(k, w):
    """The text token by token: what is kept is turned anew in each step, by its place."""
    cache, columns = [], []
    for x in X.T[:, :, None]:
        cache.append((W_K @ x, W_V @ x))
        if len(cache) > k + w:
            del cache[k]
        places = np.arange(len(cache))
        keys, values = (np.hstack(parts) for parts in zip(*cache, strict=True))
        scores = rotate(keys, places, OMEGA).T @ rotate(W.W_q @ x, places[-1:], OMEGA)
        columns.append((values @ softmax(scores / math.sqrt(6))).reshape(-1, 1))
    return np.hstack(columns)


@pytest.mark.parametrize(("k", "w"), [(2, 4), (0, 5), (4, 1), (30, 3), (1, 40)])
def test_streaming_queries_are_those_to_a_cache_with_positions_counted_in_it(k, w):
    got = StreamingQueries(X, KEYS, W_V @ X, W, OMEGA, k=k, w=w)
    assert_close(got, with_a_cache(k, w), **budget(W, X, KEYS))


def test_the_mask_alone_is_another_function():
    got = StreamingQueries(X, KEYS, W_V @ X, W, OMEGA, k=2, w=4)
    masked = RotaryQueries(X, KEYS, W_V @ X, W, sink_mask(X, 2, 4), OMEGA)
    assert_apart(got, masked, **budget(W, X, KEYS))
    assert np.array_equal(got[:, :6], masked[:, :6])  # as long as nothing has left the cache


@pytest.mark.parametrize(("k", "w"), [(0, 4), (30, 3)])
def test_without_sinks_or_with_sinks_alone_the_mask_is_enough(k, w):
    got = StreamingQueries(X, KEYS, W_V @ X, W, OMEGA, k=k, w=w)
    masked = RotaryQueries(X, KEYS, W_V @ X, W, sink_mask(X, k, w), OMEGA)
    assert np.array_equal(got, masked)
