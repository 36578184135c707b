"""Is a function an algorithm, and if it is not, what does it compute instead?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any

from spec import library
from spec.adapters.options import options_of
from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.calling.verdict import Verdict
from spec.checking.explain import Explanation, explanations
from spec.checking.first_wrong_line import first_wrong_line
from spec.checking.fitting_options import (
    adapter_or_advice,
    cannot_be_called,
    fitting_options,
    may_be_called_otherwise,
)
from spec.checking.locate import Location, Places, locate
from spec.checking.mixed_members import mixed_members
from spec.checking.print_arguments import printed
from spec.checking.report import Report
from spec.checking.shrink import smallest
from spec.checking.visible_faults import Progress
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Adapter, Arguments, Function
from spec.inputs.array_conversion import BFLOAT16
from spec.inputs.formats import FORMATS
from spec.inputs.variations import variations
from spec.laws.evaluated_case import InapplicableError, law_case
from spec.laws.law import laws
from spec.mistakes.catalogue import catalogue
from spec.mistakes.edit import edited_together
from spec.usage_error import UsageError

#: Why a function of NumPy is not checked in bfloat16.
_WIDENED = ", which NumPy widens; if your function is one of torch or JAX, say so in its layout"
#: The format of checks, where a function computes in it.
WIDEST = next(iter(FORMATS))
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
    format: str | None = None,
    seconds: float = SECONDS,
    words: Iterable[str] | None = None,
) -> FunctionUnderTest:
    """Return a function together with the algorithm that it should be, and its adapter.

    Without an adapter it is the one for the words of a command line, if there are any; without a
    format, the widest in which a function called so computes.

    A UsageError, which an AdapterError is too, says what makes no sense or does not fit.
    """
    algorithms, id = library.checked(), library.id_of(algorithm)
    if format is not None:
        require_format(format)
    if not 0 < seconds < float("inf"):
        raise UsageError(f"seconds is {seconds:g}, want a time above 0")
    if not callable(function) and not isinstance(adapter, Adapter):
        raise UsageError(f"{function!r:.60} cannot be called")
    if adapter is None:
        on_command_line, options = words is not None, options_of(words or ())
        adapter = adapter_or_advice(
            function,
            id,
            options,
            FORMATS[format or WIDEST],
            seconds,
            on_command_line=on_command_line,
        )
    if not isinstance(adapter, Adapter):
        if not callable(adapter):
            raise UsageError(f"{adapter!r:.60} is not an adapter, and cannot be called")
        adapter = Adapter("its own adapter does", adapter)
    format = format or adapter.formats[0]
    if format not in adapter.formats:
        why = _WIDENED if format == BFLOAT16.name and adapter.options is not None else ""
        formats = ", ".join(adapter.formats)
        subject = f"a function called as {adapter.name}"
        raise AdapterError(f"{subject} computes in {formats}, not {format}{why}")
    if adapter.departures:
        departures = [catalogue()[id] for id in adapter.departures]
        algorithms = edited_together(departures, algorithms)
    tested = FunctionUnderTest(algorithms, id, function, adapter, FORMATS[format], seconds)
    return tested.drawing(islice(variations(algorithms, id), KINDS_WITH_DRAWS))


def require_format(format: str) -> None:
    """Refuse the name of no format."""
    if format not in FORMATS:
        raise UsageError(f"there is no format {format}; there are {', '.join(FORMATS)}")


def check(
    function: Function,
    algorithm: int | str,
    *,
    adapter: Adapter | Callable[[Function, Arguments], Any] | None = None,
    format: str | None = None,
    seconds: float = SECONDS,
    progress: Progress | None = None,
) -> Report:
    """Check whether a function is an algorithm.

    Parameters
    ----------
    function
        A function, or anything else that the adapter can call.
    algorithm
        The algorithm that the function should be: 4, `"4"`, or `"Attention"`.
    adapter
        How the function is called: an `Adapter`, or a function of two arguments, the function under
        test and its `Arguments`, that returns the result. None: the adapter that is known for the
        function, or else the paper's own form.
    format
        The format in which the function computes: `float64`, `float32`, `float16` or `bfloat16`.
        None: the first of these in which it can.
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
    tested = function_under_test(function, algorithm, adapter, format, seconds)
    *_, report = reports(tested, progress or (lambda *_: None))
    return report


def reports(tested: FunctionUnderTest, report_step: Progress) -> Iterator[Report]:
    """Yield what is known of a function after each kind of arguments, and at last the report."""
    start = time.perf_counter()
    kinds = list(variations(tested.algorithms, tested.id, batched=tested.adapter.batched))
    trials: list[Trial] = []
    report_step("trying", 0, len(kinds))
    for number, trial in enumerate(tested.trials(kinds), 1):
        trials.append(trial)
        yield Report(tested, _verdict(tested, trials), tuple(trials), finished=False)
        report_step("trying", number, len(kinds))
    report = Report(tested, _verdict(tested, trials), tuple(trials))
    if may_be_called_otherwise(trials):
        report_step("looking for a layout in which it can be called", 0, 0)
        fitting = fitting_options(tested)
        misfits = cannot_be_called(tested, trials, fitting)
        verdict = Verdict.DOES_NOT_FIT if misfits else report.verdict
        report = replace(report, verdict=verdict, fitting=fitting)
    verdicts = {report.verdict, *(trial.verdict for trial in trials)}
    if report.failed and not any(verdict.ends_the_check for verdict in verdicts):
        for more in _explained(report, report_step):
            report = more
            yield replace(more, finished=False)
    yield replace(report, seconds=time.perf_counter() - start)


def _verdict(tested: FunctionUnderTest, trials: Sequence[Trial]) -> Verdict:
    """Return the verdict on a function after some calls: the first that is not right, if any is."""
    verdicts = [trial.verdict for trial in trials]
    if not verdicts:
        return Verdict.UNTRIED
    departs = tested.adapter.departures or Verdict.DEPARTS in verdicts
    passing = Verdict.DEPARTS if departs else Verdict.AGREES
    return next((verdict for verdict in verdicts if not verdict.passes), passing)


def _explained(report: Report, report_step: Progress) -> Iterator[Report]:
    """Yield reports on a wrong function, each of which says more: where, what, on which arguments.

    The place is found first, then the changes that reproduce the results; where none does, the
    report says which laws still hold.
    """
    tested, trials, failed = report.tested, report.trials, report.failed
    shaped = (Verdict.DIFFERS, Verdict.WRONG_SHAPE)
    if any(trial.verdict in shaped and trial.result is not None for trial in failed):
        places = locate(tested, trials, report_step)
        if places is not None:
            report = replace(report, locations=[places.first])
            yield report
        # Of one sequence, as the pseudocode has it, no change explains a mixture of several.
        mixed = mixed_members(trials)
        found = [] if mixed else explanations(tested, trials, places, report_step)
        if found and all(each.documented and each.covers(trials) for each in found):
            yield replace(report, verdict=Verdict.DEPARTS, explanations=found, locations=())
            return
        report = replace(report, locations=_with_lines_of(found, places), explanations=found)
        yield report
        if places is not None and not found:
            report_step("looking for laws that hold", 0, 0)
            report = replace(report, laws=_laws(tested))
    report_step("making the arguments smaller", 0, 0)
    small = smallest(tested, failed[0], SHRINKING_SECONDS)
    yield replace(
        report,
        line=first_wrong_line(tested, failed[0]),
        smallest="" if small is None else printed(small),
    )


def _with_lines_of(found: Sequence[Explanation], places: Places | None) -> Sequence[Location]:
    """Return the places, the only one with all lines a change of which explains the results."""
    if places is None:
        return ()
    if len(places.known) > 1:
        return places.known
    changes = (change for each in found for change in each.changes)
    return [places.first.including(line for change in changes for line in change.edits)]


def _laws(tested: FunctionUnderTest) -> dict[str, str]:
    """Return the laws of the algorithm that apply to a function, each with what is wrong."""
    case, problems = law_case(tested), {}
    for law in laws(tested.id):
        with suppress(InapplicableError):
            problems[law.statement] = law.failing(case)
    # A function that raises breaks every law for that one reason.
    return {law: problem for law, problem in problems.items() if not problem.startswith("raises")}
