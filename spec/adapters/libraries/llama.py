"""`LlamaForCausalLM` as Algorithm X1, and `MistralForCausalLM`, with its window, as X2.

Both compute norms and angles in float32 whatever their weights are.
"""

from dataclasses import replace
from typing import Any

from spec.adapters.libraries.hugging_face import HuggingFaceModel
from spec.adapters.libraries.torch_weights import Weights
from spec.calling.python_signature import name_of
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Adapter, Sizes
from spec.inputs.python_form import Record

#: Kinds of rotary positions whose frequencies do not depend on the text.
FIXED = ("default", "linear", "llama3")


def _weights(_: Any, theta: Record) -> Weights:
    weights = {
        "model.embed_tokens.weight": theta.W_e.mT,
        "model.norm.weight": theta.gamma,
        "lm_head.weight": theta.W_u,
    }
    for place, layer in enumerate(theta.layers):
        weights |= _layer(layer, f"model.layers.{place}")
    return weights


def _layer(layer: Record, name: str) -> Weights:
    maps = {
        "self_attn.q_proj": layer.W.W_g.W_q.flatten(0, 2),
        "self_attn.k_proj": layer.W.W_k.flatten(0, 1),
        "self_attn.v_proj": layer.W.W_v.flatten(0, 1),
        "self_attn.o_proj": layer.W.W_o,
        "mlp.gate_proj": layer.W_mlp.W_gate,
        "mlp.up_proj": layer.W_mlp.W_mlp1,
        "mlp.down_proj": layer.W_mlp.W_mlp2,
        "input_layernorm": layer.gamma1,
        "post_attention_layernorm": layer.gamma2,
    }
    return {f"{name}.{path}.weight": weight for path, weight in maps.items()}


def _in_pairs(asked: Sizes) -> Sizes:
    """Return sizes at which all rows of a head turn, and values are as long as keys.

    Though no size depends on it, d_e has to be a multiple of the number of heads.
    """
    heads = asked["H_kv"] * asked["R"]
    d_e = heads * max(1, asked["d_e"] // heads)
    return {**asked, **_of_head(2 * max(1, asked["d_attn"] // 2)), "d_e": d_e}


def _of_head(d_attn: int) -> Sizes:
    return {"d_attn": d_attn, "d_mid": d_attn, "d_rot": d_attn // 2}


LLAMA = HuggingFaceModel(
    "transformers.LlamaForCausalLM",
    "X1",
    {
        "vocab_size": "N_V",
        "hidden_size": "d_e",
        "intermediate_size": "d_mlp",
        "num_hidden_layers": "L",
        "num_key_value_heads": "H_kv",
        "num_attention_heads": "H_kv R",
        "head_dim": "d_attn",
    },
    "hidden_act",
    "rms_norm_eps",
    _weights,
    configured={"bos_token_id": None, "eos_token_id": None},
    called={"use_cache": False},
    fitting=_in_pairs,
    implied=lambda own: _of_head(own["d_attn"]),
    activated="F1",
    vectors={"omega": ("model.rotary_emb.inv_freq", "model.rotary_emb.original_inv_freq")},
    formats=("float32", "bfloat16"),
)
MISTRAL = replace(
    LLAMA,
    name="transformers.MistralForCausalLM",
    algorithm="X2",
    sizes={**LLAMA.sizes, "sliding_window": "w"},
)


def llama(function: Any) -> Adapter:
    """Return the adapter of a Llama, whose frequencies are those of any Algorithm R3."""
    _require_fixed_frequencies(function)
    return LLAMA.adapter(function)


def mistral(function: Any) -> Adapter:
    """Return the adapter of a Mistral with a window."""
    _require_fixed_frequencies(function)
    if not isinstance(function, type) and function.config.sliding_window is None:
        raise AdapterError(f"{name_of(function)} has no window: it is Algorithm X1")
    return MISTRAL.adapter(function)


def mistral_without_window(function: Any) -> Adapter:
    """Return the adapter of a Mistral that has no window: Algorithm X1."""
    _require_fixed_frequencies(function)
    if isinstance(function, type) or function.config.sliding_window is not None:
        raise AdapterError(f"{name_of(function)} has a window: it is Algorithm X2")
    return replace(LLAMA, name=MISTRAL.name).adapter(function)


def _require_fixed_frequencies(function: Any) -> None:
    """Refuse an instance whose frequencies change with the text, or whose angles have a factor."""
    if isinstance(function, type):
        return
    positions = function.model.rotary_emb
    if positions.rope_type not in FIXED or positions.attention_scaling != 1:
        raise AdapterError(
            f"{name_of(function)} has rotary positions of the kind {positions.rope_type}, whose "
            "frequencies are no vector ω"
        )
