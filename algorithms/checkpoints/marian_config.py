"""What the config.json of a Marian says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from algorithms.checkpoints.described import (
    Described,
    Shapes,
    linear,
    matrix,
    norm,
    repeated,
    those_that_are,
    under,
)
from algorithms.checkpoints.marian import (
    MARIAN_DEPARTURES,
    Marian,
    MarianParameters,
    marian_parameters,
    marian_positions,
)
from algorithms.checkpoints.model_config import Config
from algorithms.paper.notation import ReLU

#: W_p is made, and no file bounds it.
MOST_POSITIONS = 2**14

_W_U = "lm_head.weight"
_W_E = "model.shared.weight"


def marian(config: Config) -> Described:
    """MarianMTModel: Algorithm 8."""
    config.computed(
        share_encoder_decoder_embeddings=True,
        is_encoder_decoder=True,
        normalize_before=False,
        normalize_embedding=False,
        add_final_layer_norm=False,
        static_position_embeddings=True,
        add_bias_logits=False,
    )
    N_V, d_e = config.size("vocab_size"), config.size("d_model")
    ell_max = config.size(
        "max_position_embeddings", most=MOST_POSITIONS
    )
    L_enc = config.layers("encoder_layers")
    L_dec = config.layers("decoder_layers")
    H = config.size("encoder_attention_heads")
    d_mlp = config.size("encoder_ffn_dim")
    config.computed(
        decoder_vocab_size=N_V,
        decoder_attention_heads=H,
        decoder_ffn_dim=d_mlp,
    )
    d_attn = config.rows_of_a_head(
        "d_model", "encoder_attention_heads", d_e, H
    )
    if d_e % 2:
        config.refuse(f"d_model is {d_e}, want an even number")
    phi = config.activation("activation_function", "gelu")
    tied = config.flag("tie_word_embeddings", True)
    multiplied = config.flag("scale_embedding", False)
    arrays = under(
        "model.",
        [
            matrix("shared", N_V, d_e),
            repeated(
                "encoder.layers.",
                L_enc,
                [
                    *_attention("self_attn", d_e),
                    *_hidden(d_e, d_mlp),
                ],
            ),
            repeated(
                "decoder.layers.",
                L_dec,
                [
                    *_attention("self_attn", d_e),
                    *_attention("encoder_attn", d_e),
                    *_hidden(d_e, d_mlp),
                ],
            ),
        ],
    )
    arrays |= {"final_logits_bias": (1, N_V)}
    copies = {
        f"model.{part}.embed_tokens.weight": _W_E
        for part in ("encoder", "decoder")
    }
    M1, M2, M3, M4, M5, M6 = MARIAN_DEPARTURES
    name = getattr(phi, "__name__", "")
    return Described(
        "8",
        Marian,
        {
            "eps": 1e-5,
            "activation": phi,
            "scale": None if multiplied else 1.0,
        },
        those_that_are(
            (M1, True),
            (M2, multiplied),
            (
                M3,
                phi is not ReLU and f"{name} for the paper's ReLU",
            ),
            (M4, True),
            (M5, tied),
            (M6, True),
        ),
        {
            "N_V": N_V,
            "ell_max": ell_max,
            "L_enc": L_enc,
            "L_dec": L_dec,
            "H": H,
            "d_e": d_e,
            "d_mlp": d_mlp,
            "d_attn": d_attn,
            "d_mid": d_attn,
        },
        "model.",
        arrays if tied else arrays | {_W_U: (N_V, d_e)},
        copies | ({_W_U: _W_E} if tied else {}),
        partial(_read, ell_max=ell_max, H=H),
        besides=frozenset(  # W_p again
            f"model.{part}.embed_positions.weight"
            for part in ("encoder", "decoder")
        ),
    )


def _read(
    arrays: Mapping[str, Any], *, ell_max: int, H: int
) -> MarianParameters[Any]:
    tokens = arrays[_W_E]
    W_p = marian_positions(tokens.shape[1], ell_max)
    return marian_parameters(arrays, W_p.astype(tokens.dtype), H=H)


def _attention(name: str, d_e: int) -> list[Shapes]:
    return [
        *(
            linear(f"{name}.{x}_proj", d_e, d_e)
            for x in ("q", "k", "v", "out")
        ),
        norm(f"{name}_layer_norm", d_e),
    ]


def _hidden(d_e: int, d_mlp: int) -> list[Shapes]:
    return [
        linear("fc1", d_mlp, d_e),
        linear("fc2", d_e, d_mlp),
        norm("final_layer_norm", d_e),
    ]
