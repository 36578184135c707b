"""Algorithm X8: T5, an encoder-decoder that looks at distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.extensions.bucket_attention import (
    BucketAttention,
    BucketAttentionParameters,
)
from algorithms.extensions.normalization import rms_norm
from algorithms.extensions.unscaled_attention import (
    UnscaledAttention,
    UnscaledAttentionParameters,
)
from algorithms.paper.embedding import Token, token_embedding
from algorithms.paper.notation import (
    ReLU,
    bidirectional_mask,
    unidirectional_mask,
)
from algorithms.paper.unembedding import unembedding
from algorithms.signatures.arrays import A, A_co, Array
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import (
    Count,
    RightPadding,
    With,
)
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import B as B_
from algorithms.signatures.trees import Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Integer


@document_fields
class T5EncoderLayer(NamedTuple, Generic[A_co]):
    """One encoder layer of Algorithm X8."""

    W_enc: Annotated[
        BucketAttentionParameters[A_co],
        With(d_x="d_e", d_out="d_e"),
    ]
    gamma1: Float[A_co, " d_e"]
    gamma2: Float[A_co, " d_e"]
    W_mlp1: Float[A_co, "d_mlp d_e"]
    W_mlp2: Float[A_co, "d_e d_mlp"]

    def map(self, f: Map[A_co, B_], /) -> T5EncoderLayer[B_]:
        """The same with `f` of each array."""
        return T5EncoderLayer(*map_each(f, self))


@document_fields
class T5DecoderLayer(NamedTuple, Generic[A_co]):
    """One decoder layer of Algorithm X8."""

    W_dec: Annotated[
        BucketAttentionParameters[A_co],
        With(d_x="d_e", d_out="d_e"),
    ]
    W_ed: Annotated[
        UnscaledAttentionParameters[A_co],
        With(d_x="d_e", d_z="d_e", d_out="d_e"),
    ]
    gamma3: Float[A_co, " d_e"]
    gamma4: Float[A_co, " d_e"]
    gamma5: Float[A_co, " d_e"]
    W_mlp3: Float[A_co, "d_mlp d_e"]
    W_mlp4: Float[A_co, "d_e d_mlp"]

    def map(self, f: Map[A_co, B_], /) -> T5DecoderLayer[B_]:
        """The same with `f` of each array."""
        return T5DecoderLayer(*map_each(f, self))


@document_fields
class T5Parameters(NamedTuple, Generic[A_co]):
    """θ of Algorithm X8."""

    W_e: Float[A_co, "d_e N_V"]
    B: Float[A_co, "H 2*kappa"]
    B_prime: Float[A_co, "H 2*kappa"]
    encoder_layers: Annotated[
        tuple[T5EncoderLayer[A_co], ...], Count("L_enc")
    ]
    gamma_enc: Float[A_co, " d_e"]
    B_dec: Float[A_co, "H 2*kappa_dec"]
    decoder_layers: Annotated[
        tuple[T5DecoderLayer[A_co], ...], Count("L_dec")
    ]
    gamma_dec: Float[A_co, " d_e"]
    W_u: Float[A_co, "N_V d_e"]

    def map(self, f: Map[A_co, B_], /) -> T5Parameters[B_]:
        """The same with `f` of each array."""
        return T5Parameters(*map_each(f, self))


@algorithm(
    "X8",
    requires=(
        "kappa <= D",
        "kappa_dec <= D",
        "eps >= 0",
    ),
)
def T5(
    z: Annotated[Integer[Array, "*batch ell_z"], Token],
    x: Annotated[Integer[Array, "*batch ell_x"], Token],
    theta: T5Parameters[A],
    *,
    D: int,
    eps: float = 0.0,
    padding_z: Annotated[Bool[Array, "*batch ell_z"], RightPadding]
    | None = None,
    padding_x: Annotated[Bool[Array, "*batch ell_x"], RightPadding]
    | None = None,
) -> Float[A, "*batch N_V ell_x"]:
    """At each token of x, how probable each token is to come next.

    Algorithm 8 without positions, which distances stand for, and
    without offsets; norms come first.

    Parameters
    ----------
    z : integer of any type, (*batch, ell_z)
        Token IDs of the context, 0 … N_V−1; 1 ≤ ell_z.
    x : integer of any type, (*batch, ell_x)
        Token IDs of the primary sequence, likewise.
    theta : T5Parameters
        All parameters; every size is read off their shapes.
    D : int, at least kappa and kappa_dec
        Where the steps of distances end, as in `bucket`: 128 in T5.
    eps : float, at least 0
        As in `rms_norm`, added to the mean square.
    padding_z, padding_x : bool, like z and x, optional
        As in `EDTransformer`.

    Returns
    -------
    P : float, (*batch, N_V, ell_x)
        Column t is the distribution of token t+1 of x given tokens
        0 … t of x and all of z.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says: also an empty
        sequence (A3).
    ValueError
        D is less than kappa or kappa_dec, eps is negative, or
        rounds to 0 in the type of θ. Padding stands left of a
        token.

    Notes
    -----
    The tables are those of `BucketAttention`: the layers of the
    encoder share two, those of the decoder one. No length is too
    long for the parameters. An entry of P may be 0 by underflow,
    and is 1 at N_V = 1 (A12).

    Source: Raffel et al. 2020, "Exploring the Limits of Transfer
    Learning with a Unified Text-to-Text Transformer", section 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     T5Parameters, np.random.default_rng(0), N_V=11, L_enc=2,
    ...     L_dec=3, H=3, d_e=6, d_mlp=24, d_attn=2, d_mid=2,
    ...     kappa=8, kappa_dec=16,
    ... )
    >>> z, x = np.array([3, 1, 4, 1, 5]), np.array([9, 2, 6])
    >>> T5(z, x, theta, D=128).shape
    (11, 3)
    """
    W_e, B, B_prime, encoder_layers, gamma_enc = theta[:5]
    B_dec, decoder_layers, gamma_dec, W_u = theta[5:]
    # Encode the context sequence.
    ell_z = z.shape[-1]  # X8.1
    Z = token_embedding(z, W_e)  # X8.2-X8.3; e_t = Z
    for encoder_layer in encoder_layers:  # X8.4
        W_enc, gamma1, gamma2, W_mlp1, W_mlp2 = encoder_layer
        Z_tilde = rms_norm(Z, gamma1, eps=eps)  # X8.5
        Mask = bidirectional_mask(Z, Z, padding_z)  # X8.6
        Z = Z + BucketAttention(
            Z_tilde, W_enc, B, B_prime, Mask, D=D
        )  # X8.6
        Z_tilde = rms_norm(Z, gamma2, eps=eps)  # X8.7
        Z = Z + W_mlp2 @ ReLU(W_mlp1 @ Z_tilde)  # X8.8
    Z = rms_norm(Z, gamma_enc, eps=eps)  # X8.10
    # Decode the primary sequence.
    ell_x = x.shape[-1]  # X8.11
    X = token_embedding(x, W_e)  # X8.12-X8.13; e_t = X
    for decoder_layer in decoder_layers:  # X8.14
        W_dec, W_ed, gamma3, gamma4, gamma5, *mlp = decoder_layer
        W_mlp3, W_mlp4 = mlp
        X_tilde = rms_norm(X, gamma3, eps=eps)  # X8.15
        Mask = unidirectional_mask(X, padding_x)  # X8.16
        X = X + BucketAttention(
            X_tilde, W_dec, B_dec, B_dec, Mask, D=D
        )  # X8.16
        X_tilde = rms_norm(X, gamma4, eps=eps)  # X8.17
        Mask = bidirectional_mask(X, Z, padding_z)  # X8.18
        X = X + UnscaledAttention(X_tilde, Z, W_ed, Mask)  # X8.18
        X_tilde = rms_norm(X, gamma5, eps=eps)  # X8.19
        X = X + W_mlp4 @ ReLU(W_mlp3 @ X_tilde)  # X8.20
    X = rms_norm(X, gamma_dec, eps=eps)  # X8.22
    # Derive the conditional probabilities.
    return unembedding(X, W_u)  # X8.23
