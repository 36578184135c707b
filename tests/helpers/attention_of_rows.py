"""Attention whose tokens are rows, in NumPy, as functions and modules of users are made of it."""

from __future__ import annotations

from typing import Any

import numpy as np


def softmax(scores: Any) -> Any:
    """Along the last axis; of −∞ alone it is 0."""
    top = scores.max(-1, keepdims=True)
    powers = np.exp(scores - np.where(np.isfinite(top), top, 0))
    total = powers.sum(-1, keepdims=True)
    return powers / np.where(total == 0, 1, total)


def attend(q: Any, k: Any, v: Any, additive: Any) -> Any:
    scores = q @ k.swapaxes(-1, -2) / q.dtype.type(q.shape[-1]) ** q.dtype.type(0.5)
    return softmax(scores + additive) @ v


def split(x: Any, heads: int) -> Any:
    return x.reshape(*x.shape[:-1], heads, -1).swapaxes(-2, -3)


def merge(y: Any) -> Any:
    y = y.swapaxes(-2, -3)
    return y.reshape(*y.shape[:-2], -1)


def blocking(mask: Any) -> Any:
    """What is added where a mask is True."""
    return np.where(mask, -np.inf, 0)
