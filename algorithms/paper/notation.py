"""The paper's notation: softmax, the activations, the two masks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from algorithms.signatures.arrays import (
    A,
    Array,
    arange,
    column_max,
    device,
    erfc,
    namespace,
)
from algorithms.signatures.decorator import checked

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@checked()
def softmax(S: Float[A, "*batch m n"]) -> Float[A, "*batch m n"]:
    """Exponentials of a matrix, each column divided by its sum.

    `softmax(S)[i, j] = exp S[i, j] / Σ_k exp S[k, j]`.

    Parameters
    ----------
    S : float, (*batch, m, n)
        Any scores; −∞ stands for "never". Where one is +∞, too
        large for the type of S, the result is nan.

    Returns
    -------
    float, (*batch, m, n)
        Entries in [0, 1]; each column sums to 1. A column of −∞
        alone gives zeros, with finite gradients (erratum A11).

    Notes
    -----
    The column's maximum is subtracted first, which changes no
    quotient and keeps every exponential at most 1.

    Source: Phuong & Hutter 2022, equation (2).

    Examples
    --------
    >>> import numpy as np
    >>> softmax(np.log([[1.0, 3.0], [1.0, 1.0]]))
    array([[0.5 , 0.75],
           [0.5 , 0.25]])
    """
    xp = namespace(S)
    top = column_max(S)[..., None, :]
    E = xp.exp(S - xp.where(xp.isfinite(top), top, 0.0))
    total = xp.sum(E, axis=-2, keepdims=True)
    return E / xp.where(xp.equal(total, 0), 1.0, total)


@checked()
def ReLU(X: Float[A, "*batch"]) -> Float[A, "*batch"]:
    """The larger of an entry and 0.

    Parameters
    ----------
    X : float, any shape

    Returns
    -------
    float, the same shape
        Entries in [0, ∞).

    Notes
    -----
    Source: Phuong & Hutter 2022, Algorithm 8, lines 7 and 18.

    Examples
    --------
    >>> import numpy as np
    >>> ReLU(np.array([-2.0, 3.0]))
    array([0., 3.])
    """
    return namespace(X).where(X <= 0, 0.0, X)


@checked()
def GELU(X: Float[A, "*batch"]) -> Float[A, "*batch"]:
    """An entry times the standard normal probability below it.

    Equation (5): `GELU(x) = x · Φ(x)`, exact and not the tanh form.

    Parameters
    ----------
    X : float, any shape

    Returns
    -------
    float, the same shape
        Entries in [−0.17, ∞).

    Notes
    -----
    `Φ(x) = erfc(−x/√2)/2`, which loses no digits where Φ is small;
    `1 + erf` would. Below −100 the result is 0, as far as any float
    goes, and at −∞ too.

    Source: Phuong & Hutter 2022, equation (5).

    Examples
    --------
    >>> import numpy as np
    >>> GELU(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1587,  0.    ,  0.8413])
    """
    X = namespace(X).where(X < -100, -100.0, X)  # not −∞ · 0
    return X * (erfc(X * -math.sqrt(0.5)) * 0.5)


@checked()
def bidirectional_mask(
    X: Float[A, "*#batch d_x ell_x"],
    Z: Float[A, "*#batch d_z ell_z"],
    padding: Bool[Array, "*#batch ell_z"] | None = None,
) -> Bool[Array, "*#batch ell_z ell_x"]:
    """Every token of X may attend to every token of Z.

    Equation (3): `Mask[t_z, t_x] = 1`.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The primary sequence; only its length is used.
    Z : float, (*batch, d_z, ell_z)
        The context sequence; only its length is used.
    padding : bool, (*batch, ell_z), optional
        False at context tokens that only fill up a batch, at either
        end: nobody attends to them. None, all tokens count, is the
        paper.

    Returns
    -------
    bool, (ell_z, ell_x) or (*batch, ell_z, ell_x)

    Notes
    -----
    Source: Phuong & Hutter 2022, equation (3).

    Examples
    --------
    >>> import numpy as np
    >>> bidirectional_mask(np.ones((5, 3)), np.ones((4, 2)))
    array([[ True,  True,  True],
           [ True,  True,  True]])
    """
    xp, shape = namespace(X), (Z.shape[-1], X.shape[-1])
    Mask: Array = xp.ones(shape, dtype=xp.bool, device=device(X))
    return _but_padding(Mask, padding)


@checked()
def unidirectional_mask(
    X: Float[A, "*#batch d_x ell_x"],
    padding: Bool[Array, "*#batch ell_x"] | None = None,
) -> Bool[Array, "*#batch ell_x ell_x"]:
    """A token of X may attend to itself and to those before it.

    Equation (3): `Mask[t_z, t_x] = ⟦t_z ≤ t_x⟧`.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The sequence; only its length is used.
    padding : bool, (*batch, ell_x), optional
        False at tokens that only fill up a batch, at either end:
        nobody attends to them. None, all tokens count, is the
        paper.

    Returns
    -------
    bool, (ell_x, ell_x) or (*batch, ell_x, ell_x)

    Notes
    -----
    Source: Phuong & Hutter 2022, equation (3).

    Examples
    --------
    >>> import numpy as np
    >>> unidirectional_mask(np.ones((5, 3)))
    array([[ True,  True,  True],
           [False,  True,  True],
           [False, False,  True]])
    """
    t = arange(X.shape[-1], X)
    Mask: Array = t[:, None] <= t
    return _but_padding(Mask, padding)


def _but_padding(Mask: Array, padding: Array | None) -> Array:
    # A row of Mask is a context token.
    return Mask if padding is None else Mask & padding[..., None]
