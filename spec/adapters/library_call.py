"""Calls a function in a library, and sees whether it changes what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from spec.adapters.array_libraries import Library, converted
from spec.inputs.adapter import ChangedError
from spec.inputs.records import map_arrays


def called(function: Callable[..., Any], handed: Mapping[str, Any], library: Library) -> Any:
    """Call a function with arrays of NumPy, in a library that is `computing`.

    Raises
    ------
    ChangedError
        If it changes one.
    """
    handed = dict(handed)
    before = map_arrays(np.copy, handed)
    value = function(**converted(library, handed))
    for name, array in before.items():
        if _differ(array, handed[name]):
            raise ChangedError(name)
    return value


def _differ(before: Any, after: Any) -> bool:
    """Say whether arrays, at any depth, are others."""
    if isinstance(before, tuple | list):
        return any(_differ(one, other) for one, other in zip(before, after, strict=True))
    if hasattr(before, "dtype"):
        return not np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
    return False
