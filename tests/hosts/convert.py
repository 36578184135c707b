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


def columns_head(W_qkv: Any) -> dict[str, Any]:
    names = ("Wq", "bq", "Wk", "bk", "Wv", "bv")
    return dict(zip(names, W_qkv, strict=True))


def columns_attention(W: Any) -> dict[str, Any]:
    heads = [columns_head(head) for head in zip(*W.W_qkv, strict=True)]
    return {"heads": heads, "Wo": W.W_o, "bo": W.b_o}


def columns_layer(layer: Any, attention: str = "W") -> dict[str, Any]:
    """A layer of Algorithms 9 and 10, or one of 8's encoder, where W has another name."""
    return {
        "attn": columns_attention(getattr(layer, attention)),
        "ln1": {"g": layer.gamma1, "b": layer.beta1},
        "ffn": {"W1": layer.W_mlp1, "b1": layer.b_mlp1, "W2": layer.W_mlp2, "b2": layer.b_mlp2},
        "ln2": {"g": layer.gamma2, "b": layer.beta2},
    }


def columns_decoder_layer(layer: Any) -> dict[str, Any]:
    return {
        "attn": columns_attention(layer.W_dec),
        "ln1": {"g": layer.gamma3, "b": layer.beta3},
        "cross": columns_attention(layer.W_ed),
        "ln2": {"g": layer.gamma4, "b": layer.beta4},
        "ffn": {"W1": layer.W_mlp3, "b1": layer.b_mlp3, "W2": layer.W_mlp4, "b2": layer.b_mlp4},
        "ln3": {"g": layer.gamma5, "b": layer.beta5},
    }


def columns_seq2seq(theta: Any) -> dict[str, Any]:
    return {
        "We": theta.W_e,
        "Wp": theta.W_p,
        "encoder": [columns_layer(layer, "W_enc") for layer in theta.encoder_layers],
        "decoder": [columns_decoder_layer(layer) for layer in theta.decoder_layers],
        "Wu": theta.W_u,
    }


def columns_gpt(theta: Any) -> dict[str, Any]:
    return {
        "We": theta.W_e,
        "Wp": theta.W_p,
        "layers": [columns_layer(layer) for layer in theta.layers],
        "ln_f": {"g": theta.gamma, "b": theta.beta},
        "Wu": theta.W_u,
    }


def columns_bert(theta: Any) -> dict[str, Any]:
    return {**columns_gpt(theta), "Wf": theta.W_f, "bf": theta.b_f}
