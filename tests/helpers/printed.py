"""What a command has printed, without what only sets it in rows."""

from __future__ import annotations

import re
from collections import Counter

#: Widths of a terminal, from the least that is printed for; at 110 `show` is set otherwise.
WIDTHS = [40, 41, 43, 47, 53, 59, 67, 80, 109, 110, 131, 200]


def rows(out: str) -> list[str]:
    """Return the rows that are not empty, each gap one space wide."""
    return [" ".join(row.split()) for row in out.split("\n") if row.strip()]


def squeezed(text: str) -> str:
    """Leave out spaces and rules, which wrapping and aligning add."""
    return re.sub(r"[\s│─┼]", "", text)


def characters(text: str) -> Counter[str]:
    """Count the characters, but for how long something took."""
    return Counter(squeezed(re.sub(r"checked\s+in\s+\S+", "", text)))
