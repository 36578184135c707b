"""The arrays of a file held to what the config says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.checkpoints.described import Described
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
    known = _known(described)
    for name in stored:
        if name not in known:
            raise ValueError(
                f"{where}: θ has no place for array {name}"
            )
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


def _known(described: Described) -> set[str]:
    return {
        *described.arrays,
        *described.copies,
        *described.besides,
    }


def _renamed(
    stored: Mapping[str, Stored], described: Described, where: str
) -> dict[str, Stored]:
    """Arrays under the names that Hugging Face gives them today.

    A model saved without its head has no prefix before its names,
    and γ and β were called so in 2018.
    """
    base, known = described.base, _known(described)
    renamed: dict[str, Stored] = {}
    for old, one in stored.items():
        name = old.replace("LayerNorm.gamma", "LayerNorm.weight")
        name = name.replace("LayerNorm.beta", "LayerNorm.bias")
        if name not in known and base + name in known:
            name = base + name
        if name in renamed:
            raise ValueError(
                f"{where}: two arrays are called {name}"
            )
        renamed[name] = one
    return renamed


def converted(
    stored: Mapping[str, Stored], dtype: str | None, where: str
) -> dict[str, NDArray[Any]]:
    """The arrays in a type that holds their numbers."""
    arrays = {}
    for name, one in stored.items():
        with np.errstate(over="ignore"):
            arrays[name] = array = one.array(dtype)
        if (
            dtype
            and np.isinf(array).any()
            and not (np.isinf(array) == np.isinf(one.array())).all()
        ):
            raise ValueError(
                f"{where}: {name} has numbers that pass the "
                f"largest of {dtype}, {np.finfo(dtype).max:g}"
            )
    return arrays


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


def refuse_unlike(
    described: Described, parameters: Any, where: str
) -> None:
    """Refuse parameters that no file of this model could hold.

    Values are compared where one array of a file is several of θ,
    or none. Nothing else is copied.
    """
    _arrays(described, parameters, where, whole=False)


def arrays_of_file(
    described: Described, parameters: Any, where: str
) -> dict[str, NDArray[Any]]:
    """The arrays of a file that is read as these parameters."""
    return _arrays(described, parameters, where, whole=True)


def _arrays(
    described: Described,
    parameters: Any,
    where: str,
    *,
    whole: bool,
) -> dict[str, NDArray[Any]]:
    """The arrays of a file, with all of θ in them or some.

    What reads a file has the file's arrays in other shapes, not
    other arrays: what is written to θ is then in the file. Zeros
    take no memory until they are written to.
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
    held = dict(named_arrays(described.to_file(theta), ""))
    alone = set() if whole else _alone(places, arrays)
    for name, place in named_arrays(places, ""):
        if name not in alone:
            np.copyto(place, held[name])
    # Some are no array of the file but zeros, or another again.
    for name, other in named_arrays(described.read(arrays), ""):
        w = held[name]
        if name in alone:
            other = w.astype(dtype, copy=False)
        if w is not other and not _same(w, other):
            raise ValueError(
                f"{where} cannot hold parameters{name} "
                f"{_why(name, held, places)}"
            )
    return arrays


def _why(
    name: str, held: Mapping[str, NDArray[Any]], places: Any
) -> str:
    """Why a file's arrays do not make an array of θ."""
    parts = dict(named_arrays(places, ""))
    for other, part in parts.items():
        if other != name and np.shares_memory(part, parts[name]):
            return (
                f"and parameters{other}, which differ: with this "
                "config they are one array, and two in model_of("
                "{**config, 'tie_word_embeddings': False}, …)"
            )
    first = next(iter(held))
    if held[name].dtype != held[first].dtype:
        return (
            f"of {held[name].dtype}, want {held[first].dtype} as "
            f"parameters{first}"
        )
    return "as it is: with this config it is made of other arrays"


def _alone(
    places: Any, arrays: Mapping[str, NDArray[Any]]
) -> set[str]:
    """The arrays of θ that share no number with another one.

    `places` are parts of a file's arrays, or made of them.
    """
    of_one: dict[int, list[tuple[str, NDArray[Any]]]] = {
        id(array): [] for array in arrays.values()
    }
    for name, place in named_arrays(places, ""):
        root = place
        while root.base is not None:
            root = root.base
        of_one.get(id(root), []).append((name, place))
    return {
        name
        for parts in of_one.values()
        for name, place in parts
        if not any(
            np.shares_memory(place, other)
            for _, other in parts
            if other is not place
        )
    }


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
    for name in arrays:
        if name not in places:
            raise ShapeError(
                f"{where} has no place for parameters{name}"
            )
    for name, place in places.items():
        if name not in arrays:
            raise ShapeError(
                f"{where} cannot do without parameters{name}"
            )
        if arrays[name].shape != place.shape:
            raise ShapeError(
                f"{where} cannot hold parameters{name} of shape "
                f"{arrays[name].shape}, want {place.shape}"
            )
