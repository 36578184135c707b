"""Tagged functions written out as texts, and what the tie says of them."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from algorithms import AttentionParameters, layer_norm
from helpers.cases import REFERENCE, line_values
from helpers.planting import compiled, edited
from spec.line_by_line.findings import Difference, Tie
from spec.line_by_line.tie import hold_to_lines

ATTENTION = """\
def attention(X, Z, W_qkv, Mask):
    W_q, b_q, W_k, b_k, W_v, b_v = W_qkv
    Q = W_q @ X + b_q[..., None]  # 4.1
    K = W_k @ Z + b_k[..., None]  # 4.2
    V = W_v @ Z + b_v[..., None]  # 4.3
    S = K.mT @ Q  # 4.4
    S = np.where(Mask, S, -np.inf)  # 4.5
    return V @ softmax(S / np.sqrt(Q.shape[-2]))  # 4.6
"""
ALL_OF_4 = "4.1 4.2 4.3 4.4 4.5 4.6"
HEADS = """\
def heads(X, Z, W, Mask):
    parts = []
    for h in range(3):  # 5.1
        Y_h = attention(X, Z, head(W.W_qkv, h), Mask)  # 5.2
        parts.append(Y_h)
    Y = np.concatenate(parts)  # 5.3
    return W.W_o @ Y + W.b_o[:, None]  # 5.4
"""


def softmax(S):
    E = np.exp(S)
    return E / E.sum(axis=-2, keepdims=True)


def head(W_qkv, h):
    return AttentionParameters(*(part[h] for part in W_qkv))


def written(text: str, *edits: tuple[str, str], algorithm: str = "", **names: Any) -> Any:
    """The function of a text, after some edits."""
    known = {"np": np, "softmax": softmax, "head": head, "layer_norm": layer_norm, **names}
    namespace = compiled(edited(text, *edits), known)
    (function,) = (
        value
        for name, value in namespace.items()
        if name not in known and inspect.isfunction(value)
    )
    if algorithm:
        function.algorithm = algorithm
    return function


def tied(id: str, function: Any = None, **kind: Any) -> Tie:
    """What the tie finds on a case; of the reference, if no function is named."""
    return hold_to_lines(line_values(id, **kind), function or REFERENCE[id])


def difference(id: str, function: Any, **kind: Any) -> Difference:
    """The difference of a function that is wrong."""
    (found,) = tied(id, function, **kind).differences
    return found


def said(id: str, function: Any, **kind: Any) -> str:
    """What the tie says is wrong."""
    return str(difference(id, function, **kind))


def seen(id: str, function: Any, **kind: Any) -> str:
    """The lines that were compared of a function that is right."""
    found = tied(id, function, **kind)
    assert found.differences == ()
    return " ".join(found.observed)
