"""How far two orders of the same sums may lie apart.

A bound is a formula in the sizes and the unit round-off, never picked by eye. Higham's γ_n bounds
the relative error of a sum or an inner product of n terms (*Accuracy and Stability of Numerical
Algorithms*, 2002, lemma 3.1). Where several sums follow each other the bound here is that of the
longest, once for each sum passed on the way: a formula, and not yet a proof.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spec.expected.rounding_bounds import gamma
from spec.machine.trees import arrays


def bound(value: Any, *, terms: int, sums: int = 1) -> float:
    """The bound for `sums` sums in a row, of at most `terms` terms each, at the value's scale."""
    value = np.asarray(value)
    return 2 * sums * gamma(terms, value.dtype) * max(1.0, float(abs(value).max(initial=0.0)))


def budget(*arguments: Any) -> dict[str, int]:
    """`terms` and `sums` of a call, read off its arguments.

    No sum has more terms than the longest axis, and no token passes more sums in a row than there
    are arrays of floats: the query's, scores, softmax, mean of values and W_o where attention has
    eight arrays, two where a layer norm has two, two where an MLP has four, and one where a head
    has its W_u and X, which softmax follows.
    """
    found = list(arrays(arguments))
    floats = [a for a in found if "float" in str(a.dtype)]
    return {"terms": max(max(a.shape, default=1) for a in found), "sums": len(floats)}


def apart(got: Any, want: Any) -> float:
    """The largest difference of two results of one shape and type."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    return float(abs(got - want).max(initial=0.0))


def assert_close(got: Any, want: Any, *, terms: int, sums: int = 1) -> None:
    """Two results of one formula, summed in different orders."""
    distance, most = apart(got, want), bound(want, terms=terms, sums=sums)
    assert distance <= most, f"{distance:.1e} apart, {most:.1e} allowed"


def assert_apart(got: Any, want: Any, *, terms: int, sums: int = 1) -> None:
    """Two results that no rounding can explain."""
    distance, most = apart(got, want), bound(want, terms=terms, sums=sums)
    assert distance > most, f"{distance:.1e} apart, which rounding ({most:.1e}) could explain"
