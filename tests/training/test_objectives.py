"""Are smoothing, dropout and BERT's corruption those of torch and Hugging Face?"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from helpers import generic
from helpers.rounding import assert_apart, assert_close
from transformers import DataCollatorForLanguageModeling

from algorithms import softmax
from algorithms.extensions.corruption import corrupt
from algorithms.extensions.objectives import dropout, smoothed_loss

N_V, ELL = 11, 7


@pytest.mark.parametrize("alpha", [0.0, 0.1, 1.0])
def test_the_smoothed_loss_is_torchs(alpha):
    S, y = generic.matrix(3, N_V, ELL), generic.tokens(3, ELL, N_V=N_V)
    loss = torch.nn.CrossEntropyLoss(label_smoothing=alpha, reduction="sum")
    theirs = np.asarray(loss(torch.tensor(S), torch.tensor(y)))
    ours = np.asarray(smoothed_loss(softmax(S), y, alpha=alpha))
    assert_close(ours, theirs, terms=S.size)
    assert_apart(np.asarray(smoothed_loss(softmax(S), y, alpha=0.05)), theirs, terms=S.size)


def test_without_smoothing_an_entry_of_zero_counts_for_nothing():
    assert smoothed_loss(np.array([[1.0], [0.0]]), np.array([0])) == 0
    assert smoothed_loss(np.array([[0.5], [0.5]]), np.array([1])) == math.log(2)


def test_dropout_is_torchs_at_its_own_mask():
    X = generic.matrix(5, 6)
    torch.manual_seed(0)
    theirs = torch.nn.functional.dropout(torch.tensor(X), 0.3).numpy()
    u = np.where(theirs == 0, 0.29, 0.3)
    assert_close(dropout(X, u, p_drop=0.3), theirs, terms=2)
    assert_apart(dropout(X, 1 - u, p_drop=0.3), theirs, terms=2)


# BERT's corruption --------------------------------------------------------------------------------

TOKENS, P_MASK, MASK = 200_000, 0.15, 4
SIZE = 50


class Vocabulary:
    """The least that Hugging Face's collator asks of a tokenizer."""

    mask_token, mask_token_id, pad_token, pad_token_id, padding_side = "m", MASK, "p", 0, "right"

    def __len__(self):
        return SIZE

    def convert_tokens_to_ids(self, token):
        return MASK

    def get_special_tokens_mask(self, tokens, already_has_special_tokens=True):
        return [int(token < 5) for token in tokens]


def theirs(x):
    torch.manual_seed(0)
    collator = DataCollatorForLanguageModeling(tokenizer=Vocabulary(), mlm_probability=P_MASK)
    changed, labels = collator.torch_mask_tokens(torch.tensor(x)[None].clone())
    return changed[0].numpy(), (labels[0] != -100).numpy()


def ours(x):
    options = {"p_mask": P_MASK, "mask_token": MASK, "N_V": SIZE, "rng": generic.rng(3)}
    return corrupt(x, special=np.arange(5), **options)


@pytest.mark.parametrize("rule", [ours, theirs], ids=["ours", "Hugging Face's"])
def test_of_the_chosen_eight_in_ten_are_masked_one_is_drawn_and_one_stays(rule):
    x = generic.tokens(TOKENS, N_V=SIZE)
    x_tilde, a = rule(x)
    assert not (a & (x < 5)).any()
    assert (x_tilde[~a] == x[~a]).all()
    assert x_tilde.min() == 0
    assert x_tilde.max() == SIZE - 1
    free, chosen = (x >= 5).sum(), a.sum()
    claims = [
        (chosen, free, P_MASK),
        ((x_tilde[a] == MASK).sum(), chosen, 0.8 + 0.1 / SIZE),
        ((x_tilde[a] == x[a]).sum(), chosen, 0.1 + 0.1 / SIZE),
    ]
    for count, of, p in claims:
        assert abs(count - of * p) < 5 * math.sqrt(of * p * (1 - p))  # standard errors


def test_what_becomes_of_a_token_is_decided_apart_from_the_others():
    x = generic.tokens(40, N_V=SIZE)
    options = {"p_mask": 0.5, "mask_token": MASK, "N_V": SIZE}
    x_tilde, a = corrupt(x, rng=generic.rng(3), **options)
    for other in (x[:25], np.concatenate([x[:25], x[30:]])):
        again, b = corrupt(other, rng=generic.rng(3), **options)
        assert (again[:25] == x_tilde[:25]).all()
        assert (b[:25] == a[:25]).all()
