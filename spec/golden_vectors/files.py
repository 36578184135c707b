"""The files of a folder of vectors: arrays in `.npy`, and rows of the index that describe them."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spec import symbols
from spec.domains.depth import deepest
from spec.expected.rounding_bounds import gamma
from spec.golden_vectors.rounding import Rounded, rounded
from spec.line_by_line.array_axes import laid_out
from spec.machine import Parameters, Value

Row = dict[str, Any]  # of JSON


@dataclass
class VectorFiles:
    """A folder of vectors, and the numbers of algorithms, arrays and bytes that are saved in it.

    `undecided` is the number of entries that may not be the doubles nearest to the exact ones.
    """

    folder: Path
    algorithms: int = 0
    arrays: int = 0
    bytes: int = 0
    undecided: int = 0

    def save_text(self, file: str, text: str) -> None:
        """Save a text."""
        path = self.folder / file
        path.write_text(text, encoding="utf-8", newline="\n")
        self.bytes += path.stat().st_size

    def save_array(self, file: str, array: Rounded) -> Row:
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

    def save_value(
        self,
        folder: str,
        glyph: str,
        ascii: str,
        value: Value,
        *,
        zero_based: bool,
        depth: Value = None,
        scale: float = 1.0,
    ) -> Row:
        """Save the arrays of a value, and return the row that describes it.

        Parameters
        ----------
        folder
            Where the files stand: `4/lines/4/0`.
        glyph, ascii
            What the paper calls the value, and what its files are called: `Ṽ`, `V_tilde`.
        value
            The value; tokens and positions count from 0.
        zero_based
            Whether the value is tokens or positions: then its row says that they count from 0.
        depth, scale
            The depth of each number that a line sets, and the scale of the run: then the row says
            how far a number may be from the exact one.
        """
        rows = []
        beside = value if depth is None else depth
        for (path, entries), (_, depths) in zip(
            _stored_arrays(value), _stored_arrays(beside), strict=True
        ):
            array = rounded(entries, whole=zero_based)
            steps = [step if isinstance(step, int) else symbols.ascii(step) for step in path]
            file = "/".join(map(str, (folder, ascii, *steps)))
            row = {"path": steps, **self.save_array(f"{file}.npy", array)}
            if depth is not None:
                row |= _accuracy(array, depths, scale)
            rows.append(row)
        counts_from = {"counts_from": 0} if zero_based else {}
        return {"name": glyph, "ascii": ascii, **counts_from, "arrays": rows}


def _stored_arrays(value: Value) -> Iterator[tuple[tuple[str | int, ...], npt.NDArray[Any]]]:
    """Yield the arrays of a value with their paths: names of fields, and indices from 0.

    The sequences of a data set, and the layers and heads of θ, are arrays of their own; columns and
    numbers of a family stand side by side in one array.
    """
    match value:
        case Parameters(_, fields):
            for key, field in fields.items():
                members = field if isinstance(field, dict) else {None: field}
                for index, member in members.items():
                    step = () if index is None else (index - 1,)
                    for path, array in _stored_arrays(member):
                        yield (str(key), *step, *path), array
        case {1: list()}:
            for index, member in value.items():
                yield (index - 1,), laid_out(member)
        case _:
            yield (), laid_out(value)


def _accuracy(array: Rounded, depths: npt.NDArray[Any], scale: float) -> Row:
    """Return how far the stored numbers are from the exact ones, and how far a port's may be."""
    roundings = deepest(depths.ravel().tolist())
    row: Row = {
        "stored_within": array.within,
        "roundings": roundings,
        "float64_within": gamma(roundings, np.float64) * scale,
        "float32_within": gamma(roundings, np.float32) * scale,
    }
    return {**row, "undecided": array.undecided} if array.undecided else row
