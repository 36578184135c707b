"""Algorithms K12 and K13: a window's cache, that does not grow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import numpy as np

from algorithms.extensions.cached_attention import zero_columns
from algorithms.extensions.cached_rotary_attention import (
    CachedRotaryAttention,
    extend_rotary,
)
from algorithms.extensions.gated import SwiGLU
from algorithms.extensions.llama import LlamaParameters
from algorithms.extensions.normalization import rms_norm
from algorithms.extensions.scaled_dot_product import attend
from algorithms.paper.embedding import Token, token_embedding
from algorithms.paper.inference import Tokens
from algorithms.paper.sampling import sample, temper, weighed
from algorithms.paper.unembedding import unembedding
from algorithms.signatures.arrays import (
    A,
    Array,
    append,
    arange,
    as_index,
)
from algorithms.signatures.declarations import Count, MayBeEmpty
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float, Integer

_SOME = MayBeEmpty("ell")


@algorithm(
    "K12",
    requires=(
        "1 <= L",
        "w == ell + 1",
        "2 * d_rot <= d_attn",
        "t_0 >= 0",
        "eps >= 0",
    ),
)
def MistralStep(
    x: Annotated[Integer[Array, "*batch ell_x"], Token],
    K_l: Annotated[
        tuple[
            Annotated[Float[A, "*batch H_kv*d_attn ell"], _SOME],
            ...,
        ],
        Count("L"),
    ],
    V_l: Annotated[
        tuple[
            Annotated[Float[A, "*batch H_kv*d_mid ell"], _SOME],
            ...,
        ],
        Count("L"),
    ],
    theta: LlamaParameters[A],
    omega: Float[A, " d_rot"],
    t_0: int,
    *,
    w: int,
    eps: float = 0.0,
    attention: Callable[..., A] = attend,
) -> tuple[
    Float[A, "*batch N_V ell_x"],
    Annotated[
        tuple[Float[A, "*batch H_kv*d_attn ell"], ...],
        Count("L"),
    ],
    Annotated[
        tuple[Float[A, "*batch H_kv*d_mid ell"], ...],
        Count("L"),
    ],
]:
    """Columns of Mistral, for tokens that come after others.

    A window of w tokens: each layer keeps the last w − 1, however
    long the text is.

    Parameters
    ----------
    x : integer of any type, (*batch, ell_x)
        The new tokens. Token IDs, 0 … N_V−1; at least one.
    K_l, V_l : tuple of float, L of (*batch, H_kv * …, ell)
        The keys, of H_kv * d_attn rows, and the values, of
        H_kv * d_mid, of the ell = w − 1 tokens before them in each
        layer. Where there were fewer the first columns are not
        read: any numbers may stand there.
    theta : LlamaParameters
        All parameters, of at least one layer.
    omega : float, (d_rot,)
        As in `Llama`.
    t_0 : int, at least 0
        How many tokens stand before the first of x.
    w : int, at least 1
        As in `Mistral`.
    eps : float, at least 0
        As in `Llama`.
    attention : function with the signature of `attend`
        Algorithm C1, or one that gives the same otherwise:
        `block_attend`, `online_attend`.

    Returns
    -------
    P : float, (*batch, N_V, ell_x)
        Column t: the distribution of what follows token t of x.
    K_hat, V_hat : tuple of float, L of (*batch, H_kv * …, ell)
        The keys and values of the last ell tokens, to be given to
        the next step. The arguments stay as they were.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        The cache has not w − 1 columns; t_0 or eps is negative, or
        eps rounds to 0 in the type of θ.

    Notes
    -----
    A sequence may be cut into steps anywhere: P is the same, up to
    the order in which sums are added up.

    Source: Jiang et al. 2023, "Mistral 7B", section 2, "Rolling
    Buffer Cache".

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import Mistral, initialise
    >>> theta = initialise(
    ...     LlamaParameters, np.random.default_rng(0), N_V=11, L=2,
    ...     H_kv=2, R=3, d_e=6, d_mlp=24, d_attn=4, d_mid=4,
    ... )
    >>> omega, x = np.array([1.0, 0.01]), np.array([10, 3, 1, 4])
    >>> K_l = V_l = (np.ones((8, 2)), np.ones((8, 2)))
    >>> P, K_l, V_l = MistralStep(
    ...     x[:3], K_l, V_l, theta, omega, 0, w=3
    ... )
    >>> P, K_l, V_l = MistralStep(
    ...     x[3:], K_l, V_l, theta, omega, 3, w=3
    ... )
    >>> np.allclose(P, Mistral(x, theta, omega, w=3)[:, 3:])
    True
    """
    W_e, layers, gamma, W_u = theta
    ell, ell_x = w - 1, x.shape[-1]  # K12.1
    t_z, t_x = arange(ell + ell_x, x)[:, None], arange(ell_x, x)
    X = token_embedding(x, W_e)  # K12.2-K12.3; e_t = X
    K_hat: tuple[A, ...] = ()
    V_hat: tuple[A, ...] = ()
    for layer, K, V in zip(layers, K_l, V_l, strict=True):  # K12.4
        W, gamma1, gamma2, W_mlp = layer
        X_tilde = rms_norm(X, gamma1, eps=eps)  # K12.5
        K, V = extend_rotary(X_tilde, K, V, W, omega, t_0)  # K12.6
        seen = (t_x <= t_z) & (t_z <= t_x + ell)
        Mask = seen & (t_z + t_0 >= ell)  # K12.7
        X = X + CachedRotaryAttention(
            X_tilde, K, V, W, Mask, omega, t_0, attention=attention
        )  # K12.7
        K_hat_l = K[..., ell_x:]  # K12.8
        V_hat_l = V[..., ell_x:]  # K12.9
        X_tilde = rms_norm(X, gamma2, eps=eps)  # K12.10
        X = X + SwiGLU(X_tilde, W_mlp)  # K12.11
        K_hat, V_hat = (*K_hat, K_hat_l), (*V_hat, V_hat_l)
    X = rms_norm(X, gamma, eps=eps)  # K12.13
    P = unembedding(X, W_u)  # K12.14
    return P, K_hat, V_hat  # K12.14


@algorithm(
    "K13",
    requires=(
        "1 <= L",
        "1 <= ell_gen",
        "1 <= w",
        "2 * d_rot <= d_attn",
        "tau >= 0",
        "eps >= 0",
    ),
)
def CachedMistralInference(
    x: Annotated[Integer[Tokens, " ell"], Token],
    theta_hat: LlamaParameters[A],
    omega: Float[A, " d_rot"],
    *,
    ell_gen: int,
    w: int,
    tau: float,
    rng: np.random.Generator,
    eps: float = 0.0,
    attention: Callable[..., A] = attend,
    weigh: Callable[[A], A] | None = None,
) -> Integer[Tokens, " ell_gen"]:
    """Continue a prompt by Mistral, with a cache of its window.

    The prompt is read at once; then each step reads one token, and
    finds the keys and values of the w − 1 before it in a cache.

    Parameters
    ----------
    x : integer of any type, (ell,)
        The prompt. Token IDs, 0 … N_V−1; at least one.
    theta_hat : LlamaParameters
        Trained parameters, of at least one layer.
    omega : float, (d_rot,)
        As in `Llama`.
    ell_gen : int, at least 1
        How many tokens to add.
    w : int, at least 1
        As in `Mistral`.
    tau, rng, weigh
        As in `DInference`.
    eps : float, at least 0
        As in `Llama`.
    attention : function with the signature of `attend`
        As in `MistralStep`: `block_attend` reads a long prompt in
        little memory.

    Returns
    -------
    y : integer, (ell_gen,)
        The continuation.

    Raises
    ------
    ValueError
        A number is out of range: before the first step.
    IndexError, ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    The cache holds (w − 1) L H_kv (d_attn + d_mid) numbers, however
    long the text is. P of every token of the prompt is made, of
    which the last column is used: N_V ell numbers.

    Source: Jiang et al. 2023, "Mistral 7B", section 2, "Rolling
    Buffer Cache".

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     LlamaParameters, np.random.default_rng(0), N_V=11, L=2,
    ...     H_kv=2, R=3, d_e=6, d_mlp=24, d_attn=4, d_mid=4,
    ... )
    >>> x, omega = np.array([10, 3]), np.array([1.0, 0.01])
    >>> CachedMistralInference(
    ...     x, theta, omega, ell_gen=3, w=2, tau=1,
    ...     rng=np.random.default_rng(0),
    ... ).shape
    (3,)
    """
    x = as_index(x)
    ell = x.shape[0]  # K13.1
    heads = [layer.W for layer in theta_hat.layers]
    K_l = tuple(zero_columns(W.W_k, w - 1) for W in heads)  # K13.2
    V_l = tuple(zero_columns(W.W_v, w - 1) for W in heads)  # K13.3
    P_hat, K_l, V_l = MistralStep(
        x,
        K_l,
        V_l,
        theta_hat,
        omega,
        0,
        w=w,
        eps=eps,
        attention=attention,
    )  # K13.4
    p = P_hat[:, ell - 1]  # K13.5
    q = weighed(temper(p, tau), weigh)  # K13.6
    y = sample(q, rng)  # K13.6
    x = append(x, y)  # K13.7
    for i in range(1, ell_gen):  # K13.8
        P, K_l, V_l = MistralStep(
            x[-1:],
            K_l,
            V_l,
            theta_hat,
            omega,
            ell + i - 1,
            w=w,
            eps=eps,
            attention=attention,
        )  # K13.9
        p = P[:, 0]  # K13.10
        q = weighed(temper(p, tau), weigh)  # K13.11
        y = sample(q, rng)  # K13.11
        x = append(x, y)  # K13.12
    return x[ell : ell + ell_gen]  # K13.14
