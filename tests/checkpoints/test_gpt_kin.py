"""Are Algorithms 10 and X4, with their named departures, GPT-NeoX, GPT-J and GPT-Neo?"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from helpers import hugging_face as hf
from helpers import published_models as published

from algorithms import GELU, DTransformer, DTransformerParameters, tree_map
from algorithms.checkpoints import (
    GPT_NEO_DEPARTURES,
    GPT_NEOX_DEPARTURES,
    GPTJ,
    GPTJ_DEPARTURES,
    GELU_tanh,
    GPTNeo,
    GPTNeoX,
    gpt_neo_parameters,
    gpt_neox_parameters,
    gptj_parameters,
)
from algorithms.extensions.masked_decoders import BandedTransformer

MODELS = {
    "GPT-NeoX": (partial(published.gpt_neox, fast=True), GPT_NEOX_DEPARTURES),
    "GPT-J": (published.gptj, GPTJ_DEPARTURES),
    "GPT-Neo": (published.gpt_neo, GPT_NEO_DEPARTURES),
}


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    compare, departures = MODELS[request.param]
    return compare(), departures


@pytest.fixture(scope="module")
def compared(model):
    return model[0]


#: What each departure is turned off by: other options, or other arguments.
OFF = {
    "J6": {"eps": 0.0},
    "J7": {"parallel": False},
    "J8": lambda x, theta, omega: (x, theta, 0 * omega),
    "J9": {"activation": GELU},
    "J10": lambda x, theta, omega: (x, theta._replace(b_u=None), omega),
}


def test_without_a_departure_P_moves(model):
    compared, departures = model
    for departure in hf.ids(departures):
        off = OFF[departure]
        if isinstance(off, dict):
            P = compared.P(**off)
        else:
            P = compared.function(*off(*compared.arguments), **compared.options)
        assert hf.distance(P, compared.Q) >= 1e-6, departure


def test_every_departure_can_be_turned_off():
    assert set().union(*(hf.ids(departures) for _, departures in MODELS.values())) == {*OFF}


def test_theta_is_of_the_library_of_its_arrays(compared):
    arguments = tree_map(lambda w: w.numpy(), compared.arguments)
    P = compared.function(*arguments, **compared.options)
    assert isinstance(P, np.ndarray)
    assert hf.distance(P, compared.Q.numpy()) <= 1e-12


@pytest.mark.parametrize("function", [GPTNeoX, GPTJ])
def test_with_no_departure_P_is_that_of_algorithm_10_bit_for_bit(function):
    x, theta, omega = published.gpt_neox().arguments
    W_e, *rest, _ = theta
    still = DTransformerParameters(W_e, torch.zeros_like(W_e[:, :9]), *rest)
    options = {"eps": 0.0, "activation": GELU}
    P = function(x, theta, 0 * omega, **options, parallel=False)
    assert torch.equal(P, DTransformer(x, still, **options))


def test_with_no_departure_P_is_that_of_algorithm_X4_bit_for_bit():
    x, theta = published.gpt_neo().arguments
    P = GPTNeo(x, theta, w=5, eps=0.0, activation=GELU)
    assert torch.equal(P, BandedTransformer(x, theta, w_l=(11, 5, 11, 5)))
    assert torch.equal(GPTNeo(x, theta, w=256), GPTNeo(x, theta, w=11))


def test_rows_turn_in_other_pairs_in_the_other_model():
    neox, gptj = published.gpt_neox(), published.gptj()
    assert hf.distance(GPTJ(*neox.arguments, activation=GELU), neox.Q) >= 1e-6
    assert hf.distance(GPTNeoX(*gptj.arguments, activation=GELU_tanh), gptj.Q) >= 1e-6


def test_the_window_is_in_every_second_layer():
    compared = published.gpt_neo(3)
    assert hf.distance(compared.P(w=4), compared.Q) >= 1e-6
    x, theta = compared.arguments
    for w_l, least, most in (((11, 3, 11, 3), 0, 1e-12), ((3, 11, 3, 11), 1e-6, 1)):
        P = BandedTransformer(x, theta, w_l=w_l, eps=1e-5, activation=GELU_tanh)
        assert least <= hf.distance(P, compared.Q) <= most


# Files --------------------------------------------------------------------------------------------

FILES = {
    "GPTNeoX": (gpt_neox_parameters, "gpt_neox.embed_in.weight", "54 rows do not make H=15 heads"),
    "GPTJ": (gptj_parameters, "transformer.wte.weight", "18 rows do not make H=5 heads"),
    "GPTNeo": (gpt_neo_parameters, "transformer.wte.weight", "12 rows do not make H=5 heads"),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_such_file_is_refused_by_name(name):
    reader, first, message = FILES[name]
    with pytest.raises(KeyError, match=f"{reader.__name__}: no array is called {first}"):
        reader({}, H=3)
    arrays = published.made(name).state_dict()
    with pytest.raises(ValueError, match=f"{reader.__name__}: {message}"):
        reader(arrays, H=5)


def test_older_files_have_another_name_for_W_u():
    arrays = published.made("GPTNeoX").state_dict()
    theta = gpt_neox_parameters(arrays, H=3)
    arrays["embed_out.weight"] = arrays.pop("lm_head.weight")
    assert hf.same(gpt_neox_parameters(arrays, H=3), theta)
