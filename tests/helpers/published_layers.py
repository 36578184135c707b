"""Layers of published models, every tensor redrawn, and ours with what their files hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial

import torch
import transformers
from transformers.models.deepseek_v2.modeling_deepseek_v2 import DeepseekV2Attention
from transformers.models.gpt_oss.modeling_gpt_oss import (
    GptOssAttention,
    GptOssRotaryEmbedding,
)
from transformers.models.mixtral.modeling_mixtral import MixtralSparseMoeBlock

from algorithms.extensions.additive_attention import (
    AdditiveAttention,
    AdditiveAttentionParameters,
)
from algorithms.extensions.gated import GatedParameters
from algorithms.extensions.latent_attention import LatentAttention, LatentAttentionParameters
from algorithms.extensions.masks import banded_mask
from algorithms.extensions.mixture import Expert, Mixture, MixtureParameters
from algorithms.extensions.sink_attention import (
    SinkAttention,
    SinkAttentionParameters,
    SinkGroupParameters,
)
from algorithms.paper.notation import unidirectional_mask
from helpers.compared_models import (
    D_ATTN,
    ELL,
    H_KV,
    Compared,
    H,
    R,
    doubled,
    offsets,
    redrawn,
)


def gpt_oss_attention(window: int | None = None) -> Compared:
    """The attention of a layer whose tokens see a window, or of one whose tokens see all before."""
    H_kv, d_attn, d_x = H_KV, D_ATTN, 12
    kind = "full_attention" if window is None else "sliding_attention"
    config = transformers.GptOssConfig(
        hidden_size=d_x,
        num_attention_heads=H_kv * R,
        num_key_value_heads=H_kv,
        head_dim=d_attn,
        num_hidden_layers=1,
        layer_types=[kind],
        sliding_window=window,
        attention_bias=True,
        rope_parameters={"rope_type": "default", "rope_theta": 10.0},
        attn_implementation="eager",
    )
    model = redrawn(GptOssAttention(config, 0))
    turned = redrawn(GptOssRotaryEmbedding(config))  # ω, which is in no file
    source = torch.Generator().manual_seed(5)
    X = torch.randn((2, d_x, ELL), generator=source, dtype=torch.float64)
    Mask = unidirectional_mask(X) if window is None else banded_mask(X, window)
    places = torch.arange(ELL)[None]
    angles = doubled(turned, X.mT, places)
    want = doubled(model, X.mT, angles, offsets(Mask)[None, None])[0].mT

    weights = {name: array.detach() for name, array in model.named_parameters()}

    def part(name: str, *heads: int) -> tuple[torch.Tensor, torch.Tensor]:
        W, b = (weights[f"{name}_proj.{kind}"] for kind in ("weight", "bias"))
        return W.reshape(*heads, d_attn, d_x), b.reshape(*heads, d_attn)

    sigma = weights["sinks"].reshape(H_kv, R)
    groups = SinkGroupParameters(*part("q", H_kv, R), sigma, *part("k", H_kv), *part("v", H_kv))
    W = SinkAttentionParameters(groups, weights["o_proj.weight"], weights["o_proj.bias"])
    return Compared(SinkAttention, (X, W, Mask, turned.inv_freq), want)


def deepseek_attention() -> Compared:
    """The attention of a layer of DeepSeek-V2-Lite, whose queries come out of X itself."""
    d_x, d_c, d_attn, d_rot, d_mid = 12, 8, 6, 2, 5
    config = transformers.DeepseekV2Config(
        hidden_size=d_x,
        num_attention_heads=H,
        num_key_value_heads=H,
        q_lora_rank=None,
        kv_lora_rank=d_c,
        qk_nope_head_dim=d_attn,
        qk_rope_head_dim=2 * d_rot,
        v_head_dim=d_mid,
        attention_bias=False,
        rope_parameters={"rope_type": "default", "rope_theta": 10.0},
        attn_implementation="eager",
    )
    model = redrawn(DeepseekV2Attention(config, 0))
    source = torch.Generator().manual_seed(5)
    X = torch.randn((2, d_x, ELL), generator=source, dtype=torch.float64)
    omega = torch.randn((d_rot,), generator=source, dtype=torch.float64)
    Mask = unidirectional_mask(X)
    angles = torch.arange(ELL)[:, None] * omega
    turns = torch.polar(torch.ones_like(angles), angles)[None]
    hidden = torch.where(Mask, 0.0, -torch.inf).mT[None, None].to(X.dtype)
    want = doubled(model, X.mT, hidden, position_embeddings=turns)[0].mT

    weights = {name: array.detach() for name, array in model.named_parameters()}
    W_q, W_qr = weights["q_proj.weight"].reshape(H, -1, d_x).split([d_attn, 2 * d_rot], 1)
    W_c, W_kr = weights["kv_a_proj_with_mqa.weight"].split([d_c, 2 * d_rot])
    W_k, W_v = weights["kv_b_proj.weight"].reshape(H, -1, d_c).split([d_attn, d_mid], 1)
    gamma_c, W_o = weights["kv_a_layernorm.weight"], weights["o_proj.weight"]
    W = LatentAttentionParameters(W_c, gamma_c, W_kr, W_q, W_qr, W_k, W_v, W_o)
    return Compared(LatentAttention, (X, W, Mask, omega), want, {"eps": 1e-6})


def keras_attention() -> Compared:
    """The layer of Keras, which takes queries and keys that are made already."""
    os.environ["KERAS_BACKEND"] = "torch"  # which is read when Keras is imported
    import keras

    d_x, d_z, d_attn, ell_z = 12, 9, 4, ELL + 2
    source = torch.Generator().manual_seed(5)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=source, dtype=torch.float64)

    X, Z = drawn(2, d_x, ELL), drawn(2, d_z, ell_z)
    W = AdditiveAttentionParameters(drawn(d_attn, d_x), drawn(d_attn, d_z), drawn(d_attn))
    seen = torch.rand((2, ell_z), generator=source) < 0.7
    seen[:, 0] = True
    given = [(W.W_q @ X).mT, Z.mT, (W.W_k @ Z).mT]  # queries, values, keys, as rows
    with keras.device("cpu"):
        layer = keras.layers.AdditiveAttention(dtype="float64")
        layer.build([array.shape for array in given])
        layer.scale.assign(W.a)
        want = doubled(layer, given, mask=[None, seen]).mT
    Mask = seen[..., None].expand(2, ell_z, ELL)
    return Compared(AdditiveAttention, (X, Z, W, Mask), want)


def mixtral_layer(k: int = 2, N_E: int = 5) -> Compared:
    """The hidden layers of Mixtral, of which a token goes through k."""
    d_e, d_mlp = 12, 7
    config = transformers.MixtralConfig(
        hidden_size=d_e,
        intermediate_size=d_mlp,
        num_local_experts=N_E,
        num_experts_per_tok=k,
        experts_implementation="eager",
    )
    model = redrawn(MixtralSparseMoeBlock(config))
    source = torch.Generator().manual_seed(5)
    X = torch.randn((2, d_e, ELL), generator=source, dtype=torch.float64)
    want = doubled(model, X.mT.contiguous()).mT
    weights = {name: array.detach() for name, array in model.named_parameters()}
    gates = weights["experts.gate_up_proj"].split(d_mlp, dim=-2)
    layers = zip(*gates, weights["experts.down_proj"], strict=True)
    experts = tuple(Expert(GatedParameters(*parts)) for parts in layers)
    W = MixtureParameters(weights["gate.weight"], experts)
    return Compared(Mixture, (X, W), want, {"k": k})


#: What is compared, by the name of theirs, with the algorithm that ours is.
LAYERS: Mapping[str, tuple[str, Callable[[], Compared]]] = {
    "GptOssAttention, window 5": ("H8", partial(gpt_oss_attention, 5)),
    "GptOssAttention, no window": ("H8", gpt_oss_attention),
    "DeepseekV2Attention": ("H7", deepseek_attention),
    "keras.layers.AdditiveAttention": ("C3", keras_attention),
    "MixtralSparseMoeBlock": ("F3", mixtral_layer),
}
