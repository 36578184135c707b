"""Which algorithms are others in a special case? A test's name is the law.

Most hold bit for bit. Laws of one algorithm, for anybody's function, are in `spec.laws`.
"""

from __future__ import annotations

import numpy as np
import pytest
from helpers import generic
from helpers.rounding import assert_apart, assert_close, budget

from algorithms import (
    Attention,
    AttentionParameters,
    BandedTransformer,
    CrossLayerLlama,
    CrossLayerLlamaParameters,
    DTransformer,
    DTransformerParameters,
    EDTransformer,
    EDTransformerParameters,
    GQAttention,
    GQAttentionParameters,
    Llama,
    LlamaParameters,
    MHAttention,
    MHAttentionParameters,
    Mistral,
    PrefixTransformer,
    RotaryAttention,
    RotaryAttentionParameters,
    ScaledEDTransformer,
    ScaledEDTransformerParameters,
    SharedAttention,
    SharedAttentionParameters,
    StreamingTransformer,
    attend,
    banded_mask,
    bidirectional_mask,
    initialise,
    layer_norm,
    prefix_mask,
    rms_norm,
    rotary_frequencies,
    rotate,
    rotate_pairs,
    sink_mask,
    unidirectional_mask,
)

SMALL = {"N_V": 7, "L": 2, "d_e": 6, "d_mlp": 5, "d_attn": 4, "d_mid": 3}
GROUPS = {"H_kv": 2, "R": 3}
OMEGA = np.array([1.0, 0.125])


def drawn(parameters, **sizes):
    return generic.redrawn(initialise(parameters, generic.rng(), **sizes))


def decoder():
    return drawn(DTransformerParameters, **SMALL, H=2, ell_max=9)


def llama():
    return drawn(LlamaParameters, **SMALL, **GROUPS)


X = generic.tokens(8, N_V=7)

# masks --------------------------------------------------------------------------------------------

COLUMNS = np.ones((2, 6))
CAUSAL = unidirectional_mask(COLUMNS)


@pytest.mark.parametrize(
    ("mask", "same"),
    [
        (banded_mask(COLUMNS, 6), CAUSAL),
        (banded_mask(COLUMNS, 1), np.eye(6, dtype=bool)),
        (sink_mask(COLUMNS, 6, 1), CAUSAL),
        (sink_mask(COLUMNS, 0, 4), banded_mask(COLUMNS, 4)),
        (prefix_mask(COLUMNS, 0), CAUSAL),
        (prefix_mask(COLUMNS, 1), CAUSAL),
        (prefix_mask(COLUMNS, 6), bidirectional_mask(COLUMNS, COLUMNS)),
    ],
)
def test_a_mask_of_all_or_none_is_another(mask, same):
    assert np.array_equal(mask, same)


@pytest.mark.parametrize(
    "model",
    [
        lambda x, theta: BandedTransformer(x, theta, w_l=(9, 9)),
        lambda x, theta: PrefixTransformer(x, theta, ell_p=0),
        lambda x, theta: StreamingTransformer(x, theta, k=8, w=1),
    ],
    ids=["X4", "X5", "X9"],
)
def test_a_decoder_whose_mask_hides_nothing_more_is_algorithm_10(model):
    theta = decoder()
    assert np.array_equal(model(X, theta), DTransformer(X, theta))


def test_mistral_with_a_window_over_all_is_llama():
    theta = llama()
    assert np.array_equal(Mistral(X, theta, OMEGA, w=8), Llama(X, theta, OMEGA))


def test_blocks_of_one_layer_are_llama():
    theta = llama()
    shared = drawn(CrossLayerLlamaParameters, **SMALL, **GROUPS, L_s=1)
    layers = tuple(
        block._replace(W=one_layer(block.W, layer))
        for block, layer in zip(shared.layers, theta.layers, strict=True)
    )
    shared = shared._replace(W_e=theta.W_e, layers=layers, gamma=theta.gamma, W_u=theta.W_u)
    assert np.array_equal(CrossLayerLlama(X, shared, OMEGA), Llama(X, theta, OMEGA))


def one_layer(block, layer):
    """A block of one layer: its keys and values, and the rest."""
    (own,) = block.layers
    own = own._replace(
        W=SharedAttentionParameters(layer.W.W_g, layer.W.W_o),
        gamma1=layer.gamma1,
        gamma2=layer.gamma2,
        W_mlp=layer.W_mlp,
    )
    return block._replace(W_k=layer.W.W_k, W_v=layer.W.W_v, layers=(own,))


# attention ----------------------------------------------------------------------------------------


def grouped(**sizes):
    usual = {**GROUPS, "d_attn": 4, "d_x": 5, "d_z": 6, "d_mid": 3, "d_out": 7}
    return drawn(GQAttentionParameters, **{**usual, **sizes})


def heads_of(W, spread):
    """The parameters of Algorithm 5 whose keys and values are those of groups, spread to heads."""
    W_q, b_q = (np.concatenate(part) for part in W.W_g)
    parts = [spread(part) for part in (W.W_k, W.b_k, W.W_v, W.b_v)]
    return MHAttentionParameters(AttentionParameters(W_q, b_q, *parts), W.W_o, W.b_o)


def mask_of(rows, columns):
    Mask = generic.rng(5).integers(0, 2, (rows, columns)) == 1
    Mask[0] = True
    return Mask


def test_attention_of_what_lines_1_to_3_make_is_algorithm_4():
    Q, K, V = (generic.matrix(*shape, seed=i) for i, shape in enumerate([(4, 5), (4, 6), (3, 6)]))
    W = AttentionParameters(
        np.eye(4), np.zeros(4), np.eye(4, 7), np.zeros(4), np.eye(3, 7, 4), np.zeros(3)
    )
    Z = np.concatenate([K, V])
    Mask = mask_of(6, 5)
    assert np.array_equal(attend(Q, K, V, Mask), Attention(Q, Z, W, Mask))


def test_groups_of_one_head_are_algorithm_5():
    W, first, second = grouped(R=1), generic.matrix(5, 4), generic.matrix(6, 5)
    same = MHAttention(first, second, heads_of(W, lambda part: part), mask_of(5, 4))
    assert np.array_equal(GQAttention(first, second, W, mask_of(5, 4)), same)


def test_groups_are_algorithm_5_with_each_head_of_keys_repeated_and_not_tiled():
    W, first, second, Mask = grouped(), generic.matrix(5, 4), generic.matrix(6, 5), mask_of(5, 4)
    got = GQAttention(first, second, W, Mask)

    def repeated(part):
        return np.repeat(part, 3, axis=0)

    def tiled(part):
        return np.concatenate([part] * 3)

    near = budget(W, first, second)
    assert_close(got, MHAttention(first, second, heads_of(W, repeated), Mask), **near)
    assert_apart(got, MHAttention(first, second, heads_of(W, tiled), Mask), **near)


def rotary(**sizes):
    usual = {**GROUPS, "d_attn": 5, "d_x": 6, "d_mid": 3, "d_out": 7}
    return drawn(RotaryAttentionParameters, **{**usual, **sizes})


def test_rotary_attention_that_does_not_turn_is_grouped_attention_without_offsets():
    W, columns = rotary(), generic.matrix(6, 4)
    plain = grouped(d_attn=5, d_x=6, d_z=6)
    plain = plain.map(np.zeros_like)._replace(W_k=W.W_k, W_v=W.W_v, W_o=W.W_o)
    plain = plain._replace(W_g=plain.W_g._replace(W_q=W.W_g.W_q))
    Mask = unidirectional_mask(columns)
    got = RotaryAttention(columns, W, Mask, 0 * OMEGA)
    assert np.array_equal(got, GQAttention(columns, columns, plain, Mask))


def test_shared_attention_to_its_own_keys_is_rotary_attention():
    W, columns = rotary(), generic.matrix(6, 4)
    K = rotate(W.W_k @ columns, np.arange(4), OMEGA)
    Mask = unidirectional_mask(columns)
    shared = SharedAttentionParameters(W.W_g, W.W_o)
    got = SharedAttention(columns, K, W.W_v @ columns, shared, Mask, OMEGA)
    assert np.array_equal(got, RotaryAttention(columns, W, Mask, OMEGA))


# positions ----------------------------------------------------------------------------------------


def test_pairs_are_halves_with_the_rows_in_another_order():
    e, t = generic.matrix(9, 4), np.arange(4)
    omega = rotary_frequencies(np.array(100.0), d_rot=4)
    order = [0, 2, 4, 6, 1, 3, 5, 7, 8]
    assert np.array_equal(rotate_pairs(e, t, omega)[order], rotate(e[order], t, omega))


def test_llama_from_position_7_on_gives_the_same():
    """Turns add: a query and a key that are turned by 7 tokens more stand 7 tokens later."""
    theta = llama()

    def later(W):
        return rotate(W, np.full(W.shape[-1], 7), OMEGA)

    layers = tuple(
        layer._replace(
            W=layer.W._replace(
                W_g=layer.W.W_g._replace(W_q=later(layer.W.W_g.W_q)), W_k=later(layer.W.W_k)
            )
        )
        for layer in theta.layers
    )
    near = budget(theta)
    got = Llama(X, theta, OMEGA)
    assert_close(Llama(X, theta._replace(layers=layers), OMEGA), got, **near)


# norms, the transformer of 2017 ------------------------------------------------------------


def test_layer_norm_without_beta_is_the_other_norm_of_what_differs_from_the_mean():
    e, gamma = generic.matrix(6, 4), generic.matrix(6)
    centred = e - e.mean(axis=0)
    assert_close(layer_norm(e, gamma, 0 * gamma), rms_norm(centred, gamma), terms=6, sums=4)


def test_the_scaled_transformer_is_algorithm_8_with_its_factor_in_the_table():
    sizes = {**SMALL, "d_e": 4, "H": 2, "L_enc": 1, "L_dec": 1, "ell_max": 9}
    del sizes["L"]
    theta = drawn(EDTransformerParameters, **sizes)
    W_e = theta.W_e
    theta = theta._replace(W_e=2 * W_e, W_u=W_e.T)  # the root of d_e is 2
    shared = {name: getattr(theta, name) for name in ScaledEDTransformerParameters._fields}
    scaled = ScaledEDTransformerParameters(**{**shared, "W_e": W_e})
    z = generic.tokens(6, N_V=7, seed=1)
    got = ScaledEDTransformer(z, X, scaled, theta.W_p)
    assert np.array_equal(got, EDTransformer(z, X, theta))
