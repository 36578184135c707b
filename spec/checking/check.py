"""Is a function an algorithm, and if it is not, what does it compute instead?"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any

from spec import library
from spec.adapters.choose import adapter_for
from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.calling.verdict import Verdict
from spec.checking.explain import Progress, explanations, matching_mutant
from spec.checking.first_wrong_line import first_wrong_line
from spec.checking.print_arguments import printed
from spec.checking.report import Report
from spec.checking.shrink import smallest
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Adapter, Arguments, Function
from spec.inputs.formats import FORMATS
from spec.inputs.variations import variations
from spec.laws.evaluated_case import InapplicableError, law_case
from spec.laws.law import laws
from spec.mistakes.catalogue import catalogue
from spec.mistakes.edit import edited_together
from spec.usage_error import UsageError

#: How many seconds a call may take unless the caller sets another limit.
SECONDS = 10.0
#: On how many kinds of arguments a check finds out how a function draws tokens.
KINDS_WITH_DRAWS = 6
#: How many seconds of computing the search for smaller arguments may take.
SHRINKING_SECONDS = 5.0


def function_under_test(
    function: Function,
    algorithm: int | str,
    adapter: Adapter | Callable[[Function, Arguments], Any] | None = None,
    format: str = "float64",
    seconds: float = SECONDS,
) -> FunctionUnderTest:
    """Return a function together with the algorithm that it should be, and its adapter.

    A UsageError, which an AdapterError is too, says what makes no sense or does not fit.
    """
    algorithms, id = library.checked(), str(algorithm)
    require_known(id, format)
    if not 0 < seconds < float("inf"):
        raise UsageError(f"seconds is {seconds:g}, want a time above 0")
    if not callable(function) and not isinstance(adapter, Adapter):
        raise UsageError(f"{function!r:.60} cannot be called")
    if adapter is None:
        adapter = adapter_for(function, id)
    if not isinstance(adapter, Adapter):
        if not callable(adapter):
            raise UsageError(f"{adapter!r:.60} is not an adapter, and cannot be called")
        adapter = Adapter("its own adapter does", adapter)
    if format not in adapter.formats:
        raise AdapterError(f"{adapter.name} computes in {', '.join(adapter.formats)}, not {format}")
    if adapter.departures:
        departures = [catalogue()[id] for id in adapter.departures]
        algorithms = edited_together(departures, algorithms)
    tested = FunctionUnderTest(algorithms, id, function, adapter, FORMATS[format], seconds)
    return tested.drawing(islice(variations(algorithms, id), KINDS_WITH_DRAWS))


def require_known(id: str, format: str) -> None:
    """Refuse the id of no algorithm, and the name of no format."""
    for kind, name, known in (("Algorithm", id, library.checked()), ("format", format, FORMATS)):
        if name not in known:
            raise UsageError(f"there is no {kind} {name}; there are {', '.join(known)}")


def check(
    function: Function,
    algorithm: int | str,
    *,
    adapter: Adapter | Callable[[Function, Arguments], Any] | None = None,
    format: str = "float64",
    seconds: float = SECONDS,
    progress: Progress | None = None,
) -> Report:
    """Check whether a function is an algorithm.

    Parameters
    ----------
    function
        A function, or anything else that the adapter can call.
    algorithm
        The algorithm that the function should be: 4, or `"4"`.
    adapter
        How the function is called: an `Adapter`, or a function of two arguments, the function under
        test and its `Arguments`, that returns the result. None: the adapter that is known for the
        function, or else the paper's own form.
    format
        The format in which the function computes: `float64`, `float32` or `bfloat16`.
    seconds
        How long one call may take.
    progress
        Is called with each step, what number it has, and how many there are: `progress("trying",
        3, 21)`.

    Returns
    -------
    Report
        The verdict, and what explains it.

    Raises
    ------
    UsageError
        If there is no such algorithm or format, or the function cannot be called. It is a
        ValueError.
    AdapterError
        If no adapter is known for the function, or the adapter does not fit it. It is a UsageError.

    Examples
    --------
    >>> def my_token_embedding(v, W_e):
    ...     return W_e[:, v]
    >>> check(my_token_embedding, algorithm=1).verdict
    <Verdict.AGREES: 'agrees'>
    """
    start = time.perf_counter()
    report_step = progress or (lambda *_: None)
    tested = function_under_test(function, algorithm, adapter, format, seconds)
    wanted = list(variations(tested.algorithms, tested.id, batched=tested.adapter.batched))
    trials: list[Trial] = []
    for number, trial in enumerate(tested.trials(wanted), 1):
        trials.append(trial)
        report_step("trying", number, len(wanted))
    verdicts = [trial.verdict for trial in trials]
    failed = [verdict for verdict in verdicts if not verdict.passes]
    report = Report(tested, failed[0] if failed else _passing(tested, verdicts), trials)
    if failed and not any(verdict.ends_the_check for verdict in failed):
        report = _explained(report, report_step)
    return replace(report, seconds=time.perf_counter() - start)


def _passing(tested: FunctionUnderTest, verdicts: list[Verdict]) -> Verdict:
    """Return the verdict on a function that did not fail."""
    if not verdicts:
        return Verdict.UNTRIED
    departs = tested.adapter.departures or Verdict.DEPARTS in verdicts
    return Verdict.DEPARTS if departs else Verdict.AGREES


def _explained(report: Report, report_step: Progress) -> Report:
    """Return the report on a wrong function, with what explains its results.

    Known mistakes are tried first, then small changes of one line; where neither explains the
    results, the report says which laws still hold.
    """
    tested, trials, failed = report.tested, report.trials, report.failed
    differs = any(trial.verdict is Verdict.DIFFERS for trial in trials)
    shaped = (Verdict.DIFFERS, Verdict.WRONG_SHAPE)
    if any(trial.verdict in shaped and trial.result is not None for trial in failed):
        found = explanations(tested, trials, report_step)
        if found and all(each.documented and each.covers(trials) for each in found):
            return replace(report, verdict=Verdict.DEPARTS, explanations=found)
        report = replace(report, explanations=found)
    if differs and not report.explanations:
        report = replace(report, mutant=matching_mutant(tested, trials, report_step))
    if differs and not report.explanations and report.mutant is None:
        report_step("looking for laws that hold", 0, 0)
        report = replace(report, laws=_laws(tested))
    report_step("making the arguments smaller", 0, 0)
    small = smallest(tested, failed[0], SHRINKING_SECONDS)
    return replace(
        report,
        line=first_wrong_line(tested, failed[0]),
        smallest="" if small is None else printed(small),
    )


def _laws(tested: FunctionUnderTest) -> dict[str, str]:
    """Return the laws of the algorithm that apply to a function, each with what is wrong."""
    case, problems = law_case(tested), {}
    for law in laws(tested.id):
        with suppress(InapplicableError):
            problems[law.statement] = law.failing(case)
    # A function that raises breaks every law for that one reason.
    return {law: problem for law, problem in problems.items() if not problem.startswith("raises")}
