"""Algorithms K14 and K15: a cache of sinks and a window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import numpy as np

from algorithms.extensions.cached_attention import (
    CachedAttention,
    extend_cache,
    zero_columns,
)
from algorithms.extensions.cached_steps import DStep
from algorithms.extensions.scaled_dot_product import attend
from algorithms.paper.embedding import (
    Token,
    positional_embedding,
    token_embedding,
)
from algorithms.paper.inference import Tokens
from algorithms.paper.normalization import layer_norm
from algorithms.paper.notation import GELU
from algorithms.paper.parameters import DTransformerParameters
from algorithms.paper.sampling import sample, temper, weighed
from algorithms.paper.unembedding import unembedding
from algorithms.signatures.arrays import (
    A,
    Array,
    append,
    arange,
    as_index,
    namespace,
)
from algorithms.signatures.declarations import Count, MayBeEmpty
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float, Integer

_SOME = MayBeEmpty("ell")


@algorithm(
    "K14",
    requires=(
        "1 <= L",
        "k >= 0",
        "k <= t_0",
        "1 <= w",
        "ell == k + w - 1",
        "t_0 + ell_x <= ell_max",
        "eps >= 0",
    ),
)
def StreamingStep(
    x: Annotated[Integer[Array, "*batch ell_x"], Token],
    K_l: Annotated[
        tuple[
            Annotated[Float[A, "*batch H*d_attn ell"], _SOME], ...
        ],
        Count("L"),
    ],
    V_l: Annotated[
        tuple[
            Annotated[Float[A, "*batch H*d_mid ell"], _SOME], ...
        ],
        Count("L"),
    ],
    theta: DTransformerParameters[A],
    t_0: int,
    *,
    k: int,
    w: int,
    eps: float = 0.0,
    activation: Callable[[A], A] = GELU,
    attention: Callable[..., A] = attend,
) -> tuple[
    Float[A, "*batch N_V ell_x"],
    Annotated[
        tuple[Float[A, "*batch H*d_attn ell"], ...],
        Count("L"),
    ],
    Annotated[
        tuple[Float[A, "*batch H*d_mid ell"], ...],
        Count("L"),
    ],
]:
    """Columns of StreamingTransformer, for tokens after others.

    Each layer keeps the first k tokens, the attention sinks, and
    the last w − 1, however long the text is.

    Parameters
    ----------
    x : integer of any type, (*batch, ell_x)
        The new tokens. Token IDs, 0 … N_V−1; at least one.
    K_l, V_l : tuple of float, L of (*batch, H * …, ell)
        The keys, of H * d_attn rows, and the values, of H * d_mid,
        of the first k tokens and then of the w − 1 before x, in
        each layer: ell = k + w − 1. Where fewer came after the
        first k, the first columns after theirs are not read: any
        numbers may stand there.
    theta : DTransformerParameters
        All parameters, of at least one layer.
    t_0 : int, at least k
        How many tokens stand before the first of x.
    k : int, at least 0
        As in `StreamingTransformer`.
    w : int, at least 1
        As in `StreamingTransformer`.
    eps, activation
        As in `DTransformer`.
    attention : function with the signature of `attend`
        Algorithm C1, or one that gives the same otherwise:
        `block_attend`, `online_attend`.

    Returns
    -------
    P : float, (*batch, N_V, ell_x)
        Column t: the distribution of what follows token t of x.
    K_hat, V_hat : tuple of float, L of (*batch, H * …, ell)
        The keys and values of the first k tokens and of the last
        w − 1, to be given to the next step. The arguments stay as
        they were.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        The cache has not k + w − 1 columns; fewer than k tokens
        stand before x; the text passes ell_max (A4); k or eps is
        negative, or eps rounds to 0 in the type of θ.

    Notes
    -----
    The first k tokens are read by `DStep`. What follows may be cut
    into steps anywhere: P is the same, up to the order in which
    sums are added up. Positions are those in the text (A20).

    Source: Xiao et al. 2024, "Efficient Streaming Language Models
    with Attention Sinks", section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import StreamingTransformer, initialise
    >>> theta = initialise(
    ...     DTransformerParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L=1, H=3, d_e=6, d_mlp=24,
    ...     d_attn=2, d_mid=2,
    ... )
    >>> x, none = np.array([10, 3, 1, 4]), (np.ones((6, 0)),)
    >>> _, K_l, V_l = DStep(x[:1], none, none, theta)
    >>> P, K_l, V_l = StreamingStep(
    ...     x[1:], K_l, V_l, theta, 1, k=1, w=1
    ... )
    >>> whole = StreamingTransformer(x, theta, k=1, w=1)
    >>> np.allclose(P, whole[:, 1:])
    True
    """
    W_e, W_p, layers, gamma, beta, W_u = theta
    ell, ell_x = k + w - 1, x.shape[-1]  # K14.1
    t_z, t_x = arange(ell + ell_x, x)[:, None], arange(ell_x, x)
    X = token_embedding(x, W_e)  # K14.2
    X = X + positional_embedding(
        t_x + t_0, W_p
    )  # K14.2-K14.3; e_t = X
    xp = namespace(X)
    K_hat: tuple[A, ...] = ()
    V_hat: tuple[A, ...] = ()
    for layer, K, V in zip(layers, K_l, V_l, strict=True):  # K14.4
        W, gamma1, beta1, gamma2, beta2, *mlp = layer
        W_mlp1, b_mlp1, W_mlp2, b_mlp2 = mlp
        X_tilde = layer_norm(X, gamma1, beta1, eps=eps)  # K14.5
        K, V = extend_cache(X_tilde, K, V, W)  # K14.6
        near = (t_z <= t_x + ell) & (t_x + ell < t_z + w)
        Mask = (t_z < k) | ((t_z + t_0 >= k + ell) & near)  # K14.7
        X = X + CachedAttention(
            X_tilde, K, V, W, Mask, attention=attention
        )  # K14.7
        K_hat_l = xp.concat(
            [K[..., :k], K[..., k + ell_x :]], axis=-1
        )  # K14.8
        V_hat_l = xp.concat(
            [V[..., :k], V[..., k + ell_x :]], axis=-1
        )  # K14.9
        X_tilde = layer_norm(X, gamma2, beta2, eps=eps)  # K14.10
        hidden = activation(
            W_mlp1 @ X_tilde + b_mlp1[:, None]
        )  # K14.11
        X = X + W_mlp2 @ hidden + b_mlp2[:, None]  # K14.11
        K_hat, V_hat = (*K_hat, K_hat_l), (*V_hat, V_hat_l)
    X = layer_norm(X, gamma, beta, eps=eps)  # K14.13
    P = unembedding(X, W_u)  # K14.14
    return P, K_hat, V_hat  # K14.14


@algorithm(
    "K15",
    requires=(
        "1 <= L",
        "1 <= ell_gen",
        "ell + ell_gen - 1 <= ell_max",
        "1 <= k",
        "k + 1 <= ell",
        "1 <= w",
        "tau >= 0",
        "eps >= 0",
    ),
)
def CachedStreamingInference(
    x: Annotated[Integer[Tokens, " ell"], Token],
    theta_hat: DTransformerParameters[A],
    *,
    ell_gen: int,
    k: int,
    w: int,
    tau: float,
    rng: np.random.Generator,
    eps: float = 0.0,
    activation: Callable[[A], A] = GELU,
    attention: Callable[..., A] = attend,
    weigh: Callable[[A], A] | None = None,
) -> Integer[Tokens, " ell_gen"]:
    """Continue a prompt by StreamingTransformer, with its cache.

    The first k tokens are read, and then the rest of the prompt, at
    once; then each step reads one token, and finds the keys and
    values of what it sees in a cache that does not grow.

    Parameters
    ----------
    x : integer of any type, (ell,)
        The prompt. Token IDs, 0 … N_V−1; more than k.
    theta_hat : DTransformerParameters
        Trained parameters, of at least one layer.
    ell_gen : int, at least 1
        How many tokens to add; ell + ell_gen − 1 ≤ ell_max (A4).
    k, w : int, at least 1
        As in `StreamingTransformer`.
    tau, rng, eps, activation, weigh
        As in `DInference`.
    attention : function with the signature of `attend`
        As in `StreamingStep`: `block_attend` reads a long prompt in
        little memory.

    Returns
    -------
    y : integer, (ell_gen,)
        The continuation.

    Raises
    ------
    ValueError
        The continuation would pass ell_max, the prompt has no more
        than k tokens, or a number is out of range: before the first
        step.
    IndexError, ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    The cache holds (k + w − 1) L H (d_attn + d_mid) numbers,
    however long the text is. P of every token of the prompt is
    made, of which the last column is used: N_V ell numbers.

    Source: Xiao et al. 2024, "Efficient Streaming Language Models
    with Attention Sinks", section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     DTransformerParameters, np.random.default_rng(0),
    ...     N_V=9, ell_max=8, L=1, H=2, d_e=4, d_mlp=8,
    ...     d_attn=2, d_mid=2,
    ... )
    >>> CachedStreamingInference(
    ...     np.array([7, 1, 2]), theta, ell_gen=5, k=1, w=2, tau=1,
    ...     rng=np.random.default_rng(0),
    ... ).shape
    (5,)
    """
    x = as_index(x)
    ell = x.shape[0]  # K15.1
    heads = [layer.W.W_qkv for layer in theta_hat.layers]
    K_l = tuple(zero_columns(W.W_k) for W in heads)  # K15.2
    V_l = tuple(zero_columns(W.W_v) for W in heads)  # K15.3
    P_hat, K_l, V_l = DStep(
        x[:k],
        K_l,
        V_l,
        theta_hat,
        eps=eps,
        activation=activation,
        attention=attention,
    )  # K15.4
    K_hat_l = tuple(
        namespace(K).concat(
            [K, zero_columns(W.W_k, w - 1)], axis=-1
        )
        for K, W in zip(K_l, heads, strict=True)
    )  # K15.5
    V_hat_l = tuple(
        namespace(V).concat(
            [V, zero_columns(W.W_v, w - 1)], axis=-1
        )
        for V, W in zip(V_l, heads, strict=True)
    )  # K15.6
    P_hat, K_hat_l, V_hat_l = StreamingStep(
        x[k:],
        K_hat_l,
        V_hat_l,
        theta_hat,
        k,
        k=k,
        w=w,
        eps=eps,
        activation=activation,
        attention=attention,
    )  # K15.7
    p = P_hat[:, ell - k - 1]  # K15.8
    q = weighed(temper(p, tau), weigh)  # K15.9
    y = sample(q, rng)  # K15.9
    x = append(x, y)  # K15.10
    for i in range(1, ell_gen):  # K15.11
        P, K_hat_l, V_hat_l = StreamingStep(
            x[-1:],
            K_hat_l,
            V_hat_l,
            theta_hat,
            ell + i - 1,
            k=k,
            w=w,
            eps=eps,
            activation=activation,
            attention=attention,
        )  # K15.12
        p = P[:, 0]  # K15.13
        q = weighed(temper(p, tau), weigh)  # K15.14
        y = sample(q, rng)  # K15.14
        x = append(x, y)  # K15.15
    return x[ell : ell + ell_gen]  # K15.17
