"""`GPT2LMHeadModel` as Algorithm 10: GELU is computed with tanh, and W_u is W_eᵀ."""

from typing import Any

import torch

from spec.adapters.libraries.hugging_face import HuggingFaceModel
from spec.adapters.libraries.torch_weights import Weights, pair, side_by_side
from spec.inputs.python_form import Record


def _weights(_: Any, theta: Record) -> Weights:
    weights = {
        "transformer.wte.weight": theta.W_e.mT,
        "transformer.wpe.weight": theta.W_p.mT,
        **pair("transformer.ln_f", theta.gamma, theta.beta),
        "lm_head.weight": theta.W_u,
    }
    for place, layer in enumerate(theta.layers):
        weights |= _layer(layer, f"transformer.h.{place}")
    return weights


def _layer(layer: Record, name: str) -> Weights:
    weights, biases = side_by_side(layer.W.W_qkv)
    return {  # a column for each output
        **pair(f"{name}.attn.c_attn", torch.cat(weights).mT, torch.cat(biases)),
        **pair(f"{name}.attn.c_proj", layer.W.W_o.mT, layer.W.b_o),
        **pair(f"{name}.ln_1", layer.gamma1, layer.beta1),
        **pair(f"{name}.ln_2", layer.gamma2, layer.beta2),
        **pair(f"{name}.mlp.c_fc", layer.W_mlp1.mT, layer.b_mlp1),
        **pair(f"{name}.mlp.c_proj", layer.W_mlp2.mT, layer.b_mlp2),
    }


adapter = HuggingFaceModel(
    "transformers.GPT2LMHeadModel",
    "10",
    {
        "vocab_size": "N_V",
        "n_positions": "ℓ_max",
        "n_embd": "d_e",
        "n_inner": "d_mlp",
        "n_layer": "L",
        "n_head": "H",
    },
    "activation_function",
    "layer_norm_epsilon",
    _weights,
    configured={"bos_token_id": None, "eos_token_id": None},
    called={"use_cache": False},
).adapter
