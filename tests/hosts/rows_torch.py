"""Transformers the way PyTorch code is often written: tokens are rows, projections are fused.

A sequence is (..., n, d), with any batch in front. A weight is (out, in) as in `nn.Linear`, an
embedding table (num_embeddings, dim). Queries, keys and values of all heads come from one matrix,
keys and values from one where the context is another sequence. A mask is (n_q, n_k) and True where
a query must not look. Models return logits. Token IDs and positions count from 0.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Attention(NamedTuple):
    w_q: Tensor  # (d_attn, d_x)
    b_q: Tensor
    w_kv: Tensor  # (d_attn + d_out, d_z)
    b_kv: Tensor


class SelfAttention(NamedTuple):
    n_head: int
    w_qkv: Tensor  # (H * d_attn + H * d_attn + H * d_mid, d)
    b_qkv: Tensor
    w_o: Tensor  # (d_out, H * d_mid)
    b_o: Tensor


class CrossAttention(NamedTuple):
    n_head: int
    w_q: Tensor  # (H * d_attn, d_x)
    b_q: Tensor
    w_kv: Tensor  # (H * d_attn + H * d_mid, d_z)
    b_kv: Tensor
    w_o: Tensor  # (d_out, H * d_mid)
    b_o: Tensor


class LayerNorm(NamedTuple):
    gamma: Tensor
    beta: Tensor


class MLP(NamedTuple):
    w_in: Tensor  # (d_mlp, d)
    b_in: Tensor
    w_out: Tensor  # (d, d_mlp)
    b_out: Tensor


class Block(NamedTuple):
    attn: SelfAttention
    norm1: LayerNorm
    mlp: MLP
    norm2: LayerNorm


class DecoderBlock(NamedTuple):
    self_attn: SelfAttention
    norm1: LayerNorm
    cross_attn: CrossAttention
    norm2: LayerNorm
    mlp: MLP
    norm3: LayerNorm


class EncoderDecoder(NamedTuple):
    wte: Tensor  # (vocab, d)
    wpe: Tensor  # (max positions, d)
    encoder: list[Block]
    decoder: list[DecoderBlock]
    w_u: Tensor  # (vocab, d)


class Bert(NamedTuple):
    wte: Tensor
    wpe: Tensor
    blocks: list[Block]
    w_f: Tensor  # (d_f, d)
    b_f: Tensor
    norm_f: LayerNorm
    w_u: Tensor  # (vocab, d_f)


class GPT(NamedTuple):
    wte: Tensor
    wpe: Tensor
    blocks: list[Block]
    norm_f: LayerNorm
    w_u: Tensor


def token_embedding(ids, wte):
    return wte[ids]


def position_embedding(positions, wpe):
    return wpe[positions]


def embed(ids, wte, wpe):
    positions = torch.arange(ids.shape[-1])
    return token_embedding(ids, wte) + position_embedding(positions, wpe)


def causal_mask(n):
    """True above the diagonal: a query must not look at the keys after it."""
    return torch.ones(n, n, dtype=torch.bool).triu(diagonal=1)


def single_query_attention(e, context, p):
    """One token (..., d) looks at a context (..., n, d)."""
    d_attn = p.w_q.shape[0]
    q = e @ p.w_q.T + p.b_q
    kv = context @ p.w_kv.T + p.b_kv
    k, v = kv.split([d_attn, kv.shape[-1] - d_attn], dim=-1)
    scores = (k @ q.unsqueeze(-1)).squeeze(-1)
    weights = torch.softmax(scores / math.sqrt(d_attn), dim=-1)
    return (weights.unsqueeze(-1) * v).sum(dim=-2)


def scaled_dot_product_attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1)
    scores = scores / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    weights = torch.nan_to_num(weights, nan=0.0)  # a query that may look nowhere
    return weights @ v


def attention(x, z, p, mask=None):
    d_attn = p.w_q.shape[0]
    q = x @ p.w_q.T + p.b_q
    kv = z @ p.w_kv.T + p.b_kv
    k, v = kv.split([d_attn, kv.shape[-1] - d_attn], dim=-1)
    return scaled_dot_product_attention(q, k, v, mask)


def split_heads(x, n_head):
    """(..., n, H * d) -> (..., H, n, d)"""
    x = x.view(*x.shape[:-1], n_head, x.shape[-1] // n_head)
    return x.transpose(-3, -2)


def merge_heads(x):
    """(..., H, n, d) -> (..., n, H * d)"""
    x = x.transpose(-3, -2).contiguous()
    return x.view(*x.shape[:-2], x.shape[-2] * x.shape[-1])


def multi_head(q, k, v, p, mask):
    q = split_heads(q, p.n_head)
    k = split_heads(k, p.n_head)
    v = split_heads(v, p.n_head)
    y = scaled_dot_product_attention(q, k, v, mask)
    y = merge_heads(y)
    return y @ p.w_o.T + p.b_o


def self_attention(x, p, mask=None):
    n_mid = p.w_o.shape[1]
    n_attn = (p.w_qkv.shape[0] - n_mid) // 2
    qkv = x @ p.w_qkv.T + p.b_qkv
    q, k, v = qkv.split([n_attn, n_attn, n_mid], dim=-1)
    return multi_head(q, k, v, p, mask)


def cross_attention(x, z, p, mask=None):
    n_mid = p.w_o.shape[1]
    n_attn = p.w_q.shape[0]
    q = x @ p.w_q.T + p.b_q
    kv = z @ p.w_kv.T + p.b_kv
    k, v = kv.split([n_attn, n_mid], dim=-1)
    return multi_head(q, k, v, p, mask)


def layer_norm(x, gamma, beta, eps=0.0):
    mean = x.mean(dim=-1, keepdim=True)
    var = x.var(dim=-1, keepdim=True, unbiased=False)
    return (x - mean) / torch.sqrt(var + eps) * gamma + beta


def gelu(x):
    return 0.5 * x * (1.0 + torch.erf(x / math.sqrt(2.0)))


def mlp(x, p, activation):
    h = x @ p.w_in.T + p.b_in
    h = activation(h)
    return h @ p.w_out.T + p.b_out


def unembedding(x, w_u):
    """The probabilities of the next token."""
    logits = x @ w_u.T
    return torch.softmax(logits, dim=-1)


def encode(z, p):
    h = embed(z, p.wte, p.wpe)
    for block in p.encoder:
        h = h + self_attention(h, block.attn)
        h = layer_norm(h, *block.norm1)
        h = h + mlp(h, block.mlp, torch.relu)
        h = layer_norm(h, *block.norm2)
    return h


def decode(x, memory, p):
    h = embed(x, p.wte, p.wpe)
    mask = causal_mask(x.shape[-1])
    for block in p.decoder:
        h = h + self_attention(h, block.self_attn, mask)
        h = layer_norm(h, *block.norm1)
        h = h + cross_attention(h, memory, block.cross_attn)
        h = layer_norm(h, *block.norm2)
        h = h + mlp(h, block.mlp, torch.relu)
        h = layer_norm(h, *block.norm3)
    return h @ p.w_u.T


def encoder_decoder(z, x, p):
    memory = encode(z, p)
    return decode(x, memory, p)


def encoder_only(x, p):
    h = embed(x, p.wte, p.wpe)
    for block in p.blocks:
        h = h + self_attention(h, block.attn)
        h = layer_norm(h, *block.norm1)
        h = h + mlp(h, block.mlp, gelu)
        h = layer_norm(h, *block.norm2)
    h = gelu(h @ p.w_f.T + p.b_f)
    h = layer_norm(h, *p.norm_f)
    return h @ p.w_u.T


def decoder_only(x, p):
    h = embed(x, p.wte, p.wpe)
    mask = causal_mask(x.shape[-1])
    for block in p.blocks:
        h = h + self_attention(layer_norm(h, *block.norm1), block.attn, mask)
        h = h + mlp(layer_norm(h, *block.norm2), block.mlp, gelu)
    h = layer_norm(h, *p.norm_f)
    return h @ p.w_u.T


def sample(logits, temperature, rng):
    """One token: `rng`, a numpy Generator, is asked for one number."""
    probs = torch.softmax(logits / temperature, dim=-1)
    cdf = probs.cumsum(dim=-1)
    cdf = cdf / cdf[-1]
    u = rng.random()
    return int(torch.searchsorted(cdf, u, side="right"))


@torch.no_grad()
def generate(x, params, n_new, temperature, rng):
    """Continue the prompt (n,) by n_new tokens, and return those."""
    n_prompt = len(x)
    for _ in range(n_new):
        logits = decoder_only(x, params)
        token = sample(logits[-1], temperature, rng)
        x = torch.cat([x, torch.tensor([token])])
    return x[n_prompt:]


@torch.no_grad()
def translate(z, params, temperature, bos, eos, max_len, rng):
    """bos, the translation and eos: at most max_len tokens in all."""
    memory = encode(z, params)
    x = torch.tensor([bos])
    while len(x) < max_len:
        logits = decode(x, memory, params)
        token = sample(logits[-1], temperature, rng)
        x = torch.cat([x, torch.tensor([token])])
        if token == eos:
            break
    return x
