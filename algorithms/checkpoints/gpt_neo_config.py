"""What the config.json of a GPT-Neo says."""

from __future__ import annotations

from functools import partial
from itertools import islice
from operator import mul, truediv

from algorithms.checkpoints.activations import another_activation
from algorithms.checkpoints.decoder_departures import (
    J3,
    J6,
    J9,
    J11,
    J12,
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
from algorithms.checkpoints.gpt_neo import (
    GPT_NEO_MASKS,
    GPTNeo,
    map_queries,
    read_theta,
)
from algorithms.checkpoints.model_config import Config

_W_U = "lm_head.weight"
_W_E = "transformer.wte.weight"


def gpt_neo(config: Config) -> Described:
    """GPTNeoForCausalLM: Algorithm X4."""
    N_V, d_e = config.size("vocab_size"), config.size("hidden_size")
    ell_max = config.size("max_position_embeddings")
    L, H = config.layers("num_layers"), config.size("num_heads")
    d_mlp = config.size("intermediate_size", 4 * d_e)
    d_attn = config.rows_of_a_head(
        "hidden_size", "num_heads", d_e, H
    )
    eps = config.number("layer_norm_epsilon", 1e-5)
    phi = config.activation("activation_function", "gelu_new")
    tied = config.flag("tie_word_embeddings", True)
    w = _window(config, L, ell_max)
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
                    *(
                        matrix(f"attn.attention.{x}_proj", d_e, d_e)
                        for x in "qkv"
                    ),
                    linear("attn.attention.out_proj", d_e, d_e),
                    norm("ln_2", d_e),
                    linear("mlp.c_fc", d_mlp, d_e),
                    linear("mlp.c_proj", d_e, d_mlp),
                ],
            ),
            norm("ln_f", d_e),
        ],
    )
    return Described(
        "X4",
        GPTNeo,
        {"w": w, "eps": eps, "activation": phi},
        those_that_are(
            (J3, tied),
            (J6, eps > 0 and f"layer norm has ε = {eps:g}"),
            (J9, another_activation(phi)),
            (J11, True),
            (J12, "no offsets on queries, keys and values"),
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
        partial(read_theta, H=H),
        besides=computed("transformer.", L, *GPT_NEO_MASKS),
        causal=True,
        from_file=lambda theta: map_queries(theta, mul),
        to_file=lambda theta: map_queries(theta, truediv),
    )


def _window(config: Config, L: int, ell_max: int) -> int:
    """What every second layer of a GPT-Neo sees."""
    layers = config.fields.get("attention_layers")
    if layers is None:
        layers = _repeated_types(config, L)
    if layers == ["global"] * L:
        return ell_max
    if layers != (["global", "local"] * L)[:L]:
        config.refuse(
            "attention_types are not computed: want global and "
            f"local in turn, in num_layers={L} layers"
        )
    return config.size("window_size", 256)


def _repeated_types(config: Config, L: int) -> list[str]:
    """`[[["global", "local"], 12]]`, layer by layer."""
    types = config.value(
        "attention_types", [[["global", "local"], 12]]
    )
    if not isinstance(types, list) or not all(
        isinstance(one, list)
        and len(one) == 2
        and isinstance(one[0], list)
        and one[0]  # without kinds, a count could be any
        and type(one[1]) is int
        and one[1] >= 1
        for one in types
    ):
        config.refuse(
            "attention_types is no list of kinds and their count"
        )
    layers = (
        kind
        for kinds, count in types
        for _ in range(count)
        for kind in kinds
    )
    return [*islice(layers, L + 1)]
