"""Attention of Hugging Face's that knows distances, every tensor redrawn, and ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
import transformers
from transformers.models.bloom.modeling_bloom import BloomAttention, build_alibi_tensor
from transformers.models.mpt.modeling_mpt import MptAttention, build_mpt_alibi_tensor
from transformers.models.vits.modeling_vits import VitsAttention
from transformers.models.wav2vec2_bert.modeling_wav2vec2_bert import Wav2Vec2BertSelfAttention

from algorithms import AttentionParameters, MHAttentionParameters
from algorithms.extensions.alibi import ALiBiAttention
from algorithms.extensions.relative_attention import (
    MHRelativeAttention,
    MHRelativeAttentionParameters,
    RelativeAttention,
    RelativeAttentionParameters,
)
from algorithms.paper.notation import bidirectional_mask, unidirectional_mask
from helpers.compared_models import Compared, doubled, offsets, redrawn
from helpers.double_precision import DoublePrecision

H, D_ATTN, ELL = 3, 4, 9


def sequence(d_x: int) -> Any:
    """A batch of two, tokens as columns."""
    source = torch.Generator().manual_seed(5)
    return torch.randn((2, d_x, ELL), generator=source, dtype=torch.float64)


def of_heads(matrix: Any, heads: int) -> Any:
    """Rows of each head."""
    return matrix.detach().unflatten(0, (heads, -1))


# Tables of distances ------------------------------------------------------------------------------


def vits(window: int) -> Compared:
    """VITS, which has nothing beyond its window: one more column at each end is 0."""
    config = transformers.VitsConfig(
        hidden_size=H * D_ATTN, num_attention_heads=H, window_size=window, use_bias=False
    )
    model, X = redrawn(VitsAttention(config)), sequence(H * D_ATTN)
    for table in (model.emb_rel_k, model.emb_rel_v):  # no layer has them
        torch.nn.init.normal_(table.data, generator=torch.Generator().manual_seed(6))
    projections = (model.q_proj, model.k_proj, model.v_proj)
    heads = RelativeAttentionParameters(*(of_heads(one.weight, H) for one in projections))
    tables = (model.emb_rel_k.detach()[0].mT, model.emb_rel_v.detach()[0].mT)
    A_k, A_v = (torch.nn.functional.pad(table, (1, 1)) for table in tables)
    W = MHRelativeAttentionParameters(heads, A_k, A_v, model.out_proj.weight.detach())
    Q = doubled(model, X.mT)[0].mT
    return Compared(MHRelativeAttention, (X, W, bidirectional_mask(X, X)), Q)


def relative_heads(X: Any, W: Any, A_k: Any, A_v: Any, joined: Any, Mask: Any) -> Any:
    """Algorithm R5 of several heads, joined by W_o, b_o; what has offsets has a row of ones."""
    ones = torch.ones_like(X[..., :1, :])
    Y = RelativeAttention(torch.cat([X, ones], -2)[:, None], W, A_k, A_v, Mask)
    W_o, b_o = joined
    return W_o @ Y.flatten(-3, -2) + b_o[:, None]


def wav2vec2_bert(k: int) -> Compared:
    """Wav2Vec2-BERT with relative keys, which has no table of values."""
    config = transformers.Wav2Vec2BertConfig(
        hidden_size=H * D_ATTN,
        num_attention_heads=H,
        position_embeddings_type="relative_key",
        left_max_position_embeddings=k,
        right_max_position_embeddings=k,
        attn_implementation="eager",
    )
    model, X = redrawn(Wav2Vec2BertSelfAttention(config)), sequence(H * D_ATTN)
    projections = (model.linear_q, model.linear_k, model.linear_v)
    joined = (torch.cat([one.weight, one.bias[:, None]], 1) for one in projections)
    W = RelativeAttentionParameters(*(of_heads(one, H) for one in joined))
    A_k = model.distance_embedding.weight.detach().mT
    output = (model.linear_out.weight.detach(), model.linear_out.bias.detach())
    Mask = bidirectional_mask(X, X)
    arguments = (X, W, A_k, torch.zeros_like(A_k), output, Mask)
    return Compared(relative_heads, arguments, doubled(model, X.mT)[0].mT)


# ALiBi --------------------------------------------------------------------------------------------


def alibi_heads(X: Any, W: MHAttentionParameters[Any], slopes: Sequence[float]) -> Any:
    """Algorithm R10 of several heads, each with its slope, joined as in Algorithm 5."""
    heads = [AttentionParameters(*(w[h] for w in W.W_qkv)) for h in range(len(slopes))]
    Mask = unidirectional_mask(X)
    pairs = zip(heads, slopes, strict=True)
    Y = torch.cat([ALiBiAttention(X, head, slope, Mask) for head, slope in pairs], -2)
    return W.W_o @ Y + W.b_o[:, None]


def slopes(heads: int) -> list[float]:
    """Those of published code: for no power of 2, of the one below and then between those."""
    lower = 2 ** (heads.bit_length() - 1)
    first = [2.0 ** (-8 * h / lower) for h in range(1, lower + 1)]
    between = [2.0 ** (-4 * h / lower) for h in range(1, 2 * lower, 2)]
    return [*first, *between][:heads]


def bloom(heads: int) -> Compared:
    """BLOOM, which adds s t_z alone: what all keys have alike, softmax does not see."""
    d_e = heads * D_ATTN
    config = transformers.BloomConfig(hidden_size=d_e, n_head=heads)
    model, X = redrawn(BloomAttention(config, layer_idx=0)), sequence(d_e)
    with DoublePrecision():
        added = build_alibi_tensor(torch.ones(2, ELL), heads, torch.float64)
    mask = offsets(unidirectional_mask(X))[None, None]
    residual = torch.zeros_like(X.mT)
    Q = doubled(model, X.mT, residual, alibi=added, attention_mask=mask)[0].mT
    weights = of_heads(model.query_key_value.weight, heads).unflatten(1, (3, D_ATTN))
    biases = of_heads(model.query_key_value.bias, heads).unflatten(1, (3, D_ATTN))
    parts = (part[:, at] for at in range(3) for part in (weights, biases))
    joined = (model.dense.weight.detach(), model.dense.bias.detach())
    W = MHAttentionParameters(AttentionParameters(*parts), *joined)
    return Compared(alibi_heads, (X, W, slopes(heads)), Q)


def mpt(heads: int) -> Compared:
    """MPT, which adds −s (ℓ − t_z)."""
    d_e = heads * D_ATTN
    config = transformers.MptConfig(d_model=d_e, n_heads=heads)
    model, X = redrawn(MptAttention(config, 0)), sequence(d_e)
    with DoublePrecision():
        added = build_mpt_alibi_tensor(heads, ELL)
    hidden = ~unidirectional_mask(X).mT
    Q = doubled(model, X.mT, added, attention_mask=hidden)[0].mT
    o = torch.zeros(heads, D_ATTN, dtype=torch.float64)
    q, k, v = (of_heads(part, heads) for part in of_heads(model.Wqkv.weight, 3))
    W_o = model.out_proj.weight.detach()
    W = MHAttentionParameters(AttentionParameters(q, o, k, o, v, o), W_o, 0 * W_o[0])
    return Compared(alibi_heads, (X, W, slopes(heads)), Q)


#: What is compared, by the name of theirs, with the algorithm that ours is.
POSITIONS: Mapping[str, tuple[str, Callable[[], Compared]]] = {
    "VitsAttention, window 4": ("R6", partial(vits, 4)),
    "VitsAttention, window 12": ("R6", partial(vits, 12)),
    "Wav2Vec2BertSelfAttention, relative_key": ("R5", partial(wav2vec2_bert, 3)),
    **{f"BloomAttention, {H} heads": ("R10", partial(bloom, H)) for H in (4, 6, 8, 16)},
    **{f"MptAttention, {H} heads": ("R10", partial(mpt, H)) for H in (4, 6, 16)},
}
