"""Keras's additive attention, every array redrawn, and ours with what it holds."""

from __future__ import annotations

import os

import torch

from algorithms.extensions.additive_attention import (
    AdditiveAttention,
    AdditiveAttentionParameters,
)
from helpers import published_models as published


def keras_attention() -> published.Compared:
    """The layer of Keras, which takes queries and keys that are made already."""
    os.environ["KERAS_BACKEND"] = "torch"  # which is read when Keras is imported
    import keras

    d_x, d_z, d_attn, ell_z = 12, 9, 4, published.ELL + 2
    source = torch.Generator().manual_seed(5)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=source, dtype=torch.float64)

    X, Z = drawn(2, d_x, published.ELL), drawn(2, d_z, ell_z)
    W = AdditiveAttentionParameters(drawn(d_attn, d_x), drawn(d_attn, d_z), drawn(d_attn))
    seen = torch.rand((2, ell_z), generator=source) < 0.7
    seen[:, 0] = True
    given = [(W.W_q @ X).mT, Z.mT, (W.W_k @ Z).mT]  # queries, values, keys, as rows
    with keras.device("cpu"):
        layer = keras.layers.AdditiveAttention(dtype="float64")
        layer.build([array.shape for array in given])
        layer.scale.assign(W.a)
        want = published.doubled(layer, given, mask=[None, seen]).mT
    Mask = seen[..., None].expand(2, ell_z, published.ELL)
    return published.Compared(AdditiveAttention, (X, Z, W, Mask), want)
