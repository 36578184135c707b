"""Arrays of any library, as NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def as_array(value: Any) -> npt.NDArray[Any] | None:
    """Return numbers as an array of NumPy, those of bfloat16 as float64; None for what is none."""
    try:
        if hasattr(value, "detach"):  # torch, whose bfloat16 NumPy does not know
            value = value.detach().cpu()
            value = value.double() if value.is_floating_point() else value
        array = np.asarray(value)
        if dtype_of(value) == "bfloat16":
            array = array.astype(np.float64)
    except Exception:  # what a library raises is its own
        return None
    return array if array.dtype.kind in "biuf" else None


def dtype_of(value: Any) -> str | None:
    """Return the name of an array's type, `float32`; None for what has none."""
    dtype = getattr(value, "dtype", None)
    return None if dtype is None else str(dtype).rpartition(".")[2]
