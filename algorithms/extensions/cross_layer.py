"""Algorithms H6 and X3: layers that share keys and values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.extensions.gated import GatedParameters, SwiGLU
from algorithms.extensions.normalization import rms_norm
from algorithms.extensions.rotary import rotate
from algorithms.extensions.rotary_attention import (
    SharedAttention,
    SharedAttentionParameters,
)
from algorithms.extensions.scaled_dot_product import attend
from algorithms.paper.attention import per_head
from algorithms.paper.embedding import Token, token_embedding
from algorithms.paper.notation import unidirectional_mask
from algorithms.paper.unembedding import unembedding
from algorithms.signatures.arrays import A, A_co, Array, arange
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import Count, With
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Integer


@document_fields
class SharedLayer(NamedTuple, Generic[A_co]):
    """One layer of Algorithm H6."""

    W: Annotated[
        SharedAttentionParameters[A_co],
        With(d_x="d_e", d_out="d_e"),
    ]
    gamma1: Float[A_co, " d_e"]
    gamma2: Float[A_co, " d_e"]
    W_mlp: GatedParameters[A_co]

    def map(self, f: Map[A_co, B], /) -> SharedLayer[B]:
        """The same with `f` of each array."""
        return SharedLayer(*map_each(f, self))


@document_fields
class CrossLayerBlockParameters(NamedTuple, Generic[A_co]):
    """W of Algorithm H6: L_s layers, and the keys they share."""

    W_k: Float[A_co, "H_kv d_attn d_e"]
    W_v: Float[A_co, "H_kv d_mid d_e"]
    layers: Annotated[tuple[SharedLayer[A_co], ...], Count("L_s")]

    def map(
        self, f: Map[A_co, B], /
    ) -> CrossLayerBlockParameters[B]:
        """The same with `f` of each array."""
        return CrossLayerBlockParameters(*map_each(f, self))


@document_fields
class CrossLayerLlamaBlock(NamedTuple, Generic[A_co]):
    """One block of Algorithm X3."""

    W: CrossLayerBlockParameters[A_co]

    def map(self, f: Map[A_co, B], /) -> CrossLayerLlamaBlock[B]:
        """The same with `f` of each array."""
        return CrossLayerLlamaBlock(*map_each(f, self))


@document_fields
class CrossLayerLlamaParameters(NamedTuple, Generic[A_co]):
    """θ of Algorithm X3: L blocks, the text's layers."""

    W_e: Float[A_co, "d_e N_V"]
    layers: Annotated[
        tuple[CrossLayerLlamaBlock[A_co], ...], Count("L")
    ]
    gamma: Float[A_co, " d_e"]
    W_u: Float[A_co, "N_V d_e"]

    def map(
        self, f: Map[A_co, B], /
    ) -> CrossLayerLlamaParameters[B]:
        """The same with `f` of each array."""
        return CrossLayerLlamaParameters(*map_each(f, self))


@algorithm(
    "H6", requires=("1 <= L_s", "2 * d_rot <= d_attn", "eps >= 0")
)
def CrossLayerBlock(
    X: Float[A, "*batch d_e ell"],
    W: CrossLayerBlockParameters[A],
    Mask: Bool[Array, "*#batch ell ell"],
    omega: Float[A, " d_rot"],
    *,
    eps: float = 0.0,
    attention: Callable[..., A] = attend,
) -> Float[A, "*batch d_e ell"]:
    """Layers that share the keys and values of the first.

    Parameters
    ----------
    X : float, (*batch, d_e, ell)
        The sequence, a token a column.
    W : CrossLayerBlockParameters
        L_s layers of Llama, at least 1, of which only the first
        makes keys and values.
    Mask : bool, (*batch, ell, ell)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z?
    omega : float, (d_rot,)
        As in `rotate`.
    eps : float, at least 0
        The ε of `rms_norm`.
    attention : function with the signature of `attend`
        Algorithm C1, or one that gives the same otherwise:
        `block_attend`, `online_attend`.

    Returns
    -------
    X : float, (*batch, d_e, ell)
        The sequence after L_s layers.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says: also a block
        without layers.
    ValueError
        eps is negative, or rounds to 0 in the type of θ.

    Notes
    -----
    With L_s = 1 this is a layer of `Llama`. A cache holds the keys
    and values of a block, and so is L_s times smaller. Positions
    count from 0 (A16).

    Source: Brandon et al. 2024, "Reducing Transformer Key-Value
    Cache Size with Cross-Layer Attention".

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise, unidirectional_mask
    >>> W = initialise(
    ...     CrossLayerBlockParameters, np.random.default_rng(0),
    ...     L_s=2, H_kv=2, R=3, d_e=6, d_mlp=24, d_attn=4, d_mid=4,
    ... )
    >>> X, omega = np.ones((6, 5)), np.array([1.0, 0.01])
    >>> CrossLayerBlock(X, W, unidirectional_mask(X), omega).shape
    (6, 5)
    """
    W_k, W_v, layers = W
    t = arange(X.shape[-1], X)
    X_tilde = rms_norm(X, layers[0].gamma1, eps=eps)  # H6.1
    U = W_k @ per_head(X_tilde)  # H6.2-H6.3
    U = rotate(U, t, omega)  # H6.4
    K_g = U  # H6.5
    V_g = W_v @ per_head(X_tilde)  # H6.6
    for layer in layers:  # H6.7
        X_tilde = rms_norm(X, layer.gamma1, eps=eps)  # H6.8
        X = X + SharedAttention(
            X_tilde,
            K_g,
            V_g,
            layer.W,
            Mask,
            omega,
            attention=attention,
        )  # H6.9
        X_tilde = rms_norm(X, layer.gamma2, eps=eps)  # H6.10
        X = X + SwiGLU(X_tilde, layer.W_mlp)  # H6.11
    return X  # H6.13


@algorithm(
    "X3", requires=("1 <= L_s", "2 * d_rot <= d_attn", "eps >= 0")
)
def CrossLayerLlama(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    theta: CrossLayerLlamaParameters[A],
    omega: Float[A, " d_rot"],
    *,
    eps: float = 0.0,
    attention: Callable[..., A] = attend,
) -> Float[A, "*batch N_V ell"]:
    """Llama whose layers, L_s at a time, share keys and values.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; at least one. No length is too long.
    theta : CrossLayerLlamaParameters
        All parameters: L blocks of L_s layers.
    omega : float, (d_rot,)
        As in `Llama`.
    eps : float, at least 0
        The ε of `rms_norm`.
    attention : function with the signature of `attend`
        Algorithm C1, or one that gives the same otherwise:
        `block_attend`, `online_attend`.

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
        sequence, or a block without layers.
    ValueError
        eps is negative, or rounds to 0 in the type of θ.

    Notes
    -----
    With L_s = 1 this is `Llama`. An entry of P may be 0 by
    underflow, and is 1 at N_V = 1 (A12).

    Source: Brandon et al. 2024, "Reducing Transformer Key-Value
    Cache Size with Cross-Layer Attention".

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     CrossLayerLlamaParameters, np.random.default_rng(0),
    ...     N_V=11, L=2, L_s=2, H_kv=2, R=3, d_e=6, d_mlp=24,
    ...     d_attn=4, d_mid=4,
    ... )
    >>> x, omega = np.array([10, 3, 1]), np.array([1.0, 0.01])
    >>> CrossLayerLlama(x, theta, omega).shape
    (11, 3)
    """
    W_e, layers, gamma, W_u = theta
    ell = x.shape[-1]  # X3.1
    X = token_embedding(x, W_e)  # X3.2-X3.3; e_t = X
    for (W,) in layers:  # X3.4
        Mask = unidirectional_mask(X)  # X3.5
        X = CrossLayerBlock(
            X, W, Mask, omega, eps=eps, attention=attention
        )  # X3.5
    X = rms_norm(X, gamma, eps=eps)  # X3.7
    return unembedding(X, W_u)  # X3.8
