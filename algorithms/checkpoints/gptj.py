"""GPT-J (Wang & Komatsuzaki 2021): Algorithm 10 and departures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

from algorithms.checkpoints.activations import GELU_tanh
from algorithms.checkpoints.decoder_departures import (
    J6,
    J7,
    J8,
    J9,
    J10,
    J12,
    J13,
)
from algorithms.checkpoints.rotary_decoder import (
    RotaryDecoderParameters,
    rotary_decoder,
)
from algorithms.checkpoints.state import State, in_layers
from algorithms.extensions.rotary import rotate_pairs
from algorithms.extensions.scaled_dot_product import attend
from algorithms.paper.embedding import Token
from algorithms.paper.parameters import Layer
from algorithms.signatures.arrays import A, Array
from algorithms.signatures.decorator import checked

if TYPE_CHECKING:
    from jaxtyping import Float, Integer

#: Masks, in files of 2022.
GPTJ_MASKS = ("h.{}.attn.bias", "h.{}.attn.masked_bias")

GPTJ_DEPARTURES = (J6, J7, J8, J9, J10, J12, J13)


@checked(requires=("2 * d_rot <= d_attn", "eps >= 0"))
def GPTJ(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    theta: RotaryDecoderParameters[A],
    omega: Float[A, " d_rot"],
    *,
    eps: float = 1e-5,  # J6
    activation: Callable[[A], A] = GELU_tanh,  # J9
    attention: Callable[..., A] = attend,
    parallel: bool = True,
) -> Float[A, "*batch N_V ell"]:
    """`DTransformer` as GPT-J runs it.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; at least one.
    theta : RotaryDecoderParameters
        From `gptj_parameters`.
    omega : float, (d_rot,)
        `rotary_frequencies` of 10000, with d_rot = 32 of the 256
        rows of a head: neighbours turn together (J8).
    eps, activation, attention
        As in `DTransformer`; the defaults are departures J6 and J9.
    parallel : bool
        The hidden layer reads what attention reads, not what
        attention has written (J7).

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
    Algorithm 10 line by line; the statements tagged J7, J8 and J10
    are GPT-J's. Without them, P is that of `DTransformer` with
    W_p = 0, bit for bit.

    Source: Wang & Komatsuzaki 2021, *GPT-J-6B: A 6 Billion
    Parameter Autoregressive Language Model*.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> from algorithms.checkpoints import RotaryDecoderParameters
    >>> theta = initialise(
    ...     RotaryDecoderParameters, np.random.default_rng(0),
    ...     N_V=11, L=2, H=3, d_e=6, d_mlp=24, d_attn=4, d_mid=2,
    ... )
    >>> omega = np.array([1.0, 0.01])
    >>> GPTJ(np.array([10, 3, 1, 4]), theta, omega).shape
    (11, 4)
    """
    return rotary_decoder(
        x,
        theta,
        lambda e, t: rotate_pairs(e, t, omega),
        eps=eps,
        activation=activation,
        attention=attention,
        parallel=parallel,
    )


def gptj_parameters(
    arrays: Mapping[str, A], *, H: int
) -> RotaryDecoderParameters[A]:
    """θ of Algorithm 10 without W_p from the arrays of a GPT-J.

    Parameters
    ----------
    arrays : mapping of names to arrays
        As Hugging Face's `GPTJForCausalLM` names and stores them:
        `safetensors.numpy.load_file(…)`, say.
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
    >>> layer = "transformer.h.0"
    >>> arrays = {
    ...     f"{layer}.attn.{name}_proj.weight": rng.random((d, d))
    ...     for name in ("q", "k", "v", "out")
    ... }
    >>> arrays["transformer.wte.weight"] = rng.random((9, d))
    >>> weights = {
    ...     f"{layer}.ln_1": d,
    ...     f"{layer}.mlp.fc_in": (16, d),
    ...     f"{layer}.mlp.fc_out": (d, 16),
    ...     "transformer.ln_f": d, "lm_head": (9, d),
    ... }
    >>> for name, shape in weights.items():
    ...     arrays[f"{name}.weight"] = W = rng.random(shape)
    ...     arrays[f"{name}.bias"] = rng.random(W.shape[0])
    >>> theta = gptj_parameters(arrays, H=2)
    >>> GPTJ(np.array([8, 0, 3]), theta, np.array([1.0])).shape
    (9, 3)
    """
    file = State("gptj_parameters", arrays)
    model = file.find("transformer.", "wte.weight")
    tokens = model["wte.weight"]
    gamma, beta = model.pair("ln_f")
    W_u, b_u = file.find("", "lm_head.weight").pair("lm_head")
    theta = RotaryDecoderParameters(
        W_e=tokens.mT,
        layers=tuple(
            _layer(model.under(f"h.{l}"), H)
            for l in range(model.count("h"))
        ),
        gamma=gamma,
        beta=beta,
        W_u=W_u,
        b_u=b_u,
    )
    model.refuse_unread(*in_layers(len(theta.layers), *GPTJ_MASKS))
    return theta


def _layer(state: State[A], H: int) -> Layer[A]:
    names = (f"attn.{name}_proj" for name in ("q", "k", "v", "out"))
    W = state.attention(*names, H=H, offsets=False)  # J12
    return Layer(
        W,
        *state.pair("ln_1"),
        *state.pair("ln_1"),  # J13
        *state.pair("mlp.fc_in"),
        *state.pair("mlp.fc_out"),
    )
