"""From the reference's parameters and inputs to each host's.

The reference's tokens are columns, its heads are stacked along a leading axis, and its layers are
tuples of records; Mask[t_z, t_x] is True where t_x may attend to t_z.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from hosts import rows_torch as rows

# What both sides call the same thing, in another form.


def to_tensor(array: Any) -> torch.Tensor:
    array = np.asarray(array)
    if array.dtype.name == "bfloat16":  # which torch does not know as NumPy's
        return torch.tensor(array.view(np.int16)).view(torch.bfloat16)
    return torch.tensor(array)


def to_rows(X: Any) -> torch.Tensor:
    """Columns become rows: (..., d, n) to (..., n, d)."""
    return to_tensor(np.swapaxes(X, -2, -1))


def to_masked_out(Mask: Any) -> torch.Tensor:
    """The other polarity, and the other way round."""
    return to_tensor(~np.swapaxes(Mask, -2, -1))


# `rows_torch`: fused projections, a row an entry of an embedding.


def rows_attention(W_qkv: Any) -> rows.Attention:
    return rows.Attention(
        w_q=to_tensor(W_qkv.W_q),
        b_q=to_tensor(W_qkv.b_q),
        w_kv=_fused(W_qkv.W_k, W_qkv.W_v),
        b_kv=_fused(W_qkv.b_k, W_qkv.b_v),
    )


def rows_self_attention(W: Any) -> rows.SelfAttention:
    W_q, b_q, W_k, b_k, W_v, b_v = map(_stacked, W.W_qkv)
    W_qkv, b_qkv = _fused(W_q, W_k, W_v), _fused(b_q, b_k, b_v)
    return rows.SelfAttention(len(W.W_qkv.W_q), W_qkv, b_qkv, to_tensor(W.W_o), to_tensor(W.b_o))


def rows_cross_attention(W: Any) -> rows.CrossAttention:
    W_q, b_q, W_k, b_k, W_v, b_v = map(_stacked, W.W_qkv)
    return rows.CrossAttention(
        n_head=len(W.W_qkv.W_q),
        w_q=to_tensor(W_q),
        b_q=to_tensor(b_q),
        w_kv=_fused(W_k, W_v),
        b_kv=_fused(b_k, b_v),
        w_o=to_tensor(W.W_o),
        b_o=to_tensor(W.b_o),
    )


def rows_layer_norm(gamma: Any, beta: Any) -> rows.LayerNorm:
    return rows.LayerNorm(to_tensor(gamma), to_tensor(beta))


def rows_block(layer: Any, attention: str = "W") -> rows.Block:
    """A layer of Algorithms 9 and 10, or one of 8's encoder, where W has another name."""
    return rows.Block(
        attn=rows_self_attention(getattr(layer, attention)),
        norm1=rows_layer_norm(layer.gamma1, layer.beta1),
        mlp=rows.MLP(*map(to_tensor, (layer.W_mlp1, layer.b_mlp1, layer.W_mlp2, layer.b_mlp2))),
        norm2=rows_layer_norm(layer.gamma2, layer.beta2),
    )


def rows_decoder_block(layer: Any) -> rows.DecoderBlock:
    return rows.DecoderBlock(
        self_attn=rows_self_attention(layer.W_dec),
        norm1=rows_layer_norm(layer.gamma3, layer.beta3),
        cross_attn=rows_cross_attention(layer.W_ed),
        norm2=rows_layer_norm(layer.gamma4, layer.beta4),
        mlp=rows.MLP(*map(to_tensor, (layer.W_mlp3, layer.b_mlp3, layer.W_mlp4, layer.b_mlp4))),
        norm3=rows_layer_norm(layer.gamma5, layer.beta5),
    )


def rows_encoder_decoder(theta: Any) -> rows.EncoderDecoder:
    return rows.EncoderDecoder(
        wte=to_tensor(theta.W_e.T),
        wpe=to_tensor(theta.W_p.T),
        encoder=[rows_block(layer, "W_enc") for layer in theta.encoder_layers],
        decoder=[rows_decoder_block(layer) for layer in theta.decoder_layers],
        w_u=to_tensor(theta.W_u),
    )


def rows_gpt(theta: Any, kind: Any = rows.GPT, **more: torch.Tensor) -> Any:
    """A transformer of one sequence; a BERT has a layer more before its last norm."""
    return kind(
        wte=to_tensor(theta.W_e.T),
        wpe=to_tensor(theta.W_p.T),
        blocks=[rows_block(layer) for layer in theta.layers],
        norm_f=rows_layer_norm(theta.gamma, theta.beta),
        w_u=to_tensor(theta.W_u),
        **more,
    )


def rows_bert(theta: Any) -> Any:
    return rows_gpt(theta, rows.Bert, w_f=to_tensor(theta.W_f), b_f=to_tensor(theta.b_f))


def _stacked(part: Any) -> Any:
    """A part of every head, (H, d, …), as one of all heads, (H·d, …)."""
    return part.reshape(-1, *part.shape[2:])


def _fused(*parts: Any) -> torch.Tensor:
    return to_tensor(np.concatenate(parts))


# `columns_numpy`: a dict for every part, a list of heads.


#: By the names of the reference's parameters, those of the host; of a part in a part, both.
COLUMNS = {
    "W_q": "Wq", "b_q": "bq", "W_k": "Wk", "b_k": "bk", "W_v": "Wv", "b_v": "bv",
    "W_o": "Wo", "b_o": "bo", "W_e": "We", "W_p": "Wp", "W_u": "Wu", "W_f": "Wf", "b_f": "bf",
    "W_qkv": "heads", "W": "attn", "W_enc": "attn", "W_dec": "attn", "W_ed": "cross",
    "layers": "layers", "encoder_layers": "encoder", "decoder_layers": "decoder",
    "W_mlp1": "ffn.W1", "b_mlp1": "ffn.b1", "W_mlp2": "ffn.W2", "b_mlp2": "ffn.b2",
    "W_mlp3": "ffn.W1", "b_mlp3": "ffn.b1", "W_mlp4": "ffn.W2", "b_mlp4": "ffn.b2",
    "gamma": "ln_f.g", "gamma1": "ln1.g", "gamma2": "ln2.g",
    "gamma3": "ln1.g", "gamma4": "ln2.g", "gamma5": "ln3.g",
    "beta": "ln_f.b", "beta1": "ln1.b", "beta2": "ln2.b",
    "beta3": "ln1.b", "beta4": "ln2.b", "beta5": "ln3.b",
}  # fmt: skip


def to_columns(record: Any) -> dict[str, Any]:
    """Any part of the parameters, or all of them."""
    parts: dict[str, Any] = {}
    for name, value in record._asdict().items():
        if name == "W_qkv":
            value = tuple(type(value)(*head) for head in zip(*value, strict=True))
        match value:
            case tuple() if hasattr(value, "_fields"):
                value = to_columns(value)
            case tuple():
                value = list(map(to_columns, value))
        *outer, last = COLUMNS[name].split(".")
        holder = parts.setdefault(outer[0], {}) if outer else parts
        holder[last] = value
    return parts
