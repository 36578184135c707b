"""`MarianMTModel` as Algorithm 8: with √d_e W_e for W_e, SiLU for ReLU, and W_eᵀ for W_u.

Its positions are sines and cosines, whose place W_p takes here; an offset of the scores is 0.
"""

from typing import Any

from spec.adapters.libraries.hugging_face import HuggingFaceModel
from spec.adapters.libraries.torch_weights import Weights, pair, projections
from spec.inputs.python_form import Record

#: The linear maps of an attention.
MAPS = ("q_proj", "k_proj", "v_proj", "out_proj")


def _weights(_: Any, theta: Record) -> Weights:
    weights = {
        "model.shared.weight": theta.W_e.mT,
        "model.encoder.embed_tokens.weight": theta.W_e.mT,
        "model.decoder.embed_tokens.weight": theta.W_e.mT,
        "model.encoder.embed_positions.weight": theta.W_p.mT,
        "model.decoder.embed_positions.weight": theta.W_p.mT,
        "lm_head.weight": theta.W_u,
        "final_logits_bias": 0 * theta.W_u.mT[:1],
    }
    for place, layer in enumerate(theta.encoder_layers):
        weights |= _encoder_layer(layer, f"model.encoder.layers.{place}")
    for place, layer in enumerate(theta.decoder_layers):
        weights |= _decoder_layer(layer, f"model.decoder.layers.{place}")
    return weights


def _encoder_layer(layer: Record, name: str) -> Weights:
    return {
        **projections(layer.W_enc, f"{name}.self_attn", *MAPS),
        **pair(f"{name}.self_attn_layer_norm", layer.gamma1, layer.beta1),
        **pair(f"{name}.final_layer_norm", layer.gamma2, layer.beta2),
        **pair(f"{name}.fc1", layer.W_mlp1, layer.b_mlp1),
        **pair(f"{name}.fc2", layer.W_mlp2, layer.b_mlp2),
    }


def _decoder_layer(layer: Record, name: str) -> Weights:
    return {
        **projections(layer.W_dec, f"{name}.self_attn", *MAPS),
        **projections(layer.W_ed, f"{name}.encoder_attn", *MAPS),
        **pair(f"{name}.self_attn_layer_norm", layer.gamma3, layer.beta3),
        **pair(f"{name}.encoder_attn_layer_norm", layer.gamma4, layer.beta4),
        **pair(f"{name}.final_layer_norm", layer.gamma5, layer.beta5),
        **pair(f"{name}.fc1", layer.W_mlp3, layer.b_mlp3),
        **pair(f"{name}.fc2", layer.W_mlp4, layer.b_mlp4),
    }


adapter = HuggingFaceModel(
    "transformers.MarianMTModel",
    "8",
    {
        "vocab_size": "N_V",
        "max_position_embeddings": "ℓ_max",
        "d_model": "d_e",
        "encoder_layers": "L_enc",
        "decoder_layers": "L_dec",
        "encoder_attention_heads": "H",
        "decoder_attention_heads": "H",
        "encoder_ffn_dim": "d_mlp",
        "decoder_ffn_dim": "d_mlp",
    },
    "activation_function",
    None,
    _weights,
    departures=lambda config: ("embedding-scaled-8",) * config.scale_embedding,
    # Published models are configured so, unlike a `MarianConfig` without arguments.
    configured={
        "activation_function": "swish",
        "scale_embedding": True,
        "pad_token_id": 0,
        "decoder_start_token_id": 0,
        "eos_token_id": 0,
        "forced_eos_token_id": None,
    },
    called={"use_cache": False},
).adapter
