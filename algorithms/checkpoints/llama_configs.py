"""What the config.json of Llama, Mistral or Qwen says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from algorithms.checkpoints.decoder_departures import (
    J1,
    J2,
    J3,
    J4,
    J5,
)
from algorithms.checkpoints.departures import Departure
from algorithms.checkpoints.described import (
    Described,
    Shapes,
    computed,
    linear,
    matrix,
    repeated,
    those_that_are,
    under,
    vector,
)
from algorithms.checkpoints.llama import (
    LLAMA_OMEGA,
    PublishedLlama,
    llama_parameters,
)
from algorithms.checkpoints.mistral import PublishedMistral
from algorithms.checkpoints.model_config import Config
from algorithms.checkpoints.qwen import Qwen, qwen_parameters
from algorithms.checkpoints.rotary_config import rotary
from algorithms.extensions.cached_inference import (
    CachedLlamaInference,
)
from algorithms.extensions.cached_windows import (
    CachedMistralInference,
)

_W_U = "lm_head.weight"


def llama(config: Config) -> Described:
    """LlamaForCausalLM: Algorithm X1."""
    config.computed(mlp_bias=False)
    H = config.size("num_attention_heads")
    if config.flag("attention_bias", False):
        return _qwen(config, H, "qkvo", norms=False)
    return _described(
        config,
        H,
        "X1",
        PublishedLlama,
        partial(llama_parameters, H=H),
        cached=CachedLlamaInference,
    )


def mistral(config: Config) -> Described:
    """MistralForCausalLM: Algorithm X2; without a window, X1."""
    H = config.size("num_attention_heads")
    read = partial(llama_parameters, H=H)
    window = config.fields.get("sliding_window", 4096) is not None
    kinds = ("full_attention", "sliding_attention")[: 1 + window]
    if _kind(config, *kinds) == "full_attention":
        return _described(
            config,
            H,
            "X1",
            PublishedLlama,
            read,
            cached=CachedLlamaInference,
        )
    return _described(
        config,
        H,
        "X2",
        PublishedMistral,
        read,
        options={"w": config.size("sliding_window", 4096)},
        cached=CachedMistralInference,
    )


def qwen2(config: Config) -> Described:
    """Qwen2ForCausalLM: Algorithm X1 with offsets."""
    _no_window(config)
    H = config.size("num_attention_heads")
    return _qwen(config, H, "qkv", norms=False)


def qwen3(config: Config) -> Described:
    """Qwen3ForCausalLM: Algorithm X1, queries and keys normed."""
    _no_window(config)
    H = config.size("num_attention_heads")
    offsets = config.flag("attention_bias", False)
    return _qwen(config, H, "qkvo" * offsets, norms=True, d=128)


def _no_window(config: Config) -> None:
    config.computed(use_sliding_window=False)
    _kind(config, "full_attention")


def _kind(config: Config, *kinds: str) -> str:
    """Which of some kinds of attention all layers have.

    The last of them, where nothing says so.
    """
    L = config.layers("num_hidden_layers")
    have = config.fields.get("layer_types")
    for kind in kinds:
        if have == [kind] * L:
            return kind
    if have is not None:
        config.refuse(
            f"layer_types are not computed: want "
            f"{' or '.join(kinds)} in each of {L} layers"
        )
    return kinds[-1]


def _qwen(
    config: Config,
    H: int,
    offsets: str,
    *,
    norms: bool,
    d: int | None = None,
) -> Described:
    added = {
        "qkvo": "offsets on queries, keys, values and W_o",
        "qkv": "offsets on queries, keys and values",
        "": "",
    }
    return _described(
        config,
        H,
        "X1",
        Qwen,
        partial(qwen_parameters, H=H),
        offsets=offsets,
        norms=norms,
        d=d,
        more=those_that_are(
            (J4, added[offsets]),
            (J5, norms and "a norm of each query and key"),
        ),
    )


def _described(
    config: Config,
    H: int,
    algorithm: str,
    function: Callable[..., Any],
    read: Callable[[Mapping[str, Any]], Any],
    *,
    options: Mapping[str, Any] | None = None,
    cached: Callable[..., Any] | None = None,
    offsets: str = "",
    norms: bool = False,
    d: int | None = None,  # rows of a head, if nothing says it
    more: tuple[Departure, ...] = (),
) -> Described:
    config.computed(hidden_act="silu")
    N_V, d_e = config.size("vocab_size"), config.size("hidden_size")
    L = config.layers("num_hidden_layers")
    d_mlp = config.size("intermediate_size")
    H_kv = config.size("num_key_value_heads", H)
    if H % H_kv:
        config.refuse(
            f"num_key_value_heads is {H_kv}, which does not divide "
            f"num_attention_heads={H}"
        )
    if config.fields.get("head_dim", d) is None:
        d_attn = config.rows_of_a_head(
            "hidden_size", "num_attention_heads", d_e, H
        )
    else:
        d_attn = config.size("head_dim", d)
    omega, scaled = rotary(config, d_attn)
    if 2 * omega.shape[0] != d_attn:
        config.refuse(
            f"partial_rotary_factor turns {2 * omega.shape[0]} of "
            f"a head's {d_attn} rows, want all"
        )
    eps = config.number("rms_norm_eps", 1e-6)
    tied = config.flag("tie_word_embeddings", False)
    arrays = under(
        "model.",
        [
            matrix("embed_tokens", N_V, d_e),
            repeated(
                "layers.",
                L,
                [
                    vector("input_layernorm", d_e),
                    *_attention(
                        d_e, H, H_kv, d_attn, offsets, norms
                    ),
                    vector("post_attention_layernorm", d_e),
                    matrix("mlp.gate_proj", d_mlp, d_e),
                    matrix("mlp.up_proj", d_mlp, d_e),
                    matrix("mlp.down_proj", d_e, d_mlp),
                ],
            ),
            vector("norm", d_e),
        ],
    )
    own = those_that_are(
        (J1, eps > 0 and f"the norms have ε = {eps:g}"),
        (J2, scaled),
        (J3, tied),
    )
    return Described(
        algorithm,
        function,
        {"omega": omega, "eps": eps, **(options or {})},
        (*own, *more),
        {
            "N_V": N_V,
            "L": L,
            "H_kv": H_kv,
            "R": H // H_kv,
            "d_e": d_e,
            "d_mlp": d_mlp,
            "d_attn": d_attn,
            "d_mid": d_attn,
            "d_rot": omega.shape[0],
        },
        "model.",
        arrays if tied else arrays | {_W_U: (N_V, d_e)},
        {_W_U: "model.embed_tokens.weight"} if tied else {},
        read,
        besides=computed("model.", L, LLAMA_OMEGA),
        causal=True,
        cached=cached,
    )


def _attention(
    d_e: int,
    H: int,
    H_kv: int,
    d_attn: int,
    offsets: str,
    norms: bool,
) -> list[Shapes]:
    rows = {"q": H, "k": H_kv, "v": H_kv}
    parts = [
        (linear if x in offsets else matrix)(
            f"self_attn.{x}_proj", heads * d_attn, d_e
        )
        for x, heads in rows.items()
    ]
    last = linear if "o" in offsets else matrix
    parts.append(last("self_attn.o_proj", d_e, H * d_attn))
    if norms:
        parts.append(vector("self_attn.q_norm", d_attn))
        parts.append(vector("self_attn.k_norm", d_attn))
    return parts
