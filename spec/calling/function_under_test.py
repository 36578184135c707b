"""A function under test: called on drawn arguments, its result compared with the exact one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spec.calling.guarded_call import guarded_call
from spec.calling.python_signature import name_of
from spec.calling.verdict import Verdict
from spec.expected.result import (
    Array,
    Distance,
    ExactResult,
    UndefinedResultError,
    exact_result,
    result_arrays,
    result_parts,
)
from spec.expected.rounding_bounds import distinct_digits
from spec.inputs.adapter import Adapter, Function
from spec.inputs.arguments import Arguments, draw_arguments
from spec.inputs.array_conversion import dtype_name
from spec.inputs.formats import Format
from spec.inputs.variations import Variation
from spec.language.checked import Checked
from spec.language.tree import Choose, Sample, walk

#: The problem of a function that is right except where the paper leaves the value open.
BLIND = "gives nan for a token that may attend to nothing, of which the paper says nothing (A11)"


@dataclass(frozen=True)
class Trial:
    """What a function did on some arguments.

    Attributes
    ----------
    expected
        The exact result, with the arguments.
    verdict
        Whether the function is right, and if not in which way it is wrong.
    problem
        What is wrong, in a clause: `gives nan for 3 of 10 entries of Ṽ`; empty if nothing is.
    result
        The arrays of the function's result, by their paths, if it gave one.
    distance
        How far they are from the exact ones, if they have the right shapes.
    """

    expected: ExactResult
    verdict: Verdict
    problem: str = ""
    result: Mapping[str, Array] | None = None
    distance: Distance | None = None

    @property
    def arguments(self) -> Arguments:
        """The arguments of the call."""
        return self.expected.arguments

    @property
    def name(self) -> str:
        """What is particular about the arguments: `ℓ_x = 1`."""
        return self.arguments.variation.name


@dataclass(frozen=True)
class FunctionUnderTest:
    """A function under test.

    Attributes
    ----------
    algorithms, id
        All algorithms, by id, and which of them the function should be.
    function, adapter
        The function, and how it is called.
    format
        The floating-point format in which it computes.
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

    def arguments(self, variation: Variation) -> Arguments:
        """Draw arguments that the function can have."""
        return draw_arguments(self.algorithms, self.id, variation, self.format, self.adapter)

    def trials(self, variations: Iterable[Variation]) -> Iterator[Trial]:
        """Try the function on each variation for which the algorithm has a value.

        Sizes that were tried before are left out where nothing else is particular. After a call
        that does not end, or cannot be made, there is no other.
        """
        seen: set[str] = set()
        for variation in variations:
            arguments = self.arguments(variation)
            if variation.edge and arguments.shapes in seen:
                continue
            seen.add(arguments.shapes)
            try:
                trial = self.trial(exact_result(arguments))
            except UndefinedResultError:
                continue
            yield trial
            if trial.verdict in (Verdict.HANGS, Verdict.DOES_NOT_FIT):
                return

    def trial(self, expected: ExactResult) -> Trial:
        """Call the function twice: it must give the same result again."""
        first = self.call(expected)
        if first.result is None:
            return first
        second = self.call(expected)
        if second.result is None:
            return replace(second, problem=f"{second.problem}, when it is called again")
        if not _same(first.result, second.result, expected.tolerance):
            problem = "gives two results for the same arguments"
            if getattr(self.function, "training", False) is True:
                problem += "; it is in training mode, where a Dropout draws: call its eval()"
            return replace(first, verdict=Verdict.NOT_DETERMINISTIC, problem=problem)
        return first

    def call(self, expected: ExactResult) -> Trial:
        """Call the function once, and compare its result."""
        arguments = expected.arguments
        outcome = guarded_call(self.function, self.adapter, arguments, self.seconds)
        if outcome.verdict is not None:
            return Trial(expected, outcome.verdict, outcome.problem)
        parts = result_parts(outcome.result, expected)
        result = parts if isinstance(parts, str) else result_arrays(parts, expected)
        if isinstance(result, str):
            return Trial(expected, Verdict.WRONG_SHAPE, result)
        if problem := self.wrong_dtype(parts, expected):
            return Trial(expected, Verdict.WRONG_DTYPE, problem, result)
        if problem := expected.misfit(result):
            return Trial(expected, Verdict.WRONG_SHAPE, problem, result)
        if (without_nan := _without_blind(result, expected)) is not None:
            distance = expected.distance(without_nan, expected.tolerance)
            if distance.ratio <= 1:
                return Trial(expected, Verdict.DEPARTS, BLIND, result, distance)
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
        """Say which array of a result has a wrong type, if one has; a list of numbers has none."""
        for array in expected.arrays:
            dtype = dtype_name(parts[array.path])
            if dtype is None:
                continue
            if array.exact and "int" not in dtype:
                return f"gives {dtype}, not integers"
            if not array.exact and dtype != self.format.name:
                return f"gives {dtype} for {self.format.name}"
        return ""

    def drawing(self, variations: Iterable[Variation]) -> FunctionUnderTest:
        """Return the function with the way in which it draws tokens, if it draws any.

        That is the way in which it is right more often: a function may be wrong, and still draw.
        """
        lines = self.algorithms[self.id].program.lines
        nodes = (node for line in lines for node in walk(line.statement))
        samples = any(isinstance(node, Sample | Choose) for node in nodes)
        if self.adapter.draws is not None or not samples:
            return self
        tried = list(variations)
        ways = [
            replace(self, adapter=replace(self.adapter, draws=way))
            for way in ("from below", "from above")
        ]
        return max(ways, key=lambda way: sum(trial.verdict.passes for trial in way.trials(tried)))


def _same(result: Mapping[str, Array], other: Mapping[str, Array], tolerance: float) -> bool:
    """Say whether two results are the same up to rounding: the order of a sum may change."""
    return all(
        array.shape == other[path].shape
        and (
            np.array_equal(array, other[path], equal_nan=True)
            or np.allclose(array, other[path], rtol=0, atol=tolerance, equal_nan=True)
        )
        for path, array in result.items()
    )


def _without_blind(
    result: Mapping[str, Array], expected: ExactResult
) -> Mapping[str, Array] | None:
    """Return a result with the exact value in place of nan where a token may attend to nothing.

    Such a token has no value in the paper (A11): the softmax is 0/0, and nan is a fair answer.
    None if there is no such token, or nan stands elsewhere.
    """
    mask = expected.arguments.named.get("Mask")
    if mask is None or mask.any(axis=0).all():
        return None
    (array,) = expected.arrays
    nan = np.isnan(result[array.path])
    if not nan.any() or (nan & mask.any(axis=0)).any():
        return None
    return {array.path: np.where(nan, array.entries.astype(float), result[array.path])}


def _not_numbers(result: Mapping[str, Array], arguments: Arguments) -> str:
    key, _ = arguments.header.output
    for path, array in result.items():
        if count := int(np.isnan(array).sum()):
            return f"gives nan for {count} of {array.size} entries of {key}{path}"
        if arguments.variation.finite and (count := int(np.isinf(array).sum())):
            return f"gives ∞ for {count} of {array.size} entries of {key}{path}"
    return ""


def _described(distance: Distance, arguments: Arguments) -> str:
    key, _ = arguments.header.output
    place = [at + 1 for at in distance.place]
    entry = f"{key}{distance.path}{place or ''}"
    far = f", {distance.ratio:.3g} times the tolerance" if distance.tolerance else ""
    found, wanted = distinct_digits(distance.found, distance.wanted)
    return f"gives {found} for {entry}, not {wanted}{far}"
