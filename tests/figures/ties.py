"""Which lines of each algorithm the tie has seen in the reference."""

from __future__ import annotations

from typing import Any

from helpers.cases import REFERENCE, batches, line_values

from spec.language.tree import End
from spec.library import checked
from spec.line_by_line.tie import hold_to_lines


def seen(id: str) -> dict[str, Any]:
    """What became of each numbered line of an algorithm, batched and not.

    A line that opens a loop sets nothing, and holds if every visit of the lines inside it was used
    up; `end` is not a statement in Python.
    """
    observed: set[str] = set()
    values = 0
    for batched in batches(id):
        tied = hold_to_lines(line_values(id, batched=batched), REFERENCE[id])
        assert not tied.differences, tied.differences[0]
        observed |= {line for line in tied.observed if line.startswith(f"{id}.")}
        values += len(tied.agreements)
    lines = {f"{id}.{line.number}": line for line in checked()[id].program.lines}
    ends = {name for name, line in lines.items() if isinstance(line.statement, End)}
    loops = {name for name, line in lines.items() if line.body}
    return {
        "numbered": len(lines),
        "observed": len(observed),
        "loops": len(loops),
        "ends": len(ends),
        "unseen": [name for name in lines if name not in {*observed, *ends, *loops}],
        "values": values,
    }
