"""Are Algorithms X1 and X2, with their named departures, Llama, Mistral and Qwen?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import hugging_face as hf
from helpers import published_models as published
from helpers.double_precision import DoublePrecision
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from algorithms import tree_map
from algorithms.checkpoints import (
    LLAMA_DEPARTURES,
    MISTRAL_DEPARTURES,
    QWEN_DEPARTURES,
    Qwen,
    QwenLayer,
    QwenParameters,
    linear_scaling,
    llama3_scaling,
    llama_parameters,
    qwen_parameters,
)
from algorithms.extensions.llama import Llama
from algorithms.extensions.rotary import rotary_frequencies
from spec.expected.rounding_bounds import gamma

H = published.H_KV * published.R
LLAMAS = {
    "Llama": published.ORACLES["LlamaForCausalLM, ω of Llama 3.1"][1],
    "Mistral": lambda: published.mistral(3),
    "Qwen2": lambda: published.qwen("Qwen2"),
    "Qwen3": lambda: published.qwen("Qwen3"),
}


@pytest.fixture(scope="module", params=LLAMAS)
def model(request):
    return request.param, LLAMAS[request.param]()


@pytest.fixture(scope="module")
def compared(model):
    return model[1]


def usual(x, theta, omega):
    Omega = torch.tensor(published.LLAMA3["rope_theta"], dtype=torch.float64)
    return x, theta, rotary_frequencies(Omega, d_rot=2)


def without(*names):
    def arguments(x, parameters, omega):
        layers = (layer._replace(**dict.fromkeys(names)) for layer in parameters.additions)
        return x, parameters._replace(additions=tuple(layers)), omega

    return arguments


#: What each departure is turned off by: other options, or other arguments.
OFF = {
    "J1": {"eps": 0.0},
    "J2": usual,
    "J4": without("b_q", "b_k", "b_v", "b_o"),
    "J5": without("gamma_q", "gamma_k"),
}
DEPARTURES = {
    "Llama": LLAMA_DEPARTURES,
    "Mistral": MISTRAL_DEPARTURES,
    "Qwen2": [one for one in QWEN_DEPARTURES if one.id != "J5"],
    "Qwen3": [one for one in QWEN_DEPARTURES if one.id != "J4"],
}


def test_without_a_departure_P_moves(model):
    name, compared = model
    for departure in hf.ids(DEPARTURES[name]):
        off = OFF[departure]
        if isinstance(off, dict):
            P = compared.P(**off)
        else:
            P = compared.function(*off(*compared.arguments), **compared.options)
        assert hf.distance(P, compared.Q) >= 1e-6, departure


def test_every_departure_can_be_turned_off():
    assert set().union(*map(hf.ids, DEPARTURES.values())) == {*OFF}


def test_theta_is_of_the_library_of_its_arrays(compared):
    arguments = tree_map(lambda w: w.numpy(), compared.arguments)
    P = compared.function(*arguments, **compared.options)
    assert isinstance(P, np.ndarray)
    assert hf.distance(P, compared.Q.numpy()) <= 1e-12


def test_one_token_more_in_its_window_moves_P():
    compared = published.mistral(3)
    assert hf.distance(compared.P(w=4), compared.Q) >= 1e-6
    assert hf.distance(compared.P(w=2), compared.Q) >= 1e-6


def test_with_no_departure_P_is_that_of_algorithm_X1_bit_for_bit():
    x, parameters, omega = published.qwen("Qwen2").arguments
    bare = parameters._replace(additions=tuple(QwenLayer() for _ in parameters.additions))
    assert torch.equal(Qwen(x, bare, omega, eps=0.0), Llama(x, bare.theta, omega))


@pytest.mark.parametrize("name", QwenLayer._fields)
def test_what_a_layer_adds_counts_by_itself(name):
    x, (theta, additions), omega = published.qwen("Qwen3", attention_bias=True).arguments
    bare = [QwenLayer() for _ in additions]
    alone = [QwenLayer(**{name: getattr(layer, name)}) for layer in additions]
    P, Q = (Qwen(x, QwenParameters(theta, tuple(some)), omega) for some in (alone, bare))
    assert hf.distance(P, Q) >= 1e-6


# ω ------------------------------------------------------------------------------------------------


def theirs(**rope):
    """The ω of Hugging Face, at the sizes of Llama 3.1."""
    config = LlamaConfig(hidden_size=256, num_attention_heads=2, head_dim=128, rope_parameters=rope)
    with DoublePrecision():
        return LlamaRotaryEmbedding(config).inv_freq.numpy()


LLAMA31 = {"factor": 8.0, "low": 1.0, "high": 4.0, "ell_max": 8192}
THEIRS = {
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
SCALED = {
    "default": (lambda omega: omega, {}),
    "linear": (lambda omega: linear_scaling(omega, factor=4.0), {"factor": 4.0}),
    "llama3": (lambda omega: llama3_scaling(omega, **LLAMA31), THEIRS),
}


@pytest.mark.parametrize("kind", SCALED)
def test_omega_is_that_of_hugging_face(kind):
    scaled, options = SCALED[kind]
    omega = scaled(rotary_frequencies(np.array(5e5), d_rot=64))
    want = theirs(rope_type=kind, rope_theta=5e5, **options)
    # The exponent is rounded, and the logarithm of the base says by how much that counts.
    terms = 16 + int(np.log(5e5))
    assert (abs(omega - want) <= gamma(terms, omega.dtype) * want).all()


def test_all_three_cases_of_the_scaling_come_up():
    omega = rotary_frequencies(np.array(5e5), d_rot=64)
    ratios = llama3_scaling(omega, **LLAMA31) / omega
    assert ratios.max() == 1
    assert ratios.min() == 1 / 8
    assert ((ratios > 1 / 8) & (ratios < 1)).any()


# Files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "model.", "module.model."])
@pytest.mark.parametrize(
    ("reader", "name"), [(llama_parameters, "Llama"), (qwen_parameters, "Qwen3")]
)
def test_the_names_may_have_another_prefix_or_none(reader, name, prefix):
    model = published.made(name, attention_bias=name == "Qwen3")
    arrays = {f"{prefix}{name}": w for name, w in model.model.state_dict().items()}
    whole = {f"model.{name}": w for name, w in model.model.state_dict().items()}
    assert hf.same(reader(arrays, H=H), reader(whole, H=H))


def test_what_a_layer_has_is_read_from_its_file():
    model = published.made("Qwen3", attention_bias=True)
    parameters = qwen_parameters(model.state_dict(), H=H)
    assert all(part is not None for layer in parameters.additions for part in layer)
    model = published.made("Llama")
    assert {*qwen_parameters(model.state_dict(), H=H).additions} == {QwenLayer()}


@pytest.mark.parametrize("reader", [llama_parameters, qwen_parameters])
def test_what_is_no_such_file_is_refused_by_name(reader):
    name = reader.__name__
    with pytest.raises(KeyError, match=f"{name}: no array is called model.embed_tokens.weight"):
        reader({}, H=1)
    arrays = published.made("Llama").state_dict()
    with pytest.raises(ValueError, match=f"{name}: 24 rows do not make H=5 heads"):
        reader(arrays, H=5)
    for H, rows in ((8, 3), (2, 12)):
        message = f"8 rows of keys do not make heads of {rows} rows that H={H} heads share"
        with pytest.raises(ValueError, match=f"{name}: {message}"):
            reader(arrays, H=H)
