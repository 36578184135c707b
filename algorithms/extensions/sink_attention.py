"""Algorithms C2, H8 and H9: attention that may go to nobody."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.extensions.grouped_queries import stack
from algorithms.extensions.rotary import rotate
from algorithms.paper.attention import per_head
from algorithms.paper.notation import softmax
from algorithms.signatures.arrays import (
    A,
    A_co,
    Array,
    arange,
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
class SinkGroupParameters(NamedTuple, Generic[A_co]):
    """W of Algorithm H9: a group, or several by leading axes."""

    W_q: Float[A_co, "*#batch R d_attn d_x"]
    b_q: Float[A_co, "*#batch R d_attn"]
    sigma: Float[A_co, "*#batch R"]
    W_k: Float[A_co, "*#batch d_attn d_x"]
    b_k: Float[A_co, "*#batch d_attn"]
    W_v: Float[A_co, "*#batch d_mid d_x"]
    b_v: Float[A_co, "*#batch d_mid"]

    def map(self, f: Map[A_co, B], /) -> SinkGroupParameters[B]:
        """The same with `f` of each array."""
        return SinkGroupParameters(*map_each(f, self))


@document_fields
class SinkAttentionParameters(NamedTuple, Generic[A_co]):
    """W of Algorithm H8: H_kv groups, joined."""

    W_g: Annotated[SinkGroupParameters[A_co], With(batch="H_kv")]
    W_o: Float[A_co, "d_out H_kv*R*d_mid"]
    b_o: Float[A_co, " d_out"]

    def map(self, f: Map[A_co, B], /) -> SinkAttentionParameters[B]:
        """The same with `f` of each array."""
        return SinkAttentionParameters(*map_each(f, self))


@algorithm("C2")
def attend_sink(
    Q: Float[A, "*#batch d_attn ell_x"],
    K: Float[A, "*#batch d_attn ell_z"],
    V: Float[A, "*#batch d_out ell_z"],
    sigma: Float[A, "*#batch"],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
) -> Float[A, "*batch d_out ell_x"]:
    """For each query, a part of a mean of the values.

    What is left of the attention goes to nobody: to a score in each
    column that has no value.

    Parameters
    ----------
    Q : float, (*batch, d_attn, ell_x)
        The queries, as columns.
    K : float, (*batch, d_attn, ell_z)
        The keys.
    V : float, (*batch, d_out, ell_z)
        The values.
    sigma : float, (*batch,)
        The score of nobody, a number for each head. It is not
        divided by √d_attn.
    Mask : bool, (*batch, ell_z, ell_x)
        `Mask[t_z, t_x]`: may query t_x attend to key t_z?

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell_x)
        Leading axes are those of all arguments, broadcast.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    NotFiniteError
        In float16 a score is too large.

    Notes
    -----
    With σ = −∞ this is `attend`, and with any σ it is `attend` of
    one more token, whose score is σ and whose value is 0. What
    `Attention` says of float16 and of nan holds here too. The
    largest score of a column, which is subtracted, may be σ.

    Source: OpenAI 2025, "gpt-oss-120b & gpt-oss-20b Model Card",
    section 2.2; Miller 2023, "Attention Is Off By One", has σ = 0.

    Examples
    --------
    >>> import numpy as np
    >>> Q, K = np.zeros((1, 2)), np.zeros((1, 3))
    >>> V = np.array([[1.0, 3.0, 8.0]])
    >>> Mask = np.array([[True, True], [True, True], [False, True]])
    >>> attend_sink(Q, K, V, np.array(0.0), Mask).round(4)
    array([[1.3333, 3.    ]])
    """
    xp = namespace(Q)
    S = K.mT @ Q  # C2.1
    refuse_lost_scores(S, Mask, "attend_sink")
    S = xp.where(Mask, S, -xp.inf)  # C2.2
    d_attn = Q.shape[-2]
    A = softmax(row_above(sigma, S / math.sqrt(d_attn)))  # C2.3
    return V @ A[..., 1:, :]  # C2.4


@algorithm("H8", requires=("2 * d_rot <= d_attn",))
def SinkAttention(
    X: Float[A, "*#batch d_x ell"],
    W: SinkAttentionParameters[A],
    Mask: Bool[Array, "*#batch ell ell"],
    omega: Float[A, " d_rot"],
) -> Float[A, "*batch d_out ell"]:
    """The attention of gpt-oss: each head may attend to nobody.

    Parameters
    ----------
    X : float, (*batch, d_x, ell)
        The sequence, a token a column.
    W : SinkAttentionParameters
        H_kv groups stacked along a leading axis, and W_o, b_o.
    Mask : bool, (*batch, ell, ell)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z?
    omega : float, (d_rot,)
        As in `rotate`.

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell)
        The tokens of X with what they gathered from each other.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    With σ = −∞ in every head, and without offsets, this is
    `RotaryAttention`. gpt-oss has a window of 128 tokens in every
    second layer, which is a Mask: `banded_mask`. What `Attention`
    says of float16 and of nan holds here too, and what `rotate`
    says of angles. Positions count from 0 (A16).

    Source: OpenAI 2025, "gpt-oss-120b & gpt-oss-20b Model Card",
    section 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise, unidirectional_mask
    >>> W = initialise(
    ...     SinkAttentionParameters, np.random.default_rng(0),
    ...     H_kv=2, R=3, d_attn=4, d_mid=2, d_x=5, d_out=3,
    ... )
    >>> X, omega = np.ones((5, 6)), np.array([1.0, 0.01])
    >>> SinkAttention(X, W, unidirectional_mask(X), omega).shape
    (3, 6)
    """
    Y_h = SinkGroup(
        per_head(X), W.W_g, per_head(Mask), omega
    )  # H8.1
    Y = stack(Y_h)  # H8.2
    return W.W_o @ Y + W.b_o[:, None]  # H8.3


@algorithm("H9", requires=("2 * d_rot <= d_attn",))
def SinkGroup(
    X: Float[A, "*#batch d_x ell"],
    W: SinkGroupParameters[A],
    Mask: Bool[Array, "*#batch ell ell"],
    omega: Float[A, " d_rot"],
) -> Float[A, "*batch R*d_mid ell"]:
    """A group of heads that share keys and may attend to nobody.

    Parameters
    ----------
    X : float, (*batch, d_x, ell)
        The sequence, a token a column.
    W : SinkGroupParameters
        R heads of queries and one of keys and values, with offsets.
        Leading axes of its arrays, several groups say, stand where
        X and Mask have none or 1.
    Mask : bool, (*batch, ell, ell)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z?
    omega : float, (d_rot,)
        As in `rotate`.

    Returns
    -------
    Y : float, (*batch, R * d_mid, ell)
        The outputs of the heads, one above the other.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    What `Attention` says of float16 and of nan holds here too, and
    what `rotate` says of angles. Positions count from 0 (A16).

    Source: OpenAI 2025, "gpt-oss-120b & gpt-oss-20b Model Card",
    section 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> W = SinkGroupParameters(
    ...     W_q=np.zeros((2, 2, 1)), b_q=np.zeros((2, 2)),
    ...     sigma=np.array([0.0, -np.inf]),
    ...     W_k=np.zeros((2, 1)), b_k=np.zeros(2),
    ...     W_v=np.zeros((1, 1)), b_v=np.array([6.0]),
    ... )
    >>> X, Mask = np.ones((1, 2)), np.ones((2, 2)) == 1
    >>> SinkGroup(X, W, Mask, np.array([0.5])).round(4)
    array([[4., 4.],
           [6., 6.]])
    """
    t = arange(X.shape[-1], X)
    K = W.W_k @ X + W.b_k[..., None]  # H9.1
    K = rotate(K, t, omega)  # H9.2
    V = W.W_v @ X + W.b_v[..., None]  # H9.3
    Q = W.W_q @ per_head(X) + W.b_q[..., None]  # H9.4-H9.5
    Q = rotate(Q, t, omega)  # H9.6
    Y_h = attend_sink(
        Q, per_head(K), per_head(V), W.sigma, per_head(Mask)
    )  # H9.7
    return stack(Y_h)  # H9.8


def row_above(sigma: A, S: A) -> A:
    """A row of σ above each matrix S."""
    xp, sigma = namespace(S), sigma[..., None, None]
    # Zeros are added for their shape: heads may be in one only.
    row = sigma + xp.zeros_like(S[..., :1, :])
    S = S + xp.zeros_like(sigma)
    return xp.concat([row, S], axis=-2)
