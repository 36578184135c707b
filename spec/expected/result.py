"""The result that an algorithm has, and how far a function's result may be from it.

The result is enclosed in balls. How far a correct function may be from it is measured: the
pseudocode itself runs in the function's format, and `MULTIPLE` times its certified error, the
largest over `DRAWS` draws at the same sizes, is the tolerance. Sums in another order, or a softmax
that subtracts the maximum, err by about as much; what the pseudocode computes exactly, as the
column of a matrix is, must be exact in the function.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb

from spec.domains.balls import Balls, PrecisionError, certified
from spec.domains.domain import Domain
from spec.domains.floats import Floats
from spec.expected.rounding_bounds import distances
from spec.inputs.arguments import Arguments
from spec.inputs.array_conversion import BFLOAT16, to_numpy
from spec.inputs.python_form import parameter_record, per_token
from spec.inputs.variations import TURNS
from spec.language.checked import Checked
from spec.language.polynomials import ONE
from spec.language.tree import Binary, Call, Gradient, Power, Prefix, Sum, walk
from spec.language.types import Matrix, Tokens
from spec.machine import Chance, Machine, MachineError, Parameters, Value
from spec.machine.trees import leaves

#: The tolerance is this many times the certified error of the pseudocode in the same format.
MULTIPLE = 16
#: And this many times where gradients are taken: the norm of a few numbers may amplify rounding
#: many times as much on one draw as on another.
MULTIPLE_OF_GRADIENTS = 64
#: At how many draws of the same sizes that error is measured; the first are the inputs themselves.
DRAWS = 3
#: What is added to the seed for each further draw: more than any variation's seed.
OTHER_SEEDS = 100_000
#: How narrow the balls are, relative to their numbers.
WIDTH = 2.0**-80

Array = npt.NDArray[Any]


class UndefinedResultError(ArithmeticError):
    """The algorithm has no value on these inputs, or none that rounding does not decide."""


@dataclass(frozen=True)
class ResultArray:
    """An array of a result.

    Attributes
    ----------
    path
        Its place within the result: `.layers.0.W_q`, or nothing if it is all of the result.
    entries
        Balls, or whole numbers.
    exact
        Whether the entries are whole numbers, which are compared as they are.
    """

    path: str
    entries: Array
    exact: bool


@dataclass(frozen=True)
class Distance:
    """How far a function's result is from the exact one, at the entry where it is farthest.

    Attributes
    ----------
    error
        The distance there.
    tolerance
        The largest distance that rounding explains.
    path, place
        The array and the index of the entry, from 0.
    found, wanted
        The function's entry, and the exact one.
    """

    error: float
    tolerance: float
    path: str = ""
    place: tuple[int, ...] = ()
    found: float = 0.0
    wanted: float = 0.0

    @property
    def ratio(self) -> float:
        """The error as a part of the tolerance; above 1 rounding does not explain it."""
        if self.tolerance == 0:
            return 0.0 if self.error == 0 else np.inf
        return self.error / self.tolerance


@dataclass(frozen=True)
class ExactResult:
    """The result of an algorithm on given arguments, in balls.

    Attributes
    ----------
    arguments
        What the algorithm ran on.
    arrays
        The arrays of the result.
    decisions
        What chance decided, in order.
    """

    arguments: Arguments
    arrays: tuple[ResultArray, ...]
    decisions: tuple[int, ...] = ()

    @property
    def whole_numbers(self) -> bool:
        """Whether the result is tokens, or other whole numbers."""
        return any(array.exact for array in self.arrays)

    @property
    def certified_error(self) -> float:
        """The largest certified error of the pseudocode in the format, over several draws."""
        return max(self.own_error, self.redrawn_error)

    @cached_property
    def own_error(self) -> float:
        """The certified error of the pseudocode in the format, on these very arguments."""
        return _certified_error(self)

    @cached_property
    def redrawn_error(self) -> float:
        """The largest certified error of the pseudocode on other draws, of the same sizes."""
        if all(array.exact for array in self.arrays):
            return 0.0
        found = [0.0]
        for draw in range(1, DRAWS):
            with suppress(UndefinedResultError):
                seed = self.arguments.variation.seed + OTHER_SEEDS * draw
                found.append(_certified_error(exact_result(self.arguments.redrawn(seed))))
        return max(found)

    @property
    def multiple(self) -> int:
        """How many times the certified error the tolerance is."""
        lines = self.arguments.algorithms[self.arguments.id].program.lines
        nodes = (node for line in lines for node in walk(line.statement))
        gradients = any(isinstance(node, Gradient) for node in nodes)
        return MULTIPLE_OF_GRADIENTS if gradients else MULTIPLE

    @property
    def tolerance(self) -> float:
        """How far a correct function may be from the result."""
        return self.multiple * self.certified_error

    @cached_property
    def largest(self) -> float:
        """The largest magnitude in the result, or ∞ where it is whole numbers."""
        if self.whole_numbers:
            return math.inf
        sizes = (np.abs(array.entries.astype(float)).max(initial=0.0) for array in self.arrays)
        return float(max(sizes, default=0.0))

    def misfit(self, result: Mapping[str, Array]) -> str:
        """Say which array of a function's result has a wrong shape; nothing if all are right."""
        key, _ = self.arguments.header.output
        for array in self.arrays:
            found, wanted = result[array.path].shape, array.entries.shape
            if found != wanted:
                return f"gives {key}{array.path} of shape {found}, not {wanted}"
        return ""

    def distance(self, result: Mapping[str, Array], tolerance: float) -> Distance:
        """Return how far a function's result is, whose arrays have the right shapes."""
        worst = Distance(0.0, tolerance)
        for array in self.arrays:
            code = result[array.path]
            wanted = array.entries.astype(float)
            if array.exact:
                errors = np.where(code == wanted, 0.0, np.inf)
            else:
                errors = distances(code, array.entries)
            if errors.size and not errors.max() <= worst.error:
                place = tuple(int(at) for at in np.unravel_index(np.argmax(errors), errors.shape))
                worst = Distance(
                    float(errors[place]),
                    tolerance,
                    array.path,
                    place,
                    float(code[place]),
                    float(wanted[place]),
                )
        return worst


def exact_result(
    arguments: Arguments, algorithms: Mapping[str, Checked] | None = None
) -> ExactResult:
    """Run an algorithm in balls.

    Parameters
    ----------
    arguments
        What it runs on.
    algorithms
        Algorithms with a mistake made, to be run in place of the right ones.

    Raises
    ------
    UndefinedResultError
        If the algorithm has no value: 0/0, say.
    """

    def compute(domain: Balls) -> ExactResult:
        return _run(arguments, domain, algorithms or arguments.algorithms)

    try:
        return certified(compute, _balls, WIDTH, start=256, limit=2048)
    except (MachineError, PrecisionError) as error:
        raise UndefinedResultError(str(error)) from error


class _Stable(Floats):
    """Floating point whose softmax subtracts the maximum, as code does: it cannot overflow."""

    def softmax(self, column: Sequence[Any]) -> list[Any]:
        highest = max(column, key=self.float)
        if self.float(highest) == -np.inf:
            return super().softmax(column)
        return super().softmax([x - highest for x in column])


def floating_point_result(
    arguments: Arguments, algorithms: Mapping[str, Checked] | None = None
) -> ExactResult:
    """Run an algorithm in the format itself: quick, and not certified."""
    domain = _Stable(arguments.format.dtype)
    return _run(arguments, domain, algorithms or arguments.algorithms)


def result_parts(value: Any, expected: ExactResult) -> dict[str, Any] | str:
    """Return the arrays of a function's result by their paths, or say which of them is missing."""
    key, _ = expected.arguments.header.output
    found = {}
    for array in expected.arrays:
        try:
            found[array.path] = _at(value, array.path)
        except Exception:  # a container may raise anything where it has no such part
            return f"gives {key} without {array.path[1:]}"
    return found


def result_arrays(parts: Mapping[str, Any], expected: ExactResult) -> dict[str, Array] | str:
    """Return the parts of a result as arrays of NumPy, or say which is not an array of numbers."""
    key, _ = expected.arguments.header.output
    found = {}
    for path, part in parts.items():
        array = to_numpy(part)
        if array is None:
            return f"gives {type(part).__name__} for {key}{path}, not an array of numbers"
        widened = array.dtype == BFLOAT16 or array.dtype.kind == "b"
        found[path] = array.astype(float) if widened else array
    return found


def _at(tree: Any, path: str) -> Any:
    """Return the part of a tree at a path of fields and places: `.layers.0.W_q`."""
    for step in path.split(".")[1:]:
        tree = tree[int(step)] if step.isdecimal() else getattr(tree, step)
    return tree


def _run(
    arguments: Arguments,
    domain: Domain[Any],
    algorithms: Mapping[str, Checked],
) -> ExactResult:
    chance = Chance(iter(arguments.uniform))
    machine = Machine(algorithms, domain, random=chance, turns=TURNS)
    results = [
        machine.run(arguments.id, run.inputs, run.parameters, run.hyperparameters)
        for run in arguments.runs
    ]
    _, type = arguments.header.output
    if per_token(arguments.header):
        found = [ResultArray("", np.concatenate(results, axis=1), exact=False)]
    else:
        found = [
            ResultArray("".join(f".{step}" for step in path), leaf, leaf.dtype.kind in "iu")
            for path, leaf in leaves(_pythonic(results[0], type, algorithms))
        ]
    return ExactResult(arguments, tuple(found), tuple(chance.decisions))


def _pythonic(value: Value, type: Any, algorithms: Mapping[str, Checked]) -> Any:
    """Return a result as code has it: a column with one axis, tokens from 0, θ as a record."""
    match value, type:
        case Parameters(), _:
            return parameter_record(
                value, algorithms, lambda part, of: _pythonic(part, of, algorithms)
            )
        case list(), Tokens():
            return np.array(value) - 1
        case _, Matrix(columns=columns) if columns == ONE:
            return value[:, 0]
    return value


def _balls(result: ExactResult) -> Iterator[arb]:
    for array in result.arrays:
        if not array.exact:
            yield from array.entries.ravel().tolist()


def _certified_error(exact: ExactResult) -> float:
    """Return how far the pseudocode in the format is from the exact result, or half an ulp."""
    rough = floating_point_result(exact.arguments)
    if rough.decisions != exact.decisions:
        raise UndefinedResultError("rounding decides which token is drawn")
    error = 0.0
    if _computes(exact.arguments.algorithms[exact.arguments.id]):
        roundoff = exact.arguments.format.unit_roundoff
        for array, other in zip(exact.arrays, rough.arrays, strict=True):
            if not array.exact:
                largest = float(np.abs(array.entries.astype(float)).max(initial=0.0))
                far = distances(other.entries.astype(float), array.entries).max(initial=0.0)
                error = max(error, float(far), roundoff * largest)
    if not np.isfinite(error):
        raise UndefinedResultError(f"in {exact.arguments.format.name} the pseudocode overflows")
    return error


def _computes(checked: Checked) -> bool:
    """Say whether an algorithm does arithmetic: the column of a matrix is only copied."""
    types = checked.typing.types
    return any(
        isinstance(node, Binary | Call | Power | Prefix | Sum) and isinstance(types[node], Matrix)
        for line in checked.program.lines
        for node in walk(line.statement)
        if node in types
    )
