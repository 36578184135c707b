"""Is Algorithm 10, with its named departures, GPT-2?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import hugging_face as hf
from transformers import GPT2Config, GPT2LMHeadModel

from algorithms import GELU, DInference, tree_map
from algorithms.checkpoints import GPT2, GPT2_DEPARTURES, gpt2_parameters

N_V, H = 97, 4


@pytest.fixture(scope="module")
def model():
    config = GPT2Config(
        vocab_size=N_V,
        n_positions=20,
        n_embd=24,
        n_inner=31,
        n_layer=3,
        n_head=H,
        bos_token_id=None,
        eos_token_id=None,
    )
    return hf.redraw(GPT2LMHeadModel(config), embeddings=0.5, matrices=0.5, vectors=0.5)


@pytest.fixture(scope="module")
def theta(model, tmp_path_factory):
    return gpt2_parameters(hf.saved(model, tmp_path_factory.mktemp("gpt2")), H=H)


@pytest.fixture(scope="module")
def x():
    return hf.tokens(2, 13, N_V=N_V)


@pytest.fixture(scope="module")
def Q(model, x):
    with torch.no_grad():
        return hf.probabilities(model(x).logits)


def test_P_is_that_of_hugging_face(x, theta, Q):
    assert hf.distance(GPT2(x, theta), Q) <= 1e-12


def test_P_is_that_of_hugging_face_with_padding(model, x, theta):
    real = torch.arange(13) < torch.tensor([[13], [9]])
    with torch.no_grad():
        Q = hf.probabilities(model(x, attention_mask=real.long()).logits)
    assert hf.distance(GPT2(x, theta, padding=real), Q) <= 1e-12
    assert hf.distance(GPT2(x, theta), Q) >= 1e-6


OFF = {
    "G1": lambda x, theta: GPT2(x, theta, eps=0.0),
    "G2": lambda x, theta: GPT2(x, theta, activation=GELU),
}


def test_every_departure_can_be_turned_off():
    assert hf.ids(GPT2_DEPARTURES) == {*OFF}


@pytest.mark.parametrize("departure", OFF)
def test_without_a_departure_P_moves(departure, x, theta, Q):
    assert hf.distance(OFF[departure](x, theta), Q) >= 1e-6


def test_the_most_likely_continuation_is_that_of_generate(model, theta, x):
    with torch.no_grad():
        longer = model.generate(x[:1], max_new_tokens=6, do_sample=False, pad_token_id=0)
    y = DInference(
        x[0],
        theta,
        ell_gen=6,
        tau=0,
        rng=np.random.default_rng(),
        eps=1e-5,
        activation=GPT2.__wrapped__.__kwdefaults__["activation"],
    )
    assert y.tolist() == longer[0, 13:].tolist()


def test_theta_is_of_the_library_of_its_arrays(theta, x, Q):
    P = GPT2(x.numpy(), tree_map(lambda w: w.numpy(), theta))
    assert isinstance(P, np.ndarray)
    assert hf.distance(P, Q.numpy()) <= 1e-12


@pytest.mark.parametrize("prefix", ["", "transformer.", "module.transformer."])
def test_the_names_may_have_another_prefix_or_none(prefix, model, theta, tmp_path):
    # The published file has no prefix, and a causal mask among its arrays.
    arrays = hf.saved(model.transformer, tmp_path)
    masks = {f"h.{l}.attn.bias": torch.ones(1, 1, 20, 20) for l in range(3)}
    renamed = {f"{prefix}{name}": array for name, array in (arrays | masks).items()}
    assert hf.same(gpt2_parameters(renamed, H=H), theta)
