"""Algorithm H7: keys and values of all heads out of one column."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, NamedTuple

from algorithms.extensions.grouped_queries import stack
from algorithms.extensions.normalization import rms_norm
from algorithms.extensions.rotary import rotate_pairs
from algorithms.extensions.scaled_dot_product import attend
from algorithms.paper.attention import gathered, per_head
from algorithms.signatures.arrays import (
    A,
    A_co,
    Array,
    arange,
    namespace,
)
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@document_fields
class LatentAttentionParameters(NamedTuple, Generic[A_co]):
    """W of Algorithm H7: H heads on one column a token, joined."""

    W_c: Float[A_co, "d_c d_x"]
    gamma_c: Float[A_co, " d_c"]
    W_kr: Float[A_co, "2*d_rot d_x"]
    W_q: Float[A_co, "H d_attn d_x"]
    W_qr: Float[A_co, "H 2*d_rot d_x"]
    W_k: Float[A_co, "H d_attn d_c"]
    W_v: Float[A_co, "H d_mid d_c"]
    W_o: Float[A_co, "d_out H*d_mid"]

    def map(
        self, f: Map[A_co, B], /
    ) -> LatentAttentionParameters[B]:
        """The same with `f` of each array."""
        return LatentAttentionParameters(*map_each(f, self))


@algorithm("H7", requires=("eps >= 0",))
def LatentAttention(
    X: Float[A, "*#batch d_x ell"],
    W: LatentAttentionParameters[A],
    Mask: Bool[Array, "*#batch ell ell"],
    omega: Float[A, " d_rot"],
    *,
    eps: float = 0.0,
    attention: Callable[..., A] = attend,
) -> Float[A, "*batch d_out ell"]:
    """DeepSeek's self-attention: little is kept of each token.

    Parameters
    ----------
    X : float, (*batch, d_x, ell)
        The sequence, a token a column.
    W : LatentAttentionParameters
        W_c makes the column that keys and values are made of, and
        gamma_c scales its norm; W_kr makes the rows of all keys
        that are turned. H heads are stacked along a leading axis,
        with W_q and W_qr for the rows of queries that stay and
        turn, W_k and W_v for keys and values. There are no offsets.
    Mask : bool, (*batch, ell, ell)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z?
    omega : float, (d_rot,)
        As in `rotate_pairs`.
    eps : float, at least 0
        As in `rms_norm`.
    attention : function with the signature of `attend`
        Algorithm C1, or one that gives the same otherwise:
        `block_attend`, `online_attend`.

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell)
        The tokens of X with what they gathered from each other.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        eps is negative, or above 0 and yet 0 in the type of X.

    Notes
    -----
    A decoder need keep d_c + 2 d_rot numbers of a token, the
    columns of C and K_r, however many heads there are. Scores are
    divided by the root of the rows of a key, √(d_attn + 2 d_rot).

    What `Attention` says of float16 and of nan holds here too, what
    `rms_norm` says of zeros and `rotate_pairs` of angles. Positions
    count from 0 (A16).

    Source: DeepSeek-AI 2024, "DeepSeek-V2: A Strong, Economical,
    and Efficient Mixture-of-Experts Language Model", section 2.1,
    where queries may come out of a narrow column, too.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise, unidirectional_mask
    >>> W = initialise(
    ...     LatentAttentionParameters, np.random.default_rng(0),
    ...     H=3, d_c=4, d_rot=2, d_attn=5, d_mid=2, d_x=6, d_out=7,
    ... )
    >>> X, omega = np.ones((6, 8)), np.array([1.0, 0.01])
    >>> LatentAttention(X, W, unidirectional_mask(X), omega).shape
    (7, 8)
    """
    xp, t, X_h = namespace(X), arange(X.shape[-1], X), per_head(X)
    C = W.W_c @ X  # H7.1
    C = rms_norm(C, W.gamma_c, eps=eps)  # H7.2
    K_r = W.W_kr @ X  # H7.3
    K_r = rotate_pairs(K_r, t, omega)  # H7.4
    K = W.W_k @ per_head(C)
    K_h = xp.broadcast_to(
        per_head(K_r), (*K.shape[:-2], *K_r.shape[-2:])
    )
    K = xp.concat([K, K_h], axis=-2)  # H7.5-H7.6
    V = W.W_v @ per_head(C)  # H7.7
    Q_r = W.W_qr @ X_h  # H7.8
    Q_r = rotate_pairs(Q_r, t, omega)  # H7.9
    Q = xp.concat([W.W_q @ X_h, Q_r], axis=-2)  # H7.10
    Y_h = gathered(attention, Q, K, V, per_head(Mask))  # H7.11
    Y = stack(Y_h)  # H7.12
    return W.W_o @ Y  # H7.13
