"""Arguments changed: by the names of parameters, at every depth of θ."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from spec import symbols
from spec.inputs.draw import Inputs
from spec.language.header import Header
from spec.machine import Parameters, Value

#: Parameters by their names in Python: all γ¹_l stand as a list under `gamma1`.
Fields = dict[str, Value]


def in_bundles(run: Inputs, header: Header, change: Callable[[Fields], Fields]) -> Inputs:
    """Return arguments with parameters changed: of every bundle, at every depth."""

    def within(value: Value) -> Value:
        match value:
            case Parameters():
                return in_bundle(
                    value,
                    lambda fields: change({name: within(one) for name, one in fields.items()}),
                )
            case list():
                return [within(one) for one in value]
        return value

    names = [symbols.ascii(str(key)) for key, _ in header.parameters]
    inner = map(within, run.parameters)
    own = change(dict(zip(names, inner, strict=True)))
    return replace(
        run,
        inputs=tuple(map(within, run.inputs)),
        parameters=tuple(own[name] for name in names),
    )


def in_bundle(bundle: Parameters, change: Callable[[Fields], Fields]) -> Parameters:
    """Return a bundle with parameters changed, but none of the bundles in it."""
    names = {symbols.ascii(str(key)): key for key in bundle.fields}
    found = change({name: bundle.fields[key] for name, key in names.items()})
    return Parameters(bundle.algorithm, {key: found[name] for name, key in names.items()})


def each(names: str, change: Callable[[Value], Value]) -> Callable[[Fields], Fields]:
    """Return what changes the parameters of these names, each member of a family."""
    changed = set(names.split())

    def within(fields: Fields) -> Fields:
        return {
            name: _members(value, change) if name in changed else value
            for name, value in fields.items()
        }

    return within


def zero(names: str) -> Callable[[Fields], Fields]:
    """Return what makes the parameters of these names 0."""
    return each(names, np.zeros_like)


def fields_of(run: Inputs, header: Header) -> Fields:
    """Return parameters by their names, of every bundle in one another: all W_q as one list."""
    found: dict[str, list[Value]] = {}

    def seen(fields: Fields) -> Fields:
        for name, value in fields.items():
            found.setdefault(name, []).extend(value if isinstance(value, list) else [value])
        return fields

    in_bundles(run, header, seen)
    return {name: values[0] for name, values in found.items()}


def _members(value: Value, change: Callable[[Value], Value]) -> Value:
    return [change(one) for one in value] if isinstance(value, list) else change(value)


def coarse(array: Any) -> Any:
    """Return multiples of 1/16: the sum of two of them is exact in every format."""
    return np.round(array * 16) / 16


def affine(W: Any, Z: Any, b: Any) -> Any:
    """Return W Z + b 1ᵀ, each entry the nearest float64: products of drawn numbers are exact."""
    found = np.empty((W.shape[0], Z.shape[1]))
    for row, column in np.ndindex(found.shape):
        found[row, column] = math.fsum([*(W[row] * Z[:, column]), b[row, 0]])
    return found
