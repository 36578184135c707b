"""Algorithm X7: the encoder-decoder as it was trained in 2017."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.paper.attention import Attention, MHAttention
from algorithms.paper.embedding import (
    Token,
    positional_embedding,
    token_embedding,
)
from algorithms.paper.normalization import layer_norm
from algorithms.paper.notation import (
    ReLU,
    bidirectional_mask,
    unidirectional_mask,
)
from algorithms.paper.parameters import (
    EDDecoderLayer,
    EDEncoderLayer,
)
from algorithms.paper.unembedding import unembedding
from algorithms.signatures.arrays import A, A_co, Array, arange
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import Count, RightPadding
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Integer


@document_fields
class ScaledEDTransformerParameters(NamedTuple, Generic[A_co]):
    """θ of Algorithm X7: W_e embeds and unembeds."""

    W_e: Float[A_co, "d_e N_V"]
    encoder_layers: Annotated[
        tuple[EDEncoderLayer[A_co], ...], Count("L_enc")
    ]
    decoder_layers: Annotated[
        tuple[EDDecoderLayer[A_co], ...], Count("L_dec")
    ]

    def map(
        self, f: Map[A_co, B], /
    ) -> ScaledEDTransformerParameters[B]:
        """The same with `f` of each array."""
        return ScaledEDTransformerParameters(*map_each(f, self))


@algorithm(
    "X7",
    requires=("ell_z <= ell_max", "ell_x <= ell_max", "eps >= 0"),
)
def ScaledEDTransformer(
    z: Annotated[Integer[Array, "*batch ell_z"], Token],
    x: Annotated[Integer[Array, "*batch ell_x"], Token],
    theta: ScaledEDTransformerParameters[A],
    W_p: Float[A, "d_e ell_max"],
    *,
    eps: float = 0.0,
    activation: Callable[[A], A] = ReLU,
    attention: Callable[..., A] = Attention,
    padding_z: Annotated[Bool[Array, "*batch ell_z"], RightPadding]
    | None = None,
    padding_x: Annotated[Bool[Array, "*batch ell_x"], RightPadding]
    | None = None,
) -> Float[A, "*batch N_V ell_x"]:
    """At each token of x, how probable each token is to come next.

    Algorithm 8 with one matrix that embeds, scaled by √d_e, and
    unembeds.

    Parameters
    ----------
    z : integer of any type, (*batch, ell_z)
        Token IDs of the context, 0 … N_V−1; 1 ≤ ell_z ≤ ell_max.
    x : integer of any type, (*batch, ell_x)
        Token IDs of the primary sequence, likewise.
    theta : ScaledEDTransformerParameters
        All parameters; every size is read off their shapes.
    W_p : float, (d_e, ell_max)
        The positions, which are not learned: as a rule
        `sinusoidal_positions(d_e, ell_max, "vaswani")`.
    eps, activation, attention, padding_z, padding_x
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
        sequence (A3) or one longer than ell_max (A4).
    ValueError
        eps is negative, or rounds to 0 in the type of θ. Padding
        stands left of a token.

    Notes
    -----
    This is Algorithm 8 at W_e := √d_e W_e and W_u := W_e
    transposed. An entry of P may be 0 by underflow, and is 1 at
    N_V = 1 (A12).

    Source: Vaswani et al. 2017, "Attention Is All You Need",
    sections 3.4 and 3.5.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise, sinusoidal_positions
    >>> theta = initialise(
    ...     ScaledEDTransformerParameters, np.random.default_rng(0),
    ...     N_V=11, L_enc=2, L_dec=3, H=3, d_e=6, d_mlp=24,
    ...     d_attn=2, d_mid=2,
    ... )
    >>> W_p = sinusoidal_positions(6, 8, "vaswani")
    >>> z, x = np.array([3, 1, 4, 1, 5]), np.array([9, 2, 6])
    >>> ScaledEDTransformer(z, x, theta, W_p).shape
    (11, 3)
    """
    W_e, encoder_layers, decoder_layers = theta
    scale = math.sqrt(W_e.shape[0])
    # Encode the context sequence.
    ell_z = z.shape[-1]  # X7.1
    t = arange(ell_z, z)
    Z = token_embedding(z, W_e) * scale  # X7.2
    Z = Z + positional_embedding(t, W_p)  # X7.2-X7.3; e_t = Z
    for encoder_layer in encoder_layers:  # X7.4
        W_enc, gamma1, beta1, gamma2, beta2, *mlp = encoder_layer
        W_mlp1, b_mlp1, W_mlp2, b_mlp2 = mlp
        Mask = bidirectional_mask(Z, Z, padding_z)  # X7.5
        Z = Z + MHAttention(
            Z, Z, W_enc, Mask, attention=attention
        )  # X7.5
        Z = layer_norm(Z, gamma1, beta1, eps=eps)  # X7.6
        hidden = activation(W_mlp1 @ Z + b_mlp1[:, None])  # X7.7
        Z = Z + W_mlp2 @ hidden + b_mlp2[:, None]  # X7.7
        Z = layer_norm(Z, gamma2, beta2, eps=eps)  # X7.8
    # Decode the primary sequence.
    ell_x = x.shape[-1]  # X7.10
    t = arange(ell_x, x)
    X = token_embedding(x, W_e) * scale  # X7.11
    X = X + positional_embedding(t, W_p)  # X7.11-X7.12; e_t = X
    for decoder_layer in decoder_layers:  # X7.13
        W_dec, W_ed, gamma3, beta3, *rest = decoder_layer
        gamma4, beta4, gamma5, beta5, *mlp = rest
        W_mlp3, b_mlp3, W_mlp4, b_mlp4 = mlp
        Mask = unidirectional_mask(X, padding_x)  # X7.14
        X = X + MHAttention(
            X, X, W_dec, Mask, attention=attention
        )  # X7.14
        X = layer_norm(X, gamma3, beta3, eps=eps)  # X7.15
        Mask = bidirectional_mask(X, Z, padding_z)  # X7.16
        X = X + MHAttention(
            X, Z, W_ed, Mask, attention=attention
        )  # X7.16
        X = layer_norm(X, gamma4, beta4, eps=eps)  # X7.17
        hidden = activation(W_mlp3 @ X + b_mlp3[:, None])  # X7.18
        X = X + W_mlp4 @ hidden + b_mlp4[:, None]  # X7.18
        X = layer_norm(X, gamma5, beta5, eps=eps)  # X7.19
    # Derive the conditional probabilities.
    return unembedding(X, W_e.mT)  # X7.21
