"""Algorithm H10: rotary queries to a cache that does not grow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from algorithms.extensions.grouped_queries import stack
from algorithms.extensions.masks import sink_mask
from algorithms.extensions.rotary import rotate
from algorithms.extensions.rotary_attention import (
    RotaryQueriesParameters,
)
from algorithms.paper.attention import per_head
from algorithms.paper.notation import softmax
from algorithms.signatures.arrays import A, arange, namespace
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.values import refuse_lost_scores

if TYPE_CHECKING:
    from jaxtyping import Float


@algorithm(
    "H10", requires=("k >= 0", "1 <= w", "2 * d_rot <= d_attn")
)
def StreamingQueries(
    X: Float[A, "*#batch d_x ell"],
    K: Float[A, "*#batch d_attn ell"],
    V: Float[A, "*#batch d_mid ell"],
    W: RotaryQueriesParameters[A],
    omega: Float[A, " d_rot"],
    *,
    k: int,
    w: int,
) -> Float[A, "*batch R*d_mid ell"]:
    """Heads of queries that see the first tokens and the last.

    The first k tokens are attention sinks. A query sees them, and
    the last w up to itself, as if it stood at the end of a cache
    that holds these tokens and no others.

    Parameters
    ----------
    X : float, (*batch, d_x, ell)
        The sequence, a token a column.
    K : float, (*batch, d_attn, ell)
        The keys, as columns, turned by their positions in the text.
    V : float, (*batch, d_mid, ell)
        The values.
    W : RotaryQueriesParameters
        R heads of queries. Leading axes of its arrays, several
        groups say, stand where X has none or 1.
    omega : float, (d_rot,)
        As in `rotate`.
    k : int, at least 0
        How many tokens at the start a token sees.
    w : int, at least 1
        How many tokens up to itself a token sees.

    Returns
    -------
    Y : float, (*batch, R * d_mid, ell)
        The outputs of the heads, one above the other.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        k is negative, or w is less than 1.
    NotFiniteError
        In float16 a score is too large.

    Notes
    -----
    The cache is full with k + w tokens. A later query stands at the
    last of its places: no sink seems farther than k + w − 1 away,
    however long the text. The distance to a token of the window is
    the same in the cache and in the text. So the mask alone,
    `RotaryQueries` with a `sink_mask`, is another function: in it
    sinks stand as far away as in the text (A20).

    What `Attention` says of float16 and of nan holds here too, and
    what `rotate` says of angles. Positions count from 0 (A16), and
    w counts the token itself (A19).

    Source: Xiao et al. 2024, "Efficient Streaming Language Models
    with Attention Sinks", section 3.2.

    Examples
    --------
    The last token sees the first and itself, and no other.

    >>> import numpy as np
    >>> W = RotaryQueriesParameters(np.zeros((1, 2, 1)))
    >>> X, K = np.ones((1, 4)), np.ones((2, 4))
    >>> V = np.array([[1.0, 2.0, 4.0, 8.0]])
    >>> StreamingQueries(X, K, V, W, np.array([0.5]), k=1, w=1)
    array([[1. , 1.5, 2.5, 4.5]])
    """
    xp, t = namespace(X), arange(X.shape[-1], X)
    Q = W.W_q @ per_head(X)  # H10.1-H10.2
    last = xp.full_like(t, k + w - 1)
    U = rotate(Q, last, omega)  # H10.3
    Q = rotate(Q, t, omega)  # H10.4
    S = per_head(K).mT @ Q  # H10.5
    is_far = (t[:, None] < k) & (t >= k + w)
    S = xp.where(is_far, per_head(K).mT @ U, S)  # H10.6
    Mask = sink_mask(X, k, w)
    refuse_lost_scores(S, Mask, "StreamingQueries")
    S = xp.where(Mask, S, -xp.inf)  # H10.7
    d_attn = Q.shape[-2]
    Y_h = per_head(V) @ softmax(S / math.sqrt(d_attn))  # H10.8
    return stack(Y_h)  # H10.9
