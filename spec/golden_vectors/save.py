"""Arrays in `.npy` files, and the rows of the index that say what they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from spec import symbols
from spec.expected.rounding_bounds import gamma
from spec.golden_vectors.rounding import Rounded, rounded
from spec.golden_vectors.run import stored_arrays
from spec.line_by_line.array_axes import SpecArray
from spec.machine import Value

Row = dict[str, Any]  # of JSON


@dataclass(frozen=True)
class Named:
    """A value, what the paper calls it and what its files are called.

    Attributes
    ----------
    glyph, ascii
        The names.
    value
        Tokens, positions and indices count from 0.
    counts
        Whether it is tokens or positions.
    """

    glyph: str
    ascii: str
    value: Value
    counts: bool

    @property
    def row(self) -> Row:
        """How its row in the index begins."""
        counted = {"counts_from": 0} if self.counts else {}
        return {"name": self.glyph, "ascii": self.ascii, **counted}

    def arrays(self) -> Iterator[tuple[list[str | int], SpecArray]]:
        """Yield each of its arrays, with the path to it in ASCII."""
        for path, leaf in stored_arrays(self.value):
            yield [part if isinstance(part, int) else symbols.ascii(part) for part in path], leaf


class Shelf:
    """A folder in which arrays are saved, and how much is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.arrays = 0
        self.bytes = 0
        self.undecided = 0

    def text(self, file: str, text: str) -> None:
        """Save a text."""
        path = self.folder / file
        path.write_text(text, encoding="utf-8", newline="\n")
        self.bytes += path.stat().st_size

    def array(self, file: str, array: Rounded) -> Row:
        """Save an array, and return a row that says where it is."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = BytesIO()  # NumPy itself may lose the end of an array on a full disk, unnoticed
        np.lib.format.write_array(stream, array.values, version=(1, 0), allow_pickle=False)
        with path.open("xb") as opened:
            opened.write(stream.getvalue())
        self.arrays += 1
        self.bytes += path.stat().st_size
        self.undecided += array.undecided
        return {"file": file, "shape": list(array.values.shape), "dtype": array.values.dtype.name}

    def given(self, folder: str, named: Named) -> Row:
        """Save what an algorithm is given."""
        arrays = [
            {"path": path, **self.array(_file(folder, named, path), _rounded(leaf))}
            for path, leaf in named.arrays()
        ]
        return {**named.row, "arrays": arrays}

    def set(self, folder: str, named: Named, depth: Value, scale: float) -> Row:
        """Save what a line has set, with how far it may be from what is exact."""
        arrays = []
        for (path, leaf), (_, depths) in zip(named.arrays(), stored_arrays(depth), strict=True):
            array, roundings = _rounded(leaf), _deepest(depths)
            row: Row = {
                "path": path,
                **self.array(_file(folder, named, path), array),
                "stored_within": array.within,
                "roundings": roundings,
                "float64_within": gamma(roundings, np.float64) * scale,
                "float32_within": gamma(roundings, np.float32) * scale,
            }
            if array.undecided:
                row["undecided"] = array.undecided
            arrays.append(row)
        return {**named.row, "arrays": arrays}


def _file(folder: str, named: Named, path: list[str | int]) -> str:
    return "/".join(map(str, (folder, named.ascii, *path))) + ".npy"


def _rounded(leaf: SpecArray) -> Rounded:
    return rounded(leaf.entries, exact=leaf.exact)


def _deepest(leaf: SpecArray) -> int:
    """Return the largest depth of an entry; what counts has none."""
    return max((getattr(one, "depth", 0) for one in leaf.entries.ravel().tolist()), default=0)
