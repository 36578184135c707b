"""What the config.json of a GPT-J says."""

from __future__ import annotations

from functools import partial

import numpy as np

from algorithms.checkpoints.activations import another_activation
from algorithms.checkpoints.decoder_departures import (
    J6,
    J7,
    J8,
    J9,
    J10,
    J12,
    J13,
)
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
from algorithms.checkpoints.gptj import (
    GPTJ,
    GPTJ_MASKS,
    gptj_parameters,
)
from algorithms.checkpoints.model_config import Config
from algorithms.checkpoints.rotary_config import MOST_ROWS
from algorithms.extensions.rotary import rotary_frequencies


def gptj(config: Config) -> Described:
    """GPTJForCausalLM: Algorithm 10 with rotary positions."""
    config.computed(tie_word_embeddings=False)
    # Hugging Face reads none of these of a GPT-J.
    config.absent(
        "rope_parameters",
        "rope_scaling",
        "rope_theta",
        "partial_rotary_factor",
    )
    N_V, d_e = config.size("vocab_size"), config.size("n_embd")
    L, H = config.layers("n_layer"), config.size("n_head")
    d_mlp = config.size("n_inner", 4 * d_e)
    d_attn = config.rows_of_a_head("n_embd", "n_head", d_e, H)
    rows = config.size("rotary_dim", most=MOST_ROWS)
    if rows > d_attn:
        config.refuse(
            f"rotary_dim is {rows}, want at most the {d_attn} "
            "rows of a head"
        )
    if rows % 2:
        config.refuse(f"rotary_dim is {rows}, want an even number")
    omega = rotary_frequencies(np.array(1e4), d_rot=rows // 2)
    eps = config.number("layer_norm_epsilon", 1e-5)
    phi = config.activation("activation_function", "gelu_new")
    arrays = under(
        "transformer.",
        [
            matrix("wte", N_V, d_e),
            repeated(
                "h.",
                L,
                [
                    norm("ln_1", d_e),
                    *(
                        matrix(f"attn.{x}_proj", d_e, d_e)
                        for x in ("q", "k", "v", "out")
                    ),
                    linear("mlp.fc_in", d_mlp, d_e),
                    linear("mlp.fc_out", d_e, d_mlp),
                ],
            ),
            norm("ln_f", d_e),
        ],
    )
    return Described(
        "10",
        GPTJ,
        {"omega": omega, "eps": eps, "activation": phi},
        those_that_are(
            (J6, eps > 0 and f"layer norm has ε = {eps:g}"),
            (J7, True),
            (J8, True),
            (J9, another_activation(phi)),
            (J10, True),
            (J12, True),
            (J13, True),
        ),
        {
            "N_V": N_V,
            "L": L,
            "H": H,
            "d_e": d_e,
            "d_mlp": d_mlp,
            "d_attn": d_attn,
            "d_mid": d_attn,
            "d_rot": rows // 2,
        },
        "transformer.",
        arrays | linear("lm_head", N_V, d_e),
        {},
        partial(gptj_parameters, H=H),
        besides=computed("transformer.", L, *GPTJ_MASKS),
        causal=True,
    )
