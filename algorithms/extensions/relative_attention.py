"""Algorithms R5 and R6: attention that knows distances."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.extensions.grouped_queries import stack
from algorithms.extensions.relative_positions import (
    clip_distance,
)
from algorithms.paper.attention import per_head
from algorithms.paper.notation import softmax
from algorithms.signatures.arrays import (
    A,
    A_co,
    Array,
    arange,
    columns,
    namespace,
)
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import With
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import B, Map, map_each
from algorithms.signatures.values import refuse_lost_scores

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@document_fields
class RelativeAttentionParameters(NamedTuple, Generic[A_co]):
    """W_qkv of Algorithm R5: a head, or several by leading axes."""

    W_q: Float[A_co, "*#batch d_attn d_x"]
    W_k: Float[A_co, "*#batch d_attn d_x"]
    W_v: Float[A_co, "*#batch d_out d_x"]

    def map(
        self, f: Map[A_co, B], /
    ) -> RelativeAttentionParameters[B]:
        """The same with `f` of each array."""
        return RelativeAttentionParameters(*map_each(f, self))


@document_fields
class MHRelativeAttentionParameters(NamedTuple, Generic[A_co]):
    """W of Algorithm R6: H heads, and the tables they share."""

    W_qkv: Annotated[
        RelativeAttentionParameters[A_co],
        With(d_out="d_mid", batch="H"),
    ]
    A_k: Float[A_co, "d_attn 2*k+1"]
    A_v: Float[A_co, "d_mid 2*k+1"]
    W_o: Float[A_co, "d_out H*d_mid"]

    def map(
        self, f: Map[A_co, B], /
    ) -> MHRelativeAttentionParameters[B]:
        """The same with `f` of each array."""
        return MHRelativeAttentionParameters(*map_each(f, self))


@algorithm("R5")
def RelativeAttention(
    X: Float[A, "*#batch d_x ell"],
    W_qkv: RelativeAttentionParameters[A],
    A_k: Float[A, "d_attn 2*k+1"],
    A_v: Float[A, "d_out 2*k+1"],
    Mask: Bool[Array, "*#batch ell ell"],
) -> Float[A, "*batch d_out ell"]:
    """One head that adds distances to keys and to values.

    Parameters
    ----------
    X : float, (*batch, d_x, ell)
        The sequence, a token a column.
    W_qkv : RelativeAttentionParameters
        Leading axes of its arrays, several heads say, stand where
        X and Mask have none or 1. There are no offsets.
    A_k : float, (d_attn, 2 * k + 1)
        What is added to a key, a column for each distance from −k
        to k: column k + t_z − t_x, as `clip_distance` has it.
    A_v : float, (d_out, 2 * k + 1)
        What is added to a value.
    Mask : bool, (*batch, ell, ell)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z?

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell)
        The tokens of X with what they gathered.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says: also tables with
        an even number of columns.

    Notes
    -----
    What `Attention` says of nan holds here too. Each pair of tokens
    has a value of its own: memory grows with ell² d_out.

    Source: Shaw, Uszkoreit & Vaswani 2018, "Self-Attention with
    Relative Position Representations", equations 3 and 4.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import bidirectional_mask
    >>> o, X = np.zeros((1, 1)), np.ones((1, 3))
    >>> W_qkv = RelativeAttentionParameters(o, o, o)
    >>> A_k, A_v = np.zeros((1, 3)), np.array([[3.0, 0.0, 9.0]])
    >>> Mask = bidirectional_mask(X, X)
    >>> RelativeAttention(X, W_qkv, A_k, A_v, Mask)
    array([[6., 4., 2.]])
    """
    xp, k = namespace(X), (A_k.shape[-1] - 1) // 2
    t = arange(X.shape[-1], X) + 1  # as in R4, from 1
    W_q, W_k, W_v = W_qkv
    Q = W_q @ X  # R5.1
    K = W_k @ X  # R5.2
    V = W_v @ X  # R5.3
    S = K.mT @ Q  # R5.4
    c = clip_distance(t[:, None], t, k=k)  # [t_z, t_x]
    c = namespace(c).broadcast_to(c, (*Q.shape[:-2], *c.shape))
    S = S + xp.take_along_axis(A_k.mT @ Q, c, axis=-2)  # R5.5
    refuse_lost_scores(S, Mask, "RelativeAttention")
    S = xp.where(Mask, S, -xp.inf)  # R5.6
    A = softmax(S / math.sqrt(Q.shape[-2]))  # R5.7
    V_tilde = V @ A  # R5.8
    c = clip_distance(t, t[:, None], k=k)  # [t_x, t_z]
    a_v = columns(A_v, c) @ A.mT[..., None]
    V_tilde = V_tilde + a_v[..., 0].mT  # R5.9
    return V_tilde  # R5.10


@algorithm("R6")
def MHRelativeAttention(
    X: Float[A, "*#batch d_x ell"],
    W: MHRelativeAttentionParameters[A],
    Mask: Bool[Array, "*#batch ell ell"],
) -> Float[A, "*batch d_out ell"]:
    """Heads of `RelativeAttention` that share their tables.

    Parameters
    ----------
    X : float, (*batch, d_x, ell)
        The sequence, a token a column.
    W : MHRelativeAttentionParameters
        H heads stacked along a leading axis, the tables A_k and
        A_v, and W_o. There are no offsets.
    Mask : bool, (*batch, ell, ell)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z?

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell)
        The tokens of X with what they gathered.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says: also tables with
        an even number of columns.

    Notes
    -----
    What `RelativeAttention` says of nan and of memory holds here
    too.

    Source: Shaw, Uszkoreit & Vaswani 2018, "Self-Attention with
    Relative Position Representations", section 3.3: the heads of a
    layer share the tables.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> W = initialise(
    ...     MHRelativeAttentionParameters, np.random.default_rng(0),
    ...     H=2, d_attn=4, d_mid=2, d_x=5, d_out=3, k=1,
    ... )
    >>> Mask = np.ones((6, 6)) == 1
    >>> MHRelativeAttention(np.ones((5, 6)), W, Mask).shape
    (3, 6)
    """
    Y_h = RelativeAttention(
        per_head(X), W.W_qkv, W.A_k, W.A_v, per_head(Mask)
    )  # R6.1-R6.2
    Y = stack(Y_h)  # R6.3
    return W.W_o @ Y  # R6.4
