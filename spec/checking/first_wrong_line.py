"""Which line does a tagged function get wrong first?"""

from __future__ import annotations

from spec.adapters.function_in_layout import PAPER_LAYOUT
from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.calling.guarded_call import with_time_limit
from spec.domains.balls import PrecisionError
from spec.expected.line_values import LineValues, PairedInputs
from spec.inputs.variations import TURNS
from spec.line_by_line.findings import Difference
from spec.line_by_line.tie import hold_to_lines
from spec.machine import MachineError
from spec.pairing import PairingError, statements


def first_wrong(subject: FunctionUnderTest, trial: Trial) -> Difference | None:
    """Return the first line that a function gets wrong on some arguments, if its lines are tagged.

    It must take the paper's own form: only then do its variables hold what those of the
    pseudocode hold.
    """
    if subject.adapter.call != PAPER_LAYOUT.call:
        return None
    arguments = trial.arguments
    keywords = PAPER_LAYOUT.arguments(subject.function, arguments)
    case = PairedInputs([arguments.runs], (), keywords, random=arguments.uniform, turns=TURNS)
    try:
        if not any(one.refs for one in statements(subject.function)):
            return None
        expected = LineValues(subject.algorithms, subject.id, case)
    except (PairingError, MachineError, PrecisionError):
        return None

    def first() -> Difference | None:
        try:
            found = hold_to_lines(expected, subject.function).differences
        except BaseException:  # the function runs once more, and may do anything
            return None
        return found[0] if found else None

    return next(iter(with_time_limit(subject.seconds, first)), None)
