"""What the config.json of a T5, an mT5 or a UMT5 says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from algorithms.checkpoints.activations import GELU_tanh
from algorithms.checkpoints.described import (
    Described,
    Shapes,
    matrix,
    repeated,
    those_that_are,
    under,
    vector,
)
from algorithms.checkpoints.model_config import Config
from algorithms.checkpoints.published_t5 import (
    T5_DEPARTURES,
    TABLE,
    UNREAD,
    PublishedT5,
    t5_parameters,
)
from algorithms.extensions.silu import SiLU
from algorithms.paper.notation import ReLU

_W_U = "lm_head.weight"
_W_E = "shared.weight"

#: What `feed_forward_proj` may be: an activation, and after
#: "gated-" that of a gate.
HIDDEN: dict[str, Callable[..., Any]] = {
    "relu": ReLU,
    "gated-gelu": GELU_tanh,
    "gated-relu": ReLU,
    "gated-silu": SiLU,
}


def t5(config: Config) -> Described:
    """T5ForConditionalGeneration: Algorithm X8."""
    tied = config.flag("tie_word_embeddings", True)
    # Saved anew, a T5 v1.1 says this of its two matrices.
    tied = tied and config.flag("scale_decoder_outputs", True)
    return _described(config, "relu", tied=tied, scaled=tied)


def mt5(config: Config) -> Described:
    """MT5ForConditionalGeneration, which is T5 v1.1."""
    tied = config.flag("tie_word_embeddings", True)
    return _described(config, "gated-gelu", tied=tied, scaled=False)


def umt5(config: Config) -> Described:
    """UMT5ForConditionalGeneration: tables in each layer.

    Scores are divided where W_u is W_e, as in T5. Hugging Face's
    class of version 5.23 always divides them: in its config the two
    are one, whatever the file says. `scale=None` at a call does so.
    """
    tied = config.flag("tie_word_embeddings", True)
    return _described(
        config, "gated-gelu", tied=tied, scaled=tied, tables=True
    )


def _described(
    config: Config,
    usual: str,
    *,
    tied: bool,
    scaled: bool,
    tables: bool = False,
) -> Described:
    config.computed(is_encoder_decoder=True, is_decoder=False)
    N_V, d_e = config.size("vocab_size"), config.size("d_model")
    d_mlp, H = config.size("d_ff"), config.size("num_heads")
    d_attn = config.size("d_kv")
    L_enc = L_dec = config.layers("num_layers")
    if config.fields.get("num_decoder_layers") is not None:
        L_dec = config.layers("num_decoder_layers")
    buckets = config.size("relative_attention_num_buckets", 32)
    if buckets % 4:
        config.refuse(
            f"relative_attention_num_buckets is {buckets}, want "
            "a multiple of 4: each direction has half, and half of "
            "these are of one distance"
        )
    D = config.size("relative_attention_max_distance", 128)
    if buckets // 2 >= D:
        config.refuse(
            f"relative_attention_max_distance is {D}, want more "
            f"than half of relative_attention_num_buckets={buckets}"
        )
    word = config.value("feed_forward_proj", usual)
    if not isinstance(word, str) or word not in HIDDEN:
        config.refuse(
            f"feed_forward_proj is {word!r}, which is not "
            f"computed: want one of {', '.join(HIDDEN)}"
        )
    phi, gated = HIDDEN[word], word.startswith("gated-")
    eps = config.number("layer_norm_epsilon", 1e-6)
    rows = H * d_attn
    hidden = _hidden(d_e, d_mlp, gated)
    own = _attention("layer.0.SelfAttention", rows, d_e)
    cross = _attention("layer.1.EncDecAttention", rows, d_e)
    arrays = under(
        "",
        [
            matrix("shared", N_V, d_e),
            repeated(
                "encoder.block.",
                L_enc,
                [
                    *own,
                    vector("layer.0.layer_norm", d_e),
                    under("layer.1.", hidden),
                ],
            ),
            vector("encoder.final_layer_norm", d_e),
            repeated(
                "decoder.block.",
                L_dec,
                [
                    *own,
                    vector("layer.0.layer_norm", d_e),
                    *cross,
                    vector("layer.1.layer_norm", d_e),
                    under("layer.2.", hidden),
                ],
            ),
            vector("decoder.final_layer_norm", d_e),
        ],
    )
    for stack, L in (("encoder", L_enc), ("decoder", L_dec)):
        for l in range(L if tables else 1):
            arrays[f"{stack}.{TABLE.format(l)}"] = (buckets, H)
    copies = {
        f"{part}.embed_tokens.weight": _W_E
        for part in ("encoder", "decoder")
    }
    T1, T2, T3, T4, T5, T6 = T5_DEPARTURES
    name = getattr(phi, "__name__", "")
    return Described(
        "X8",
        PublishedT5,
        {
            "D": D,
            "eps": eps,
            "activation": phi,
            "scale": None if scaled else 1.0,
        },
        those_that_are(
            (T1, eps > 0 and f"the norms have ε = {eps:g}"),
            (T2, scaled),
            (T3, tied),
            (T4, gated),
            (
                T5,
                phi is not ReLU
                and (
                    phi is GELU_tanh or f"{name} where X8 has ReLU"
                ),
            ),
            (T6, tables),
        ),
        {
            "N_V": N_V,
            "L_enc": L_enc,
            "L_dec": L_dec,
            "H": H,
            "d_e": d_e,
            "d_mlp": d_mlp,
            "d_attn": d_attn,
            "d_mid": d_attn,
            "kappa": buckets // 4,
            "kappa_dec": buckets // 2,
            "D": D,
        },
        "",
        arrays if tied else arrays | {_W_U: (N_V, d_e)},
        copies | ({_W_U: _W_E} if tied else {}),
        partial(t5_parameters, H=H),
        besides=frozenset({f"decoder.{UNREAD}"}),
    )


def _attention(name: str, rows: int, d_e: int) -> list[Shapes]:
    return [
        *(matrix(f"{name}.{x}", rows, d_e) for x in "qkv"),
        matrix(f"{name}.o", d_e, rows),
    ]


def _hidden(d_e: int, d_mlp: int, gated: bool) -> list[Shapes]:
    names = ("wi_0", "wi_1") if gated else ("wi",)
    return [
        *(
            matrix(f"DenseReluDense.{name}", d_mlp, d_e)
            for name in names
        ),
        matrix("DenseReluDense.wo", d_e, d_mlp),
        vector("layer_norm", d_e),
    ]
