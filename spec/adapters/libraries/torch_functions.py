"""Functions of `torch.nn.functional`: Algorithms 4, 5 and 6."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from spec.adapters.array_libraries import converted
from spec.inputs.adapter import Adapter, Function
from spec.inputs.arguments import Arguments
from spec.inputs.records import Record


def attention(_: Function) -> Adapter:
    """Return the adapter of `scaled_dot_product_attention` as lines 4.4–4.6."""
    return Adapter("torch.nn.functional.scaled_dot_product_attention", _attention)


def heads(_: Function) -> Adapter:
    """Return the adapter of `scaled_dot_product_attention` as line 5.2, but for 4.1–4.3."""
    return Adapter("torch.nn.functional.scaled_dot_product_attention", _heads)


def norm(_: Function) -> Adapter:
    """Return the adapter of `layer_norm`."""
    return Adapter("torch.nn.functional.layer_norm", _norm)


def _attention(function: Function, arguments: Arguments) -> Any:
    X, Z, W, Mask = converted("torch", (arguments.X, arguments.Z, arguments.W_qkv, arguments.Mask))
    return function(*_rows(X, Z, W), attn_mask=Mask.mT).mT


def _heads(function: Function, arguments: Arguments) -> Any:
    X, Z, W, Mask = converted("torch", (arguments.X, arguments.Z, arguments.W, arguments.Mask))
    Y = function(*_rows(X, Z, W.W_qkv), attn_mask=Mask.mT).mT
    return W.W_o @ Y.flatten(0, 1) + W.b_o[:, None]


def _rows(X: Tensor, Z: Tensor, W: Record) -> tuple[Tensor, Tensor, Tensor]:
    """Return queries, keys and values as rows, of one head or of each: lines 4.1–4.3."""
    Q = W.W_q @ X + W.b_q[..., None]
    K = W.W_k @ Z + W.b_k[..., None]
    V = W.W_v @ Z + W.b_v[..., None]
    return Q.mT, K.mT, V.mT


def _norm(function: Function, arguments: Arguments) -> Any:
    e, gamma, beta = converted("torch", (arguments.e, arguments.gamma, arguments.beta))
    return function(e.mT, gamma.shape, gamma, beta, arguments.eps).mT
