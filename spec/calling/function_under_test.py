"""A function under test: called on drawn arguments, its result compared with the exact one."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spec.calling.guarded_call import CallError, guarded_call
from spec.calling.python_signature import name_of
from spec.calling.verdict import Verdict
from spec.expected.result import (
    Distance,
    ExactResult,
    UndefinedResultError,
    result_arrays,
    result_name,
    result_parts,
    telling_result,
)
from spec.expected.rounding_bounds import distinct_digits
from spec.inputs.arguments import Adapter, Arguments, Function, draw_arguments
from spec.inputs.array_conversion import Array, dtype_name
from spec.inputs.formats import Format
from spec.inputs.variations import Variation
from spec.language.checked import Checked
from spec.language.header import Argument
from spec.language.tree import Choose, Sample
from spec.language.types import Matrix

#: The problem of a function that is right except where the paper leaves the value open.
NAN_WHERE_NOTHING_IS_SEEN = (
    "gives nan for a token that may attend to nothing, of which the paper says nothing (A11)"
)


@dataclass(frozen=True)
class Trial:
    """One call of a function, and how its result compares with the exact one.

    Attributes
    ----------
    expected
        The exact result, and the arguments of the call.
    verdict
        Whether the function is right, or in which way it is wrong.
    problem
        What is wrong, as a clause: `gives nan for 3 of 10 entries of Ṽ`; empty if nothing is.
    result
        The arrays of the function's result by their paths, if the result has such arrays.
    distance
        The largest distance of the result from the exact one, if the shapes are right.
    passed
        What a function that raises was passed, with shapes: `x (5, 13), mask (5, 7)`.
    """

    expected: ExactResult
    verdict: Verdict
    problem: str = ""
    result: Mapping[str, Array] | None = None
    distance: Distance | None = None
    passed: str = ""

    @property
    def arguments(self) -> Arguments:
        """The arguments of the call."""
        return self.expected.arguments

    @property
    def name(self) -> str:
        """What distinguishes the arguments: `ℓ_x = 1`."""
        return self.arguments.variation.name


@dataclass(frozen=True)
class FunctionUnderTest:
    """A function, the algorithm that it should be, and how it is called.

    Attributes
    ----------
    algorithms, id
        All algorithms, by id, and the id of the one that the function should be.
    function, adapter
        The function, and the adapter that calls it.
    format
        The floating-point format in which the function computes.
    seconds
        How long a call may take.
    """

    algorithms: Mapping[str, Checked]
    id: str
    function: Function
    adapter: Adapter
    format: Format
    seconds: float

    @property
    def name(self) -> str:
        """The name of the function."""
        return name_of(self.function)

    @property
    def title(self) -> str:
        """The algorithm that the function should be: `Algorithm 4 (Attention)`."""
        return f"Algorithm {self.id} ({self.algorithms[self.id].program.layout.title})"

    def arguments(self, variation: Variation) -> Arguments:
        """Draw arguments that the function can have."""
        return draw_arguments(self.algorithms, self.id, variation, self.format, self.adapter)

    def trials(self, variations: Iterable[Variation]) -> Iterator[Trial]:
        """Try the function on each variation for which the algorithm has a value.

        A variation that only changes sizes is left out if the same sizes were tried before. After
        a call that does not end, or that cannot be made, no further call is made.
        """
        tried: set[str] = set()
        for variation in variations:
            arguments = self.arguments(variation)
            if variation.edge and arguments.shapes in tried:
                continue
            tried.add(arguments.shapes)
            modules = len(sys.modules)
            try:
                expected = telling_result(arguments)
                trial = self.trial(expected)
                if trial.verdict is Verdict.RAISES and len(sys.modules) > modules:
                    trial = self.trial(expected)  # of a record's class it has just imported
            except UndefinedResultError:
                continue
            yield trial
            if trial.verdict.ends_the_check:
                return

    def trial(self, expected: ExactResult) -> Trial:
        """Call the function twice: it must give the same result again."""
        first = self.call(expected)
        if first.result is None:
            return first
        second = self.call(expected)
        if second.result is None:
            return replace(second, problem=f"{second.problem}, when it is called again")
        if not _agree(first.result, second.result, expected.tolerance):
            problem = "gives two results for the same arguments"
            if getattr(self.function, "training", False) is True:
                problem += "; it is in training mode, where a Dropout draws: call its eval()"
            return replace(first, verdict=Verdict.NOT_DETERMINISTIC, problem=problem)
        return first

    def call(self, expected: ExactResult) -> Trial:
        """Call the function once, and compare its result."""
        arguments = expected.arguments
        try:
            value = guarded_call(self.function, self.adapter, arguments, self.seconds)
        except CallError as error:
            return Trial(expected, error.verdict, error.problem, passed=error.passed)
        parts = result_parts(value, expected)
        result = parts if isinstance(parts, str) else result_arrays(parts, expected)
        if isinstance(result, str):
            return Trial(expected, Verdict.WRONG_SHAPE, result)
        if problem := self.wrong_dtype(parts, expected):
            return Trial(expected, Verdict.WRONG_DTYPE, problem, result)
        if problem := expected.misfit(result):
            return Trial(expected, Verdict.WRONG_SHAPE, problem, result)
        if (defined := _with_open_values(result, expected)) is not None:
            distance = expected.distance(defined, expected.tolerance)
            if distance.ratio <= 1:
                problem = NAN_WHERE_NOTHING_IS_SEEN
                return Trial(expected, Verdict.DEPARTS, problem, result, distance)
        if problem := _not_numbers(result, arguments):
            return Trial(expected, Verdict.NOT_A_NUMBER, problem, result)
        if arguments.variation.finite:
            return Trial(expected, Verdict.AGREES)
        distance = expected.distance(result, expected.tolerance)
        if distance.ratio <= 1:
            return Trial(expected, Verdict.AGREES, "", result, distance)
        problem = _described(distance, arguments)
        return Trial(expected, Verdict.DIFFERS, problem, result, distance)

    def wrong_dtype(self, parts: Any, expected: ExactResult) -> str:
        """Say which array of a result has a wrong type, if any; a list of numbers has no type.

        What takes only 0 and 1, as P2 does, may count in any type: it is given none.
        """
        header = expected.arguments.header
        has_type = any(map(_holds_numbers, (*header.inputs, *header.parameters)))
        for array in expected.arrays:
            dtype = dtype_name(parts[array.path])
            if dtype is None or array.entries.dtype == bool:  # 0 and 1 may be of any type
                continue
            if array.exact and "int" not in dtype:
                return f"gives {dtype}, not integers"
            if not array.exact and has_type and dtype != self.format.name:
                return f"gives {dtype} where its arguments are {self.format.name}"
        return ""

    @property
    def called(self) -> Sequence[str]:
        """The id of the algorithm, and of all that it calls; the deepest calls come last."""
        ids: dict[str, None] = {}
        waiting = [self.id]
        while waiting:
            id = waiting.pop(0)
            if id not in ids:
                ids[id] = None
                waiting += [callee for _, callee in self.algorithms[id].typing.callees.items()]
        return list(ids)

    def drawing(self, variations: Iterable[Variation]) -> FunctionUnderTest:
        """Return the function with its way of drawing tokens, if it draws any.

        It is the way with which the function is right on more variations: a wrong function draws,
        too.
        """
        draws = any(self.algorithms[id].program.uses(Sample, Choose) for id in self.called)
        if self.adapter.draws is not None or not draws:
            return self
        tried = list(variations)
        ways = [
            replace(self, adapter=replace(self.adapter, draws=way))
            for way in ("from below", "from above")
        ]
        return max(ways, key=lambda way: sum(trial.verdict.passes for trial in way.trials(tried)))


def _holds_numbers(argument: Argument) -> bool:
    """Say whether an argument has a type that is the result's, too."""
    _, type = argument
    return not (isinstance(type, Matrix) and type.bits)


def _agree(first: Mapping[str, Array], second: Mapping[str, Array], tolerance: float) -> bool:
    """Say whether two results are equal up to rounding: a library may change the order of a sum."""
    return all(
        array.shape == second[path].shape
        and (
            np.array_equal(array, second[path], equal_nan=True)
            or np.allclose(array, second[path], rtol=0, atol=tolerance, equal_nan=True)
        )
        for path, array in first.items()
    )


def _with_open_values(
    result: Mapping[str, Array], expected: ExactResult
) -> Mapping[str, Array] | None:
    """Return a result with the exact value in place of nan where a token may attend to nothing.

    The paper leaves the value of such a token open (A11): its softmax is 0/0, and nan is a fair
    result. None is returned if there is no such token, or if nan stands anywhere else.
    """
    mask = expected.arguments.named.get("Mask")
    if mask is None or mask.any(axis=0).all() or len(expected.arrays) > 1:
        return None
    (array,) = expected.arrays
    nan = np.isnan(result[array.path])
    if not nan.any() or (nan & mask.any(axis=0)).any():
        return None
    return {array.path: np.where(nan, array.entries.astype(float), result[array.path])}


def _not_numbers(result: Mapping[str, Array], arguments: Arguments) -> str:
    for path, array in result.items():
        name = result_name(arguments.header, path)
        if count := int(np.isnan(array).sum()):
            return f"gives nan for {count} of {array.size} entries of {name}"
        if arguments.variation.finite and (count := int(np.isinf(array).sum())):
            return f"gives ∞ for {count} of {array.size} entries of {name}"
    return ""


def _described(distance: Distance, arguments: Arguments) -> str:
    place = [index + 1 for index in distance.place]
    entry = f"{result_name(arguments.header, distance.path)}{place or ''}"
    times = f", {distance.ratio:.3g} times the tolerance" if distance.tolerance else ""
    found, wanted = distinct_digits(distance.found, distance.wanted)
    return f"gives {found} for {entry}, not {wanted}{times}"
