"""GPT-Neo (Black et al. 2021): Algorithm X4 and departures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from operator import mul
from typing import TYPE_CHECKING, Annotated

from algorithms.checkpoints.activations import GELU_tanh
from algorithms.checkpoints.decoder_departures import (
    J3,
    J6,
    J9,
    J11,
    J12,
)
from algorithms.checkpoints.state import State, in_layers
from algorithms.extensions.masked_decoders import BandedTransformer
from algorithms.paper.attention import Attention
from algorithms.paper.embedding import Token
from algorithms.paper.parameters import (
    DTransformerParameters,
    Layer,
)
from algorithms.signatures.arrays import A, Array
from algorithms.signatures.decorator import checked

if TYPE_CHECKING:
    from jaxtyping import Float, Integer

#: Masks, in files of 2022.
GPT_NEO_MASKS = (
    "h.{}.attn.attention.bias",
    "h.{}.attn.attention.masked_bias",
)

GPT_NEO_DEPARTURES = (J3, J6, J9, J11, J12)


@checked(requires=("ell <= ell_max", "w >= 1", "eps >= 0"))
def GPTNeo(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    theta: DTransformerParameters[A],
    *,
    w: int,
    eps: float = 1e-5,  # J6
    activation: Callable[[A], A] = GELU_tanh,  # J9
    attention: Callable[..., A] = Attention,
) -> Float[A, "*batch N_V ell"]:
    """`BandedTransformer` as GPT-Neo runs it.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; 1 ≤ ell ≤ ell_max.
    theta : DTransformerParameters
        From `gpt_neo_parameters`.
    w : int, at least 1
        How many tokens a token sees in every second layer, itself
        among them: 256. In the first layer it sees all before it.
    eps, activation, attention
        As in `DTransformer`; the defaults are departures J6 and J9.

    Returns
    -------
    P : float, (*batch, N_V, ell)
        Column t: the distribution of token t+1 given tokens 0 … t.

    Raises
    ------
    IndexError, ShapeError, DTypeError, ValueError
        As `BandedTransformer`.

    Notes
    -----
    Source: Black et al. 2021, *GPT-Neo: Large Scale Autoregressive
    Language Modeling with Mesh-Tensorflow*.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import (
    ...     DTransformerParameters, GELU, initialise,
    ... )
    >>> from algorithms.extensions import BandedTransformer
    >>> theta = initialise(
    ...     DTransformerParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L=2, H=3, d_e=6, d_mlp=24,
    ...     d_attn=2, d_mid=2,
    ... )
    >>> x = np.array([10, 3, 1, 4])
    >>> P = GPTNeo(x, theta, w=2, eps=0.0, activation=GELU)
    >>> bool((P == BandedTransformer(x, theta, w_l=(8, 2))).all())
    True
    """
    ell_max = theta.W_p.shape[-1]
    w_l = [
        min(w, ell_max) if l % 2 else ell_max
        for l in range(len(theta.layers))
    ]
    return BandedTransformer(
        x,
        theta,
        w_l=w_l,
        eps=eps,
        activation=activation,
        attention=attention,
    )


def gpt_neo_parameters(
    arrays: Mapping[str, A], *, H: int
) -> DTransformerParameters[A]:
    """θ of Algorithms 10 and X4 from the arrays of a GPT-Neo.

    Parameters
    ----------
    arrays : mapping of names to arrays
        As Hugging Face's `GPTNeoForCausalLM` names and stores them:
        `safetensors.numpy.load_file(…)`, say.
    H : int
        The number of heads: no shape tells it.

    Returns
    -------
    theta : DTransformerParameters
        In the library of the arrays. W_q is √d_attn times that of
        the file (J11). W_u is W_e transposed (J3) where the file
        has none of its own.

    Raises
    ------
    KeyError
        An array is missing: the error names it.
    ValueError
        The rows of a matrix do not make so many heads, or θ has no
        place for an array of the model: the error names it.

    Examples
    --------
    >>> import numpy as np
    >>> d, rng = 4, np.random.default_rng(0)
    >>> layer, attention = "transformer.h.0", "attn.attention"
    >>> arrays = {
    ...     f"{layer}.{attention}.{name}_proj.weight":
    ...     rng.random((d, d))
    ...     for name in ("q", "k", "v", "out")
    ... }
    >>> arrays["transformer.wte.weight"] = rng.random((9, d))
    >>> arrays["transformer.wpe.weight"] = rng.random((5, d))
    >>> bias = f"{layer}.{attention}.out_proj.bias"
    >>> arrays[bias] = rng.random(d)
    >>> weights = {
    ...     f"{layer}.ln_1": d, f"{layer}.ln_2": d,
    ...     f"{layer}.mlp.c_fc": (16, d),
    ...     f"{layer}.mlp.c_proj": (d, 16), "transformer.ln_f": d,
    ... }
    >>> for name, shape in weights.items():
    ...     arrays[f"{name}.weight"] = W = rng.random(shape)
    ...     arrays[f"{name}.bias"] = rng.random(W.shape[0])
    >>> theta = gpt_neo_parameters(arrays, H=2)
    >>> GPTNeo(np.array([8, 0, 3]), theta, w=2).shape
    (9, 3)
    """
    return map_queries(read_theta(arrays, H=H), mul)  # J11


def read_theta(
    arrays: Mapping[str, A], *, H: int
) -> DTransformerParameters[A]:
    """θ as a file has it: with scores that are not divided."""
    file = State("gpt_neo_parameters", arrays)
    model = file.find("transformer.", "wte.weight")
    head = file.find("", "lm_head.weight")
    tokens = model["wte.weight"]
    gamma, beta = model.pair("ln_f")
    theta = DTransformerParameters(
        W_e=tokens.mT,
        W_p=model["wpe.weight"].mT,
        layers=tuple(
            _layer(model.under(f"h.{l}"), H)
            for l in range(model.count("h"))
        ),
        gamma=gamma,
        beta=beta,
        W_u=head.get("lm_head.weight", tokens),  # J3
    )
    model.refuse_unread(
        *in_layers(len(theta.layers), *GPT_NEO_MASKS)
    )
    head.under("lm_head").refuse_unread()
    return theta


def map_queries(
    theta: DTransformerParameters[A],
    f: Callable[[A, float], A],
) -> DTransformerParameters[A]:
    """θ with `f` of each W_q and of √d_attn."""
    layers = []
    for layer in theta.layers:
        W_qkv = layer.W.W_qkv
        W_q = f(W_qkv.W_q, math.sqrt(W_qkv.W_q.shape[1]))
        W = layer.W._replace(W_qkv=W_qkv._replace(W_q=W_q))
        layers.append(layer._replace(W=W))
    return theta._replace(layers=tuple(layers))


def _layer(state: State[A], H: int) -> Layer[A]:
    attention = state.under("attn.attention")
    names = (f"{name}_proj" for name in ("q", "k", "v", "out"))
    return Layer(
        attention.attention(*names, H=H, offsets=False),  # J12
        *state.pair("ln_1"),
        *state.pair("ln_2"),
        *state.pair("mlp.c_fc"),
        *state.pair("mlp.c_proj"),
    )
