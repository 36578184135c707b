"""How far a floating-point result may lie from the exact one: formulas in sizes and precision.

The bound on the entries of a value is γ_δ s. Here δ is the largest number of roundings on a way
from the inputs to one of them (`spec.domains.depth`), γ_δ = δu / (1 − δu) with the unit round-off u
of the arguments' precision, and s is the largest number of the whole run, at least 1.

What is proved: products, quotients and sums of numbers of one sign, which amplify no error, lie
within γ_δ of the exact value, relative to it (Higham's lemma 3.1). What is not: a sum that
cancels, an exponential, a division by a small variance multiply the errors made before them, and
no formula in sizes says by how much. Nor does δ count what code does in addition, as a softmax that
first subtracts the largest score. So the bound is not a theorem about the code.

What is tested: every line of the reference, on many inputs, errs by less, in float64 and in
float32. An error of 1 % of a value's largest entry is a million times the bound in float64. In
float32 it is above the bound too, except in training, which is thousands of roundings deep. An
error below the bound is not seen, and one as large as the bound is no sign that the code is right.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb


def unit_roundoff(dtype: Any) -> float:
    """Return u, half the distance from 1 to the next number; float64's for an integer type."""
    kind = np.dtype(dtype)
    return float(np.finfo(kind if kind.kind == "f" else np.float64).eps) / 2


def gamma(roundings: int, dtype: Any = np.float64) -> float:
    """Return Higham's γ_n = n·u / (1 − n·u), which bounds the relative error of n roundings."""
    nu = roundings * unit_roundoff(dtype)
    return nu / (1 - nu)


def spacing(values: Any, dtype: Any) -> float:
    """Return the unit in the last place, in a type, of the largest magnitude that is finite."""
    largest = float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))
    kind = np.dtype(dtype)
    return float(np.spacing((kind if kind.kind == "f" else np.dtype(float)).type(largest)))


def distances(code: npt.NDArray[Any], exact: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return how far each entry of an array is at most from the exact one, given as a ball."""
    pairs = zip(code.astype(float).ravel().tolist(), exact.ravel().tolist(), strict=True)
    return np.array([_distance(*pair) for pair in pairs], dtype=float).reshape(code.shape)


def _distance(number: float, ball: Any) -> float:
    if number == ball:  # also for infinities
        return 0.0
    distance = float(abs(arb(number) - ball).upper())
    return distance if distance == distance else float("inf")


def distinct_digits(number: float, other: float) -> tuple[str, str]:
    """Return two numbers, both written with enough digits to look different.

    >>> distinct_digits(1.0, 1.0000001)
    ('1', '1.0000001')
    """
    texts = [(f"{number:.{digits}g}", f"{other:.{digits}g}") for digits in (6, 12, 17)]
    return next((pair for pair in texts if pair[0] != pair[1]), texts[-1])
