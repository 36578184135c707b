"""Functions called with the arrays of torch, JAX or NumPy.

A library is imported only when it is asked for: the spec needs neither torch nor JAX.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from spec.calling.python_signature import parameters_of
from spec.inputs.adapter_error import AdapterError, ChangedArgumentError, FailedCallError
from spec.inputs.array_conversion import BFLOAT16
from spec.inputs.formats import FORMATS
from spec.machine.trees import map_arrays, same

Library = Literal["numpy", "torch", "jax"]

LIBRARIES: tuple[Library, ...] = get_args(Library)


def imported(library: str) -> Any:
    """Return the module of a library, if it is one of `LIBRARIES` and installed."""
    if library not in LIBRARIES:
        raise AdapterError(f"there is no library {library}; there are {', '.join(LIBRARIES)}")
    try:
        return import_module(library)
    except ImportError:
        raise AdapterError(f"{library} is not installed") from None


def formats_of(library: Library) -> tuple[str, ...]:
    """Return the floating-point formats in which a library computes.

    NumPy knows bfloat16 from `ml_dtypes`, which multiplies such matrices in float32.
    """
    return tuple(name for name in FORMATS if library != "numpy" or name != BFLOAT16.name)


def converted(library: Library, tree: Any) -> Any:
    """Return a tree of records, tuples, lists and dicts with its arrays converted to a library.

    A tensor of torch shares its memory with NumPy's array, so that a function that changes it is
    noticed. Arrays of JAX, which cannot be changed, must be made and used while `computing`.
    """
    module = imported(library)
    if library == "torch":
        return map_arrays(lambda array: _tensor(module, array), tree)
    if library == "jax":
        return map_arrays(module.numpy.asarray, tree)
    return tree


@contextmanager
def computing(library: Library, format: str) -> Iterator[None]:
    """Let a library compute in a format inside a `with`: JAX has float64 only if it is enabled."""
    module = imported(library)
    if library == "jax" and format == "float64":
        # Before JAX 0.8, `enable_x64` is in `jax.experimental`.
        holder = module if hasattr(module, "enable_x64") else import_module("jax.experimental")
        with holder.enable_x64(True):
            yield
    else:
        yield


def call_in_library(
    function: Callable[..., Any], arguments: Mapping[str, Any], library: Library
) -> Any:
    """Call a function with arguments by name, converted from NumPy, which it must not change."""
    before = map_arrays(np.copy, dict(arguments))
    by_name = converted(library, dict(arguments))
    parameters = parameters_of(function)
    by_position = [
        by_name.pop(name)
        for name, parameter in parameters.items()
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY and name in by_name
    ]
    try:
        result = function(*by_position, **by_name)
    except BaseException as error:  # a function may even raise SystemExit
        in_order = {name: arguments[name] for name in parameters if name in arguments}
        raise FailedCallError({**in_order, **arguments}) from error
    for name, value in before.items():
        if not same(value, arguments[name]):
            raise ChangedArgumentError(name)
    return result


def _tensor(torch: Any, array: npt.NDArray[Any]) -> Any:
    if array.dtype == BFLOAT16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)
