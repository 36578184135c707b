"""How long does a check take: of the reference, which is right, and of what has a mistake?"""

from __future__ import annotations

from typing import Any

from helpers.cases import REFERENCE
from hosts.plant import plants

from figures.errors import rounded
from figures.planted import slow
from spec.checking.check import check

#: Those of which a mistake is planted: training takes a library's gradients, and has none.
IDS = [id for id in REFERENCE if any(plant.algorithm == id for plant in plants("columns_numpy"))]


def checked(id: str) -> dict[str, Any]:
    """On how many kinds of arguments, the largest error as a part of the tolerance, how long."""
    report = check(REFERENCE[id], id)
    return {
        "kinds": len(report.trials),
        "naming": slow(id),
        "ratio": rounded(report.ratio),
        "seconds": round(report.seconds, 1),
        "verdict": report.verdict.value,
    }
