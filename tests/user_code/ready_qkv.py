"""Attention of queries, keys and values, as people write it: in torch, JAX and NumPy."""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np
import torch
from jax.nn import softmax
from user_code.layouts import attend, blocking, merge, split


def scaled_dot_product(q, k, v, mask=None):
    """torch, any leading axes; False is what must not be attended to."""
    scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(q.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, float("-inf"))
    weights = torch.nan_to_num(scores.softmax(-1))
    return torch.matmul(weights, v), weights


def causal_attention(query, key, value):
    """torch, with a causal mask of its own, and a single result."""
    n = query.size(-2)
    later = torch.ones(n, n, dtype=torch.bool).triu(1)
    scores = (query @ key.mT / math.sqrt(query.size(-1))).masked_fill(later, -torch.inf)
    return scores.softmax(-1) @ value


def of_columns(Q, K, V, Mask):
    """NumPy, columns, as the paper."""
    return attend(Q.mT, K.mT, V.mT, blocking(~Mask.mT).astype(Q.dtype)).mT


def by_einsum(xq, xk, xv, attn_bias):
    """JAX, heads after tokens, an additive mask."""
    scores = jnp.einsum("bqhd,bkhd->bhqk", xq, xk) / xq.shape[-1] ** 0.5 + attn_bias
    weights = jnp.nan_to_num(softmax(scores, -1))
    return {"logits": jnp.einsum("bhqk,bkhd->bqhd", weights, xv)}


def splitting(queries, keys, values, n_heads, attn_mask):
    """NumPy, the heads side by side in rows; True is what must not be attended to."""
    q, k, v = (split(part, n_heads) for part in (queries, keys, values))
    return merge(attend(q, k, v, blocking(attn_mask).astype(np.asarray(q).dtype)))
