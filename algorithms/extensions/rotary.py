"""Algorithms R1, R2 and R3: rotary positions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from algorithms.signatures.arrays import A, Array, arange, namespace
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float, Integer


@algorithm("R1", requires=("2 * d_rot <= d_attn",))
def rotate(
    e: Float[A, "*batch d_attn ell"],
    t: Integer[Array, " ell"],
    omega: Float[A, " d_rot"],
) -> Float[A, "*batch d_attn ell"]:
    """Queries or keys, turned by angles that grow with position.

    Row i turns with row d_rot + i, as in GPT-NeoX and Hugging
    Face's Llama (A17).

    Parameters
    ----------
    e : float, (*batch, d_attn, ell)
        Queries or keys, a token a column.
    t : integer of any type, (ell,)
        How many tokens stand before each: 0, 1, …
    omega : float, (d_rot,)
        How far each pair of rows turns from one token to the next;
        2 d_rot ≤ d_attn. `rotary_frequencies` gives the usual ones.
        d_rot counts pairs: it is half of `rotary_dim` elsewhere.

    Returns
    -------
    e_tilde : float, (*batch, d_attn, ell)
        The rows after the first 2 d_rot are as they were.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says: also an omega
        with more than half as many entries as e has rows.

    Notes
    -----
    The product of a turned key and a turned query depends on how
    far apart they stand, not on where.

    Angles are of the type of e: in float32 one of 10⁵ may be off by
    0.012, and in float16 t itself is exact up to 2048 only.

    Source: Su et al. 2021, "RoFormer: Enhanced Transformer with
    Rotary Position Embedding", with rows in the order of GPT-NeoX.

    Examples
    --------
    >>> import numpy as np
    >>> e = np.array([[1.0, 1.0], [0.0, 0.0], [5.0, 5.0]])
    >>> rotate(e, np.arange(2), np.array([np.pi / 2])).round(4)
    array([[1., 0.],
           [0., 1.],
           [5., 5.]])
    """
    xp, d_rot = namespace(e), omega.shape[-1]
    phi = omega[:, None] * xp.astype(t, omega.dtype)  # R1.1
    a = e[..., :d_rot, :]  # R1.2
    b = e[..., d_rot : 2 * d_rot, :]  # R1.3
    cos, sin = xp.cos(phi), xp.sin(phi)
    return xp.concat(
        [
            a * cos - b * sin,
            a * sin + b * cos,
            e[..., 2 * d_rot :, :],
        ],
        axis=-2,
    )  # R1.4


@algorithm("R2", requires=("2 * d_rot <= d_attn",))
def rotate_pairs(
    e: Float[A, "*batch d_attn ell"],
    t: Integer[Array, " ell"],
    omega: Float[A, " d_rot"],
) -> Float[A, "*batch d_attn ell"]:
    """Queries or keys, turned by angles that grow with position.

    Row 2i turns with row 2i + 1, counted from 0, as in RoFormer,
    GPT-J and Meta's own Llama (A17).

    Parameters
    ----------
    e : float, (*batch, d_attn, ell)
        Queries or keys, a token a column.
    t : integer of any type, (ell,)
        How many tokens stand before each: 0, 1, …
    omega : float, (d_rot,)
        How far each pair of rows turns from one token to the next;
        2 d_rot ≤ d_attn. `rotary_frequencies` gives the usual ones.
        d_rot counts pairs: it is half of `rotary_dim` elsewhere.

    Returns
    -------
    e_tilde : float, (*batch, d_attn, ell)
        The rows after the first 2 d_rot are as they were.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says: also an omega
        with more than half as many entries as e has rows.

    Notes
    -----
    This is `rotate` with the rows in another order: first those at
    even places, then those at odd ones. To reorder the rows of W_q
    and W_k turns a model of one kind into one of the other. What
    `rotate` says of angles holds here too.

    Source: Su et al. 2021, "RoFormer: Enhanced Transformer with
    Rotary Position Embedding", equation 34.

    Examples
    --------
    >>> import numpy as np
    >>> e = np.array([[1.0, 1.0], [0.0, 0.0], [5.0, 5.0]])
    >>> rotate_pairs(e, np.arange(2), np.array([np.pi])).round(4)
    array([[ 1., -1.],
           [ 0.,  0.],
           [ 5.,  5.]])
    """
    xp, d_rot = namespace(e), omega.shape[-1]
    *batch, _, ell = e.shape
    phi = omega[:, None] * xp.astype(t, omega.dtype)  # R2.1
    first = e[..., : 2 * d_rot : 2, :]
    second = e[..., 1 : 2 * d_rot : 2, :]
    cos, sin = xp.cos(phi), xp.sin(phi)
    a = first * cos - second * sin  # R2.2-R2.3
    b = first * sin + second * cos  # R2.4
    Y_h = xp.stack([a, b], axis=-2)  # R2.5
    Y = xp.reshape(Y_h, (*batch, 2 * d_rot, ell))  # R2.6
    return xp.concat([Y, e[..., 2 * d_rot :, :]], axis=-2)  # R2.7


@algorithm("R3", requires=("d_rot >= 0",))
def rotary_frequencies(
    Omega: Float[A, ""], *, d_rot: int
) -> Float[A, " d_rot"]:
    """The usual frequencies: from 1 down to nearly 1/Omega.

    Each is in the same proportion to the next.

    Parameters
    ----------
    Omega : float, (), greater than 0
        The base: 10000 in RoFormer and Llama 2, 500000 in Llama 3.
    d_rot : int, at least 0
        How many pairs of rows turn.

    Returns
    -------
    omega : float, (d_rot,)
        Omega to the power −i / d_rot, i = 0 … d_rot−1.

    Raises
    ------
    DTypeError
        Omega is not an array of floats without axes.
    ValueError
        d_rot is negative.

    Notes
    -----
    Source: Su et al. 2021, "RoFormer: Enhanced Transformer with
    Rotary Position Embedding", equation 15.

    Examples
    --------
    >>> import numpy as np
    >>> rotary_frequencies(np.array(10000.0), d_rot=4)
    array([1.   , 0.1  , 0.01 , 0.001])
    """
    xp = namespace(Omega)
    i = xp.astype(arange(d_rot, Omega), Omega.dtype)
    omega_i = Omega ** (-i / d_rot)  # R3.1
    return omega_i  # R3.2
