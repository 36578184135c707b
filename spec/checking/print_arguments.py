"""Arguments and results in the paper's symbols, for a reader who calculates along."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from spec.calling.function_under_test import Trial
from spec.expected.result import result_name
from spec.inputs.arguments import Arguments
from spec.inputs.array_conversion import Array
from spec.language.types import Family, Key, Type
from spec.machine import Parameters, Value

#: How many numbers a reader can take in, and with how many digits, the fewest first.
FEW, DIGITS = 60, (6, 12, 17)


def printed(trial: Trial) -> str:
    """Return the arguments of a call, its result and the exact one, row by row.

    Tokens, positions and layers count from 1, and a column of numbers is a matrix of one column.
    Of more than `FEW` numbers only the sizes are printed, and the seed.
    """
    arguments = trial.arguments
    sizes = ", ".join(f"{name} = {size}" for name, size in arguments.sizes.items())
    if arguments.count > FEW:
        return f"{sizes}\nnumbers drawn from seed {arguments.variation.seed}"
    return "\n".join([sizes, *_arguments(arguments), *_results(trial)])


def _arguments(arguments: Arguments) -> Iterator[str]:
    header, first = arguments.header, arguments.runs[0]
    for place, (key, type) in enumerate(header.inputs):
        for run in arguments.runs:
            yield from _rows(key, type, run.inputs[place], arguments, "")
    for (key, type), value in zip(header.parameters, first.parameters, strict=True):
        yield from _rows(key, type, value, arguments, "")
    for name, value in first.hyperparameters.items():
        if name not in arguments.sizes:
            yield f"{name} = {_written(value)}"


def _rows(key: Key, type: Type, value: Value, arguments: Arguments, indent: str) -> Iterator[str]:
    """Yield an argument, each member of a family and each parameter of a bundle in a row."""
    match value, type:
        case _, Family(index, _, member):
            members = value.values() if isinstance(value, dict) else value
            for number, part in enumerate(members, 1):
                glyph = re.sub(rf"(?<=[\^_]){index.name}(?=_|$)", str(number), str(key), count=1)
                numbered = Key(key.base, key.above, key.below, glyph)
                yield from _rows(numbered, member, part, arguments, indent)
        case Parameters(algorithm, fields), _:
            yield f"{indent}{key}:"
            for inner, type_of_field in arguments.algorithms[algorithm].header.fields.items():
                yield from _rows(inner, type_of_field, fields[inner], arguments, f"{indent}  ")
        case _:
            yield f"{indent}{key} = {_written(value)}"


def _results(trial: Trial) -> Iterator[str]:
    path = trial.distance.path if trial.distance else trial.expected.arrays[0].path
    array = next(array for array in trial.expected.arrays if array.path == path)
    entries = array.entries if array.exact else array.entries.astype(float)
    shown = {"wanted": _counted_from_1(entries)}
    if trial.result is not None and path in trial.result:
        shown = {"found": _counted_from_1(trial.result[path]), **shown}
    for digits in DIGITS:  # if they are equal, another thing is wrong
        texts = {name: _written(value, digits) for name, value in shown.items()}
        if len({*texts.values()}) == len(texts):
            entry = result_name(trial.arguments.header, path)
            yield from (f"{name}: {entry} = {text}" for name, text in texts.items())
            return


def _counted_from_1(result: Array) -> Any:
    """Return tokens as the paper counts them, and a vector as a column."""
    if result.dtype.kind in "iu":
        return [int(token) + 1 for token in result.ravel()]
    return result[:, None] if result.ndim == 1 else result


def _written(value: Value, digits: int = DIGITS[0]) -> str:
    match value:
        case list():
            return f"[{', '.join(_written(entry, digits) for entry in value)}]"
        case np.ndarray():
            rows = value.reshape(len(value), -1).tolist() if value.size else []
            return f"[{'; '.join(' '.join(_written(x, digits) for x in row) for row in rows)}]"
        case float():
            return f"{value:.{digits}g}".replace("-", "−")
    return str(value)
