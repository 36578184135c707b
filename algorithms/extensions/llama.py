"""Algorithms X1 and X2: Llama, and Mistral with a window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.extensions.gated import GatedParameters, SwiGLU
from algorithms.extensions.masks import banded_mask
from algorithms.extensions.normalization import rms_norm
from algorithms.extensions.rotary_attention import (
    RotaryAttention,
    RotaryAttentionParameters,
)
from algorithms.extensions.scaled_dot_product import attend
from algorithms.paper.embedding import Token, token_embedding
from algorithms.paper.notation import unidirectional_mask
from algorithms.paper.unembedding import unembedding
from algorithms.signatures.arrays import A, A_co, Array
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import Count, With
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Float, Integer


@document_fields
class LlamaLayer(NamedTuple, Generic[A_co]):
    """One layer of Algorithms X1 and X2."""

    W: Annotated[
        RotaryAttentionParameters[A_co],
        With(d_x="d_e", d_out="d_e"),
    ]
    gamma1: Float[A_co, " d_e"]
    gamma2: Float[A_co, " d_e"]
    W_mlp: GatedParameters[A_co]

    def map(self, f: Map[A_co, B], /) -> LlamaLayer[B]:
        """The same with `f` of each array."""
        return LlamaLayer(*map_each(f, self))


@document_fields
class LlamaParameters(NamedTuple, Generic[A_co]):
    """θ of Algorithms X1 and X2."""

    W_e: Float[A_co, "d_e N_V"]
    layers: Annotated[tuple[LlamaLayer[A_co], ...], Count("L")]
    gamma: Float[A_co, " d_e"]
    W_u: Float[A_co, "N_V d_e"]

    def map(self, f: Map[A_co, B], /) -> LlamaParameters[B]:
        """The same with `f` of each array."""
        return LlamaParameters(*map_each(f, self))


@algorithm("X1", requires=("2 * d_rot <= d_attn", "eps >= 0"))
def Llama(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    theta: LlamaParameters[A],
    omega: Float[A, " d_rot"],
    *,
    eps: float = 0.0,
    attention: Callable[..., A] = attend,
) -> Float[A, "*batch N_V ell"]:
    """At each token, how probable each token is to come next.

    Decoder-only, as of 2023: root-mean-square norm in front, rotary
    positions, shared keys, gates, no offsets.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; at least one. No length is too long.
    theta : LlamaParameters
        All parameters; every size is read off their shapes.
    omega : float, (d_rot,)
        How far each pair of rows of a query turns from one token to
        the next; 2 d_rot ≤ d_attn. `rotary_frequencies` gives the
        usual ones; scaled ones are other vectors.
    eps : float, at least 0
        The ε of `rms_norm`. Llama 1 has 1e-6, later ones 1e-5.
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
        sequence, or an omega of more than d_attn / 2 entries.
    ValueError
        eps is negative, or rounds to 0 in the type of θ.

    Notes
    -----
    Sequences of several lengths make a batch when they are filled
    up at the right end with any token: no token sees a later one.

    An entry of P may be 0 by underflow, and is 1 at N_V = 1 (A12).

    Source: Touvron et al. 2023, "LLaMA: Open and Efficient
    Foundation Language Models", section 2.2, and "Llama 2", section
    2.2.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise, rotary_frequencies
    >>> theta = initialise(
    ...     LlamaParameters, np.random.default_rng(0), N_V=11, L=2,
    ...     H_kv=2, R=3, d_e=6, d_mlp=24, d_attn=4, d_mid=4,
    ... )
    >>> omega = rotary_frequencies(np.array(10000.0), d_rot=2)
    >>> Llama(np.array([10, 3, 1, 4]), theta, omega).shape
    (11, 4)
    """
    W_e, layers, gamma, W_u = theta
    ell = x.shape[-1]  # X1.1
    X = token_embedding(x, W_e)  # X1.2-X1.3; e_t = X
    for W, gamma1, gamma2, W_mlp in layers:  # X1.4
        X_tilde = rms_norm(X, gamma1, eps=eps)  # X1.5
        Mask = unidirectional_mask(X)  # X1.6
        X = X + RotaryAttention(
            X_tilde, W, Mask, omega, attention=attention
        )  # X1.6
        X_tilde = rms_norm(X, gamma2, eps=eps)  # X1.7
        X = X + SwiGLU(X_tilde, W_mlp)  # X1.8
    X = rms_norm(X, gamma, eps=eps)  # X1.10
    return unembedding(X, W_u)  # X1.11


@algorithm(
    "X2", requires=("1 <= w", "2 * d_rot <= d_attn", "eps >= 0")
)
def Mistral(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    theta: LlamaParameters[A],
    omega: Float[A, " d_rot"],
    *,
    w: int,
    eps: float = 0.0,
    attention: Callable[..., A] = attend,
) -> Float[A, "*batch N_V ell"]:
    """Llama whose tokens see a window of w tokens.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; at least one. No length is too long.
    theta : LlamaParameters
        All parameters; every size is read off their shapes.
    omega : float, (d_rot,)
        As in `Llama`.
    w : int, at least 1
        How many tokens a token sees in a layer, itself included.
    eps : float, at least 0
        The ε of `rms_norm`. Mistral has 1e-5.
    attention : function with the signature of `attend`
        Algorithm C1, or one that gives the same otherwise:
        `block_attend`, `online_attend`.

    Returns
    -------
    P : float, (*batch, N_V, ell)
        Column t: the distribution of token t+1 given tokens 0 … t,
        as far as L layers of windows reach back: at most L (w − 1)
        tokens.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says: also an empty
        sequence, or an omega of more than d_attn / 2 entries.
    ValueError
        w is less than 1; eps is negative, or rounds to 0 in the
        type of θ.

    Notes
    -----
    From w = ell on this is `Llama`. The window counts the token
    itself, as in published code (A19). An entry of P may be 0 by
    underflow, and is 1 at N_V = 1 (A12).

    Source: Jiang et al. 2023, "Mistral 7B", section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise, rotary_frequencies
    >>> theta = initialise(
    ...     LlamaParameters, np.random.default_rng(0), N_V=11, L=2,
    ...     H_kv=2, R=3, d_e=6, d_mlp=24, d_attn=4, d_mid=4,
    ... )
    >>> omega = rotary_frequencies(np.array(10000.0), d_rot=2)
    >>> Mistral(np.array([10, 3, 1, 4]), theta, omega, w=2).shape
    (11, 4)
    """
    W_e, layers, gamma, W_u = theta
    ell = x.shape[-1]  # X2.1
    X = token_embedding(x, W_e)  # X2.2-X2.3; e_t = X
    for W, gamma1, gamma2, W_mlp in layers:  # X2.4
        X_tilde = rms_norm(X, gamma1, eps=eps)  # X2.5
        Mask = banded_mask(X, w)  # X2.6
        X = X + RotaryAttention(
            X_tilde, W, Mask, omega, attention=attention
        )  # X2.6
        X_tilde = rms_norm(X, gamma2, eps=eps)  # X2.7
        X = X + SwiGLU(X_tilde, W_mlp)  # X2.8
    X = rms_norm(X, gamma, eps=eps)  # X2.10
    return unembedding(X, W_u)  # X2.11
