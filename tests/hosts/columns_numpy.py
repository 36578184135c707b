"""Transformers the way NumPy code is often written after a paper: tokens are columns, heads a list.

A sequence is a matrix d × n, without a batch. Parameters are nested dicts of arrays under the names
that the functions take, so that a call is `f(X, **params)`; each head has matrices of its own, and
a bias is a vector. A mask is n_z × n_x, True where the column of X may attend to the column of Z.
Models return probabilities. Token IDs and positions count from 0.
"""

import math

import numpy as np

erf = np.vectorize(math.erf, otypes=[float])


def softmax(A):
    """Along each column; one that is −∞ throughout becomes zeros."""
    top = A.max(axis=0, keepdims=True)
    E = np.exp(A - np.where(np.isfinite(top), top, 0.0))
    total = E.sum(axis=0, keepdims=True)
    return E / np.where(total > 0.0, total, 1.0)


def relu(A):
    return np.maximum(A, 0.0)


def gelu(A):
    Phi = (1.0 + erf(A / np.sqrt(2.0))) / 2.0
    return A * Phi


def affine(A, W, b):
    return W @ A + b[:, None]


def embed_tokens(ids, We):
    return We[:, ids]


def embed_positions(positions, Wp):
    return Wp[:, positions]


def embed(ids, We, Wp):
    E = embed_tokens(ids, We)
    P = embed_positions(np.arange(len(ids)), Wp)
    return E + P


def see_all(n_z, n_x):
    return np.full((n_z, n_x), True)


def see_past(n):
    """Entry [i, j]: column j may attend to column i, which is itself or comes before."""
    i = np.arange(n)[:, None]
    j = np.arange(n)[None, :]
    return i <= j


def attend_one(e, C, Wq, bq, Wk, bk, Wv, bv):
    """The vector e attends to the columns of C."""
    q = Wq @ e + bq
    K = affine(C, Wk, bk)
    V = affine(C, Wv, bv)
    s = K.T @ q
    a = np.exp((s - s.max()) / np.sqrt(len(q)))
    a = a / a.sum()
    return V @ a


def attend(X, Z, mask, Wq, bq, Wk, bk, Wv, bv):
    """One head."""
    Q = affine(X, Wq, bq)
    K = affine(Z, Wk, bk)
    V = affine(Z, Wv, bv)
    d_attn = K.shape[0]
    S = K.T @ Q
    S = np.where(mask, S, -np.inf)
    A = softmax(S / np.sqrt(d_attn))
    return V @ A


def attend_heads(X, Z, mask, heads, Wo, bo):
    outputs = [attend(X, Z, mask, **head) for head in heads]
    Y = np.concatenate(outputs, axis=0)
    return affine(Y, Wo, bo)


def normalise(X, g, b, eps=0.0):
    """Each column on its own."""
    d = X.shape[0]
    centred = X - X.sum(axis=0) / d
    variance = (centred**2).sum(axis=0) / d
    unit = centred / np.sqrt(variance + eps)
    return g[:, None] * unit + b[:, None]


def feed_forward(X, act, W1, b1, W2, b2):
    hidden = act(affine(X, W1, b1))
    return affine(hidden, W2, b2)


def unembed(X, Wu):
    return softmax(Wu @ X)


def encoder_layer(X, act, attn, ln1, ffn, ln2):
    """Norms after the sums, as in 2017 and in BERT."""
    mask = see_all(X.shape[1], X.shape[1])
    X = normalise(X + attend_heads(X, X, mask, **attn), **ln1)
    return normalise(X + feed_forward(X, act, **ffn), **ln2)


def decoder_layer(X, Z, attn, ln1, cross, ln2, ffn, ln3):
    past = see_past(X.shape[1])
    everything = see_all(Z.shape[1], X.shape[1])
    X = normalise(X + attend_heads(X, X, past, **attn), **ln1)
    X = normalise(X + attend_heads(X, Z, everything, **cross), **ln2)
    return normalise(X + feed_forward(X, relu, **ffn), **ln3)


def gpt_layer(X, attn, ln1, ffn, ln2):
    """Norms before what they feed, as in GPT-2."""
    mask = see_past(X.shape[1])
    N = normalise(X, **ln1)
    X = X + attend_heads(N, N, mask, **attn)
    N = normalise(X, **ln2)
    return X + feed_forward(N, gelu, **ffn)


def seq2seq(z, x, We, Wp, encoder, decoder, Wu):
    Z = embed(z, We, Wp)
    for layer in encoder:
        Z = encoder_layer(Z, relu, **layer)
    X = embed(x, We, Wp)
    for layer in decoder:
        X = decoder_layer(X, Z, **layer)
    return unembed(X, Wu)


def bert(x, We, Wp, layers, Wf, bf, ln_f, Wu):
    X = embed(x, We, Wp)
    for layer in layers:
        X = encoder_layer(X, gelu, **layer)
    F = gelu(affine(X, Wf, bf))
    F = normalise(F, **ln_f)
    return unembed(F, Wu)


def gpt(x, We, Wp, layers, ln_f, Wu):
    X = embed(x, We, Wp)
    for layer in layers:
        X = gpt_layer(X, **layer)
    X = normalise(X, **ln_f)
    return unembed(X, Wu)


def temper(p, temperature):
    """q ∝ p^(1/temperature); the largest p is made 1 first, so that not all of them underflow."""
    q = (p / p.max()) ** (1.0 / temperature)
    return q / q.sum()


def draw(q, rng):
    """An index, by inversion: `rng`, a numpy Generator, is asked for one number."""
    cumulative = np.cumsum(q)
    cumulative = cumulative / cumulative[-1]
    u = rng.random()
    return int(np.searchsorted(cumulative, u, side="right"))


def generate(x, params, n_new, temperature, rng):
    """n_new tokens that continue the prompt x."""
    tokens = [int(token) for token in x]
    for _ in range(n_new):
        P = gpt(tokens, **params)
        q = temper(P[:, -1], temperature)
        tokens.append(draw(q, rng))
    return np.array(tokens[len(x) :], dtype=int)


def translate(z, params, temperature, bos, eos, max_len, rng):
    """bos, the translation and eos: at most max_len tokens in all."""
    tokens = [bos]
    while len(tokens) < max_len:
        P = seq2seq(z, tokens, **params)
        q = temper(P[:, -1], temperature)
        token = draw(q, rng)
        tokens.append(token)
        if token == eos:
            break
    return np.array(tokens, dtype=int)
