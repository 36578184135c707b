"""A folder's safetensors files: arrays that stay on the disk.

The library `safetensors` checks each file's header; then an array
is a part of the file mapped to memory, which is read where it is
used. What is written to it stays in memory. Nothing is unpickled.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.checkpoints.model_config import read_json, shown

#: The types of floats, and those of NumPy's that hold their bits.
FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}

#: Of the name of a file or array.
MOST_BYTES = 255

WHOLE = "model.safetensors"
INDEX = "model.safetensors.index.json"


class Stored:
    """An array of a file, which nobody has read yet."""

    def __init__(
        self,
        bits: NDArray[Any],
        type: str,
        shape: tuple[int, ...],
    ) -> None:
        self.bits, self.type, self.shape = bits, type, shape

    def array(self, dtype: str | None = None) -> NDArray[Any]:
        """Its floats, in their own type or in another."""
        array = self.bits.view(FLOATS[self.type])
        array = array.reshape(self.shape)
        if self.type == "BF16":  # the first half of a float32
            bits = array.astype(np.uint32) << np.uint32(16)
            array = bits.view(np.float32)
        return array if dtype is None else array.astype(dtype)


def open_weights(folder: Path) -> dict[str, Stored]:
    """All arrays of a folder, by their names."""
    whole = (folder / WHOLE).exists()
    if whole and (folder / INDEX).exists():
        raise ValueError(
            f"load: {folder}: has both {WHOLE} and {INDEX}"
        )
    if whole:
        return _arrays(inside(folder, WHOLE))
    if not (folder / INDEX).exists():
        pickled = (
            path.name
            for pattern in ("*.bin", "*.pt", "*.pth", "*.ckpt")
            for path in sorted(folder.glob(pattern))
        )
        only = next(pickled, "")
        why = f", only {only}, which is not unpickled" * bool(only)
        raise FileNotFoundError(
            f"load: {folder}: has no {WHOLE}{why}"
        )
    return _sharded(folder)


def _sharded(folder: Path) -> dict[str, Stored]:
    where = f"load: {folder / INDEX}"
    index = read_json(inside(folder, INDEX))
    shards = (
        index.get("weight_map") if isinstance(index, dict) else None
    )
    if not isinstance(shards, dict) or not all(
        isinstance(shard, str) and _are_names(name, shard)
        for name, shard in shards.items()
    ):
        raise ValueError(f"{where}: has no weight_map of files")
    arrays: dict[str, Stored] = {}
    for shard in sorted({*shards.values()}):
        for name, stored in _arrays(inside(folder, shard)).items():
            if shards.get(name) != shard:
                also = shards.get(name, "no file")
                raise ValueError(
                    f"{where}: says that {name} is in {also}, "
                    f"{shard} has it"
                )
            arrays[name] = stored
    for name in shards.keys() - arrays.keys():
        raise ValueError(
            f"{where}: says that {name} is in {shards[name]}, "
            "which has it not"
        )
    return arrays


def inside(folder: Path, name: str) -> Path:
    """A file of the folder itself, wherever a name may lead.

    Hugging Face's cache has links in a folder `snapshots/…` to its
    files in `blobs`: these are the folder's too.
    """
    # What leads round in a circle is left as it is.
    real = Path(os.path.realpath(folder / name))
    plain = Path(name).name == name  # "no/../folder" leads nowhere
    root = Path(os.path.realpath(folder))
    cached = root.parent.name == "snapshots"
    blobs = root.parent.parent / "blobs"
    if not plain or (
        real.parent != root
        and not (cached and real.parent == blobs)
    ):
        raise ValueError(
            f"load: {folder}: {name} is not in the folder itself"
        )
    if not real.is_file():
        raise FileNotFoundError(f"load: {folder}: has no {name}")
    return folder / name


def _are_names(*names: str) -> bool:
    """Whether they can stand in a message, and name a file."""
    return all(
        name.isprintable() and len(name.encode()) <= MOST_BYTES
        for name in names
    )


def _arrays(path: Path) -> dict[str, Stored]:
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        raise ImportError(
            "load: needs the package safetensors: "
            "pip install 'formal-transformers[models]'"
        ) from None
    try:
        with safe_open(path, framework="numpy"):
            pass  # its header is checked
    except SafetensorError as error:
        raise ValueError(
            f"load: {path}: is no safetensors file ({error})"
        ) from None
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    for name in header:
        if not _are_names(name):
            raise ValueError(
                f"load: {path}: {shown(name)} is no name of "
                "an array"
            )
    data: Any = np.zeros(0, np.uint8)
    if path.stat().st_size > 8 + length:
        # A copy of what is written to, so that torch may share it.
        data = np.memmap(path, np.uint8, "c", 8 + length)
    return {
        name: _stored(np.asarray(data), entry)
        for name, entry in header.items()
    }


def _stored(data: NDArray[Any], entry: Mapping[str, Any]) -> Stored:
    begin, end = entry["data_offsets"]
    shape = tuple(entry["shape"])
    return Stored(data[begin:end], entry["dtype"], shape)
