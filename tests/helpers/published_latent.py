"""DeepSeek's attention, every tensor redrawn, and ours with what its file holds."""

from __future__ import annotations

import torch
import transformers
from transformers.models.deepseek_v2.modeling_deepseek_v2 import DeepseekV2Attention

from algorithms.extensions.latent_attention import LatentAttention, LatentAttentionParameters
from algorithms.paper.notation import unidirectional_mask
from helpers import published_models as published

EPS = 1e-6  # of the norm, in their code


def deepseek_attention() -> published.Compared:
    """The attention of a layer of DeepSeek-V2-Lite, whose queries come out of X itself."""
    H, d_x, d_c, d_attn, d_rot, d_mid = published.H, 12, 8, 6, 2, 5
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
    model = published.redrawn(DeepseekV2Attention(config, 0))
    source = torch.Generator().manual_seed(5)
    X = torch.randn((2, d_x, published.ELL), generator=source, dtype=torch.float64)
    omega = torch.randn((d_rot,), generator=source, dtype=torch.float64)
    Mask = unidirectional_mask(X)
    angles = torch.arange(published.ELL)[:, None] * omega
    turns = torch.polar(torch.ones_like(angles), angles)[None]
    hidden = torch.where(Mask, 0.0, -torch.inf).mT[None, None].to(X.dtype)
    want = published.doubled(model, X.mT, hidden, position_embeddings=turns)[0].mT

    weights = {name: array.detach() for name, array in model.named_parameters()}
    W_q, W_qr = weights["q_proj.weight"].reshape(H, -1, d_x).split([d_attn, 2 * d_rot], 1)
    W_c, W_kr = weights["kv_a_proj_with_mqa.weight"].split([d_c, 2 * d_rot])
    W_k, W_v = weights["kv_b_proj.weight"].reshape(H, -1, d_c).split([d_attn, d_mid], 1)
    gamma_c, W_o = weights["kv_a_layernorm.weight"], weights["o_proj.weight"]
    W = LatentAttentionParameters(W_c, gamma_c, W_kr, W_q, W_qr, W_k, W_v, W_o)
    return published.Compared(LatentAttention, (X, W, Mask, omega), want, {"eps": EPS})
