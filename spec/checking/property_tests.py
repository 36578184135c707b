"""A test suite in one line: `test_mine = conformance(mine, algorithm=4)`.

The line makes a class of tests, which `unittest` and pytest both find. Each test has a name of
its own: there is one for every kind of arguments, one for every law of the algorithm, and one that
draws sizes. A test that fails does so at that line, and says in a paragraph what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from typing import Any
from unittest import TestCase

import hypothesis
from hypothesis import Phase, reject, settings
from hypothesis import strategies as st

from spec import library, symbols
from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.calling.python_signature import name_of
from spec.calling.verdict import Verdict
from spec.checking.caller_position import caller, method
from spec.checking.check import SECONDS, subject
from spec.checking.print_arguments import shown
from spec.checking.shrink import smallest
from spec.expected.result import UndefinedResultError, exact_result
from spec.inputs.adapter import Adapter, AdapterError, Function
from spec.inputs.arguments import Arguments
from spec.inputs.drawn_sizes import drawn_sizes
from spec.inputs.formats import FORMATS
from spec.inputs.variations import Variation, variations
from spec.language.types import Matrix
from spec.laws.evaluated_case import InapplicableError, LawCase
from spec.laws.law import Law
from spec.laws.registry import law_case, laws

#: How many sizes are drawn at most, unless the profile of Hypothesis has fewer examples.
EXAMPLES = 10
#: How many seconds the smallest arguments are looked for on which a function fails.
SHRINKING = 5.0

Test = Callable[[TestCase], None]

__unittest = True  # what stands in this file is then left out of tracebacks, by pytest too


def conformance(
    function: Function,
    algorithm: int | str,
    *,
    adapter: Adapter | Callable[[Function, Arguments], Any] | None = None,
    format: str = "float64",
    seconds: float = SECONDS,
) -> type[TestCase]:
    """Return a test suite for a function: all that the algorithm lets it be.

    Parameters
    ----------
    function, algorithm, adapter, format, seconds
        As of `check`.

    Returns
    -------
    type[TestCase]
        To be kept in a file of tests, under any name.

    Raises
    ------
    ValueError
        If there is no such algorithm, or no such format. What else is wrong is said by the tests.

    Examples
    --------
    >>> def my_token_embedding(v, W_e):
    ...     return W_e[:, v]
    >>> test_mine = conformance(my_token_embedding, algorithm=1)
    >>> import unittest
    >>> result = unittest.TestResult()
    >>> _ = unittest.defaultTestLoader.loadTestsFromTestCase(test_mine).run(result)
    >>> result.wasSuccessful()
    True
    """
    id = str(algorithm)
    known = library.checked()
    if id not in known:
        raise ValueError(f"conformance: there is no Algorithm {id}; there are {', '.join(known)}")
    if format not in FORMATS:
        raise ValueError(f"conformance: there is no format {format}")
    suite = _Suite(id, format, lambda: subject(function, id, adapter, format, seconds))
    place = caller()
    tests = {name: method(name, _saying(run), place) for name, run in suite.tests()}
    name = re.sub(r"\W", "_", f"{name_of(function).rpartition('.')[2]}_is_Algorithm_{id}")
    return type(name, (TestCase,), {"__module__": place.module, **tests})


class _Suite:
    """Tests of a function, of which nothing is known before the first of them runs."""

    def __init__(self, id: str, format: str, made: Callable[[], FunctionUnderTest]) -> None:
        self.id = id
        self.format = format
        self.made = made
        self.algorithms = library.checked()
        self.variations = list(variations(self.algorithms, id))

    @cached_property
    def subject(self) -> FunctionUnderTest:
        return self.made()

    @cached_property
    def case(self) -> LawCase:
        """The arguments that all laws start from."""
        return law_case(self.subject)

    @cached_property
    def shapes(self) -> list[str]:
        """What the arguments of each kind are, but for their numbers."""
        return [self.subject.arguments(variation).shapes for variation in self.variations]

    def tests(self) -> Iterator[tuple[str, Test]]:
        """Yield the tests by their names."""
        taken: list[str] = []
        for place, variation in enumerate(self.variations):
            name = identifier(variation.name)
            taken.append(name)
            again = f"_{taken.count(name)}" if taken.count(name) > 1 else ""
            yield f"{name}{again}", partial(self.variation, place=place)
        yield "test_drawn_sizes", self.drawn_sizes
        yield "test_arguments_are_left_alone", partial(self.call, wrong=Verdict.MUTATES)
        yield "test_results_are_the_same_again", partial(self.call, wrong=Verdict.NOT_DETERMINISTIC)
        _, output = self.algorithms[self.id].header.output
        if self.format == "float64" and isinstance(output, Matrix):
            yield "test_float32_in_float32_out", self.float32
        for one in laws(self.id):
            yield f"test_{one.id}", partial(self.law, law=one)

    def variation(self, test: TestCase, place: int) -> None:
        """Compare on one kind of arguments."""
        variation = self.variations[place]
        arguments = self.subject.arguments(variation)
        if variation.edge and arguments.shapes in self.shapes[:place]:
            test.skipTest("the function is tried on these sizes by another test")
        self.judge(test, self.tried(test, self.subject, arguments))

    def drawn_sizes(self, test: TestCase) -> None:
        """Compare on sizes that Hypothesis draws, and makes smaller where the function fails."""
        one = self.subject
        failed: list[Trial] = []

        def agrees(sizes: dict[str, int], seed: int) -> None:
            if not (failed and failed[-1].verdict is Verdict.HANGS):  # once is enough
                try:
                    trial = one.trial(
                        exact_result(one.arguments(Variation("any sizes", sizes, seed=seed)))
                    )
                except UndefinedResultError:
                    reject()
                if trial.verdict.passes:
                    return
                failed.append(trial)
            raise _FailedError

        agrees.__name__ = re.sub(
            r"\W", "_", test.id()
        )  # by which Hypothesis remembers what has failed
        drawn = hypothesis.given(drawn_sizes(one.algorithms, one.id), st.integers(0, 2**16))(agrees)
        profile = settings()  # the user's
        phases = [phase for phase in profile.phases if phase is not Phase.explain]
        examples = min(EXAMPLES, profile.max_examples)
        try:
            settings(profile, max_examples=examples, phases=phases, deadline=None)(drawn)()
        except _FailedError:
            trial = failed[-1]
            if trial.verdict is not Verdict.HANGS:
                trial = smallest(one, trial, SHRINKING) or trial
            self.judge(test, trial, f"\n{shown(trial)}")

    def call(self, test: TestCase, wrong: Verdict) -> None:
        """Look for what is wrong in a call itself, whatever it returns."""
        try:
            trial = self.subject.trial(self.case.expected)
        except (InapplicableError, UndefinedResultError) as error:
            test.skipTest(str(error))
        if trial.verdict is wrong:
            self.judge(test, trial)
        if trial.result is None:
            test.skipTest(f"it {trial.problem}")

    def float32(self, test: TestCase) -> None:
        """Compare in float32."""
        adapter = self.subject.adapter
        if "float32" not in adapter.formats:
            test.skipTest(f"a function as {adapter.name} computes in {', '.join(adapter.formats)}")
        single = replace(self.subject, format=FORMATS["float32"])
        arguments = single.arguments(self.variations[0]._replace(name="float32"))
        self.judge(test, self.tried(test, single, arguments))

    def law(self, test: TestCase, law: Law) -> None:
        """Put a law to the function."""
        try:
            failure = law.failing(self.case)
        except InapplicableError as error:
            test.skipTest(str(error))
        if failure:
            self.fail(test, f"{law.statement} But it {failure}.")

    def tried(self, test: TestCase, subject: FunctionUnderTest, arguments: Arguments) -> Trial:
        try:
            return subject.trial(exact_result(arguments))
        except UndefinedResultError as error:
            test.skipTest(f"the algorithm has no value here: {error}")

    def judge(self, test: TestCase, trial: Trial, more: str = "") -> None:
        """Fail if a trial has failed."""
        if not trial.verdict.passes:
            self.fail(test, f"It {trial.problem} ({trial.name}).{more}")

    def fail(self, test: TestCase, text: str) -> None:
        title = self.algorithms[self.id].program.layout.title
        headline = f"{self.subject.name} is not Algorithm {self.id} ({title})."
        raise test.failureException(f"{headline} {text}") from None


class _FailedError(Exception):
    """The function is wrong, and how is known."""


def _saying(run: Test) -> Test:
    """Return a test that fails in words where there is no function, or it cannot be called."""

    def said(test: TestCase) -> None:
        try:
            run(test)
        except AdapterError as error:
            raise test.failureException(str(error)) from None

    return said


def identifier(name: str) -> str:
    """Return the name of a test of some kind of arguments.

    >>> identifier("length(x) > length(z)"), identifier("ℓ_x = 1")
    ('test_length_x_exceeds_length_z', 'test_ell_x_is_1')
    """
    words = re.findall(r"[^\s(),]+", name)
    names = {"=": "is", ">": "exceeds"}
    known = [word if word.isascii() else symbols.ascii(word) for word in words]
    return "_".join(["test", *(names.get(word, word) for word in known)])
