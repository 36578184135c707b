"""Which laws of mathematics hold of the algorithms? A test's name is the law."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import generic
from helpers.rounding import assert_apart, assert_close, budget, gamma
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
    MHAttentionParameters,
    ReLU,
    bidirectional_mask,
    layer_norm,
    single_query_attention,
    sinusoidal_positions,
    softmax,
    token_embedding,
    unembedding,
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


def test_each_line_of_algorithm_4_by_hand():
    X, Z, Mask = generic.matrix(2, 3), generic.matrix(4, 2, seed=1), np.ones((2, 3), bool)
    Mask[1, 0] = False
    W = AttentionParameters(*(part[0] for part in generic.heads(H=1, d_x=2, d_z=4).W_qkv))
    d_attn, d_out = W.W_q.shape[0], W.W_v.shape[0]
    for t_x in range(3):
        q = [math.fsum([*(W.W_q[a] * X[:, t_x]), W.b_q[a]]) for a in range(d_attn)]
        weights, values = [], []
        for t_z in range(2):
            k = [math.fsum([*(W.W_k[a] * Z[:, t_z]), W.b_k[a]]) for a in range(d_attn)]
            score = math.fsum(np.multiply(k, q)) / math.sqrt(d_attn)
            weights.append(math.exp(score) if Mask[t_z, t_x] else 0.0)
            values.append([math.fsum([*(W.W_v[a] * Z[:, t_z]), W.b_v[a]]) for a in range(d_out)])
        by_hand = np.array(weights) @ np.array(values) / math.fsum(weights)
        assert_close(Attention(X, Z, W, Mask)[:, t_x], by_hand, **budget(X, Z, W))


def test_constant_values_come_out_as_they_went_in():
    X, Z, W = generic.matrix(8, 6), generic.matrix(9, 5), generic.heads().W_qkv
    W = AttentionParameters(*(part[0] for part in W))._replace(W_v=np.zeros((5, 9)))
    V_tilde = Attention(X, Z, W, unidirectional_mask(np.ones((1, 6)))[:5])
    assert_close(V_tilde, np.repeat(column(W.b_v), 6, axis=1), **budget(Z))


def test_a_token_that_may_attend_to_one_other_gets_its_value():
    X, Z, W = generic.matrix(8, 6), generic.matrix(9, 5), generic.heads().W_qkv
    W = AttentionParameters(*(part[0] for part in W))
    chosen = np.array([4, 0, 2, 2, 1, 3])
    V = W.W_v @ Z + column(W.b_v)
    Mask = np.arange(5)[:, None] == chosen
    assert_close(Attention(X, Z, W, Mask), V[:, chosen], **budget(Z))


def test_a_token_that_may_attend_to_nobody_gets_zeros():
    X, Z, W = generic.matrix(8, 6), generic.matrix(9, 5), generic.heads().W_qkv
    W = AttentionParameters(*(part[0] for part in W))
    Mask = bidirectional_mask(X, Z)
    Mask[:, 2] = False
    V_tilde = Attention(X, Z, W, Mask)
    assert np.array_equal(V_tilde[:, 2], np.zeros(5))
    assert np.isfinite(V_tilde).all()


def test_the_order_of_the_context_does_not_matter_without_a_mask():
    X, Z, W = generic.matrix(8, 6), generic.matrix(9, 5), generic.heads()
    Mask, order = bidirectional_mask(X, Z), [3, 1, 4, 0, 2]
    moved = MHAttention(X, Z[:, order], W, Mask)
    assert_close(moved, MHAttention(X, Z, W, Mask), **budget(X, Z, W))


def test_tokens_of_the_context_that_are_masked_change_nothing():
    X, Z, W = generic.matrix(8, 6), generic.matrix(9, 5), generic.heads()
    Mask = bidirectional_mask(X, Z, np.array([True, True, False, True, False]))
    other = np.where([True, True, False, True, False], Z, 9.0)
    assert np.array_equal(MHAttention(X, other, W, Mask), MHAttention(X, Z, W, Mask))


def test_the_masks_are_equation_3():
    X, Z = np.ones((2, 4)), np.ones((3, 5))
    assert bidirectional_mask(X, Z).tolist() == [[True] * 4] * 5
    assert unidirectional_mask(X).tolist() == [[t_z <= t_x for t_x in range(4)] for t_z in range(4)]


# layer norm, activations, positions ---------------------------------------------------------------


def test_layer_norm_of_a_column_has_mean_0_and_population_variance_1():
    e, ones = generic.matrix(7, 4), np.ones(7)
    e_hat = layer_norm(e, ones, 0 * ones)
    assert_close(e_hat.mean(axis=0), np.zeros(4), **budget(e, ones))
    assert_close((e_hat**2).mean(axis=0), np.ones(4), **budget(e, ones))


def test_layer_norm_puts_eps_within_the_root():
    e, ones = generic.matrix(7, 4), np.ones(7)
    v = e.var(axis=0)
    want = (e - e.mean(axis=0)) / np.sqrt(v + 3.0)
    assert_close(layer_norm(e, ones, 0 * ones, eps=3.0), want, **budget(e, ones))


def test_layer_norm_scales_by_gamma_then_moves_by_beta():
    e, gamma_, beta = generic.matrix(7, 4), generic.matrix(7, seed=1), generic.matrix(7, seed=2)
    plain = layer_norm(e, np.ones(7), np.zeros(7))
    assert_close(layer_norm(e, gamma_, beta), plain * column(gamma_) + column(beta), terms=2)


def test_layer_norm_treats_each_column_alone():
    e, gamma_, beta = generic.matrix(7, 4), generic.matrix(7, seed=1), generic.matrix(7, seed=2)
    alone = [layer_norm(e[:, [t]], gamma_, beta) for t in range(4)]
    assert_close(layer_norm(e, gamma_, beta), np.concatenate(alone, axis=1), **budget(e, gamma_))


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


def test_unembedding_is_softmax_of_W_u_e():
    e, W_u = generic.matrix(3, 4, 6), generic.matrix(9, 4, seed=1)
    assert np.array_equal(unembedding(e, W_u), softmax(W_u @ e))


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


def changed(x, t):
    """Other tokens from position t on."""
    return np.where(np.arange(x.shape[-1]) < t, x, (x + 1) % generic.SIZES["N_V"])


@pytest.mark.parametrize("t", range(1, 7))
def test_column_t_of_the_decoder_does_not_move_when_later_tokens_do(t):
    x, z = generic.tokens(7), generic.tokens(5, seed=1)
    for P in (decoder, lambda x: encoder_decoder(z, x)):
        before, after = P(x), P(changed(x, t))
        assert np.array_equal(before[:, :t], after[:, :t])
        assert (before[:, t:] != after[:, t:]).any(axis=0).all()


def test_every_column_of_the_encoder_moves_when_any_token_does():
    x = generic.tokens(7)
    for t in range(7):
        other = x.copy()
        other[t] = (x[t] + 1) % generic.SIZES["N_V"]
        assert (encoder(x) != encoder(other)).any(axis=0).all()


def test_every_column_of_the_encoder_decoder_moves_when_any_token_of_z_does():
    z, x = generic.tokens(5), generic.tokens(7, seed=1)
    for t in range(5):
        other = z.copy()
        other[t] = (z[t] + 1) % generic.SIZES["N_V"]
        assert (encoder_decoder(z, x) != encoder_decoder(other, x)).any(axis=0).all()


def test_without_positions_the_encoder_is_equivariant_to_permutations():
    theta = generic.theta(ETransformerParameters)
    theta = theta._replace(W_p=0 * theta.W_p)
    x, order = generic.tokens(7), np.array([3, 0, 6, 1, 5, 2, 4])
    moved = ETransformer(x[order], theta)
    assert_close(moved, ETransformer(x, theta)[:, order], **budget(x, theta))


def test_with_positions_the_encoder_is_not():
    x, order = generic.tokens(7), np.array([3, 0, 6, 1, 5, 2, 4])
    theta = generic.theta(ETransformerParameters)
    assert_apart(encoder(x[order]), encoder(x)[:, order], **budget(x, theta))


def test_without_positions_the_order_of_z_does_not_matter():
    theta = generic.theta(EDTransformerParameters)
    theta = theta._replace(W_p=0 * theta.W_p)
    z, x, order = generic.tokens(5), generic.tokens(7, seed=1), np.array([3, 0, 1, 4, 2])
    moved = EDTransformer(z[order], x, theta)
    assert_close(moved, EDTransformer(z, x, theta), **budget(z, x, theta))


def test_columns_of_P_sum_to_1():
    x, z = generic.tokens(3, 7), generic.tokens(3, 5, seed=1)
    for P in (decoder(x), encoder(x), encoder_decoder(z, x)):
        assert P.shape == (3, 23, 7)
        assert (P > 0).all()
        assert_close(P.sum(axis=-2), np.ones((3, 7)), terms=23 + 1)


def test_a_batch_is_a_loop_over_the_batch():
    x, z = generic.tokens(2, 3, 7), generic.tokens(2, 3, 5, seed=1)
    near = budget(z, x, generic.theta(EDTransformerParameters))
    for P, sequences in ((decoder, (x,)), (encoder, (x,)), (encoder_decoder, (z, x))):
        together = P(*sequences)
        for i in np.ndindex(2, 3):
            assert_close(together[i], P(*(s[i] for s in sequences)), **near)


def test_a_batch_of_no_sequences_is_a_batch():
    x, z = generic.tokens(0, 7), generic.tokens(0, 5)
    for P in (decoder(x), encoder(x), encoder_decoder(z, x)):
        assert P.shape == (0, 23, 7)


def silenced(layer):
    """A layer whose attention and MLP add nothing to the residual stream."""
    parts = layer._asdict()
    for name, part in parts.items():
        if isinstance(part, MHAttentionParameters):
            parts[name] = part._replace(W_o=0 * part.W_o, b_o=0 * part.b_o)
        if name in ("W_mlp2", "b_mlp2", "W_mlp4", "b_mlp4"):
            parts[name] = 0 * part
    return type(layer)(**parts)


def embedded(x, theta):
    return token_embedding(x, theta.W_e) + theta.W_p[:, : x.shape[-1]]


def test_the_residual_stream_of_algorithm_10_is_not_normalised():
    theta, x = generic.theta(DTransformerParameters), generic.tokens(7)
    theta = theta._replace(layers=tuple(map(silenced, theta.layers)))
    X = layer_norm(embedded(x, theta), theta.gamma, theta.beta)
    assert np.array_equal(DTransformer(x, theta), unembedding(X, theta.W_u))


def test_the_residual_stream_of_algorithm_9_is_normalised_twice_a_layer():
    theta, x = generic.theta(ETransformerParameters), generic.tokens(7)
    theta = theta._replace(layers=tuple(map(silenced, theta.layers)))
    X = embedded(x, theta)
    for layer in theta.layers:
        X = layer_norm(X, layer.gamma1, layer.beta1)
        X = layer_norm(X, layer.gamma2, layer.beta2)
    X = layer_norm(GELU(theta.W_f @ X + column(theta.b_f)), theta.gamma, theta.beta)
    assert np.array_equal(ETransformer(x, theta), unembedding(X, theta.W_u))


def test_the_residual_stream_of_algorithm_8_is_normalised_three_times_a_decoder_layer():
    theta = generic.theta(EDTransformerParameters)
    z, x = generic.tokens(5, seed=1), generic.tokens(7)
    theta = theta._replace(decoder_layers=tuple(map(silenced, theta.decoder_layers)))
    X = embedded(x, theta)
    for layer in theta.decoder_layers:
        X = layer_norm(X, layer.gamma3, layer.beta3)
        X = layer_norm(X, layer.gamma4, layer.beta4)
        X = layer_norm(X, layer.gamma5, layer.beta5)
    assert np.array_equal(EDTransformer(z, x, theta), unembedding(X, theta.W_u))


def test_the_decoder_of_algorithm_8_reads_a_normalised_encoder_through_W_ed():
    theta = generic.theta(EDTransformerParameters, L_dec=1)
    z, x = generic.tokens(5, seed=1), generic.tokens(7)
    silent = theta._replace(encoder_layers=tuple(map(silenced, theta.encoder_layers)))
    Z = embedded(z, silent)
    for layer in silent.encoder_layers:
        Z = layer_norm(Z, layer.gamma1, layer.beta1)
        Z = layer_norm(Z, layer.gamma2, layer.beta2)
    # The decoder reads Z as line 16 says, and only there.
    (layer,) = theta.decoder_layers
    X = embedded(x, theta)
    X = X + MHAttention(X, X, layer.W_dec, unidirectional_mask(X))
    X = layer_norm(X, layer.gamma3, layer.beta3)
    X = X + MHAttention(X, Z, layer.W_ed, bidirectional_mask(X, Z))
    X = layer_norm(X, layer.gamma4, layer.beta4)
    hidden = ReLU(layer.W_mlp3 @ X + column(layer.b_mlp3))
    X = X + layer.W_mlp4 @ hidden + column(layer.b_mlp4)
    X = layer_norm(X, layer.gamma5, layer.beta5)
    assert np.array_equal(EDTransformer(z, x, silent), unembedding(X, theta.W_u))


@pytest.mark.parametrize("stack", ["encoder_layers", "decoder_layers"])
def test_layers_of_algorithm_8_run_in_their_order(stack):
    theta = generic.theta(EDTransformerParameters)
    z, x = generic.tokens(5, seed=1), generic.tokens(7)
    swapped = theta._replace(**{stack: getattr(theta, stack)[::-1]})
    got = EDTransformer(z, x, swapped)
    assert_apart(got, EDTransformer(z, x, theta), **budget(z, x, theta))


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


@pytest.mark.parametrize(
    ("run", "parameters"),
    [(DTransformer, DTransformerParameters), (ETransformer, ETransformerParameters)],
)
def test_layers_run_in_their_order(run, parameters):
    theta, x = generic.theta(parameters), generic.tokens(7)
    swapped = theta._replace(layers=theta.layers[::-1])
    assert_apart(run(x, theta), run(x, swapped), **budget(x, theta))


def test_what_a_padded_token_is_changes_nothing():
    x, z = generic.tokens(7), generic.tokens(7, seed=1)
    real = np.arange(7) < 5
    other = changed(x, 5)
    for P in (decoder, encoder):
        before, after = P(x, padding=real), P(other, padding=real)
        assert np.array_equal(before[:, :5], after[:, :5])
    before = encoder_decoder(z, x, padding_z=real, padding_x=real)
    after = encoder_decoder(changed(z, 5), other, padding_z=real, padding_x=real)
    assert np.array_equal(before[:, :5], after[:, :5])


def test_padding_equals_a_shorter_sequence():
    x, z, real = generic.tokens(7), generic.tokens(7, seed=1), np.arange(7) < 5
    near = budget(z, x, generic.theta(EDTransformerParameters))
    for P in (decoder, encoder):
        assert_close(P(x, padding=real)[:, :5], P(x[:5]), **near)
    padded = encoder_decoder(z, x, padding_z=real, padding_x=real)
    assert_close(padded[:, :5], encoder_decoder(z[:5], x[:5]), **near)


def test_padding_in_front_keeps_later_tokens_from_it():
    x, real = generic.tokens(7), np.arange(7) >= 2
    before = decoder(x, padding=real)
    after = decoder(np.where(real, x, (x + 1) % 23), padding=real)
    assert np.array_equal(before[:, 2:], after[:, 2:])


def test_all_tokens_real_is_no_padding():
    x, z, real = generic.tokens(7), generic.tokens(7, seed=1), np.ones(7, bool)
    assert np.array_equal(decoder(x, padding=real), decoder(x))
    assert np.array_equal(encoder(x, padding=real), encoder(x))
    both = encoder_decoder(z, x, padding_z=real, padding_x=real)
    assert np.array_equal(both, encoder_decoder(z, x))
