"""Algorithm ∇7: a cross-entropy, and its pullback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from algorithms.gradients.broadcasting import summed_like
from algorithms.paper.embedding import Token
from algorithms.paper.notation import softmax
from algorithms.signatures.arrays import (
    A,
    Array,
    arange,
    entries,
    namespace,
)
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float, Integer


@algorithm("∇7")
def cross_entropy_pullback(
    y: Annotated[Integer[Array, "*batch ell"], Token],
    a: Float[A, "*batch ell"],
    X: Float[A, "*batch d_e ell"],
    W_u: Float[A, "N_V d_e"],
) -> tuple[
    Float[A, ""], Float[A, "*batch d_e ell"], Float[A, "N_V d_e"]
]:
    """A cross-entropy, and what it owes to the arguments of P.

    Parameters
    ----------
    y : integer of any type, (*batch, ell)
        For each column of X the token to be predicted, 0 … N_V−1.
    a : float, (*batch, ell)
        How much each of them counts: 1, or 0.
    X : float, (*batch, d_e, ell)
        Token encodings, as columns.
    W_u : float, (N_V, d_e)
        The unembedding matrix, a row for each token.

    Returns
    -------
    loss : float, ()
        `−Σ_t a[t] log P[y[t], t]` where P is `unembedding(X, W_u)`,
        over all sequences.
    X_bar : float, (*batch, d_e, ell)
        What the loss owes to X.
    W_u_bar : float, (N_V, d_e)
        What it owes to W_u.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    The scores are owed P, less 1 at the token to be predicted: no
    division, and right where P is 0 by underflow. So is the loss:
    `log P` is found from the scores.

    Source: the chain rule, applied to Phuong & Hutter 2022,
    Algorithm 7 and line 13.5.

    Examples
    --------
    >>> import numpy as np
    >>> y, a = np.array([0, 1]), np.array([1.0, 0.0])
    >>> X, W_u = np.eye(2), np.zeros((2, 2))
    >>> loss, X_bar, W_u_bar = cross_entropy_pullback(y, a, X, W_u)
    >>> W_u_bar
    array([[-0.5,  0. ],
           [ 0.5,  0. ]])
    """
    xp = namespace(W_u)
    S = W_u @ X
    P = softmax(S)  # ∇7.1
    # The largest entry of a column of P is 1 over softmax's sum.
    top, most = xp.max(S, axis=-2), xp.max(P, axis=-2)
    log_p = entries(S, y) - top + xp.log(most)
    terms = xp.where(xp.equal(a, 0), 0.0, a * log_p)
    loss = -xp.sum(terms, axis=-1)  # ∇7.2
    a_t = a[..., None, :]
    S_bar = a_t * P  # ∇7.3
    v = arange(W_u.shape[0], y)
    hit = namespace(y).equal(v[:, None], y[..., None, :])
    S_bar = xp.where(hit, S_bar - a_t, S_bar)  # ∇7.4-∇7.5
    X_bar = W_u.mT @ S_bar  # ∇7.7
    W_u_bar = S_bar @ X.mT  # ∇7.7
    W_u_bar = summed_like(W_u, W_u_bar)
    return xp.sum(loss), X_bar, W_u_bar  # ∇7.7
