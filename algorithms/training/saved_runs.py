"""A run in a file: written whole or not at all, and read again.

One safetensors file holds it: θ and the optimiser's state, an array
under each path (`theta.layers[0].W.b_o`), the order of the epoch,
and in its metadata the number of the step and the state of the
random numbers. `safetensors.numpy.load_file` reads the arrays.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.signatures.errors import ShapeError
from algorithms.signatures.trees import named_arrays, tree_map


class SavedRun(NamedTuple):
    """All that a run needs to go on as if it had not been stopped.

    `order` is the epoch's; `batch_size` and `rng_state` are to be
    those of the run that goes on.
    """

    theta: Any
    state: Any
    order: NDArray[np.int64]
    step: int
    batch_size: int
    rng_state: Any


def save_run(path: Path, run: SavedRun) -> None:
    """Write a run, aside first, and put it in place of the last.

    At any moment the file is the last run or this one, whole: also
    where the process is killed or the power fails.
    """
    from safetensors.numpy import save

    numbers = {
        "step": run.step,
        "batch_size": run.batch_size,
        "rng": run.rng_state,
    }
    data = save(
        {
            name: np.ascontiguousarray(array)
            for name, array in _arrays(run).items()
        },
        {"run": json.dumps(numbers, default=np.ndarray.tolist)},
    )
    part = _aside(path)
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Let the names in a folder outlive a failure of the power."""
    if hasattr(os, "O_DIRECTORY"):  # Windows syncs no folder
        folder = os.open(path, os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def load_run(path: Path, like: SavedRun) -> SavedRun | None:
    """The run in a file, None where there is no file yet.

    It has to have the arrays of `like`, and its batches; else one
    line says what is otherwise, and the file stays as it is. What
    a killed process has left aside is removed.
    """
    from safetensors import SafetensorError, safe_open

    _aside(path).unlink(missing_ok=True)
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            names = file.keys()
            arrays = {name: file.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise ValueError(
            f"{path}: is no safetensors file ({error})"
        ) from None
    if "run" not in metadata:
        raise ValueError(f"{path}: holds no run, only arrays")
    numbers = json.loads(metadata["run"])
    _compare(path, arrays, _arrays(like))
    if numbers["batch_size"] != like.batch_size:
        raise ValueError(
            f"{path}: has batches of {numbers['batch_size']}, "
            f"want {like.batch_size}"
        )
    have = numbers["rng"]["bit_generator"]
    want = like.rng_state["bit_generator"]
    if have != want:
        raise ValueError(
            f"{path}: has an rng of {have}, want {want}"
        )
    return SavedRun(
        _filled(like.theta, arrays, "theta"),
        _filled(like.state, arrays, "state"),
        arrays["order"],
        numbers["step"],
        numbers["batch_size"],
        numbers["rng"],
    )


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _arrays(run: SavedRun) -> dict[str, Any]:
    return {
        **dict(named_arrays(run.theta, "theta")),
        **dict(named_arrays(run.state, "state")),
        "order": run.order,
    }


def _compare(
    path: Path, have: dict[str, Any], want: dict[str, Any]
) -> None:
    for name in {**want, **have}:
        if name not in have:
            raise ShapeError(f"{path}: has no {name}")
        if name not in want:
            raise ShapeError(f"{path}: has {name}, want none")
        for what in ("shape", "dtype"):
            a, b = (
                getattr(arrays[name], what)
                for arrays in (have, want)
            )
            if a != b:
                raise ShapeError(
                    f"{path}: {name} has {what} {a}, want {b}"
                )


def _filled(tree: Any, arrays: dict[str, Any], name: str) -> Any:
    """The same tree with the arrays of a file."""
    left = iter([path for path, _ in named_arrays(tree, name)])
    return tree_map(lambda _: arrays[next(left)], tree)
