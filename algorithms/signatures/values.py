"""What a check reads of an array's values, where they are known.

Under a trace, `jax.jit`, `torch.compile` or a `vmap`, an array has
no values yet.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from algorithms.signatures.array_types import COARSE, dtype_name
from algorithms.signatures.arrays import to_numpy
from algorithms.signatures.errors import NotFiniteError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def extremes(array: Any) -> Iterator[int]:
    """The least and the greatest integer."""
    values = known(array)
    if values is not None and values.size:
        yield int(values.min())
        yield int(values.max())


def padded_at_the_right(padding: Any) -> bool:
    """Whether no False stands before a True, in any sequence."""
    values = known(padding)
    if values is None:
        return True
    return not (values[..., 1:] & ~values[..., :-1]).any()


def all_finite(array: Any) -> bool:
    """Whether no number is infinite or nan."""
    values = known(array)
    return values is None or bool(np.isfinite(values).all())


def some_nan(array: Any) -> bool:
    """Whether some number is none."""
    values = known(array)
    return values is not None and bool(np.isnan(values).any())


def least(array: Any) -> float | None:
    """The least number."""
    values = known(array)
    if values is None or not values.size:
        return None
    return float(values.min())


def excess(p: Any) -> float | None:
    """By how much the sum of p passes 1; None: only by rounding.

    N_V quotients by a computed sum add up to 1 ± N_V units, and p
    may have been computed in float32 before it came to be float64.
    """
    values = known(p)
    total = 1.0 if values is None else values.sum(dtype=np.float64)
    above = float(total) - 1
    unit = COARSE.get(dtype_name(p.dtype), 2.0**-23)
    return above if abs(above) > p.shape[0] * unit else None


def refuse_lost_scores(S: Any, Mask: Any, function: str) -> None:
    """No score overflows to −∞, in float16, where Mask is True."""
    if compiling() or dtype_name(S.dtype) != "float16":
        return
    scores, counts = known(S), known(Mask)
    if scores is None or counts is None:
        return
    if (np.isneginf(scores) & counts).any():
        raise NotFiniteError(
            f"{function}: a score is −∞ where Mask is True: it "
            "fell below −65504, the least of float16; want float32"
        )


def number(array: Any) -> float | None:
    """The value of an array without axes."""
    value = known(array)
    return None if value is None else float(value)


def known(array: Any) -> NDArray[Any] | None:
    """The values in NumPy; None while they are traced."""
    try:
        return None if compiling() else to_numpy(array)
    except (TypeError, RuntimeError):
        return None


def compiling() -> bool:
    """Whether `torch.compile` traces the call."""
    torch = sys.modules.get("torch")
    return torch is not None and bool(torch.compiler.is_compiling())
