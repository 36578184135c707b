"""Is Algorithm X6, with its named departures, BERT for classes?"""

from __future__ import annotations

import pytest
import torch
from helpers import hugging_face as hf
from helpers import published_models as published

from algorithms.checkpoints import (
    BERT_FOR_CLASSES_DEPARTURES,
    BERTForClasses,
    BERTForClassesParameters,
    bert_for_classes_parameters,
)
from algorithms.extensions.classifier import EClassifier


@pytest.fixture(scope="module")
def compared():
    return published.bert_for_classes()


def test_p_is_that_of_hugging_face_with_padding():
    real = torch.arange(published.ELL) < torch.tensor([[published.ELL], [4]])
    compared = published.bert_for_classes(padding=real)
    assert compared.distance(compared.P(padding=real)) <= 1e-12
    assert compared.distance() >= 1e-6


OFF = {
    "B1": lambda x, parameters, **s: BERTForClasses(x, parameters, eps=0.0, **s),
    "B2": lambda x, parameters, **s: BERTForClasses(x, parameters._replace(W_s=None), **s),
    "B3": lambda x, parameters, **s: BERTForClasses(
        x, parameters._replace(gamma_e=None, beta_e=None), **s
    ),
}


def test_every_departure_can_be_turned_off():
    assert hf.ids(BERT_FOR_CLASSES_DEPARTURES) == {*OFF}


@pytest.mark.parametrize(("departure", "faint"), [("B1", 1e-5), ("B2", 1.0), ("B3", 1.0)])
def test_without_a_departure_p_moves(departure, faint):
    # An ε of 1e-12 counts where a variance is as small.
    compared = published.bert_for_classes(faint=faint)
    assert compared.distance() <= 1e-12
    assert hf.distance(OFF[departure](*compared.arguments, **compared.options), compared.Q) >= 1e-6


def test_with_no_departure_p_is_that_of_algorithm_X6_bit_for_bit(compared):
    x, parameters = compared.arguments
    bare = BERTForClassesParameters(parameters.theta)
    assert torch.equal(BERTForClasses(x, bare, eps=0.0), EClassifier(x, parameters.theta))


def test_what_is_no_such_file_is_refused_by_name():
    message = "no array is called bert.embeddings.word_embeddings.weight"
    with pytest.raises(KeyError, match=f"bert_for_classes_parameters: {message}"):
        bert_for_classes_parameters({}, H=3)


@pytest.mark.parametrize("missing", ["gamma_e", "beta_e"])
def test_half_a_norm_is_refused(missing, compared):
    x, parameters = compared.arguments
    message = r"^BERTForClasses: gamma_e and beta_e go together; one is None$"
    with pytest.raises(ValueError, match=message):
        BERTForClasses(x, parameters._replace(**{missing: None}))
