"""Chance gone both ways: the law of what a function draws, in rationals.

Wherever a run asks chance, each way is gone, with its probability. Of all courses together that is
the law of the result, exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from inspect import unwrap
from typing import Any
from unittest.mock import patch

import numpy as np

from algorithms.extensions import speculative

_STEP = unwrap(speculative.speculative_step)


class Course:
    """One course of a run: what chance decides, and how probable all that is."""

    def __init__(self, decisions: Sequence[int]) -> None:
        self.decisions, self.weight = list(decisions), Fraction(1)
        self.ways: list[tuple[int, int]] = []

    def choose(self, probabilities: Sequence[Fraction]) -> int:
        """Take a way that is possible: that of the plan, or the first."""
        possible = [n for n, share in enumerate(probabilities) if share]
        way = self.decisions[len(self.ways)] if len(self.ways) < len(self.decisions) else 0
        self.ways.append((way, len(possible)))
        self.weight *= probabilities[possible[way]]
        return possible[way]

    def random(self) -> Uniform:
        """A uniform number."""
        return Uniform(self)

    def token(self, q: Any) -> int:
        """A token drawn from q."""
        total = sum(q)
        return self.choose([Fraction(share) / total for share in q])


class Uniform:
    """A uniform number that nobody knows: `q u < p` is as probable as min(1, p / q)."""

    def __init__(self, course: Course, factor: Any = 1) -> None:
        self.course, self.factor = course, factor

    def __rmul__(self, factor: Any) -> Uniform:
        return Uniform(self.course, factor * self.factor)

    def __lt__(self, other: Any) -> bool:
        chance = min(Fraction(1), other / self.factor) if self.factor else Fraction(1)
        return self.course.choose([1 - chance, chance]) == 1


def courses(run: Callable[[Course], Any]) -> Iterator[tuple[Fraction, Any]]:
    """Every course of a run, with its result."""
    waiting: list[list[int]] = [[]]
    while waiting:
        course = Course(waiting.pop())
        result = run(course)
        for place in range(len(course.decisions), len(course.ways)):
            before = [way for way, _ in course.ways[:place]]
            waiting += [[*before, way] for way in range(1, course.ways[place][1])]
        yield course.weight, result


def law(run: Callable[[Course], Any]) -> dict[Any, Fraction]:
    """How probable each result is."""
    found: defaultdict[Any, Fraction] = defaultdict(Fraction)
    for weight, result in courses(run):
        found[result] += weight
    return dict(found)


def rational(source: Any, size: int) -> Any:
    """A distribution of rationals."""
    weights = source.integers(0, 9, size) + np.eye(1, size, source.integers(size), dtype=int)[0]
    return np.array([Fraction(int(w), int(weights.sum())) for w in weights], dtype=object)


def step(p: Any, q: Any, y: int, course: Course) -> int:
    """A speculative step whose chance is a course's."""
    with patch.object(speculative, "sample", lambda q, rng: rng.token(q)):
        return int(_STEP(p, q, y, rng=course))


def law_of_a_step(p: Any, q: Any) -> dict[int, Fraction]:
    """How probable each token is that a speculative step makes of one drawn from q."""
    return law(lambda course: step(p, q, course.token(q), course))
