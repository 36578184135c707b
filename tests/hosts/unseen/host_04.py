"""A pure-function attention head in JAX; parameters are nested dicts."""
import jax
import jax.numpy as jnp


def init_linear(key, d_in, d_out):
    w = jax.random.normal(key, (d_in, d_out)) / jnp.sqrt(d_in)
    return {"w": w, "b": jnp.zeros((d_out,))}


def init_attention(key, d_model, d_memory, d_key, d_value):
    kq, kk, kv = jax.random.split(key, 3)
    return {
        "query": init_linear(kq, d_model, d_key),
        "key": init_linear(kk, d_memory, d_key),
        "value": init_linear(kv, d_memory, d_value),
    }


def linear(params, x):
    return x @ params["w"] + params["b"]


def attention(params, x, memory=None, mask=None):
    """x: [T, d_model], memory: [S, d_memory], mask: [T, S] (True = may look).

    Use jax.vmap for a batch.
    """
    if memory is None:
        memory = x
    q = linear(params["query"], x)
    k = linear(params["key"], memory)
    v = linear(params["value"], memory)
    logits = jnp.einsum("td,sd->ts", q, k) / jnp.sqrt(q.shape[-1])
    if mask is not None:
        logits = jnp.where(mask, logits, -1e9)
    weights = jax.nn.softmax(logits, axis=-1)
    return weights @ v
