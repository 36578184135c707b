"""Algorithms K4, K5, K6 and K11: transformers of new tokens only.

A step reads the tokens that are new, one or several. Those before
them have left their keys and values in each layer: a tuple of
arrays, one for each layer, with a column for each token.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from algorithms.extensions.cached_attention import (
    CachedAttention,
    extend_cache,
    zero_columns,
)
from algorithms.extensions.cached_rotary_attention import (
    CachedRotaryAttention,
    extend_rotary,
)
from algorithms.extensions.gated import SwiGLU
from algorithms.extensions.llama import LlamaParameters
from algorithms.extensions.normalization import rms_norm
from algorithms.extensions.scaled_dot_product import attend
from algorithms.paper.attention import Attention, MHAttention
from algorithms.paper.embedding import (
    Token,
    positional_embedding,
    token_embedding,
)
from algorithms.paper.normalization import layer_norm
from algorithms.paper.notation import (
    GELU,
    ReLU,
    bidirectional_mask,
)
from algorithms.paper.parameters import (
    DTransformerParameters,
    EDTransformerParameters,
)
from algorithms.paper.unembedding import unembedding
from algorithms.signatures.arrays import A, Array, arange
from algorithms.signatures.declarations import Count, MayBeEmpty
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float, Integer

_SOME = MayBeEmpty("ell")


@algorithm(
    "K4",
    requires=("1 <= L", "ell + ell_x <= ell_max", "eps >= 0"),
)
def DStep(
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
    *,
    eps: float = 0.0,
    activation: Callable[[A], A] = GELU,
    attention: Callable[..., A] = attend,
) -> tuple[
    Float[A, "*batch N_V ell_x"],
    Annotated[
        tuple[Float[A, "*batch H*d_attn ell+ell_x"], ...],
        Count("L"),
    ],
    Annotated[
        tuple[Float[A, "*batch H*d_mid ell+ell_x"], ...],
        Count("L"),
    ],
]:
    """Columns of Algorithm 10, for tokens that come after others.

    Parameters
    ----------
    x : integer of any type, (*batch, ell_x)
        The new tokens. Token IDs, 0 … N_V−1; at least one.
    K_l, V_l : tuple of float, L of (*batch, H * …, ell)
        The keys, of H * d_attn rows, and the values, of H * d_mid,
        of the ell tokens before them in each layer. There may be
        none: ell = 0, and then this is Algorithm 10.
    theta : DTransformerParameters
        All parameters, of at least one layer.
    eps, activation
        As in `DTransformer`.
    attention : function with the signature of `attend`
        Algorithm C1, or one that gives the same otherwise:
        `block_attend`, `online_attend`.

    Returns
    -------
    P : float, (*batch, N_V, ell_x)
        Column t: the distribution of what follows token t of x.
    K_hat, V_hat : tuple of float, L of (*batch, H * …, ell + ell_x)
        The keys and values of all tokens, to be given to the next
        step. The arguments stay as they were.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says: also tokens that
        make a sequence longer than ell_max (A4).
    ValueError
        eps is negative, or rounds to 0 in the type of θ.

    Notes
    -----
    A sequence may be cut into steps anywhere: P is the same, up to
    the order in which sums are added up.

    Source: Phuong & Hutter 2022, Algorithm 10; Shazeer 2019, "Fast
    Transformer Decoding: One Write-Head is All You Need".

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import DTransformer, initialise
    >>> theta = initialise(
    ...     DTransformerParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L=2, H=3, d_e=6, d_mlp=24,
    ...     d_attn=2, d_mid=2,
    ... )
    >>> K_l = V_l = (np.ones((6, 0)), np.ones((6, 0)))
    >>> P, K_l, V_l = DStep(np.array([10, 3, 1]), K_l, V_l, theta)
    >>> P, K_l, V_l = DStep(np.array([4]), K_l, V_l, theta)
    >>> whole = DTransformer(np.array([10, 3, 1, 4]), theta)
    >>> np.allclose(P, whole[:, 3:])
    True
    """
    W_e, W_p, layers, gamma, beta, W_u = theta
    ell, ell_x = K_l[0].shape[-1], x.shape[-1]  # K4.1
    t = arange(ell_x, x) + ell
    X = token_embedding(x, W_e)  # K4.2
    X = X + positional_embedding(t, W_p)  # K4.2-K4.3; e_t = X
    K_hat: tuple[A, ...] = ()
    V_hat: tuple[A, ...] = ()
    for layer, K, V in zip(layers, K_l, V_l, strict=True):  # K4.4
        W, gamma1, beta1, gamma2, beta2, *mlp = layer
        W_mlp1, b_mlp1, W_mlp2, b_mlp2 = mlp
        X_tilde = layer_norm(X, gamma1, beta1, eps=eps)  # K4.5
        K_hat_l, V_hat_l = extend_cache(X_tilde, K, V, W)  # K4.6
        Mask = arange(ell + ell_x, x)[:, None] <= t  # K4.7
        X = X + CachedAttention(
            X_tilde, K_hat_l, V_hat_l, W, Mask, attention=attention
        )  # K4.7
        X_tilde = layer_norm(X, gamma2, beta2, eps=eps)  # K4.8
        hidden = activation(
            W_mlp1 @ X_tilde + b_mlp1[:, None]
        )  # K4.9
        X = X + W_mlp2 @ hidden + b_mlp2[:, None]  # K4.9
        K_hat, V_hat = (*K_hat, K_hat_l), (*V_hat, V_hat_l)
    X = layer_norm(X, gamma, beta, eps=eps)  # K4.11
    P = unembedding(X, W_u)  # K4.12
    return P, K_hat, V_hat  # K4.12


@algorithm("K11", requires=("ell_z <= ell_max", "eps >= 0"))
def encode(
    z: Annotated[Integer[Array, "*batch ell_z"], Token],
    theta: EDTransformerParameters[A],
    *,
    eps: float = 0.0,
    activation: Callable[[A], A] = ReLU,
    attention: Callable[..., A] = Attention,
) -> tuple[
    Annotated[
        tuple[Float[A, "*batch H*d_attn ell_z"], ...],
        Count("L_dec"),
    ],
    Annotated[
        tuple[Float[A, "*batch H*d_mid ell_z"], ...],
        Count("L_dec"),
    ],
]:
    """The encoder of Algorithm 8: what its decoder asks, of z.

    Parameters
    ----------
    z : integer of any type, (*batch, ell_z)
        Token IDs of the context, 0 … N_V−1; 1 ≤ ell_z ≤ ell_max.
    theta : EDTransformerParameters
        All parameters; those of the encoder and, of each layer of
        the decoder, W_ed are used.
    eps, activation, attention
        As in `EDTransformer`.

    Returns
    -------
    K_ed, V_ed : tuple of float, L_dec of (*batch, H * …, ell_z)
        The keys, of H * d_attn rows, and the values, of H * d_mid,
        of the context for each layer of the decoder.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says: also an empty
        sequence (A3) or one longer than ell_max (A4).
    ValueError
        eps is negative, or rounds to 0 in the type of θ.

    Notes
    -----
    Source: Phuong & Hutter 2022, Algorithm 8, lines 1 to 9.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     EDTransformerParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L_enc=2, L_dec=3, H=3, d_e=6,
    ...     d_mlp=24, d_attn=2, d_mid=4,
    ... )
    >>> K_ed_l, V_ed_l = encode(np.array([3, 1, 4, 1, 5]), theta)
    >>> len(K_ed_l), K_ed_l[0].shape, V_ed_l[0].shape
    (3, (6, 5), (12, 5))
    """
    W_e, W_p, encoder_layers, decoder_layers, _ = theta
    ell_z = z.shape[-1]  # K11.1
    t = arange(ell_z, z)
    Z = token_embedding(z, W_e)  # K11.2
    Z = Z + positional_embedding(t, W_p)  # K11.2-K11.3; e_t = Z
    for encoder_layer in encoder_layers:  # K11.4
        W_enc, gamma1, beta1, gamma2, beta2, *mlp = encoder_layer
        W_mlp1, b_mlp1, W_mlp2, b_mlp2 = mlp
        Mask = bidirectional_mask(Z, Z)  # K11.5
        Z = Z + MHAttention(
            Z, Z, W_enc, Mask, attention=attention
        )  # K11.5
        Z = layer_norm(Z, gamma1, beta1, eps=eps)  # K11.6
        hidden = activation(W_mlp1 @ Z + b_mlp1[:, None])  # K11.7
        Z = Z + W_mlp2 @ hidden + b_mlp2[:, None]  # K11.7
        Z = layer_norm(Z, gamma2, beta2, eps=eps)  # K11.8
    K_ed: tuple[A, ...] = ()
    V_ed: tuple[A, ...] = ()
    for decoder_layer in decoder_layers:  # K11.10
        W_ed, batch = decoder_layer.W_ed, Z.shape[:-2]
        K = zero_columns(W_ed.W_qkv.W_k, 0, batch)
        V = zero_columns(W_ed.W_qkv.W_v, 0, batch)
        K_ed_l, V_ed_l = extend_cache(Z, K, V, W_ed)  # K11.11
        K_ed, V_ed = (*K_ed, K_ed_l), (*V_ed, V_ed_l)
    return K_ed, V_ed  # K11.13


@algorithm(
    "K5",
    requires=("1 <= L_dec", "ell + ell_x <= ell_max", "eps >= 0"),
)
def EDStep(
    x: Annotated[Integer[Array, "*batch ell_x"], Token],
    K_l: Annotated[
        tuple[
            Annotated[Float[A, "*batch H*d_attn ell"], _SOME], ...
        ],
        Count("L_dec"),
    ],
    V_l: Annotated[
        tuple[
            Annotated[Float[A, "*batch H*d_mid ell"], _SOME], ...
        ],
        Count("L_dec"),
    ],
    K_ed_l: Annotated[
        tuple[Float[A, "*batch H*d_attn ell_z"], ...],
        Count("L_dec"),
    ],
    V_ed_l: Annotated[
        tuple[Float[A, "*batch H*d_mid ell_z"], ...],
        Count("L_dec"),
    ],
    theta: EDTransformerParameters[A],
    *,
    eps: float = 0.0,
    activation: Callable[[A], A] = ReLU,
    attention: Callable[..., A] = attend,
) -> tuple[
    Float[A, "*batch N_V ell_x"],
    Annotated[
        tuple[Float[A, "*batch H*d_attn ell+ell_x"], ...],
        Count("L_dec"),
    ],
    Annotated[
        tuple[Float[A, "*batch H*d_mid ell+ell_x"], ...],
        Count("L_dec"),
    ],
]:
    """Columns of Algorithm 8, for tokens that come after others.

    Parameters
    ----------
    x : integer of any type, (*batch, ell_x)
        The new tokens. Token IDs, 0 … N_V−1; at least one.
    K_l, V_l : tuple of float, L_dec of (*batch, H * …, ell)
        The keys, of H * d_attn rows, and the values, of H * d_mid,
        of the ell tokens before them in each layer of the decoder.
        There may be none: ell = 0.
    K_ed_l, V_ed_l : tuple of float, L_dec of (*batch, H * …, ell_z)
        Those of the context, from `encode`.
    theta : EDTransformerParameters
        All parameters, of at least one layer of the decoder, whose
        parameters are used.
    eps, activation
        As in `EDTransformer`.
    attention : function with the signature of `attend`
        Algorithm C1, or one that gives the same otherwise:
        `block_attend`, `online_attend`.

    Returns
    -------
    P : float, (*batch, N_V, ell_x)
        Column t: the distribution of what follows token t of x.
    K_hat, V_hat : tuple of float
        L_dec of `(*batch, H * …, ell + ell_x)`: keys and values
        of all tokens of x, to be given to the next step. The
        arguments stay as they were.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says: also tokens that
        make a sequence longer than ell_max (A4).
    ValueError
        eps is negative, or rounds to 0 in the type of θ.

    Notes
    -----
    A sequence may be cut into steps anywhere: P is the same, up to
    the order in which sums are added up.

    Source: Phuong & Hutter 2022, Algorithm 8, lines 10 to 21;
    Shazeer 2019, "Fast Transformer Decoding: One Write-Head is All
    You Need".

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import EDTransformer, initialise
    >>> theta = initialise(
    ...     EDTransformerParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L_enc=2, L_dec=2, H=3, d_e=6,
    ...     d_mlp=24, d_attn=2, d_mid=2,
    ... )
    >>> z, x = np.array([3, 1, 4, 1, 5]), np.array([9, 2, 6])
    >>> none = (np.ones((6, 0)), np.ones((6, 0)))
    >>> P, *_ = EDStep(x, none, none, *encode(z, theta), theta)
    >>> np.allclose(P, EDTransformer(z, x, theta))
    True
    """
    W_e, W_p, _, decoder_layers, W_u = theta
    ell_x = x.shape[-1]  # K5.1
    ell = K_l[0].shape[-1]
    t = arange(ell_x, x) + ell
    X = token_embedding(x, W_e)  # K5.2
    X = X + positional_embedding(t, W_p)  # K5.2-K5.3; e_t = X
    K_hat: tuple[A, ...] = ()
    V_hat: tuple[A, ...] = ()
    for decoder_layer, K, V, K_ed, V_ed in zip(
        decoder_layers, K_l, V_l, K_ed_l, V_ed_l, strict=True
    ):  # K5.4
        W_dec, W_ed, gamma3, beta3, *rest = decoder_layer
        gamma4, beta4, gamma5, beta5, *mlp = rest
        W_mlp3, b_mlp3, W_mlp4, b_mlp4 = mlp
        K_hat_l, V_hat_l = extend_cache(X, K, V, W_dec)  # K5.5
        Mask = arange(ell + ell_x, x)[:, None] <= t  # K5.6
        X = X + CachedAttention(
            X, K_hat_l, V_hat_l, W_dec, Mask, attention=attention
        )  # K5.6
        X = layer_norm(X, gamma3, beta3, eps=eps)  # K5.7
        Mask = bidirectional_mask(X, K_ed)  # K5.8
        X = X + CachedAttention(
            X, K_ed, V_ed, W_ed, Mask, attention=attention
        )  # K5.8
        X = layer_norm(X, gamma4, beta4, eps=eps)  # K5.9
        hidden = activation(W_mlp3 @ X + b_mlp3[:, None])  # K5.10
        X = X + W_mlp4 @ hidden + b_mlp4[:, None]  # K5.10
        X = layer_norm(X, gamma5, beta5, eps=eps)  # K5.11
        K_hat, V_hat = (*K_hat, K_hat_l), (*V_hat, V_hat_l)
    P = unembedding(X, W_u)  # K5.13
    return P, K_hat, V_hat  # K5.13


@algorithm(
    "K6", requires=("1 <= L", "2 * d_rot <= d_attn", "eps >= 0")
)
def LlamaStep(
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
    *,
    eps: float = 0.0,
    attention: Callable[..., A] = attend,
) -> tuple[
    Float[A, "*batch N_V ell_x"],
    Annotated[
        tuple[Float[A, "*batch H_kv*d_attn ell+ell_x"], ...],
        Count("L"),
    ],
    Annotated[
        tuple[Float[A, "*batch H_kv*d_mid ell+ell_x"], ...],
        Count("L"),
    ],
]:
    """Columns of Llama, for tokens that come after others.

    Parameters
    ----------
    x : integer of any type, (*batch, ell_x)
        The new tokens. Token IDs, 0 … N_V−1; at least one.
    K_l, V_l : tuple of float, L of (*batch, H_kv * …, ell)
        The keys, of H_kv * d_attn rows, and the values, of
        H_kv * d_mid, of the ell tokens before them in each layer.
        There may be none: ell = 0, and then this is `Llama`.
    theta : LlamaParameters
        All parameters, of at least one layer.
    omega : float, (d_rot,)
        As in `Llama`.
    eps : float, at least 0
        As in `Llama`.
    attention : function with the signature of `attend`
        Algorithm C1, or one that gives the same otherwise:
        `block_attend`, `online_attend`.

    Returns
    -------
    P : float, (*batch, N_V, ell_x)
        Column t: the distribution of what follows token t of x.
    K_hat, V_hat : tuple of float
        L of `(*batch, H_kv * …, ell + ell_x)`: keys and values
        of all tokens, to be given to the next step. The arguments
        stay as they were.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        eps is negative, or rounds to 0 in the type of θ.

    Notes
    -----
    A sequence may be cut into steps anywhere: P is the same, up to
    the order in which sums are added up.

    Source: Touvron et al. 2023, "Llama 2: Open Foundation and
    Fine-Tuned Chat Models", section A.2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import Llama, initialise
    >>> theta = initialise(
    ...     LlamaParameters, np.random.default_rng(0), N_V=11, L=2,
    ...     H_kv=2, R=3, d_e=6, d_mlp=24, d_attn=4, d_mid=4,
    ... )
    >>> omega, x = np.array([1.0, 0.01]), np.array([10, 3, 1, 4])
    >>> K_l = V_l = (np.ones((8, 0)), np.ones((8, 0)))
    >>> P, K_l, V_l = LlamaStep(x[:3], K_l, V_l, theta, omega)
    >>> P, K_l, V_l = LlamaStep(x[3:], K_l, V_l, theta, omega)
    >>> np.allclose(P, Llama(x, theta, omega)[:, 3:])
    True
    """
    W_e, layers, gamma, W_u = theta
    ell, ell_x = K_l[0].shape[-1], x.shape[-1]  # K6.1
    t = arange(ell_x, x) + ell
    X = token_embedding(x, W_e)  # K6.2-K6.3; e_t = X
    K_hat: tuple[A, ...] = ()
    V_hat: tuple[A, ...] = ()
    for layer, K, V in zip(layers, K_l, V_l, strict=True):  # K6.4
        W, gamma1, gamma2, W_mlp = layer
        X_tilde = rms_norm(X, gamma1, eps=eps)  # K6.5
        K_hat_l, V_hat_l = extend_rotary(
            X_tilde, K, V, W, omega, ell
        )  # K6.6
        Mask = arange(ell + ell_x, x)[:, None] <= t  # K6.7
        X = X + CachedRotaryAttention(
            X_tilde,
            K_hat_l,
            V_hat_l,
            W,
            Mask,
            omega,
            ell,
            attention=attention,
        )  # K6.7
        X_tilde = rms_norm(X, gamma2, eps=eps)  # K6.8
        X = X + SwiGLU(X_tilde, W_mlp)  # K6.9
        K_hat, V_hat = (*K_hat, K_hat_l), (*V_hat, V_hat_l)
    X = rms_norm(X, gamma, eps=eps)  # K6.11
    P = unembedding(X, W_u)  # K6.12
    return P, K_hat, V_hat  # K6.12
