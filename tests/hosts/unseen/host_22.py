"""A bidirectional transformer in a page of NumPy. As in the maths, a sequence is a
matrix whose columns are the tokens."""
from math import sqrt

import numpy as np
from scipy.special import erf


def col(v):
    return v.reshape(-1, 1)


def softmax(A):
    A = np.exp(A - A.max(axis=0))
    return A / A.sum(axis=0)


def gelu(A):
    return 0.5 * A * (1 + erf(A / sqrt(2)))


def layernorm(A, gamma, beta):
    A = A - A.mean(axis=0)
    return col(gamma) * A / np.sqrt((A ** 2).mean(axis=0)) + col(beta)


def multihead(X, layer):
    heads = []
    for Wq, bq, Wk, bk, Wv, bv in layer["heads"]:
        Q = Wq @ X + col(bq)
        K = Wk @ X + col(bk)
        V = Wv @ X + col(bv)
        heads.append(V @ softmax(K.T @ Q / sqrt(Q.shape[0])))
    return layer["Wo"] @ np.vstack(heads) + col(layer["bo"])


def encoder_layer(X, layer):
    X = layernorm(X + multihead(X, layer), layer["gamma1"], layer["beta1"])
    hidden = gelu(layer["W1"] @ X + col(layer["b1"]))
    return layernorm(X + layer["W2"] @ hidden + col(layer["b2"]), layer["gamma2"], layer["beta2"])


def encoder(ids, theta):
    """ids: list of token numbers; theta: dict with We (d x vocab), Wp (d x max_len),
    layers (list of dicts; heads is a list of (Wq, bq, Wk, bk, Wv, bv)), Wf, bf,
    gamma, beta, Wu. Returns a vocab x len(ids) matrix of probabilities."""
    embedding = theta["We"][:, ids] + theta["Wp"][:, : len(ids)]
    X = embedding
    for layer in theta["layers"]:
        X = encoder_layer(X, layer)
    X = layernorm(gelu(theta["Wf"] @ X + col(theta["bf"])), theta["gamma"], theta["beta"])
    return softmax(theta["Wu"] @ X)
