"""How long does a check take: of the reference, which is right, and of what has a mistake?"""

from __future__ import annotations

from typing import Any

from figures.errors import rounded
from figures.planted import slow
from spec.checking.check import check
from spec.pairing import implementations

#: Those that need no more than their arguments: training needs a library's gradients.
IDS = [id for id in implementations("algorithms") if id not in {"11", "12", "13"}]


def checked(id: str) -> dict[str, Any]:
    """On how many kinds of arguments, the largest error as a part of the tolerance, how long."""
    report = check(implementations("algorithms")[id], id)
    return {
        "kinds": len(report.trials),
        "naming": slow(id),
        "ratio": rounded(report.ratio),
        "seconds": round(report.seconds, 1),
        "verdict": report.verdict.value,
    }
