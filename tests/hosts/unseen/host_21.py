"""BERT-style encoder in plain JAX. Parameters are a flat dict of modules,
`params["layer_0/attn/query"]["w"]` and so on (kernels are [in, out])."""
import jax
import jax.numpy as jnp

EPS = 1e-12


def gelu(x):
    return jax.nn.gelu(x, approximate=False)


def linear(params, name, x):
    return jnp.dot(x, params[name]["w"]) + params[name]["b"]


def layer_norm(params, name, x):
    mean = jnp.mean(x, axis=-1, keepdims=True)
    variance = jnp.var(x, axis=-1, keepdims=True)
    inv = params[name]["scale"] * jax.lax.rsqrt(variance + EPS)
    return inv * (x - mean) + params[name]["offset"]


def self_attention(params, name, x, num_heads):
    batch, length, width = x.shape

    def heads(t):
        return t.reshape(batch, length, num_heads, width // num_heads)

    query = heads(linear(params, f"{name}/query", x))
    key = heads(linear(params, f"{name}/key", x))
    value = heads(linear(params, f"{name}/value", x))
    logits = jnp.einsum("bthd,bThd->bhtT", query, key)
    weights = jax.nn.softmax(logits / jnp.sqrt(width // num_heads), axis=-1)
    attn = jnp.einsum("bhtT,bThd->bthd", weights, value)
    return linear(params, f"{name}/linear", attn.reshape(batch, length, width))


def feed_forward(params, name, x):
    return linear(params, f"{name}/out", gelu(linear(params, f"{name}/in", x)))


def forward(params, tokens, num_layers, num_heads):
    """tokens: [batch, length] int32 -> [batch, length, vocab] probabilities."""
    length = tokens.shape[1]
    x = params["embed"]["token"][tokens] + params["embed"]["position"][:length]
    for i in range(num_layers):
        x = x + self_attention(params, f"layer_{i}/attn", x, num_heads)
        x = layer_norm(params, f"layer_{i}/ln_1", x)
        x = x + feed_forward(params, f"layer_{i}/mlp", x)
        x = layer_norm(params, f"layer_{i}/ln_2", x)
    x = gelu(linear(params, "head/dense", x))
    x = layer_norm(params, "head/ln", x)
    return jax.nn.softmax(x @ params["head/output"]["w"], axis=-1)
