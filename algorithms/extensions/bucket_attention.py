"""Algorithm R8: attention that adds to scores for distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple

from algorithms.extensions.distance_buckets import bucket
from algorithms.extensions.grouped_queries import stack
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
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import B as B_
from algorithms.signatures.trees import Map, map_each
from algorithms.signatures.values import refuse_lost_scores

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@document_fields
class BucketAttentionParameters(NamedTuple, Generic[A_co]):
    """W of Algorithm R8: H heads, joined."""

    W_q: Float[A_co, "H d_attn d_x"]
    W_k: Float[A_co, "H d_attn d_x"]
    W_v: Float[A_co, "H d_mid d_x"]
    W_o: Float[A_co, "d_out H*d_mid"]

    def map(
        self, f: Map[A_co, B_], /
    ) -> BucketAttentionParameters[B_]:
        """The same with `f` of each array."""
        return BucketAttentionParameters(*map_each(f, self))


@algorithm("R8", requires=("kappa <= D",))
def BucketAttention(
    X: Float[A, "*#batch d_x ell"],
    W: BucketAttentionParameters[A],
    B: Float[A, "H 2*kappa"],
    B_prime: Float[A, "H 2*kappa"],
    Mask: Bool[Array, "*#batch ell ell"],
    *,
    D: int,
) -> Float[A, "*batch d_out ell"]:
    """Several heads that look at tokens by their distance.

    To each score a head adds a number of its own for the distance,
    and scores are not divided by √d_attn.

    Parameters
    ----------
    X : float, (*batch, d_x, ell)
        The sequence, a token a column.
    W : BucketAttentionParameters
        H heads stacked along a leading axis, and W_o.
    B : float, (H, 2 * kappa)
        What is added for tokens that stand before, and for the
        token itself: column `bucket(t_x - t_z)`.
    B_prime : float, (H, 2 * kappa)
        For tokens that stand behind: column `bucket(t_z - t_x)`.
        Its column 0 is read for none (A22), and under a causal mask
        no column is.
    Mask : bool, (*batch, ell, ell)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z?
    D : int, at least kappa
        Where the steps of distances end, as in `bucket`: 128 in T5.

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell)
        The tokens of X with what they gathered.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says: also tables with
        an odd number of columns.
    NotFiniteError
        In float16 a score is too large.
    ValueError
        D is less than kappa.

    Notes
    -----
    T5's encoder has one table, `concat([B, B_prime], axis=1)`, and
    all its layers share it. A decoder's B_prime may be any, B say.
    Where both are 0 this is R9. What `Attention` says of float16
    and of nan holds here too.

    Source: Raffel et al. 2020, "Exploring the Limits of Transfer
    Learning with a Unified Text-to-Text Transformer", section 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import bidirectional_mask, initialise
    >>> W = initialise(
    ...     BucketAttentionParameters, np.random.default_rng(0),
    ...     H=2, d_attn=4, d_mid=2, d_x=5, d_out=3,
    ... )
    >>> X, B = np.ones((5, 6)), np.zeros((2, 8))
    >>> Mask = bidirectional_mask(X, X)
    >>> BucketAttention(X, W, B, B, Mask, D=16).shape
    (3, 6)
    """
    xp, ell, kappa = namespace(X), X.shape[-1], B.shape[-1] // 2
    t = arange(ell, X)
    behind = bucket(t * -1 + ell, kappa=kappa, D=D)
    C = columns(B_prime, behind)  # R8.1
    before = bucket(t, kappa=kappa, D=D)
    C_prime = columns(B, before)  # R8.2
    U = xp.concat([C, C_prime], axis=-1)  # R8.3
    Q = W.W_q @ per_head(X)  # R8.4-R8.5
    K = W.W_k @ per_head(X)  # R8.6
    V = W.W_v @ per_head(X)  # R8.7
    S = K.mT @ Q  # R8.8
    apart = t + ell - t[:, None]
    pairs = namespace(t).reshape(apart, (ell * ell,))
    added = columns(U, pairs)  # each t_z with all t_x
    S = S + xp.reshape(added, (U.shape[0], ell, ell))  # R8.9
    Mask_h = per_head(Mask)
    refuse_lost_scores(S, Mask_h, "BucketAttention")
    S = xp.where(Mask_h, S, -xp.inf)  # R8.10
    Y_h = V @ softmax(S)  # R8.11
    Y = stack(Y_h)  # R8.12
    return W.W_o @ Y  # R8.13
