"""Algorithms D1 and D2: against a model that is too sure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from algorithms.paper.embedding import Token
from algorithms.signatures.arrays import (
    A,
    Array,
    device,
    entries,
    namespace,
)
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float, Integer


@algorithm("D1", requires=("alpha >= 0", "alpha <= 1"))
def smoothed_loss(
    P: Float[A, "*batch N_V ell"],
    y: Annotated[Integer[Array, "*batch ell"], Token],
    *,
    alpha: float = 0.0,
) -> Float[A, ""]:
    """Cross-entropy against a target that is not quite sure.

    Parameters
    ----------
    P : float, (*batch, N_V, ell)
        Predicted distributions, as columns.
    y : integer of any type, (*batch, ell)
        For each column the token that was to be predicted.
    alpha : float, in [0, 1]
        The part of the target's weight that all tokens share.

    Returns
    -------
    loss : float, ()
        The sum over all columns.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        alpha is out of its range.

    Notes
    -----
    With alpha = 0 the loss of 11.5 and 13.5, where a column may
    have entries that are 0. With alpha > 0 each of them makes the
    loss infinite. torch.nn.CrossEntropyLoss(label_smoothing=alpha,
    reduction="sum") has the same numbers; it takes scores.

    Source: Szegedy et al. 2016, "Rethinking the Inception
    Architecture for Computer Vision", section 7.

    Examples
    --------
    >>> import numpy as np
    >>> P, y = np.array([[0.25], [0.75]]), np.array([1])
    >>> round(float(smoothed_loss(P, y, alpha=0.5)), 3)
    0.562
    """
    xp, N_V = namespace(P), P.shape[-2]
    a = xp.sum(xp.log(entries(P, y)), axis=-1)  # D1.1
    if alpha == 0:  # 0 · log 0 is 0
        P = xp.ones(P.shape, dtype=P.dtype, device=device(P))
    b = xp.sum(xp.sum(xp.log(P), axis=-1), axis=-1)  # D1.2
    loss = -(a * (1 - alpha)) - b * (alpha / N_V)
    return xp.sum(loss)  # D1.3


@algorithm("D2", requires=("0 < p_drop < 1",))
def dropout(
    X: Float[A, "*batch d ell"],
    u: Float[A, "*batch d ell"],
    *,
    p_drop: float,
) -> Float[A, "*batch d ell"]:
    """Each entry is 0 or larger, so that its mean stays.

    Parameters
    ----------
    X : float, (*batch, d, ell)
        Activations.
    u : float, (*batch, d, ell)
        For each entry a random number, uniform in [0, 1).
    p_drop : float, in (0, 1)
        How probable it is that an entry becomes 0.

    Returns
    -------
    X_hat : float, (*batch, d, ell)
        0 where u < p_drop, else the entry / (1 − p_drop).

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        p_drop is out of its range.

    Notes
    -----
    The random numbers are an argument: the same ones drop the same
    entries, in any library. torch.nn.functional.dropout computes
    the same of numbers that it draws by itself. Algorithms 8 to 10
    have no dropout.

    Source: Hinton et al. 2012, "Improving neural networks by
    preventing co-adaptation of feature detectors"; scaled in
    training instead of after it, as libraries do.

    Examples
    --------
    >>> import numpy as np
    >>> X, u = np.array([[3.0, 6.0]]), np.array([[0.1, 0.7]])
    >>> dropout(X, u, p_drop=0.25)
    array([[0., 8.]])
    """
    xp = namespace(X)
    X_hat = X  # D2.1
    X_hat = xp.where(u < p_drop, 0.0, X_hat) / (1 - p_drop)  # D2.2
    return X_hat  # D2.3
