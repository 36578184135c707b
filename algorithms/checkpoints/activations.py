"""Activations of published models besides SiLU, and their names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from algorithms.paper.notation import GELU
from algorithms.signatures.arrays import A, by_columns, namespace
from algorithms.signatures.decorator import checked

if TYPE_CHECKING:
    from jaxtyping import Float


@checked()
def GELU_tanh(X: Float[A, "*batch"]) -> Float[A, "*batch"]:
    """GELU with tanh in Φ's place of the normal distribution.

    `x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))`.

    Parameters
    ----------
    X : float, any shape

    Returns
    -------
    float, the same shape

    Notes
    -----
    Not in the paper. Source: Hendrycks & Gimpel 2016, *Gaussian
    Error Linear Units*, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> GELU_tanh(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1588,  0.    ,  0.8412])
    """
    xp = namespace(X)

    def of_columns(X: A) -> A:
        X = xp.where(X < -100, -100.0, X)  # not −∞ · 0
        inner = (X + X * X * X * 0.044715) * math.sqrt(2 / math.pi)
        return X * ((xp.tanh(inner) + 1.0) * 0.5)

    return by_columns(of_columns, X)


def another_activation(phi: object) -> bool | str:
    """Another activation than the paper's GELU, in words."""
    if phi is GELU_tanh:
        return "GELU in its tanh form"
    name = getattr(phi, "__name__", "")
    return phi is not GELU and f"{name} where the paper has GELU"
