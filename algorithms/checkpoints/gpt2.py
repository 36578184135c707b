"""GPT-2 (Radford et al. 2019): Algorithm 10 and departures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

from algorithms.checkpoints.activations import GELU_tanh
from algorithms.checkpoints.departures import Departure
from algorithms.checkpoints.state import State, in_layers
from algorithms.paper.attention import Attention
from algorithms.paper.decoder import DTransformer
from algorithms.paper.embedding import Token
from algorithms.paper.parameters import (
    AttentionParameters,
    DTransformerParameters,
    Layer,
    MHAttentionParameters,
)
from algorithms.signatures.arrays import A, Array, namespace
from algorithms.signatures.declarations import RightPadding
from algorithms.signatures.decorator import checked

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Integer

#: Masks, in files of 2022.
GPT2_MASKS = ("h.{}.attn.bias", "h.{}.attn.masked_bias")

GPT2_DEPARTURES = (
    Departure(
        "G1",
        ("10.5", "10.7", "10.10"),
        "layer norm has ε = 1e-5",
        "eps=0.0",
    ),
    Departure(
        "G2",
        ("10.8",),
        "GELU in its tanh form",
        "activation=GELU",
    ),
    Departure(
        "G3",
        ("10.11",),
        "W_u is W_e transposed: a conversion of θ",
        "a W_u of its own in theta",
    ),
)


@checked(requires=("ell <= ell_max", "eps >= 0"))
def GPT2(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    theta: DTransformerParameters[A],
    *,
    eps: float = 1e-5,  # G1
    activation: Callable[[A], A] = GELU_tanh,  # G2
    attention: Callable[..., A] = Attention,
    padding: Annotated[Bool[Array, "*batch ell"], RightPadding]
    | None = None,
) -> Float[A, "*batch N_V ell"]:
    """`DTransformer` as GPT-2 runs it.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; 1 ≤ ell ≤ ell_max.
    theta : DTransformerParameters
        From `gpt2_parameters`.
    eps, activation, attention, padding
        As in `DTransformer`; the defaults are departures G1 and G2.

    Returns
    -------
    P : float, (*batch, N_V, ell)
        Column t: the distribution of token t+1 given tokens 0 … t.

    Raises
    ------
    IndexError, ShapeError, DTypeError, ValueError
        As `DTransformer`.

    Notes
    -----
    Source: Radford et al. 2019, *Language Models are Unsupervised
    Multitask Learners*.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import DTransformer, GELU, initialise
    >>> theta = initialise(
    ...     DTransformerParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L=2, H=3, d_e=6, d_mlp=24,
    ...     d_attn=2, d_mid=2,
    ... )
    >>> x = np.array([10, 3, 1, 4])
    >>> P = GPT2(x, theta, eps=0.0, activation=GELU)
    >>> bool((P == DTransformer(x, theta)).all())
    True
    """
    return DTransformer(
        x,
        theta,
        eps=eps,
        activation=activation,
        attention=attention,
        padding=padding,
    )


def gpt2_parameters(
    arrays: Mapping[str, A], *, H: int
) -> DTransformerParameters[A]:
    """θ of Algorithm 10 from the arrays of a GPT-2.

    Parameters
    ----------
    arrays : mapping of names to arrays
        As Hugging Face's `GPT2LMHeadModel` or `GPT2Model` names and
        stores them: `safetensors.numpy.load_file(…)`, say.
    H : int
        The number of heads: no shape tells it.

    Returns
    -------
    theta : DTransformerParameters
        In the library of the arrays. W_u is W_e transposed (G3)
        where the file has none of its own.

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
    >>> shapes = {
    ...     "wte.weight": (9, 4), "wpe.weight": (5, 4),
    ...     "h.0.ln_1.weight": 4, "h.0.ln_1.bias": 4,
    ...     "h.0.attn.c_attn.weight": (4, 12),
    ...     "h.0.attn.c_attn.bias": 12,
    ...     "h.0.attn.c_proj.weight": (4, 4),
    ...     "h.0.attn.c_proj.bias": 4,
    ...     "h.0.ln_2.weight": 4, "h.0.ln_2.bias": 4,
    ...     "h.0.mlp.c_fc.weight": (4, 16), "h.0.mlp.c_fc.bias": 16,
    ...     "h.0.mlp.c_proj.weight": (16, 4),
    ...     "h.0.mlp.c_proj.bias": 4,
    ...     "ln_f.weight": 4, "ln_f.bias": 4,
    ... }
    >>> rng = np.random.default_rng(0)
    >>> arrays = {k: rng.random(n) for k, n in shapes.items()}
    >>> theta = gpt2_parameters(arrays, H=2)
    >>> GPT2(np.array([8, 0, 3]), theta).shape
    (9, 3)
    """
    file = State("gpt2_parameters", arrays)
    state = file.find("transformer.", "wte.weight")
    head = file.find("", "lm_head.weight")
    tokens = state["wte.weight"]
    gamma, beta = state.pair("ln_f")
    theta = DTransformerParameters(
        W_e=tokens.mT,
        W_p=state["wpe.weight"].mT,
        layers=tuple(
            _layer(state.under(f"h.{l}"), H)
            for l in range(state.count("h"))
        ),
        gamma=gamma,
        beta=beta,
        W_u=head.get("lm_head.weight", tokens),  # G3
    )
    state.refuse_unread(*in_layers(len(theta.layers), *GPT2_MASKS))
    head.under("lm_head").refuse_unread()
    return theta


def _layer(state: State[A], H: int) -> Layer[A]:
    W, b = _conv(state, "attn.c_attn")  # q, k and v in one
    xp, d = namespace(W), W.shape[0] // 3
    W, b = xp.reshape(W, (3, d, -1)), xp.reshape(b, (3, d))
    W_q, W_k, W_v = (state.split(W[i], H) for i in range(3))
    b_q, b_k, b_v = (state.split(b[i], H) for i in range(3))
    W_qkv = AttentionParameters(W_q, b_q, W_k, b_k, W_v, b_v)
    return Layer(
        MHAttentionParameters(W_qkv, *_conv(state, "attn.c_proj")),
        *state.pair("ln_1"),
        *state.pair("ln_2"),
        *_conv(state, "mlp.c_fc"),
        *_conv(state, "mlp.c_proj"),
    )


def _conv(state: State[A], name: str) -> tuple[A, A]:
    # GPT-2's own Conv1D has a column for each output.
    W, b = state.pair(name)
    return W.mT, b
