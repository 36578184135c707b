"""Is a text that is read and written with a cache the same as without?"""

from __future__ import annotations

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from helpers import generic
from helpers.rounding import assert_apart, assert_close, budget

from algorithms import (
    CachedDInference,
    CachedEDInference,
    CachedLlamaInference,
    CachedMistralInference,
    CachedStreamingInference,
    DInference,
    DStep,
    DTransformer,
    DTransformerParameters,
    EDInference,
    EDStep,
    EDTransformer,
    EDTransformerParameters,
    LengthLimitWarning,
    Llama,
    LlamaParameters,
    LlamaStep,
    Mistral,
    MistralStep,
    ShapeError,
    StreamingStep,
    StreamingTransformer,
    encode,
    initialise,
    nucleus,
    sample,
    temper,
    tree_map,
)

SMALL = {"N_V": 7, "L": 2, "d_e": 6, "d_mlp": 5, "d_attn": 4, "d_mid": 3}
OMEGA = np.array([1.0, 0.125])
ELL = 6

DECODER = generic.theta(DTransformerParameters, **SMALL, H=2, ell_max=20)
BOTH = generic.theta(
    EDTransformerParameters,
    **{name: size for name, size in SMALL.items() if name != "L"},
    H=2, ell_max=20, L_enc=1, L_dec=2,
)  # fmt: skip
LLAMA = generic.redrawn(initialise(LlamaParameters, generic.rng(), **SMALL, H_kv=2, R=3))

X = generic.tokens(ELL, N_V=7)
Z = generic.tokens(4, N_V=7, seed=1)


def nothing(rows, columns=0):
    return (np.zeros((rows, columns)),) * 2


class Reader:
    """Something that reads a text in steps, and the same text without."""

    def __init__(self, step, whole, K_l, V_l):
        self.step, self.whole, self.K_l, self.V_l = step, whole, K_l, V_l

    def cut(self, *lengths):
        """P of a text that is read in steps of these lengths."""
        K_l, V_l, at, columns = self.K_l, self.V_l, 0, []
        for length in lengths:
            P, K_l, V_l = self.step(X[at : at + length], K_l, V_l, at)
            columns.append(P)
            at += length
        return np.concatenate(columns, axis=-1)


def mistral(w):
    return Reader(
        lambda x, K, V, at: MistralStep(x, K, V, LLAMA, OMEGA, at, w=w),
        Mistral(X, LLAMA, OMEGA, w=w),
        nothing(8, w - 1),
        nothing(6, w - 1),
    )


READERS = {
    "decoder": Reader(
        lambda x, K, V, at: DStep(x, K, V, DECODER),
        DTransformer(X, DECODER),
        nothing(8),
        nothing(6),
    ),
    "encoder and decoder": Reader(
        lambda x, K, V, at: EDStep(x, K, V, *encode(Z, BOTH), BOTH),
        EDTransformer(Z, X, BOTH),
        nothing(8),
        nothing(6),
    ),
    "llama": Reader(
        lambda x, K, V, at: LlamaStep(x, K, V, LLAMA, OMEGA),
        Llama(X, LLAMA, OMEGA),
        nothing(8),
        nothing(6),
    ),
    **{f"mistral, window {w}": mistral(w) for w in (1, 2, 4, 9)},
}
reader = pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
NEAR = budget(DECODER)


@reader
@pytest.mark.parametrize("lengths", [(ELL,), (1,) * ELL, (4, 1, 1), (1, 3, 2)], ids=str)
def test_a_text_may_be_read_in_steps_of_any_lengths(reader, lengths):
    assert_close(reader.cut(*lengths), reader.whole, **NEAR)


@reader
def test_a_step_leaves_the_cache_that_it_is_given(reader):
    K_l, V_l = reader.K_l, reader.V_l
    before = [part.copy() for part in (*K_l, *V_l)]
    _, K_hat, _ = reader.step(X[:3], K_l, V_l, 0)
    middle = [part.copy() for part in K_hat]
    reader.step(X[3:], K_hat, reader.step(X[:3], K_l, V_l, 0)[2], 3)
    assert all(map(np.array_equal, (*K_l, *V_l), before))
    assert all(map(np.array_equal, K_hat, middle))


def test_what_stands_in_a_windows_cache_before_the_text_is_not_read():
    filled = (
        tuple(np.full((8, 3), 1e3) for _ in range(2)),
        tuple(np.full((6, 3), -7.0) for _ in range(2)),
    )
    P, *_ = MistralStep(X, *filled, LLAMA, OMEGA, 0, w=4)
    assert np.array_equal(P, READERS["mistral, window 4"].cut(ELL))


@pytest.mark.parametrize(("k", "w"), [(0, 3), (1, 1), (1, 3), (2, 2), (3, 9)])
@pytest.mark.parametrize("lengths", [(6,), (1,) * 6, (4, 1, 1), (1, 3, 2)], ids=str)
def test_after_the_sinks_a_text_may_be_read_in_steps_of_any_lengths(k, w, lengths):
    x = generic.tokens(k + 6, N_V=7)
    K_l, V_l = nothing(8), nothing(6)
    if k > 0:
        _, K_l, V_l = DStep(x[:k], K_l, V_l, DECODER)
    free = ((0, 0), (0, w - 1))  # any numbers may stand there
    K_l, V_l = (
        tuple(np.pad(part, free, constant_values=9.0) for part in parts) for parts in (K_l, V_l)
    )
    at, columns = k, []
    for length in lengths:
        new = x[at : at + length]
        P, K_l, V_l = StreamingStep(new, K_l, V_l, DECODER, at, k=k, w=w)
        assert {part.shape[-1] for part in (*K_l, *V_l)} == {k + w - 1}
        columns.append(P)
        at += length
    whole = StreamingTransformer(x, DECODER, k=k, w=w)
    assert_close(np.concatenate(columns, axis=-1), whole[:, k:], **NEAR)


def test_a_window_matters():
    assert_apart(READERS["mistral, window 2"].whole, READERS["llama"].whole, **NEAR)


def test_several_texts_are_read_at_once():
    x = generic.tokens(3, ELL, N_V=7)
    none = (
        tuple(np.zeros((3, rows, 0)) for rows in (8, 8)),
        tuple(np.zeros((3, 6, 0)) for _ in "ll"),
    )
    P, K_l, V_l = DStep(x[:, :4], *none, DECODER)
    Q, *_ = DStep(x[:, 4:], K_l, V_l, DECODER)
    assert_close(np.concatenate([P, Q], -1), DTransformer(x, DECODER), **NEAR)


def test_a_step_is_compiled_by_jax_and_torch():
    K_l, V_l = nothing(8), nothing(6)
    _, K_l, V_l = DStep(X[:5], K_l, V_l, DECODER)
    want, *_ = DStep(X[5:], K_l, V_l, DECODER)
    with jax.enable_x64(True):
        got, *_ = jax.jit(DStep)(*jax.tree.map(jnp.asarray, (X[5:], K_l, V_l, DECODER)))
        assert_close(np.asarray(got), want, **NEAR)
    K_t, V_t = (tuple(map(torch.from_numpy, part)) for part in (K_l, V_l))
    got, *_ = DStep(torch.from_numpy(X[5:]), K_t, V_t, tree_map(torch.from_numpy, DECODER))
    assert_close(got.numpy(), want, **NEAR)


def test_a_text_longer_than_there_are_positions_is_refused():
    K_l, V_l = nothing(8, 18), nothing(6, 18)
    with pytest.raises(ShapeError, match=r"want ell \+ ell_x <= ell_max, got ell=18 \(K_l\[0\]\)"):
        DStep(X[:3], K_l, V_l, DECODER)


def test_a_cache_of_other_heads_is_refused():
    with pytest.raises(ShapeError, match=r"^DStep: K_l\[0\] has shape \(9, 2\), want .*H\*d_attn"):
        DStep(X[:3], nothing(9, 2), nothing(6, 2), DECODER)


def test_a_cache_of_nothing_has_the_rows_of_all_heads():
    for wrong, why in (((9, 0), r"d_attn=4 \(.*\)$"), ((0, 2), "no axis is empty but ell$")):
        with pytest.raises(ShapeError, match=rf"^DStep: K_l\[0\] has shape .*{why}"):
            DStep(X[:3], nothing(*wrong), nothing(6, wrong[1]), DECODER)


def test_a_cache_of_another_window_is_refused():
    with pytest.raises(ValueError, match=r"^MistralStep: want w == ell \+ 1, got w=3, ell=3"):
        MistralStep(X, nothing(8, 3), nothing(6, 3), LLAMA, OMEGA, 0, w=3)


# Writing ------------------------------------------------------------------------------------------


def after(x):
    """A text after the tokens that every token sees."""
    return np.append(X[:2], x)


def literal(whole):
    """Algorithm 14 of another transformer."""

    def write(x, *, ell_gen, tau, rng, weigh=None):
        for _ in range(ell_gen):
            q = temper(whole(x)[:, -1], tau)
            x = np.append(x, sample(q if weigh is None else weigh(q), rng))
        return x[-ell_gen:]

    return write


WRITERS = {
    "14": (
        lambda x, **how: DInference(x, DECODER, **how),
        lambda x, **how: CachedDInference(x, DECODER, **how),
    ),
    "X1": (
        literal(lambda x: Llama(x, LLAMA, OMEGA)),
        lambda x, **how: CachedLlamaInference(x, LLAMA, OMEGA, **how),
    ),
    **{
        f"X2, window {w}": (
            literal(lambda x, w=w: Mistral(x, LLAMA, OMEGA, w=w)),
            lambda x, w=w, **how: CachedMistralInference(x, LLAMA, OMEGA, w=w, **how),
        )
        for w in (1, 3, 8)
    },
    **{
        f"X9, {k} at the start, window {w}": (
            literal(lambda x, k=k, w=w: StreamingTransformer(after(x), DECODER, k=k, w=w)),
            lambda x, k=k, w=w, **how: CachedStreamingInference(after(x), DECODER, k=k, w=w, **how),
        )
        for k, w in ((1, 1), (1, 3), (2, 8))
    },
    "15": (
        lambda z, **how: EDInference(z, BOTH, **how),
        lambda z, **how: CachedEDInference(z, BOTH, **how),
    ),
}
WAYS = {
    "greedy": {"tau": 0},
    "sampled": {"tau": 0.8},
    "nucleus": {"tau": 1.0, "weigh": lambda q: nucleus(q, alpha=0.6)},
}


@pytest.mark.filterwarnings("ignore::algorithms.LengthLimitWarning")
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("without", "cached"), WRITERS.values(), ids=WRITERS)
def test_with_a_cache_the_same_is_written(without, cached, way):
    for seed in range(4):
        x = generic.tokens(1 + 2 * seed, N_V=7, seed=seed)
        how = {"ell_gen": 8, **way}
        want = without(x, rng=generic.rng(seed), **how)
        assert cached(x, rng=generic.rng(seed), **how).tolist() == want.tolist()


def test_a_text_may_begin_with_the_token_that_ends_it():
    how = {"tau": 1.0, "bos_token": 6, "eos_token": 6, "ell_gen": 15}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LengthLimitWarning)
        want = EDInference(Z, BOTH, rng=generic.rng(3), **how)
        got = CachedEDInference(Z, BOTH, rng=generic.rng(3), **how)
    assert len(want) > 2
    assert got.tolist() == want.tolist()


def test_a_text_that_does_not_end_is_said():
    with pytest.warns(LengthLimitWarning, match=r"^CachedEDInference: 0 tokens, and no eos_token"):
        assert CachedEDInference(Z, BOTH, tau=0, rng=generic.rng(), ell_gen=0).tolist() == [5]
