"""Masked-language-model pretraining in JAX: SGD, one sequence at a time."""
import jax
import jax.numpy as jnp
import numpy as np


def norm(p, x, eps=1e-5):
    x = x - x.mean(axis=-1, keepdims=True)
    return p["g"] * x / jnp.sqrt((x * x).mean(axis=-1, keepdims=True) + eps) + p["b"]


def attention(p, x, n_heads):
    n, d = x.shape
    q, k, v = ((x @ p["w" + c] + p["b" + c]).reshape(n, n_heads, -1) for c in "qkv")
    a = jax.nn.softmax(jnp.einsum("qhc,khc->hqk", q, k) / (d // n_heads) ** 0.5, axis=-1)
    return jnp.einsum("hqk,khc->qhc", a, v).reshape(n, -1) @ p["wo"] + p["bo"]


def gelu(x):
    return jax.nn.gelu(x, approximate=False)


def bert(params, ids, n_heads):
    """Log-probabilities [n, vocab] for the tokens ids [n]."""
    x = params["tok"][ids] + params["pos"][: len(ids)]
    for p in params["layers"]:
        x = norm(p["ln1"], x + attention(p["attn"], x, n_heads))
        x = norm(p["ln2"], x + gelu(x @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"])
    head = params["head"]
    x = norm(head["ln"], gelu(x @ head["w"] + head["b"]))
    return jax.nn.log_softmax(x @ head["out"], axis=-1)


def mlm_loss(params, inputs, targets, selected, n_heads):
    logp = bert(params, inputs, n_heads)
    token_logp = jnp.take_along_axis(logp, targets[:, None], axis=1)[:, 0]
    return -jnp.sum(token_logp * selected)


def pretrain(corpus, params, lr, n_epochs, p_mask, mask_token, n_heads, rng):
    """corpus: list of integer arrays; rng: np.random.Generator, drawn from with
    rng.random(len(x)) for each sequence visited. Returns the new parameters."""
    for _ in range(n_epochs):
        for x in corpus:
            x = np.asarray(x)
            inputs = np.where(rng.random(len(x)) < p_mask, mask_token, x)
            selected = inputs == mask_token
            grads = jax.grad(mlm_loss)(params, inputs, x, selected, n_heads)
            params = jax.tree_util.tree_map(lambda w, g: w - lr * g, params, grads)
    return params
