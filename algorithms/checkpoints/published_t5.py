"""T5 (Raffel et al. 2020) and its kin: Algorithm X8, departures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.checkpoints.activations import GELU_tanh
from algorithms.checkpoints.departures import Departure
from algorithms.checkpoints.state import State
from algorithms.extensions.bucket_attention import (
    BucketAttention,
    BucketAttentionParameters,
)
from algorithms.extensions.normalization import rms_norm
from algorithms.extensions.t5 import (
    T5DecoderLayer,
    T5EncoderLayer,
    T5Parameters,
)
from algorithms.extensions.unscaled_attention import (
    UnscaledAttention,
    UnscaledAttentionParameters,
)
from algorithms.paper.embedding import Token, token_embedding
from algorithms.paper.notation import (
    bidirectional_mask,
    unidirectional_mask,
)
from algorithms.paper.unembedding import unembedding
from algorithms.signatures.arrays import A, A_co, Array
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import Count, RightPadding
from algorithms.signatures.decorator import checked
from algorithms.signatures.trees import B as B_
from algorithms.signatures.trees import Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Integer

T5_DEPARTURES = (
    Departure(
        "T1",
        (
            "X8.5",
            "X8.7",
            "X8.10",
            "X8.15",
            "X8.17",
            "X8.19",
            "X8.22",
        ),
        "the norms have ε = 1e-6",
        "eps=0.0",
    ),
    Departure(
        "T2",
        ("X8.23",),
        "the scores of the tokens are divided by √d_e",
        "scale=1.0",
    ),
    Departure(
        "T3",
        ("X8.23",),
        "W_u is W_e transposed: a conversion of θ",
        "a W_u of its own in theta",
    ),
    Departure(
        "T4",
        ("X8.8", "X8.20"),
        "hidden layers have a gate, as Algorithm F2",
        "W_gate=None in additions",
    ),
    Departure(
        "T5",
        ("X8.8", "X8.20"),
        "GELU in its tanh form where X8 has ReLU",
        "activation=ReLU",
    ),
    Departure(
        "T6",
        ("X8.6", "X8.16"),
        "each layer has tables of its own",
        "B=None, B_prime=None, B_dec=None in additions",
    ),
)


#: A row for each bucket, of the first layer or of each (T6).
TABLE = (
    "block.{}.layer.0.SelfAttention.relative_attention_bias.weight"
)

#: What nothing reads, of the decoder: a T5 of 2019 has it.
UNREAD = (
    "block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
)


@document_fields
class T5EncoderAdditions(NamedTuple, Generic[A_co]):
    """What a kin of T5 adds to an encoder layer: None omits it."""

    W_gate: Float[A_co, "d_mlp d_e"] | None = None
    B: Float[A_co, "H 2*kappa"] | None = None
    B_prime: Float[A_co, "H 2*kappa"] | None = None

    def map(self, f: Map[A_co, B_], /) -> T5EncoderAdditions[B_]:
        """The same with `f` of each array."""
        return T5EncoderAdditions(*map_each(f, self))


@document_fields
class T5DecoderAdditions(NamedTuple, Generic[A_co]):
    """What a kin of T5 adds to a decoder layer: None omits it."""

    W_gate: Float[A_co, "d_mlp d_e"] | None = None
    B_dec: Float[A_co, "H 2*kappa_dec"] | None = None

    def map(self, f: Map[A_co, B_], /) -> T5DecoderAdditions[B_]:
        """The same with `f` of each array."""
        return T5DecoderAdditions(*map_each(f, self))


@document_fields
class PublishedT5Parameters(NamedTuple, Generic[A_co]):
    """θ of Algorithm X8, and what is added to each layer."""

    theta: T5Parameters[A_co]
    encoder_additions: Annotated[
        tuple[T5EncoderAdditions[A_co], ...], Count("L_enc")
    ]
    decoder_additions: Annotated[
        tuple[T5DecoderAdditions[A_co], ...], Count("L_dec")
    ]

    def map(self, f: Map[A_co, B_], /) -> PublishedT5Parameters[B_]:
        """The same with `f` of each array."""
        return PublishedT5Parameters(*map_each(f, self))


@checked(
    requires=(
        "kappa <= D",
        "kappa_dec <= D",
        "eps >= 0",
    )
)
def PublishedT5(
    z: Annotated[Integer[Array, "*batch ell_z"], Token],
    x: Annotated[Integer[Array, "*batch ell_x"], Token],
    parameters: PublishedT5Parameters[A],
    *,
    D: int = 128,
    eps: float = 1e-6,  # T1
    activation: Callable[[A], A] = GELU_tanh,  # T5
    scale: float | None = None,
    padding_z: Annotated[Bool[Array, "*batch ell_z"], RightPadding]
    | None = None,
    padding_x: Annotated[Bool[Array, "*batch ell_x"], RightPadding]
    | None = None,
) -> Float[A, "*batch N_V ell_x"]:
    """`T5` as T5, T5 v1.1, mT5 and UMT5 run it.

    Parameters
    ----------
    z, x : integer of any type, (*batch, ell_z), (*batch, ell_x)
        Token IDs of the context and of the primary sequence,
        0 … N_V−1; at least one each.
    parameters : PublishedT5Parameters
        θ, and what is added to it: gates in T5 v1.1 and mT5 (T4),
        in UMT5 also tables (T6).
    D : int, at least kappa and kappa_dec
        As in `T5`.
    eps : float, at least 0
        Departure T1.
    activation : function
        That of the gates, departure T5, or of the hidden layers
        where they have none: ReLU in T5 of 2019.
    scale : float, optional
        What the last norm's result is multiplied by: None is 1/√d_e
        (T2), as T5 has it and T5 v1.1 has not.
    padding_z, padding_x : bool, like z and x, optional
        As in `EDTransformer`.

    Returns
    -------
    P : float, (*batch, N_V, ell_x)
        Column t: the distribution of token t+1 of x given tokens
        0 … t of x and all of z.

    Raises
    ------
    IndexError, ShapeError, DTypeError, ValueError
        As `T5`.

    Notes
    -----
    Algorithm X8 line by line; the statements tagged T2 to T6 are
    those of T5 and its kin. Without them, P is `T5`'s, bit for bit.

    Sources: Raffel et al. 2020, *Exploring the Limits of Transfer
    Learning with a Unified Text-to-Text Transformer*; Xue et al.
    2021, *mT5*; Chung et al. 2023, *UniMax*, for UMT5.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import ReLU, initialise
    >>> from algorithms.extensions import T5
    >>> theta = initialise(
    ...     T5Parameters, np.random.default_rng(0), N_V=11, L_enc=1,
    ...     L_dec=1, H=3, d_e=6, d_mlp=24, d_attn=2, d_mid=2,
    ...     kappa=8, kappa_dec=16,
    ... )
    >>> z, x = np.array([3, 1, 4, 1, 5]), np.array([9, 2, 6])
    >>> bare = PublishedT5Parameters(
    ...     theta, (T5EncoderAdditions(),), (T5DecoderAdditions(),)
    ... )
    >>> P = PublishedT5(
    ...     z, x, bare, eps=0.0, activation=ReLU, scale=1.0
    ... )
    >>> bool((P == T5(z, x, theta, D=128)).all())
    True
    """
    theta, encoder_additions, decoder_additions = parameters
    W_e, B, B_prime, encoder_layers, gamma_enc = theta[:5]
    B_dec, decoder_layers, gamma_dec, W_u = theta[5:]
    Z = token_embedding(z, W_e)  # X8.1-X8.3
    encoder = zip(encoder_layers, encoder_additions, strict=True)
    for encoder_layer, added in encoder:  # X8.4
        W_enc, gamma1, gamma2, W_mlp1, W_mlp2 = encoder_layer
        Z_tilde = rms_norm(Z, gamma1, eps=eps)  # X8.5
        Mask = bidirectional_mask(Z, Z, padding_z)  # X8.6
        before, behind = B, B_prime
        if added.B is not None:
            before = added.B  # T6
        if added.B_prime is not None:
            behind = added.B_prime  # T6
        Z = Z + BucketAttention(
            Z_tilde, W_enc, before, behind, Mask, D=D
        )  # X8.6
        Z_tilde = rms_norm(Z, gamma2, eps=eps)  # X8.7
        Z = Z + W_mlp2 @ _hidden(
            Z_tilde, W_mlp1, added.W_gate, activation
        )  # X8.8
    Z = rms_norm(Z, gamma_enc, eps=eps)  # X8.10
    X = token_embedding(x, W_e)  # X8.11-X8.13
    decoder = zip(decoder_layers, decoder_additions, strict=True)
    for decoder_layer, more in decoder:  # X8.14
        W_dec, W_ed, gamma3, gamma4, gamma5, *mlp = decoder_layer
        W_mlp3, W_mlp4 = mlp
        X_tilde = rms_norm(X, gamma3, eps=eps)  # X8.15
        Mask = unidirectional_mask(X, padding_x)  # X8.16
        table = B_dec
        if more.B_dec is not None:
            table = more.B_dec  # T6
        X = X + BucketAttention(
            X_tilde, W_dec, table, table, Mask, D=D
        )  # X8.16
        X_tilde = rms_norm(X, gamma4, eps=eps)  # X8.17
        Mask = bidirectional_mask(X, Z, padding_z)  # X8.18
        X = X + UnscaledAttention(X_tilde, Z, W_ed, Mask)  # X8.18
        X_tilde = rms_norm(X, gamma5, eps=eps)  # X8.19
        X = X + W_mlp4 @ _hidden(
            X_tilde, W_mlp3, more.W_gate, activation
        )  # X8.20
    X = rms_norm(X, gamma_dec, eps=eps)  # X8.22
    if scale is None:
        scale = 1 / math.sqrt(W_e.shape[0])
    X = X * scale  # T2
    return unembedding(X, W_u)  # X8.23


def _hidden(
    X: A,
    W_mlp: A,
    W_gate: A | None,
    activation: Callable[[A], A],
) -> A:
    """The hidden layer, with a gate or without."""
    if W_gate is None:
        return activation(W_mlp @ X)
    return activation(W_gate @ X) * (W_mlp @ X)  # T4


def t5_parameters(
    arrays: Mapping[str, A], *, H: int
) -> PublishedT5Parameters[A]:
    """θ of Algorithm X8 and what is added, from a T5's arrays.

    Parameters
    ----------
    arrays : mapping of names to arrays
        As Hugging Face's `T5ForConditionalGeneration`, or that of
        mT5 or UMT5, names and stores them:
        `safetensors.numpy.load_file(…)`, of all files together.
    H : int
        The number of heads, `num_heads`.

    Returns
    -------
    parameters : PublishedT5Parameters
        In the library of the arrays. Gates and tables where the
        file has them. W_u is W_e transposed (T3) where the file has
        none of its own.

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
    >>> attention = {f"{n}.weight": (d, d) for n in "qkvo"}
    >>> attention["relative_attention_bias.weight"] = (8, 2)
    >>> dense = {"wi.weight": (16, d), "wo.weight": (d, 16)}
    >>> parts = {
    ...     "encoder": ["SelfAttention", "DenseReluDense"],
    ...     "decoder": [
    ...         "SelfAttention", "EncDecAttention", "DenseReluDense"
    ...     ],
    ... }
    >>> shapes = {"shared.weight": (9, d)}
    >>> for stack, names in parts.items():
    ...     shapes[f"{stack}.final_layer_norm.weight"] = d
    ...     for n, name in enumerate(names):
    ...         layer = f"{stack}.block.0.layer.{n}"
    ...         shapes[f"{layer}.layer_norm.weight"] = d
    ...         part = dense if name[0] == "D" else attention
    ...         for weight, shape in part.items():
    ...             shapes[f"{layer}.{name}.{weight}"] = shape
    >>> arrays = {k: rng.random(n) for k, n in shapes.items()}
    >>> parameters = t5_parameters(arrays, H=2)
    >>> z, x = np.array([8, 0]), np.array([0])
    >>> PublishedT5(z, x, parameters).shape
    (9, 1)
    """
    state = State("t5_parameters", arrays)
    model = state.find("", "shared.weight")
    tokens = model["shared.weight"]
    encoder = model.under("encoder")
    decoder = model.under("decoder")
    L_enc, L_dec = encoder.count("block"), decoder.count("block")
    B, B_prime = _halves(encoder[TABLE.format(0)].mT)
    theta = T5Parameters(
        W_e=tokens.mT,
        B=B,
        B_prime=B_prime,
        encoder_layers=tuple(
            _encoder_layer(encoder.under(f"block.{l}"), H)
            for l in range(L_enc)
        ),
        gamma_enc=encoder["final_layer_norm.weight"],
        B_dec=decoder[TABLE.format(0)].mT,
        decoder_layers=tuple(
            _decoder_layer(decoder.under(f"block.{l}"), H)
            for l in range(L_dec)
        ),
        gamma_dec=decoder["final_layer_norm.weight"],
        W_u=model.get("lm_head.weight", tokens),  # T3
    )
    parameters = PublishedT5Parameters(
        theta,
        tuple(
            T5EncoderAdditions(
                _gate(encoder.under(f"block.{l}.layer.1")),
                *_own_tables(encoder, l),
            )
            for l in range(L_enc)
        ),
        tuple(
            T5DecoderAdditions(
                _gate(decoder.under(f"block.{l}.layer.2")),
                _own_table(decoder, l),
            )
            for l in range(L_dec)
        ),
    )
    encoder.refuse_unread("embed_tokens.weight")  # W_e again
    decoder.refuse_unread("embed_tokens.weight", UNREAD)
    model.under("lm_head").refuse_unread()
    return parameters


def _own_table(stack: State[A], l: int) -> A | None:
    """A layer's table, if it is not the first layer's, θ's."""
    name = TABLE.format(l)
    return stack[name].mT if l and name in stack else None


def _own_tables(
    encoder: State[A], l: int
) -> tuple[A, A] | tuple[None, None]:
    table = _own_table(encoder, l)
    return (None, None) if table is None else _halves(table)


def _halves(table: A) -> tuple[A, A]:
    """B and B' of an encoder's table."""
    n = table.shape[1] // 2
    return table[:, :n], table[:, n:]


def _gate(state: State[A]) -> A | None:
    name = "DenseReluDense.wi_0.weight"
    has = name in state
    return state[name] if has else None


def _heads(state: State[A], H: int) -> tuple[A, A, A, A]:
    q, k, v = (state.split(state[f"{n}.weight"], H) for n in "qkv")
    return q, k, v, state["o.weight"]


def _mlp(state: State[A]) -> tuple[A, A]:
    name = "wi_1.weight" if "wi_1.weight" in state else "wi.weight"
    return state[name], state["wo.weight"]


def _encoder_layer(state: State[A], H: int) -> T5EncoderLayer[A]:
    heads = _heads(state.under("layer.0.SelfAttention"), H)
    return T5EncoderLayer(
        BucketAttentionParameters(*heads),
        state["layer.0.layer_norm.weight"],
        state["layer.1.layer_norm.weight"],
        *_mlp(state.under("layer.1.DenseReluDense")),
    )


def _decoder_layer(state: State[A], H: int) -> T5DecoderLayer[A]:
    own = _heads(state.under("layer.0.SelfAttention"), H)
    cross = _heads(state.under("layer.1.EncDecAttention"), H)
    return T5DecoderLayer(
        BucketAttentionParameters(*own),
        UnscaledAttentionParameters(*cross),
        state["layer.0.layer_norm.weight"],
        state["layer.1.layer_norm.weight"],
        state["layer.2.layer_norm.weight"],
        *_mlp(state.under("layer.2.DenseReluDense")),
    )
