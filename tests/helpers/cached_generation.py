"""Algorithm 14 with a cache of keys and values, and what goes wrong with one."""

from __future__ import annotations

from math import erf
from typing import Any, NamedTuple

import numpy as np


class CacheFaults(NamedTuple):
    """Where a cache goes wrong; nothing does by default."""

    position_late: int = 0  # how many positions too late a token is that is read after the prompt
    drops_last: bool = False  # whether a new token does not see the one before it
    keeps_first: bool = False  # whether a new token takes the place of the newest in the cache


RIGHT = CacheFaults()


def generate(
    x: Any, theta_hat: Any, ell_gen: int, tau: float, rng: Any, faults: CacheFaults = RIGHT
) -> Any:
    """Continue a prompt: each turn reads the new tokens alone, and keeps their keys and values."""
    cache: list[Any] = [None] * len(theta_hat.layers)
    new, written, seen = list(x), [], 0
    for _ in range(ell_gen):
        late = faults.position_late if seen else 0
        positions = np.arange(seen, seen + len(new)) + late
        P = _read(new, np.minimum(positions, theta_hat.W_p.shape[1] - 1), theta_hat, cache, faults)
        seen += len(new)
        q = P ** (1 / tau)
        new = [int(np.searchsorted(np.cumsum(q), (1 - rng.random()) * q.sum()))]
        written += new
    return np.array(written)


def _read(tokens: Any, positions: Any, theta: Any, cache: list[Any], faults: CacheFaults) -> Any:
    X = theta.W_e[:, tokens] + theta.W_p[:, positions]
    for place, layer in enumerate(theta.layers):
        normed = _norm(X, layer.gamma1, layer.beta1)
        W = layer.W.W_qkv
        Q, K, V = (
            np.einsum("hai,it->hat", matrix, normed) + bias[:, :, None]
            for matrix, bias in ((W.W_q, W.b_q), (W.W_k, W.b_k), (W.W_v, W.b_v))
        )
        if cache[place] is not None:
            K, V = (np.concatenate(pair, -1) for pair in zip(cache[place], (K, V), strict=True))
        cache[place] = K, V
        earlier = K.shape[-1] - len(tokens)
        S = np.einsum("has,hat->hst", K, Q) / np.sqrt(K.shape[1])
        hidden = np.tril(np.ones(S.shape[-2:], dtype=bool), -1 - earlier)
        if faults.drops_last and earlier:
            hidden[earlier - 1] = True
        A = np.exp(np.where(hidden, -np.inf, S - S.max()))
        Y = np.einsum("hvs,hst->hvt", V, A / A.sum(1, keepdims=True))
        if faults.keeps_first and earlier:
            cache[place] = tuple(np.delete(part, -2, -1) for part in (K, V))
        X = X + layer.W.W_o @ Y.reshape(-1, Y.shape[-1]) + layer.W.b_o[:, None]
        hidden_layer = layer.W_mlp1 @ _norm(X, layer.gamma2, layer.beta2) + layer.b_mlp1[:, None]
        gelu = hidden_layer * (1 + np.vectorize(erf)(hidden_layer / np.sqrt(2))) / 2
        X = X + layer.W_mlp2 @ gelu + layer.b_mlp2[:, None]
    logits = theta.W_u @ _norm(X[:, -1:], theta.gamma, theta.beta)[:, 0]
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def _norm(X: Any, gamma: Any, beta: Any) -> Any:
    return (X - X.mean(0)) / X.std(0) * gamma[:, None] + beta[:, None]
