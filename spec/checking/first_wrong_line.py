"""Which line does a tagged function get wrong first?"""

from __future__ import annotations

from spec.calling import by_name
from spec.calling.function_under_test import Subject, Trial
from spec.calling.guarded_call import within
from spec.domains.balls import PrecisionError
from spec.expected.result import TURNS
from spec.line_by_line.findings import Difference
from spec.line_by_line.tie import Case, Expected
from spec.machine import MachineError
from spec.pairing import PairingError, statements


def first_wrong(subject: Subject, trial: Trial) -> Difference | None:
    """Return the first line that a function gets wrong on some arguments, if its lines are tagged.

    It must take the paper's own form: only then do its variables hold what those of the
    pseudocode hold.
    """
    if subject.adapter.call is not by_name.call:
        return None
    given = trial.given
    keywords = by_name.arguments(subject.function, given)
    case = Case([given.runs], (), keywords, random=given.uniform, turns=TURNS)
    try:
        if not any(one.refs for one in statements(subject.function)):
            return None
        expected = Expected(subject.algorithms, subject.id, case)
    except (PairingError, MachineError, PrecisionError):
        return None

    def first() -> Difference | None:
        try:
            found = expected.tie(subject.function).differences
        except BaseException:  # the function runs once more, and may do anything
            return None
        return found[0] if found else None

    return next(iter(within(subject.seconds, first)), None)
