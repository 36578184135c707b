"""A model of GPT-2 small's sizes, Hugging Face's and ours, of the same weights; and a text."""

from __future__ import annotations

from pydoc_data.topics import topics
from typing import Any

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from algorithms.checkpoints import gpt2_parameters

ELL, HEADS = 1_024, 12


def text(ell: int = ELL) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The first bytes of Python's own documentation, as tokens."""
    words = "\n".join(topics[name] for name in sorted(topics))
    return np.frombuffer(bytearray(words.encode()[:ell]), np.uint8)


def model(ell_max: int = ELL) -> Any:
    """GPT-2 small with random weights: no bias 0, no γ 1."""
    torch.manual_seed(0)
    config = GPT2Config(n_positions=ell_max, bos_token_id=None, eos_token_id=None)
    model: Any = GPT2LMHeadModel(config)
    with torch.no_grad():
        for p in model.parameters():
            p += 0.02 * torch.randn(p.shape)
    return model.eval()


def parameters(model: Any) -> Any:
    """θ of Algorithm 10 with the same weights."""
    state = {name: p.detach().numpy() for name, p in model.state_dict().items()}
    return gpt2_parameters(state, H=HEADS)


def hugging_face(model: Any, x: Any) -> Any:
    """P as Hugging Face has it, columns for tokens."""
    with torch.no_grad():
        return model(x[None]).logits[0].softmax(-1).mT


def distance(P: Any, Q: Any) -> float:
    """The largest difference relative to Q; a few rows at a time."""
    far = 0.0
    for i in range(0, P.shape[0], 4_096):
        ours, theirs = np.asarray(P[i : i + 4_096]), np.asarray(Q[i : i + 4_096])
        far = max(far, float(abs(ours / theirs - 1).max()))
    return far
