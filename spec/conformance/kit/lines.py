"""Which line does a tagged function get wrong first?"""

from __future__ import annotations

from spec.conformance.findings import Difference
from spec.conformance.kit import native
from spec.conformance.kit.answer import TURNS
from spec.conformance.kit.guard import within
from spec.conformance.kit.subject import Subject, Trial
from spec.conformance.tie import Case, Expected
from spec.domains.balls import PrecisionError
from spec.machine import MachineError
from spec.pairing import PairingError, statements


def first_wrong(subject: Subject, trial: Trial) -> Difference | None:
    """Return the first line that a function gets wrong on some arguments, if its lines are tagged.

    It must take the paper's own form: only then do its variables hold what those of the
    pseudocode hold.
    """
    if subject.adapter.call is not native.call:
        return None
    given = trial.given
    keywords = native.arguments(subject.function, given)
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
