"""Is a function an algorithm, and if it is not, what is it?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from spec import library
from spec.conformance.kit.adapter import Adapter, AdapterError, Function
from spec.conformance.kit.formats import FORMATS
from spec.conformance.kit.given import Given
from spec.conformance.kit.naming import explanations
from spec.conformance.kit.native import native
from spec.conformance.kit.report import Report
from spec.conformance.kit.subject import Subject, Trial
from spec.conformance.kit.variations import variations
from spec.conformance.kit.verdict import Verdict
from spec.conformance.mistakes.catalogue import catalogue
from spec.conformance.mistakes.edit import edited

#: How long a call may take unless another limit is asked for.
SECONDS = 10.0

Progress = Callable[[str, int, int], None]


def subject(
    function: Function,
    algorithm: int | str,
    adapter: Adapter | Callable[[Function, Given], Any] | None = None,
    format: str = "float64",
    seconds: float = SECONDS,
) -> Subject:
    """Return a function as one to be checked.

    Raises
    ------
    ValueError
        If there is no such algorithm, or no such format.
    AdapterError
        If the adapter is none for the function.
    """
    algorithms, id = library.checked(), str(algorithm)
    if id not in algorithms:
        raise ValueError(f"check: there is no Algorithm {id}; there are {', '.join(algorithms)}")
    if format not in FORMATS:
        raise ValueError(f"check: there is no format {format}; there are {', '.join(FORMATS)}")
    if adapter is None:
        adapter = native(function)
    if not isinstance(adapter, Adapter):
        adapter = Adapter("one of its own", adapter)
    if format not in adapter.formats:
        raise AdapterError(f"{adapter.name} computes in {', '.join(adapter.formats)}, not {format}")
    for departure in adapter.departures:
        algorithms = edited(catalogue()[departure], algorithms)
    first = Subject(algorithms, id, function, adapter, FORMATS[format], seconds)
    return first.drawing(next(variations(algorithms, id)))


def check(
    function: Function,
    algorithm: int | str,
    *,
    adapter: Adapter | Callable[[Function, Given], Any] | None = None,
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
        A plain function gets it and what is `Given`, and returns the result.
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
    ValueError
        If there is no such algorithm, or no such format.

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
    failed = [trial for trial in trials if not trial.verdict.passes]
    if not failed:
        verdict = Verdict.DEPARTS if one.adapter.departures else Verdict.AGREES
        return Report(one, verdict, trials, seconds=time.perf_counter() - start)
    found = []
    if _can_be_named(failed):
        found = explanations(one, trials, lambda what: tell(what, 0, 0))
    documented = bool(found) and all(each.documented for each in found)
    return Report(
        one,
        Verdict.DEPARTS if documented else failed[0].verdict,
        trials,
        found,
        seconds=time.perf_counter() - start,
    )


def _can_be_named(failed: Sequence[Trial]) -> bool:
    """Say whether the function gave numbers that can be compared where it is wrong."""
    return any(trial.result is not None for trial in failed)
