"""Algorithm 8: the encoder-decoder transformer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

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
from algorithms.paper.parameters import EDTransformerParameters
from algorithms.paper.unembedding import unembedding
from algorithms.signatures.arrays import A, Array, arange
from algorithms.signatures.declarations import RightPadding
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Integer


@algorithm(
    8, requires=("ell_z <= ell_max", "ell_x <= ell_max", "eps >= 0")
)
def EDTransformer(
    z: Annotated[Integer[Array, "*batch ell_z"], Token],
    x: Annotated[Integer[Array, "*batch ell_x"], Token],
    theta: EDTransformerParameters[A],
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

    Encoder-decoder: post-norm, ReLU; a token of z sees all of z, a
    token of x sees all of z and those before it in x.

    Parameters
    ----------
    z : integer of any type, (*batch, ell_z)
        Token IDs of the context, 0 … N_V−1; 1 ≤ ell_z ≤ ell_max.
    x : integer of any type, (*batch, ell_x)
        Token IDs of the primary sequence, likewise.
    theta : EDTransformerParameters
        All parameters; every size is read off their shapes.
    eps : float, at least 0
        Layer norm's ε; the paper has none (erratum A1).
    activation : function of an array
        The paper's ReLU, or another.
    attention : function with the signature of `Attention`
        Algorithm 4, or one that gives the same otherwise:
        `BlockAttention`, `OnlineAttention`.
    padding_z, padding_x : bool, (*batch, ell_z), (*batch, ell_x)
        False at tokens that only fill up a batch, all of them at
        the right end: nobody attends to them. None, all tokens
        count, is the paper.

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
        stands left of a token; that is not seen while `jax.jit` or
        a `vmap` traces the call, and moves the token's position.

    Notes
    -----
    z and x share W_e, W_p and the vocabulary (erratum A14). The
    decoder's parameters carry its own loop variable (E2).

    Sizes that the paper does not list, d_attn, d_mid and N_V, are
    read off θ too (A2). An entry of P may be 0 by underflow, and is
    1 at N_V = 1 (A12).

    Source: Phuong & Hutter 2022, Algorithm 8.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     EDTransformerParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L_enc=2, L_dec=3, H=3, d_e=6,
    ...     d_mlp=24, d_attn=2, d_mid=2,
    ... )
    >>> z, x = np.array([3, 1, 4, 1, 5]), np.array([9, 2, 6])
    >>> EDTransformer(z, x, theta).shape
    (11, 3)
    """
    W_e, W_p, encoder_layers, decoder_layers, W_u = theta
    # Encode the context sequence.
    ell_z = z.shape[-1]  # 8.1
    t = arange(ell_z, z)
    Z = token_embedding(z, W_e)  # 8.2
    Z = Z + positional_embedding(t, W_p)  # 8.2-8.3; e_t = Z
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
    # Decode the primary sequence.
    ell_x = x.shape[-1]  # 8.10
    t = arange(ell_x, x)
    X = token_embedding(x, W_e)  # 8.11
    X = X + positional_embedding(t, W_p)  # 8.11-8.12; e_t = X
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
    # Derive the conditional probabilities.
    return unembedding(X, W_u)  # 8.21
