"""Algorithm R7: distances, those far away sharing a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from algorithms.signatures.arrays import (
    Array,
    arange,
    as_index,
    device,
    namespace,
)
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Integer


@algorithm("R7", requires=("1 <= kappa", "kappa <= D"))
def bucket(
    r: Integer[Array, "*batch"], *, kappa: int, D: int
) -> Integer[Array, "*batch"]:
    """Which column of a table stands for a distance.

    Distances below kappa have a column each. Those from there to D
    share kappa columns, in steps of equal proportion, and all
    beyond D are in the last of them.

    Parameters
    ----------
    r : integer of any type, (*batch)
        Distances; one below 0 counts as 0.
    kappa : int, at least 1
        The first distance that shares a column: half the number of
        columns.
    D : int, at least kappa
        Where the steps end.

    Returns
    -------
    c : integer, (*batch)
        Columns, from 0 to 2 kappa − 1.

    Raises
    ------
    DTypeError
        An argument is not what the signature says.
    ValueError
        kappa is 0, or D less than kappa.

    Notes
    -----
    T5 rounds a logarithm of r down, in float32. This is the same
    without rounding: a distance belongs to the next column from the
    very number on where its logarithm is whole (A23). Thresholds
    are found in Python's integers, which have no largest.

    Source: Raffel et al. 2020, "Exploring the Limits of Transfer
    Learning with a Unified Text-to-Text Transformer", section 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> bucket(np.array([0, 1, 2, 3, 4, 7, 8, 99]), kappa=2, D=8)
    array([0, 1, 2, 2, 3, 3, 3, 3])
    """
    r = as_index(r)
    xp = namespace(r)
    alone = arange(kappa, r) + 1
    shared = xp.asarray(
        _thresholds(kappa, D), dtype=r.dtype, device=device(r)
    )
    a = xp.searchsorted(alone, r, side="right")  # R7.1
    b = xp.searchsorted(shared, r, side="right")  # R7.2
    return xp.astype(a + b, r.dtype)  # R7.3


def _thresholds(kappa: int, D: int) -> list[int]:
    """The first distance after each step, κ (D/κ)^(j/κ) or more."""
    return [
        _root(D**j * kappa ** (kappa - j), kappa, D)
        for j in range(1, kappa)
    ]


def _root(power: int, kappa: int, most: int) -> int:
    """The least number whose power κ is as large, or larger."""
    low = 0
    while low < most:
        middle = (low + most) // 2
        if middle**kappa < power:
            low = middle + 1
        else:
            most = middle
    return low
