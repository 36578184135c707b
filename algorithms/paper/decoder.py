"""Algorithm 10: the decoder-only transformer (GPT-2)."""

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
from algorithms.paper.notation import GELU, unidirectional_mask
from algorithms.paper.parameters import DTransformerParameters
from algorithms.paper.unembedding import unembedding
from algorithms.signatures.arrays import A, Array, arange
from algorithms.signatures.declarations import RightPadding
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Integer


@algorithm(10, requires=("ell <= ell_max", "eps >= 0"))
def DTransformer(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    theta: DTransformerParameters[A],
    *,
    eps: float = 0.0,
    activation: Callable[[A], A] = GELU,
    attention: Callable[..., A] = Attention,
    padding: Annotated[Bool[Array, "*batch ell"], RightPadding]
    | None = None,
) -> Float[A, "*batch N_V ell"]:
    """At each token, how probable each token is to come next.

    Decoder-only: pre-norm, GELU, every token sees those before it.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; 1 ≤ ell ≤ ell_max.
    theta : DTransformerParameters
        All parameters; every size is read off their shapes.
    eps : float, at least 0
        Layer norm's ε; the paper has none (erratum A1).
    activation : function of an array
        The paper's GELU, or another.
    attention : function with the signature of `Attention`
        Algorithm 4, or one that gives the same otherwise:
        `BlockAttention`, `OnlineAttention`.
    padding : bool, (*batch, ell), optional
        False at tokens that only fill up a batch, all of them at
        the right end: nobody attends to them. None, all tokens
        count, is the paper.

    Returns
    -------
    P : float, (*batch, N_V, ell)
        Column t: the distribution of token t+1 given tokens 0 … t.

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
    Sizes that the paper does not list, d_attn, d_mid and N_V, are
    read off θ too (A2). An entry of P may be 0 by underflow, and is
    1 at N_V = 1 (A12).

    Source: Phuong & Hutter 2022, Algorithm 10.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     DTransformerParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L=2, H=3, d_e=6, d_mlp=24,
    ...     d_attn=2, d_mid=2,
    ... )
    >>> DTransformer(np.array([10, 3, 1, 4]), theta).shape
    (11, 4)
    """
    W_e, W_p, layers, gamma, beta, W_u = theta
    ell = x.shape[-1]  # 10.1
    t = arange(ell, x)
    X = token_embedding(x, W_e)  # 10.2
    X = X + positional_embedding(t, W_p)  # 10.2-10.3; e_t = X
    for layer in layers:  # 10.4
        W, gamma1, beta1, gamma2, beta2, *mlp = layer
        W_mlp1, b_mlp1, W_mlp2, b_mlp2 = mlp
        X_tilde = layer_norm(X, gamma1, beta1, eps=eps)  # 10.5
        Mask = unidirectional_mask(X, padding)  # 10.6
        X = X + MHAttention(
            X_tilde, X_tilde, W, Mask, attention=attention
        )  # 10.6
        X_tilde = layer_norm(X, gamma2, beta2, eps=eps)  # 10.7
        hidden = activation(
            W_mlp1 @ X_tilde + b_mlp1[:, None]
        )  # 10.8
        X = X + W_mlp2 @ hidden + b_mlp2[:, None]  # 10.8
    X = layer_norm(X, gamma, beta, eps=eps)  # 10.10
    return unembedding(X, W_u)  # 10.11
