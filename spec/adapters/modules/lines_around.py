"""The lines of a model around its layers, for modules that are its layers alone."""

import math
from typing import Any

import numpy as np

from spec.inputs.array_conversion import Array

_erf = np.vectorize(math.erf, otypes=[np.float64])


def embedded(theta: Any, x: Array) -> Array:
    """Return the vectors of tokens and their positions, a column for each; batches come first."""
    return np.moveaxis(_exact(theta.W_e)[:, x], 0, -2) + _exact(theta.W_p)[:, : x.shape[-1]]


def distributions(theta: Any, X: Array, eps: float, placed: set[str]) -> Array:
    """Return the distributions of columns that come out of the last layer.

    `placed` names the parameters that the module has itself: its own norm is not done again.
    """
    X = _exact(X)
    if hasattr(theta, "W_f"):
        X = _exact(theta.W_f) @ X + _exact(theta.b_f)[:, None]
        X = X * (1 + _erf(X / math.sqrt(2))) / 2
    if hasattr(theta, "gamma") and "gamma" not in placed:
        deviation = X - X.mean(-2, keepdims=True)
        scaled = deviation / np.sqrt((deviation**2).mean(-2, keepdims=True) + eps)
        X = scaled * _exact(theta.gamma)[:, None] + _exact(theta.beta)[:, None]
    scores = _exact(theta.W_u) @ X
    powers = np.exp(scores - scores.max(-2, keepdims=True))
    total: Array = powers / powers.sum(-2, keepdims=True)
    return total


def _exact(array: Array) -> Array:
    return array.astype(np.float64)
