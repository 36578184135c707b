"""A function under check: called on given arguments, and held to the pseudocode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spec.calling.by_name import name_of
from spec.calling.guarded_call import attempt
from spec.calling.verdict import Verdict
from spec.expected.result import (
    Answer,
    Array,
    Distance,
    Undefined,
    answer,
    arrays_of,
    parts_of,
)
from spec.inputs.adapter import Adapter, Function
from spec.inputs.arguments import Given, Variation, give
from spec.inputs.array_conversion import dtype_of
from spec.inputs.formats import Format
from spec.language.checked import Checked
from spec.language.tree import Choose, Sample, walk
from spec.line_by_line.compare_array import told

#: What is said of a function that is right but for what the paper leaves open.
BLIND = "gives nan for a token that may attend to nothing, of which the paper says nothing (A11)"


@dataclass(frozen=True)
class Trial:
    """What a function did on some arguments.

    Attributes
    ----------
    answer
        What it was given, and what the result must be.
    verdict
        What is to be said of it.
    problem
        In what it is wrong, in a clause; nothing if it is right.
    result
        The arrays of its result, by their paths, if there is one.
    distance
        How far they are from what they must be, if they have the right shapes.
    """

    answer: Answer
    verdict: Verdict
    problem: str = ""
    result: Mapping[str, Array] | None = None
    distance: Distance | None = None

    @property
    def given(self) -> Given:
        """What the function was given."""
        return self.answer.given

    @property
    def name(self) -> str:
        """What is particular about the arguments."""
        return self.given.variation.name


@dataclass(frozen=True)
class Subject:
    """A function under check.

    Attributes
    ----------
    algorithms, id
        All algorithms, by id, and which one the function is to be.
    function, adapter
        The function, and how it is called.
    format
        The format that it computes in.
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
        """What the function is called."""
        return name_of(self.function)

    def given(self, variation: Variation) -> Given:
        """Draw arguments that the function can have."""
        return give(self.algorithms, self.id, variation, self.format, self.adapter)

    def trials(self, variations: Iterable[Variation]) -> Iterator[Trial]:
        """Try the function, but not twice on the same, nor where the algorithm is undefined.

        After a call that does not end, or cannot be made, there is no other.
        """
        seen: set[str] = set()
        for variation in variations:
            given = self.given(variation)
            if variation.edge and given.shapes in seen:
                continue
            seen.add(given.shapes)
            try:
                trial = self.trial(answer(given))
            except Undefined:
                continue
            yield trial
            if trial.verdict in (Verdict.HANGS, Verdict.DOES_NOT_FIT):
                return

    def trial(self, answer: Answer) -> Trial:
        """Try the function, twice."""
        first = self.once(answer)
        if first.result is None:
            return first
        again = self.once(answer)
        if again.result is None:
            return replace(again, problem=f"{again.problem}, when it is called again")
        if not _same(first.result, again.result, answer):
            problem = "gives two results for the same arguments"
            if getattr(self.function, "training", False) is True:
                problem += "; it is in training mode, where a Dropout draws: call its eval()"
            return replace(first, verdict=Verdict.NOT_DETERMINISTIC, problem=problem)
        return first

    def once(self, answer: Answer) -> Trial:
        """Call the function, and compare its result."""
        outcome = attempt(self.function, self.adapter, answer.given, self.seconds)
        if outcome.verdict is not None:
            return Trial(answer, outcome.verdict, outcome.problem)
        parts = parts_of(outcome.result, answer)
        result = parts if isinstance(parts, str) else arrays_of(parts, answer)
        if isinstance(result, str):
            return Trial(answer, Verdict.WRONG_SHAPE, result)
        if problem := self.wrong_dtype(parts, answer):
            return Trial(answer, Verdict.WRONG_DTYPE, problem, result)
        if problem := answer.misfit(result):
            return Trial(answer, Verdict.WRONG_SHAPE, problem, result)
        if (seen := _without_blind(result, answer)) is not None:
            distance = answer.distance(seen, answer.tolerance)
            if distance.ratio <= 1:
                return Trial(answer, Verdict.DEPARTS, BLIND, result, distance)
        if problem := _not_numbers(result, answer):
            return Trial(answer, Verdict.NOT_A_NUMBER, problem, result)
        if answer.given.variation.finite:
            return Trial(answer, Verdict.AGREES)
        distance = answer.distance(result, answer.tolerance)
        if distance.ratio <= 1:
            return Trial(answer, Verdict.AGREES, "", result, distance)
        return Trial(answer, Verdict.DIFFERS, _told(answer, distance), result, distance)

    def wrong_dtype(self, parts: Any, answer: Answer) -> str:
        """Say which array has a wrong type, if one has; a list of numbers has none."""
        for leaf in answer.leaves:
            found = dtype_of(parts[leaf.path])
            if found is None:
                continue
            if leaf.exact and "int" not in found:
                return f"gives {found}, not integers"
            if not leaf.exact and found != self.format.name:
                return f"gives {found} for {self.format.name}"
        return ""

    def drawing(self, tried: Iterable[Variation]) -> Subject:
        """Return the subject with the way in which it draws tokens, if it draws any.

        That is the way in which it is right more often: a function may be wrong, and still draw.
        """
        lines = self.algorithms[self.id].program.lines
        nodes = (node for line in lines for node in walk(line.statement))
        samples = any(isinstance(node, Sample | Choose) for node in nodes)
        if self.adapter.draws is not None or not samples:
            return self
        several = list(tried)
        ways = [
            replace(self, adapter=replace(self.adapter, draws=way))
            for way in ("from below", "from above")
        ]
        return max(ways, key=lambda way: sum(one.verdict.passes for one in way.trials(several)))


def _same(one: Mapping[str, Array], other: Mapping[str, Array], answer: Answer) -> bool:
    """Say whether two results are the same but for rounding: the order of a sum may change."""
    return all(
        array.shape == other[path].shape
        and (
            np.array_equal(array, other[path], equal_nan=True)
            or np.allclose(array, other[path], rtol=0, atol=answer.tolerance, equal_nan=True)
        )
        for path, array in one.items()
    )


def _without_blind(result: Mapping[str, Array], answer: Answer) -> Mapping[str, Array] | None:
    """Return a result with what it should be in place of nan, where that is all that is wrong.

    A token that may attend to nothing has no value in the paper (A11): the softmax is 0/0. Code
    that says nan there says what is so.
    """
    mask = answer.given.named.get("Mask")
    if mask is None or mask.any(axis=0).all():
        return None
    (leaf,) = answer.leaves
    nan = np.isnan(result[leaf.path])
    if not nan.any() or (nan & mask.any(axis=0)).any():
        return None
    return {leaf.path: np.where(nan, leaf.entries.astype(float), result[leaf.path])}


def _not_numbers(result: Mapping[str, Array], answer: Answer) -> str:
    key, _ = answer.given.header.output
    for path, array in result.items():
        if many := int(np.isnan(array).sum()):
            return f"gives nan for {many} of {array.size} entries of {key}{path}"
        if answer.given.variation.finite and (many := int(np.isinf(array).sum())):
            return f"gives ∞ for {many} of {array.size} entries of {key}{path}"
    return ""


def _told(answer: Answer, distance: Distance) -> str:
    key, _ = answer.given.header.output
    at = [place + 1 for place in distance.place]
    entry = f"{key}{distance.path}{at or ''}"
    far = f", {distance.ratio:.3g} times the tolerance" if distance.tolerance else ""
    found, wanted = told(distance.found, distance.wanted)
    return f"gives {found} for {entry}, not {wanted}{far}"
