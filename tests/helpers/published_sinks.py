"""The attention of gpt-oss, every tensor redrawn, and ours with what its files hold."""

from __future__ import annotations

import torch
import transformers
from transformers.models.gpt_oss.modeling_gpt_oss import (
    GptOssAttention,
    GptOssRotaryEmbedding,
)

from algorithms.extensions.masks import banded_mask
from algorithms.extensions.sink_attention import (
    SinkAttention,
    SinkAttentionParameters,
    SinkGroupParameters,
)
from algorithms.paper.notation import unidirectional_mask
from helpers import published_models as published


def gpt_oss_attention(window: int | None = None) -> published.Compared:
    """The attention of a layer whose tokens see a window, or of one whose tokens see all before."""
    H_kv, R, d_attn, d_x = published.H_KV, published.R, published.D_ATTN, 12
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
    model = published.redrawn(GptOssAttention(config, 0))
    turned = published.redrawn(GptOssRotaryEmbedding(config))  # ω, which is in no file
    source = torch.Generator().manual_seed(5)
    X = torch.randn((2, d_x, published.ELL), generator=source, dtype=torch.float64)
    Mask = unidirectional_mask(X) if window is None else banded_mask(X, window)
    places = torch.arange(published.ELL)[None]
    angles = published.doubled(turned, X.mT, places)
    want = published.doubled(model, X.mT, angles, published.offsets(Mask)[None, None])[0].mT

    weights = {name: array.detach() for name, array in model.named_parameters()}

    def part(name: str, *heads: int) -> tuple[torch.Tensor, torch.Tensor]:
        W, b = (weights[f"{name}_proj.{kind}"] for kind in ("weight", "bias"))
        return W.reshape(*heads, d_attn, d_x), b.reshape(*heads, d_attn)

    sigma = weights["sinks"].reshape(H_kv, R)
    groups = SinkGroupParameters(*part("q", H_kv, R), sigma, *part("k", H_kv), *part("v", H_kv))
    W = SinkAttentionParameters(groups, weights["o_proj.weight"], weights["o_proj.bias"])
    return published.Compared(SinkAttention, (X, W, Mask, turned.inv_freq), want)
