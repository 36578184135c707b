"""Is Algorithm 9, with its named departures, BERT?"""

from __future__ import annotations

import copy

import pytest
import torch
from helpers import hugging_face as hf
from transformers import BertConfig, BertForMaskedLM

from algorithms import ETransformer
from algorithms.checkpoints import BERT, BERT_DEPARTURES, BERTParameters, bert_parameters

N_V, H = 97, 4


@pytest.fixture(scope="module")
def model():
    config = BertConfig(
        vocab_size=N_V,
        hidden_size=24,
        num_hidden_layers=3,
        num_attention_heads=H,
        intermediate_size=31,
        max_position_embeddings=20,
    )
    return hf.redraw(BertForMaskedLM(config), embeddings=2.0, matrices=0.2, vectors=0.1)


@pytest.fixture(scope="module")
def parameters(model, tmp_path_factory):
    return bert_parameters(hf.saved(model, tmp_path_factory.mktemp("bert")), H=H)


@pytest.fixture(scope="module")
def x():
    return hf.tokens(2, 13, N_V=N_V)


@pytest.fixture(scope="module")
def s():
    return (torch.arange(13) >= torch.tensor([[5], [8]])).long()


@pytest.fixture(scope="module")
def Q(model, x, s):
    with torch.no_grad():
        return hf.probabilities(model(x, token_type_ids=s).logits)


def test_P_is_that_of_hugging_face(x, s, parameters, Q):
    assert hf.distance(BERT(x, parameters, segments=s), Q) <= 1e-12


def test_P_is_that_of_hugging_face_with_padding(model, x, s, parameters):
    real = torch.arange(13) < torch.tensor([[13], [9]])
    with torch.no_grad():
        Q = hf.probabilities(model(x, token_type_ids=s, attention_mask=real.long()).logits)
    assert hf.distance(BERT(x, parameters, padding=real, segments=s), Q) <= 1e-12
    assert hf.distance(BERT(x, parameters, segments=s), Q) >= 1e-6


def test_without_segments_all_tokens_are_in_the_first(x, s, parameters):
    assert torch.equal(BERT(x, parameters), BERT(x, parameters, segments=0 * s))


def with_own_W_u(parameters):
    theta = parameters.theta
    return parameters._replace(theta=theta._replace(W_u=torch.roll(theta.W_u, 1, 0)))


OFF = {
    "B1": lambda x, s, parameters: BERT(x, parameters, eps=0.0, segments=s),
    "B2": lambda x, s, parameters: BERT(x, parameters._replace(W_s=None), segments=s),
    "B3": lambda x, s, parameters: BERT(
        x, parameters._replace(gamma_e=None, beta_e=None), segments=s
    ),
    "B4": lambda x, s, parameters: BERT(x, parameters._replace(b_u=None), segments=s),
}


def test_every_departure_can_be_turned_off():
    assert hf.ids(BERT_DEPARTURES) == {*OFF}


@pytest.mark.parametrize("departure", [departure for departure in OFF if departure != "B1"])
def test_without_a_departure_P_moves(departure, x, s, parameters, Q):
    assert hf.distance(OFF[departure](x, s, parameters), Q) >= 1e-6


def test_without_B1_P_moves_where_the_embeddings_are_faint(model, x, s, tmp_path):
    # An ε of 1e-12 counts where a variance is as small: three embeddings of 1e-6.
    faint = copy.deepcopy(model)
    embeddings, decoder = faint.bert.embeddings, faint.cls.predictions.decoder
    decoder.weight = torch.nn.Parameter(decoder.weight.detach().clone())  # W_u stays as it is
    with torch.no_grad():
        for part in ("word_embeddings", "position_embeddings", "token_type_embeddings"):
            getattr(embeddings, part).weight.mul_(1e-6)
        Q = hf.probabilities(faint(x, token_type_ids=s).logits)
    parameters = bert_parameters(dict(faint.state_dict()), H=H)
    assert hf.distance(BERT(x, parameters, segments=s), Q) <= 1e-12
    assert hf.distance(OFF["B1"](x, s, parameters), Q) >= 1e-6


def test_with_no_departure_P_is_that_of_algorithm_9_bit_for_bit(x, s, parameters):
    bare = BERTParameters(with_own_W_u(parameters).theta)
    assert torch.equal(BERT(x, bare, eps=0.0, segments=s), ETransformer(x, bare.theta))


def old(name):
    """As BERT's first files have it."""
    name = name.replace("LayerNorm.weight", "LayerNorm.gamma")
    return name.replace("LayerNorm.bias", "LayerNorm.beta")


@pytest.mark.parametrize(
    "renamed",
    [old, lambda name: name.removeprefix("bert."), lambda name: f"module.{old(name)}"],
    ids=["gamma and beta", "no prefix", "both and another"],
)
def test_the_names_may_be_others(renamed, model, parameters):
    arrays = {renamed(name): array for name, array in model.state_dict().items()}
    assert hf.same(bert_parameters(arrays, H=H), parameters)


def test_a_W_u_and_b_u_of_the_file_are_those_that_count(model, x, s):
    config = copy.copy(model.config)
    config.tie_word_embeddings = False
    untied = hf.redraw(BertForMaskedLM(config), embeddings=2.0, matrices=0.2, vectors=0.1)
    with torch.no_grad():
        Q = hf.probabilities(untied(x, token_type_ids=s).logits)
    parameters = bert_parameters(dict(untied.state_dict()), H=H)
    assert hf.distance(BERT(x, parameters, segments=s), Q) <= 1e-12


@pytest.mark.parametrize("missing", ["gamma_e", "beta_e"])
def test_half_a_norm_is_refused(missing, x, s, parameters):
    with pytest.raises(ValueError, match=r"^BERT: gamma_e and beta_e go together; one is None$"):
        BERT(x, parameters._replace(**{missing: None}), segments=s)
