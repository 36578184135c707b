"""Does beam search find the likeliest of all, what is greedy, and what Hugging Face finds?"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from helpers import generic
from helpers.generation_oracle import WAYS, beams_of_gpt2, beams_of_marian, generated, gpt2
from helpers.published_models import made

from algorithms import (
    CachedDInference,
    CachedLlamaInference,
    CachedMistralInference,
    EDInference,
    EDTransformer,
    EDTransformerParameters,
    beam_search,
    tree_map,
)
from algorithms.checkpoints import GELU_tanh, llama_parameters

Z = generic.tokens(4, N_V=4)
BOS, EOS = 2, 3


def drawn(seed):
    return generic.theta(
        EDTransformerParameters, seed, N_V=4, ell_max=9, H=2, L_enc=1, L_dec=1,
        d_e=6, d_mlp=5, d_attn=4, d_mid=3,
    )  # fmt: skip


def log_probability(tokens, theta):
    """Of what follows BOS."""
    P = EDTransformer(Z, np.array([BOS, *tokens[:-1]]), theta)
    return sum(np.log(P[y, t]) for t, y in enumerate(tokens))


def candidates(length):
    """Every text that ends, or is as long as texts may be."""
    for n in range(1, length + 1):
        for tokens in product(range(4), repeat=n):
            if EOS not in tokens[:-1] and (tokens[-1] == EOS or n == length):
                yield tokens


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(12))
def test_with_as_many_beams_as_there_are_texts_the_likeliest_is_found(seed, alpha):
    theta = drawn(seed)
    scores = {one: log_probability(one, theta) / len(one) ** alpha for one in candidates(3)}
    found = beam_search(Z, theta, B=3**2, ell_gen=3, alpha=alpha)
    assert found.tolist() == [BOS, *max(scores, key=scores.get)]


@pytest.mark.filterwarnings("ignore::algorithms.LengthLimitWarning")
@pytest.mark.parametrize("seed", range(8))
def test_one_beam_is_greedy(seed):
    theta = drawn(seed)
    greedy = EDInference(Z, theta, tau=0, rng=generic.rng(), ell_gen=6)
    assert beam_search(Z, theta, B=1, ell_gen=6).tolist() == greedy.tolist()


def test_several_beams_find_a_text_that_greed_does_not():
    found = []
    for seed in range(8):
        theta = drawn(seed)
        one, four = (beam_search(Z, theta, B=B, ell_gen=4).tolist()[1:] for B in (1, 4))
        gain = log_probability(four, theta) - log_probability(one, theta)
        assert four == one or gain > 0
        found.append(gain > 0)
    assert any(found)


def test_a_probability_of_0_is_no_error():
    """Every column has one, and the likeliest of all texts is found."""
    theta = drawn(0)
    theta = theta._replace(W_u=theta.W_u * 1e5)
    assert (EDTransformer(Z, np.array([BOS, 0, 1]), theta) == 0).any(axis=0).all()
    with np.errstate(divide="ignore"):
        scores = {one: log_probability(one, theta) for one in candidates(3)}
    assert beam_search(Z, theta, B=9, ell_gen=3).tolist() == [BOS, *max(scores, key=scores.get)]


@pytest.mark.parametrize("alpha", [1e3, -1e3, np.nan, np.inf, -np.inf])
def test_a_power_of_the_length_is_a_float(alpha):
    for ell_gen in (1, 3) if not np.isfinite(alpha) else (3,):
        with pytest.raises(ValueError, match=rf"^beam_search: alpha={alpha} is out of range, want"):
            beam_search(Z, drawn(0), B=2, ell_gen=ell_gen, alpha=alpha)
    beam_search(Z, drawn(0), B=2, ell_gen=3, alpha=600.0)


# Against Hugging Face -----------------------------------------------------------------------------


@pytest.mark.parametrize(("B", "alpha"), WAYS)
@pytest.mark.parametrize("seed", range(3))
def test_the_beams_of_a_gpt2_are_hugging_faces(seed, B, alpha):
    ours, theirs = beams_of_gpt2(seed, B, alpha)
    assert ours == theirs


@pytest.mark.parametrize(("B", "alpha"), [(1, 1.0), (2, 0.0), (4, 1.0)])
def test_the_beams_of_a_marian_are_hugging_faces(B, alpha):
    ours, theirs = beams_of_marian(B, alpha)
    assert ours == theirs


# With a cache -----------------------------------------------------------------------------------


def test_gpt2_writes_with_our_cache_what_it_writes_with_theirs():
    model, theta = gpt2(0)
    y = CachedDInference(
        np.array([3, 1]), theta, ell_gen=8, tau=0, rng=generic.rng(), eps=1e-5, activation=GELU_tanh
    )
    assert [3, 1, *y] == generated(model, [3, 1])


@pytest.mark.parametrize("window", [None, 2, 3])
def test_llama_and_mistral_write_with_our_cache_what_they_write_with_theirs(window):
    options = {} if window is None else {"sliding_window": window}
    model = made("Mistral" if window else "Llama", rms_norm_eps=1e-5, pad_token_id=0, **options)
    theta = tree_map(torch.Tensor.numpy, llama_parameters(model.state_dict(), H=6))
    omega, x = model.model.rotary_emb.inv_freq.numpy(), np.array([4, 9, 1])
    how = {"ell_gen": 8, "tau": 0, "rng": generic.rng(), "eps": 1e-5}
    if window is None:
        y = CachedLlamaInference(x, theta, omega, **how)
    else:
        y = CachedMistralInference(x, theta, omega, w=window, **how)
    assert [4, 9, 1, *y] == generated(model, [4, 9, 1])
