"""Are figures that are computed again those that were there? All but how long something took."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

#: The keys of the times, in seconds, that stand among the figures of a file.
TIMES = {"checks": {"seconds", "naming"}, "unseen": {"seconds"}}
#: How many seconds a call may take that is known to end: a busy machine finds the same.
PATIENCE = 600.0


def differences(name: str, before: Any, now: Any) -> list[str]:
    """Where two versions of a file of figures differ, apart from times: a row for each place."""
    now = json.loads(json.dumps(now))  # as it would be read
    return [*_differing(before, now, TIMES.get(name, set()), "")]


def _differing(before: Any, now: Any, left_out: set[str], place: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted((before.keys() | now.keys()) - left_out):
            old, new = (each.get(key, "nothing") for each in (before, now))
            yield from _differing(old, new, left_out, f"{place}/{key}")
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for at, (old, new) in enumerate(zip(before, now, strict=True)):
            yield from _differing(old, new, left_out, f"{place}/{at}")
    elif before != now:
        yield f"{place}: {before!r:.80} was there, and now {now!r:.80}"
