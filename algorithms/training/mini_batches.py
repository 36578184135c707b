"""Sequences of several lengths in one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from algorithms.signatures.arrays import (
    A,
    Arr,
    Array,
    device,
    entries,
    namespace,
    to_numpy,
)


def pad(sequences: Sequence[Arr]) -> tuple[Arr, Arr]:
    """Sequences as rows of one array, filled up at the right end.

    Parameters
    ----------
    sequences : sequence of B integer arrays, (ell,)
        Token IDs; of one library, at least one sequence.

    Returns
    -------
    x : integer, (B, ell)
        As long as the longest of them; filled up with 0.
    padding : bool, (B, ell)
        True at tokens, False at what is filled up: the argument
        `padding` of Algorithms 8 to 10.

    Examples
    --------
    >>> import numpy as np
    >>> pad([np.array([5, 2, 6]), np.array([3])])[0]
    array([[5, 2, 6],
           [3, 0, 0]])
    """
    first = sequences[0]
    xp, where = namespace(first), device(first)
    lengths = [x.shape[0] for x in sequences]
    padding = np.arange(max(lengths)) < np.array(lengths)[:, None]
    x = np.zeros(padding.shape, np.int64)
    x[padding] = np.concatenate([to_numpy(x) for x in sequences])
    return (
        xp.asarray(x, dtype=first.dtype, device=where),
        xp.asarray(padding, device=where),
    )


def log_loss(P: A, y: Array, counts: Array) -> A:
    """`−Σ log P[y[t], t]` over the places that count.

    Parameters
    ----------
    P : float, (*batch, N_V, ell)
        Predicted distributions, as columns.
    y : integer, (*batch, ell)
        For each column the token that was to be predicted.
    counts : bool, (*batch, ell)
        At which columns. What stands at others is never looked at.

    Returns
    -------
    loss : float, ()

    Examples
    --------
    >>> import numpy as np
    >>> P = np.array([[0.5, 0.0], [0.5, 1.0]])
    >>> y, counts = np.array([1, 0]), np.array([True, False])
    >>> round(float(log_loss(P, y, counts)), 3)
    0.693
    """
    xp = namespace(P)
    # Elsewhere the likeliest token, whose logarithm is finite.
    y = xp.where(counts, cast("A", y), xp.argmax(P, axis=-2))
    log_p = xp.log(entries(P, y))
    return -xp.sum(xp.where(counts, log_p, 0.0))
