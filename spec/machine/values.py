"""The values of the machine: parameters, definitions, and arrays of scalars.

A number is a scalar of the domain, a count or a token an int, a matrix a 2-D array of scalars, a
sequence a list of ints, and a family a dict from 1 on. The type of an expression says which of
these its value is.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spec.domains.domain import Matrix, shaped
from spec.language.polynomials import Atom
from spec.language.tree import Expression
from spec.language.types import Key

Value = Any  # see above; a union would have to be taken apart at every use


@dataclass(frozen=True)
class Parameters:
    """The parameters of an algorithm, by name; and their sizes, once they have been checked."""

    algorithm: str
    fields: Mapping[Key, Value]
    sizes: Mapping[Atom, int] | None = None


@dataclass(frozen=True)
class Definition:
    """A function that `P(θ) ← …` defines; `last` holds its last arguments and values."""

    parameter: Key
    body: Expression
    variables: Mapping[Key, Value]
    last: list[tuple[Value, object, Value]] = field(default_factory=list, compare=False)


def entrywise(change: Callable[..., Any], *values: Value) -> Value:
    """Apply an operation to numbers, or to matrices entry by entry; a number counts as a matrix."""
    shape = next((value.shape for value in values if isinstance(value, np.ndarray)), None)
    if shape is None:
        return change(*values)
    flat = [
        value.ravel().tolist() if isinstance(value, np.ndarray) else [value] * math.prod(shape)
        for value in values
    ]
    return shaped([change(*entries) for entries in zip(*flat, strict=True)], shape)


def column(entries: Sequence[Value]) -> Matrix:
    """Return a matrix of one column."""
    return shaped(entries, (len(entries), 1))
