"""Is Algorithm 8, with its named departures, Marian?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import hugging_face as hf
from transformers import MarianConfig, MarianMTModel

from algorithms import EDTransformer, ReLU
from algorithms.checkpoints import (
    MARIAN_DEPARTURES,
    Marian,
    MarianParameters,
    marian_parameters,
    marian_positions,
)
from spec.expected.rounding_bounds import unit_roundoff

N_V, H = 97, 4
TINY = {
    "vocab_size": N_V,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": H,
    "decoder_attention_heads": H,
    "encoder_ffn_dim": 31,
    "decoder_ffn_dim": 31,
    "pad_token_id": N_V - 1,
    "decoder_start_token_id": N_V - 1,
    "eos_token_id": 0,
    "forced_eos_token_id": None,
}


@pytest.fixture(scope="module")
def model():
    config = MarianConfig(
        d_model=24,
        max_position_embeddings=20,
        activation_function="swish",
        scale_embedding=True,
        **TINY,
    )
    model = hf.redraw(MarianMTModel(config), embeddings=2.0, matrices=0.2, vectors=0.1)
    with torch.no_grad():  # the paper's z and x share W_p (A14)
        decoder = model.model.decoder.embed_positions.weight
        decoder.copy_(model.model.encoder.embed_positions.weight)
    return model


@pytest.fixture(scope="module")
def parameters(model, tmp_path_factory):
    W_p = model.model.encoder.embed_positions.weight.detach().mT  # in no file
    return marian_parameters(hf.saved(model, tmp_path_factory.mktemp("marian")), W_p, H=H)


@pytest.fixture(scope="module")
def z():
    return hf.tokens(2, 11, N_V=N_V, seed=2)


@pytest.fixture(scope="module")
def x():
    return hf.tokens(2, 7, N_V=N_V)


@pytest.fixture(scope="module")
def Q(model, z, x):
    with torch.no_grad():
        return hf.probabilities(model(input_ids=z, decoder_input_ids=x).logits)


def test_P_is_that_of_hugging_face(z, x, parameters, Q):
    assert hf.distance(Marian(z, x, parameters), Q) <= 1e-12


def test_P_is_that_of_hugging_face_with_padding(model, z, x, parameters):
    real_z = torch.arange(11) < torch.tensor([[11], [6]])
    real_x = torch.arange(7) < torch.tensor([[7], [4]])
    with torch.no_grad():
        Q = hf.probabilities(
            model(
                input_ids=z,
                attention_mask=real_z.long(),
                decoder_input_ids=x,
                decoder_attention_mask=real_x.long(),
            ).logits
        )
    P = Marian(z, x, parameters, padding_z=real_z, padding_x=real_x)
    assert hf.distance(P, Q) <= 1e-12
    # In the decoder, causality hides what fills up from the tokens, but not from itself.
    P = Marian(z, x, parameters, padding_z=real_z)
    assert hf.distance(P[1, :, :4], Q[1, :, :4]) <= 1e-12
    assert hf.distance(P[1, :, 4:], Q[1, :, 4:]) >= 1e-6


def test_the_positions_are_hugging_faces():
    theirs = MarianMTModel(MarianConfig(d_model=24, max_position_embeddings=20, **TINY))
    W_p = theirs.model.encoder.embed_positions.weight.mT.numpy()
    # Theirs are rounded to float32 once.
    assert abs(marian_positions(24, 20) - W_p).max() <= unit_roundoff(np.float32)


def with_own_W_u(parameters):
    theta = parameters.theta
    return parameters._replace(theta=theta._replace(W_u=torch.roll(theta.W_u, 1, 0)))


def with_pairs(parameters):
    """The rows of W_p pair by pair: row i of the sines, then row i of the cosines."""
    theta = parameters.theta
    pairs = theta.W_p.reshape(2, 12, 20).swapaxes(0, 1).reshape(24, 20)
    return parameters._replace(theta=theta._replace(W_p=pairs))


OFF = {
    "M1": lambda z, x, parameters: Marian(z, x, parameters, eps=0.0),
    "M2": lambda z, x, parameters: Marian(z, x, parameters, scale=1.0),
    "M3": lambda z, x, parameters: Marian(z, x, parameters, activation=ReLU),
    "M4": lambda z, x, parameters: Marian(z, x, parameters._replace(b_u=None)),
    "M6": lambda z, x, parameters: Marian(z, x, with_pairs(parameters)),
}


def test_every_departure_can_be_turned_off():
    assert hf.ids(MARIAN_DEPARTURES) == {*OFF}


@pytest.mark.parametrize("departure", OFF)
def test_without_a_departure_P_moves(departure, z, x, parameters, Q):
    assert hf.distance(OFF[departure](z, x, parameters), Q) >= 1e-6


def test_with_no_departure_P_is_that_of_algorithm_8_bit_for_bit(z, x, parameters):
    bare = MarianParameters(with_own_W_u(parameters).theta)
    P = Marian(z, x, bare, eps=0.0, activation=ReLU, scale=1.0)
    assert torch.equal(P, EDTransformer(z, x, bare.theta))


def test_the_names_may_have_another_prefix(model, parameters):
    arrays = {f"module.{name}": array for name, array in model.state_dict().items()}
    assert hf.same(marian_parameters(arrays, parameters.theta.W_p, H=H), parameters)
