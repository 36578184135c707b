"""Algorithms H3 to H5: grouped queries with rotary positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.extensions.grouped_queries import stack
from algorithms.extensions.rotary import rotate
from algorithms.extensions.scaled_dot_product import attend
from algorithms.paper.attention import gathered, per_head
from algorithms.signatures.arrays import A, A_co, Array, arange
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import With
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@document_fields
class RotaryQueriesParameters(NamedTuple, Generic[A_co]):
    """W of Algorithm H3: a group, or several by leading axes."""

    W_q: Float[A_co, "*#batch R d_attn d_x"]

    def map(self, f: Map[A_co, B], /) -> RotaryQueriesParameters[B]:
        """The same with `f` of each array."""
        return RotaryQueriesParameters(*map_each(f, self))


@document_fields
class RotaryAttentionParameters(NamedTuple, Generic[A_co]):
    """W of Algorithm H4: H_kv groups, joined."""

    W_g: Annotated[
        RotaryQueriesParameters[A_co], With(batch="H_kv")
    ]
    W_k: Float[A_co, "H_kv d_attn d_x"]
    W_v: Float[A_co, "H_kv d_mid d_x"]
    W_o: Float[A_co, "d_out H_kv*R*d_mid"]

    def map(
        self, f: Map[A_co, B], /
    ) -> RotaryAttentionParameters[B]:
        """The same with `f` of each array."""
        return RotaryAttentionParameters(*map_each(f, self))


@document_fields
class SharedAttentionParameters(NamedTuple, Generic[A_co]):
    """W of Algorithm H5: queries of H_kv groups, joined."""

    W_g: Annotated[
        RotaryQueriesParameters[A_co], With(batch="H_kv")
    ]
    W_o: Float[A_co, "d_out H_kv*R*d_mid"]

    def map(
        self, f: Map[A_co, B], /
    ) -> SharedAttentionParameters[B]:
        """The same with `f` of each array."""
        return SharedAttentionParameters(*map_each(f, self))


@algorithm("H3", requires=("2 * d_rot <= d_attn", "t_0 >= 0"))
def RotaryQueries(
    X: Float[A, "*#batch d_x ell_x"],
    K: Float[A, "*#batch d_attn ell_z"],
    V: Float[A, "*#batch d_mid ell_z"],
    W: RotaryQueriesParameters[A],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
    omega: Float[A, " d_rot"],
    t_0: int = 0,
    *,
    attention: Callable[..., A] = attend,
) -> Float[A, "*batch R*d_mid ell_x"]:
    """Heads of queries, turned by position, that ask one of keys.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The primary sequence: tokens that ask.
    K : float, (*batch, d_attn, ell_z)
        The keys, as columns, turned by their positions.
    V : float, (*batch, d_mid, ell_z)
        The values.
    W : RotaryQueriesParameters
        R heads of queries. Leading axes of its arrays, several
        groups say, stand where X and Mask have none or 1.
    Mask : bool, (*batch, ell_z, ell_x)
        `Mask[t_z, t_x]`: may token t_x attend to key t_z?
    omega : float, (d_rot,)
        As in `rotate`.
    t_0 : int, at least 0
        How many tokens stand before the first of X.
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
    ValueError
        t_0 is negative.

    Notes
    -----
    What `Attention` says of float16 and of nan holds here too, and
    what `rotate` says of angles. Positions count from 0 (A16).

    Source: Su et al. 2021, "RoFormer"; Touvron et al. 2023, "Llama
    2", section 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> W = RotaryQueriesParameters(np.ones((3, 2, 1)))
    >>> X, K = np.ones((1, 2)), np.ones((2, 2))
    >>> V, Mask = np.array([[1.0, 3.0]]), np.eye(2) == 1
    >>> RotaryQueries(X, K, V, W, Mask, np.array([0.5]))
    array([[1., 3.],
           [1., 3.],
           [1., 3.]])
    """
    t = arange(X.shape[-1], X) + t_0
    Q = W.W_q @ per_head(X)  # H3.1-H3.2
    Q = rotate(Q, t, omega)  # H3.3
    Y_h = gathered(
        attention, Q, per_head(K), per_head(V), per_head(Mask)
    )  # H3.4
    return stack(Y_h)  # H3.5


@algorithm("H4", requires=("2 * d_rot <= d_attn",))
def RotaryAttention(
    X: Float[A, "*#batch d_x ell"],
    W: RotaryAttentionParameters[A],
    Mask: Bool[Array, "*#batch ell ell"],
    omega: Float[A, " d_rot"],
    *,
    attention: Callable[..., A] = attend,
) -> Float[A, "*batch d_out ell"]:
    """Llama's self-attention: shared keys, rotary positions.

    Parameters
    ----------
    X : float, (*batch, d_x, ell)
        The sequence, a token a column.
    W : RotaryAttentionParameters
        H_kv groups stacked along a leading axis, and W_o. There are
        no offsets.
    Mask : bool, (*batch, ell, ell)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z?
    omega : float, (d_rot,)
        As in `rotate`.
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

    Notes
    -----
    With ω = 0 this is GQAttention without offsets. What `Attention`
    says of float16 and of nan holds here too, and what `rotate`
    says of angles. Positions count from 0 (A16).

    Source: Touvron et al. 2023, "Llama 2: Open Foundation and
    Fine-Tuned Chat Models", section 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise, unidirectional_mask
    >>> W = initialise(
    ...     RotaryAttentionParameters, np.random.default_rng(0),
    ...     H_kv=2, R=3, d_attn=4, d_mid=2, d_x=5, d_out=3,
    ... )
    >>> X, omega = np.ones((5, 6)), np.array([1.0, 0.01])
    >>> RotaryAttention(X, W, unidirectional_mask(X), omega).shape
    (3, 6)
    """
    t, X_g = arange(X.shape[-1], X), per_head(X)
    K = W.W_k @ X_g  # H4.1-H4.2
    K = rotate(K, t, omega)  # H4.3
    V = W.W_v @ X_g  # H4.4
    Y_h = RotaryQueries(
        X_g, K, V, W.W_g, per_head(Mask), omega, attention=attention
    )  # H4.5
    Y = stack(Y_h)  # H4.6
    return W.W_o @ Y  # H4.7


@algorithm("H5", requires=("2 * d_rot <= d_attn", "t_0 >= 0"))
def SharedAttention(
    X: Float[A, "*#batch d_x ell_x"],
    K_g: Float[A, "*#batch H_kv d_attn ell_z"],
    V_g: Float[A, "*#batch H_kv d_mid ell_z"],
    W: SharedAttentionParameters[A],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
    omega: Float[A, " d_rot"],
    t_0: int = 0,
    *,
    attention: Callable[..., A] = attend,
) -> Float[A, "*batch d_out ell_x"]:
    """Llama's attention of keys and values that are there already.

    Those of another layer, or of a cache.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The primary sequence: tokens that ask.
    K_g : float, (*batch, H_kv, d_attn, ell_z)
        The keys of each group, turned by their positions.
    V_g : float, (*batch, H_kv, d_mid, ell_z)
        The values of each group.
    W : SharedAttentionParameters
        Queries of H_kv groups stacked along a leading axis, and
        W_o.
    Mask : bool, (*batch, ell_z, ell_x)
        `Mask[t_z, t_x]`: may token t_x attend to key t_z?
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
    What `Attention` says of float16 and of nan holds here too, and
    what `rotate` says of angles.

    Source: Brandon et al. 2024, "Reducing Transformer Key-Value
    Cache Size with Cross-Layer Attention".

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> W = initialise(
    ...     SharedAttentionParameters, np.random.default_rng(0),
    ...     H_kv=2, R=3, d_attn=4, d_mid=2, d_x=5, d_out=3,
    ... )
    >>> X, omega = np.ones((5, 6)), np.array([1.0, 0.01])
    >>> K_g, V_g = np.ones((2, 4, 8)), np.ones((2, 2, 8))
    >>> Mask = np.ones((8, 6)) == 1
    >>> SharedAttention(X, K_g, V_g, W, Mask, omega).shape
    (3, 6)
    """
    Y_h = RotaryQueries(
        per_head(X),
        K_g,
        V_g,
        W.W_g,
        per_head(Mask),
        omega,
        t_0,
        attention=attention,
    )  # H5.1
    Y = stack(Y_h)  # H5.2
    return W.W_o @ Y  # H5.3
