"""Which laws hold of the reference that no pseudocode states? A test's name is the law.

Laws of the algorithms are in `spec.laws`; test_reference_conforms puts them to the reference.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import generic
from helpers.rounding import assert_close, budget, gamma
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from algorithms import (
    GELU,
    Attention,
    AttentionParameters,
    DTransformer,
    DTransformerParameters,
    EDTransformer,
    EDTransformerParameters,
    ETransformer,
    ETransformerParameters,
    MHAttention,
    ReLU,
    bidirectional_mask,
    single_query_attention,
    sinusoidal_positions,
    softmax,
    unidirectional_mask,
)

matrices = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=3, max_side=6),
    elements=st.floats(-1e300, 1e300) | st.floats(-4, 4),
)


def column(X):
    """A bias as the column that is added to every token."""
    return X[..., None]


# softmax ------------------------------------------------------------------------------------------


@given(matrices)
def test_columns_of_softmax_sum_to_1(S):
    A = softmax(S)
    for column in np.moveaxis(A, -2, -1).reshape(-1, A.shape[-2]):
        assert abs(math.fsum(column) - 1) <= gamma(A.shape[-2] + 1)


@given(matrices)
def test_a_number_added_to_a_column_changes_nothing_in_softmax(S):
    S = np.round(np.clip(S, -8, 8))  # whole numbers, so that adding one is exact
    assert np.array_equal(softmax(S + 3.0), softmax(S))


@given(matrices)
def test_columns_of_softmax_are_independent(S):
    assert np.array_equal(softmax(S)[..., :1], softmax(S[..., :1]))


def test_softmax_of_logarithms_is_the_proportions():
    p = np.array([[1.0, 5.0], [2.0, 0.0], [3.0, 5.0]])
    with np.errstate(divide="ignore"):
        S = np.log(p)
    assert_close(softmax(S), p / p.sum(axis=0), terms=4)


# attention ----------------------------------------------------------------------------------------


def test_algorithm_5_with_one_head_and_identity_W_o_is_algorithm_4():
    X, Z = generic.matrix(8, 6), generic.matrix(9, 5)
    W = generic.heads(H=1, d_mid=5, d_out=5)
    W = W._replace(W_o=np.eye(5), b_o=np.zeros(5))
    one = AttentionParameters(*(part[0] for part in W.W_qkv))
    Mask = bidirectional_mask(X, Z)
    assert np.array_equal(MHAttention(X, Z, W, Mask), Attention(X, Z, one, Mask))


def test_algorithm_4_with_one_column_is_algorithm_3():
    X, Z = generic.matrix(8, 1), generic.matrix(8, 5)
    W = generic.heads(d_z=8)
    one = AttentionParameters(*(part[0] for part in W.W_qkv))
    alone = single_query_attention(X[:, 0], Z, one)
    assert np.array_equal(Attention(X, Z, one, bidirectional_mask(X, Z))[:, 0], alone)


def test_algorithm_5_equals_a_loop_over_heads():
    X, Z, W = generic.matrix(2, 8, 6), generic.matrix(2, 9, 5), generic.heads()
    Mask = generic.matrix(2, 5, 6) < 1
    Y = [
        Attention(X, Z, AttentionParameters(*(part[h] for part in W.W_qkv)), Mask)
        for h in range(W.W_qkv.W_q.shape[0])
    ]
    looped = W.W_o @ np.concatenate(Y, axis=-2) + column(W.b_o)
    assert_close(MHAttention(X, Z, W, Mask), looped, **budget(X, Z, W))


def test_the_masks_are_equation_3():
    X, Z = np.ones((2, 4)), np.ones((3, 5))
    assert bidirectional_mask(X, Z).tolist() == [[True] * 4] * 5
    assert unidirectional_mask(X).tolist() == [[t_z <= t_x for t_x in range(4)] for t_z in range(4)]


def test_a_mask_lets_nobody_attend_to_what_fills_up_at_either_end():
    X, Z = np.ones((2, 4)), np.ones((3, 4))
    for real in np.array([[0, 0, 1, 1], [1, 1, 0, 0], [1, 0, 1, 0]], bool):
        assert np.array_equal(bidirectional_mask(X, Z, real), np.outer(real, [True] * 4))
        assert np.array_equal(unidirectional_mask(X, real), unidirectional_mask(X) & real[:, None])


# layer norm, activations, positions ---------------------------------------------------------------


@given(st.floats(-40, 40))
def test_GELU_of_x_less_GELU_of_minus_x_is_x(x):
    # x·Φ(x) + x·Φ(−x) = x. The tanh form keeps this law; the next one it does not.
    up, down = GELU(np.array([x, -x]))
    underflow = 2 * np.finfo(np.float64).smallest_subnormal
    assert abs((up - down) - x) <= 4 * gamma(1) * abs(x) + underflow


def test_GELU_is_x_times_the_normal_distribution_function():
    x = np.linspace(-6, 6, 97)
    Phi = np.array([math.erfc(-t / math.sqrt(2)) / 2 for t in x])
    # Φ's relative slope in x is at most |x| + 1, and x/√2 has an error of 2u.
    assert (abs(GELU(x) - x * Phi) <= 8 * gamma(1) * (1 + x * x) * abs(x * Phi)).all()


def test_ReLU_is_the_larger_of_x_and_0():
    x = np.array([-np.inf, -2.0, -0.0, 0.0, 3.0, np.inf])
    assert ReLU(x).tolist() == [0.0, 0.0, 0.0, 0.0, 3.0, np.inf]


@pytest.mark.parametrize(("form", "first"), [("paper", 1), ("vaswani", 0)])
def test_sinusoids_are_those_of_their_form(form, first):
    d_e, ell_max = 6, 5
    W_p = sinusoidal_positions(d_e, ell_max, form)
    base = ell_max if form == "paper" else 10_000
    for pair in range(d_e // 2):
        for column in range(ell_max):
            i, t = pair + first, column + first
            angle = t / base ** (2 * i / d_e)
            # pow, a quotient and sin: an ulp or two each, times the slope of sin at the angle.
            near = 8 * gamma(1) * (1 + angle)
            assert abs(W_p[2 * pair, column] - math.sin(angle)) <= near
            assert abs(W_p[2 * pair + 1, column] - math.cos(angle)) <= near


# architectures ------------------------------------------------------------------------------------


def decoder(x, **options):
    return DTransformer(x, generic.theta(DTransformerParameters), **options)


def encoder(x, **options):
    return ETransformer(x, generic.theta(ETransformerParameters), **options)


def encoder_decoder(z, x, **options):
    return EDTransformer(z, x, generic.theta(EDTransformerParameters), **options)


@pytest.mark.parametrize(
    ("P", "shapes"),
    [
        (lambda **o: encoder_decoder(generic.tokens(5), generic.tokens(7), **o), "zz" + "xx"),
        (lambda **o: encoder(generic.tokens(7), **o), "xxf"),
        (lambda **o: decoder(generic.tokens(7), **o), "xx"),
    ],
    ids=["8", "9", "10"],
)
def test_the_activation_is_used_in_each_layer_and_before_the_head_of_9(P, shapes):
    size = {"z": (13, 5), "x": (13, 7), "f": (7, 7)}
    seen = []

    def activation(X):
        seen.append(X.shape)
        return X * 0.5

    P(activation=activation)
    assert seen == [size[name] for name in shapes]


REAL = np.arange(7) < 5

#: A model of a sequence that is padded. In the last it is z, which has no column of its own.
PADDED = {
    "8, x": lambda x, padding: encoder_decoder(generic.tokens(7, seed=1), x, padding_x=padding),
    "9": lambda x, padding: encoder(x, padding=padding),
    "10": lambda x, padding: decoder(x, padding=padding),
    "8, z": lambda z, padding: encoder_decoder(z, generic.tokens(7, seed=1), padding_z=padding),
}
padded_models = pytest.mark.parametrize(("name", "P"), PADDED.items(), ids=PADDED)


@padded_models
def test_what_fills_up_changes_no_column_but_its_own(name, P):
    x = generic.tokens(7)
    other = np.where(np.arange(7) == 5, (x + 1) % generic.SIZES["N_V"], x)
    same = (P(x, REAL) == P(other, REAL)).all(axis=0)
    assert same.tolist() == [name == "8, z" or t != 5 for t in range(7)]


@padded_models
def test_padding_equals_a_shorter_sequence(name, P):
    x, near = generic.tokens(7), budget(generic.theta(EDTransformerParameters))
    tokens = slice(None) if name == "8, z" else slice(5)
    assert_close(P(x, REAL)[:, tokens], P(x[:5], None)[:, tokens], **near)


@padded_models
def test_all_tokens_real_is_no_padding(name, P):
    x = generic.tokens(7)
    assert np.array_equal(P(x, np.ones(7, bool)), P(x, None))
