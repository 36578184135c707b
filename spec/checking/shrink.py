"""The smallest arguments on which a function fails: few sizes above 1, and numbers such as 1."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

import hypothesis
import numpy as np
from hypothesis import Phase, settings
from hypothesis import strategies as st

from spec.calling.function_under_test import Subject, Trial
from spec.checking.print_arguments import FEW, sizes_of_given
from spec.expected.result import Undefined, answer
from spec.inputs.arguments import Given
from spec.inputs.drawn_sizes import drawn_sizes
from spec.machine import Parameters, Value

#: What numbers are tried, the simplest first.
NUMBERS = (0.0, 1.0, 2.0, -1.0, -2.0, 3.0, 0.5, -0.5, 1.5)
#: From how many seeds numbers are drawn, for each choice of sizes.
SEEDS = 3
#: How many choices are tried at most before one is found; to make it smaller, time is the limit.
EXAMPLES = 200

T = TypeVar("T")
Change = Callable[[Value, "st.SearchStrategy[Any]"], Value]


def smallest(subject: Subject, trial: Trial, seconds: float) -> Trial | None:
    """Return a trial on the smallest arguments found on which a function fails in the same way.

    First the sizes become as small as they can. Where so few numbers are left that they can be
    read, these become as simple as they can.

    Parameters
    ----------
    subject, trial
        The function, and a trial in which it failed.
    seconds
        How long to look, about.
    """
    search = _Search(subject, trial, time.monotonic() + seconds)
    variation = trial.given.variation._replace(name="the smallest found", edge=False)
    draws = [("all", 0)] if "Mask" in trial.given.named and variation.mask != "all" else []
    draws += [(variation.mask, seed) for seed in range(SEEDS)]

    def of_sizes(sizes: dict[str, int]) -> Iterator[Given]:
        for mask, seed in draws:
            yield subject.given(variation._replace(sizes=sizes, seed=seed, mask=mask))

    sizes = drawn_sizes(subject.algorithms, subject.id, sizes_of_given(trial.given))
    found = search.smallest(sizes, of_sizes)
    if found is None or found.given.size > FEW:
        return found
    return search.smallest(*_numbers(found.given)) or found


class _Search:
    """Looks for arguments on which a function fails as in a trial, while there is time."""

    def __init__(self, subject: Subject, trial: Trial, end: float) -> None:
        self.subject = subject
        self.verdict = trial.verdict
        self.end = end

    def smallest(
        self, choices: st.SearchStrategy[T], made: Callable[[T], Iterator[Given]]
    ) -> Trial | None:
        """Return a trial that fails, made of the simplest choice."""
        known: dict[str, Trial | None] = {}

        def failing(choice: T) -> Trial | None:
            # When time is up what is known is still said, and nothing else fails.
            key = repr(choice)
            if key not in known and time.monotonic() < self.end:
                known[key] = self.failing(made(choice))
            return known.get(key)

        try:
            found = hypothesis.find(
                choices,
                lambda choice: failing(choice) is not None,
                settings=settings(
                    database=None,
                    deadline=None,
                    derandomize=True,
                    max_examples=EXAMPLES,
                    phases=(Phase.generate, Phase.shrink),
                ),
            )
        except hypothesis.errors.NoSuchExample:
            return None
        return failing(found)

    def failing(self, several: Iterator[Given]) -> Trial | None:
        """Return the first trial that fails in the same way."""
        for given in several:
            with suppress(Undefined):
                trial = self.subject.trial(answer(given))
                if trial.verdict is self.verdict:
                    return trial
        return None


# Numbers ------------------------------------------------------------------------------------------


def _numbers(
    given: Given,
) -> tuple[st.SearchStrategy[tuple[Any, ...]], Callable[[tuple[Any, ...]], Iterator[Given]]]:
    """Return how all numbers of arguments are drawn instead, and what makes arguments of them."""
    found: list[st.SearchStrategy[Any]] = []

    def note(value: Value, instead: st.SearchStrategy[Any]) -> Value:
        found.append(instead)
        return value

    def made(numbers: tuple[Any, ...]) -> Iterator[Given]:
        left = iter(numbers)
        yield _changed(given, lambda *_: next(left))

    _changed(given, note)
    return st.tuples(*found), made


def _changed(given: Given, change: Change) -> Given:
    """Return other arguments: of one token, where they are for many, and each number changed."""
    first = given.runs[0]
    hyperparameters = {
        name: _simple(value, change) if name not in given.adapter.values else value
        for name, value in first.hyperparameters.items()
    }
    run = replace(
        first,
        inputs=tuple(_each(value, change) for value in first.inputs),
        parameters=tuple(_each(value, change) for value in first.parameters),
        hyperparameters=hyperparameters,
    )
    return replace(given, runs=(given.adapter.inputs(run),))


def _simple(value: Value, change: Change) -> Value:
    """Return another hyperparameter if it is a number; what counts is left."""
    return change(value, st.sampled_from((0.5, 1.0, 2.0))) if isinstance(value, float) else value


def _each(value: Value, change: Change) -> Value:
    match value:
        case Parameters(algorithm, fields):
            return Parameters(algorithm, {key: _each(one, change) for key, one in fields.items()})
        case list():
            return [_each(one, change) for one in value]
        case np.ndarray() if value.dtype.kind == "f":
            entries = [change(entry, st.sampled_from(NUMBERS)) for entry in value.ravel()]
            return np.array(entries, dtype=float).reshape(value.shape)
        case np.ndarray():
            bits = [change(entry, st.sampled_from((1, 0))) for entry in value.ravel()]
            return np.array(bits, dtype=value.dtype).reshape(value.shape)
        case float():
            return _simple(value, change)
    return change(value, st.integers(1, value))  # a token, a position
