"""Marian (Tiedemann & Thottingal 2020): Algorithm 8, departures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.checkpoints.departures import Departure
from algorithms.checkpoints.state import State
from algorithms.extensions.silu import SiLU
from algorithms.paper.attention import Attention, MHAttention
from algorithms.paper.embedding import (
    Token,
    positional_embedding,
    sinusoidal_positions,
    token_embedding,
)
from algorithms.paper.normalization import layer_norm
from algorithms.paper.notation import (
    bidirectional_mask,
    softmax,
    unidirectional_mask,
)
from algorithms.paper.parameters import (
    EDDecoderLayer,
    EDEncoderLayer,
    EDTransformerParameters,
)
from algorithms.signatures.arrays import A, A_co, Array, arange
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import RightPadding
from algorithms.signatures.decorator import checked
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Integer

MARIAN_DEPARTURES = (
    Departure(
        "M1",
        ("8.6", "8.8", "8.15", "8.17", "8.19"),
        "layer norm has ε = 1e-5",
        "eps=0.0",
    ),
    Departure(
        "M2",
        ("8.2", "8.11"),
        "a token's vector is multiplied by √d_e",
        "scale=1.0",
    ),
    Departure(
        "M3",
        ("8.7", "8.18"),
        "SiLU where the paper has ReLU",
        "activation=ReLU",
    ),
    Departure(
        "M4",
        ("8.21",),
        "a bias b_u on the scores of the tokens",
        "b_u=None",
    ),
    Departure(
        "M5",
        ("8.21",),
        "W_u is W_e transposed: a conversion of θ",
        "a W_u of its own in theta",
    ),
    Departure(
        "M6",
        ("8.2", "8.11"),
        "W_p holds all sines above all cosines, not pair by pair",
        "W_p=sinusoidal_positions(d_e, ell_max, 'vaswani')",
    ),
)


@document_fields
class MarianParameters(NamedTuple, Generic[A_co]):
    """θ of Algorithm 8, and what Marian adds: None omits it."""

    theta: EDTransformerParameters[A_co]
    b_u: Float[A_co, " N_V"] | None = None

    def map(self, f: Map[A_co, B], /) -> MarianParameters[B]:
        """The same with `f` of each array."""
        return MarianParameters(*map_each(f, self))


@checked(
    requires=("ell_z <= ell_max", "ell_x <= ell_max", "eps >= 0")
)
def Marian(
    z: Annotated[Integer[Array, "*batch ell_z"], Token],
    x: Annotated[Integer[Array, "*batch ell_x"], Token],
    parameters: MarianParameters[A],
    *,
    eps: float = 1e-5,  # M1
    activation: Callable[[A], A] = SiLU,  # M3
    attention: Callable[..., A] = Attention,
    scale: float | None = None,
    padding_z: Annotated[Bool[Array, "*batch ell_z"], RightPadding]
    | None = None,
    padding_x: Annotated[Bool[Array, "*batch ell_x"], RightPadding]
    | None = None,
) -> Float[A, "*batch N_V ell_x"]:
    """`EDTransformer` as Marian runs it.

    Parameters
    ----------
    z, x : integer of any type, (*batch, ell_z), (*batch, ell_x)
        Token IDs of the context and of the primary sequence,
        0 … N_V−1; 1 ≤ ell_z, ell_x ≤ ell_max.
    parameters : MarianParameters
        θ, and what Marian adds to it.
    scale : float, optional
        What a token's vector is multiplied by: None is √d_e (M2).
    eps, activation, attention, padding_z, padding_x
        As in `EDTransformer`; defaults are departures M1 and M3.

    Returns
    -------
    P : float, (*batch, N_V, ell_x)
        Column t: the distribution of token t+1 of x given tokens
        0 … t of x and all of z.

    Raises
    ------
    IndexError, ShapeError, DTypeError, ValueError
        As `EDTransformer`.

    Notes
    -----
    Algorithm 8 line by line; the statements tagged M2 and M4 are
    Marian's. Without them, P is `EDTransformer`'s, bit for bit.

    Source: Tiedemann & Thottingal 2020, *OPUS-MT – Building open
    translation services for the World*.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import EDTransformer, ReLU, initialise
    >>> theta = initialise(
    ...     EDTransformerParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L_enc=2, L_dec=3, H=3, d_e=6,
    ...     d_mlp=24, d_attn=2, d_mid=2,
    ... )
    >>> z, x = np.array([3, 1, 4, 1, 5]), np.array([9, 2, 6])
    >>> P = Marian(
    ...     z, x, MarianParameters(theta),
    ...     eps=0.0, activation=ReLU, scale=1.0,
    ... )
    >>> bool((P == EDTransformer(z, x, theta)).all())
    True
    """
    theta, b_u = parameters
    W_e, W_p, encoder_layers, decoder_layers, W_u = theta
    if scale is None:
        scale = math.sqrt(W_e.shape[0])
    ell_z = z.shape[-1]  # 8.1
    t = arange(ell_z, z)
    Z = token_embedding(z, W_e)  # 8.2
    Z = Z * scale  # M2
    Z = Z + positional_embedding(t, W_p)  # 8.2-8.3
    for encoder_layer in encoder_layers:  # 8.4
        W_enc, gamma1, beta1, gamma2, beta2, *mlp = encoder_layer
        W_mlp1, b_mlp1, W_mlp2, b_mlp2 = mlp
        Mask = bidirectional_mask(Z, Z, padding_z)  # 8.5
        Z = Z + MHAttention(
            Z, Z, W_enc, Mask, attention=attention
        )  # 8.5
        Z = layer_norm(Z, gamma1, beta1, eps=eps)  # 8.6
        hidden = activation(W_mlp1 @ Z + b_mlp1[:, None])  # 8.7
        Z = Z + W_mlp2 @ hidden + b_mlp2[:, None]  # 8.7
        Z = layer_norm(Z, gamma2, beta2, eps=eps)  # 8.8
    ell_x = x.shape[-1]  # 8.10
    t = arange(ell_x, x)
    X = token_embedding(x, W_e)  # 8.11
    X = X * scale  # M2
    X = X + positional_embedding(t, W_p)  # 8.11-8.12
    for decoder_layer in decoder_layers:  # 8.13
        W_dec, W_ed, gamma3, beta3, *rest = decoder_layer
        gamma4, beta4, gamma5, beta5, *mlp = rest
        W_mlp3, b_mlp3, W_mlp4, b_mlp4 = mlp
        Mask = unidirectional_mask(X, padding_x)  # 8.14
        X = X + MHAttention(
            X, X, W_dec, Mask, attention=attention
        )  # 8.14
        X = layer_norm(X, gamma3, beta3, eps=eps)  # 8.15
        Mask = bidirectional_mask(X, Z, padding_z)  # 8.16
        X = X + MHAttention(
            X, Z, W_ed, Mask, attention=attention
        )  # 8.16
        X = layer_norm(X, gamma4, beta4, eps=eps)  # 8.17
        hidden = activation(W_mlp3 @ X + b_mlp3[:, None])  # 8.18
        X = X + W_mlp4 @ hidden + b_mlp4[:, None]  # 8.18
        X = layer_norm(X, gamma5, beta5, eps=eps)  # 8.19
    S = W_u @ X  # 8.21
    if b_u is not None:
        S = S + b_u[:, None]  # M4
    return softmax(S)  # 8.21


@checked(requires=("d_e > 0", "d_e % 2 == 0", "ell_max > 0"))
def marian_positions(
    d_e: int, ell_max: int
) -> Float[NDArray[np.float64], "d_e ell_max"]:
    """Marian's W_p, which is in none of its files (M6).

    Parameters
    ----------
    d_e : int
        Rows of W_p; even.
    ell_max : int
        Columns of W_p, at least 1.

    Returns
    -------
    W_p : float64, (d_e, ell_max)
        The sines of `sinusoidal_positions(…, "vaswani")` above its
        cosines.

    Raises
    ------
    ValueError
        d_e is odd, or a size is not positive.

    Notes
    -----
    Source: Hugging Face's `MarianSinusoidalPositionalEmbedding`.

    Examples
    --------
    >>> marian_positions(4, 3).round(2)
    array([[ 0.  ,  0.84,  0.91],
           [ 0.  ,  0.01,  0.02],
           [ 1.  ,  0.54, -0.42],
           [ 1.  ,  1.  ,  1.  ]])
    """
    W_p = sinusoidal_positions(d_e, ell_max, "vaswani")
    return np.concatenate([W_p[0::2], W_p[1::2]])  # M6


def marian_parameters(
    arrays: Mapping[str, A], W_p: A, *, H: int
) -> MarianParameters[A]:
    """θ of Algorithm 8 and Marian's own from a Marian's arrays.

    Parameters
    ----------
    arrays : mapping of names to arrays
        As Hugging Face's `MarianMTModel` names and stores them:
        `safetensors.numpy.load_file(…)`, say.
    W_p : float, (d_e, ell_max)
        The positions, `marian_positions` for published models.
    H : int
        The number of heads: no shape tells it.

    Returns
    -------
    parameters : MarianParameters
        In the library of the arrays. W_u is W_e transposed (M5)
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
    >>> d, rng = 4, np.random.default_rng(0)
    >>> layers = {
    ...     "model.encoder.layers.0": ["self_attn"],
    ...     "model.decoder.layers.0": ["self_attn", "encoder_attn"],
    ... }
    >>> weights = {}
    >>> for layer, blocks in layers.items():
    ...     for block in blocks:
    ...         weights[f"{layer}.{block}_layer_norm"] = d
    ...         for part in ("q", "k", "v", "out"):
    ...             weights[f"{layer}.{block}.{part}_proj"] = (d, d)
    ...     weights[f"{layer}.fc1"] = (16, d)
    ...     weights[f"{layer}.fc2"] = (d, 16)
    ...     weights[f"{layer}.final_layer_norm"] = d
    >>> arrays = {"model.shared.weight": rng.random((9, d))}
    >>> for name, shape in weights.items():
    ...     arrays[f"{name}.weight"] = W = rng.random(shape)
    ...     arrays[f"{name}.bias"] = rng.random(W.shape[0])
    >>> arrays["final_logits_bias"] = rng.random((1, 9))
    >>> W_p = marian_positions(d, 5)
    >>> parameters = marian_parameters(arrays, W_p, H=2)
    >>> Marian(np.array([8, 0]), np.array([3]), parameters).shape
    (9, 1)
    """
    state = State("marian_parameters", arrays)
    model = state.find("model.", "shared.weight")
    head = state.find("", "final_logits_bias")
    tokens = model["shared.weight"]
    encoder = model.under("encoder")
    decoder = model.under("decoder")
    theta = EDTransformerParameters(
        W_e=tokens.mT,
        W_p=W_p,
        encoder_layers=tuple(
            _encoder_layer(encoder.under(f"layers.{l}"), H)
            for l in range(encoder.count("layers"))
        ),
        decoder_layers=tuple(
            _decoder_layer(decoder.under(f"layers.{l}"), H)
            for l in range(decoder.count("layers"))
        ),
        W_u=head.get("lm_head.weight", tokens),  # M5
    )
    b_u = head["final_logits_bias"][0, :]
    for part in (encoder, decoder):  # W_e again, and W_p
        part.refuse_unread(
            "embed_tokens.weight", "embed_positions.weight"
        )
    model.refuse_unread("encoder.", "decoder.")
    head.under("lm_head").refuse_unread()
    return MarianParameters(theta, b_u)


def _encoder_layer(state: State[A], H: int) -> EDEncoderLayer[A]:
    return EDEncoderLayer(
        state.attention(*_projections("self_attn"), H=H),
        *state.pair("self_attn_layer_norm"),
        *state.pair("final_layer_norm"),
        *state.pair("fc1"),
        *state.pair("fc2"),
    )


def _decoder_layer(state: State[A], H: int) -> EDDecoderLayer[A]:
    return EDDecoderLayer(
        state.attention(*_projections("self_attn"), H=H),
        state.attention(*_projections("encoder_attn"), H=H),
        *state.pair("self_attn_layer_norm"),
        *state.pair("encoder_attn_layer_norm"),
        *state.pair("final_layer_norm"),
        *state.pair("fc1"),
        *state.pair("fc2"),
    )


def _projections(name: str) -> tuple[str, str, str, str]:
    return (
        f"{name}.q_proj",
        f"{name}.k_proj",
        f"{name}.v_proj",
        f"{name}.out_proj",
    )
