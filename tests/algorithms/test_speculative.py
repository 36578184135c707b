"""Is what a speculative step gives distributed as p? In rationals, and through the function itself.

The function runs on arrays of rationals. Wherever it asks chance, both ways are gone, each with its
probability: of all courses together that is the law of the result, exactly.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from inspect import unwrap
from itertools import pairwise, product

import numpy as np
import pytest
from helpers import generic

from algorithms import sample, speculative_step
from algorithms.extensions import speculative

STEP = unwrap(speculative_step)


class Course:
    """One course of a run: what chance decides, and how probable all that is."""

    def __init__(self, decisions):
        self.decisions, self.ways, self.weight = list(decisions), [], Fraction(1)

    def choose(self, probabilities):
        """Take a way that is possible: that of the plan, or the first."""
        possible = [n for n, share in enumerate(probabilities) if share]
        way = self.decisions[len(self.ways)] if len(self.ways) < len(self.decisions) else 0
        self.ways.append((way, len(possible)))
        self.weight *= probabilities[possible[way]]
        return possible[way]

    def random(self):
        return Uniform(self)

    def token(self, q, rng):
        total = sum(q)
        return self.choose([Fraction(share) / total for share in q])


class Uniform:
    """A uniform number that nobody knows: `q u < p` is as probable as min(1, p / q)."""

    def __init__(self, course, factor=1):
        self.course, self.factor = course, factor

    def __rmul__(self, factor):
        return Uniform(self.course, factor * self.factor)

    def __lt__(self, other):
        chance = min(Fraction(1), other / self.factor) if self.factor else Fraction(1)
        return self.course.choose([1 - chance, chance]) == 1


def courses(run):
    """Every course of a run, with its result."""
    waiting = [[]]
    while waiting:
        course = Course(waiting.pop())
        result = run(course)
        for place in range(len(course.decisions), len(course.ways)):
            before = [way for way, _ in course.ways[:place]]
            waiting += [[*before, way] for way in range(1, course.ways[place][1])]
        yield course.weight, result


def law(run):
    """How probable each result is."""
    found = defaultdict(Fraction)
    for weight, result in courses(run):
        found[result] += weight
    return dict(found)


@pytest.fixture
def on_course(monkeypatch):
    """Chance decides in the function as the course says."""
    monkeypatch.setattr(speculative, "sample", lambda q, rng: rng.token(q, rng))


def rational(source, size):
    weights = source.integers(0, 9, size) + np.eye(1, size, source.integers(size), dtype=int)[0]
    return np.array([Fraction(int(w), int(weights.sum())) for w in weights], dtype=object)


@pytest.mark.parametrize("seed", range(40))
def test_the_result_is_distributed_as_p_exactly(seed, on_course):
    source = generic.rng(seed)
    size = int(source.integers(1, 6))
    p, q = rational(source, size), rational(source, size)

    def run(course):
        return int(STEP(p, q, course.token(q, course), rng=course))

    assert law(run) == {v: share for v, share in enumerate(p) if share}


def test_several_tokens_of_a_draft_ahead_are_distributed_as_the_models(on_course):
    """Two tokens ahead of a Markov chain's: what is kept, and the next after all are kept."""
    source = generic.rng(5)
    model, draft = ([rational(source, 3) for _ in range(3)] for _ in range(2))

    def run(course):
        text = [0]
        while len(text) <= 3:
            ahead = [text[-1]]
            for _ in range(2):
                ahead.append(course.token(draft[ahead[-1]], course))
            for before, y in pairwise(ahead):
                text.append(int(STEP(model[before], draft[before], y, rng=course)))
                if text[-1] != y:
                    break
            else:
                text.append(course.token(model[text[-1]], course))
        return tuple(text[1:4])

    want = {
        text: model[0][text[0]] * model[text[0]][text[1]] * model[text[1]][text[2]]
        for text in product(range(3), repeat=3)
    }
    assert law(run) == {text: share for text, share in want.items() if share}


def test_a_draft_like_the_model_is_always_kept():
    p = generic.rng(1).dirichlet(np.ones(7))
    source = generic.rng(2)
    assert all(speculative_step(p, p, y, rng=source) == y for y in range(7))


def test_a_draft_that_gives_each_token_more_by_rounding_is_kept():
    """Nothing is lacking then: there is nothing else to draw."""
    p = np.array([0.5, 0.5])
    q = p * (1 + 2.0**-52)
    never = type("Never", (np.random.Generator,), {"random": lambda self: 1 - 2.0**-53})
    assert speculative_step(p, q, 1, rng=never(np.random.PCG64())) == 1


def test_it_keeps_a_token_as_often_as_p_and_q_have_in_common():
    p, q = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.75, 0.0])
    source, times = generic.rng(7), 4000
    drawn = [sample(q, source) for _ in range(times)]
    kept = sum(speculative_step(p, q, y, rng=source) == y for y in drawn)
    common = np.minimum(p, q).sum()
    # Six standard deviations: farther with probability 1/36 at most (Chebyshev).
    assert abs(kept - common * times) < 6 * np.sqrt(times * common * (1 - common))
