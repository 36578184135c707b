"""`BertForMaskedLM` as Algorithm 9: with a norm after the embeddings, and with W_eᵀ for W_u.

What else the paper does not have is switched off: vectors of segments and an offset of the scores
are 0, and γ = 1 and β = 0 in that norm.
"""

from typing import Any

import torch

from spec.adapters.libraries.hugging_face import HuggingFaceModel
from spec.adapters.libraries.torch_weights import Weights, pair, projections
from spec.inputs.python_form import Record


def _weights(model: Any, theta: Record) -> Weights:
    scale = torch.ones_like(theta.W_e[:, 0])
    segments = model.bert.embeddings.token_type_embeddings.num_embeddings
    weights = {
        "bert.embeddings.word_embeddings.weight": theta.W_e.mT,
        "bert.embeddings.position_embeddings.weight": theta.W_p.mT,
        "bert.embeddings.token_type_embeddings.weight": scale.new_zeros(segments, len(scale)),
        **pair("bert.embeddings.LayerNorm", scale, 0 * scale),
        **pair("cls.predictions.transform.dense", theta.W_f, theta.b_f),
        **pair("cls.predictions.transform.LayerNorm", theta.gamma, theta.beta),
        **pair("cls.predictions.decoder", theta.W_u, 0 * theta.W_u[:, 0]),
        "cls.predictions.bias": 0 * theta.W_u[:, 0],
    }
    for place, layer in enumerate(theta.layers):
        weights |= _layer(layer, f"bert.encoder.layer.{place}")
    return weights


def _layer(layer: Record, name: str) -> Weights:
    maps = ("self.query", "self.key", "self.value", "output.dense")
    return {
        **projections(layer.W, f"{name}.attention", *maps),
        **pair(f"{name}.attention.output.LayerNorm", layer.gamma1, layer.beta1),
        **pair(f"{name}.output.LayerNorm", layer.gamma2, layer.beta2),
        **pair(f"{name}.intermediate.dense", layer.W_mlp1, layer.b_mlp1),
        **pair(f"{name}.output.dense", layer.W_mlp2, layer.b_mlp2),
    }


adapter = HuggingFaceModel(
    "transformers.BertForMaskedLM",
    "9",
    {
        "vocab_size": "N_V",
        "max_position_embeddings": "ℓ_max",
        "hidden_size": "d_e",
        "intermediate_size": "d_mlp",
        "num_hidden_layers": "L",
        "num_attention_heads": "H",
    },
    "hidden_act",
    "layer_norm_eps",
    _weights,
    departures=lambda _: ("embedding-norm-9",),
    configured={"pad_token_id": None},
).adapter
