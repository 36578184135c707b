"""What the config.json of a GPT says: 2, J, Neo and NeoX."""

from __future__ import annotations

from functools import partial
from itertools import islice
from operator import mul, truediv

from algorithms.checkpoints.activations import GELU_tanh
from algorithms.checkpoints.decoder_departures import (
    J3,
    J6,
    J7,
    J8,
    J9,
    J10,
    J11,
    J12,
    J13,
)
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
from algorithms.checkpoints.gpt2 import (
    GPT2,
    GPT2_DEPARTURES,
    gpt2_parameters,
)
from algorithms.checkpoints.gpt_neo import (
    GPTNeo,
    map_queries,
    read_theta,
)
from algorithms.checkpoints.gpt_neox import (
    GPTNeoX,
    gpt_neox_parameters,
)
from algorithms.checkpoints.gptj import GPTJ, gptj_parameters
from algorithms.checkpoints.model_config import Config
from algorithms.checkpoints.rotary_config import rotary
from algorithms.paper.notation import GELU

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
            (G2, _another(phi)),
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
    )


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
            (J9, _another(phi)),
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
        from_file=lambda theta: map_queries(theta, mul),
        to_file=lambda theta: map_queries(theta, truediv),
    )


def gptj(config: Config) -> Described:
    """GPTJForCausalLM: Algorithm 10 with rotary positions."""
    config.computed(tie_word_embeddings=False)
    N_V, d_e = config.size("vocab_size"), config.size("n_embd")
    L, H = config.layers("n_layer"), config.size("n_head")
    d_mlp = config.size("n_inner", 4 * d_e)
    d_attn = config.rows_of_a_head("n_embd", "n_head", d_e, H)
    rows = config.size("rotary_dim")
    if rows > d_attn:
        config.refuse(
            f"rotary_dim is {rows}, want at most the {d_attn} "
            "rows of a head"
        )
    omega, _ = rotary(config, rows)
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
            (J9, _another(phi)),
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
    )


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
            (J9, _another(phi)),
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
    )


def _conv(name: str, rows: int, columns: int) -> Shapes:
    """A matrix with a column for each output, and its offset."""
    return {
        f"{name}.weight": (columns, rows),
        f"{name}.bias": (rows,),
    }


def _another(phi: object) -> bool | str:
    """Another activation than the paper's GELU, in words."""
    if phi is GELU_tanh:
        return "GELU in its tanh form"
    name = getattr(phi, "__name__", "")
    return phi is not GELU and f"{name} where the paper has GELU"


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
    try:
        layers = (
            kind
            for kinds, count in types
            for _ in range(count)
            for kind in kinds
        )
        return [*islice(layers, L + 1)]
    except (TypeError, ValueError):
        config.refuse(
            "attention_types is no list of kinds and their count"
        )
