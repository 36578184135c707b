"""Functions called with the arrays of torch, JAX or NumPy.

The libraries are imported only when they are asked for: the spec needs none of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from spec.calling.python_signature import parameters_of
from spec.inputs.adapter import AdapterError, ChangedError
from spec.inputs.array_conversion import BFLOAT16
from spec.machine.trees import map_arrays, same

Library = Literal["numpy", "torch", "jax"]

LIBRARIES: tuple[Library, ...] = get_args(Library)


def imported(library: str) -> Any:
    """Return the module of a library.

    Raises
    ------
    AdapterError
        If it is not one of `LIBRARIES`, or is not installed.
    """
    if library not in LIBRARIES:
        raise AdapterError(f"there is no library {library}; there are {', '.join(LIBRARIES)}")
    try:
        return import_module(library)
    except ImportError:
        raise AdapterError(f"{library} is not installed") from None


def converted(library: Library, tree: Any) -> Any:
    """Return a tree of records, tuples, lists and dicts with its arrays in a library.

    Those of torch share their memory with NumPy's, so that a function that changes them is
    seen. Those of JAX, which cannot be changed, must be made and used while `computing`.
    """
    module = imported(library)
    if library == "torch":
        return map_arrays(lambda array: _tensor(module, array), tree)
    if library == "jax":
        return map_arrays(module.numpy.asarray, tree)
    return tree


@contextmanager
def computing(library: Library, format: str) -> Iterator[None]:
    """Let a library compute in a format while this lasts: JAX has float64 only if it is told."""
    module = imported(library)
    if library == "jax" and format == "float64":
        # It stood in `jax.experimental` before JAX 0.8.
        holder = module if hasattr(module, "enable_x64") else import_module("jax.experimental")
        with holder.enable_x64(True):
            yield
    else:
        yield


def call_in_library(
    function: Callable[..., Any], arguments: Mapping[str, Any], library: Library
) -> Any:
    """Call a function with arguments by name, whose arrays of NumPy are converted.

    Raises
    ------
    ChangedError
        If the function changes an argument.
    """
    before = map_arrays(np.copy, dict(arguments))
    handed = converted(library, dict(arguments))
    by_position = [
        handed.pop(name)
        for name, parameter in parameters_of(function).items()
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY and name in handed
    ]
    result = function(*by_position, **handed)
    for name, value in before.items():
        if not same(value, arguments[name]):
            raise ChangedError(name)
    return result


def _tensor(torch: Any, array: npt.NDArray[Any]) -> Any:
    if array.dtype == BFLOAT16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)
