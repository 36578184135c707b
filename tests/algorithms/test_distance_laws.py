"""Which attention with tables of distances is another in a special case? A test's name is the law.

Most hold bit for bit.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from helpers import generic
from helpers.rounding import assert_close, budget
from transformers.models.t5.modeling_t5 import T5Attention

from algorithms import (
    T5,
    AttentionParameters,
    BucketAttention,
    BucketAttentionParameters,
    MHAttention,
    MHAttentionParameters,
    T5Parameters,
    UnscaledAttention,
    UnscaledAttentionParameters,
    bidirectional_mask,
    bucket,
    initialise,
    unidirectional_mask,
)

H, KAPPA, D, ELL = 2, 2, 8, 9
SIZES = {"H": H, "d_attn": 4, "d_mid": 3, "d_x": 5, "d_out": 7}


def drawn(parameters, **sizes):
    return generic.redrawn(initialise(parameters, generic.rng(), **sizes))


def table(seed, kappa=KAPPA):
    return generic.matrix(H, 2 * kappa, seed=seed)


X = generic.matrix(5, ELL)
W = drawn(BucketAttentionParameters, **SIZES)
B, B_PRIME = table(1), table(2)
BOTH, CAUSAL = bidirectional_mask(X, X), unidirectional_mask(X)


def attention(B, B_prime, Mask=BOTH):
    return BucketAttention(X, W, B, B_prime, Mask, D=D)


# distances ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kappa", "D"), [(1, 1), (1, 5), (2, 8), (3, 24), (4, 4), (8, 128)])
def test_a_distance_has_the_column_whose_first_it_has_reached(kappa, D):
    def first(column):  # to the power κ, exactly
        if column <= kappa:
            return Fraction(column) ** kappa
        return Fraction(kappa) ** kappa * Fraction(D, kappa) ** (column - kappa)

    found = bucket(np.arange(3 * D), kappa=kappa, D=D)
    for r, column in enumerate(found.tolist()):
        assert first(column) <= r**kappa
        assert column == 2 * kappa - 1 or r**kappa < first(column + 1)
    assert found[D] == 2 * kappa - 1


def theirs(r, kappa, D):
    """Hugging Face's column of distances to tokens before, by a logarithm in float32."""
    before = -torch.asarray(r)
    of = T5Attention._relative_position_bucket
    return of(before, bidirectional=False, num_buckets=2 * kappa, max_distance=D).numpy()


@pytest.mark.parametrize("kappa", [8, 16])
def test_at_the_sizes_of_T5_the_columns_are_hugging_faces(kappa):
    r = np.arange(2000)
    assert np.array_equal(bucket(r, kappa=kappa, D=128), theirs(r, kappa, 128))


def test_a_logarithm_that_is_rounded_misses_a_first_distance():
    """A23: 54 is 24 · 1.5², and 81 is 24 · 1.5³, so that 54 begins the column of two thirds."""
    assert 81**16 * 24**8 == 54**24
    r = np.arange(200)
    differ = np.flatnonzero(bucket(r, kappa=24, D=81) != theirs(r, 24, 81))
    assert differ.tolist() == [54]


def test_large_thresholds_do_not_overflow():
    """128 to the power 15 passes the largest of 64 bits by far."""
    column = bucket(np.array([112, 113, 2**40]), kappa=16, D=128)
    assert column.tolist() == [30, 31, 31]
    assert 112**16 < 128**15 * 16 < 113**16


# attention ----------------------------------------------------------------------------------------


def test_tables_of_zeros_leave_attention_without_scale():
    same = UnscaledAttention(X, X, UnscaledAttentionParameters(*W), BOTH)
    assert np.array_equal(attention(0 * B, 0 * B_PRIME), same)


def test_what_stands_before_and_behind_has_a_table_each():
    tables = {"B": B, "B_prime": B_PRIME}
    for name, other in tables.items():
        assert not np.array_equal(attention(**{**tables, name: 2 * other}), attention(**tables))


def test_under_a_causal_mask_the_table_for_tokens_behind_is_not_read():
    assert np.array_equal(attention(B, B_PRIME, CAUSAL), attention(B, -3 * B_PRIME, CAUSAL))


def test_the_first_column_for_tokens_behind_is_never_read():
    """A22: no other token stands 0 behind."""
    other = B_PRIME.copy()
    other[:, 0] = 1e9
    assert np.array_equal(attention(B, other), attention(B, B_PRIME))


def test_a_number_added_to_a_heads_tables_changes_nothing():
    added = np.array([[2.0], [-3.0]])
    near = budget(W, X, B + added, B_PRIME + added)
    assert_close(attention(B + added, B_PRIME + added), attention(B, B_PRIME), **near)


def test_what_is_added_to_a_score_is_that_of_the_distance():
    """With all queries 0 the weights are the softmax of what is added."""
    bare = W._replace(W_q=0 * W.W_q)
    t_z, t_x = np.mgrid[:ELL, :ELL]
    columns = bucket(abs(t_x - t_z), kappa=KAPPA, D=D)
    added = np.where(t_z <= t_x, B[:, columns], B_PRIME[:, columns])
    weights = np.exp(added) / np.exp(added).sum(axis=1, keepdims=True)
    Y = (W.W_v @ X) @ weights
    got = BucketAttention(X, bare, B, B_PRIME, BOTH, D=D)
    assert_close(got, W.W_o @ Y.reshape(-1, ELL), **budget(W, X, B, B_PRIME))


def test_attention_without_scale_is_algorithm_5_of_larger_queries():
    W = drawn(UnscaledAttentionParameters, **SIZES, d_z=6)
    first, second = generic.matrix(5, 4), generic.matrix(6, 5)
    Mask = bidirectional_mask(first, second)
    o_q, o_v = np.zeros((H, 4)), np.zeros((H, 3))
    heads = AttentionParameters(2 * W.W_q, o_q, W.W_k, o_q, W.W_v, o_v)  # √d_attn is 2
    same = MHAttention(first, second, MHAttentionParameters(heads, W.W_o, np.zeros(7)), Mask)
    assert np.array_equal(UnscaledAttention(first, second, W, Mask), same)


# T5 -----------------------------------------------------------------------------------------------


def test_without_tables_the_order_of_the_context_does_not_matter_to_T5():
    theta = drawn(
        T5Parameters, N_V=7, L_enc=1, L_dec=1, H=2, d_e=6, d_mlp=5, d_attn=4, d_mid=3, kappa=2,
        kappa_dec=3,
    )  # fmt: skip
    z, x = generic.tokens(6, N_V=7), generic.tokens(4, N_V=7, seed=1)
    near = budget(theta)
    assert abs(T5(z[::-1], x, theta, D=8) - T5(z, x, theta, D=8)).max() > 1e-6
    theta = theta._replace(B=0 * theta.B, B_prime=0 * theta.B_prime)
    assert_close(T5(z[::-1], x, theta, D=8), T5(z, x, theta, D=8), **near)
