"""The exact result of an algorithm, and how far a function's result may be from it.

The result is enclosed in balls. How far a correct function may be from it is measured: the
pseudocode itself runs in the function's format, and its certified error, the largest over `DRAWS`
draws of the same sizes, is multiplied by `MULTIPLE`. Sums in another order, or a softmax that
subtracts the maximum, err by about as much as the pseudocode does. A result without arithmetic,
such as the column of a matrix, has the tolerance 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from flint import arb

from spec.domains.balls import PrecisionError, certified
from spec.domains.domain import Domain
from spec.domains.floats import Floats
from spec.expected.rounding_bounds import distances
from spec.expected.trace import with_python_axes, zero_based
from spec.inputs.arguments import Arguments
from spec.inputs.array_conversion import BFLOAT16, Array, to_numpy
from spec.inputs.draw import per_token
from spec.inputs.python_form import parameter_record, record
from spec.inputs.variations import TURNS
from spec.language.checked import Checked
from spec.language.header import Header
from spec.language.tree import Binary, Call, Power, Prefix, Sum
from spec.language.types import TOKEN, Family, Matrix, Tokens, Type
from spec.machine import Chance, Machine, MachineError, Parameters, Value
from spec.machine.trees import leaves

#: How many times the certified error of the pseudocode, in the same format, the tolerance is.
MULTIPLE = 16
#: On how many draws of the same sizes the error is measured; the first is the arguments themselves.
DRAWS = 3
#: What is added to the seed for each further draw: more than the seed of any variation.
SEED_STEP = 100_000
#: The largest radius of a ball, relative to its number.
WIDTH = 2.0**-80


class UndefinedResultError(ArithmeticError):
    """The algorithm has no value on these inputs, or none that rounding does not decide."""


@dataclass(frozen=True)
class ResultArray:
    """An array of a result.

    Attributes
    ----------
    path
        Where it stands in the result: `.layers.0.W_q`; empty if it is the whole result. The first
        of several results is `.0`, and W_q in the third `.2.W_q`.
    entries
        Balls, whole numbers, or truth values where each is 0 or 1.
    exact
        Whether the entries are not balls; they must be equal.
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
        The distance at that entry.
    tolerance
        The largest distance that rounding explains.
    path, place
        The array, by its path in the result, and the index of the entry, from 0: `(2, 0)`.
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
    """The result of an algorithm on some arguments, in balls.

    Attributes
    ----------
    arguments
        The arguments of the algorithm.
    arrays
        The arrays of the result: one, those of θ, or those of several results.
    decisions
        What chance decided, in order.
    """

    arguments: Arguments
    arrays: tuple[ResultArray, ...]
    decisions: tuple[int, ...] = ()

    @property
    def balls(self) -> Iterator[arb]:
        """Every real number of the result."""
        return (ball for array in self.arrays if not array.exact for ball in array.entries.flat)

    def in_python(self, dtype: Any) -> Any:
        """Return the result as a function returns it: an array, a record, or a tuple of these."""
        return _tree(
            {
                tuple(array.path.split(".")[1:]): array.entries
                if array.exact
                else array.entries.astype(dtype)
                for array in self.arrays
            }
        )

    @cached_property
    def rough(self) -> ExactResult:
        """The result of the pseudocode in the format."""
        return floating_point_result(self.arguments)

    @property
    def is_foreseeable(self) -> bool:
        """Whether arguments of the same sizes with all other numbers have the very same result.

        A distribution on one token is such a result: what a function does to get it, is not seen.
        """
        seed = self.arguments.variation.seed + SEED_STEP
        try:
            other = floating_point_result(self.arguments.redrawn(seed))
        except (MachineError, ArithmeticError):
            return False
        return all(
            np.array_equal(array.entries.astype(float), other_array.entries.astype(float))
            for array, other_array in zip(self.rough.arrays, other.arrays, strict=True)
        )

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
        errors = [0.0]
        for draw in range(1, DRAWS):
            with suppress(UndefinedResultError):
                seed = self.arguments.variation.seed + SEED_STEP * draw
                errors.append(_certified_error(exact_result(self.arguments.redrawn(seed))))
        return max(errors)

    @property
    def tolerance(self) -> float:
        """How far a correct function may be from the result."""
        return MULTIPLE * self.certified_error

    @property
    def least_tolerance(self) -> float:
        """How far a function that computes the result, and does not copy it, may be at least."""
        largest = max((_largest(array) for array in self.arrays if not array.exact), default=0.0)
        return MULTIPLE * self.arguments.format.unit_roundoff * largest

    @cached_property
    def largest(self) -> float:
        """The largest magnitude in the result, or ∞ where it is whole numbers."""
        if any(array.exact for array in self.arrays):
            return math.inf
        return max(map(_largest, self.arrays), default=0.0)

    def misfit(self, result: Mapping[str, Array]) -> str:
        """Say which array of a function's result has a wrong shape; "" if none has."""
        for array in self.arrays:
            shape, right_shape = result[array.path].shape, array.entries.shape
            if shape != right_shape:
                name = result_name(self.arguments.header, array.path)
                return f"gives {name} of shape {shape}, not {right_shape}"
        return ""

    def distance(self, result: Mapping[str, Array], tolerance: float) -> Distance:
        """Return the largest distance of a function's result, whose shapes must be right."""
        farthest = Distance(0.0, tolerance)
        for array in self.arrays:
            code, exact = result[array.path], array.entries.astype(float)
            if array.exact:
                errors = np.where(code == exact, 0.0, np.inf)
            else:
                errors = distances(code, array.entries)
            if errors.size and not errors.max() <= farthest.error:
                place = tuple(map(int, np.unravel_index(np.argmax(errors), errors.shape)))
                error, found, wanted = (float(values[place]) for values in (errors, code, exact))
                farthest = Distance(error, tolerance, array.path, place, found, wanted)
        return farthest


def exact_result(
    arguments: Arguments, algorithms: Mapping[str, Checked] | None = None
) -> ExactResult:
    """Run an algorithm in balls.

    Parameters
    ----------
    arguments
        Its arguments, with the algorithms that they are for.
    algorithms
        Other algorithms to run on them: those with a mistake made.

    Raises
    ------
    UndefinedResultError
        If the algorithm has no value: 0/0, say.
    """
    compute = partial(_run, arguments, algorithms or arguments.algorithms)
    try:
        return certified(compute, lambda result: result.balls, WIDTH, start=256, limit=2048)
    except (MachineError, PrecisionError) as error:
        raise UndefinedResultError(str(error)) from error


def telling_result(arguments: Arguments) -> ExactResult:
    """Run an algorithm in balls, on arguments whose result tells something of a function.

    Raises
    ------
    UndefinedResultError
        If the algorithm has no value, or the same one whatever the numbers are.
    """
    result = exact_result(arguments)
    if result.is_foreseeable:
        raise UndefinedResultError("the result is the same, whatever the numbers are")
    return result


class _FloatsWithStableSoftmax(Floats):
    """Floating point whose softmax subtracts the maximum, as code does: it cannot overflow."""

    def softmax(self, column: Sequence[Any]) -> list[Any]:
        highest = max(column, key=self.float)
        if self.float(highest) == -np.inf:
            return super().softmax(column)
        return super().softmax([x - highest for x in column])


def floating_point_result(
    arguments: Arguments, algorithms: Mapping[str, Checked] | None = None
) -> ExactResult:
    """Run an algorithm in the format of its arguments: quick, and not certified."""
    domain = _FloatsWithStableSoftmax(arguments.format.dtype)
    return _run(arguments, algorithms or arguments.algorithms, domain)


def computes(checked: Checked) -> bool:
    """Say whether an algorithm does arithmetic; Algorithm 1 only copies the column of a matrix."""
    types = checked.typing.types
    return any(
        isinstance(node, Binary | Call | Power | Prefix | Sum) and isinstance(types[node], Matrix)
        for node in checked.program.nodes
        if node in types
    )


def result_name(header: Header, path: str) -> str:
    """Return what errors call an array of a result: `Ṽ`, `θ.W_e`, `W̄_qkv.W_q` for `.2.W_q`."""
    key, _ = header.output
    if len(header.outputs) == 1:
        return f"{key}{path}"
    _, place, *steps = path.split(".")
    result, type = header.outputs[int(place)]
    if steps and isinstance(type, Family):  # of a layer: `K̂_1`
        steps[0] = f"{str(result).removesuffix(type.index.name)}{int(steps[0]) + 1}"
        return ".".join(steps)
    return ".".join([str(result), *steps])


def result_parts(value: Any, expected: ExactResult) -> dict[str, Any] | str:
    """Return the parts of a function's result by their paths, or say which of them is missing."""
    header = expected.arguments.header
    wanted, is_tuple = len(header.outputs), isinstance(value, tuple | list)
    if wanted > 1 and not (is_tuple and len(value) == wanted):
        names = ", ".join(str(key) for key, _ in header.outputs)
        found = f"{len(value)} results" if is_tuple else type(value).__name__
        return f"gives {found}, not the {wanted} results {names}"
    parts = {}
    for array in expected.arrays:
        try:
            parts[array.path] = _part_at(value, array.path)
        except Exception:  # a container may raise anything where it has no such part
            whole, _, part = result_name(header, array.path).partition(".")
            return f"gives {whole} without {part}"
    return parts


def result_arrays(parts: Mapping[str, Any], expected: ExactResult) -> dict[str, Array] | str:
    """Return the parts of a result as arrays of NumPy, or say which is not an array of numbers."""
    arrays = {}
    for path, part in parts.items():
        array = to_numpy(part)
        if array is None:
            name = result_name(expected.arguments.header, path)
            return f"gives {type(part).__name__} for {name}, not an array of numbers"
        needs_widening = array.dtype == BFLOAT16 or array.dtype.kind == "b"
        arrays[path] = array.astype(float) if needs_widening else array
    return arrays


def _tree(parts: Mapping[tuple[str, ...], Array]) -> Any:
    """Return arrays as a tree of tuples and records, by their paths."""
    if () in parts:
        return parts[()]
    steps = dict.fromkeys(path[0] for path in parts)
    branches = {
        step: _tree({path[1:]: part for path, part in parts.items() if path[0] == step})
        for step in steps
    }
    if all(step.isdecimal() for step in steps):
        return tuple(branches.values())
    return record("Result", branches)


def _part_at(tree: Any, path: str) -> Any:
    """Return the part of a tree at a path of fields and places: `.layers.0.W_q`."""
    for step in path.split(".")[1:]:
        tree = tree[int(step)] if step.isdecimal() else getattr(tree, step)
    return tree


def _run(
    arguments: Arguments, algorithms: Mapping[str, Checked], domain: Domain[Any]
) -> ExactResult:
    """Run an algorithm, once or for each token, and return its result in Python's form."""
    chance = Chance(iter(arguments.uniform))
    machine = Machine(algorithms, domain, random=chance, turns=TURNS)
    results = [
        machine.run(arguments.id, run.inputs, run.parameters, run.hyperparameters)
        for run in arguments.runs
    ]
    outputs = arguments.header.outputs
    value: Any
    if per_token(arguments.header):
        columns = isinstance(outputs[0][1], Matrix)
        value = np.concatenate(results, axis=1) if columns else np.array(zero_based(results))
    elif len(outputs) == 1:
        value = _in_python(results[0], outputs[0][1], algorithms)
    else:
        pairs = zip(results[0], outputs, strict=True)
        value = tuple(_in_python(part, type, algorithms) for part, (_, type) in pairs)
    arrays = tuple(
        ResultArray("".join(f".{step}" for step in path), leaf, leaf.dtype.kind in "iub")
        for path, leaf in leaves(value)
    )
    return ExactResult(arguments, arrays, tuple(chance.decisions))


def _in_python(value: Value, type: Type, algorithms: Mapping[str, Checked]) -> Any:
    """Return a result as a function gives it: a number is an array without axes."""
    if isinstance(type, Family):
        return tuple(_in_python(value[index], type.member, algorithms) for index in sorted(value))
    value = with_python_axes(value, type, algorithms)
    if isinstance(type, Tokens) or type == TOKEN:
        return np.array(zero_based(value))
    if isinstance(type, Matrix) and type.bits:
        return np.asarray(value == 1, dtype=bool)
    if isinstance(value, Parameters):
        return parameter_record(value, algorithms, lambda part, _: part)
    return value if isinstance(value, np.ndarray) else np.array(value, dtype=object)


def _largest(array: ResultArray) -> float:
    """Return the largest magnitude in an array."""
    return float(np.abs(array.entries.astype(float)).max(initial=0.0))


def _certified_error(exact: ExactResult) -> float:
    """Return the error of the pseudocode in the format, and at least half an ulp of the largest."""
    rough = exact.rough
    if rough.decisions != exact.decisions:
        raise UndefinedResultError("rounding decides which token is drawn")
    error = 0.0
    if computes(exact.arguments.algorithms[exact.arguments.id]):
        for array, rough_array in zip(exact.arrays, rough.arrays, strict=True):
            if not array.exact:
                errors = distances(rough_array.entries.astype(float), array.entries)
                half_ulp = exact.arguments.format.unit_roundoff * _largest(array)
                error = max(error, float(errors.max(initial=0.0)), half_ulp)
    if not np.isfinite(error):
        raise UndefinedResultError(f"in {exact.arguments.format.name} the pseudocode overflows")
    return error
