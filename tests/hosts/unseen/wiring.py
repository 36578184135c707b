"""How a user would check each of the thirty hosts: the function, the algorithm and the adapter.

`check_of(number, module)` returns a dict: function, algorithm, adapter, format, how, and where a
host was wired by hand and has more than one way to be called, `plain`: a second adapter, which
calls the host in the plainest way (a batch of one; block_size or n_ranks left at their defaults).
`seconds` is how long one call may take: JAX compiles each operation at each new size.
The first adapter calls with (seed % 3) + 1 members, the call's own at position seed % members.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Callable
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import torch

from spec.adapters.array_libraries import computing, converted
from spec.adapters.instance_sizes import divided
from spec.adapters.restrictions import Restrictions
from spec.conformance import Adapter, modules
from spec.inputs.variations import TURNS

torch.set_num_threads(1)

OTHER_SEED = 1000
JAX_SECONDS = 240.0

# ---- forms --------------------------------------------------------------------------------------


def torched(value: Any) -> Any:
    return converted("torch", value)


def flat(part: Any) -> Any:
    """A part of every head, (H, d, …), as one of all heads, (H·d, …)."""
    return part.reshape(-1, *part.shape[2:])


def qkvo(W: Any) -> dict[str, tuple[Any, Any]]:
    """Algorithm 5's W as four maps, each (out, in) and its offset."""
    h = W.W_qkv
    return {
        "q": (flat(h.W_q), flat(h.b_q)),
        "k": (flat(h.W_k), flat(h.b_k)),
        "v": (flat(h.W_v), flat(h.b_v)),
        "o": (W.W_o, W.b_o),
    }


def fused(W: Any, cat: Callable[..., Any]) -> tuple[Any, Any]:
    m = qkvo(W)
    return cat([m[c][0] for c in "qkv"]), cat([m[c][1] for c in "qkv"])


def n_heads(W: Any) -> int:
    return len(W.W_qkv.W_q)


def wb(name: str, weight: Any, bias: Any) -> dict[str, Any]:
    return {f"{name}.weight": weight, f"{name}.bias": bias}


def linears(W: Any, *names: str) -> dict[str, Any]:
    """Weights of the four Linear layers q, k, v, o under these names."""
    maps = qkvo(W)
    return {k: v for name, c in zip(names, "qkvo") for k, v in wb(name, *maps[c]).items()}


def prefixed(prefix: str, weights: dict[str, Any]) -> dict[str, Any]:
    return {prefix + name: weight for name, weight in weights.items()}


def mha_weights(name: str, W: Any) -> dict[str, Any]:
    """Weights of nn.MultiheadAttention with one in_proj."""
    w, b = fused(W, torch.cat)
    return {
        f"{name}.in_proj_weight": w,
        f"{name}.in_proj_bias": b,
        **wb(f"{name}.out_proj", W.W_o, W.b_o),
    }


def filled(module: torch.nn.Module, weights: dict[str, Any]) -> torch.nn.Module:
    """Put weights into all parameters of a module, and give it their type."""
    own = dict(module.named_parameters())
    assert own.keys() == weights.keys(), own.keys() ^ weights.keys()
    dtype = next(iter(weights.values())).dtype
    module.to(dtype).eval()
    with torch.no_grad():
        for name, weight in weights.items():
            parameter = module.get_parameter(name)
            assert parameter.shape == weight.shape, (name, parameter.shape, weight.shape)
            parameter.copy_(weight)
    return module


@dataclass
class Batch:
    """The arguments of a call, and other members drawn from other seeds."""

    arguments: Any
    several: bool = True

    @property
    def count(self) -> int:
        return self.arguments.variation.seed % 3 + 1 if self.several else 1

    @property
    def own(self) -> int:
        return self.arguments.variation.seed % self.count

    @cached_property
    def members(self) -> list[Any]:
        seed = self.arguments.variation.seed
        return [
            self.arguments if i == self.own else self.arguments.redrawn(seed + OTHER_SEED + i)
            for i in range(self.count)
        ]

    def stack(self, name: str) -> np.ndarray:
        """An input of all members: matrices with tokens as rows, masks with queries as rows."""
        return np.stack([np.asarray(getattr(m, name)).T for m in self.members])

    def tensor(self, name: str) -> torch.Tensor:
        return torched({"x": self.stack(name)})["x"]


def own_rows(result: Any, batch: Batch) -> Any:
    """The member of the call, with tokens as columns."""
    assert len(result) == batch.count, (len(result), batch.count)
    return result[batch.own].T


def by_hand(function, algorithm, name, call, plain=True, seconds=10.0, **options) -> dict[str, Any]:
    """An entry wired by hand; `call(function, arguments, several)`."""

    def adapter(several: bool, words: str) -> Adapter:
        return Adapter(
            f"{name}{words}", lambda f, arguments: call(f, arguments, several), **options
        )

    entry = dict(
        function=function, algorithm=algorithm, adapter=adapter(True, ""), format="float64",
        how="by hand", seconds=seconds,
    )
    if plain:
        entry["plain"] = adapter(False, ", plainly")
    return entry


def by_modules(function, algorithm, **options) -> dict[str, Any]:
    return dict(
        function=function,
        algorithm=algorithm,
        adapter=modules(function, algorithm, **options),
        format="float64",
        how="modules",
        seconds=10.0,
    )


def no_grad(call: Callable[..., Any]) -> Callable[..., Any]:
    def without(*args: Any) -> Any:
        with torch.no_grad():
            return call(*args)

    return without


def in_jax(call: Callable[..., Any]) -> Callable[..., Any]:
    def within(function: Any, arguments: Any, several: bool) -> Any:
        with computing("jax", arguments.format.name):
            return call(function, arguments, several)

    return within


def J(tree: Any) -> Any:
    return converted("jax", tree)


# ---- sizes --------------------------------------------------------------------------------------


def stream(asked: Any) -> Any:
    """d_x = d_out = H d_attn, d_mid = d_attn; the context has its own width."""
    d = asked["d_attn"]
    return {**asked, "d_mid": d, "d_x": asked["H"] * d, "d_out": asked["H"] * d}


def stream_all(asked: Any) -> Any:
    sizes = stream(asked)
    return {**sizes, "d_z": sizes["d_x"]}


def as_many_layers(asked: Any) -> Any:
    layers = min(asked["L_enc"], asked["L_dec"])
    return divided({**asked, "L_enc": layers, "L_dec": layers})


# ---- attention ----------------------------------------------------------------------------------


def pair_01(m):
    def call(function, a, several):
        W = a.W_qkv
        attend = function(W.W_q.T, W.b_q, W.W_k.T, W.b_k, W.W_v.T, W.b_v)
        return attend(a.e, a.E.T)

    return by_hand(m.SingleQueryAttention, "3", "rows", call, plain=False, values={"ε": 0.0})


def pair_02(m):
    return by_modules(m.CrossAttentionHead, "4", batch="first", mask="masked")


def pair_03(m):
    @no_grad
    def call(function, a, several):
        b = Batch(a, several)
        W, s = torched(a.W_qkv), a.sizes
        module = function(s["d_x"], s["d_attn"], s["d_out"], s["d_z"])
        filled(module, {
            **wb("query", W.W_q, W.b_q), **wb("key", W.W_k, W.b_k), **wb("value", W.W_v, W.b_v),
        })
        return own_rows(module(b.tensor("X"), b.tensor("Z"), b.tensor("Mask")), b)

    return by_hand(m.ContextAttentionBlock, "4", "rows, batch first, torch", call)


def pair_04(m):
    @in_jax
    def call(function, a, several):
        W = a.W_qkv
        params = {
            "query": {"w": W.W_q.T, "b": W.b_q},
            "key": {"w": W.W_k.T, "b": W.b_k},
            "value": {"w": W.W_v.T, "b": W.b_v},
        }
        return np.asarray(function(J(params), J(a.X.T), J(a.Z.T), J(a.Mask.T))).T

    return by_hand(m.attention, "4", "rows, jax", call, plain=False, seconds=JAX_SECONDS)


def pair_05(m):
    # The function takes q, k and v, so the adapter projects. All sequences of a check are short,
    # so that the tiles are, too: the plain adapter leaves block_size alone.
    def call(function, a, several):
        W = a.W_qkv
        q = a.X.T @ W.W_q.T + W.b_q
        k = a.Z.T @ W.W_k.T + W.b_k
        v = a.Z.T @ W.W_v.T + W.b_v
        options = {"block_size": a.variation.seed % 3 + 1} if several else {}
        return function(q, k, v, a.Mask.T, **options).T

    return by_hand(m.flash_attention, "4", "rows, q, k and v", call)


def pair_06(m):
    @no_grad
    def call(function, a, several):
        b = Batch(a, several)
        W = torched(a.W)
        module = function(n_heads(W), a.sizes["d_x"])
        filled(module, linears(W, *(f"linears.{i}" for i in range(4))))
        z = b.tensor("Z")
        return own_rows(module(b.tensor("X"), z, z, b.tensor("Mask")), b)

    return by_hand(
        m.MultiHeadedAttention, "5", "rows, batch first, torch", call, sizes=stream_all
    )


def pair_07(m):
    return by_modules(
        m.FusedSelfAttention, "5", batch="first", qkv="fused in each head"
    )


def pair_08(m):
    return by_modules(m.MultiHeadAttention, "5", batch="first", mask="causal")


def pair_09(m):
    @no_grad
    def call(function, a, several):
        b = Batch(a, several)
        W = torched(a.W)
        maps = qkvo(W)
        module = function(a.sizes["d_x"], n_heads(W), a.sizes["d_z"])
        attn = {
            "in_proj_bias": torch.cat([maps[c][1] for c in "qkv"]),
            **wb("out_proj", *maps["o"]),
        }
        if module.attn.in_proj_weight is None:
            attn |= {f"{c}_proj_weight": maps[c][0] for c in "qkv"}
        else:  # if all widths are equal
            attn["in_proj_weight"] = torch.cat([maps[c][0] for c in "qkv"])
        filled(module, prefixed("attn.", attn))
        return own_rows(module(b.tensor("X"), b.tensor("Z"), b.tensor("Mask")), b)

    return by_hand(m.MaskedCrossAttention, "5", "rows, batch first, torch", call, sizes=stream)


def pair_10(m):
    # The heads are dealt out to as many ranks as the seed says, of those that divide H; the plain
    # adapter leaves n_ranks alone.
    def call(function, a, several):
        maps, H = qkvo(a.W), n_heads(a.W)
        p = {f"w{c}": w.T for c, (w, _) in maps.items()}
        p |= {f"b{c}": bias for c, (_, bias) in maps.items()}
        ranks = [n for n in range(H, 0, -1) if H % n == 0]
        options = {"n_ranks": ranks[a.variation.seed % len(ranks)]} if several else {}
        return function(a.X.T, a.Z.T, p, H, mask=a.Mask.T, **options).T

    return by_hand(
        m.parallel_attention, "5", "rows, in first", call,
        sizes=lambda asked: {**asked, "d_mid": asked["d_attn"]},
    )


def pair_11(m):
    @no_grad
    def call(function, a, several):
        b = Batch(a, several)
        W = torched(a.W)
        module = function(n_heads(W), a.sizes["d_x"], a.sizes["d_z"])
        filled(module, linears(W, "linear_q", "linear_k", "linear_v", "linear_out"))
        z = b.tensor("Z")
        return own_rows(module(b.tensor("X"), z, z, b.tensor("Mask")), b)

    return by_hand(m.MultiHeadedAttention, "5", "rows, batch first, torch", call, sizes=stream)


# ---- small ones ---------------------------------------------------------------------------------


def pair_12(m):
    return by_modules(m.LayerNorm, "6", batch="first")


def pair_13(m):
    return by_modules(m.RMSNorm, "N1", batch="first")


def pair_14(m):
    # Each position by itself, after as many tokens as it has before it; and in the first adapter
    # as part of a sequence that begins a few tokens earlier.
    @no_grad
    def call(function, a, several):
        table = torched({"w": a.W_p})["w"].T
        module = filled(function(*table.shape), {"weight": table})
        members = a.variation.seed % 3 + 1 if several else 1
        columns = []
        for t in np.asarray(a.t).tolist():
            before = min(t, a.variation.seed % 3) if several else 0
            ids = torch.zeros((members, before + 1), dtype=torch.long)
            out = module(ids, t - before)
            assert out.shape == (members, before + 1, table.shape[1])
            columns.append(out[a.variation.seed % members, -1])
        return torch.stack(columns, 1)

    return by_hand(m.LearnedPositionalEmbedding, "2", "rows, batch first, torch", call)


def pair_15(m):
    return by_modules(m.OutputHead(np.zeros((6, 17))), "7", batch="first")


# ---- whole models -------------------------------------------------------------------------------


def model(function, algorithm, name, build, inputs=("x",), sizes=divided, eps=1e-5):
    """A torch model of batches of ids: `build(function, theta, sizes)` makes it with weights."""

    @no_grad
    def call(function, a, several):
        b = Batch(a, several)
        module = build(function, torched(a.theta), a.sizes)
        return own_rows(module(*(b.tensor(each) for each in inputs)), b)

    return by_hand(
        function, algorithm, name, call, sizes=sizes, values={"ε": eps},
    )


ROWS = "rows, batch first, torch"


def pair_16(m):
    def build(function, th, s):
        weights = {"embed.weight": th.W_e.T, "pos.weight": th.W_p.T, "generator.weight": th.W_u}
        four = [f"linears.{i}" for i in range(4)]
        for i, l in enumerate(th.encoder_layers):
            weights |= prefixed(f"encoder.{i}.", {
                **prefixed("self_attn.", linears(l.W_enc, *four)),
                **wb("feed_forward.w_1", l.W_mlp1, l.b_mlp1),
                **wb("feed_forward.w_2", l.W_mlp2, l.b_mlp2),
                **wb("sublayer.0.norm", l.gamma1, l.beta1),
                **wb("sublayer.1.norm", l.gamma2, l.beta2),
            })
        for i, l in enumerate(th.decoder_layers):
            weights |= prefixed(f"decoder.{i}.", {
                **prefixed("self_attn.", linears(l.W_dec, *four)),
                **prefixed("src_attn.", linears(l.W_ed, *four)),
                **wb("feed_forward.w_1", l.W_mlp3, l.b_mlp3),
                **wb("feed_forward.w_2", l.W_mlp4, l.b_mlp4),
                **wb("sublayer.0.norm", l.gamma3, l.beta3),
                **wb("sublayer.1.norm", l.gamma4, l.beta4),
                **wb("sublayer.2.norm", l.gamma5, l.beta5),
            })
        module = function(
            s["N_V"], s["ℓ_max"], s["L_enc"], s["L_dec"], s["d_e"], s["d_mlp"], s["H"]
        )
        return filled(module, weights)

    return model(m.EncoderDecoder, "8", ROWS, build, ("z", "x"))


def pair_17(m):
    def dense(w, b):
        return {"kernel": w.T, "bias": b}

    def attention(W):
        return {c: dense(*pair) for c, pair in qkvo(W).items()}

    def norms(*pairs):
        return {f"norm{i}": {"scale": g, "offset": b} for i, (g, b) in enumerate(pairs, 1)}

    @in_jax
    def call(function, a, several):
        th = a.theta
        params = {
            "embed": th.W_e.T, "pos": th.W_p.T, "out": th.W_u.T,
            "encoder": [{
                "self_attn": attention(l.W_enc),
                "mlp": {"up": dense(l.W_mlp1, l.b_mlp1), "down": dense(l.W_mlp2, l.b_mlp2)},
                **norms((l.gamma1, l.beta1), (l.gamma2, l.beta2)),
            } for l in th.encoder_layers],
            "decoder": [{
                "self_attn": attention(l.W_dec),
                "cross_attn": attention(l.W_ed),
                "mlp": {"up": dense(l.W_mlp3, l.b_mlp3), "down": dense(l.W_mlp4, l.b_mlp4)},
                **norms((l.gamma3, l.beta3), (l.gamma4, l.beta4), (l.gamma5, l.beta5)),
            } for l in th.decoder_layers],
        }
        apply = jax.jit(function, static_argnums=3)
        return np.asarray(apply(J(params), J(a.z), J(a.x), a.sizes["H"])).T

    return by_hand(
        m.apply, "8", "rows, jax", call, plain=False, sizes=divided, values={"ε": 1e-5},
        seconds=JAX_SECONDS,
    )


def pair_18(m):
    def build(function, th, s):
        weights = {
            "word_emb.weight": th.W_e.T, "position_emb.weight": th.W_p.T, "word_prj.weight": th.W_u,
        }
        for i, l in enumerate(th.encoder_layers):
            weights |= prefixed(f"encoder_stack.{i}.", {
                **mha_weights("slf_attn.attn", l.W_enc),
                **wb("slf_attn.layer_norm", l.gamma1, l.beta1),
                **wb("pos_ffn.w_1", l.W_mlp1, l.b_mlp1),
                **wb("pos_ffn.w_2", l.W_mlp2, l.b_mlp2),
                **wb("pos_ffn.layer_norm", l.gamma2, l.beta2),
            })
        for i, l in enumerate(th.decoder_layers):
            weights |= prefixed(f"decoder_stack.{i}.", {
                **mha_weights("slf_attn.attn", l.W_dec),
                **wb("slf_attn.layer_norm", l.gamma3, l.beta3),
                **mha_weights("enc_attn.attn", l.W_ed),
                **wb("enc_attn.layer_norm", l.gamma4, l.beta4),
                **wb("pos_ffn.w_1", l.W_mlp3, l.b_mlp3),
                **wb("pos_ffn.w_2", l.W_mlp4, l.b_mlp4),
                **wb("pos_ffn.layer_norm", l.gamma5, l.beta5),
            })
        module = function(s["N_V"], s["ℓ_max"], s["L_enc"], s["H"], s["d_e"], s["d_mlp"])
        return filled(module, weights)

    return model(m.Transformer, "8", ROWS, build, ("z", "x"), sizes=as_many_layers)


def stock_layer(l):
    """Weights of nn.TransformerEncoderLayer."""
    return {
        **mha_weights("self_attn", l.W),
        **wb("linear1", l.W_mlp1, l.b_mlp1), **wb("linear2", l.W_mlp2, l.b_mlp2),
        **wb("norm1", l.gamma1, l.beta1), **wb("norm2", l.gamma2, l.beta2),
    }


def pair_19(m):
    def build(function, th, s):
        weights = {
            "tok_emb.weight": th.W_e.T, "pos_emb.weight": th.W_p.T, "head.decoder.weight": th.W_u,
            **wb("head.dense", th.W_f, th.b_f), **wb("head.norm", th.gamma, th.beta),
        }
        for i, l in enumerate(th.layers):
            weights |= prefixed(f"encoder.layers.{i}.", stock_layer(l))
        module = function(
            s["N_V"], s["ℓ_max"], s["d_e"], s["H"], s["L"], s["d_mlp"], s["d_f"]
        )
        return filled(module, weights)

    return model(m.MaskedLM, "9", ROWS, build)


def pair_20(m):
    def build(function, th, s):
        weights = {
            "embeddings.word_embeddings.weight": th.W_e.T,
            "embeddings.position_embeddings.weight": th.W_p.T,
            "decoder.weight": th.W_u,
            **wb("transform", th.W_f, th.b_f), **wb("transform_norm", th.gamma, th.beta),
        }
        for i, l in enumerate(th.layers):
            maps = linears(
                l.W, "self_attention.query", "self_attention.key", "self_attention.value",
                "attention_output",
            )
            weights |= prefixed(f"layer.{i}.", {
                **maps,
                **wb("attention_norm", l.gamma1, l.beta1),
                **wb("intermediate", l.W_mlp1, l.b_mlp1), **wb("output", l.W_mlp2, l.b_mlp2),
                **wb("output_norm", l.gamma2, l.beta2),
            })
        config = m.BertConfig(
            vocab_size=s["N_V"], max_position_embeddings=s["ℓ_max"], hidden_size=s["d_e"],
            num_hidden_layers=s["L"], num_attention_heads=s["H"], intermediate_size=s["d_mlp"],
            transform_size=s["d_f"],
        )
        return filled(function(config), weights)

    return model(m.BertForMaskedLM, "9", ROWS, build, eps=1e-12)


def pair_21(m):
    def linear(w, b):
        return {"w": w.T, "b": b}

    def norm(g, b):
        return {"scale": g, "offset": b}

    @in_jax
    def call(function, a, several):
        b, th = Batch(a, several), a.theta
        params = {
            "embed": {"token": th.W_e.T, "position": th.W_p.T},
            "head/dense": linear(th.W_f, th.b_f),
            "head/ln": norm(th.gamma, th.beta),
            "head/output": {"w": th.W_u.T},
        }
        for i, l in enumerate(th.layers):
            for c, name in zip("qkvo", ("query", "key", "value", "linear")):
                params[f"layer_{i}/attn/{name}"] = linear(*qkvo(l.W)[c])
            params[f"layer_{i}/mlp/in"] = linear(l.W_mlp1, l.b_mlp1)
            params[f"layer_{i}/mlp/out"] = linear(l.W_mlp2, l.b_mlp2)
            params[f"layer_{i}/ln_1"] = norm(l.gamma1, l.beta1)
            params[f"layer_{i}/ln_2"] = norm(l.gamma2, l.beta2)
        forward = jax.jit(function, static_argnums=(2, 3))
        result = forward(J(params), J(b.stack("x")), a.sizes["L"], a.sizes["H"])
        return own_rows(np.asarray(result), b)

    return by_hand(
        m.forward, "9", "rows, batch first, jax", call, sizes=divided, values={"ε": 1e-12},
        seconds=JAX_SECONDS,
    )


def pair_22(m):
    def call(function, a, several):
        th = a.theta
        theta = {
            "We": th.W_e, "Wp": th.W_p, "Wf": th.W_f, "bf": th.b_f, "gamma": th.gamma,
            "beta": th.beta, "Wu": th.W_u,
            "layers": [{
                "heads": [
                    tuple(getattr(l.W.W_qkv, name)[h] for name in
                          ("W_q", "b_q", "W_k", "b_k", "W_v", "b_v"))
                    for h in range(n_heads(l.W))
                ],
                "Wo": l.W.W_o, "bo": l.W.b_o,
                "gamma1": l.gamma1, "beta1": l.beta1, "gamma2": l.gamma2, "beta2": l.beta2,
                "W1": l.W_mlp1, "b1": l.b_mlp1, "W2": l.W_mlp2, "b2": l.b_mlp2,
            } for l in th.layers],
        }
        return function(np.asarray(a.x).tolist(), theta)

    return by_hand(
        m.encoder, "9", "columns, a list of heads", call, plain=False, values={"ε": 0.0}
    )


def pair_23(m):
    def build(function, th, s):
        weights = {
            "transformer.wte.weight": th.W_e.T, "transformer.wpe.weight": th.W_p.T,
            "lm_head.weight": th.W_u, **wb("transformer.ln_f", th.gamma, th.beta),
        }
        for i, l in enumerate(th.layers):
            weights |= prefixed(f"transformer.h.{i}.", {
                **wb("attn.c_attn", *fused(l.W, torch.cat)), **wb("attn.c_proj", l.W.W_o, l.W.b_o),
                **wb("mlp.c_fc", l.W_mlp1, l.b_mlp1), **wb("mlp.c_proj", l.W_mlp2, l.b_mlp2),
                **wb("ln_1", l.gamma1, l.beta1), **wb("ln_2", l.gamma2, l.beta2),
            })
        config = m.GPTConfig(
            block_size=s["ℓ_max"], vocab_size=s["N_V"], n_layer=s["L"], n_head=s["H"],
            n_embd=s["d_e"], n_hidden=s["d_mlp"], bias=True,
        )
        return filled(function(config), weights)

    return model(m.GPT, "10", ROWS, build)


def pair_24(m):
    def linear(w, b):
        return {"w": w.T, "b": b}

    def norm(g, b):
        return {"g": g, "b": b}

    def call(function, a, several):
        th = a.theta
        blocks = [{
            "attn": {"c_attn": linear(*fused(l.W, np.concatenate)),
                     "c_proj": linear(l.W.W_o, l.W.b_o)},
            "mlp": {"c_fc": linear(l.W_mlp1, l.b_mlp1), "c_proj": linear(l.W_mlp2, l.b_mlp2)},
            "ln_1": norm(l.gamma1, l.beta1), "ln_2": norm(l.gamma2, l.beta2),
        } for l in th.layers]
        return function(
            np.asarray(a.x).tolist(), th.W_e.T, th.W_p.T, blocks, norm(th.gamma, th.beta),
            th.W_u.T, a.sizes["H"],
        ).T

    return by_hand(
        m.gpt2, "10", "rows, in first", call, plain=False, sizes=divided, values={"ε": 1e-5}
    )


def pair_25(m):
    def build(function, th, s):
        weights = {
            "tok_emb.weight": th.W_e.T, "pos_emb": th.W_p.T[None], "head.weight": th.W_u,
            **wb("ln_f", th.gamma, th.beta),
        }
        for i, l in enumerate(th.layers):
            weights |= prefixed(f"blocks.{i}.", {
                **prefixed("attn.", linears(l.W, "query", "key", "value", "proj")),
                **wb("mlp.fc", l.W_mlp1, l.b_mlp1), **wb("mlp.proj", l.W_mlp2, l.b_mlp2),
                **wb("ln1", l.gamma1, l.beta1), **wb("ln2", l.gamma2, l.beta2),
            })
        module = function(s["N_V"], s["ℓ_max"], s["L"], s["H"], s["d_e"], s["d_mlp"])
        return filled(module, weights)

    return model(m.GPT, "10", ROWS, build)


# ---- training -----------------------------------------------------------------------------------


def with_heads(W: Any, q, k, v, o) -> Any:
    """Algorithm 5's W of the same shapes, made of four maps (out, in) with their offsets."""
    h, parts = W.W_qkv, {}
    for c, (w, b) in zip("qkv", (q, k, v)):
        parts[f"W_{c}"] = np.asarray(w).reshape(getattr(h, f"W_{c}").shape)
        parts[f"b_{c}"] = np.asarray(b).reshape(getattr(h, f"b_{c}").shape)
    return W._replace(W_qkv=h._replace(**parts), W_o=np.asarray(o[0]), b_o=np.asarray(o[1]))


def pair_26(m):
    def call(function, a, several):
        th = torched(a.theta)
        params = {
            "wte": th.W_e.T, "wpe": th.W_p.T, "lm_head.weight": th.W_u,
            **wb("ln_f", th.gamma, th.beta),
        }
        for i, l in enumerate(th.layers):
            params |= prefixed(f"h.{i}.", {
                **wb("ln_1", l.gamma1, l.beta1), **wb("ln_2", l.gamma2, l.beta2),
                **wb("attn.qkv", *fused(l.W, torch.cat)), **wb("attn.proj", l.W.W_o, l.W.b_o),
                **wb("mlp.fc", l.W_mlp1, l.b_mlp1), **wb("mlp.proj", l.W_mlp2, l.b_mlp2),
            })
        data = [torch.tensor(np.asarray(x), dtype=torch.long) for x in a.x]
        trained = function(data, params, a.eta, a.N_epochs, n_heads(a.theta.layers[0].W))
        p = {name: tensor.numpy() for name, tensor in trained.items()}
        layers = []
        for i, l in enumerate(a.theta.layers):
            def of(name):
                return p[f"h.{i}.{name}"]
            maps = zip(np.split(of("attn.qkv.weight"), 3), np.split(of("attn.qkv.bias"), 3))
            layers.append(l._replace(
                W=with_heads(l.W, *maps, (of("attn.proj.weight"), of("attn.proj.bias"))),
                gamma1=of("ln_1.weight"), beta1=of("ln_1.bias"),
                gamma2=of("ln_2.weight"), beta2=of("ln_2.bias"),
                W_mlp1=of("mlp.fc.weight"), b_mlp1=of("mlp.fc.bias"),
                W_mlp2=of("mlp.proj.weight"), b_mlp2=of("mlp.proj.bias"),
            ))
        return a.theta._replace(
            W_e=p["wte"].T, W_p=p["wpe"].T, W_u=p["lm_head.weight"],
            gamma=p["ln_f.weight"], beta=p["ln_f.bias"], layers=tuple(layers),
        )

    return by_hand(
        m.train, "13", "rows, torch", call, plain=False, sizes=divided, values={"ε": 1e-5}
    )


JAX_GRAD = jax.grad
GRADIENTS: dict[Any, Any] = {}


def jitted_grad(loss: Callable[..., Any]) -> Callable[..., Any]:
    """jax.grad, compiled as one: alone, each of its operations is compiled, which takes minutes."""

    def gradient(*args: Any) -> Any:
        static = tuple((i, each) for i, each in enumerate(args) if type(each) is int)
        if (loss, static) not in GRADIENTS:
            places = tuple(i for i, _ in static)
            GRADIENTS[loss, static] = jax.jit(JAX_GRAD(loss), static_argnums=places)
        return GRADIENTS[loss, static](*args)

    return gradient


def pair_27(m):
    def norm(g, b):
        return {"g": g, "b": b}

    @in_jax
    def call(function, a, several):
        th = a.theta
        layers = []
        for l in th.layers:
            attn = {}
            for c, (w, b) in qkvo(l.W).items():
                attn |= {f"w{c}": w.T, f"b{c}": b}
            layers.append({
                "ln1": norm(l.gamma1, l.beta1), "ln2": norm(l.gamma2, l.beta2), "attn": attn,
                "w1": l.W_mlp1.T, "b1": l.b_mlp1, "w2": l.W_mlp2.T, "b2": l.b_mlp2,
            })
        params = {
            "tok": th.W_e.T, "pos": th.W_p.T, "layers": layers,
            "head": {"w": th.W_f.T, "b": th.b_f, "ln": norm(th.gamma, th.beta), "out": th.W_u.T},
        }
        data = [np.asarray(x) for x in a.x]
        with mock.patch.object(jax, "grad", jitted_grad):
            p = function(
                data, J(params), a.eta, a.N_epochs, a.p_mask, a.mask_token,
                n_heads(th.layers[0].W), a.rng,
            )
        p = jax.tree_util.tree_map(np.asarray, p)
        trained = []
        for l, own in zip(th.layers, p["layers"]):
            maps = [(own["attn"][f"w{c}"].T, own["attn"][f"b{c}"]) for c in "qkvo"]
            trained.append(l._replace(
                W=with_heads(l.W, *maps),
                gamma1=own["ln1"]["g"], beta1=own["ln1"]["b"],
                gamma2=own["ln2"]["g"], beta2=own["ln2"]["b"],
                W_mlp1=own["w1"].T, b_mlp1=own["b1"], W_mlp2=own["w2"].T, b_mlp2=own["b2"],
            ))
        head = p["head"]
        return th._replace(
            W_e=p["tok"].T, W_p=p["pos"].T, W_f=head["w"].T, b_f=head["b"],
            gamma=head["ln"]["g"], beta=head["ln"]["b"], W_u=head["out"].T, layers=tuple(trained),
        )

    return by_hand(
        m.pretrain, "12", "rows, jax", call, plain=False, sizes=divided, values={"ε": 1e-5},
        draws="from above",  # a token is masked where its number is below p_mask
        seconds=JAX_SECONDS,
    )


# ---- decoding -----------------------------------------------------------------------------------


def multinomial(batch: Batch) -> Callable[..., Any]:
    """What draws in place of torch.multinomial: the call's own member by the numbers of its rng."""
    sources = [m.rng for m in batch.members]

    def draw(probs, num_samples, replacement=False, *, generator=None, out=None):
        assert num_samples == 1
        rows = probs.detach().reshape(-1, probs.shape[-1]).double().numpy()
        assert len(rows) == len(sources), (len(rows), len(sources))
        tokens = []
        for row, source in zip(rows, sources):
            sums = np.cumsum(row / row.sum())
            tokens.append(min(int(np.searchsorted(sums, source.random(), "right")), len(row) - 1))
        drawn = torch.tensor(tokens, dtype=torch.long)
        return drawn if probs.ndim == 1 else drawn[:, None]

    return draw


def drawing(batch: Batch):
    return mock.patch.object(torch, "multinomial", multinomial(batch))


def own_tokens(result, batch):
    assert len(result) == batch.count
    return result[batch.own]


def pair_28(m):
    @no_grad
    def call(function, a, several):
        b, th, s = Batch(a, several), torched(a.theta_hat), a.sizes
        weights = {
            "tok_embeddings.weight": th.W_e.T, "pos_embeddings.weight": th.W_p.T,
            "output.weight": th.W_u, **wb("norm", th.gamma, th.beta),
        }
        for i, l in enumerate(th.layers):
            weights |= prefixed(f"layers.{i}.", {
                **wb("attention_norm", l.gamma1, l.beta1), **wb("ffn_norm", l.gamma2, l.beta2),
                **wb("attention.wqkv", *fused(l.W, torch.cat)),
                **wb("attention.wo", l.W.W_o, l.W.b_o),
                **wb("feed_forward.0", l.W_mlp1, l.b_mlp1),
                **wb("feed_forward.2", l.W_mlp2, l.b_mlp2),
            })
        module = filled(
            function(s["N_V"], s["ℓ_max"], s["L"], s["H"], s["d_e"], s["d_mlp"]), weights
        )
        with drawing(b):
            return own_tokens(module.generate(b.tensor("x"), a.ell_gen, temperature=a.tau), b)

    return by_hand(
        m.LanguageModel, "14", ROWS, call, sizes=divided, values={"ε": 1e-5}, draws="from below"
    )


def pair_29(m):
    @no_grad
    def call(function, a, several):
        b, th, s = Batch(a, several), torched(a.theta_hat), a.sizes
        weights = {
            "encoder.weight": th.W_e.T, "pos_encoder.weight": th.W_p.T, "decoder.weight": th.W_u,
            **wb("transformer_encoder.norm", th.gamma, th.beta),
        }
        for i, l in enumerate(th.layers):
            weights |= prefixed(f"transformer_encoder.layers.{i}.", stock_layer(l))
        module = filled(
            m.TinyLM(s["N_V"], s["ℓ_max"], s["d_e"], s["H"], s["d_mlp"], s["L"]), weights
        )
        with drawing(b):
            return own_tokens(function(module, b.tensor("x"), a.ell_gen, temperature=a.tau), b)

    return by_hand(
        m.generate, "14", ROWS, call, sizes=divided, values={"ε": 1e-5}, draws="from below"
    )


def pair_30(m):
    @no_grad
    def call(function, a, several):
        b, th, s = Batch(a, False), torched(a.theta_hat), a.sizes
        weights = {"tok.weight": th.W_e.T, "pos.weight": th.W_p.T, "out.weight": th.W_u}
        for i, l in enumerate(th.encoder_layers):
            weights |= prefixed(f"encoder.{i}.", {
                **prefixed("attn.", linears(l.W_enc, *"qkvo")),
                **wb("fc1", l.W_mlp1, l.b_mlp1), **wb("fc2", l.W_mlp2, l.b_mlp2),
                **wb("ln1", l.gamma1, l.beta1), **wb("ln2", l.gamma2, l.beta2),
            })
        for i, l in enumerate(th.decoder_layers):
            weights |= prefixed(f"decoder.{i}.", {
                **prefixed("self_attn.", linears(l.W_dec, *"qkvo")),
                **prefixed("cross_attn.", linears(l.W_ed, *"qkvo")),
                **wb("fc1", l.W_mlp3, l.b_mlp3), **wb("fc2", l.W_mlp4, l.b_mlp4),
                **wb("ln1", l.gamma3, l.beta3), **wb("ln2", l.gamma4, l.beta4),
                **wb("ln3", l.gamma5, l.beta5),
            })
        module = filled(
            function(
                s["N_V"], s["ℓ_max"], s["L_enc"], s["L_dec"], s["H"], s["d_e"], s["d_mlp"]
            ),
            weights,
        )
        # A check stops a text that does not end after so many turns; the host, at its max_len.
        module.max_len = TURNS + 1
        z = torch.tensor(np.asarray(a.z), dtype=torch.long)
        with drawing(b):
            return module.translate(z, a.bos_token, a.eos_token, temperature=a.tau)

    return by_hand(
        m.Seq2Seq, "15", "rows, torch", call, plain=False, sizes=divided, values={"ε": 1e-5},
        draws="from below",
    )


def check_of(number: str, module: Any) -> dict[str, Any]:
    return globals()[f"pair_{int(number):02}"](module)
