"""`BertForMaskedLM` as Algorithm 9: with a norm after the embeddings, and with W_eᵀ for W_u.

The other things that the paper has not, a vector for each segment and an offset of the scores,
are 0; that norm's γ is 1 and its β is 0.
"""

from __future__ import annotations

from typing import Any

import torch

from spec.adapters.array_libraries import converted
from spec.adapters.libraries.hugging_face import (
    activation,
    configuration,
    model,
    probabilities,
)
from spec.adapters.libraries.sizes import divided, of_instance, split
from spec.adapters.libraries.torch_weights import Weights, call_with, pair, projections
from spec.adapters.restrictions import Restrictions
from spec.inputs.adapter import Adapter, Function, Sizes
from spec.inputs.arguments import Arguments
from spec.inputs.records import Record

NAME = "transformers.BertForMaskedLM"
#: The norm after the embeddings.
NORM = "embedding-norm-9"
#: How many segments a model has that is made here: as many as BERT.
SEGMENTS = 2


def adapter(function: Function) -> Adapter:
    """Return the adapter of a class, configured as BERT is, or of an instance."""
    config = configuration(function)
    departures = (*activation(config.hidden_act, "9"), NORM)
    if isinstance(function, type):
        return Adapter(NAME, _call, _sizes, Restrictions(tied=True), departures=departures)
    own = {
        **split(config.hidden_size, config.num_attention_heads),
        "N_V": config.vocab_size,
        "ℓ_max": config.max_position_embeddings,
        "L": config.num_hidden_layers,
        "d_mlp": config.intermediate_size,
        "d_f": config.hidden_size,
    }
    return Adapter(
        NAME,
        _call,
        of_instance(own),
        Restrictions(tied=config.tie_word_embeddings),
        {"ε": config.layer_norm_eps},
        departures,
    )


def _sizes(asked: Sizes) -> Sizes:
    found = divided(asked)
    return {**found, "d_f": found["d_e"]}


def _call(function: Function, arguments: Arguments) -> Any:
    theta, x = converted("torch", (arguments.theta, arguments.x))
    first = arguments.theta.layers[0]
    one = model(
        function,
        vocab_size=theta.W_e.shape[1],
        max_position_embeddings=theta.W_p.shape[1],
        type_vocab_size=SEGMENTS,
        hidden_size=len(theta.W_e),
        intermediate_size=len(first.W_mlp1),
        num_hidden_layers=len(theta.layers),
        num_attention_heads=len(first.W.W_qkv.W_q),
        layer_norm_eps=arguments.eps,
        pad_token_id=None,
    )
    scale = torch.ones_like(theta.W_e[:, 0])
    segments = one.bert.embeddings.token_type_embeddings.num_embeddings
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
    return probabilities(call_with(one, weights, x[None]).logits)


def _layer(layer: Record, name: str) -> Weights:
    names = ("self.query", "self.key", "self.value", "output.dense")
    return {
        **projections(layer.W, f"{name}.attention", *names),
        **pair(f"{name}.attention.output.LayerNorm", layer.gamma1, layer.beta1),
        **pair(f"{name}.output.LayerNorm", layer.gamma2, layer.beta2),
        **pair(f"{name}.intermediate.dense", layer.W_mlp1, layer.b_mlp1),
        **pair(f"{name}.output.dense", layer.W_mlp2, layer.b_mlp2),
    }
