"""Algorithms ∇1 and ∇2: the pullbacks of the embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from algorithms.gradients.broadcasting import summed_like
from algorithms.paper.embedding import Token
from algorithms.signatures.arrays import A, Array, arange, namespace
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float, Integer


@algorithm("∇1")
def token_embedding_pullback(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    X_bar: Float[A, "*batch d_e ell"],
    W_e: Float[A, "d_e N_V"],
) -> Float[A, "d_e N_V"]:
    """What a loss owes to the token embedding matrix.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        The tokens that were embedded, 0 … N_V−1.
    X_bar : float, (*batch, d_e, ell)
        What the loss owes to their vectors; finite.
    W_e : float, (d_e, N_V)
        The token embedding matrix.

    Returns
    -------
    W_e_bar : float, (d_e, N_V)
        For each token the sum of the columns of X_bar that are
        owed to it, over all sequences; 0 where there is none.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    The sum is a product with a matrix of zeros and ones, N_V
    columns wide: simple in any library, and slow where N_V is
    large. `value_and_gradient` adds up columns instead.

    Source: the chain rule, applied to Phuong & Hutter 2022,
    Algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> X_bar = np.array([[1.0, 2.0, 4.0]])
    >>> token_embedding_pullback(
    ...     np.array([2, 0, 2]), X_bar, np.ones((1, 4))
    ... )
    array([[2., 0., 5., 0.]])
    """
    xp = namespace(W_e)
    *batch, _ = x.shape
    shape = (*batch, *W_e.shape)
    W_e_bar = xp.broadcast_to(W_e * 0.0, shape)  # ∇1.1
    v = arange(W_e.shape[1], x)
    chosen = namespace(x).equal(x[..., None], v)
    one_hot = xp.astype(chosen, X_bar.dtype)
    W_e_bar = W_e_bar + X_bar @ one_hot  # ∇1.2-∇1.3
    return summed_like(W_e, W_e_bar)  # ∇1.5


@algorithm("∇2", requires=("ell <= ell_max",))
def positional_embedding_pullback(
    X_bar: Float[A, "*batch d_e ell"],
    W_p: Float[A, "d_e ell_max"],
) -> Float[A, "d_e ell_max"]:
    """What a loss owes to the positional embedding matrix.

    Parameters
    ----------
    X_bar : float, (*batch, d_e, ell)
        What the loss owes to the vectors of positions 0 … ell−1.
    W_p : float, (d_e, ell_max)
        The positional embedding matrix.

    Returns
    -------
    W_p_bar : float, (d_e, ell_max)
        X_bar, summed over all sequences; then zeros.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says: also more
        positions than ell_max.

    Notes
    -----
    Source: the chain rule, applied to Phuong & Hutter 2022,
    Algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> X_bar, W_p = np.array([[1.0, 2.0]]), np.ones((1, 4))
    >>> positional_embedding_pullback(X_bar, W_p)
    array([[1., 2., 0., 0.]])
    """
    xp = namespace(W_p)
    *batch, _, ell = X_bar.shape
    shape = (*batch, *W_p.shape)
    W_p_bar = xp.broadcast_to(W_p * 0.0, shape)  # ∇2.1
    parts = [X_bar, W_p_bar[..., ell:]]
    W_p_bar = xp.concat(parts, axis=-1)  # ∇2.2
    return summed_like(W_p, W_p_bar)  # ∇2.3
