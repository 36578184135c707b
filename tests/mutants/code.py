"""Each statement of the reference, changed in one place: does the tie name its line?

The statement is written back on its own rows, under its own tag, and nothing else of the file is
touched. What prepares a tagged statement (the unpacking of θ, `xp = namespace(X)`) is changed too;
its mutants go by the next tag. What a tagged statement calls (`softmax`, `columns`, `descend`) has
no lines of its own, and is not changed.

The tie names a statement in one of these ways:

- its first difference is at a line of the statement's tag; or, where there is no tag, at a line
  that uses what the statement assigns;
- of the header of a block, at a line of the block, or at the next one below: a header sets
  nothing that could be compared, and shows in what is carried out and what is not;
- its first difference is a call of an algorithm with wrong arguments, which this statement makes;
- if the statement passes another ε, at the line that reads ε: no call of the pseudocode writes it;
- a line of the tag, which is compared in the reference, is compared no more although it is
  carried out: the code has no such variable any longer.
"""

from __future__ import annotations

import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from helpers.cases import REFERENCE

from mutants.code_changes import changes
from mutants.code_inputs import inputs, specification
from mutants.mutant import Fate, Mutant, Verdict
from mutants.statements import FILE, Site, Source, source
from spec.expected.line_values import LineValues
from spec.library import checked
from spec.line_by_line.compare_lines import Comparison
from spec.line_by_line.event import NOTHING
from spec.line_by_line.observe import Observation
from spec.line_by_line.tie import hold_to_lines, run_observed

SECONDS = 20  # how long a mutant may compute; the reference takes a tenth of one


class Late(BaseException):
    """A mutant does not end."""


def mutants() -> Iterator[Mutant]:
    """Every mutant of every function of the reference, algorithm by algorithm."""
    for id in checked():
        if id in REFERENCE:
            yield from changes(source(id))


@cache
def expected(id: str, place: int) -> tuple[LineValues, frozenset[str]]:
    """What the lines set on the inputs at a place, and the lines that the tie compares."""
    paired = inputs(id)[place]()
    held = LineValues(specification(paired), id, paired)
    tie = hold_to_lines(held, REFERENCE[id])
    assert not tie.differences, f"the reference itself: {tie.differences[0]}"
    return held, frozenset(tie.observed)


def verdict(mutant: Mutant) -> Verdict:
    """Hold a mutant to the pseudocode, on one input after another until something is seen."""
    id = mutant.algorithm
    code = source(id)
    site = code.find(mutant)
    try:
        function = code.build(site, mutant.after)
    except SyntaxError as error:
        return Verdict(mutant, Fate.REFUSED, f"SyntaxError: {error.msg}")
    for place in range(len(inputs(id))):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            held, lines = expected(id, place)
            try:
                with _limited(SECONDS):
                    seen = _judge(code, site, mutant.after, function, held, lines)
            except Late:
                seen = Fate.REFUSED, f"it does not end within {SECONDS} seconds"
        if seen is not None:
            return Verdict(mutant, *seen)
    return Verdict(mutant, Fate.SURVIVES)


def _judge(
    code: Source,
    site: Site,
    after: str,
    function: Callable[..., Any],
    held: LineValues,
    lines: frozenset[str],
) -> tuple[Fate, str] | None:
    observation = run_observed(held.inputs, function)
    try:
        tie = Comparison(held, observation).compare()
    except Exception as error:
        return Fate.CAUGHT, f"the tie itself raises {error!r}"
    difference = next(iter(tie.differences), None)
    blamed = code.blamed(site, after)
    lost = lines - set(tie.observed)
    if difference is None:
        if not lost:
            return None
        unseen = f"not compared any more: {', '.join(sorted(lost))}"
        return (Fate.CAUGHT if lost.isdisjoint(blamed) else Fate.NAMED), unseen
    message = str(difference)
    if difference.line in blamed:
        return Fate.NAMED, message
    if observation.error is not None:
        if difference.where.startswith(("after ", "its beginning")):
            return Fate.REFUSED, message
        raising = _raising(code, observation)
        here = any(one is site or not blamed.isdisjoint(one.lines) for one in raising)
        if here and "." not in difference.line:
            return Fate.NAMED, message
    for line in sorted(blamed & lost):
        if _silent(held, observation, line):
            return Fate.NAMED, f"line {line} is compared no more; {message}"
    return Fate.CAUGHT, message


def _silent(held: LineValues, observation: Observation, line: str) -> bool:
    """Whether a line is carried out and gives nothing to compare."""
    events = [event for event in observation.events if line in map(str, event.refs)]
    tie = Comparison(held, Observation(NOTHING, events)).compare()
    return (
        bool(events)
        and line not in tie.observed
        and all(one.line != line for one in tie.differences)
    )


def _raising(code: Source, observation: Observation) -> list[Site]:
    """The statements from which an error came, from the outermost inwards."""
    error = observation.error
    frames = traceback.extract_tb(error.__traceback__ if error is not None else None)
    rows = {frame.lineno or 0 for frame in frames if frame.filename == FILE}
    return [one for one in code.sites if not rows.isdisjoint(range(one.first, one.last + 1))]


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Stop what computes for longer; how busy the machine is makes no difference."""

    def stop(*_: object) -> None:
        raise Late

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
