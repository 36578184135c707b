"""Does `value_and_gradient` differentiate the published models too?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import published_models as published
from helpers.rounding import assert_close, budget

from algorithms import tree_map, value_and_gradient
from algorithms.signatures.arrays import namespace

#: Each model, and which of its arguments holds the parameters.
MODELS = {
    "Llama": (published.llama, 1),
    "Mistral": (lambda: published.mistral(3), 1),
    "Qwen2": (lambda: published.qwen("Qwen2"), 1),
    "Qwen3": (lambda: published.qwen("Qwen3"), 1),
    "GPT-NeoX": (published.gpt_neox, 1),
    "GPT-J": (published.gptj, 1),
    "GPT-Neo": (published.gpt_neo, 1),
    "BERT for classes": (published.bert_for_classes, 1),
}


def loss_of(compared, arguments, place, options):
    def loss(theta):
        P = compared.function(*arguments[:place], theta, *arguments[place + 1 :], **options)
        return namespace(P).sum(P**2)

    return loss


def in_numpy(value):
    return value.numpy() if torch.is_tensor(value) else value


@pytest.mark.parametrize("name", MODELS)
def test_the_gradient_is_torchs(name):
    compare, place = MODELS[name]
    compared = compare()
    theirs = tree_map(torch.clone, compared.arguments[place])
    tree_map(lambda w: w.requires_grad_(), theirs)
    loss_of(compared, compared.arguments, place, compared.options)(theirs).backward()
    arguments = tree_map(in_numpy, compared.arguments)
    options = {name: in_numpy(value) for name, value in compared.options.items()}
    theta = arguments[place]
    _, ours = value_and_gradient(loss_of(compared, arguments, place, options), theta)
    near = budget(*[theta] * 2)  # forth and back
    tree_map(lambda a, w: assert_close(a, np.asarray(w.grad), **near), ours, theirs)
