"""Which lines of each algorithm the tie has seen in the reference."""

from __future__ import annotations

from typing import Any

from helpers.cases import SINGLE, case

from spec.language.tree import End
from spec.library import checked
from spec.line_by_line.tie import tie
from spec.pairing import implementations


def seen(id: str) -> dict[str, Any]:
    """What became of each numbered line of an algorithm, batched and not.

    A line that opens a loop sets nothing, and holds if every visit of the lines inside it was used
    up; `end` is no statement in Python.
    """
    function = implementations("algorithms")[id]
    observed: set[str] = set()
    values = 0
    for batched in (False, True) if id not in SINGLE else (False,):
        tied = tie(checked(), id, function, case(id, batched=batched))
        assert not tied.differences, tied.differences[0]
        observed |= {line for line in tied.observed if line.startswith(f"{id}.")}
        values += len(tied.agreements)
    lines = list(checked()[id].program.lines)
    ends = [f"{id}.{line.number}" for line in lines if isinstance(line.statement, End)]
    loops = [f"{id}.{line.number}" for line in lines if line.body]
    rest = {f"{id}.{line.number}" for line in lines} - observed - {*ends, *loops}
    return {
        "numbered": len(lines),
        "observed": len(observed),
        "loops": len(loops),
        "ends": len(ends),
        "unseen": sorted(rest, key=lambda line: int(line.split(".")[1])),
        "values": values,
    }
