"""Folders of Hugging Face's own small models, and what these models compute in float64."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
import transformers

from algorithms.checkpoints import marian_positions
from helpers import published_models as published
from helpers import published_t5
from helpers.double_precision import DoublePrecision

ROPE = {"rope_theta": 5.0}
DEFAULT = {"rope_type": "default", **ROPE}


def gpt2(**options: Any) -> Any:
    """GPT-2."""
    config = {**published.COMMON, **published.GPT, **options}
    return published.redrawn(transformers.GPT2LMHeadModel(transformers.GPT2Config(**config)))


def bert(task: str, **options: Any) -> Any:
    """A BERT for a task: "MaskedLM"."""
    config = transformers.BertConfig(**{**published.BERT_SIZES, **options})
    return published.redrawn(getattr(transformers, f"BertFor{task}")(config))


def bare_bert() -> Any:
    """A BERT without a head."""
    config = transformers.BertConfig(**published.BERT_SIZES)
    return published.redrawn(transformers.BertModel(config, add_pooling_layer=False))


def marian(activation: str = "swish") -> Any:
    """Marian."""
    return published.redrawn_marian(activation, W_p())


def W_p() -> Any:
    """Marian's positions in float64."""
    return torch.asarray(marian_positions(12, published.ELL_MAX))


#: Each architecture, in one form.
PLAIN: Mapping[str, Callable[[], Any]] = {
    "BertForMaskedLM": partial(bert, "MaskedLM"),
    "BertForSequenceClassification": partial(bert, "SequenceClassification", num_labels=5),
    "BertModel": bare_bert,
    "GPT2LMHeadModel": gpt2,
    "GPTJForCausalLM": partial(published.made, "GPTJ"),
    "GPTNeoForCausalLM": partial(published.made, "GPTNeo", window_size=3),
    "GPTNeoXForCausalLM": partial(published.made, "GPTNeoX"),
    "LlamaForCausalLM": partial(published.made, "Llama", rope_parameters=published.LLAMA3),
    "MT5ForConditionalGeneration": partial(published_t5.made, "MT5"),
    "MarianMTModel": marian,
    "MistralForCausalLM": partial(published.made, "Mistral", sliding_window=3),
    "Qwen2ForCausalLM": partial(published.made, "Qwen2", tie_word_embeddings=True),
    "Qwen3ForCausalLM": partial(published.made, "Qwen3"),
    "T5ForConditionalGeneration": partial(published_t5.made, "T5"),
    "UMT5ForConditionalGeneration": partial(published_t5.made, "UMT5"),
}

#: Other forms, which another branch reads.
OTHERS: Mapping[str, Callable[[], Any]] = {
    "BERT, not tied": partial(bert, "MaskedLM", tie_word_embeddings=False, hidden_act="relu"),
    "GPT-2, not tied": partial(gpt2, tie_word_embeddings=False, activation_function="gelu"),
    "GPT-Neo, a window nowhere": partial(
        published.made, "GPTNeo", attention_types=[[["global"], 4]], tie_word_embeddings=False
    ),
    "GPT-NeoX, in turn": partial(
        published.made,
        "GPTNeoX",
        use_parallel_residual=False,
        hidden_act="gelu_fast",
        rope_parameters={**published.LINEAR, "partial_rotary_factor": 2 / 3},
    ),
    "Llama, ω divided": partial(published.made, "Llama", rope_parameters=published.LINEAR),
    "Llama, attention_bias": partial(published.made, "Llama", attention_bias=True),
    "Llama, all heads have keys": partial(
        published.made, "Llama", head_dim=None, num_key_value_heads=6, tie_word_embeddings=True
    ),
    "Marian, ReLU": partial(marian, "relu"),
    "Mistral, no window": partial(published.made, "Mistral", sliding_window=None),
    "Qwen3, attention_bias": partial(published.made, "Qwen3", attention_bias=True),
    "T5, version 1.1": partial(
        published_t5.made, "T5", tie_word_embeddings=False, feed_forward_proj="gated-gelu"
    ),
    "T5, another gate": partial(published_t5.made, "T5", feed_forward_proj="gated-silu"),
}


def tokens(model: Any) -> tuple[Any, ...]:
    """What goes into a model: z too, where it translates."""
    x = published.tokens()
    return (published.tokens(seed=2), x) if model.config.is_encoder_decoder else (x,)


def exact(model: Any) -> Any:
    """The model with ω and positions in float64, of which its files say nothing."""
    model = model.double().eval()
    with torch.no_grad(), DoublePrecision():
        for module in list(model.modules()):
            if hasattr(module, "rotary_emb"):
                module.rotary_emb = type(module.rotary_emb)(model.config)
            if hasattr(module, "embed_positions") and model.config.model_type == "gptj":
                pairs = model.config.rotary_dim // 2
                omega = 1e4 ** -(torch.arange(pairs, dtype=torch.float64) / pairs)
                angles = torch.arange(published.ELL_MAX)[:, None] * omega
                module.embed_positions = torch.cat([angles.sin(), angles.cos()], -1)
            elif hasattr(module, "embed_positions"):
                module.embed_positions.weight.copy_(W_p().mT)
    return model


def theirs(model: Any) -> Any:
    """Hugging Face's P, p of classes, or the vector of each token."""
    first, *second = tokens(model)
    options = {"decoder_input_ids": second[0]} if second else {}
    return columns(published.doubled(exact(model), first, **options))


def columns(result: Any) -> Any:
    """What a model of Hugging Face gives, in our shape."""
    if "logits" not in result:
        return result.last_hidden_state.mT
    P = result.logits.softmax(-1)
    return P.mT if P.ndim == 3 else P


def read_back(folder: Path) -> Any:
    """What Hugging Face makes of a folder."""
    (name,) = transformers.AutoConfig.from_pretrained(folder).architectures
    cls = getattr(transformers, name)
    model, notes = cls.from_pretrained(folder, output_loading_info=True)
    assert not any(name for names in notes.values() for name in names if "pooler" not in name)
    return model
