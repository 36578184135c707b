"""Algorithms K1 and K8: attention to a cache.

A cache holds the keys and the values of all tokens so far: a column
for each token, the heads one below the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from algorithms.extensions.grouped_queries import stack
from algorithms.extensions.scaled_dot_product import attend
from algorithms.paper.attention import gathered, per_head
from algorithms.paper.parameters import MHAttentionParameters
from algorithms.signatures.arrays import (
    A,
    Arr,
    Array,
    device,
    namespace,
)
from algorithms.signatures.declarations import MayBeEmpty
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

_SOME = MayBeEmpty("ell")


@algorithm("K1")
def CachedAttention(
    X: Float[A, "*#batch d_x ell_x"],
    K: Float[A, "*#batch H*d_attn ell_z"],
    V: Float[A, "*#batch H*d_mid ell_z"],
    W: MHAttentionParameters[A],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
    *,
    attention: Callable[..., A] = attend,
) -> Float[A, "*batch d_out ell_x"]:
    """Several heads of attention, to keys and values of a cache.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The primary sequence: tokens that ask.
    K : float, (*batch, H * d_attn, ell_z)
        The keys of the context, from `extend_cache`.
    V : float, (*batch, H * d_mid, ell_z)
        Its values.
    W : MHAttentionParameters
        H heads stacked along a leading axis, and W_o, b_o.
    Mask : bool, (*batch, ell_z, ell_x)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z?
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

    Notes
    -----
    What `MHAttention` gives of a context whose keys and values
    these are. What `Attention` says of float16 and of nan holds
    here too.

    Source: Shazeer 2019, "Fast Transformer Decoding: One Write-Head
    is All You Need", section 2.4.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import MHAttention, initialise
    >>> W = initialise(
    ...     MHAttentionParameters, np.random.default_rng(0), H=2,
    ...     d_attn=3, d_mid=4, d_x=5, d_z=6, d_out=5,
    ... )
    >>> X, Z, Mask = np.ones((5, 1)), np.ones((6, 8)), np.eye(8, 1)
    >>> K, V = extend_cache(Z, np.ones((6, 0)), np.ones((8, 0)), W)
    >>> V_tilde = CachedAttention(X, K, V, W, Mask == 1)
    >>> np.allclose(V_tilde, MHAttention(X, Z, W, Mask == 1))
    True
    """
    H = W.W_qkv.W_q.shape[0]
    K_g = heads(K, H)  # K1.1
    V_g = heads(V, H)  # K1.2
    W_q, b_q = W.W_qkv[:2]
    Q = of_heads(W_q, b_q, X)  # K1.3-K1.4
    Y_h = gathered(attention, Q, K_g, V_g, per_head(Mask))  # K1.5
    Y = stack(Y_h)  # K1.6
    return W.W_o @ Y + W.b_o[:, None]  # K1.7


@algorithm("K8")
def extend_cache(
    Z: Float[A, "*batch d_z ell_z"],
    K: Annotated[Float[A, "*batch H*d_attn ell"], _SOME],
    V: Annotated[Float[A, "*batch H*d_mid ell"], _SOME],
    W: MHAttentionParameters[A],
) -> tuple[
    Float[A, "*batch H*d_attn ell+ell_z"],
    Float[A, "*batch H*d_mid ell+ell_z"],
]:
    """The keys and values of new tokens join those that are kept.

    Parameters
    ----------
    Z : float, (*batch, d_z, ell_z)
        The new tokens.
    K : float, (*batch, H * d_attn, ell)
        The keys of those before them, the heads one below the
        other. There may be none: ell = 0.
    V : float, (*batch, H * d_mid, ell)
        Their values.
    W : MHAttentionParameters
        H heads stacked along a leading axis.

    Returns
    -------
    K_hat : float, (*batch, H * d_attn, ell + ell_z)
        The keys of all tokens.
    V_hat : float, (*batch, H * d_mid, ell + ell_z)
        Their values.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    Arrays of W that are not used here, those of queries, may have
    any entries.

    Source: Shazeer 2019, "Fast Transformer Decoding: One Write-Head
    is All You Need", section 2.4.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> W = initialise(
    ...     MHAttentionParameters, np.random.default_rng(0), H=2,
    ...     d_attn=3, d_mid=4, d_x=5, d_z=5, d_out=5,
    ... )
    >>> K, V = np.ones((6, 0)), np.ones((8, 0))
    >>> K, V = extend_cache(np.ones((5, 7)), K, V, W)
    >>> K, V = extend_cache(np.ones((5, 1)), K, V, W)
    >>> K.shape, V.shape
    ((6, 8), (8, 8))
    """
    xp = namespace(Z)
    _, _, W_k, b_k, W_v, b_v = W.W_qkv
    K_g = of_heads(W_k, b_k, Z)  # K8.1
    V_g = of_heads(W_v, b_v, Z)  # K8.2
    K_hat = xp.concat([K, stack(K_g)], axis=-1)  # K8.3
    V_hat = xp.concat([V, stack(V_g)], axis=-1)  # K8.3
    return K_hat, V_hat  # K8.3


def of_heads(W: A, b: A, X: A) -> A:
    """`W[h] @ X + b[h]` for each head h, in one product.

    A step has a single column, and the matrix of one head is too
    small for a product with it to be fast.
    """
    return heads(stack(W) @ X, W.shape[0]) + b[..., None]


def heads(K: Arr, H: int) -> Arr:
    """The rows of each of H heads: one axis more, before them."""
    *batch, rows, ell = K.shape
    return namespace(K).reshape(K, (*batch, H, rows // H, ell))


def zero_columns(
    W: Arr, columns: int = 0, batch: tuple[int, ...] = ()
) -> Arr:
    """A cache of nothing: W makes keys or values of all heads.

    Its shape is `(*batch, H * d_attn, columns)` where that of W is
    `(H, d_attn, d_x)`.
    """
    H, d, _ = W.shape
    shape = (*batch, H * d, columns)
    return namespace(W).full(
        shape, 0.0, dtype=W.dtype, device=device(W)
    )
