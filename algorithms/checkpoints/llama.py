"""Llama 1 to 3 (Touvron et al. 2023): Algorithm X1, departures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

from algorithms.checkpoints.decoder_departures import J1, J2, J3
from algorithms.checkpoints.state import State, in_layers
from algorithms.extensions.gated import GatedParameters
from algorithms.extensions.llama import (
    Llama,
    LlamaLayer,
    LlamaParameters,
)
from algorithms.extensions.rotary_attention import (
    RotaryAttentionParameters,
    RotaryQueriesParameters,
)
from algorithms.extensions.scaled_dot_product import attend
from algorithms.paper.embedding import Token
from algorithms.signatures.arrays import A, Array, namespace
from algorithms.signatures.decorator import checked

if TYPE_CHECKING:
    from jaxtyping import Float, Integer

#: ω, in files of 2023.
LLAMA_OMEGA = "layers.{}.self_attn.rotary_emb.inv_freq"

LLAMA_DEPARTURES = (J1, J2, J3)


@checked(requires=("2 * d_rot <= d_attn", "eps >= 0"))
def PublishedLlama(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    theta: LlamaParameters[A],
    omega: Float[A, " d_rot"],
    *,
    eps: float = 1e-5,  # J1
    attention: Callable[..., A] = attend,
) -> Float[A, "*batch N_V ell"]:
    """`Llama` as Llama 1, 2 and 3 run it.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; at least one.
    theta : LlamaParameters
        From `llama_parameters`.
    omega : float, (d_rot,)
        `rotary_frequencies` of 10000 in Llama 1 and 2, of 500000
        in Llama 3, both with d_rot = d_attn/2; in Llama 3.1 to 3.3
        `llama3_scaling` of these (J2).
    eps : float, at least 0
        1e-5 in Llama 2 and 3, 1e-6 in Llama 1 (J1).
    attention : function with the signature of `attend`
        Algorithm C1, or one that gives the same otherwise:
        `block_attend`, `online_attend`.

    Returns
    -------
    P : float, (*batch, N_V, ell)
        Column t: the distribution of token t+1 given tokens 0 … t.

    Raises
    ------
    IndexError, ShapeError, DTypeError, ValueError
        As `Llama`.

    Notes
    -----
    Sources: Touvron et al. 2023, *LLaMA: Open and Efficient
    Foundation Language Models*, and *Llama 2: Open Foundation and
    Fine-Tuned Chat Models*; Grattafiori et al. 2024, *The Llama 3
    Herd of Models*.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> from algorithms.extensions import Llama, LlamaParameters
    >>> theta = initialise(
    ...     LlamaParameters, np.random.default_rng(0),
    ...     N_V=11, L=2, H_kv=2, R=3, d_e=6, d_mlp=16,
    ...     d_attn=4, d_mid=4,
    ... )
    >>> x, omega = np.array([10, 3, 1, 4]), np.array([1.0, 0.01])
    >>> P = PublishedLlama(x, theta, omega, eps=0.0)
    >>> bool((P == Llama(x, theta, omega)).all())
    True
    """
    return Llama(x, theta, omega, eps=eps, attention=attention)


@checked(requires=("factor >= 1",))
def linear_scaling(
    omega: Float[A, " d_rot"], *, factor: float
) -> Float[A, " d_rot"]:
    """ω divided by a number: positions stand closer together.

    Parameters
    ----------
    omega : float, (d_rot,)
        How far each pair of rows turns from a token to the next.
    factor : float, at least 1
        How much longer a text may be than those trained on.

    Returns
    -------
    omega : float, (d_rot,)

    Raises
    ------
    ShapeError, DTypeError, ValueError
        An argument is not what the signature says.

    Notes
    -----
    "linear" in a model's `rope_scaling`.

    Source: Chen et al. 2023, *Extending Context Window of Large
    Language Models via Positional Interpolation*, section 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> linear_scaling(np.array([1.0, 0.01]), factor=2.0)
    array([0.5  , 0.005])
    """
    return omega / factor  # J2


@checked(
    requires=(
        "factor >= 1",
        "0 <= low",
        "low < high",
        "ell_max > 0",
    )
)
def llama3_scaling(
    omega: Float[A, " d_rot"],
    *,
    factor: float,
    low: float,
    high: float,
    ell_max: int,
) -> Float[A, " d_rot"]:
    """ω of Llama 3.1 to 3.3: what turns slowly turns slower yet.

    A pair of rows that turns less than `low` times in `ell_max`
    tokens turns `factor` times slower, one that turns more than
    `high` times stays as it is. Between the two it is a mean.

    Parameters
    ----------
    omega : float, (d_rot,)
        How far each pair of rows turns from a token to the next.
    factor : float, at least 1
        8 in Llama 3.1, 32 in the small models of Llama 3.2.
    low, high : float, 0 ≤ low < high
        `low_freq_factor` and `high_freq_factor`: 1 and 4.
    ell_max : int, at least 1
        The length trained on at first, 8192:
        `original_max_position_embeddings`.

    Returns
    -------
    omega : float, (d_rot,)

    Raises
    ------
    ShapeError, DTypeError, ValueError
        An argument is not what the signature says.

    Notes
    -----
    "llama3" in a model's `rope_scaling`.

    Source: Meta's code of Llama 3.1, `apply_scaling`.

    Examples
    --------
    >>> import numpy as np
    >>> llama3_scaling(
    ...     np.array([1.0, 0.01, 1e-5]),
    ...     factor=8.0, low=1.0, high=4.0, ell_max=8192,
    ... ).tolist()
    [1.0, 0.01, 1.25e-06]
    """
    xp = namespace(omega)
    turns = omega * (ell_max / (2 * math.pi))
    kept = (turns - low) / (high - low)
    kept = xp.where(kept < 0, 0.0, xp.where(kept > 1, 1.0, kept))
    return omega * ((kept * (factor - 1) + 1.0) / factor)  # J2


def llama_parameters(
    arrays: Mapping[str, A], *, H: int
) -> LlamaParameters[A]:
    """θ of Algorithms X1 and X2 from a Llama's or Mistral's arrays.

    Parameters
    ----------
    arrays : mapping of names to arrays
        As Hugging Face's `LlamaForCausalLM` or `MistralForCausalLM`
        names and stores them: `safetensors.numpy.load_file(…)`, of
        all files together.
    H : int
        The number of heads of queries, `num_attention_heads`: no
        shape tells it. It tells that of keys and values, H_kv.

    Returns
    -------
    theta : LlamaParameters
        In the library of the arrays. W_u is W_e transposed (J3)
        where the file has none of its own.

    Raises
    ------
    KeyError
        An array is missing: the error names it.
    ValueError
        The rows of a matrix do not make so many heads, or θ has no
        place for an array of the model: the error names it.

    Notes
    -----
    Meta's own files hold the rows of W_q and W_k in another order,
    for `rotate_pairs`, and other names. A model with offsets
    (`attention_bias`) is for `qwen_parameters` and `Qwen`.

    Examples
    --------
    >>> import numpy as np
    >>> layer = "model.layers.0"
    >>> shapes = {
    ...     "model.embed_tokens": (9, 6), "model.norm": 6,
    ...     f"{layer}.self_attn.q_proj": (16, 6),
    ...     f"{layer}.self_attn.k_proj": (8, 6),
    ...     f"{layer}.self_attn.v_proj": (8, 6),
    ...     f"{layer}.self_attn.o_proj": (6, 16),
    ...     f"{layer}.input_layernorm": 6,
    ...     f"{layer}.post_attention_layernorm": 6,
    ...     f"{layer}.mlp.gate_proj": (15, 6),
    ...     f"{layer}.mlp.up_proj": (15, 6),
    ...     f"{layer}.mlp.down_proj": (6, 15),
    ... }
    >>> rng = np.random.default_rng(0)
    >>> arrays = {
    ...     f"{name}.weight": rng.random(shape)
    ...     for name, shape in shapes.items()
    ... }
    >>> theta = llama_parameters(arrays, H=4)
    >>> omega = np.array([1.0, 0.01])
    >>> PublishedLlama(np.array([8, 0, 3]), theta, omega).shape
    (9, 3)
    """
    file = State("llama_parameters", arrays)
    theta = read_theta(file, H)
    refuse_unread(file)
    return theta


def read_theta(file: State[A], H: int) -> LlamaParameters[A]:
    """θ of Algorithm X1, of a file that has Llama's names."""
    model = file.find("model.", "embed_tokens.weight")
    head = file.find("", "lm_head.weight")
    tokens = model["embed_tokens.weight"]
    return LlamaParameters(
        W_e=tokens.mT,
        layers=tuple(
            _layer(model.under(f"layers.{l}"), H)
            for l in range(model.count("layers"))
        ),
        gamma=model["norm.weight"],
        W_u=head.get("lm_head.weight", tokens),  # J3
    )


def refuse_unread(file: State[A]) -> None:
    """Refuse what no one has read, of a file with Llama's names."""
    model = file.find("model.", "embed_tokens.weight")
    L = model.count("layers")
    model.refuse_unread(*in_layers(L, LLAMA_OMEGA))
    head = file.find("", "lm_head.weight")
    head.under("lm_head").refuse_unread()


def _layer(state: State[A], H: int) -> LlamaLayer[A]:
    attention, mlp = state.under("self_attn"), state.under("mlp")
    W_q, W_k, W_v = attention.groups("weight", H)
    W_g = RotaryQueriesParameters(W_q)
    return LlamaLayer(
        RotaryAttentionParameters(
            W_g, W_k, W_v, attention["o_proj.weight"]
        ),
        state["input_layernorm.weight"],
        state["post_attention_layernorm.weight"],
        GatedParameters(
            mlp["gate_proj.weight"],
            mlp["up_proj.weight"],
            mlp["down_proj.weight"],
        ),
    )
