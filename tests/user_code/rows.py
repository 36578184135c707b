"""Attention as many write it: tokens are rows, keys and values have one projection."""

import numpy as np

from spec.expected.line_values import PairedInputs
from spec.inputs.draw import draw
from spec.library import checked
from spec.line_by_line.findings import Tie
from spec.line_by_line.tie import tie


def attention(x, z, w_q, b_q, w_kv, b_kv, mask):
    q = x @ w_q + b_q  # 4.1; Q = q.T
    kv = z @ w_kv + b_kv
    k, v = np.split(kv, [w_q.shape[1]], axis=1)  # 4.2-4.3; K = k.T; V = v.T
    s = q @ k.T  # 4.4; S = s.T
    s = np.where(mask, s, -np.inf)  # 4.5; S = s.T
    e = np.exp(s / np.sqrt(w_q.shape[1]))
    return (e / e.sum(axis=1, keepdims=True)) @ v  # 4.6; return = _.T


def tied(function=attention) -> Tie:
    inputs = draw(checked(), "4", np.random.default_rng(1))
    (X, Z), (W_qkv, Mask) = inputs.inputs, inputs.parameters
    Mask[0] = 1  # every token may attend to somebody
    W_q, b_q, W_k, b_k, W_v, b_v = W_qkv.fields.values()
    w_kv, b_kv = np.hstack([W_k.T, W_v.T]), np.hstack([b_k.T, b_v.T])
    arguments = (X.T, Z.T, W_q.T, b_q.T, w_kv, b_kv, Mask.T)
    return tie(checked(), "4", function, PairedInputs([[inputs]], arguments))


if __name__ == "__main__":
    print(tied().differences or "every line agrees")
