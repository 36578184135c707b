"""GPT-NeoX (Black et al. 2022): Algorithm 10 and departures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

from algorithms.checkpoints.decoder_departures import J6, J7, J8, J9
from algorithms.checkpoints.rotary_decoder import (
    RotaryDecoderParameters,
    rotary_decoder,
)
from algorithms.checkpoints.state import State, in_layers
from algorithms.extensions.rotary import rotate
from algorithms.extensions.scaled_dot_product import attend
from algorithms.paper.embedding import Token
from algorithms.paper.notation import GELU
from algorithms.paper.parameters import (
    AttentionParameters,
    Layer,
    MHAttentionParameters,
)
from algorithms.signatures.arrays import A, Array
from algorithms.signatures.decorator import checked

if TYPE_CHECKING:
    from jaxtyping import Float, Integer

#: Masks and ω, in files of 2022.
GPT_NEOX_COMPUTED = (
    "layers.{}.attention.bias",
    "layers.{}.attention.masked_bias",
    "layers.{}.attention.rotary_emb.inv_freq",
)

GPT_NEOX_DEPARTURES = (J6, J7, J8, J9)


@checked(requires=("2 * d_rot <= d_attn", "eps >= 0"))
def GPTNeoX(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    theta: RotaryDecoderParameters[A],
    omega: Float[A, " d_rot"],
    *,
    eps: float = 1e-5,  # J6
    activation: Callable[[A], A] = GELU,  # J9
    attention: Callable[..., A] = attend,
    parallel: bool = True,
) -> Float[A, "*batch N_V ell"]:
    """`DTransformer` as GPT-NeoX and Pythia run it.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; at least one.
    theta : RotaryDecoderParameters
        From `gpt_neox_parameters`.
    omega : float, (d_rot,)
        `rotary_frequencies` of 10000. A quarter of the rows turn:
        d_rot = d_attn/8 (J8).
    eps
        As in `DTransformer`; the default is departure J6.
    activation
        GELU in Pythia, `GELU_tanh` in GPT-NeoX-20B (J9), whose
        `hidden_act` is "gelu_fast".
    attention
        As in `RotaryQueries`.
    parallel : bool
        The hidden layer reads what attention reads, not what
        attention has written (J7): `use_parallel_residual`.

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
    Algorithm 10 line by line; the statements tagged J7 and J8 are
    GPT-NeoX's. Without them, P is that of `DTransformer` with
    W_p = 0, bit for bit.

    Source: Black et al. 2022, *GPT-NeoX-20B: An Open-Source
    Autoregressive Language Model*.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import (
    ...     DTransformer, DTransformerParameters, initialise,
    ... )
    >>> theta = initialise(
    ...     DTransformerParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L=2, H=3, d_e=6, d_mlp=24,
    ...     d_attn=4, d_mid=2,
    ... )._replace(W_p=np.zeros((6, 8)))
    >>> W_e, W_p, *rest = theta
    >>> x, still = np.array([10, 3, 1, 4]), np.zeros(2)
    >>> P = GPTNeoX(
    ...     x, RotaryDecoderParameters(W_e, *rest), still,
    ...     eps=0.0, parallel=False,
    ... )
    >>> bool((P == DTransformer(x, theta)).all())
    True
    """
    return rotary_decoder(
        x,
        theta,
        lambda e, t: rotate(e, t, omega),
        eps=eps,
        activation=activation,
        attention=attention,
        parallel=parallel,
    )


def gpt_neox_parameters(
    arrays: Mapping[str, A], *, H: int
) -> RotaryDecoderParameters[A]:
    """θ of Algorithm 10 without W_p from a GPT-NeoX's arrays.

    Parameters
    ----------
    arrays : mapping of names to arrays
        As Hugging Face's `GPTNeoXForCausalLM` names and stores
        them: `safetensors.numpy.load_file(…)`, say. W_u is called
        `embed_out` in older files and `lm_head` in newer ones.
    H : int
        The number of heads: no shape tells it.

    Returns
    -------
    theta : RotaryDecoderParameters
        In the library of the arrays.

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
    >>> layer = "gpt_neox.layers.0"
    >>> weights = {
    ...     f"{layer}.input_layernorm": d,
    ...     f"{layer}.post_attention_layernorm": d,
    ...     f"{layer}.attention.query_key_value": (3 * d, d),
    ...     f"{layer}.attention.dense": (d, d),
    ...     f"{layer}.mlp.dense_h_to_4h": (16, d),
    ...     f"{layer}.mlp.dense_4h_to_h": (d, 16),
    ...     "gpt_neox.final_layer_norm": d,
    ... }
    >>> arrays = {
    ...     "gpt_neox.embed_in.weight": rng.random((9, d)),
    ...     "embed_out.weight": rng.random((9, d)),
    ... }
    >>> for name, shape in weights.items():
    ...     arrays[f"{name}.weight"] = W = rng.random(shape)
    ...     arrays[f"{name}.bias"] = rng.random(W.shape[0])
    >>> theta = gpt_neox_parameters(arrays, H=2)
    >>> GPTNeoX(np.array([8, 0, 3]), theta, np.array([1.0])).shape
    (9, 3)
    """
    file = State("gpt_neox_parameters", arrays)
    model = file.find("gpt_neox.", "embed_in.weight")
    tokens = model["embed_in.weight"]
    gamma, beta = model.pair("final_layer_norm")
    head = file.find("", "embed_out.weight").under("embed_out")
    if "weight" not in head:
        head = file.find("", "lm_head.weight").under("lm_head")
    theta = RotaryDecoderParameters(
        W_e=tokens.mT,
        layers=tuple(
            _layer(model.under(f"layers.{l}"), H)
            for l in range(model.count("layers"))
        ),
        gamma=gamma,
        beta=beta,
        W_u=head["weight"],
    )
    model.refuse_unread(
        *in_layers(len(theta.layers), *GPT_NEOX_COMPUTED)
    )
    head.refuse_unread()
    return theta


def _layer(state: State[A], H: int) -> Layer[A]:
    # The rows of a head stand together: q, k and v of each.
    W, b = state.pair("attention.query_key_value")
    W, b = state.split(W, 3 * H), state.split(b, 3 * H)
    W_qkv = AttentionParameters(
        W[0::3], b[0::3], W[1::3], b[1::3], W[2::3], b[2::3]
    )
    return Layer(
        MHAttentionParameters(
            W_qkv, *state.pair("attention.dense")
        ),
        *state.pair("input_layernorm"),
        *state.pair("post_attention_layernorm"),
        *state.pair("mlp.dense_h_to_4h"),
        *state.pair("mlp.dense_4h_to_h"),
    )
