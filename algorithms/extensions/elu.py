"""ELU + 1, the features of linear attention: all are positive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from algorithms.signatures.arrays import A, namespace
from algorithms.signatures.decorator import checked

if TYPE_CHECKING:
    from jaxtyping import Float


@checked()
def ELU_plus_1(X: Float[A, "*batch"]) -> Float[A, "*batch"]:
    """An entry plus 1 if it is positive, else its exponential.

    `ELU(x) + 1` where `ELU(x) = x` for x above 0, else exp(x) − 1.

    Parameters
    ----------
    X : float, any shape

    Returns
    -------
    float, the same shape
        Entries in (0, ∞).

    Notes
    -----
    The 1 is not subtracted to be added again: entries below 0 keep
    all their digits, down to the least exponential of the type.

    Source: Clevert, Unterthiner & Hochreiter 2015, "Fast and
    Accurate Deep Network Learning by Exponential Linear Units
    (ELUs)", with their α = 1; Katharopoulos et al. 2020,
    "Transformers are RNNs", equation 7.

    Examples
    --------
    >>> import numpy as np
    >>> ELU_plus_1(np.array([-1.0, 0.0, 1.0])).round(4)
    array([0.3679, 1.    , 2.    ])
    """
    xp = namespace(X)
    E = xp.exp(xp.where(X > 0, 0.0, X))
    return xp.where(X > 0, X + 1, E)
