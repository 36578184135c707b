"""Does beam search find the likeliest of all, what is greedy, and what Hugging Face finds?"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from helpers import generic
from helpers.double_precision import DoublePrecision
from helpers.published_models import made, redrawn, redrawn_marian
from transformers import GPT2Config, GPT2LMHeadModel

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
from algorithms.checkpoints import (
    GPT2,
    GELU_tanh,
    Marian,
    gpt2_parameters,
    llama_parameters,
    marian_parameters,
    marian_positions,
)
from algorithms.extensions import beams
from algorithms.signatures.decorator import unchecked

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
    theta = drawn(0)
    theta = theta._replace(W_u=theta.W_u * np.array([[1e5], [1], [1], [1]]))
    assert beam_search(Z, theta, B=3, ell_gen=2).shape <= (3,)


# Against Hugging Face -----------------------------------------------------------------------------


def generated(model, prompt, **options):
    """What `generate` writes, the prompt included."""
    common = {"do_sample": False, "max_new_tokens": 8}
    with torch.no_grad(), DoublePrecision():
        return model.generate(torch.tensor([prompt]), **{**common, **options})[0].tolist()


def beams_of(model, prompt, B, alpha, **options):
    early = {"early_stopping": "never"} if B > 1 else {}
    return generated(model, prompt, num_beams=B, length_penalty=alpha, **early, **options)


def gpt2(seed, **ids):
    ids = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": 0, **ids}
    config = GPT2Config(vocab_size=13, n_positions=32, n_embd=8, n_layer=2, n_head=2, **ids)
    torch.manual_seed(seed)
    model = redrawn(GPT2LMHeadModel(config))
    source = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=source, dtype=torch.float64)
    return model, tree_map(torch.Tensor.numpy, gpt2_parameters(dict(model.state_dict()), H=2))


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("B", [1, 2, 4])
@pytest.mark.parametrize("seed", range(3))
def test_the_beams_of_a_gpt2_are_hugging_faces(seed, B, alpha, monkeypatch):
    model, theta = gpt2(seed, eos_token_id=12, pad_token_id=12)

    def columns(z, x, theta, **_):
        return GPT2(np.append(z, x), theta)[:, len(z) :]

    monkeypatch.setattr(beams, "EDTransformer", columns)
    with unchecked():  # θ of Algorithm 10
        found = beam_search(
            np.array([3]), theta, B=B, ell_gen=8, alpha=alpha, bos_token=1, eos_token=12
        )
    assert [3, *found] == beams_of(model, [3, 1], B, alpha)


@pytest.mark.parametrize(("B", "alpha"), [(1, 1.0), (2, 0.0), (4, 1.0)])
def test_the_beams_of_a_marian_are_hugging_faces(B, alpha, monkeypatch):
    W_p = torch.asarray(marian_positions(12, 11))
    model = redrawn_marian("swish", W_p)
    parameters = marian_parameters(model.state_dict(), W_p, H=3)
    parameters = tree_map(torch.Tensor.numpy, parameters)
    last = len(parameters.theta.W_u) - 1
    monkeypatch.setattr(beams, "EDTransformer", lambda z, x, *_, **__: Marian(z, x, parameters))
    z = [5, 3, 8, 2]
    with unchecked():
        found = beam_search(
            np.array(z), parameters.theta, B=B, ell_gen=8, alpha=alpha, bos_token=last, eos_token=0
        )
    assert found.tolist() == beams_of(model, z, B, alpha, bad_words_ids=None)


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
