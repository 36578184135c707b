"""SiLU, the activation of gated hidden layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from algorithms.signatures.arrays import A, namespace
from algorithms.signatures.decorator import checked

if TYPE_CHECKING:
    from jaxtyping import Float


@checked()
def SiLU(X: Float[A, "*batch"]) -> Float[A, "*batch"]:
    """An entry times its logistic function.

    `SiLU(x) = x / (1 + exp(−x))`, also called swish.

    Parameters
    ----------
    X : float, any shape

    Returns
    -------
    float, the same shape
        Entries in [−0.28, ∞).

    Notes
    -----
    Of exponentials only exp(−|x|) is taken, which never overflows.
    Below −800 the result is 0, as far as any float goes, and at −∞
    too.

    Source: Ramachandran, Zoph & Le 2017, "Searching for Activation
    Functions", with their β = 1.

    Examples
    --------
    >>> import numpy as np
    >>> SiLU(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.2689,  0.    ,  0.7311])
    """
    xp = namespace(X)
    X = xp.where(X < -800, -800.0, X)  # not −∞ · 0
    E = xp.exp(-xp.abs(X))
    return X * (xp.where(X < 0, E, 1.0) / (E + 1))
