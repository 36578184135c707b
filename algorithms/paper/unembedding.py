"""Algorithm 7: a vector becomes a distribution on tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from algorithms.paper.notation import softmax
from algorithms.signatures.arrays import A, by_columns
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float


@algorithm(7)
def unembedding(
    e: Float[A, "*batch d_e ell"], W_u: Float[A, "N_V d_e"]
) -> Float[A, "*batch N_V ell"]:
    """For each column, how probable each token is.

    Parameters
    ----------
    e : float, (*batch, d_e, ell)
        Token encodings, as columns.
    W_u : float, (N_V, d_e)
        The unembedding matrix, a row for each token.

    Returns
    -------
    p : float, (*batch, N_V, ell)
        Entries in [0, 1]; each column sums to 1.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    The paper takes one vector; here all columns at once.

    Source: Phuong & Hutter 2022, Algorithm 7.

    Examples
    --------
    >>> import numpy as np
    >>> W_u = np.log([[1.0, 1.0], [3.0, 1.0]])
    >>> unembedding(np.array([[1.0, 0.0], [0.0, 1.0]]), W_u)
    array([[0.25, 0.5 ],
           [0.75, 0.5 ]])
    """
    return by_columns(lambda e: softmax(W_u @ e), e)  # 7.1
