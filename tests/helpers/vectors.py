"""Reads a folder of golden vectors, by its index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]  # of the index


class Vectors:
    """A folder of vectors; `algorithms` holds the index's rows by the algorithms' ids."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        self.algorithms: dict[str, Row] = {row["id"]: row for row in self.index["algorithms"]}

    def load(self, row: Row) -> Any:
        """The array of a row."""
        return np.load(self.folder / row["file"])

    def arguments(self, id: str) -> Iterator[Row]:
        """The row of each argument of an algorithm."""
        for kind in ("inputs", "parameters", "hyperparameters"):
            yield from self.algorithms[id][kind]

    def argument(self, id: str, name: str) -> Any:
        """The array of an argument that has one."""
        (row,) = (row for row in self.arguments(id) if row["ascii"] == name)
        return self.load(row["arrays"][0])

    def visits(self, id: str, number: int) -> list[list[Row]]:
        """What a line sets at each visit: the row of each variable."""
        (line,) = (line for line in self.algorithms[id]["lines"] if line["number"] == number)
        return line["visits"]

    def set_by(self, id: str, number: int, visit: int, name: str) -> Any:
        """The array that a line sets at a visit, of a variable that has one."""
        (row,) = (row for row in self.visits(id, number)[visit] if row["ascii"] == name)
        (array,) = row["arrays"]
        return self.load(array)

    def values(self, id: str) -> Iterator[tuple[int, Row]]:
        """The number of each line, and the row of each variable that it sets."""
        for line in self.algorithms[id]["lines"]:
            yield from ((line["number"], row) for visit in line["visits"] for row in visit)

    def results(self, id: str) -> Iterator[tuple[int, Row]]:
        """The number of each line, and the row of each array that it sets."""
        for number, value in self.values(id):
            yield from ((number, row) for row in value["arrays"])

    def files(self, id: str) -> Iterator[Row]:
        """The row of each file of an algorithm."""
        yield from (row for value in self.arguments(id) for row in value["arrays"])
        yield from (row for _, row in self.results(id))
        if self.algorithms[id]["random"]:
            yield self.algorithms[id]["random"]


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file of a folder, by its path."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
