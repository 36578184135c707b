"""The first line that a tagged function gets wrong."""

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


def first_wrong_line(tested: FunctionUnderTest, trial: Trial) -> Difference | None:
    """Return the first line that a function gets wrong on some arguments, if its lines are tagged.

    The function must take the paper's own form: only then are its variables those of the
    pseudocode.
    """
    if tested.adapter.call != PAPER_LAYOUT.call:
        return None
    arguments = trial.arguments
    keywords = PAPER_LAYOUT.arguments(tested.function, arguments)
    inputs = PairedInputs([arguments.runs], (), keywords, random=arguments.uniform, turns=TURNS)
    try:
        if not any(statement.refs for statement in statements(tested.function)):
            return None
        expected = LineValues(tested.algorithms, tested.id, inputs)
    except (PairingError, MachineError, PrecisionError):
        return None

    def first_difference() -> Difference | None:
        try:
            differences = hold_to_lines(expected, tested.function).differences
        except BaseException:  # the function runs once more, and may do anything
            return None
        return differences[0] if differences else None

    return with_time_limit(tested.seconds, first_difference)
