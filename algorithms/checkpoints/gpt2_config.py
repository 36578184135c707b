"""What the config.json of a GPT-2 says."""

from __future__ import annotations

from functools import partial

from algorithms.checkpoints.activations import another_activation
from algorithms.checkpoints.described import (
    Described,
    Shapes,
    computed,
    matrix,
    norm,
    repeated,
    those_that_are,
    under,
)
from algorithms.checkpoints.gpt2 import (
    GPT2,
    GPT2_DEPARTURES,
    GPT2_MASKS,
    gpt2_parameters,
)
from algorithms.checkpoints.model_config import Config
from algorithms.extensions.cached_inference import CachedDInference

_W_U = "lm_head.weight"
_W_E = "transformer.wte.weight"


def gpt2(config: Config) -> Described:
    """GPT2LMHeadModel: Algorithm 10."""
    config.computed(
        scale_attn_weights=True,
        scale_attn_by_inverse_layer_idx=False,
        reorder_and_upcast_attn=False,
        add_cross_attention=False,
        is_encoder_decoder=False,
    )
    N_V, d_e = config.size("vocab_size"), config.size("n_embd")
    ell_max = config.size("n_positions")
    L, H = config.layers("n_layer"), config.size("n_head")
    d_mlp = config.size("n_inner", 4 * d_e)
    d_attn = config.rows_of_a_head("n_embd", "n_head", d_e, H)
    eps = config.number("layer_norm_epsilon", 1e-5)
    phi = config.activation("activation_function", "gelu_new")
    tied = config.flag("tie_word_embeddings", True)
    arrays = under(
        "transformer.",
        [
            matrix("wte", N_V, d_e),
            matrix("wpe", ell_max, d_e),
            repeated(
                "h.",
                L,
                [
                    norm("ln_1", d_e),
                    _conv("attn.c_attn", 3 * d_e, d_e),
                    _conv("attn.c_proj", d_e, d_e),
                    norm("ln_2", d_e),
                    _conv("mlp.c_fc", d_mlp, d_e),
                    _conv("mlp.c_proj", d_e, d_mlp),
                ],
            ),
            norm("ln_f", d_e),
        ],
    )
    G1, G2, G3 = GPT2_DEPARTURES
    return Described(
        "10",
        GPT2,
        {"eps": eps, "activation": phi},
        those_that_are(
            (G1, eps > 0 and f"layer norm has ε = {eps:g}"),
            (G2, another_activation(phi)),
            (G3, tied),
        ),
        {
            "N_V": N_V,
            "ell_max": ell_max,
            "L": L,
            "H": H,
            "d_e": d_e,
            "d_mlp": d_mlp,
            "d_attn": d_attn,
            "d_mid": d_attn,
        },
        "transformer.",
        arrays if tied else arrays | {_W_U: (N_V, d_e)},
        {_W_U: _W_E} if tied else {},
        partial(gpt2_parameters, H=H),
        besides=computed("transformer.", L, *GPT2_MASKS),
        causal=True,
        cached=CachedDInference,
    )


def _conv(name: str, rows: int, columns: int) -> Shapes:
    """A matrix with a column for each output, and its offset."""
    return {
        f"{name}.weight": (columns, rows),
        f"{name}.bias": (rows,),
    }
