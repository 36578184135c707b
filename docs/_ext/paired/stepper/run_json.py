"""A recorded run as JSON, in the words of the golden vectors' index, with the numbers in place.

    {"id", "title", "sizes": [{"name", "ascii", "value"}], "counts_from": 0,
     "inputs": [ARRAY],
     "lines": [{"number", "text", "visits": [[ARRAY]]}],
     "steps": [{"line", "visit", "turns": [{"name", "value", "of"}]}]}

An ARRAY is {"name", "ascii", "path", "shape", "dtype", "values"}, with nested lists of numbers, −∞
as the string "-inf", and "from": "pseudocode" where the function has no variable that held it. The
axes are those of Python, and tokens, positions and visits count from 0.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spec import symbols
from spec.library import checked
from spec.line_by_line.array_axes import is_whole, laid_out
from spec.machine import Parameters, Value

from .factors import Numbers
from .recorded_run import Held, RecordedRun

Row = dict[str, Any]


def run_json(run: RecordedRun) -> str:
    """Write a run."""
    program = checked()[run.id].program
    visits: dict[int, list[list[Row]]] = {}
    for step in run.steps:
        visits.setdefault(step.line.number, []).append([_held(value) for value in step.values])
    texts = {line.number: line.text for line in program.layout.lines}
    written = {
        "id": run.id,
        "title": program.layout.title,
        "sizes": [
            {"name": name, "ascii": _ascii(name), "value": value}
            for name, value in run.sizes.items()
        ],
        "counts_from": 0,
        "inputs": [row for name, value in run.arguments.items() for row in _rows(name, (), value)],
        "lines": [
            {"number": number, "text": texts[number], "visits": visits[number]}
            for number in sorted(visits)
        ],
        "steps": [
            {
                "line": step.line.number,
                "visit": step.visit,
                "turns": [
                    {"name": turn.name, "value": turn.value, "of": turn.of} for turn in step.turns
                ],
            }
            for step in run.steps
        ],
    }
    return json.dumps(written, ensure_ascii=False, allow_nan=False) + "\n"


def _held(held: Held) -> Row:
    made = {} if held.observed else {"from": "pseudocode"}
    return {**_array(held.name, held.path, held.numbers), **made}


def _rows(name: str, path: Sequence[str], value: Value) -> list[Row]:
    """Return the arrays of an argument: of parameters each by its path."""
    match value:
        case Parameters(_, fields):
            parts: Mapping[Any, Value] = fields
        case {1: Parameters() | list()}:
            parts = value
        case _:
            entries = laid_out(value)
            whole = entries.size and is_whole(entries)
            array = entries.astype(np.int64 if whole else np.float64)
            return [_array(name, "".join(path), array)]
    return [
        row
        for step, part in parts.items()
        for row in _rows(
            name,
            (*path, f"[{step - 1}]" if isinstance(step, int) else f".{_ascii(str(step))}"),
            part,
        )
    ]


def _array(name: str, path: str, numbers: Numbers) -> Row:
    array = np.asarray(numbers)
    return {
        "name": name,
        "ascii": _ascii(name),
        "path": path,
        "shape": list(array.shape),
        "dtype": array.dtype.name,
        "values": _finite(array.tolist()),
    }


def _finite(values: Any) -> Any:
    """Return nested lists in which numbers that JSON does not have are strings."""
    if isinstance(values, list):
        return [_finite(value) for value in values]
    return values if np.isfinite(values) else str(values)


def _ascii(name: str) -> str:
    try:
        return symbols.ascii(name)
    except symbols.UnknownSymbol:
        return name
