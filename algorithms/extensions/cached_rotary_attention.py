"""Algorithms K9 and K10: a cache of keys that are turned."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from algorithms.extensions.cached_attention import heads
from algorithms.extensions.grouped_queries import stack
from algorithms.extensions.rotary import rotate
from algorithms.extensions.rotary_attention import (
    RotaryAttentionParameters,
    RotaryQueries,
)
from algorithms.extensions.scaled_dot_product import attend
from algorithms.paper.attention import per_head
from algorithms.signatures.arrays import A, Array, arange, namespace
from algorithms.signatures.declarations import MayBeEmpty
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

_SOME = MayBeEmpty("ell")


@algorithm("K9", requires=("2 * d_rot <= d_attn", "t_0 >= 0"))
def extend_rotary(
    X: Float[A, "*batch d_x ell_x"],
    K: Annotated[Float[A, "*batch H_kv*d_attn ell"], _SOME],
    V: Annotated[Float[A, "*batch H_kv*d_mid ell"], _SOME],
    W: RotaryAttentionParameters[A],
    omega: Float[A, " d_rot"],
    t_0: int,
) -> tuple[
    Float[A, "*batch H_kv*d_attn ell+ell_x"],
    Float[A, "*batch H_kv*d_mid ell+ell_x"],
]:
    """Keys of new tokens, turned, and values join those kept.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The new tokens.
    K : float, (*batch, H_kv * d_attn, ell)
        The keys of those before them, the heads one below the
        other. There may be none: ell = 0.
    V : float, (*batch, H_kv * d_mid, ell)
        Their values.
    W : RotaryAttentionParameters
        H_kv groups stacked along a leading axis.
    omega : float, (d_rot,)
        As in `rotate`.
    t_0 : int, at least 0
        How many tokens stand before the first of X: ell, or more if
        the keys of some are not kept.

    Returns
    -------
    K_hat : float, (*batch, H_kv * d_attn, ell + ell_x)
        The keys of all tokens.
    V_hat : float, (*batch, H_kv * d_mid, ell + ell_x)
        Their values.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        t_0 is negative.

    Notes
    -----
    What `rotate` says of angles holds here too.

    Source: Touvron et al. 2023, "Llama 2: Open Foundation and
    Fine-Tuned Chat Models", section A.2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> W = initialise(
    ...     RotaryAttentionParameters, np.random.default_rng(0),
    ...     H_kv=2, R=3, d_attn=4, d_mid=3, d_x=5, d_out=5,
    ... )
    >>> X, omega = np.ones((5, 7)), np.array([1.0, 0.01])
    >>> K, V = np.ones((8, 9)), np.ones((6, 9))
    >>> K, V = extend_rotary(X, K, V, W, omega, 9)
    >>> K.shape, V.shape
    ((8, 16), (6, 16))
    """
    xp, X_g = namespace(X), per_head(X)
    t = arange(X.shape[-1], X) + t_0
    U = W.W_k @ X_g  # K9.1-K9.2
    K_g = rotate(U, t, omega)  # K9.3
    V_g = W.W_v @ X_g  # K9.4
    K_hat = xp.concat([K, stack(K_g)], axis=-1)  # K9.5
    V_hat = xp.concat([V, stack(V_g)], axis=-1)  # K9.5
    return K_hat, V_hat  # K9.5


@algorithm("K10", requires=("2 * d_rot <= d_attn", "t_0 >= 0"))
def CachedRotaryAttention(
    X: Float[A, "*#batch d_x ell_x"],
    K: Float[A, "*#batch H_kv*d_attn ell_z"],
    V: Float[A, "*#batch H_kv*d_mid ell_z"],
    W: RotaryAttentionParameters[A],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
    omega: Float[A, " d_rot"],
    t_0: int,
    *,
    attention: Callable[..., A] = attend,
) -> Float[A, "*batch d_out ell_x"]:
    """Llama's attention, to keys and values of a cache.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The primary sequence: tokens that ask.
    K : float, (*batch, H_kv * d_attn, ell_z)
        The keys of the context, from `extend_rotary`.
    V : float, (*batch, H_kv * d_mid, ell_z)
        Its values.
    W : RotaryAttentionParameters
        H_kv groups stacked along a leading axis, and W_o.
    Mask : bool, (*batch, ell_z, ell_x)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z?
    omega : float, (d_rot,)
        As in `rotate`.
    t_0 : int, at least 0
        How many tokens stand before the first of X.
    attention : function with the signature of `attend`
        Algorithm C1, or one that gives the same otherwise:
        `block_attend`, `online_attend`.

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell_x)
        The tokens of X with what they gathered.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        t_0 is negative.

    Notes
    -----
    What `RotaryAttention` gives of tokens whose keys and values
    these are; what it says of float16, of nan and of angles holds
    here too.

    Source: Touvron et al. 2023, "Llama 2: Open Foundation and
    Fine-Tuned Chat Models", section A.2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> W = initialise(
    ...     RotaryAttentionParameters, np.random.default_rng(0),
    ...     H_kv=2, R=3, d_attn=4, d_mid=3, d_x=5, d_out=5,
    ... )
    >>> X, omega = np.ones((5, 1)), np.array([1.0, 0.01])
    >>> K, V, Mask = np.ones((8, 9)), np.ones((6, 9)), np.eye(9, 1)
    >>> CachedRotaryAttention(
    ...     X, K, V, W, Mask == 1, omega, 8
    ... ).shape
    (5, 1)
    """
    H_kv = W.W_k.shape[0]
    K_g = heads(K, H_kv)  # K10.1
    V_g = heads(V, H_kv)  # K10.2
    Y_h = RotaryQueries(
        per_head(X),
        K_g,
        V_g,
        W.W_g,
        per_head(Mask),
        omega,
        t_0,
        attention=attention,
    )  # K10.3
    Y = stack(Y_h)  # K10.4
    return W.W_o @ Y  # K10.5
