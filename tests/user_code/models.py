"""Whole models, and layers of models, as people write them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from user_code import layouts


def split(x, heads):
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merge(y):
    return y.transpose(1, 2).flatten(2)


# Decoders ---------------------------------------------------------------------------------------


@dataclass
class Config:
    block_size: int = 1024
    vocab_size: int = 50304
    n_layer: int = 12
    n_head: int = 12
    n_embd: int = 768
    dropout: float = 0.0
    bias: bool = True
    activation: str = "gelu"


class CausalSelfAttention(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.n_head = config.n_head
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd, bias=config.bias)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd, bias=config.bias)
        mask = torch.ones(config.block_size, config.block_size).tril()
        self.register_buffer("bias", mask.view(1, 1, config.block_size, config.block_size))

    def forward(self, x):
        T = x.size(1)
        q, k, v = (split(part, self.n_head) for part in self.c_attn(x).chunk(3, dim=-1))
        scores = q @ k.mT / math.sqrt(k.size(-1))
        scores = scores.masked_fill(self.bias[:, :, :T, :T] == 0, -torch.inf)
        return self.c_proj(merge(scores.softmax(-1) @ v))


class MLP(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.c_fc = nn.Linear(config.n_embd, 4 * config.n_embd, bias=config.bias)
        self.act = {"gelu": nn.GELU(), "relu": nn.ReLU()}[config.activation]
        self.c_proj = nn.Linear(4 * config.n_embd, config.n_embd, bias=config.bias)

    def forward(self, x):
        return self.c_proj(self.act(self.c_fc(x)))


class Block(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.n_embd, bias=config.bias)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = nn.LayerNorm(config.n_embd, bias=config.bias)
        self.mlp = MLP(config)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    """As nanoGPT: a configuration, tied embeddings, logits and a loss."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.transformer = nn.ModuleDict(
            {
                "wte": nn.Embedding(config.vocab_size, config.n_embd),
                "wpe": nn.Embedding(config.block_size, config.n_embd),
                "drop": nn.Dropout(config.dropout),
                "h": nn.ModuleList(Block(config) for _ in range(config.n_layer)),
                "ln_f": nn.LayerNorm(config.n_embd, bias=config.bias),
            }
        )
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self.transformer.wte.weight = self.lm_head.weight

    def forward(self, idx, targets=None):
        assert idx.size(1) <= self.config.block_size
        positions = torch.arange(idx.size(1))
        x = self.transformer.wte(idx) + self.transformer.wpe(positions)
        for block in self.transformer.h:
            x = block(x)
        x = self.transformer.ln_f(x)
        if targets is None:
            return self.lm_head(x[:, [-1], :]), None
        logits = self.lm_head(x)
        return logits, F.cross_entropy(logits.flatten(0, 1), targets.flatten())


class WithoutBiases(nn.Module):
    """As x-transformers: pre-norm inside of the parts, a list of pairs, W_p as a parameter."""

    class Attention(nn.Module):
        def __init__(self, dim, heads, dim_head):
            super().__init__()
            self.heads = heads
            self.norm = nn.LayerNorm(dim)
            self.to_qkv = nn.Linear(dim, 3 * heads * dim_head, bias=False)
            self.to_out = nn.Sequential(nn.Linear(heads * dim_head, dim), nn.Dropout(0.1))

        def forward(self, x):
            x = self.norm(x)
            q, k, v = (split(part, self.heads) for part in self.to_qkv(x).chunk(3, -1))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.to_out(merge(y))

    class FeedForward(nn.Module):
        def __init__(self, dim, hidden):
            super().__init__()
            self.net = nn.Sequential(
                nn.LayerNorm(dim), nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, dim)
            )

        def forward(self, x):
            return self.net(x)

    def __init__(self, *, num_tokens, max_seq_len, dim=512, depth=6, heads=8, dim_head=64, mlp_dim):
        super().__init__()
        self.token_emb = nn.Embedding(num_tokens, dim)
        self.pos_emb = nn.Parameter(torch.randn(1, max_seq_len, dim))
        self.layers = nn.ModuleList(
            nn.ModuleList([self.Attention(dim, heads, dim_head), self.FeedForward(dim, mlp_dim)])
            for _ in range(depth)
        )
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, num_tokens))

    def forward(self, x):
        x = self.token_emb(x) + self.pos_emb[:, : x.size(1)]
        for attention, feed_forward in self.layers:
            x = attention(x) + x
            x = feed_forward(x) + x
        return {"logits": self.head(x), "hidden": x}


class ArraysOfNumPy:
    """Plain objects with NumPy's arrays in lists, columns for outputs, rows of tokens."""

    class Norm:
        def __init__(self, dim):
            self.scale, self.offset = np.ones(dim), np.zeros(dim)

        def __call__(self, x):
            return layouts.layer_norm_of_rows(x, self.scale, self.offset)

    class Layer:
        def __init__(self, dim, hidden):
            self.attention = {name: np.zeros((dim, dim)) for name in ("wq", "wk", "wv", "wo")}
            self.attention_norm, self.mlp_norm = (ArraysOfNumPy.Norm(dim) for _ in range(2))
            self.mlp = {"w1": np.zeros((dim, hidden)), "w2": np.zeros((hidden, dim))}

    def __init__(self, vocab_size, context_length, n_layers, dim, n_heads, mlp_dim):
        self.n_heads = n_heads
        self.embed = np.zeros((vocab_size, dim))
        self.pos_embed = np.zeros((context_length, dim))
        self.layers = [self.Layer(dim, mlp_dim) for _ in range(n_layers)]
        self.final_norm = self.Norm(dim)

    def __call__(self, tokens):
        n = tokens.shape[-1]
        x = self.embed[tokens] + self.pos_embed[:n]
        hidden = layouts.blocking(np.triu(np.ones((n, n), bool), 1)).astype(x.dtype)
        for layer in self.layers:
            w, y = layer.attention, layer.attention_norm(x)
            q, k, v = (layouts.split(y @ w[name], self.n_heads) for name in ("wq", "wk", "wv"))
            x = x + layouts.merge(layouts.attend(q, k, v, hidden)) @ w["wo"]
            y = torch.from_numpy(layer.mlp_norm(x) @ layer.mlp["w1"])
            x = x + F.gelu(y).numpy() @ layer.mlp["w2"]
        return self.final_norm(x) @ self.embed.T


# An encoder and decoder -------------------------------------------------------------------------


class MultiHeadedAttention(nn.Module):
    def __init__(self, h, d_model):
        super().__init__()
        self.h = h
        self.linears = nn.ModuleList(nn.Linear(d_model, d_model) for _ in range(4))

    def forward(self, query, key, value, mask):
        parts = zip(self.linears, (query, key, value), strict=False)
        q, k, v = (split(linear(part), self.h) for linear, part in parts)
        scores = (q @ k.mT / math.sqrt(q.size(-1))).masked_fill(mask == 0, -1e9)
        return self.linears[-1](merge(scores.softmax(-1) @ v))


class Residual(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.norm = nn.LayerNorm(size)

    def forward(self, x, sublayer):
        return self.norm(x + sublayer(x))


class FeedForward(nn.Module):
    def __init__(self, d_model, d_ff):
        super().__init__()
        self.w_1, self.w_2 = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)

    def forward(self, x):
        return self.w_2(self.w_1(x).relu())


class EncoderLayer(nn.Module):
    def __init__(self, d_model, h, d_ff):
        super().__init__()
        self.self_attn = MultiHeadedAttention(h, d_model)
        self.feed_forward = FeedForward(d_model, d_ff)
        self.sublayer = nn.ModuleList(Residual(d_model) for _ in range(2))

    def forward(self, x, mask):
        x = self.sublayer[0](x, lambda x: self.self_attn(x, x, x, mask))
        return self.sublayer[1](x, self.feed_forward)


class DecoderLayer(nn.Module):
    def __init__(self, d_model, h, d_ff):
        super().__init__()
        self.self_attn = MultiHeadedAttention(h, d_model)
        self.src_attn = MultiHeadedAttention(h, d_model)
        self.feed_forward = FeedForward(d_model, d_ff)
        self.sublayer = nn.ModuleList(Residual(d_model) for _ in range(3))

    def forward(self, x, memory, src_mask, tgt_mask):
        x = self.sublayer[0](x, lambda x: self.self_attn(x, x, x, tgt_mask))
        x = self.sublayer[1](x, lambda x: self.src_attn(x, memory, memory, src_mask))
        return self.sublayer[2](x, self.feed_forward)


class Positions(nn.Module):
    """Sines and cosines, in a buffer."""

    def __init__(self, d_model, max_len):
        super().__init__()
        angles = torch.arange(max_len)[:, None] / 1e4 ** (torch.arange(d_model) // 2 * 2 / d_model)
        self.register_buffer(
            "pe", torch.where(torch.arange(d_model) % 2 == 0, angles.sin(), angles.cos())[None]
        )

    def forward(self, x):
        return x + self.pe[:, : x.size(1)]


class EncoderDecoder(nn.Module):
    """As the annotated transformer, without its last norms; log-probabilities, an offset."""

    def __init__(self, src_vocab, tgt_vocab, N=6, d_model=512, d_ff=2048, h=8, max_len=5000):
        super().__init__()
        self.src_embed, self.tgt_embed = (nn.Embedding(n, d_model) for n in (src_vocab, tgt_vocab))
        self.position = Positions(d_model, max_len)
        self.encoder = nn.ModuleList(EncoderLayer(d_model, h, d_ff) for _ in range(N))
        self.decoder = nn.ModuleList(DecoderLayer(d_model, h, d_ff) for _ in range(N))
        self.generator = nn.Linear(d_model, tgt_vocab)

    def forward(self, src, tgt, src_mask, tgt_mask):
        memory = self.position(self.src_embed(src))
        for layer in self.encoder:
            memory = layer(memory, src_mask)
        x = self.position(self.tgt_embed(tgt))
        for layer in self.decoder:
            x = layer(x, memory, src_mask, tgt_mask)
        return self.generator(x).log_softmax(-1)


# Encoders, layers alone, and factories ----------------------------------------------------------


class PostNormLayer(nn.Module):
    """A layer of an encoder: torch's attention, names without numbers."""

    def __init__(self, d_model, num_heads, d_ff, eps=1e-5):
        super().__init__()
        self.attn = nn.MultiheadAttention(d_model, num_heads, batch_first=True)
        self.attn_norm = nn.LayerNorm(d_model, eps=eps)
        self.ff_norm = nn.LayerNorm(d_model, eps=eps)
        self.expand, self.contract = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)

    def forward(self, x):
        x = self.attn_norm(x + self.attn(x, x, x, need_weights=False)[0])
        return self.ff_norm(x + self.contract(F.gelu(self.expand(x))))


class PreNormLayer(nn.Module):
    """A layer of a decoder, which is given a mask of what must not be attended to."""

    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.attention = nn.MultiheadAttention(d_model, num_heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(d_model, d_ff), nn.GELU(), nn.Linear(d_ff, d_model))

    def forward(self, hidden_states, *, attn_mask=None):
        y = self.norm1(hidden_states)
        y, weights = self.attention(y, y, y, attn_mask=attn_mask)
        x = hidden_states + y
        return x + self.mlp(self.norm2(x)), weights


def torch_stack(d_model, nhead, num_layers, dim_feedforward, norm=True):
    """torch's encoder with norms first, and a last norm: lines 10.4 to 10.10."""
    layer = nn.TransformerEncoderLayer(
        d_model, nhead, dim_feedforward, activation="gelu", batch_first=True, norm_first=True
    )
    last = nn.LayerNorm(d_model) if norm else None
    return nn.TransformerEncoder(layer, num_layers, norm=last, enable_nested_tensor=False)


def small_gpt():
    """A factory without parameters: its model has sizes of its own."""
    return GPT(Config(block_size=8, vocab_size=11, n_layer=3, n_head=2, n_embd=8))


def gpt_of(vocab_size, block_size, n_layer, n_head, n_embd):
    """A factory of models of any sizes."""
    return GPT(Config(block_size, vocab_size, n_layer, n_head, n_embd))


bare_stack = partial(torch_stack, norm=False)
without_biases = partial(GPT, config=Config(8, 11, 1, 2, 8, bias=False))
