"""What an array is made of: its library, its type of elements."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any, cast

from algorithms.signatures.arrays import namespace

#: NumPy's arrays that compute something else with the same signs.
UNLIKE = {
    "numpy.matrix": "whose * is a product of matrices",
    "numpy.ma.MaskedArray": "whose mask would be lost",
}

#: The largest number that rounds to 0. Of float64 there is none.
VANISHING = {
    "float16": 2.0**-25,
    "bfloat16": 2.0**-134,
    "float32": 2.0**-150,
}

#: The distance from 1 to the next number, where it is large.
COARSE = {"float16": 2.0**-10, "bfloat16": 2.0**-7}

_libraries: dict[type, str] = {}
_misleading: dict[type, str] = {}
_dtypes: dict[tuple[Any, Any], str] = {}


def library(value: Any) -> str | None:
    """The library of an array, "torch"; None for anything else."""
    cls = type(value)
    if cls not in _libraries:
        try:
            module = cast("Any", namespace(value)).__name__
        except TypeError:  # no library has arrays of this type
            return None
        name = module.removeprefix("array_api_compat.")
        _libraries[cls] = name.split(".")[0]
    return _libraries[cls]


def misleading(value: Any) -> str:
    """What an array is, if not a plain one of numbers; else ""."""
    cls = type(value)
    if cls not in _misleading:
        names = map(type_name, cls.__mro__)
        why = (f"{n}, {w}" for n in names if (w := UNLIKE.get(n)))
        _misleading[cls] = next(why, "")
    if _libraries.get(cls) == "torch":
        torch = sys.modules["torch"]
        if value.is_nested or value.layout is not torch.strided:
            kind = "nested" if value.is_nested else value.layout
            return f"torch.Tensor ({kind}), which is not dense"
    return _misleading[cls]


@cache
def dtypes(some: tuple[str, ...], library: str) -> tuple[str, ...]:
    """The types without those that a library lacks.

    NumPy has no bfloat16: with that of another package it computes
    in float32.
    """
    lacking = "bfloat16" if library == "numpy" else None
    return tuple(dtype for dtype in some if dtype != lacking)


def autocast(value: Any) -> str | None:
    """The type in which torch.autocast computes with an array."""
    if library(value) != "torch":
        return None
    torch, device = sys.modules["torch"], value.device.type
    if (
        value.dtype is torch.float64  # which it leaves alone
        or not torch.amp.is_autocast_available(device)
        or not torch.is_autocast_enabled(device)
    ):
        return None
    return dtype_name(torch.get_autocast_dtype(device))


def dtype_name(dtype: Any) -> str:
    """`float32` of NumPy's, torch's and JAX's alike."""
    # With its type: array-api-strict warns where another library's
    # dtype is compared with its own.
    key = (type(dtype), dtype)
    if key not in _dtypes:
        _dtypes[key] = str(dtype).rpartition(".")[2]
    return _dtypes[key]


def type_name(cls: Any) -> str:
    """`torch.Generator`, not to be taken for NumPy's."""
    if cls is Callable:
        return "a function"
    path = cls.__module__.split(".")
    if path[0] in ("builtins", "algorithms"):
        path = []
    public = [part for part in path if not part.startswith("_")]
    return ".".join((*public, cls.__name__))
