"""Attention, a norm and embeddings in layouts that users have: rows, fused matrices, lists."""

from __future__ import annotations

import numpy as np


def softmax(scores):
    """Along the last axis; of −∞ alone it is 0."""
    top = scores.max(-1, keepdims=True)
    powers = np.exp(scores - np.where(np.isfinite(top), top, 0))
    total = powers.sum(-1, keepdims=True)
    return powers / np.where(total == 0, 1, total)


def attend(q, k, v, additive):
    scores = q @ k.swapaxes(-1, -2) / q.dtype.type(q.shape[-1]) ** q.dtype.type(0.5)
    return softmax(scores + additive) @ v


def split(x, heads):
    return x.reshape(*x.shape[:-1], heads, -1).swapaxes(-2, -3)


def merge(y):
    y = y.swapaxes(-2, -3)
    return y.reshape(*y.shape[:-2], -1)


def blocking(mask):
    """What is added where a mask is True."""
    return np.where(mask, -np.inf, 0)


def of_heads(x, z, W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o, mask, n_heads):
    """The matrices of `Linear`, and a mask of what must not be attended to."""
    q, k, v = (
        split(y @ w.T + b, n_heads) for y, w, b in ((x, W_q, b_q), (z, W_k, b_k), (z, W_v, b_v))
    )
    return merge(attend(q, k, v, blocking(mask).astype(x.dtype))) @ W_o.T + b_o


def fused(x, w_qkv, b_qkv, w_o, b_o, heads):
    """Self-attention to what is not later."""
    q, k, v = (split(part, heads) for part in np.split(x @ w_qkv + b_qkv, 3, axis=-1))
    mask = np.triu(np.ones((x.shape[-2], x.shape[-2]), bool), 1)
    return merge(attend(q, k, v, blocking(mask).astype(x.dtype))) @ w_o + b_o


def fused_in_heads(x, context, W_qkv, W_o, attn_mask, H):
    """No offsets; q, k, v of the first head come first."""
    n, m = x.shape[-2], context.shape[-2]
    parts = (x @ W_qkv.T).reshape(n, H, -1), (context @ W_qkv.T).reshape(m, H, -1)
    of_x, of_z = (np.split(part.swapaxes(0, 1), 3, axis=-1) for part in parts)
    return merge(attend(of_x[0], of_z[1], of_z[2], attn_mask)) @ W_o.T


def keys_and_values(X, Z, params, mask):
    """A record of w_q and w_kv, one head, columns."""
    q = params.W_q @ X + params.b_q[:, None]
    k, v = np.split(params.W_kv @ Z + params.b_kv[:, None], [len(params.W_q)])
    return attend(q.T, k.T, v.T, blocking(~mask.T).astype(X.dtype)).T


def list_of_heads(X, Z, Wq, bq, Wk, bk, Wv, bv, Wo, bo, mask):
    outputs = [
        attend((w @ X).T + b, (u @ Z).T + c, (t @ Z).T + d, blocking(~mask.T).astype(X.dtype)).T
        for w, b, u, c, t, d in zip(Wq, bq, Wk, bk, Wv, bv, strict=True)
    ]
    return Wo @ np.concatenate(outputs) + bo[:, None]


def record_of_heads(X, Z, W, Mask):
    heads = [list(zip(W.W_qkv, strict=True))] if isinstance(W.W_qkv, tuple) else W.W_qkv
    parts = [[one[None] for one in head] for head in heads]
    each = [[one[0] for one in part] for part in parts]
    stacked = [list(one) for one in zip(*each, strict=True)]
    return list_of_heads(X, Z, *stacked, W.W_o, W.b_o, Mask)


def layer_norm_of_rows(x, weight, bias):
    mean = x.mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True)) * weight + bias


def embed_scaled(ids, We):
    return We[ids] * np.asarray(We.shape[1], We.dtype) ** We.dtype.type(0.5)
