"""Attention and norms as users make them: of torch's modules, of arrays, of their own objects."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import torch
from hosts import rows_torch as rows
from torch import nn
from user_code.layouts import attend, blocking, merge, split


class MyAttention(nn.Module):
    def __init__(self, embed_dim, num_heads, dropout=0.1, bias=True):
        super().__init__()
        self.num_heads = num_heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (
            nn.Linear(embed_dim, embed_dim, bias=bias) for _ in range(4)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, query, key, value, attn_mask=None):
        q, k, v = self.q_proj(query), self.k_proj(key), self.v_proj(value)
        q, k, v = (rows.split_heads(part, self.num_heads) for part in (q, k, v))
        y = rows.scaled_dot_product_attention(q, k, v, attn_mask)
        return self.dropout(self.out_proj(rows.merge_heads(y))), None


class Causal(nn.Module):
    """As in nanoGPT."""

    def __init__(self, config):
        super().__init__()
        assert config.n_embd % config.n_head == 0
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd, bias=config.bias)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd, bias=config.bias)
        self.n_head = config.n_head
        self.dropout = nn.Dropout(config.dropout)
        mask = torch.tril(torch.ones(config.block_size, config.block_size))
        self.register_buffer("bias", mask.view(1, 1, config.block_size, config.block_size))

    def forward(self, x):
        _, T, C = x.size()
        q, k, v = (rows.split_heads(part, self.n_head) for part in self.c_attn(x).split(C, dim=2))
        y = rows.scaled_dot_product_attention(q, k, v, self.bias[0, 0, :T, :T] == 0)
        return self.c_proj(rows.merge_heads(y))


class Head(nn.Module):
    """As in a lecture: one head, without offsets."""

    def __init__(self, n_embd, head_size, block_size):
        super().__init__()
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)
        self.register_buffer("tril", torch.tril(torch.ones(block_size, block_size)))

    def forward(self, x):
        T = x.shape[1]
        q, k, v = self.query(x), self.key(x), self.value(x)
        return rows.scaled_dot_product_attention(q, k, v, self.tril[:T, :T] == 0)


class Heads(nn.Module):
    """And several of them."""

    def __init__(self, num_heads, n_embd, head_size, block_size):
        super().__init__()
        self.heads = nn.ModuleList(Head(n_embd, head_size, block_size) for _ in range(num_heads))
        self.proj = nn.Linear(head_size * num_heads, n_embd)

    def forward(self, x):
        return self.proj(torch.cat([head(x) for head in self.heads], dim=-1))


class Conv1D:
    def __init__(self, inputs, outputs):
        self.weight = np.zeros((inputs, outputs))
        self.bias = np.zeros(outputs)

    def __call__(self, x):
        return x @ self.weight + self.bias


class WithConv1D:
    """Plain objects: a fused matrix with a column for each output, a context, heads in order."""

    def __init__(self, dim, heads):
        self.heads = heads
        self.layers = {"c_attn": Conv1D(dim, 3 * dim)}
        self.c_proj = Conv1D(dim, dim)

    def __call__(self, x, context, mask):
        q, _, _ = np.split(self.layers["c_attn"](x), 3, -1)
        _, k, v = np.split(self.layers["c_attn"](context), 3, -1)
        q, k, v = (split(part, self.heads) for part in (q, k, v))
        return self.c_proj(merge(attend(q, k, v, blocking(~mask).astype(x.dtype))))


class Bare:
    """Arrays of its own, stacked by heads, of JAX, used as x @ W."""

    def __init__(self, d_model, n_heads, d_k, d_v):
        self.W_q, self.W_k = jnp.zeros((2, n_heads, d_model, d_k))
        self.W_v = jnp.zeros((n_heads, d_model, d_v))
        self.W_o = jnp.zeros((n_heads * d_v, d_model))

    def __call__(self, x, mask):
        q, k, v = x @ self.W_q, x @ self.W_k, x @ self.W_v
        scores = jnp.where(mask, q @ k.swapaxes(1, 2) / q.shape[-1] ** 0.5, -jnp.inf)
        weights = jnp.nan_to_num(jax.nn.softmax(scores, -1))
        return jnp.concatenate(list(weights @ v), -1) @ self.W_o


class Kernel:
    """As Flax keeps the matrices of heads."""

    def __init__(self, *shape):
        self.kernel = np.zeros(shape)


class LikeFlax:
    def __init__(self, num_heads, in_features, qkv_features=8):
        size = qkv_features // num_heads
        self.query, self.key, self.value = (Kernel(in_features, num_heads, size) for _ in range(3))
        self.out = Kernel(num_heads, size, in_features)

    def __call__(self, inputs_q, inputs_kv, mask):
        q = np.einsum("nd,dhk->hnk", inputs_q, self.query.kernel)
        k, v = (np.einsum("nd,dhk->hnk", inputs_kv, one.kernel) for one in (self.key, self.value))
        y = attend(q, k, v, blocking(~mask).astype(inputs_q.dtype))
        return np.einsum("hnk,hkd->nd", y, self.out.kernel)


class Norm(nn.Module):
    def __init__(self, dim, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.g = nn.Parameter(torch.ones(dim))
        self.b = nn.Parameter(torch.zeros(dim))

    def forward(self, x):
        return rows.layer_norm(x, self.g, self.b, self.eps)
