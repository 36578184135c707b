"""Writes the vectors of every algorithm, and the index."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from spec import library, symbols
from spec.expected.trace import Visit, counted
from spec.golden_vectors.folder import whole
from spec.golden_vectors.rounding import Rounded
from spec.golden_vectors.run import Run, run
from spec.golden_vectors.save import Named, Row, Shelf
from spec.language.plain_text import text
from spec.language.tree import Assign, Call, Choose, Line, Return, Sample

FORMAT = 1  # another number says that a reader of this one cannot read it
SCHEMA = "index.schema.json"
WIDTH = 280  # of a row of the index, where it can be broken: one array, with its bounds

#: How a number u, uniform in [0, 1), decides.
RULES: Mapping[type, str] = {
    Choose: "if u < the probability, the first value is taken, else the second",
    Sample: "the token is the least k with q[0] + ... + q[k] >= (1 - u) * (q[0] + ... + q[N_V-1])",
}


@dataclass(frozen=True)
class Written:
    """What has been written.

    Attributes
    ----------
    algorithms, arrays, bytes
        How many.
    undecided
        How many entries may not be the nearest doubles.
    """

    algorithms: int
    arrays: int
    bytes: int
    undecided: int


def write(
    folder: Path, version: str, *, each: Callable[[Sequence[str]], Iterable[str]] = iter
) -> Written:
    """Write the vectors into a folder that is not there, or empty: whole, or not at all.

    Parameters
    ----------
    folder
        Where.
    version
        The version of this package, for the index.
    each
        Goes through the algorithms, and may show how far it is.

    Raises
    ------
    OSError
        If there is something in the folder already, or it cannot be written.
    """
    with whole(folder) as place:
        shelf, known = Shelf(place), library.checked()
        algorithms = [_algorithm(shelf, run(known, id)) for id in each(tuple(known))]
        index = {
            "$schema": SCHEMA,
            "format": FORMAT,
            "version": version,
            "counts_from": 0,
            "algorithms": algorithms,
        }
        shelf.text("index.json", f"{_json(index)}\n")
        shelf.text(SCHEMA, schema())
    return Written(len(algorithms), shelf.arrays, shelf.bytes, shelf.undecided)


def schema() -> str:
    """Return the JSON Schema of the index."""
    return files(__package__).joinpath(SCHEMA).read_text(encoding="utf-8")


def _algorithm(shelf: Shelf, found: Run) -> Row:
    """Save what an algorithm got and what its lines set, and return its row."""
    id, layout = found.checked.id, found.checked.program.layout
    return {
        "id": id,
        "title": layout.title,
        "sizes": [
            {"name": name, "ascii": symbols.ascii(name), "value": value}
            for name, value in found.sizes.items()
        ],
        "scale": found.scale,
        **_given(shelf, found),
        "random": _random(shelf, found),
        "lines": [
            {
                "number": line.number,
                "text": written.text,
                "visits": [
                    [
                        shelf.set(f"{id}/lines/{line.number}/{place}", named, depth, found.scale)
                        for named, depth in _set_by(found, line, *visit)
                    ]
                    for place, visit in enumerate(found.visits(line.number))
                ],
            }
            for line, written in zip(found.checked.program.lines, layout.lines, strict=True)
        ],
    }


def _given(shelf: Shelf, found: Run) -> dict[str, list[Row]]:
    """Save what an algorithm got, and return the rows by kind."""
    header, counts = found.checked.header, counted(found.checked)
    kinds = {str(key): "inputs" for key, _ in header.inputs}
    kinds |= {str(key): "parameters" for key, _ in header.parameters}
    kinds |= {str(key): "hyperparameters" for key in header.hyperparameters}
    rows: dict[str, list[Row]] = {"inputs": [], "parameters": [], "hyperparameters": []}
    for name, value in found.arguments.items():
        kind = kinds.get(name, "hyperparameters")  # of an algorithm that is called
        named = Named(name, symbols.ascii(name), value, name in counts)
        rows[kind].append(shelf.given(f"{found.checked.id}/{kind}", named))
    return rows


def _set_by(found: Run, line: Line, visit: Visit, depth: Visit) -> Iterator[tuple[Named, Any]]:
    """Yield each value that a line set, and how deep it is.

    What is returned has the name of the output; where a function is defined, its value is meant.
    """
    values, counts = visit.values, counted(found.checked)
    match line.statement:
        case Return():
            name = str(found.checked.header.output[0])
            names = {"return": (name, symbols.ascii(name))}
        case Assign(Call() as target):
            names = {"return": (text(target), symbols.ascii(target.function))}
        case _:
            names = {name: (name, symbols.ascii(name)) for name in values}
    for key, (glyph, ascii) in names.items():
        yield Named(glyph, ascii, values[key], key in counts), depth.values[key]


def _random(shelf: Shelf, found: Run) -> Row | None:
    """Save the random numbers, and say how they are used."""
    for line in found.checked.program.lines:
        if (rule := RULES.get(type(line.statement))) is not None:
            numbers = Rounded(np.array(found.random, dtype="<f8"))
            return {
                **shelf.array(f"{found.checked.id}/random/u.npy", numbers),
                "line": line.number,
                "rule": rule,
                "margin": found.margin,
            }
    return None


def _json(value: Any, indent: int = 0) -> str:
    """Write JSON; what fits in a row stands in one."""
    row = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if indent + len(row) <= WIDTH or not isinstance(value, dict | list):
        return row
    if isinstance(value, dict):
        parts = [f'"{key}": {_json(one, indent + 1)}' for key, one in value.items()]
    else:
        parts = [_json(one, indent + 1) for one in value]
    inner = f",\n{' ' * (indent + 1)}".join(parts)
    return f"{row[0]}\n{' ' * (indent + 1)}{inner}\n{' ' * indent}{row[-1]}"
