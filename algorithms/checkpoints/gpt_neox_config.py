"""What the config.json of a GPT-NeoX says."""

from __future__ import annotations

from functools import partial

from algorithms.checkpoints.activations import another_activation
from algorithms.checkpoints.decoder_departures import J6, J7, J8, J9
from algorithms.checkpoints.described import (
    Described,
    computed,
    linear,
    matrix,
    norm,
    repeated,
    those_that_are,
    under,
)
from algorithms.checkpoints.gpt_neox import (
    GPT_NEOX_COMPUTED,
    GPTNeoX,
    gpt_neox_parameters,
)
from algorithms.checkpoints.model_config import Config
from algorithms.checkpoints.rotary_config import rotary


def gpt_neox(config: Config) -> Described:
    """GPTNeoXForCausalLM: Algorithm 10 with rotary positions."""
    config.computed(tie_word_embeddings=False, attention_bias=True)
    N_V, d_e = config.size("vocab_size"), config.size("hidden_size")
    L = config.layers("num_hidden_layers")
    H = config.size("num_attention_heads")
    d_mlp = config.size("intermediate_size")
    d_attn = config.rows_of_a_head(
        "hidden_size", "num_attention_heads", d_e, H
    )
    omega, scaled = rotary(
        config,
        d_attn,
        base="rotary_emb_base",
        part="rotary_pct",
        least=0.25,
    )
    eps = config.number("layer_norm_eps", 1e-5)
    phi = config.activation("hidden_act", "gelu")
    parallel = config.flag("use_parallel_residual", True)
    arrays = under(
        "gpt_neox.",
        [
            matrix("embed_in", N_V, d_e),
            repeated(
                "layers.",
                L,
                [
                    norm("input_layernorm", d_e),
                    norm("post_attention_layernorm", d_e),
                    linear(
                        "attention.query_key_value", 3 * d_e, d_e
                    ),
                    linear("attention.dense", d_e, d_e),
                    linear("mlp.dense_h_to_4h", d_mlp, d_e),
                    linear("mlp.dense_4h_to_h", d_e, d_mlp),
                ],
            ),
            norm("final_layer_norm", d_e),
        ],
    )
    turning = f"{J8.what}; {scaled}" if scaled else J8.what
    return Described(
        "10",
        GPTNeoX,
        {
            "omega": omega,
            "eps": eps,
            "activation": phi,
            "parallel": parallel,
        },
        those_that_are(
            (J6, eps > 0 and f"layer norm has ε = {eps:g}"),
            (J7, parallel),
            (J8, turning),
            (J9, another_activation(phi)),
        ),
        {
            "N_V": N_V,
            "L": L,
            "H": H,
            "d_e": d_e,
            "d_mlp": d_mlp,
            "d_attn": d_attn,
            "d_mid": d_attn,
            "d_rot": omega.shape[0],
        },
        "gpt_neox.",
        arrays | matrix("embed_out", N_V, d_e),
        {},
        partial(gpt_neox_parameters, H=H),
        besides=computed("gpt_neox.", L, *GPT_NEOX_COMPUTED),
        causal=True,
    )
