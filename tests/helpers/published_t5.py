"""Tiny T5s of Hugging Face, every tensor redrawn, and ours with what their files hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
import transformers

from algorithms import ReLU
from algorithms.checkpoints import PublishedT5, t5_parameters
from helpers import hugging_face as hf
from helpers.compared_models import Compared, doubled

N_V, H = 19, 3

SIZES = {
    "vocab_size": N_V,
    "d_model": 12,
    "d_kv": 4,
    "d_ff": 7,
    "num_layers": 2,
    "num_decoder_layers": 3,
    "num_heads": H,
    "relative_attention_num_buckets": 16,
    "relative_attention_max_distance": 20,
    "decoder_start_token_id": 0,
    "eos_token_id": None,
}


def made(name: str, **options: Any) -> Any:
    """A model of Hugging Face's, by its name: "T5"; not tied, its W_u is drawn by itself."""
    config = getattr(transformers, f"{name}Config")(**{**SIZES, **options})
    model = getattr(transformers, f"{name}ForConditionalGeneration")(config)
    if options.get("tie_word_embeddings") is False:
        model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
    return hf.redraw(model, embeddings=0.5, matrices=0.4, vectors=0.5)


def t5(name: str = "T5", ell: int = 13, **options: Any) -> Compared:
    """T5, mT5 or UMT5, on sequences of some length."""
    model = made(name, **options)
    z, x = (hf.tokens(2, n, N_V=N_V, seed=n) for n in (ell, ell - 2))
    logits = doubled(model, z, decoder_input_ids=x).logits
    scaled = getattr(model.config, "scale_decoder_outputs", name != "MT5")
    return Compared(
        PublishedT5,
        (z, x, t5_parameters(model.state_dict(), H=H)),
        hf.probabilities(logits),
        {
            "D": 20,
            "scale": None if scaled else 1.0,
            **({} if model.config.is_gated_act else {"activation": ReLU}),
        },
    )


#: What is compared, by the name of theirs, with the algorithm that ours is and its departures.
T5S: Mapping[str, tuple[str, Callable[[], Compared]]] = {
    "T5ForConditionalGeneration": ("X8", t5),
    "T5ForConditionalGeneration, 150 tokens": ("X8", partial(t5, ell=150)),
    "T5ForConditionalGeneration, not tied": ("X8", partial(t5, ell=13, tie_word_embeddings=False)),
    "T5ForConditionalGeneration, not tied, 150 tokens": (
        "X8",
        partial(t5, ell=150, tie_word_embeddings=False),
    ),
    "T5ForConditionalGeneration, version 1.1": (
        "X8",
        partial(t5, tie_word_embeddings=False, feed_forward_proj="gated-gelu"),
    ),
    "MT5ForConditionalGeneration": ("X8", partial(t5, "MT5")),
    "UMT5ForConditionalGeneration": ("X8", partial(t5, "UMT5")),
}
