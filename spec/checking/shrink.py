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

from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.checking.print_arguments import FEW
from spec.expected.result import UndefinedResultError, exact_result
from spec.inputs.arguments import Arguments
from spec.inputs.drawn_sizes import drawn_sizes
from spec.machine import Value
from spec.machine.trees import map_leaves

#: What numbers are tried, the simplest first.
NUMBERS = (0.0, 1.0, 2.0, -1.0, -2.0, 3.0, 0.5, -0.5, 1.5)
#: From how many seeds numbers are drawn, for each choice of sizes.
SEEDS = 3
#: How many choices are tried at most before one is found; to make it smaller, time is the limit.
EXAMPLES = 200

T = TypeVar("T")
Change = Callable[[Value, "st.SearchStrategy[Any]"], Value]


def smallest(subject: FunctionUnderTest, trial: Trial, seconds: float) -> Trial | None:
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
    search = _Search(subject, trial, time.process_time() + seconds)
    variation = trial.arguments.variation._replace(name="the smallest found", edge=False)
    draws = [("all", 0)] if "Mask" in trial.arguments.named and variation.mask != "all" else []
    draws += [(variation.mask, seed) for seed in range(SEEDS)]

    def of_sizes(sizes: dict[str, int]) -> Iterator[Arguments]:
        for mask, seed in draws:
            yield subject.arguments(variation._replace(sizes=sizes, seed=seed, mask=mask))

    sizes = drawn_sizes(subject.algorithms, subject.id, trial.arguments.sizes)
    found = search.smallest(sizes, of_sizes)
    if found is None or found.arguments.count > FEW:
        return found
    return search.smallest(*_numbers(found.arguments)) or found


class _Search:
    """Looks for arguments on which a function fails as in a trial, while there is time."""

    def __init__(self, subject: FunctionUnderTest, trial: Trial, end: float) -> None:
        self.subject = subject
        self.verdict = trial.verdict
        self.end = end

    def smallest(
        self, choices: st.SearchStrategy[T], made: Callable[[T], Iterator[Arguments]]
    ) -> Trial | None:
        """Return a trial that fails, made of the simplest choice."""
        known: dict[str, Trial | None] = {}

        def failing(choice: T) -> Trial | None:
            # When time is up what is known is still said, and nothing else fails.
            key = repr(choice)
            if key not in known and time.process_time() < self.end:
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

    def failing(self, several: Iterator[Arguments]) -> Trial | None:
        """Return the first trial that fails in the same way."""
        for arguments in several:
            with suppress(UndefinedResultError):
                trial = self.subject.trial(exact_result(arguments))
                if trial.verdict is self.verdict:
                    return trial
        return None


# Numbers ------------------------------------------------------------------------------------------


def _numbers(
    arguments: Arguments,
) -> tuple[st.SearchStrategy[tuple[Any, ...]], Callable[[tuple[Any, ...]], Iterator[Arguments]]]:
    """Return how all numbers of arguments are drawn instead, and what makes arguments of them."""
    found: list[st.SearchStrategy[Any]] = []

    def note(value: Value, instead: st.SearchStrategy[Any]) -> Value:
        found.append(instead)
        return value

    def made(numbers: tuple[Any, ...]) -> Iterator[Arguments]:
        left = iter(numbers)
        yield _changed(arguments, lambda *_: next(left))

    _changed(arguments, note)
    return st.tuples(*found), made


def _changed(arguments: Arguments, change: Change) -> Arguments:
    """Return other arguments: of one token, where they are for many, and each number changed."""

    def changed(leaf: Value) -> Value:
        match leaf:
            case np.ndarray() if leaf.dtype.kind == "f":
                return _entries(leaf, NUMBERS, change)
            case np.ndarray():
                return _entries(leaf, (1, 0), change)
            case float():
                return change(leaf, st.sampled_from((0.5, 1.0, 2.0)))
        return change(leaf, st.integers(1, leaf))  # a token, a position

    run = arguments.runs[0]
    inputs, parameters = map_leaves(changed, (run.inputs, run.parameters))
    hyperparameters = {
        # What counts, and what the adapter fixes, is left.
        name: changed(value)
        if isinstance(value, float) and name not in arguments.adapter.values
        else value
        for name, value in run.hyperparameters.items()
    }
    run = replace(run, inputs=inputs, parameters=parameters, hyperparameters=hyperparameters)
    return replace(arguments, runs=(arguments.adapter.inputs(run),))


def _entries(array: Value, numbers: tuple[float, ...], change: Change) -> Value:
    """Return an array with each entry changed to one of some numbers."""
    entries = [change(entry, st.sampled_from(numbers)) for entry in array.ravel()]
    return np.array(entries, dtype=array.dtype).reshape(array.shape)
