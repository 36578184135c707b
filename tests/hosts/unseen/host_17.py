"""Encoder-decoder transformer as a pure JAX function of a parameter tree."""
import jax
import jax.numpy as jnp


def _dense_init(rng, n_in, n_out):
    return {"kernel": jax.random.normal(rng, (n_in, n_out)) * n_in ** -0.5, "bias": jnp.zeros(n_out)}


def _norm_init(d):
    return {"scale": jnp.ones(d), "offset": jnp.zeros(d)}


def _attn_init(rng, d):
    return {name: _dense_init(r, d, d) for name, r in zip(("q", "k", "v", "o"), jax.random.split(rng, 4))}


def _mlp_init(rng, d, d_ff):
    r1, r2 = jax.random.split(rng)
    return {"up": _dense_init(r1, d, d_ff), "down": _dense_init(r2, d_ff, d)}


def init(rng, vocab, max_len, n_enc, n_dec, d, d_ff):
    keys = iter(jax.random.split(rng, 3 + 2 * n_enc + 3 * n_dec))
    params = {
        "embed": jax.random.normal(next(keys), (vocab, d)),
        "pos": jax.random.normal(next(keys), (max_len, d)),
        "out": jax.random.normal(next(keys), (d, vocab)) * d ** -0.5,
        "encoder": [], "decoder": [],
    }
    for _ in range(n_enc):
        params["encoder"].append({"self_attn": _attn_init(next(keys), d), "mlp": _mlp_init(next(keys), d, d_ff),
                                  "norm1": _norm_init(d), "norm2": _norm_init(d)})
    for _ in range(n_dec):
        params["decoder"].append({"self_attn": _attn_init(next(keys), d), "cross_attn": _attn_init(next(keys), d),
                                  "mlp": _mlp_init(next(keys), d, d_ff),
                                  "norm1": _norm_init(d), "norm2": _norm_init(d), "norm3": _norm_init(d)})
    return params


def dense(p, x):
    return x @ p["kernel"] + p["bias"]


def layer_norm(p, x, eps=1e-5):
    mean = x.mean(-1, keepdims=True)
    var = jnp.square(x - mean).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(var + eps) * p["scale"] + p["offset"]


def multi_head(p, x, kv, n_heads, mask=None):
    split = lambda t: t.reshape(t.shape[0], n_heads, -1)
    q, k, v = split(dense(p["q"], x)), split(dense(p["k"], kv)), split(dense(p["v"], kv))
    scores = jnp.einsum("ihd,jhd->hij", q, k) / jnp.sqrt(q.shape[-1])
    if mask is not None:
        scores = jnp.where(mask, scores, -jnp.inf)
    out = jnp.einsum("hij,jhd->ihd", jax.nn.softmax(scores, axis=-1), v)
    return dense(p["o"], out.reshape(x.shape[0], -1))


def mlp(p, x):
    return dense(p["down"], jax.nn.relu(dense(p["up"], x)))


def encoder_layer(p, x, n_heads):
    x = layer_norm(p["norm1"], x + multi_head(p["self_attn"], x, x, n_heads))
    x = layer_norm(p["norm2"], x + mlp(p["mlp"], x))
    return x


def decoder_layer(p, x, memory, n_heads):
    mask = jnp.tril(jnp.ones((x.shape[0], x.shape[0]), dtype=bool))
    x = layer_norm(p["norm1"], x + multi_head(p["self_attn"], x, x, n_heads, mask))
    x = layer_norm(p["norm2"], x + multi_head(p["cross_attn"], x, memory, n_heads))
    x = layer_norm(p["norm3"], x + mlp(p["mlp"], x))
    return x


def apply(params, src, tgt, n_heads):
    """src: [S] ids, tgt: [T] ids -> [T, vocab] probabilities. vmap over a batch."""
    memory = params["embed"][src] + params["pos"][: src.shape[0]]
    for p in params["encoder"]:
        memory = encoder_layer(p, memory, n_heads)
    x = params["embed"][tgt] + params["pos"][: tgt.shape[0]]
    for p in params["decoder"]:
        x = decoder_layer(p, x, memory, n_heads)
    return jax.nn.softmax(x @ params["out"], axis=-1)
