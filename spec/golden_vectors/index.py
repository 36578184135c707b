"""Writes the vectors of every algorithm, and the index that describes each array."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from spec import library, symbols
from spec.expected.trace import zero_based_names
from spec.golden_vectors.files import Row, VectorFiles
from spec.golden_vectors.folder import new_folder
from spec.golden_vectors.rounding import Rounded
from spec.golden_vectors.run import ExampleRun
from spec.language.plain_text import text
from spec.language.tree import Assign, Call, Choose, Line, Return, Sample
from spec.machine import Value
from spec.spelling import ascii_id

#: The form of the index: it changes where a reader of this form could not read the next.
FORMAT = 1
SCHEMA = "index.schema.json"
#: The width of a row of the index, where it can be broken: that of an array with its bounds.
WIDTH = 280

#: How a number u, uniform in [0, 1), decides.
RULES: Mapping[type, str] = {
    Choose: "if u < the probability, the first value is taken, else the second",
    Sample: "the token is the least k with q[0] + ... + q[k] >= (1 - u) * (q[0] + ... + q[N_V-1])",
}


def write(
    folder: Path, version: str, *, each: Callable[[Sequence[str]], Iterable[str]] = iter
) -> VectorFiles:
    """Write the vectors of every algorithm, and return how much has been written.

    Parameters
    ----------
    folder, version
        A folder that does not exist yet, or is empty, and the version that the index states.
    each
        An iterator over the ids of the algorithms, which may show the progress.

    Raises
    ------
    OSError
        If the folder is not empty, or cannot be written; then nothing is left in it.
    """
    with new_folder(folder) as place:
        algorithms = library.checked()
        saved = VectorFiles(place, len(algorithms))
        ids = each(tuple(algorithms))
        rows = [_algorithm(saved, ExampleRun(algorithms, id)) for id in ids]
        index = {
            "$schema": SCHEMA,
            "format": FORMAT,
            "version": version,
            "counts_from": 0,
            "algorithms": rows,
        }
        saved.save_text("index.json", f"{_json(index)}\n")
        saved.save_text(SCHEMA, schema())
    return replace(saved, folder=folder)


def schema() -> str:
    """Return the JSON Schema of the index."""
    return files(__package__).joinpath(SCHEMA).read_text(encoding="utf-8")


def _algorithm(saved: VectorFiles, example: ExampleRun) -> Row:
    """Save the arguments of an algorithm and what its lines set, and return its row."""
    id, layout = example.checked.id, example.checked.program.layout
    return {
        "id": id,
        "title": layout.title,
        "sizes": [
            {"name": name, "ascii": symbols.ascii(name), "value": value}
            for name, value in example.sizes.items()
        ],
        "scale": example.values.scale,
        **_arguments(saved, example),
        "random": _random_numbers(saved, example),
        "lines": [
            {
                "number": line.number,
                "text": written.text,
                "visits": list(_visits(saved, example, line)),
            }
            for line, written in zip(example.checked.program.lines, layout.lines, strict=True)
        ],
    }


def _arguments(saved: VectorFiles, example: ExampleRun) -> dict[str, list[Row]]:
    """Save the arguments, and return their rows by kind."""
    header, id = example.checked.header, example.checked.id
    kinds = {str(key): "inputs" for key, _ in header.inputs}
    kinds |= {str(key): "parameters" for key, _ in header.parameters}
    kinds |= {str(key): "hyperparameters" for key in header.hyperparameters}
    tokens = zero_based_names(example.checked)
    rows: dict[str, list[Row]] = {"inputs": [], "parameters": [], "hyperparameters": []}
    for name, value in example.arguments.items():
        kind = kinds.get(name, "hyperparameters")  # of an algorithm that is called
        row = saved.save_value(
            f"{ascii_id(id)}/{kind}", name, symbols.ascii(name), value, zero_based=name in tokens
        )
        rows[kind].append(row)
    return rows


def _visits(saved: VectorFiles, example: ExampleRun, line: Line) -> Iterator[list[Row]]:
    """Save what a line set, and yield the rows of each visit."""
    tokens = zero_based_names(example.checked)
    for place, (values, depths) in enumerate(example.visits(line.number)):
        yield [
            saved.save_value(
                f"{ascii_id(example.checked.id)}/lines/{line.number}/{place}",
                glyph,
                ascii,
                values[name],
                zero_based=name in tokens,
                depth=depths[name],
                scale=example.values.scale,
            )
            for name, glyph, ascii in _set_by(example, line, values)
        ]


def _set_by(
    example: ExampleRun, line: Line, values: Mapping[str, Value]
) -> Iterator[tuple[str, str, str]]:
    """Yield each variable that a line set, its name in the paper, and the name of its files.

    The only result has the name of the output; where a function is defined, its value is saved.
    """
    match line.statement:
        case Return():
            output = str(example.checked.header.output[0])
            yield "return", output, symbols.ascii(output)
        case Assign(Call() as target):
            yield "return", text(target), symbols.ascii(target.function)
        case _:
            yield from ((name, name, symbols.ascii(name)) for name in values)


def _random_numbers(saved: VectorFiles, example: ExampleRun) -> Row | None:
    """Save the random numbers, and return a row that says how they are used."""
    for line in example.checked.program.lines:
        if (rule := RULES.get(type(line.statement))) is not None:
            numbers = Rounded(np.array(example.random, dtype="<f8"))
            row = saved.save_array(f"{ascii_id(example.checked.id)}/random/u.npy", numbers)
            return {**row, "line": line.number, "rule": rule, "margin": example.margin}
    return None


def _json(value: Any, indent: int = 0) -> str:
    """Write JSON, in which a list or an object that fits in a row stands in one row."""
    row = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if indent + len(row) <= WIDTH or not isinstance(value, dict | list):
        return row
    if isinstance(value, dict):
        parts = [f'"{key}": {_json(item, indent + 1)}' for key, item in value.items()]
    else:
        parts = [_json(item, indent + 1) for item in value]
    inner = f",\n{' ' * (indent + 1)}".join(parts)
    return f"{row[0]}\n{' ' * (indent + 1)}{inner}\n{' ' * indent}{row[-1]}"
