"""Algorithms N: other ways to bring activations to one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from algorithms.signatures.arrays import A, namespace
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float


@algorithm("N1", requires=("eps >= 0",))
def rms_norm(
    e: Float[A, "*batch d_e ell"],
    gamma: Float[A, " d_e"],
    *,
    eps: float = 0.0,
) -> Float[A, "*batch d_e ell"]:
    """Each column brought to mean square 1, then scaled.

    Parameters
    ----------
    e : float, (*batch, d_e, ell)
        The activations, a token a column.
    gamma : float, (d_e,)
        The scale of each row.
    eps : float, at least 0
        Added to the mean square; every trained model has one.

    Returns
    -------
    e_hat : float, (*batch, d_e, ell)

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        eps is negative, or above 0 and yet 0 in the type of e, as
        1e-12 is in float16.

    Notes
    -----
    layer_norm without the mean and without the offset. With eps = 0
    a column of zeros is 0/0. An activation whose square overflows
    (256 in float16) counts as infinite.

    Source: Zhang & Sennrich 2019, "Root Mean Square Layer
    Normalization", equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> e = np.array([[1.0, 10.0], [7.0, 70.0]])
    >>> rms_norm(e, np.array([1.0, 10.0]))
    array([[ 0.2,  0.2],
           [14. , 14. ]])
    """
    xp = namespace(e)
    v = xp.mean(e**2, axis=-2, keepdims=True)  # N1.1
    return e / xp.sqrt(v + eps) * gamma[:, None]  # N1.2
