"""`GPT2LMHeadModel` as Algorithm 10: GELU is written with tanh, and W_u is W_eᵀ."""

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
from spec.adapters.libraries.torch_weights import Weights, call_with, pair, stacked
from spec.adapters.restrictions import Restrictions
from spec.inputs.adapter import Adapter, Function
from spec.inputs.arguments import Arguments
from spec.inputs.records import Record

NAME = "transformers.GPT2LMHeadModel"


def adapter(function: Function) -> Adapter:
    """Return the adapter of a class, configured as GPT-2 is, or of an instance."""
    config = configuration(function)
    departures = activation(config.activation_function, "10")
    if isinstance(function, type):
        return Adapter(NAME, _call, divided, Restrictions(tied=True), departures=departures)
    own = {
        **split(config.n_embd, config.n_head),
        "N_V": config.vocab_size,
        "ℓ_max": config.n_positions,
        "L": config.n_layer,
        "d_mlp": config.n_inner or 4 * config.n_embd,
    }
    return Adapter(
        NAME,
        _call,
        of_instance(own),
        Restrictions(tied=config.tie_word_embeddings),
        {"ε": config.layer_norm_epsilon},
        departures,
    )


def _call(function: Function, arguments: Arguments) -> Any:
    theta, x = converted("torch", (arguments.theta, arguments.x))
    first = arguments.theta.layers[0]
    one = model(
        function,
        vocab_size=theta.W_e.shape[1],
        n_positions=theta.W_p.shape[1],
        n_embd=len(theta.W_e),
        n_inner=len(first.W_mlp1),
        n_layer=len(theta.layers),
        n_head=len(first.W.W_qkv.W_q),
        layer_norm_epsilon=arguments.eps,
        bos_token_id=None,
        eos_token_id=None,
    )
    weights = {
        "transformer.wte.weight": theta.W_e.mT,
        "transformer.wpe.weight": theta.W_p.mT,
        **pair("transformer.ln_f", theta.gamma, theta.beta),
        "lm_head.weight": theta.W_u,
    }
    for place, layer in enumerate(theta.layers):
        weights |= _layer(layer, f"transformer.h.{place}")
    return probabilities(call_with(one, weights, x[None], use_cache=False).logits)


def _layer(layer: Record, name: str) -> Weights:
    heads = layer.W.W_qkv
    W = [stacked(part).mT for part in (heads.W_q, heads.W_k, heads.W_v)]
    b = [stacked(part) for part in (heads.b_q, heads.b_k, heads.b_v)]
    return {  # a column for each output
        **pair(f"{name}.attn.c_attn", torch.cat(W, 1), torch.cat(b)),
        **pair(f"{name}.attn.c_proj", layer.W.W_o.mT, layer.W.b_o),
        **pair(f"{name}.ln_1", layer.gamma1, layer.beta1),
        **pair(f"{name}.ln_2", layer.gamma2, layer.beta2),
        **pair(f"{name}.mlp.c_fc", layer.W_mlp1.mT, layer.b_mlp1),
        **pair(f"{name}.mlp.c_proj", layer.W_mlp2.mT, layer.b_mlp2),
    }
