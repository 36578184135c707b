"""Algorithms H1 and H2: several heads of queries share a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.extensions.scaled_dot_product import attend
from algorithms.paper.attention import gathered, per_head
from algorithms.signatures.arrays import A, A_co, Array, namespace
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import With
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@document_fields
class GroupQueriesParameters(NamedTuple, Generic[A_co]):
    """W of Algorithm H1: a group, or several by leading axes."""

    W_q: Float[A_co, "*#batch R d_attn d_x"]
    b_q: Float[A_co, "*#batch R d_attn"]

    def map(self, f: Map[A_co, B], /) -> GroupQueriesParameters[B]:
        """The same with `f` of each array."""
        return GroupQueriesParameters(*map_each(f, self))


@document_fields
class GQAttentionParameters(NamedTuple, Generic[A_co]):
    """W of Algorithm H2: H_kv groups, joined."""

    W_g: Annotated[GroupQueriesParameters[A_co], With(batch="H_kv")]
    W_k: Float[A_co, "H_kv d_attn d_z"]
    b_k: Float[A_co, "H_kv d_attn"]
    W_v: Float[A_co, "H_kv d_mid d_z"]
    b_v: Float[A_co, "H_kv d_mid"]
    W_o: Float[A_co, "d_out H_kv*R*d_mid"]
    b_o: Float[A_co, " d_out"]

    def map(self, f: Map[A_co, B], /) -> GQAttentionParameters[B]:
        """The same with `f` of each array."""
        return GQAttentionParameters(*map_each(f, self))


@algorithm("H1")
def GroupQueries(
    X: Float[A, "*#batch d_x ell_x"],
    K: Float[A, "*#batch d_attn ell_z"],
    V: Float[A, "*#batch d_mid ell_z"],
    W: GroupQueriesParameters[A],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
    *,
    attention: Callable[..., A] = attend,
) -> Float[A, "*batch R*d_mid ell_x"]:
    """Several heads of queries that ask one head of keys.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The primary sequence: tokens that ask.
    K : float, (*batch, d_attn, ell_z)
        The keys, as columns.
    V : float, (*batch, d_mid, ell_z)
        The values.
    W : GroupQueriesParameters
        R heads of queries. Leading axes of its arrays, several
        groups say, stand where X and Mask have none or 1.
    Mask : bool, (*batch, ell_z, ell_x)
        `Mask[t_z, t_x]`: may token t_x attend to key t_z?
    attention : function with the signature of `attend`
        Algorithm C1, or one that gives the same otherwise:
        `block_attend`, `online_attend`.

    Returns
    -------
    Y : float, (*batch, R * d_mid, ell_x)
        The outputs of the heads, one above the other.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    What `Attention` says of float16 and of nan holds here too.

    Source: Shazeer 2019, "Fast Transformer Decoding: One Write-Head
    is All You Need": multi-query attention.

    Examples
    --------
    >>> import numpy as np
    >>> W_q, b_q = np.ones((2, 1, 1)), np.ones((2, 1))
    >>> W = GroupQueriesParameters(W_q, b_q)
    >>> K, V = np.zeros((1, 2)), np.array([[1.0, 3.0]])
    >>> X, Mask = np.ones((1, 1)), np.array([[True], [True]])
    >>> GroupQueries(X, K, V, W, Mask)
    array([[2.],
           [2.]])
    """
    Q = W.W_q @ per_head(X) + W.b_q[..., None]  # H1.1-H1.2
    Y_h = gathered(
        attention, Q, per_head(K), per_head(V), per_head(Mask)
    )  # H1.3
    return stack(Y_h)  # H1.4


@algorithm("H2")
def GQAttention(
    X: Float[A, "*#batch d_x ell_x"],
    Z: Float[A, "*#batch d_z ell_z"],
    W: GQAttentionParameters[A],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
    *,
    attention: Callable[..., A] = attend,
) -> Float[A, "*batch d_out ell_x"]:
    """Grouped-query attention: heads of queries share keys.

    There are H_kv heads of keys and values, and R heads of queries
    for each. With R = 1 this is Algorithm 5, with H_kv = 1
    multi-query attention.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The primary sequence: tokens that ask.
    Z : float, (*batch, d_z, ell_z)
        The context sequence: tokens that are asked. X for
        self-attention, the text's `GQAttention(X | W, Mask)`.
    W : GQAttentionParameters
        H_kv groups stacked along a leading axis, and W_o, b_o.
    Mask : bool, (*batch, ell_z, ell_x)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z?
    attention : function with the signature of `attend`
        Algorithm C1, or one that gives the same otherwise:
        `block_attend`, `online_attend`.

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell_x)
        The tokens of X with what they gathered from Z.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    It is Algorithm 5 with each head of keys and values R times in a
    row: repeated, not tiled. What `Attention` says of float16 and
    of nan holds here too.

    Source: Ainslie et al. 2023, "GQA: Training Generalized
    Multi-Query Transformer Models from Multi-Head Checkpoints".

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import bidirectional_mask, initialise
    >>> W = initialise(
    ...     GQAttentionParameters, np.random.default_rng(0),
    ...     H_kv=2, R=3, d_attn=4, d_mid=2, d_x=5, d_z=7, d_out=3,
    ... )
    >>> X, Z = np.ones((5, 6)), np.ones((7, 8))
    >>> GQAttention(X, Z, W, bidirectional_mask(X, Z)).shape
    (3, 6)
    """
    K = W.W_k @ per_head(Z) + W.b_k[..., None]  # H2.1-H2.2
    V = W.W_v @ per_head(Z) + W.b_v[..., None]  # H2.3
    Y_h = GroupQueries(
        per_head(X),
        K,
        V,
        W.W_g,
        per_head(Mask),
        attention=attention,
    )  # H2.4
    Y = stack(Y_h)  # H2.5
    return W.W_o @ Y + W.b_o[:, None]  # H2.6


def stack(Y_h: A) -> A:
    """The outputs of heads, one above the other."""
    *batch, H, d_mid, ell = Y_h.shape
    return namespace(Y_h).reshape(Y_h, (*batch, H * d_mid, ell))
