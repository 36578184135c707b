"""Hugging Face's `generate`, and ours by the same small models."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from algorithms import beam_search, tree_map
from algorithms.checkpoints import (
    GPT2,
    Marian,
    gpt2_parameters,
    marian_parameters,
    marian_positions,
)
from algorithms.extensions import beams
from algorithms.signatures.decorator import unchecked
from helpers.double_precision import DoublePrecision
from helpers.published_models import redrawn, redrawn_marian

#: Numbers of beams, and powers of the length, that are compared.
WAYS = [(B, alpha) for B in (1, 2, 4) for alpha in (0.0, 1.0)]


def generated(model: Any, prompt: list[int], **options: Any) -> Any:
    """What `generate` writes, the prompt included."""
    common = {"do_sample": False, "max_new_tokens": 8}
    with torch.no_grad(), DoublePrecision():
        return model.generate(torch.tensor([prompt]), **{**common, **options})[0].tolist()


def _beams_of(model: Any, prompt: list[int], B: int, alpha: float, **options: Any) -> Any:
    early = {"early_stopping": "never"} if B > 1 else {}
    return generated(model, prompt, num_beams=B, length_penalty=alpha, **early, **options)


def gpt2(seed: int, **ids: Any) -> tuple[Any, Any]:
    """A small GPT-2 of theirs, and θ."""
    ids = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": 0, **ids}
    config = GPT2Config(vocab_size=13, n_positions=32, n_embd=8, n_layer=2, n_head=2, **ids)
    torch.manual_seed(seed)
    model = redrawn(GPT2LMHeadModel(config))
    source = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=source, dtype=torch.float64)
    return model, tree_map(torch.Tensor.numpy, gpt2_parameters(dict(model.state_dict()), H=2))


def beams_of_gpt2(seed: int, B: int, alpha: float) -> tuple[Any, Any]:
    """What ours and theirs find, of a model without an encoder."""
    model, theta = gpt2(seed, eos_token_id=12, pad_token_id=12)

    def columns(z: Any, x: Any, theta: Any, **_: Any) -> Any:
        return GPT2(np.append(z, x), theta)[:, len(z) :]

    ways = {"B": B, "ell_gen": 8, "alpha": alpha, "bos_token": 1, "eos_token": 12}
    with patch.object(beams, "EDTransformer", columns), unchecked():  # θ of Algorithm 10
        found = beam_search(np.array([3]), theta, **ways)
    return [3, *found.tolist()], _beams_of(model, [3, 1], B, alpha)


def beams_of_marian(B: int, alpha: float) -> tuple[Any, Any]:
    """What ours and theirs find, of a model with an encoder."""
    W_p = torch.asarray(marian_positions(12, 11))
    model = redrawn_marian("swish", W_p)
    parameters = marian_parameters(model.state_dict(), W_p, H=3)
    parameters = tree_map(torch.Tensor.numpy, parameters)

    def columns(z: Any, x: Any, *_: Any, **__: Any) -> Any:
        return Marian(z, x, parameters)

    theta, z = parameters.theta, [5, 3, 8, 2]
    ways = {"B": B, "ell_gen": 8, "alpha": alpha, "bos_token": len(theta.W_u) - 1, "eos_token": 0}
    with patch.object(beams, "EDTransformer", columns), unchecked():
        found = beam_search(np.array(z), theta, **ways)
    return found.tolist(), _beams_of(model, z, B, alpha)
