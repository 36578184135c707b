"""Algorithms X4, X5 and X9: Algorithm 10 with other masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

from algorithms.extensions.masks import (
    banded_mask,
    prefix_mask,
    sink_mask,
)
from algorithms.paper.attention import Attention, MHAttention
from algorithms.paper.embedding import (
    Token,
    positional_embedding,
    token_embedding,
)
from algorithms.paper.normalization import layer_norm
from algorithms.paper.notation import GELU
from algorithms.paper.parameters import DTransformerParameters
from algorithms.paper.unembedding import unembedding
from algorithms.signatures.arrays import A, Array, arange
from algorithms.signatures.declarations import Count
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float, Integer


@algorithm(
    "X4",
    requires=("ell <= ell_max", "1 <= w_l <= ell_max", "eps >= 0"),
)
def BandedTransformer(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    theta: DTransformerParameters[A],
    *,
    w_l: Annotated[Sequence[int], Count("L")],
    eps: float = 0.0,
    activation: Callable[[A], A] = GELU,
    attention: Callable[..., A] = Attention,
) -> Float[A, "*batch N_V ell"]:
    """At each token, how probable each token is to come next.

    Algorithm 10 with a window for each layer: GPT-3 has dense and
    banded layers in turn.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; 1 ≤ ell ≤ ell_max.
    theta : DTransformerParameters
        All parameters; every size is read off their shapes.
    w_l : sequence of L ints, 1 … ell_max
        How many tokens a token sees in each layer, itself included.
        ell_max: all before it.
    eps, activation, attention
        As in `DTransformer`.

    Returns
    -------
    P : float, (*batch, N_V, ell)
        Column t: the distribution of token t+1 given tokens 0 … t,
        as far as the windows reach back.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says: also an empty
        sequence (A3) or one longer than ell_max (A4).
    ValueError
        A window is outside 1 … ell_max; eps is negative, or rounds
        to 0 in the type of θ.

    Notes
    -----
    Column t depends on at most 1 + Σ (w_l − 1) tokens. A window
    counts the token itself (A19), as GPT-Neo's do. With w_l =
    ell_max in each layer this is Algorithm 10. The windows of GPT-3
    are not published.

    Source: Brown et al. 2020, "Language Models are Few-Shot
    Learners", section 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import DTransformerParameters, initialise
    >>> theta = initialise(
    ...     DTransformerParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L=2, H=3, d_e=6, d_mlp=24,
    ...     d_attn=2, d_mid=2,
    ... )
    >>> x = np.array([10, 3, 1, 4])
    >>> BandedTransformer(x, theta, w_l=(8, 2)).shape
    (11, 4)
    """
    W_e, W_p, layers, gamma, beta, W_u = theta
    ell = x.shape[-1]  # X4.1
    t = arange(ell, x)
    X = token_embedding(x, W_e)  # X4.2
    X = X + positional_embedding(t, W_p)  # X4.2-X4.3; e_t = X
    for layer, w in zip(layers, w_l, strict=True):  # X4.4
        W, gamma1, beta1, gamma2, beta2, *mlp = layer
        W_mlp1, b_mlp1, W_mlp2, b_mlp2 = mlp
        X_tilde = layer_norm(X, gamma1, beta1, eps=eps)  # X4.5
        Mask = banded_mask(X, w)  # X4.6
        X = X + MHAttention(
            X_tilde, X_tilde, W, Mask, attention=attention
        )  # X4.6
        X_tilde = layer_norm(X, gamma2, beta2, eps=eps)  # X4.7
        hidden = activation(
            W_mlp1 @ X_tilde + b_mlp1[:, None]
        )  # X4.8
        X = X + W_mlp2 @ hidden + b_mlp2[:, None]  # X4.8
    X = layer_norm(X, gamma, beta, eps=eps)  # X4.10
    return unembedding(X, W_u)  # X4.11


@algorithm(
    "X5",
    requires=("ell <= ell_max", "ell_p >= 0", "eps >= 0"),
)
def PrefixTransformer(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    theta: DTransformerParameters[A],
    *,
    ell_p: int,
    eps: float = 0.0,
    activation: Callable[[A], A] = GELU,
    attention: Callable[..., A] = Attention,
) -> Float[A, "*batch N_V ell"]:
    """At each token, how probable each token is to come next.

    Algorithm 10 whose first ell_p tokens, the prefix, see each
    other both ways.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; 1 ≤ ell ≤ ell_max.
    theta : DTransformerParameters
        All parameters; every size is read off their shapes.
    ell_p : int, at least 0
        The length of the prefix.
    eps, activation, attention
        As in `DTransformer`.

    Returns
    -------
    P : float, (*batch, N_V, ell)
        Column t: the distribution of token t+1 given tokens 0 … t,
        and all of the prefix.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says: also an empty
        sequence (A3) or one longer than ell_max (A4).
    ValueError
        ell_p is negative; eps is negative, or rounds to 0 in the
        type of θ.

    Notes
    -----
    A column before the prefix's last has seen the token that it is
    to predict: only from there on is P a prediction. With a prefix
    of 0, and of 1 too, this is Algorithm 10.

    Source: Raffel et al. 2020, "Exploring the Limits of Transfer
    Learning with a Unified Text-to-Text Transformer", section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import DTransformerParameters, initialise
    >>> theta = initialise(
    ...     DTransformerParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L=2, H=3, d_e=6, d_mlp=24,
    ...     d_attn=2, d_mid=2,
    ... )
    >>> x = np.array([10, 3, 1, 4])
    >>> PrefixTransformer(x, theta, ell_p=2).shape
    (11, 4)
    """
    W_e, W_p, layers, gamma, beta, W_u = theta
    ell = x.shape[-1]  # X5.1
    t = arange(ell, x)
    X = token_embedding(x, W_e)  # X5.2
    X = X + positional_embedding(t, W_p)  # X5.2-X5.3; e_t = X
    for layer in layers:  # X5.4
        W, gamma1, beta1, gamma2, beta2, *mlp = layer
        W_mlp1, b_mlp1, W_mlp2, b_mlp2 = mlp
        X_tilde = layer_norm(X, gamma1, beta1, eps=eps)  # X5.5
        Mask = prefix_mask(X, ell_p)  # X5.6
        X = X + MHAttention(
            X_tilde, X_tilde, W, Mask, attention=attention
        )  # X5.6
        X_tilde = layer_norm(X, gamma2, beta2, eps=eps)  # X5.7
        hidden = activation(
            W_mlp1 @ X_tilde + b_mlp1[:, None]
        )  # X5.8
        X = X + W_mlp2 @ hidden + b_mlp2[:, None]  # X5.8
    X = layer_norm(X, gamma, beta, eps=eps)  # X5.10
    return unembedding(X, W_u)  # X5.11


@algorithm(
    "X9",
    requires=("ell <= ell_max", "k >= 0", "w >= 0", "eps >= 0"),
)
def StreamingTransformer(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    theta: DTransformerParameters[A],
    *,
    k: int,
    w: int,
    eps: float = 0.0,
    activation: Callable[[A], A] = GELU,
    attention: Callable[..., A] = Attention,
) -> Float[A, "*batch N_V ell"]:
    """At each token, how probable each token is to come next.

    Algorithm 10 whose tokens see the first k tokens, the attention
    sinks, and the last w.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; 1 ≤ ell ≤ ell_max.
    theta : DTransformerParameters
        All parameters; every size is read off their shapes.
    k : int, at least 0
        How many tokens at the start a token sees.
    w : int, at least 0
        How many tokens up to itself a token sees.
    eps, activation, attention
        As in `DTransformer`.

    Returns
    -------
    P : float, (*batch, N_V, ell)
        Column t: the distribution of token t+1 given tokens 0 … t,
        as far as the windows reach back, and the first k.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says: also an empty
        sequence (A3) or one longer than ell_max (A4).
    ValueError
        k or w is negative; eps is negative, or rounds to 0 in the
        type of θ.

    Notes
    -----
    From k = ell or w = ell on this is Algorithm 10. The window
    counts the token itself (A19). Positions are those in the text
    (A20): StreamingLLM counts them in its cache, which no mask can
    do.

    Source: Xiao et al. 2024, "Efficient Streaming Language Models
    with Attention Sinks", section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import DTransformerParameters, initialise
    >>> theta = initialise(
    ...     DTransformerParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L=2, H=3, d_e=6, d_mlp=24,
    ...     d_attn=2, d_mid=2,
    ... )
    >>> x = np.array([10, 3, 1, 4])
    >>> StreamingTransformer(x, theta, k=1, w=2).shape
    (11, 4)
    """
    W_e, W_p, layers, gamma, beta, W_u = theta
    ell = x.shape[-1]  # X9.1
    t = arange(ell, x)
    X = token_embedding(x, W_e)  # X9.2
    X = X + positional_embedding(t, W_p)  # X9.2-X9.3; e_t = X
    for layer in layers:  # X9.4
        W, gamma1, beta1, gamma2, beta2, *mlp = layer
        W_mlp1, b_mlp1, W_mlp2, b_mlp2 = mlp
        X_tilde = layer_norm(X, gamma1, beta1, eps=eps)  # X9.5
        Mask = sink_mask(X, k, w)  # X9.6
        X = X + MHAttention(
            X_tilde, X_tilde, W, Mask, attention=attention
        )  # X9.6
        X_tilde = layer_norm(X, gamma2, beta2, eps=eps)  # X9.7
        hidden = activation(
            W_mlp1 @ X_tilde + b_mlp1[:, None]
        )  # X9.8
        X = X + W_mlp2 @ hidden + b_mlp2[:, None]  # X9.8
    X = layer_norm(X, gamma, beta, eps=eps)  # X9.10
    return unembedding(X, W_u)  # X9.11
