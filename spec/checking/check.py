"""Is a function an algorithm, and if it is not, what is it?"""

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
from spec.checking.explain import Progress, explains_all, explanations, matching_mutant
from spec.checking.first_wrong_line import first_wrong
from spec.checking.print_arguments import shown
from spec.checking.report import Report
from spec.checking.shrink import smallest
from spec.inputs.adapter import Adapter, AdapterError, Function
from spec.inputs.arguments import Arguments
from spec.inputs.formats import FORMATS
from spec.inputs.variations import variations
from spec.laws.evaluated_case import InapplicableError
from spec.laws.registry import law_case, laws
from spec.mistakes.catalogue import catalogue
from spec.mistakes.edit import edited_together
from spec.usage_error import UsageError

#: How long a call may take unless another limit is asked for.
SECONDS = 10.0
#: On how many kinds of arguments it is found out how a function draws tokens.
DRAWN = 6
#: How long smaller arguments are looked for on which a function fails.
SMALLER = 5.0


def subject(
    function: Function,
    algorithm: int | str,
    adapter: Adapter | Callable[[Function, Arguments], Any] | None = None,
    format: str = "float64",
    seconds: float = SECONDS,
) -> FunctionUnderTest:
    """Return a function as one to be checked.

    Raises
    ------
    UsageError
        If there is no such algorithm or format, or nothing to call.
    AdapterError
        If the adapter is none for the function.
    """
    algorithms, id = library.checked(), str(algorithm)
    if id not in algorithms:
        raise UsageError(f"there is no Algorithm {id}; there are {', '.join(algorithms)}")
    if format not in FORMATS:
        raise UsageError(f"there is no format {format}; there are {', '.join(FORMATS)}")
    if not 0 < seconds < float("inf"):
        raise UsageError(f"seconds is {seconds:g}, want a time above 0")
    if not callable(function) and not isinstance(adapter, Adapter):
        raise UsageError(f"{function!r:.60} cannot be called")
    if adapter is None:
        adapter = adapter_for(function, id)
    if not isinstance(adapter, Adapter):
        if not callable(adapter):
            raise UsageError(f"the adapter {adapter!r:.60} is none, and cannot be called")
        adapter = Adapter("an adapter of its own does", adapter)
    if format not in adapter.formats:
        raise AdapterError(f"{adapter.name} computes in {', '.join(adapter.formats)}, not {format}")
    if adapter.departures:
        departures = [catalogue()[one] for one in adapter.departures]
        algorithms = edited_together(departures, algorithms)
    first = FunctionUnderTest(algorithms, id, function, adapter, FORMATS[format], seconds)
    return first.drawing(islice(variations(algorithms, id), DRAWN))


def check(
    function: Function,
    algorithm: int | str,
    *,
    adapter: Adapter | Callable[[Function, Arguments], Any] | None = None,
    format: str = "float64",
    seconds: float = SECONDS,
    progress: Progress | None = None,
) -> Report:
    """Check a function.

    Parameters
    ----------
    function
        A function, or anything else that the adapter can call.
    algorithm
        The algorithm that it is to be: 4, or `"4"`.
    adapter
        How it is called. None is an adapter that is known for it, or else the paper's own form.
        A plain function gets it and what is `Arguments`, and returns the result.
    format
        The format that it computes in: `float64`, `float32` or `bfloat16`.
    seconds
        How long one call may take.
    progress
        Told what is done, and how much of how many.

    Returns
    -------
    Report
        The verdict, and what explains it.

    Raises
    ------
    UsageError
        If there is no such algorithm or format, or nothing to call; it is a ValueError.
    AdapterError
        If no adapter is known for the function, or it does not fit.

    Examples
    --------
    >>> def my_token_embedding(v, W_e):
    ...     return W_e[:, v]
    >>> check(my_token_embedding, algorithm=1).verdict
    <Verdict.AGREES: 'agrees'>
    """
    start = time.perf_counter()
    tell = progress or (lambda *_: None)
    one = subject(function, algorithm, adapter, format, seconds)
    wanted = list(variations(one.algorithms, one.id))
    trials: list[Trial] = []
    for done, trial in enumerate(one.trials(wanted), 1):
        trials.append(trial)
        tell("trying", done, len(wanted))
    if not trials:
        return Report(one, Verdict.UNTRIED, trials, seconds=time.perf_counter() - start)
    failed = [trial for trial in trials if not trial.verdict.passes]
    if not failed:
        departs = any(trial.verdict is Verdict.DEPARTS for trial in trials)
        verdict = Verdict.DEPARTS if one.adapter.departures or departs else Verdict.AGREES
        return Report(one, verdict, trials, seconds=time.perf_counter() - start)
    report = Report(one, failed[0].verdict, trials)
    # A call that hangs goes on in its thread: there is no other after it.
    if not {Verdict.HANGS, Verdict.DOES_NOT_FIT} & {trial.verdict for trial in failed}:
        report = explained(report, tell)
    return replace(report, seconds=time.perf_counter() - start)


def explained(report: Report, tell: Progress) -> Report:
    """Return a report with what is to be said of a function that is wrong.

    Where no mistake explains what it does, a small change of one line may; and where that does not
    either, the laws that it obeys are looked for.
    """
    one, trials, failed = report.subject, report.trials, report.failed
    differs = any(trial.verdict is Verdict.DIFFERS for trial in trials)
    if any(trial.verdict.comparable and trial.result is not None for trial in failed):
        found = explanations(one, trials, tell)
        if found and all(each.documented and explains_all(each, trials) for each in found):
            return replace(report, verdict=Verdict.DEPARTS, explanations=found)
        report = replace(report, explanations=found)
    if differs and not report.explanations:
        report = replace(report, mutant=matching_mutant(one, trials, tell))
    if differs and not report.explanations and report.mutant is None:
        tell("looking for laws that hold", 0, 0)
        report = replace(report, laws=obeyed(one))
    tell("making the arguments smaller", 0, 0)
    found_smaller = smallest(one, failed[0], SMALLER)
    return replace(
        report,
        line=first_wrong(one, failed[0]),
        smallest="" if found_smaller is None else shown(found_smaller),
    )


def obeyed(subject: FunctionUnderTest) -> dict[str, str]:
    """Return the laws of the algorithm that say something of a function, and in what each fails."""
    case, found = law_case(subject), {}
    for law in laws(subject.id):
        with suppress(InapplicableError):
            found[law.statement] = law.failing(case)
    # What raises obeys none, for the same reason.
    return {law: problem for law, problem in found.items() if not problem.startswith("raises")}
