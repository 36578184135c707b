"""Do the hosts compute what the reference does, know nothing of it, and stay as they were?"""

from __future__ import annotations

import ast
import hashlib
import tomllib
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import generic
from helpers.rounding import assert_close, budget
from hosts import columns_numpy as columns
from hosts import convert
from hosts import rows_torch as rows

from algorithms import (
    GELU,
    Attention,
    AttentionParameters,
    DInference,
    DTransformer,
    DTransformerParameters,
    EDInference,
    EDTransformer,
    EDTransformerParameters,
    ETransformer,
    ETransformerParameters,
    LengthLimitWarning,
    MHAttention,
    ReLU,
    layer_norm,
    positional_embedding,
    single_query_attention,
    token_embedding,
    unembedding,
)

HOSTS = Path(columns.__file__).parent
FROZEN = tomllib.loads((HOSTS / "frozen.toml").read_text("utf-8"))
MAY_IMPORT = {"rows_torch": {"math", "torch", "typing"}, "columns_numpy": {"math", "numpy"}}

CROSS, SELF = generic.heads(), generic.heads(d_z=8)
ONE = AttentionParameters(*(part[0] for part in CROSS.W_qkv))
ALONE = AttentionParameters(*(part[0] for part in SELF.W_qkv))
ED = generic.theta(EDTransformerParameters)
E = generic.theta(ETransformerParameters)
D = generic.theta(DTransformerParameters)
TAUS = [0.25, 1.0, 3.0]

batched = pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
seeded = pytest.mark.parametrize("seed", range(3))


def sequences(batch, seed=0):
    """X, Z, and a mask by which the second token of X may look nowhere."""
    X, Z = generic.matrix(*batch, 8, 6, seed=seed), generic.matrix(*batch, 9, 5, seed=seed + 1)
    Mask = generic.matrix(5, 6, seed=seed) < 0.5
    Mask[:, 1] = False
    return X, Z, Mask


class Given(np.random.Generator):
    """A source of the numbers that it was given."""

    def __init__(self, numbers):
        super().__init__(np.random.PCG64(0))
        self.numbers = list(numbers)

    def random(self):
        return self.numbers.pop(0)


def sources(count, seed):
    """One for a host, one for the reference: for u, that goes through q from its other end."""
    numbers = generic.rng(seed).random(count)
    return Given(numbers), Given(1 - numbers)


@batched
def test_rows_token_embedding(batch):
    v = generic.tokens(*batch, 6)
    got = rows.token_embedding(convert.to_tensor(v), convert.rows_table(D.W_e))
    assert np.array_equal(convert.from_rows(got), token_embedding(v, D.W_e))


def test_columns_token_embedding():
    v = generic.tokens(6)
    assert np.array_equal(columns.embed_tokens(v, D.W_e), token_embedding(v, D.W_e))


def test_positional_embedding():
    t = np.array([0, 10, 3, 3])
    want = positional_embedding(t, D.W_p)
    got = rows.position_embedding(convert.to_tensor(t), convert.rows_table(D.W_p))
    assert np.array_equal(convert.from_rows(got), want)
    assert np.array_equal(columns.embed_positions(t, D.W_p), want)


@batched
def test_rows_single_query_attention(batch):
    e, E = generic.matrix(*batch, 8), generic.matrix(*batch, 8, 6, seed=1)
    want = single_query_attention(e, E, ALONE)
    got = rows.single_query_attention(
        convert.to_tensor(e), convert.to_rows(E), convert.rows_attention(ALONE)
    )
    assert_close(got.numpy(), want, **budget(e, E, ALONE))


@seeded
def test_columns_single_query_attention(seed):
    e, E = generic.matrix(8, seed=seed), generic.matrix(8, 6, seed=seed + 1)
    got = columns.attend_one(e, E, **convert.columns_head(ALONE))
    assert_close(got, single_query_attention(e, E, ALONE), **budget(e, E, ALONE))


@batched
@seeded
def test_rows_attention(batch, seed):
    X, Z, Mask = sequences(batch, seed)
    x, z, p = convert.to_rows(X), convert.to_rows(Z), convert.rows_attention(ONE)
    got = rows.attention(x, z, p, convert.to_masked_out(Mask))
    assert_close(convert.from_rows(got), Attention(X, Z, ONE, Mask), **budget(X, Z, ONE))
    everything = Attention(X, Z, ONE, np.full_like(Mask, True))
    got = rows.attention(x, z, p)
    assert_close(convert.from_rows(got), everything, **budget(X, Z, ONE))


@seeded
def test_columns_attention(seed):
    X, Z, Mask = sequences((), seed)
    got = columns.attend(X, Z, Mask, **convert.columns_head(ONE))
    assert_close(got, Attention(X, Z, ONE, Mask), **budget(X, Z, ONE))


@batched
@seeded
def test_rows_cross_attention(batch, seed):
    X, Z, Mask = sequences(batch, seed)
    x, z, p = convert.to_rows(X), convert.to_rows(Z), convert.rows_cross_attention(CROSS)
    got = rows.cross_attention(x, z, p, convert.to_masked_out(Mask))
    assert_close(convert.from_rows(got), MHAttention(X, Z, CROSS, Mask), **budget(X, Z, CROSS))


@batched
@seeded
def test_rows_self_attention(batch, seed):
    X, Mask = sequences(batch, seed)[0], generic.matrix(6, 6, seed=seed) < 0.5
    x, p = convert.to_rows(X), convert.rows_self_attention(SELF)
    got = rows.self_attention(x, p, convert.to_masked_out(Mask))
    assert_close(convert.from_rows(got), MHAttention(X, X, SELF, Mask), **budget(X, SELF))


@seeded
def test_columns_multi_head_attention(seed):
    X, Z, Mask = sequences((), seed)
    got = columns.attend_heads(X, Z, Mask, **convert.columns_attention(CROSS))
    assert_close(got, MHAttention(X, Z, CROSS, Mask), **budget(X, Z, CROSS))


def test_a_token_that_may_look_nowhere_gets_exactly_zeros():
    X, Z, Mask = sequences(())
    x, z, mask = convert.to_rows(X), convert.to_rows(Z), convert.to_masked_out(Mask)
    got = rows.attention(x, z, convert.rows_attention(ONE), mask)
    assert not got[1].any()
    assert not columns.attend(X, Z, Mask, **convert.columns_head(ONE))[:, 1].any()


@batched
@pytest.mark.parametrize("eps", [0.0, 0.1])
def test_rows_layer_norm(batch, eps):
    e, gamma, beta = generic.matrix(*batch, 8, 6), generic.matrix(8), generic.matrix(8, seed=1)
    p = convert.rows_layer_norm(gamma, beta)
    got = rows.layer_norm(convert.to_rows(e), *p, eps=eps)
    want = layer_norm(e, gamma, beta, eps=eps)
    assert_close(convert.from_rows(got), want, **budget(e, gamma, beta))


@pytest.mark.parametrize("eps", [0.0, 0.1])
def test_columns_layer_norm(eps):
    e, gamma, beta = generic.matrix(8, 6), generic.matrix(8), generic.matrix(8, seed=1)
    got = columns.normalise(e, gamma, beta, eps=eps)
    assert_close(got, layer_norm(e, gamma, beta, eps=eps), **budget(e, gamma, beta))


@batched
def test_rows_unembedding(batch):
    e = generic.matrix(*batch, 8, 6)
    got = rows.unembedding(convert.to_rows(e), convert.to_tensor(D.W_u))
    assert_close(convert.from_rows(got), unembedding(e, D.W_u), **budget(e, D.W_u))


def test_columns_unembedding():
    e = generic.matrix(8, 6)
    assert_close(columns.unembed(e, D.W_u), unembedding(e, D.W_u), **budget(e, D.W_u))


def test_activations():
    X = generic.matrix(8, 6)
    assert_close(rows.gelu(convert.to_tensor(X)).numpy(), GELU(X), terms=8)
    assert_close(columns.gelu(X), GELU(X), terms=8)
    assert np.array_equal(columns.relu(X), ReLU(X))


@batched
@seeded
def test_rows_encoder_decoder(batch, seed):
    theta = generic.theta(EDTransformerParameters, seed, L_enc=2, L_dec=3)
    z, x = generic.tokens(*batch, 5, seed=seed), generic.tokens(*batch, 7, seed=seed + 1)
    p = convert.rows_encoder_decoder(theta)
    got = rows.encoder_decoder(convert.to_tensor(z), convert.to_tensor(x), p)
    assert_close(convert.from_logits(got), EDTransformer(z, x, theta), **budget(z, x, theta))


@seeded
def test_columns_encoder_decoder(seed):
    theta = generic.theta(EDTransformerParameters, seed, L_enc=2, L_dec=3)
    z, x = generic.tokens(5, seed=seed), generic.tokens(7, seed=seed + 1)
    got = columns.seq2seq(z, x, **convert.columns_seq2seq(theta))
    assert_close(got, EDTransformer(z, x, theta), **budget(z, x, theta))


@batched
@seeded
def test_rows_encoder_only(batch, seed):
    theta, x = generic.theta(ETransformerParameters, seed), generic.tokens(*batch, 7, seed=seed)
    got = rows.encoder_only(convert.to_tensor(x), convert.rows_bert(theta))
    assert_close(convert.from_logits(got), ETransformer(x, theta), **budget(x, theta))


@seeded
def test_columns_encoder_only(seed):
    theta, x = generic.theta(ETransformerParameters, seed), generic.tokens(7, seed=seed)
    got = columns.bert(x, **convert.columns_bert(theta))
    assert_close(got, ETransformer(x, theta), **budget(x, theta))


@batched
@seeded
def test_rows_decoder_only(batch, seed):
    theta, x = generic.theta(DTransformerParameters, seed), generic.tokens(*batch, 7, seed=seed)
    got = rows.decoder_only(convert.to_tensor(x), convert.rows_gpt(theta))
    assert_close(convert.from_logits(got), DTransformer(x, theta), **budget(x, theta))


@seeded
def test_columns_decoder_only(seed):
    theta, x = generic.theta(DTransformerParameters, seed), generic.tokens(7, seed=seed)
    got = columns.gpt(x, **convert.columns_gpt(theta))
    assert_close(got, DTransformer(x, theta), **budget(x, theta))


@seeded
@pytest.mark.parametrize("tau", TAUS)
def test_generate(seed, tau):
    x = generic.tokens(4, seed=seed)
    ours, theirs = sources(8, seed)
    want = DInference(x, D, ell_gen=8, tau=tau, rng=theirs).tolist()
    got = rows.generate(convert.to_tensor(x), convert.rows_gpt(D), 8, tau, ours)
    assert got.tolist() == want
    assert not ours.numbers
    ours, _ = sources(8, seed)
    assert columns.generate(x, convert.columns_gpt(D), 8, tau, ours).tolist() == want
    assert not ours.numbers


def test_generate_nothing():
    x, none = generic.tokens(4), Given([])
    got = rows.generate(convert.to_tensor(x), convert.rows_gpt(D), 0, 1.0, none)
    assert got.tolist() == []
    assert columns.generate(x, convert.columns_gpt(D), 0, 1.0, none).tolist() == []


def translations(z, tau, bos, eos, max_len, seed):
    """The reference's, and the hosts'; each with how many numbers it left."""
    ours, theirs = sources(max_len, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LengthLimitWarning)
        want = EDInference(
            z, ED, tau=tau, rng=theirs, ell_gen=max_len - 1, bos_token=bos, eos_token=eos
        )
    yield want.tolist(), len(theirs.numbers)
    got = rows.translate(
        convert.to_tensor(z), convert.rows_encoder_decoder(ED), tau, bos, eos, max_len, ours
    )
    yield got.tolist(), len(ours.numbers)
    ours, _ = sources(max_len, seed)
    got = columns.translate(z, convert.columns_seq2seq(ED), tau, bos, eos, max_len, ours)
    yield got.tolist(), len(ours.numbers)


@seeded
@pytest.mark.parametrize("tau", TAUS)
def test_translate_until_the_length_or_eos(seed, tau):
    z, bos, last = generic.tokens(5, seed=seed), 4, generic.SIZES["N_V"] - 1
    (text, _), *_ = translations(z, tau, bos, last, 9, seed)
    eos = text[min(4, len(text) - 1)]
    for end, most in [(eos, 9), (eos, 3), (last, 9)]:
        want, *got = translations(z, tau, bos, end, most, seed)
        assert got == [want, want]
    (text, _), *_ = translations(z, tau, bos, eos, 9, seed)
    assert text.index(eos, 1) == len(text) - 1


@pytest.mark.parametrize("u", [0.0, np.nextafter(1.0, 0.0)])
def test_a_token_of_probability_0_is_never_drawn(u):
    q = np.array([0.0, 0.1, 0.0, 0.6, 0.3, 0.0])
    want = 1 if u == 0 else 4
    assert columns.draw(q, Given([u])) == want
    logits = torch.tensor(q).log()
    assert rows.sample(logits, 1.0, Given([u])) == want


@pytest.mark.parametrize("name", MAY_IMPORT)
def test_a_host_imports_nothing_of_ours(name):
    found = set()
    for node in ast.walk(ast.parse((HOSTS / f"{name}.py").read_text("utf-8"))):
        match node:
            case ast.Import(names=names):
                found |= {alias.name.split(".")[0] for alias in names}
            case ast.ImportFrom(module=module, level=level):
                assert level == 0
                found.add(module.split(".")[0])
    assert found <= MAY_IMPORT[name]


def test_every_host_is_frozen():
    here = {path.stem for path in HOSTS.glob("*.py")} - {"__init__", "adapters", "convert", "plant"}
    assert here == set(FROZEN) == set(MAY_IMPORT)


@pytest.mark.parametrize("name", FROZEN)
def test_a_host_is_as_it_was_when_it_was_frozen(name):
    assert FROZEN[name]["why"]
    source = (HOSTS / f"{name}.py").read_bytes()
    assert hashlib.sha256(source).hexdigest() == FROZEN[name]["sha256"]
