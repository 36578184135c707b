"""The arrays of a file held to what the config says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.checkpoints.described import Described
from algorithms.checkpoints.state import State
from algorithms.checkpoints.weight_files import FLOATS, Stored
from algorithms.signatures.array_types import dtype_name
from algorithms.signatures.arrays import to_numpy
from algorithms.signatures.errors import DTypeError, ShapeError
from algorithms.signatures.trees import named_arrays, tree_map


def compared(
    stored: Mapping[str, Stored],
    described: Described,
    dtype: str | None,
    where: str,
) -> dict[str, Stored]:
    """The arrays that θ is made of, or one line that says why not.

    Only what is to be a copy of another is read.
    """
    stored = _renamed(stored, described, where)
    for name, want in described.arrays.items():
        if name not in stored:
            raise ValueError(f"{where}: no array is called {name}")
        if (have := stored[name].shape) != want:
            raise ShapeError(
                f"{where}: {name} has shape {have}, want {want}"
            )
    _refuse_unread(stored, described, where)
    found = {name: stored[name] for name in described.arrays}
    _compare_types(found, dtype, where)
    for copy, origin in described.copies.items():
        if copy in stored and not np.array_equal(
            stored[copy].bits, stored[origin].bits
        ):
            raise ValueError(
                f"{where}: {copy} is not {origin}, "
                "want it so or the config otherwise"
            )
    return found


def _renamed(
    stored: Mapping[str, Stored], described: Described, where: str
) -> dict[str, Stored]:
    """Arrays under the names that Hugging Face gives them today.

    A model saved without its head has no prefix before its names,
    and γ and β were called so in 2018.
    """
    base, ours = described.base, _tops(described)
    bare = not any(name.startswith(base) for name in stored)
    renamed: dict[str, Stored] = {}
    for old, one in stored.items():
        name = old.replace("LayerNorm.gamma", "LayerNorm.weight")
        name = name.replace("LayerNorm.beta", "LayerNorm.bias")
        if _top(name) not in ours and (
            bare or base + name in described.arrays
        ):
            name = base + name
        if name in renamed:
            raise ValueError(
                f"{where}: two arrays are called {name}"
            )
        renamed[name] = one
    return renamed


def _refuse_unread(
    stored: Mapping[str, Stored], described: Described, where: str
) -> None:
    """Refuse what changes P; leave out what is of other tasks."""
    ours = _tops(described)
    others = (name for name in stored if _top(name) not in ours)
    state: State[Any] = State(where, stored)
    state.read |= described.arrays.keys() | described.copies.keys()
    state.refuse_unread(*others, *described.besides)


def _top(name: str) -> str:
    return name.partition(".")[0]


def _tops(described: Described) -> set[str]:
    return {*map(_top, (*described.arrays, *described.copies))}


def _compare_types(
    stored: Mapping[str, Stored], dtype: str | None, where: str
) -> None:
    """One type of floats, or one that is asked for."""
    first = next(iter(stored))
    one = stored[first].type
    for name in stored:
        other = stored[name].type
        if other not in FLOATS:
            raise DTypeError(
                f"{where}: {name} has type {other}, want a float"
            )
        if dtype is None and other != one:
            raise DTypeError(
                f"{where}: {name} has type {other}, {first} has "
                f"{one}: choose by load(…, dtype='float32')"
            )
    if dtype is None and one == "BF16":
        raise DTypeError(
            f"{where}: has type BF16, which NumPy has not: choose "
            "by load(…, dtype='float32')"
        )


def arrays_of_file(
    described: Described, parameters: Any, where: str
) -> dict[str, NDArray[Any]]:
    """The arrays of a file that is read as these parameters.

    What reads a file has the file's arrays in other shapes, not
    other arrays: what is written to θ is then in the file.
    """
    theta = tree_map(_in_numpy(where), parameters)
    first = next(named_arrays(theta, ""), ("", None))[1]
    dtype = getattr(first, "dtype", np.float64)
    arrays = {
        name: np.zeros(shape, dtype)
        for name, shape in described.arrays.items()
    }
    places = described.read(arrays)
    _compare_shapes(theta, places, where)
    theta = described.to_file(theta)
    tree_map(np.copyto, places, theta)
    # Some are no array of the file but zeros, or another again.
    written = dict(named_arrays(described.read(arrays), ""))
    for name, w in named_arrays(theta, ""):
        if not _same(w, written[name]):
            raise ValueError(
                f"{where} cannot hold parameters{name} as it is: "
                "with this config it is made of other arrays"
            )
    return arrays


def _same(w: NDArray[Any], other: NDArray[Any]) -> bool:
    return np.array_equal(w, other) or np.array_equal(
        w, other, equal_nan=True
    )


def _in_numpy(where: str) -> Any:
    def convert(w: Any) -> NDArray[Any]:
        name = dtype_name(getattr(w, "dtype", type(w)))
        if name not in ("float16", "float32", "float64"):
            raise DTypeError(
                f"{where} cannot hold {name}, want float16, "
                "float32 or float64"
            )
        return to_numpy(w).astype(name, copy=False)

    return convert


def _compare_shapes(have: Any, want: Any, where: str) -> None:
    arrays = dict(named_arrays(have, ""))
    places = dict(named_arrays(want, ""))
    for name in {**places, **arrays}:
        shapes = [
            getattr(part.get(name), "shape", None)
            for part in (arrays, places)
        ]
        if shapes[0] != shapes[1]:
            raise ShapeError(
                f"{where} cannot hold parameters{name} of shape "
                f"{shapes[0]}, want {shapes[1]}"
            )
