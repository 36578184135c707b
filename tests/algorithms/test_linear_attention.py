"""Are linear, additive and latent attention what their other forms say?"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from helpers import generic
from helpers.rounding import assert_apart, assert_close

from algorithms import (
    AdditiveAttention,
    AdditiveAttentionParameters,
    ELU_plus_1,
    LatentAttention,
    LatentAttentionParameters,
    LinearAttention,
    LinearRecurrence,
    attend,
    bidirectional_mask,
    block_attend,
    initialise,
    rms_norm,
    rotate_pairs,
    unidirectional_mask,
)
from spec.expected.rounding_bounds import gamma

ELL, D_ATTN, D_OUT = 9, 5, 6
Q, K = generic.matrix(D_ATTN, ELL, seed=1), generic.matrix(D_ATTN, ELL, seed=2)
V = generic.matrix(D_OUT, ELL, seed=3)
#: Scores and means: sums over rows of a key and over tokens, of quotients that are all positive.
NEAR = {"terms": ELL + D_ATTN + 2, "sums": 2}
BOTH = pytest.mark.parametrize("attention", [LinearAttention, LinearRecurrence])

# features -----------------------------------------------------------------------------------------


def test_features_are_ELU_and_1():
    x = np.linspace(-30, 30, 601)
    want = torch.nn.functional.elu(torch.asarray(x)) + 1
    # torch subtracts 1 from the exponential, and adds it again.
    assert abs(ELU_plus_1(x) - want.numpy()).max() <= 2 * gamma(3, x.dtype) * 31


def test_features_far_below_0_keep_their_digits():
    x = np.array([-700.0, -40.0])
    assert (abs(ELU_plus_1(x) / np.exp(x) - 1) <= gamma(2, x.dtype)).all()
    assert ELU_plus_1(np.array([1e300, -np.inf])).tolist() == [1e300, 0.0]


# linear attention ---------------------------------------------------------------------------------


def test_all_at_once_is_token_by_token():
    assert_close(LinearRecurrence(Q, K, V), LinearAttention(Q, K, V), **NEAR)


def recurrent(eps):
    """Equations 18 to 20 of Katharopoulos et al., in rows: ε is added to the sum of the weights."""
    q, k, v = (torch.asarray(M.T) for M in (Q, K, V))
    q, k = (torch.nn.functional.elu(M) + 1 for M in (q, k))
    s, z, rows = torch.zeros(D_ATTN, D_OUT), torch.zeros(D_ATTN), []
    for q_i, k_i, v_i in zip(q, k, v, strict=True):
        s, z = s + torch.outer(k_i, v_i), z + k_i
        rows.append(q_i @ s / (q_i @ z + eps))
    return torch.stack(rows).T.numpy()


@BOTH
def test_it_is_the_recurrent_network_of_its_source(attention):
    assert_close(attention(Q, K, V), recurrent(0.0), **NEAR)


@BOTH
def test_an_epsilon_as_in_the_published_code_is_another_function(attention):
    """A21."""
    assert_apart(attention(Q, K, V), recurrent(1e-6), **NEAR)


@BOTH
def test_equal_values_come_back(attention):
    assert_close(attention(Q, K, V[:, :1] + 0 * V), V[:, :1] + 0 * V, **NEAR)


@BOTH
def test_the_first_column_is_the_first_value(attention):
    assert_close(attention(Q, K, V)[:, :1], V[:, :1], **NEAR)


@BOTH
def test_later_tokens_change_nothing(attention):
    longer = attention(Q, K, V)
    shorter = attention(Q[:, :5], K[:, :5], V[:, :5])
    assert_close(longer[:, :5], shorter, **NEAR)


# additive attention -------------------------------------------------------------------------------

X, Z = generic.matrix(7, 4, seed=4), generic.matrix(6, 8, seed=5)
SIZES = {"d_x": 7, "d_z": 6, "d_attn": 5}
SEEN = np.arange(8)[:, None] <= np.arange(4) + 2


def additive():
    return generic.redrawn(initialise(AdditiveAttentionParameters, generic.rng(), **SIZES))


def test_scores_are_those_of_a_hidden_layer_with_one_output():
    """It stands on [x; z], with a bias of 0."""
    W = additive()
    layer = np.hstack([W.W_q, W.W_k])
    pairs = [[np.concatenate([x, z]) for x in X.T] for z in Z.T]
    S = np.array([[W.a @ np.tanh(layer @ pair) for pair in row] for row in pairs])
    weights = np.where(SEEN, np.exp(S), 0)
    want = Z @ (weights / weights.sum(axis=0))
    assert_close(AdditiveAttention(X, Z, W, SEEN), want, terms=7 + 6 + 5 + 8, sums=4)


def test_without_an_output_of_the_hidden_layer_all_that_is_seen_weighs_the_same():
    W = additive()
    got = AdditiveAttention(X, Z, W._replace(a=0 * W.a), SEEN)
    assert_close(got, Z @ (SEEN / SEEN.sum(axis=0)), terms=8, sums=2)


def test_a_token_that_may_attend_to_nobody_gets_zeros():
    """A11."""
    assert not AdditiveAttention(X, Z, additive(), SEEN & (np.arange(4) != 2))[:, 2].any()


# latent attention ---------------------------------------------------------------------------------

OMEGA = np.array([1.0, 0.25])
LATENT = {"H": 3, "d_x": 7, "d_c": 4, "d_rot": 2, "d_attn": 5, "d_mid": 6, "d_out": 10}
#: The longest sum of each product, once for each that a token passes on its way.
LONG = {"terms": 3 * 6 + 2, "sums": 8}
TOKENS = generic.matrix(7, 8, seed=6)
MASK = unidirectional_mask(TOKENS)


def latent():
    return generic.redrawn(initialise(LatentAttentionParameters, generic.rng(), **LATENT))


def test_it_is_multi_query_attention_to_the_narrow_columns():
    """W_k is multiplied into the queries, W_v after the mean: one key [C; K_r], one value C."""
    W, t = latent(), np.arange(8)
    C = rms_norm(W.W_c @ TOKENS, W.gamma_c)
    key = np.vstack([C, rotate_pairs(W.W_kr @ TOKENS, t, OMEGA)])
    scale = math.sqrt((4 + 2 * 2) / (5 + 2 * 2))  # attend divides by another root
    turned = rotate_pairs(W.W_qr @ TOKENS, t, OMEGA)
    queries = np.concatenate([W.W_k.mT @ (W.W_q @ TOKENS), turned], axis=-2) * scale
    heads = [W_v @ attend(query, key, C, MASK) for query, W_v in zip(queries, W.W_v, strict=True)]
    got = LatentAttention(TOKENS, W, MASK, OMEGA)
    assert_close(got, W.W_o @ np.vstack(heads), **LONG)


def test_attention_by_blocks_gives_the_same():
    W = latent()
    got = LatentAttention(TOKENS, W, MASK, OMEGA, attention=block_attend)
    assert_close(got, LatentAttention(TOKENS, W, MASK, OMEGA), **LONG)


def test_without_rows_that_turn_the_order_of_tokens_does_not_matter():
    W = latent()
    W, Mask = W._replace(W_qr=0 * W.W_qr), bidirectional_mask(TOKENS, TOKENS)
    got = LatentAttention(TOKENS[:, ::-1], W, Mask, OMEGA)[:, ::-1]
    assert_close(got, LatentAttention(TOKENS, W, Mask, OMEGA), **LONG)


def test_positions_may_count_from_anywhere():
    """A16. A text that follows others which nobody sees has what it has alone."""
    W = latent()
    Mask = MASK & (np.arange(8)[:, None] >= 3)
    got = LatentAttention(TOKENS, W, Mask, OMEGA)[:, 3:]
    assert_close(got, LatentAttention(TOKENS[:, 3:], W, MASK[3:, 3:], OMEGA), **LONG)
