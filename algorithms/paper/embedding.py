"""Algorithms 1 and 2: tokens and positions become vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from algorithms.signatures.arrays import A, Array, columns
from algorithms.signatures.declarations import Below
from algorithms.signatures.decorator import algorithm, checked

if TYPE_CHECKING:
    from jaxtyping import Float, Integer
    from numpy.typing import NDArray

Token = Below("N_V", "token")
Position = Below("ell_max", "position")


@algorithm(1)
def token_embedding(
    v: Annotated[Integer[Array, "*batch ell"], Token],
    W_e: Float[A, "d_e N_V"],
) -> Float[A, "*batch d_e ell"]:
    """The vector of each token: its column of W_e.

    Parameters
    ----------
    v : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1.
    W_e : float, (d_e, N_V)
        The token embedding matrix, a column for each token.

    Returns
    -------
    e : float, (*batch, d_e, ell)
        Column t is the vector of token t.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1; none is ever wrapped.
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    The paper takes one token; here all of a sequence at once.

    Source: Phuong & Hutter 2022, Algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> W_e = np.array([[0.0, 1.0, 2.0], [10.0, 11.0, 12.0]])
    >>> token_embedding(np.array([2, 0, 0]), W_e)
    array([[ 2.,  0.,  0.],
           [12., 10., 10.]])
    """
    return columns(W_e, v)  # 1.1


@algorithm(2)
def positional_embedding(
    t: Annotated[Integer[Array, " ell"], Position],
    W_p: Float[A, "d_e ell_max"],
) -> Float[A, "d_e ell"]:
    """The vector of each position: its column of W_p.

    Parameters
    ----------
    t : integer of any type, (ell,)
        Positions, 0 … ell_max−1.
    W_p : float, (d_e, ell_max)
        The positional embedding matrix, a column for each position.

    Returns
    -------
    e_p : float, (d_e, ell)
        Column i is the vector of position t[i].

    Raises
    ------
    IndexError
        A position is outside 0 … ell_max−1.
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    The paper calls the position ℓ, its name for a length too.

    Source: Phuong & Hutter 2022, Algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> W_p = np.array([[0.0, 0.1, 0.2], [0.3, 0.4, 0.5]])
    >>> positional_embedding(np.arange(2), W_p)
    array([[0. , 0.1],
           [0.3, 0.4]])
    """
    return columns(W_p, t)  # 2.1


@checked(requires=("d_e > 0", "d_e % 2 == 0", "ell_max > 0"))
def sinusoidal_positions(
    d_e: int,
    ell_max: int,
    form: Literal["paper", "vaswani"] = "paper",
) -> Float[NDArray[np.float64], "d_e ell_max"]:
    """A W_p made of sines and cosines, with nothing to train.

    Parameters
    ----------
    d_e : int
        Rows of W_p; even.
    ell_max : int
        Columns of W_p, at least 1.
    form : {"paper", "vaswani"}
        "paper": `sin` and `cos` of `t / ell_max^(2i/d_e)` for
        i = 1 … d_e/2 and positions t from 1, as Phuong & Hutter
        print it. "vaswani": of `t / 10000^(2i/d_e)`, i and t from
        0, as in the paper that they cite. The two differ in base,
        frequencies and first position (erratum E3).

    Returns
    -------
    W_p : float64, (d_e, ell_max)
        Rows 0 and 1, 2 and 3, … hold the sine and the cosine of
        one i.

    Raises
    ------
    ValueError
        d_e is odd, which leaves the last row undefined (E3), or a
        size is not positive, or the form is neither of the two.

    Notes
    -----
    Source: Phuong & Hutter 2022, section 5; Vaswani et al. 2017,
    *Attention Is All You Need*, section 3.5.

    Examples
    --------
    >>> sinusoidal_positions(4, 3, form="vaswani").round(2)
    array([[ 0.  ,  0.84,  0.91],
           [ 1.  ,  0.54, -0.42],
           [ 0.  ,  0.01,  0.02],
           [ 1.  ,  1.  ,  1.  ]])
    """
    first = 1 if form == "paper" else 0
    base = ell_max if form == "paper" else 10_000
    i = np.arange(d_e // 2)[:, None] + first
    t = np.arange(ell_max) + first
    angle = t / float(base) ** (2 * i / d_e)
    pairs = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return pairs.reshape(d_e, ell_max)


def reserved(function: str, N_V: int, back: int) -> int:
    """The reserved token that is `back` places before N_V.

    3 is the mask, 2 begins a sequence, 1 ends it.
    """
    if N_V < 3:
        raise ValueError(
            f"{function}: want N_V >= 3, for the last three tokens "
            f"are reserved, got N_V={N_V}"
        )
    return N_V - back
