"""What is owed to an array that was broadcast."""

from __future__ import annotations

from algorithms.signatures.arrays import A, namespace


def summed_like(X: A, X_bar: A) -> A:
    """Sum X_bar along the leading axes that X was broadcast to.

    >>> import numpy as np
    >>> summed_like(np.ones((2, 1, 4)), np.ones((5, 2, 3, 4))).shape
    (2, 1, 4)
    """
    xp = namespace(X)
    while len(X_bar.shape) > len(X.shape):
        X_bar = xp.sum(X_bar, axis=0)
    for axis, size in enumerate(X.shape):
        if size == 1 and X_bar.shape[axis] != 1:
            X_bar = xp.sum(X_bar, axis=axis, keepdims=True)
    return X_bar
