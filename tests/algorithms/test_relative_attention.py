"""Which relative positions are others, or none, in a special case? A test's name is the law."""

from __future__ import annotations

import re

import numpy as np
import pytest
from helpers import generic
from helpers.rounding import assert_apart, assert_close, budget

from algorithms import (
    ALiBiAttention,
    Attention,
    AttentionParameters,
    MHRelativeAttention,
    MHRelativeAttentionParameters,
    RelativeAttention,
    RelativeAttentionParameters,
    ShapeError,
    bidirectional_mask,
    clip_distance,
    initialise,
    unidirectional_mask,
)

X = generic.matrix(5, 7)
CAUSAL, ALL = unidirectional_mask(X), bidirectional_mask(X, X)


def drawn(parameters, **sizes):
    return generic.redrawn(initialise(parameters, generic.rng(), d_x=5, d_attn=4, **sizes))


HEAD = drawn(RelativeAttentionParameters, d_out=3)


def tables(k):
    A_k, A_v = generic.matrix(4, 2 * k + 1), generic.matrix(3, 2 * k + 1, seed=1)
    return A_k, A_v


def without_offsets(W_qkv):
    o, o_v = np.zeros(W_qkv.W_q.shape[-2]), np.zeros(W_qkv.W_v.shape[-2])
    return AttentionParameters(W_qkv.W_q, o, W_qkv.W_k, o, W_qkv.W_v, o_v)


@pytest.mark.parametrize("k", [0, 2, 9])
def test_tables_of_zeros_are_algorithm_4_without_offsets(k):
    A_k, A_v = (0 * table for table in tables(k))
    expected = Attention(X, X, without_offsets(HEAD), CAUSAL)
    np.testing.assert_array_equal(RelativeAttention(X, HEAD, A_k, A_v, CAUSAL), expected)


def test_a_table_of_one_column_moves_all_values_alike():
    A_k, A_v = tables(0)
    expected = Attention(X, X, without_offsets(HEAD), ALL) + A_v
    found = RelativeAttention(X, HEAD, A_k, A_v, ALL)
    assert_close(found, expected, **budget(X, HEAD, A_k, A_v))


def test_columns_for_distances_that_do_not_occur_are_not_read():
    A_k, A_v = tables(9)
    far = np.r_[0:3, 16:19]  # of seven tokens none is more than 6 away
    expected = RelativeAttention(X, HEAD, A_k, A_v, ALL)
    A_k[:, far], A_v[:, far] = 0, 1e6
    np.testing.assert_array_equal(RelativeAttention(X, HEAD, A_k, A_v, ALL), expected)
    A_v[:, 3] = 0
    given = budget(X, HEAD, A_k, A_v)
    assert_apart(RelativeAttention(X, HEAD, A_k, A_v, ALL), expected, **given)


def test_under_a_causal_mask_the_columns_of_what_stands_behind_are_not_read():
    A_k, A_v = tables(2)
    expected = RelativeAttention(X, HEAD, A_k, A_v, CAUSAL)
    A_k[:, 3:], A_v[:, 3:] = 0, 0
    np.testing.assert_array_equal(RelativeAttention(X, HEAD, A_k, A_v, CAUSAL), expected)


def test_heads_are_those_of_a_loop():
    W = drawn(MHRelativeAttentionParameters, H=3, d_mid=3, d_out=6, k=2)
    heads = [RelativeAttentionParameters(*(w[h] for w in W.W_qkv)) for h in range(3)]
    parts = [RelativeAttention(X, head, W.A_k, W.A_v, ALL) for head in heads]
    given = budget(X, W)
    assert_close(MHRelativeAttention(X, W, ALL), W.W_o @ np.concatenate(parts), **given)


def test_positions_of_any_integer_type_and_of_any_beginning_have_the_same_columns():
    t = np.arange(6)
    expected = [[2, 1, 0], [3, 2, 1], [4, 3, 2], [4, 4, 3], [4, 4, 4], [4, 4, 4]]
    for start in (t, t.astype(np.uint8), t + 100):
        columns = clip_distance(start[:, None], start[:3], k=2)
        np.testing.assert_array_equal(columns, expected)


def test_a_slope_of_0_is_algorithm_4():
    W_qkv = drawn(AttentionParameters, d_z=5, d_out=3)
    found = ALiBiAttention(X, W_qkv, 0.0, ALL)
    assert_close(found, Attention(X, X, W_qkv, ALL), **budget(X, W_qkv))


def test_a_steep_slope_leaves_each_token_to_itself():
    W_qkv = drawn(AttentionParameters, d_z=5, d_out=3)
    found = ALiBiAttention(X, W_qkv, 1e4, CAUSAL)
    np.testing.assert_array_equal(found, W_qkv.W_v @ X + W_qkv.b_v[:, None])


def test_without_scores_each_token_weighs_half_the_one_behind_it():
    W_qkv = drawn(AttentionParameters, d_z=5, d_out=3)
    W_qkv = W_qkv._replace(W_q=0 * W_qkv.W_q, b_q=0 * W_qkv.b_q)
    V, weights = W_qkv.W_v @ X + W_qkv.b_v[:, None], 2.0 ** np.arange(7)
    found = ALiBiAttention(X, W_qkv, float(np.log(2.0)), CAUSAL)[:, -1]
    assert_close(found, V @ weights / weights.sum(), **budget(X, W_qkv))


@pytest.mark.parametrize(
    ("A_k", "A_v", "why"),
    [
        (np.ones((4, 6)), np.ones((3, 6)), "A_k has shape (4, 6), want (d_attn, 2*k+1)"),
        (np.ones((4, 5)), np.ones((3, 7)), "A_v has shape (3, 7), want (d_out, 2*k+1)"),
        (np.ones((4, 0)), np.ones((3, 0)), "A_k has shape (4, 0), want (d_attn, 2*k+1)"),
    ],
)
def test_tables_that_are_none_are_refused(A_k, A_v, why):
    with pytest.raises(ShapeError, match=f"^RelativeAttention: {re.escape(why)}"):
        RelativeAttention(X, HEAD, A_k, A_v, ALL)
