"""What is said of one mistake in each algorithm of the reference."""

from __future__ import annotations

from bugs.table import SHOWN
from helpers.cases import REFERENCE, line_values
from helpers.planting import planted

from spec.line_by_line.tie import hold_to_lines


def told(id: str) -> dict[str, str]:
    """What a developer reads who has made the mistake."""
    bug = SHOWN[id]
    function = planted(REFERENCE[id], bug.right, bug.wrong)
    (difference,) = hold_to_lines(line_values(id), function).differences
    return {
        "what": bug.what,
        "line": bug.line,
        "named": difference.line,
        "message": str(difference),
    }
