"""The smallest arguments on which a function fails: few sizes above 1, and numbers such as 1."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import hypothesis
import numpy as np
from hypothesis import Phase, settings
from hypothesis import strategies as st

from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.checking.print_arguments import FEW
from spec.expected.result import UndefinedResultError, exact_result
from spec.inputs.arguments import Arguments
from spec.inputs.draw import SIZES
from spec.inputs.variations import longest_sequence, more_than_1, sizes_in
from spec.language.checked import Checked
from spec.language.types import Key
from spec.machine import Value
from spec.machine.trees import map_values

#: The numbers that are tried, the simplest first.
NUMBERS = (0.0, 1.0, 2.0, -1.0, -2.0, 3.0, 0.5, -0.5, 1.5)
#: The same for what is declared to lie between 0 and 1, and for the weights of a distribution.
SHARES = (0.5, 0.25, 0.75)
#: From how many seeds numbers are drawn for each choice of sizes.
SEEDS = 3
#: How many choices are tried at most until the function fails; after that, time is the limit.
EXAMPLES = 200

T = TypeVar("T")
Change = Callable[[Value, "st.SearchStrategy[Any]"], Value]


def smallest(tested: FunctionUnderTest, trial: Trial, seconds: float) -> Trial | None:
    """Return a trial on the smallest arguments found on which a function fails in the same way.

    First the sizes are made as small as possible. If that leaves few numbers, which a reader can
    take in, these are made as simple as possible. The search takes some seconds of computing.
    """
    end = time.process_time() + seconds  # of this process: a busy machine finds the same

    def fails(several: Iterator[Arguments]) -> Trial | None:
        """Return the first trial that fails in the same way."""
        for arguments in several:
            with suppress(UndefinedResultError):
                small = tested.trial(exact_result(arguments))
                if small.verdict is trial.verdict:
                    return small
        return None

    variation = trial.arguments.variation._replace(name="the smallest found", edge=False)
    draws = [("all", 0)] if "Mask" in trial.arguments.named and variation.mask != "all" else []
    draws += [(variation.mask, seed) for seed in range(SEEDS)]

    def of_sizes(sizes: dict[str, int]) -> Trial | None:
        return fails(
            tested.arguments(variation._replace(sizes=sizes, seed=seed, mask=mask))
            for mask, seed in draws
        )

    sizes = drawn_sizes(tested.algorithms, tested.id, trial.arguments.sizes)
    small = _simplest(sizes, of_sizes, end)
    if small is None or small.arguments.count > FEW:
        return small
    numbers, arguments_of = _simple_numbers(small.arguments)
    return _simplest(numbers, lambda choice: fails(iter([arguments_of(choice)])), end) or small


def _simplest(
    choices: st.SearchStrategy[T], failing: Callable[[T], Trial | None], end: float
) -> Trial | None:
    """Return the trial that fails on the simplest choice, as far as it is found in time."""
    known: dict[str, Trial | None] = {}

    def trial_of(choice: T) -> Trial | None:
        # When time is up, known choices keep their result, and no other fails.
        key = repr(choice)
        if key not in known and time.process_time() < end:
            known[key] = failing(choice)
        return known.get(key)

    try:
        simplest = hypothesis.find(
            choices,
            lambda choice: trial_of(choice) is not None,
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
    return trial_of(simplest)


# Sizes --------------------------------------------------------------------------------------------


def drawn_sizes(
    algorithms: Mapping[str, Checked], id: str, largest: Mapping[str, int] = SIZES
) -> st.SearchStrategy[dict[str, int]]:
    """Return Hypothesis's strategy for all sizes of an algorithm, each up to a largest one."""
    names = sizes_in(algorithms, id)
    least = {name: 2 if name in more_than_1(names) else 1 for name in names}
    strategies = [st.integers(least[name], max(least[name], largest[name])) for name in names]
    program = algorithms[id].program

    def long_enough(numbers: tuple[int, ...]) -> dict[str, int]:
        """Let ℓ_max hold the longest sequence."""
        sizes = dict(zip(names, numbers, strict=True))
        if "ℓ_max" in sizes:
            sizes["ℓ_max"] = max(sizes["ℓ_max"], longest_sequence(program, sizes))
        return sizes

    return st.tuples(*strategies).map(long_enough)


# Numbers ------------------------------------------------------------------------------------------


def _simple_numbers(
    arguments: Arguments,
) -> tuple[st.SearchStrategy[tuple[Any, ...]], Callable[[tuple[Any, ...]], Arguments]]:
    """Return the strategy for all numbers of arguments, and what makes arguments of the numbers."""
    strategies: list[st.SearchStrategy[Any]] = []

    def note(value: Value, strategy: st.SearchStrategy[Any]) -> Value:
        strategies.append(strategy)
        return value

    def made(numbers: tuple[Any, ...]) -> Arguments:
        left = iter(numbers)
        return _changed(arguments, lambda *_: next(left))

    _changed(arguments, note)
    return st.tuples(*strategies), made


def _changed(arguments: Arguments, change: Change) -> Arguments:
    """Return arguments with each number changed; those of one token where they are for several."""

    def changed(leaf: Value, reals: tuple[float, ...] = NUMBERS) -> Value:
        match leaf:
            case np.ndarray():
                numbers = reals if leaf.dtype.kind == "f" else (1, 0)
                entries = [change(entry, st.sampled_from(numbers)) for entry in leaf.ravel()]
                return np.array(entries, dtype=leaf.dtype).reshape(leaf.shape)
            case float():
                return change(leaf, st.sampled_from((0.5, 1.0, 2.0)))
        return change(leaf, st.integers(min(1, leaf), leaf))  # a token, a position, a count

    run, header = arguments.runs[0], arguments.header

    def changed_input(key: Key, value: Value) -> Value:
        if key not in (*header.positive, *header.distributions):
            return map_values(changed, value)
        shares = map_values(partial(changed, reals=SHARES), value)
        return shares / np.sum(shares) if key in header.distributions else shares

    keys = (key for key, _ in header.inputs)
    inputs = tuple(map(changed_input, keys, run.inputs))
    parameters = map_values(changed, run.parameters)
    hyperparameters = {
        # Whole numbers are sizes, and what the adapter fixes must stay.
        name: changed(value)
        if isinstance(value, float) and name not in arguments.adapter.values
        else value
        for name, value in run.hyperparameters.items()
    }
    run = replace(run, inputs=inputs, parameters=parameters, hyperparameters=hyperparameters)
    alone = arguments.variation._replace(tokens=1)
    return replace(arguments, runs=(arguments.adapter.inputs(run),), variation=alone)
