"""Algorithm 6: the activations of a token, brought to one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from algorithms.signatures.arrays import A, namespace
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float


@algorithm(6, requires=("eps >= 0",))
def layer_norm(
    e: Float[A, "*batch d_e ell"],
    gamma: Float[A, " d_e"],
    beta: Float[A, " d_e"],
    *,
    eps: float = 0.0,
) -> Float[A, "*batch d_e ell"]:
    """Each column brought to mean 0 and variance 1, then scaled.

    Parameters
    ----------
    e : float, (*batch, d_e, ell)
        The activations, a token a column.
    gamma, beta : float, (d_e,)
        The scale and the offset of each row.
    eps : float, at least 0
        Added to the variance. The paper has none, hence 0; every
        trained model has one (erratum A1).

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
    The variance is the population's: divided by d_e. With eps = 0 a
    constant column, so any at d_e = 1, is 0/0 (A1). A deviation
    whose square overflows (256 in float16) counts as infinite.

    The paper takes one token; here all of a sequence at once.

    Source: Phuong & Hutter 2022, Algorithm 6.

    Examples
    --------
    >>> import numpy as np
    >>> e = np.array([[1.0, 10.0], [3.0, 30.0]])
    >>> layer_norm(e, np.array([1.0, 2.0]), np.array([0.0, 5.0]))
    array([[-1., -1.],
           [ 7.,  7.]])
    """
    xp = namespace(e)
    m = xp.mean(e, axis=-2, keepdims=True)  # 6.1
    v = xp.mean((e - m) ** 2, axis=-2, keepdims=True)  # 6.2
    e_hat = (e - m) / xp.sqrt(v + eps)  # 6.3
    return e_hat * gamma[:, None] + beta[:, None]  # 6.3
