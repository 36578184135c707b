"""`jax.nn.dot_product_attention`: Algorithms 4 and 5.

A query, a key and a value are equally long there. What is masked has a large finite number for
−∞, so that a token that may attend to nothing attends to everything alike. The softmax is one of
float32 whatever is given, so that float64 is none of its formats.
"""

from __future__ import annotations

from typing import Any

import jax

from spec.adapters.array_libraries import computing, converted
from spec.inputs.adapter import Adapter, Function, Sizes
from spec.inputs.arguments import Arguments
from spec.inputs.records import Record

NAME = "jax.nn.dot_product_attention"
DEPARTURES = ("mask-finite",)
FORMATS = ("float32", "bfloat16")


def attention(_: Function) -> Adapter:
    """Return the adapter for lines 4.4–4.6."""
    return Adapter(NAME, _attention, sizes=_sizes("d_out"), departures=DEPARTURES, formats=FORMATS)


def heads(_: Function) -> Adapter:
    """Return the adapter for line 5.2, but for 4.1–4.3."""
    return Adapter(NAME, _heads, sizes=_sizes("d_mid"), departures=DEPARTURES, formats=FORMATS)


def _sizes(value: str) -> Any:
    def sizes(asked: Sizes) -> Sizes:
        return {**asked, value: asked["d_attn"]}

    return sizes


def _attention(function: Function, arguments: Arguments) -> Any:
    with computing("jax", arguments.format.name):
        X, Z, W, Mask = converted(
            "jax", (arguments.X, arguments.Z, arguments.W_qkv, arguments.Mask)
        )
        single_head = type(W)(*(part[None] for part in W))
        return function(*_tokens(X, Z, single_head), mask=Mask.mT[None])[:, 0].mT


def _heads(function: Function, arguments: Arguments) -> Any:
    with computing("jax", arguments.format.name):
        X, Z, W, Mask = converted("jax", (arguments.X, arguments.Z, arguments.W, arguments.Mask))
        Y = function(*_tokens(X, Z, W.W_qkv), mask=Mask.mT[None])
        return W.W_o @ Y.reshape(len(Y), -1).mT + W.b_o[:, None]


def _tokens(X: jax.Array, Z: jax.Array, W: Record) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Return queries, keys and values by token, head and entry: lines 4.1–4.3."""
    Q = W.W_q @ X + W.b_q[..., None]
    K = W.W_k @ Z + W.b_k[..., None]
    V = W.W_v @ Z + W.b_v[..., None]
    return Q.transpose(2, 0, 1), K.transpose(2, 0, 1), V.transpose(2, 0, 1)
