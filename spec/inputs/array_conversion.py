"""Arrays of any library, converted to NumPy."""

import sys
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def to_numpy(value: Any) -> Array | None:
    """Return an array of any library, or a number, as an array of NumPy in its own format.

    None stands for a value that is not an array of numbers or truth values.
    """
    try:
        if hasattr(value, "detach"):  # torch, whose bfloat16 NumPy does not know
            value = value.detach().cpu()
            if str(value.dtype) == "torch.bfloat16":
                value = np.asarray(value.view(sys.modules["torch"].int16)).view(BFLOAT16)
        while hasattr(value, "primal"):  # JAX, while it takes a gradient
            value = value.primal
        array = np.asarray(value)
    except Exception:  # an object may raise anything when it is converted
        return None
    return array if array.dtype.kind in "biuf" or array.dtype == BFLOAT16 else None


def dtype_name(value: Any) -> str | None:
    """Return the name of an array's type, `float32`; None for a value without a type."""
    dtype = getattr(value, "dtype", None)
    return None if dtype is None else str(dtype).rpartition(".")[2]
