"""What a check reads of an array's values, where they are known.

Under a trace, `jax.jit`, `torch.compile` or a `vmap`, an array has
no values yet.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.signatures.arrays import to_numpy


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
