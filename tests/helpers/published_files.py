"""The arrays of tiny published models, as their files have them, and what reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import torch
import transformers

from algorithms import checkpoints
from helpers import published_models as published
from helpers import published_t5

#: Of Marian, whose W_p is in no file.
W_P = torch.zeros((12, published.ELL_MAX), dtype=torch.float64)


class File(NamedTuple):
    """A model's file: what reads it, its arrays, and what its first layer and W_u are called."""

    reader: str
    arrays: Callable[[], dict[str, Any]]
    H: int
    layer: str
    W_u: str = "lm_head.weight"

    def read(self, arrays: Mapping[str, Any]) -> Any:
        """What the reader makes of arrays."""
        reader = getattr(checkpoints, self.reader)
        return reader(arrays, *[W_P] * (self.reader == "marian_parameters"), H=self.H)


def saved(name: str, **options: Any) -> dict[str, Any]:
    """The arrays of a language model: "Llama"."""
    return dict(published.made(name, **options).state_dict())


def saved_gpt2(**options: Any) -> dict[str, Any]:
    """The arrays of a GPT-2."""
    config = transformers.GPT2Config(**published.COMMON, **published.GPT, **options)
    return dict(published.redrawn(transformers.GPT2LMHeadModel(config)).state_dict())


def saved_bert(task: str) -> dict[str, Any]:
    """The arrays of a BERT for a task: "PreTraining"."""
    config = transformers.BertConfig(**published.BERT_SIZES, num_labels=5)
    model = getattr(transformers, f"BertFor{task}")(config)
    return dict(published.redrawn(model).state_dict())


def saved_t5() -> dict[str, Any]:
    """The arrays of a T5 that is not tied."""
    return dict(published_t5.made("T5", tie_word_embeddings=False).state_dict())


def saved_marian() -> dict[str, Any]:
    """The arrays of a Marian."""
    return dict(published.redrawn_marian("relu", W_P).state_dict())


_ENCODER = partial(File, H=published.H, layer="bert.encoder.layer.0")
_GPT = partial(File, H=published.H, layer="transformer.h.0")
_LLAMA = partial(File, H=published.H_KV * published.R, layer="model.layers.0")

#: By the model: `BERT` of `BERT_DEPARTURES`.
FILES: Mapping[str, File] = {
    "BARE_BERT": _ENCODER("bare_bert_parameters", partial(saved_bert, "PreTraining")),
    "BERT": _ENCODER(
        "bert_parameters",
        partial(saved_bert, "PreTraining"),
        W_u="cls.predictions.decoder.weight",
    ),
    "BERT_FOR_CLASSES": _ENCODER(
        "bert_for_classes_parameters",
        partial(saved_bert, "SequenceClassification"),
        W_u="classifier.weight",
    ),
    "GPT2": _GPT("gpt2_parameters", saved_gpt2),
    "GPTJ": _GPT("gptj_parameters", partial(saved, "GPTJ")),
    "GPT_NEO": _GPT("gpt_neo_parameters", partial(saved, "GPTNeo")),
    "GPT_NEOX": File(
        "gpt_neox_parameters", partial(saved, "GPTNeoX"), published.H, "gpt_neox.layers.0"
    ),
    "LLAMA": _LLAMA("llama_parameters", partial(saved, "Llama")),
    "MARIAN": File("marian_parameters", saved_marian, published.H, "model.decoder.layers.0"),
    "MISTRAL": _LLAMA("llama_parameters", partial(saved, "Mistral")),
    "QWEN": _LLAMA("qwen_parameters", partial(saved, "Qwen2")),
    "T5": File("t5_parameters", saved_t5, published_t5.H, "encoder.block.0"),
}
