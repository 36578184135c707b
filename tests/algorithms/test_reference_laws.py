"""Which laws hold of the reference that no pseudocode states? A test's name is the law.

Laws of the algorithms are in `spec.laws`; test_reference_conforms puts them to the reference.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import generic
from helpers.public_things import every_function
from helpers.rounding import assert_close, budget, gamma
from helpers.strategies import TAME, many, signature

from algorithms import (
    Attention,
    AttentionParameters,
    DTransformer,
    DTransformerParameters,
    EClassifier,
    EClassifierParameters,
    EDTransformer,
    EDTransformerParameters,
    ETransformer,
    ETransformerParameters,
    MHAttention,
    ScaledEDTransformer,
    ScaledEDTransformerParameters,
    bidirectional_mask,
    single_query_attention,
    sinusoidal_positions,
    unidirectional_mask,
)

# attention ----------------------------------------------------------------------------------------


def test_algorithm_5_with_one_head_and_identity_W_o_is_algorithm_4():
    X, Z = generic.matrix(13, 6), generic.matrix(9, 5)
    W = generic.heads(H=1, d_mid=5, d_out=5)
    W = W._replace(W_o=np.eye(5), b_o=np.zeros(5))
    one = AttentionParameters(*(part[0] for part in W.W_qkv))
    Mask = bidirectional_mask(X, Z)
    assert np.array_equal(MHAttention(X, Z, W, Mask), Attention(X, Z, one, Mask))


def test_algorithm_4_with_one_column_is_algorithm_3():
    X, Z = generic.matrix(13, 1), generic.matrix(13, 5)
    W = generic.heads(d_z=13)
    one = AttentionParameters(*(part[0] for part in W.W_qkv))
    alone = single_query_attention(X[:, 0], Z, one)
    assert np.array_equal(Attention(X, Z, one, bidirectional_mask(X, Z))[:, 0], alone)


def test_a_mask_lets_nobody_attend_to_what_fills_up_at_either_end():
    X, Z = np.ones((2, 4)), np.ones((3, 4))
    for real in np.array([[0, 0, 1, 1], [1, 1, 0, 0], [1, 0, 1, 0]], bool):
        assert np.array_equal(bidirectional_mask(X, Z, real), np.outer(real, [True] * 4))
        assert np.array_equal(unidirectional_mask(X, real), unidirectional_mask(X) & real[:, None])


# positions --------------------------------------------------------------


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


#: What stands before an activation in the encoder of 8, which is read once, and in its decoder.
HALVES = {
    "encode": ({"W_mlp1"}, set()),
    "EDStep": (set(), {"W_mlp3"}),
    "CachedEDInference": ({"W_mlp1"}, {"W_mlp3"}),
}


def activated(call):
    """How many rows each activation of a call has, once and again: those of the matrix before it.

    What is before the matrix of classes goes through tanh.
    """
    once, again = HALVES.get(call.function.__name__, (set(), {"W_mlp1", "W_mlp3", "W_f"}))
    if any(leaf.keys[-1] == "W_c" for leaf in call.leaves):
        again = again - {"W_f"}
    for before in (once, again):
        yield [leaf.value.shape[0] for leaf in call.leaves if leaf.keys[-1] in before]


@every_function(lambda f: "activation" in signature(f).arguments)
def test_the_activation_is_used_wherever_the_model_has_one(function):
    uses = 0

    def activation(X):
        rows.append(X.shape[-2])
        return X * 0.5

    for call in many(function, 20, keeping=TAME):
        rows, (once, again) = [], activated(call)
        call._replace(arguments={**call.arguments, "activation": activation}).run()
        models = (len(rows) - len(once)) // max(1, len(again))
        assert rows == once + again * models
        uses += len(rows)
    assert uses


def decoder(x, **options):
    return DTransformer(x, generic.theta(DTransformerParameters), **options)


def encoder(x, **options):
    return ETransformer(x, generic.theta(ETransformerParameters), **options)


def encoder_decoder(z, x, **options):
    return EDTransformer(z, x, generic.theta(EDTransformerParameters), **options)


def scaled(z, x, **options):
    W_e, W_p, encoder_layers, decoder_layers, _ = generic.theta(EDTransformerParameters)
    theta = ScaledEDTransformerParameters(W_e, encoder_layers, decoder_layers)
    return ScaledEDTransformer(z, x, theta, W_p, **options)


def classifier(x, padding):
    return EClassifier(x, generic.theta(EClassifierParameters), padding=padding)[:, None]


REAL = np.arange(7) < 5

#: A model of a sequence that is padded.
PADDED = {
    "8, x": lambda x, padding: encoder_decoder(generic.tokens(7, seed=1), x, padding_x=padding),
    "9": lambda x, padding: encoder(x, padding=padding),
    "10": lambda x, padding: decoder(x, padding=padding),
    "8, z": lambda z, padding: encoder_decoder(z, generic.tokens(7, seed=1), padding_z=padding),
    "X6": classifier,
    "X7, x": lambda x, padding: scaled(generic.tokens(7, seed=1), x, padding_x=padding),
    "X7, z": lambda z, padding: scaled(z, generic.tokens(7, seed=1), padding_z=padding),
}
#: No column of the result is that of a token of the sequence.
OF_OTHERS = {"8, z", "X6", "X7, z"}
padded_models = pytest.mark.parametrize(("name", "P"), PADDED.items(), ids=PADDED)


@padded_models
def test_what_fills_up_changes_no_column_but_its_own(name, P):
    x = generic.tokens(7)
    other = np.where(np.arange(7) == 5, (x + 1) % generic.SIZES["N_V"], x)
    same = (P(x, REAL) == P(other, REAL)).all(axis=0)
    assert same.tolist() == [name in OF_OTHERS or t != 5 for t in range(len(same))]


@padded_models
def test_padding_equals_a_shorter_sequence(name, P):
    x, near = generic.tokens(7), budget(generic.theta(EDTransformerParameters))
    tokens = slice(None) if name in OF_OTHERS else slice(5)
    assert_close(P(x, REAL)[:, tokens], P(x[:5], None)[:, tokens], **near)


@padded_models
def test_all_tokens_real_is_no_padding(name, P):
    x = generic.tokens(7)
    assert np.array_equal(P(x, np.ones(7, bool)), P(x, None))
