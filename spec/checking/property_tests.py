"""A test suite in one line: `test_mine = conformance(mine, algorithm=4)`.

The line makes a class of tests, which `unittest` and pytest both find. There is a test for every
kind of arguments, one for every law of the algorithm, and one that draws sizes, each with a name of
its own. A test that fails does so at that line, and says in a paragraph what is wrong. The first
that fails has the function checked, to find out which mistake it makes; they all name it. If the
function cannot be called as the algorithm, or does not return, one test fails and says so, and
those that run after it are skipped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, NoReturn
from unittest import TestCase

import hypothesis
from hypothesis import Phase, reject, settings
from hypothesis import strategies as st

from spec import library, symbols
from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.calling.python_signature import name_of
from spec.calling.verdict import Verdict
from spec.checking.caller_position import caller_position, method_at
from spec.checking.check import SECONDS, SHRINKING_SECONDS, function_under_test, require_format
from spec.checking.failure_message import CheckedOnce, in_rows
from spec.checking.print_arguments import printed
from spec.checking.report import Report
from spec.checking.shrink import drawn_sizes, smallest
from spec.expected.result import UndefinedResultError, exact_result, telling_result
from spec.inputs.arguments import Adapter, Arguments, Function
from spec.inputs.formats import FORMATS
from spec.inputs.variations import Variation, variations
from spec.language.types import Matrix
from spec.laws.evaluated_case import InapplicableError, LawCase, law_case
from spec.laws.law import Law, laws
from spec.usage_error import UsageError

#: How many sizes are drawn at most, unless the profile of Hypothesis has fewer examples.
EXAMPLES = 10

Test = Callable[[TestCase], None]

__unittest = True  # unittest, and pytest too, leave the code of this file out of tracebacks


def conformance(
    function: Function,
    algorithm: int | str,
    *,
    adapter: Adapter | Callable[[Function, Arguments], Any] | None = None,
    format: str = "float64",
    seconds: float = SECONDS,
) -> type[TestCase]:
    """Return a test suite for a function: a test for each kind of arguments and for each law.

    When its first test fails, the suite has the function checked once, as `check` does; every test
    that fails names the mistake that was found, and its line. Of a function that cannot be called
    as the algorithm, or does not return, one test fails, and those that run later are skipped.

    Parameters
    ----------
    function, algorithm, adapter, format, seconds
        As in `check`.

    Returns
    -------
    type[TestCase]
        A class of tests, to be assigned to any name in a file of tests.

    Raises
    ------
    UsageError
        If there is no such algorithm, or no such format; it is a ValueError. A test fails for
        everything else that is wrong.

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
    id = library.id_of(algorithm)
    require_format(format)
    batched = isinstance(adapter, Adapter) and adapter.batched
    made = partial(function_under_test, function, id, adapter, format, seconds)
    suite = _Suite(id, format, batched, made)
    position = caller_position()
    tests = {name: method_at(position, name, suite.in_words(run)) for name, run in suite.tests()}
    name = re.sub(r"\W", "_", f"{name_of(function).rpartition('.')[2]}_is_Algorithm_{id}")
    return type(name, (TestCase,), {"__module__": position.module, **tests})


class _Suite:
    """The tests of a function, whose adapter is not made before the first of them runs."""

    def __init__(
        self, id: str, format: str, batched: bool, made: Callable[[], FunctionUnderTest]
    ) -> None:
        self.id = id
        self.format = format
        self.made = made
        self.algorithms = library.checked()
        self.variations = list(variations(self.algorithms, id, batched=batched))
        self.last = ""  # the test after which no call can be made

    @cached_property
    def tested(self) -> FunctionUnderTest:
        return self.made()

    @cached_property
    def checked(self) -> CheckedOnce:
        return CheckedOnce(self.tested)

    @cached_property
    def case(self) -> LawCase:
        """The arguments from which all laws start."""
        return law_case(self.tested)

    @cached_property
    def shapes(self) -> list[str]:
        """The shapes of the arguments of each kind."""
        return [self.tested.arguments(variation).shapes for variation in self.variations]

    def tests(self) -> Iterator[tuple[str, Test]]:
        """Yield the tests by their names."""
        names: Counter[str] = Counter()
        for place, variation in enumerate(self.variations):
            name = identifier(variation.name)
            names[name] += 1
            again = f"_{names[name]}" if names[name] > 1 else ""
            yield f"{name}{again}", partial(self.variation, place=place)
        yield "test_drawn_sizes", self.drawn_sizes
        yield "test_arguments_are_left_alone", partial(self.call, wrong=Verdict.MUTATES)
        yield "test_results_are_the_same_again", partial(self.call, wrong=Verdict.NOT_DETERMINISTIC)
        _, output = self.algorithms[self.id].header.output
        if self.format == "float64" and isinstance(output, Matrix):
            yield "test_float32_in_float32_out", self.float32
        for law in laws(self.id):
            yield f"test_{law.id}", partial(self.law, law=law)

    def variation(self, test: TestCase, place: int) -> None:
        """Compare on one kind of arguments."""
        variation = self.variations[place]
        arguments = self.tested.arguments(variation)
        if variation.edge and arguments.shapes in self.shapes[:place]:
            test.skipTest("another test has tried the function on these sizes")
        self.judge(test, self.trial(test, self.tested, arguments))

    def drawn_sizes(self, test: TestCase) -> None:
        """Compare on sizes that Hypothesis draws, and shrinks where the function fails."""
        tested = self.tested
        failed: list[Trial] = []

        def agrees(sizes: dict[str, int], seed: int) -> None:
            if not (failed and failed[-1].verdict.ends_the_check):  # it hangs once, not again
                variation = Variation("any sizes", sizes, seed=seed)
                try:
                    trial = tested.trial(exact_result(tested.arguments(variation)))
                except UndefinedResultError:
                    reject()
                if trial.verdict.passes:
                    return
                failed.append(trial)
            raise _FailedError

        agrees.__name__ = re.sub(r"\W", "_", test.id())  # Hypothesis stores failures by this name
        sizes = drawn_sizes(tested.algorithms, tested.id)
        drawn = hypothesis.given(sizes, st.integers(0, 2**16))(agrees)
        profile = settings()  # the user's
        phases = [phase for phase in profile.phases if phase is not Phase.explain]
        examples = min(EXAMPLES, profile.max_examples)
        try:
            settings(profile, max_examples=examples, phases=phases, deadline=None)(drawn)()
        except _FailedError:
            trial = failed[-1]
            if not trial.verdict.ends_the_check:
                trial = smallest(tested, trial, SHRINKING_SECONDS) or trial
            self.judge(test, trial, f"\n{printed(trial)}")

    def call(self, test: TestCase, wrong: Verdict) -> None:
        """Look for one fault of a call itself, whatever its result is."""
        try:
            trial = self.tested.trial(self.case.expected)
        except (InapplicableError, UndefinedResultError) as error:
            test.skipTest(str(error))
        if trial.verdict is wrong or trial.verdict.ends_the_check:
            self.judge(test, trial)
        if trial.result is None:
            test.skipTest(f"it {trial.problem}")

    def float32(self, test: TestCase) -> None:
        """Compare in float32."""
        adapter = self.tested.adapter
        if "float32" not in adapter.formats:
            test.skipTest(f"a function as {adapter.name} computes in {', '.join(adapter.formats)}")
        single = replace(self.tested, format=FORMATS["float32"])
        arguments = single.arguments(self.variations[0]._replace(name="float32"))
        self.judge(test, self.trial(test, single, arguments))

    def law(self, test: TestCase, law: Law) -> None:
        """Put a law to the function."""
        try:
            failure = law.failing(self.case)
        except InapplicableError as error:
            test.skipTest(str(error))
        if failure:
            name, title = self.tested.name, self.tested.title
            self.fail(
                test, f"{name} is not {title}. {law.statement} But it {failure}.", self.format
            )

    def trial(self, test: TestCase, tested: FunctionUnderTest, arguments: Arguments) -> Trial:
        try:
            return tested.trial(telling_result(arguments))
        except UndefinedResultError as error:
            test.skipTest(f"nothing is to be seen here: {error}")

    def judge(self, test: TestCase, trial: Trial, more: str = "") -> None:
        """Fail if a trial has failed."""
        if trial.verdict.passes:
            return
        problem = Report(self.tested, trial.verdict, [trial]).account().headline
        if trial.verdict is Verdict.HANGS:
            self.end(test, problem)  # a check would hang, too
        self.fail(test, problem, trial.arguments.format.name, more)

    def fail(self, test: TestCase, problem: str, format: str, more: str = "") -> NoReturn:
        """Fail, and say what a check finds out about the function."""
        report = self.checked.report()
        if report.verdict.ends_the_check:
            account = report.account()
            self.end(test, account.headline, *account.explanations)
        raise test.failureException(self.checked.message(problem, format, more)) from None

    def end(self, test: TestCase, *paragraphs: str) -> NoReturn:
        """Fail, and have the tests that run later skipped, since no further call can be made."""
        self.last = test.id()
        raise test.failureException(in_rows(*paragraphs)) from None

    def in_words(self, run: Test) -> Test:
        """Return a test that fails in words, and is skipped after one that no call can follow."""

        def run_in_words(test: TestCase) -> None:
            if self.last not in ("", test.id()):
                name = self.last.rpartition(".")[2]
                test.skipTest(f"the function cannot be called any more: see {name}")
            try:
                run(test)
            except UsageError as error:
                self.end(test, str(error))

        return run_in_words


class _FailedError(Exception):
    """The function is wrong; the failed trial is noted elsewhere."""


def identifier(name: str) -> str:
    """Return the name of the test of a kind of arguments.

    >>> identifier("length(x) > length(z)"), identifier("ℓ_x = 1")
    ('test_length_x_exceeds_length_z', 'test_ell_x_is_1')
    """
    words = re.findall(r"[^\s(),]+", name)
    operators = {"=": "is", ">": "exceeds"}
    ascii_words = [word if word.isascii() else symbols.ascii(word) for word in words]
    return "_".join(["test", *(operators.get(word, word) for word in ascii_words)])
