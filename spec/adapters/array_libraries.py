"""Arrays of NumPy in another library, and what it returns in NumPy's.

The libraries are imported only when they are asked for: the spec needs none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Literal, get_args

import ml_dtypes
import numpy as np
import numpy.typing as npt

from spec.inputs.adapter import AdapterError
from spec.inputs.records import map_arrays

Library = Literal["numpy", "torch", "jax"]

LIBRARIES: tuple[Library, ...] = get_args(Library)
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def imported(library: str) -> Any:
    """Return a library.

    Raises
    ------
    AdapterError
        If it is none of `LIBRARIES`, or is not installed.
    """
    if library not in LIBRARIES:
        raise AdapterError(f"there is no library {library}; there are {', '.join(LIBRARIES)}")
    try:
        return import_module(library)
    except ImportError:
        raise AdapterError(f"{library} is not installed") from None


def converted(library: Library, tree: Any) -> Any:
    """Return a tree of records, tuples, lists and dicts with its arrays in a library.

    Those of torch share their memory with NumPy's, so that it is seen when a function changes
    them. Those of JAX, which cannot be changed, are to be made and used while `computing`.
    """
    module = imported(library)
    if library == "torch":
        return map_arrays(lambda array: _tensor(module, array), tree)
    if library == "jax":
        return map_arrays(module.numpy.asarray, tree)
    return tree


@contextmanager
def computing(library: Library, format: str) -> Iterator[None]:
    """Let a library compute in a format while this lasts: JAX knows float64 only if it is told."""
    module = imported(library)
    if library == "jax" and format == "float64":
        # It stood in `jax.experimental` before JAX 0.8.
        holder = module if hasattr(module, "enable_x64") else import_module("jax.experimental")
        with holder.enable_x64(True):
            yield
    else:
        yield


def as_numpy(value: Any) -> npt.NDArray[Any]:
    """Return an array of any library as NumPy's, in its own format.

    Raises
    ------
    TypeError
        If it is no array of numbers.
    """
    if hasattr(value, "detach"):  # torch, whose bfloat16 NumPy does not know
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":
            return value.view(imported("torch").int16).numpy().view(BFLOAT16)  # type: ignore[no-any-return]
    try:
        array = np.asarray(value)
    except Exception:  # what a library raises is its own
        array = np.empty((), dtype=object)
    if array.dtype.kind not in "biuf" and array.dtype != BFLOAT16:
        raise TypeError(f"{type(value).__name__} is no array of numbers")
    return array


def _tensor(torch: Any, array: npt.NDArray[Any]) -> Any:
    if array.dtype == BFLOAT16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)
