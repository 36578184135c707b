"""Attention as a user may have it: once right, and wrong in ways that a check has to survive."""

from __future__ import annotations

import os
import time

import numpy as np


def softmax(S):
    highest = S.max(axis=0, keepdims=True)
    weights = np.exp(S - np.where(np.isfinite(highest), highest, 0))
    total = weights.sum(axis=0, keepdims=True)
    return weights / np.where(total == 0, 1, total)


def attend(X, Z, W, Mask):
    Q = W.W_q @ X + W.b_q[:, None]
    K = W.W_k @ Z + W.b_k[:, None]
    V = W.W_v @ Z + W.b_v[:, None]
    S = np.where(Mask, K.T @ Q, -np.inf)
    return V @ softmax(S / np.sqrt(len(Q)))


def tagged(X, Z, W, Mask):
    Q = W.W_q @ X + W.b_q[:, None]  # 4.1
    K = W.W_k @ Z  # 4.2
    V = W.W_v @ Z + W.b_v[:, None]  # 4.3
    S = K.T @ Q  # 4.4
    S = np.where(Mask, S, -np.inf)  # 4.5
    return V @ softmax(S)  # 4.6


def masks_transposed(X, Z, W, Mask):
    return attend(X, Z, W, Mask.T)


def forgets_the_scale(X, Z, W, Mask):
    return attend(X, Z, W._replace(W_q=W.W_q * np.sqrt(len(W.W_q)), b_q=W.b_q * 2), Mask)


def raises(X, Z, W, Mask):
    raise ValueError("no\nway")


def exits(X, Z, W, Mask):
    raise SystemExit(2)


def hangs(X, Z, W, Mask):
    while True:
        time.sleep(0.01)


def gives_nan(X, Z, W, Mask):
    return attend(X, Z, W, Mask) * np.nan


def gives_another_shape(X, Z, W, Mask):
    return attend(X, Z, W, Mask).T


def gives_another_dtype(X, Z, W, Mask):
    return attend(X, Z, W, Mask).astype(np.float32)


def gives_nothing(X, Z, W, Mask):
    pass


def changes_its_arguments(X, Z, W, Mask):
    X *= 2
    return attend(X / 2, Z, W, Mask)


def is_random(X, Z, W, Mask):
    return attend(X, Z, W, Mask) + np.random.default_rng().random()


def takes_more(X, Z, W, Mask, temperature):
    return attend(X, Z, W, Mask)


def ends_the_process(X, Z, W, Mask):
    os._exit(3)


def prints(X, Z, W, Mask):
    print("hello")
    return attend(X, Z, W, Mask)
