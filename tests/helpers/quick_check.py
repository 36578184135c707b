"""A check of few kinds of arguments, and without explanations."""

from __future__ import annotations

from itertools import islice
from typing import Any

from spec.calling.verdict import Verdict
from spec.checking.check import function_under_test
from spec.checking.report import Report
from spec.inputs.variations import variations

#: On how many kinds of arguments a function is tried where all would take too long.
KINDS = 2


def quick_check(
    function: Any, algorithm: int | str, adapter: Any, format: str = "float64", kinds: int = KINDS
) -> Report:
    """The report of a check of few kinds of arguments."""
    tested = function_under_test(function, algorithm, adapter, format)
    trials = list(tested.trials(islice(variations(tested.algorithms, tested.id), kinds)))
    wrong = [trial.verdict for trial in trials if not trial.verdict.passes]
    return Report(tested, wrong[0] if wrong else Verdict.AGREES, trials)


def assert_agrees(report: Report) -> None:
    """The function is right, and has been called."""
    assert report.verdict is Verdict.AGREES, report.failed[0].problem
    assert report.ratio <= 1
    assert report.trials


def problem(function: Any, algorithm: int | str, adapter: Any) -> tuple[Verdict, str]:
    """The verdict on a function that is wrong, and why."""
    failed = quick_check(function, algorithm, adapter).failed
    return failed[0].verdict, failed[0].problem
