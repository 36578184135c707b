"""`MarianMTModel` as Algorithm 8: with √d_e W_e for W_e, SiLU for ReLU, and W_eᵀ for W_u.

Its positions are sines and cosines, that are W_p here; an offset of the scores is 0.
"""

from __future__ import annotations

from typing import Any

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
from spec.calling.python_signature import name_of
from spec.inputs.adapter import Adapter, AdapterError, Function
from spec.inputs.arguments import Arguments
from spec.inputs.records import Record

NAME = "transformers.MarianMTModel"
#: The names of the maps of attention.
MAPS = ("q_proj", "k_proj", "v_proj", "out_proj")
#: Token embeddings times √d_e.
SCALED = "embedding-scaled-8"
#: The ε of torch: the configuration has no name for it.
FIXED = {"ε": 1e-5}
#: How published models are configured, unlike a `MarianConfig` of no arguments.
PUBLISHED = {"activation_function": "swish", "scale_embedding": True}


def adapter(function: Function) -> Adapter:
    """Return the adapter of a class, configured as published models are, or of an instance.

    Raises
    ------
    AdapterError
        If the two halves of an instance have other sizes.
    """
    if isinstance(function, type):
        departures = (*activation("swish", "8"), SCALED)
        return Adapter(NAME, _call, divided, Restrictions(tied=True), FIXED, departures)
    config = configuration(function)
    for name in ("attention_heads", "ffn_dim"):
        one, other = (getattr(config, f"{half}_{name}") for half in ("encoder", "decoder"))
        if one != other:
            raise AdapterError(
                f"{name_of(function)} has {name} {one} in its encoder and {other} in its decoder, "
                "and Algorithm 8 the same"
            )
    own = {
        **split(config.d_model, config.encoder_attention_heads),
        "N_V": config.vocab_size,
        "ℓ_max": config.max_position_embeddings,
        "L_enc": config.encoder_layers,
        "L_dec": config.decoder_layers,
        "d_mlp": config.encoder_ffn_dim,
    }
    return Adapter(
        NAME,
        _call,
        of_instance(own),
        Restrictions(tied=config.tie_word_embeddings),
        FIXED,
        (*activation(config.activation_function, "8"), *(SCALED,) * config.scale_embedding),
    )


def _call(function: Function, arguments: Arguments) -> Any:
    theta, z, x = converted("torch", (arguments.theta, arguments.z, arguments.x))
    first = arguments.theta.encoder_layers[0]
    heads, d_mlp, N_V = len(first.W_enc.W_qkv.W_q), len(first.W_mlp1), theta.W_e.shape[1]
    one = model(
        function,
        vocab_size=N_V,
        max_position_embeddings=theta.W_p.shape[1],
        d_model=len(theta.W_e),
        encoder_layers=len(theta.encoder_layers),
        decoder_layers=len(theta.decoder_layers),
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        encoder_ffn_dim=d_mlp,
        decoder_ffn_dim=d_mlp,
        pad_token_id=N_V - 1,
        decoder_start_token_id=N_V - 1,
        eos_token_id=0,
        forced_eos_token_id=None,
        **PUBLISHED,
    )
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
        weights |= _encoder(layer, f"model.encoder.layers.{place}")
    for place, layer in enumerate(theta.decoder_layers):
        weights |= _decoder(layer, f"model.decoder.layers.{place}")
    result = call_with(one, weights, z[None], decoder_input_ids=x[None], use_cache=False)
    return probabilities(result.logits)


def _encoder(layer: Record, name: str) -> Weights:
    return {
        **projections(layer.W_enc, f"{name}.self_attn", *MAPS),
        **pair(f"{name}.self_attn_layer_norm", layer.gamma1, layer.beta1),
        **pair(f"{name}.final_layer_norm", layer.gamma2, layer.beta2),
        **pair(f"{name}.fc1", layer.W_mlp1, layer.b_mlp1),
        **pair(f"{name}.fc2", layer.W_mlp2, layer.b_mlp2),
    }


def _decoder(layer: Record, name: str) -> Weights:
    return {
        **projections(layer.W_dec, f"{name}.self_attn", *MAPS),
        **projections(layer.W_ed, f"{name}.encoder_attn", *MAPS),
        **pair(f"{name}.self_attn_layer_norm", layer.gamma3, layer.beta3),
        **pair(f"{name}.encoder_attn_layer_norm", layer.gamma4, layer.beta4),
        **pair(f"{name}.final_layer_norm", layer.gamma5, layer.beta5),
        **pair(f"{name}.fc1", layer.W_mlp3, layer.b_mlp3),
        **pair(f"{name}.fc2", layer.W_mlp4, layer.b_mlp4),
    }
