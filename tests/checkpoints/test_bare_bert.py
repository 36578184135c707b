"""Is Algorithm 9 up to its layers, with its named departures, BERT without a head?"""

from __future__ import annotations

import pytest
import torch
from helpers import hugging_face as hf
from helpers import published_models as published
from helpers.published_files import FILES

from algorithms.checkpoints import BARE_BERT_DEPARTURES, BareBERT


@pytest.fixture(scope="module")
def compared():
    return published.bare_bert()


OFF = {
    "B1": lambda x, parameters, **s: BareBERT(x, parameters, eps=0.0, **s),
    "B2": lambda x, parameters, **s: BareBERT(x, parameters._replace(W_s=None), **s),
    "B3": lambda x, parameters, **s: BareBERT(
        x, parameters._replace(gamma_e=None, beta_e=None), **s
    ),
}


def test_every_departure_can_be_turned_off():
    assert hf.ids(BARE_BERT_DEPARTURES) == {*OFF}


@pytest.mark.parametrize("departure", OFF)
def test_without_a_departure_the_vectors_move(departure, compared):
    x, parameters = compared.arguments
    faint = 1e-6 if departure == "B1" else 1.0  # an ε of 1e-12 counts where a variance is as small
    parameters = parameters._replace(
        W_e=parameters.W_e * faint, W_p=parameters.W_p * faint, W_s=parameters.W_s * faint
    )
    X = BareBERT(x, parameters, **compared.options)
    assert hf.distance(OFF[departure](x, parameters, **compared.options), X) >= 1e-6


def test_a_head_is_left_out():
    arrays = FILES["BERT_FOR_CLASSES"].arrays()
    whole, bare = FILES["BERT_FOR_CLASSES"].read(arrays), FILES["BARE_BERT"].read(arrays)
    assert hf.same(bare.layers, whole.theta.layers)
    assert torch.equal(bare.W_s, whole.W_s)


@pytest.mark.parametrize("missing", ["gamma_e", "beta_e"])
def test_half_a_norm_is_refused(missing, compared):
    x, parameters = compared.arguments
    message = r"^BareBERT: gamma_e and beta_e go together; one is None$"
    with pytest.raises(ValueError, match=message):
        BareBERT(x, parameters._replace(**{missing: None}))
