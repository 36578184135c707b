"""Arguments and results in the paper's symbols, for a reader who wants to calculate along."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from spec.calling.function_under_test import Trial
from spec.expected.result import Array
from spec.inputs.arguments import Given
from spec.inputs.draw import SIZES
from spec.inputs.variations import sizes_in
from spec.language.types import Family, Key, Type
from spec.machine import Parameters, Value

#: How many numbers a reader will look at.
FEW = 60


def shown(trial: Trial) -> str:
    """Return what a function was given, what it found, and what was wanted, row by row.

    Tokens, positions and layers count from 1, and a column of numbers is a matrix of one column.
    Where there are many numbers, only the sizes are shown, and the seed.
    """
    given = trial.given
    sizes = ", ".join(f"{name} = {size}" for name, size in sizes_of_given(given).items())
    if given.size > FEW:
        return f"{sizes}\nnumbers drawn from seed {given.variation.seed}"
    return "\n".join([sizes, *_arguments(given), *_results(trial)])


def sizes_of_given(given: Given) -> Mapping[str, int]:
    """Return the sizes of arguments, by the paper's names."""
    sizes = given.adapter.sizes({**SIZES, **given.variation.sizes})
    return {name: sizes[name] for name in sizes_in(given.algorithms, given.id)}


def _arguments(given: Given) -> Iterator[str]:
    header, (first, *others) = given.header, given.runs
    for place, (key, type) in enumerate(header.inputs):
        yield from _rows(key, type, first.inputs[place], given, "")
        for run in others:
            yield from _rows(key, type, run.inputs[place], given, "")
    for (key, type), value in zip(header.parameters, first.parameters, strict=True):
        yield from _rows(key, type, value, given, "")
    for name, value in first.hyperparameters.items():
        if name not in sizes_of_given(given):
            yield f"{name} = {_written(value)}"


def _rows(key: Key, type: Type, value: Value, given: Given, indent: str) -> Iterator[str]:
    """Yield an argument, each of its members or parameters in a row."""
    match value, type:
        case _, Family(index, _, member):
            members = value.values() if isinstance(value, dict) else value
            for place, one in enumerate(members, 1):
                glyph = re.sub(rf"(?<=[\^_]){index.name}(?=_|$)", str(place), str(key), count=1)
                named = Key(key.base, key.above, key.below, glyph)
                yield from _rows(named, member, one, given, indent)
        case Parameters(algorithm, fields), _:
            yield f"{indent}{key}:"
            for inner, of in given.algorithms[algorithm].header.fields.items():
                yield from _rows(inner, of, fields[inner], given, f"{indent}  ")
        case _:
            yield f"{indent}{key} = {_written(value)}"


def _results(trial: Trial) -> Iterator[str]:
    key, _ = trial.given.header.output
    path = trial.distance.path if trial.distance else trial.answer.leaves[0].path
    if trial.result is not None and path in trial.result:
        yield f"found: {key}{path} = {_written(_counted(trial.result[path]))}"
    leaf = next(leaf for leaf in trial.answer.leaves if leaf.path == path)
    entries = leaf.entries if leaf.exact else leaf.entries.astype(float)
    yield f"wanted: {key}{path} = {_written(_counted(entries))}"


def _counted(result: Array) -> Any:
    """Return tokens as the paper counts them, and a vector as a column."""
    if result.dtype.kind in "iu":
        return [int(token) + 1 for token in result.ravel()]
    return result[:, None] if result.ndim == 1 else result


def _written(value: Value) -> str:
    match value:
        case list():
            return f"[{', '.join(map(_written, value))}]"
        case np.ndarray():
            rows = value.reshape(len(value), -1)
            return f"[{'; '.join(' '.join(map(_written, row.tolist())) for row in rows)}]"
        case float():
            return f"{value:.6g}".replace("-", "−")
    return str(value)
