"""How far two orders of the same sums may lie apart.

A bound is a formula in the sizes and the unit round-off, never picked by eye. Higham's γ_n bounds
the relative error of a sum or an inner product of n terms (*Accuracy and Stability of Numerical
Algorithms*, 2002, lemma 3.1). Where several layers follow each other the bound here is that of the
longest sum, once for each sum passed on the way: a formula, and not yet a proof.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def unit_roundoff(dtype: Any) -> float:
    """Half the distance from 1 to the next number."""
    return float(np.finfo(dtype).eps) / 2


def gamma(terms: int, dtype: Any = np.float64) -> float:
    """Higham's γ_n = n·u / (1 − n·u)."""
    nu = terms * unit_roundoff(dtype)
    return nu / (1 - nu)


def bound(value: Any, *, terms: int, sums: int = 1) -> float:
    """The bound for `sums` sums in a row, of at most `terms` terms each, at the value's scale."""
    value = np.asarray(value)
    return 2 * sums * gamma(terms, value.dtype) * max(1.0, float(abs(value).max(initial=0.0)))


def assert_close(got: Any, want: Any, *, terms: int, sums: int = 1) -> None:
    """Two results of one formula, summed in different orders."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    distance = abs(got - want).max(initial=0.0)
    assert distance <= bound(want, terms=terms, sums=sums), (
        f"{distance:.1e} apart, {bound(want, terms=terms, sums=sums):.1e} allowed"
    )
