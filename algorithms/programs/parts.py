"""Heads, layers and models that read and write features."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.paper.parameters import (
    AttentionParameters,
    DTransformerParameters,
    ETransformerParameters,
    Layer,
    MHAttentionParameters,
)
from algorithms.programs.features import Features, Matrix

Array = NDArray[np.float64]

#: GELU(x) is x from 38 on, and 0 from −38 down, in float64: what is
#: compared is stretched until it is farther than this from 0.
FAR = 50.0


class Head(NamedTuple):
    """What a head asks, what answers, and where its mean goes.

    Attributes
    ----------
    query, key : float, (any, d_e)
        A score is the product of what they make of two tokens.
    value : float, (bits, d_e)
        What is averaged.
    out : float, (d_e, bits)
        Where it is written: `Features.write`.
    """

    query: Matrix
    key: Matrix
    value: Matrix
    out: Matrix


class Thresholds(NamedTuple):
    """What an MLP compares with 0, and where it writes the truth.

    Attributes
    ----------
    forms : float, (bits, d_e)
        Each is `FAR` from 0 at least.
    out : float, (d_e, bits)
        What is written where a form is above 0.
    """

    forms: Matrix
    out: Matrix


class Block(NamedTuple):
    """What a layer does: heads, and an MLP unless it adds 0."""

    heads: list[Head]
    mlp: Thresholds | None = None


def layers(blocks: list[Block]) -> tuple[Layer[Array], ...]:
    """Layers whose norms have γ = 1 and β = 0, all of one size.

    What is less high than another is filled up with zeros. d_attn
    is made a square: its root is whole, and keys that have it as a
    factor give scores that are divided by it without a rest.

    GELU(u + 1) − GELU(u) is 1 where u is far above 0, and 0 where
    it is far below.
    """
    heads = [head for block in blocks for head in block.heads]
    tallest = max(len(head.query) for head in heads)
    root = math.isqrt(tallest - 1) + 1
    d_mid = max(len(head.value) for head in heads)
    return tuple(_layer(block, root, d_mid) for block in blocks)


def _layer(block: Block, root: int, d_mid: int) -> Layer[Array]:
    heads = block.heads
    d_attn, d_e = root**2, heads[0].query.shape[1]
    W_qkv = AttentionParameters(
        W_q=np.stack([_taller(h.query, d_attn) for h in heads]),
        b_q=np.zeros((len(heads), d_attn)),
        W_k=np.stack(
            [root * _taller(h.key, d_attn) for h in heads]
        ),
        b_k=np.zeros((len(heads), d_attn)),
        W_v=np.stack([_taller(h.value, d_mid) for h in heads]),
        b_v=np.zeros((len(heads), d_mid)),
    )
    W_o = np.hstack([_taller(h.out.T, d_mid).T for h in heads])
    ones, no = np.ones(d_e), np.zeros(d_e)
    forms, out = block.mlp or (no[None, :], no[:, None])
    return Layer(
        W=MHAttentionParameters(W_qkv, W_o, no),
        gamma1=ones,
        beta1=no,
        gamma2=ones,
        beta2=no,
        W_mlp1=np.vstack([forms, forms]),
        b_mlp1=np.repeat([1.0, 0.0], len(forms)),
        W_mlp2=np.hstack([out, -out]),
        b_mlp2=no,
    )


def decoder(
    features: Features,
    N_V: int,
    ell_max: int,
    blocks: list[Block],
    W_u: Matrix,
) -> DTransformerParameters[Array]:
    """θ of Algorithm 10."""
    W_e, W_p = _embeddings(features, N_V, ell_max)
    d_e = len(W_e)
    return DTransformerParameters(
        W_e=W_e,
        W_p=W_p,
        layers=layers(blocks),
        gamma=np.ones(d_e),
        beta=np.zeros(d_e),
        W_u=W_u,
    )


def encoder(
    features: Features,
    N_V: int,
    ell_max: int,
    blocks: list[Block],
    W_u: Matrix,
) -> ETransformerParameters[Array]:
    """θ of Algorithm 9, whose last GELU takes 64 times the stream.

    So it gives 64 or 0, of which the last norm makes 1 or −1.
    """
    W_e, W_p = _embeddings(features, N_V, ell_max)
    d_e = len(W_e)
    return ETransformerParameters(
        W_e=W_e,
        W_p=W_p,
        layers=layers(blocks),
        W_f=64 * np.eye(d_e),
        b_f=np.zeros(d_e),
        gamma=np.ones(d_e),
        beta=np.zeros(d_e),
        W_u=W_u,
    )


def _embeddings(
    features: Features, N_V: int, ell_max: int
) -> tuple[Matrix, Matrix]:
    """W_e says which token it is; W_p all else.

    Of the other features only `one` and `position` are true at the
    start. Tokens that a program only writes are none of `token`.
    """
    tokens = np.eye(features.bits["token"], N_V)
    start = {
        name: np.zeros((bits, ell_max))
        for name, bits in features.bits.items()
        if name != "token"
    }
    start["one"] = np.ones((1, ell_max))
    if "position" in start:
        start["position"] = np.eye(ell_max)
    W_p = sum(
        (features.column(name, b) for name, b in start.items()),
        np.zeros((2 * features.pairs, ell_max)),
    )
    return features.column("token", tokens), W_p


def _taller(rows: Matrix, height: int) -> Matrix:
    """Rows, and zeros below them."""
    below = np.zeros((height - len(rows), rows.shape[1]))
    return np.vstack([rows, below])
