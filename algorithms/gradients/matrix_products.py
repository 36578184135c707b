"""The cotangents of the operands of `X @ Y`, in few products.

Leading axes along which an operand was broadcast are summed. Two
ways spare a large array between: heads that share one operand are
rows of one matrix, and the terms of a sum over a batch are added up
one by one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from algorithms.gradients.cotangents import Values


def left_cotangent(
    c: Values, Y: Values, shape: tuple[int, ...]
) -> Values:
    """`c Yᵀ`, in the shape of X."""
    if len(shape) > 2 and Y.ndim > 2 and Y.shape[-3] == 1:
        # (*batch, H, m, n) by (*batch, 1, k, n): X's heads share Y.
        *batch, H, m, n = c.shape
        if shape[-3] == H and math.prod(shape[:-3]) == 1:
            c = c.reshape(*batch, H * m, n)
            flat = (H * m, shape[-1])
            Y = Y[..., 0, :, :]
            return _summed(c, Y.mT, flat).reshape(shape)
    return _summed(c, Y.mT, shape)


def right_cotangent(
    c: Values, X: Values, shape: tuple[int, ...]
) -> Values:
    """`Xᵀ c`, in the shape of Y."""
    if X.ndim == 3 and len(shape) > 2 and shape[-3] == 1:
        *batch, H, m, n = c.shape
        c = c.reshape(*batch, H * m, n)
        X = X.reshape(H * m, -1)
        flat = (*shape[:-3], *shape[-2:])
        return _summed(X.mT, c, flat).reshape(shape)
    return _summed(X.mT, c, shape)


def _summed(X: Values, Y: Values, shape: tuple[int, ...]) -> Values:
    """`X @ Y`, summed along leading axes that `shape` lacks."""
    extra = max(X.ndim, Y.ndim) - len(shape)
    if extra <= 0:
        return X @ Y
    lead = np.broadcast_shapes(X.shape[:-2], Y.shape[:-2])
    X, Y = (_broadcast(M, lead) for M in (X, Y))
    total: Any = None
    for i in np.ndindex(lead[:extra]):
        term = X[i] @ Y[i]
        if total is None:
            total = term
        else:
            total += term
    return np.asarray(total)


def _broadcast(M: Values, lead: tuple[int, ...]) -> Values:
    return np.broadcast_to(M, (*lead, *M.shape[-2:]))
