"""How long does a check take: of the reference, which is right, and of what has a mistake?"""

from __future__ import annotations

from typing import Any

from helpers.cases import REFERENCE
from helpers.paper import TRAINING
from hosts.plant import plants

from figures.errors import rounded
from figures.planted import slow
from figures.same import PATIENCE
from spec.checking.check import check

#: All but training, which takes a library's gradients: NumPy has none.
IDS = [id for id in REFERENCE if id not in TRAINING]
#: Those of which a mistake is planted.
MISTAKEN = {plant.algorithm for plant in plants("columns_numpy")}


def checked(id: str) -> dict[str, Any]:
    """On how many kinds of arguments, the largest error as a part of the tolerance, how long."""
    report = check(REFERENCE[id], id, seconds=PATIENCE)
    assert report.passes, str(report)
    return {
        "kinds": len(report.trials),
        "ratio": rounded(report.ratio),
        "seconds": round(report.seconds, 1),
        "verdict": report.verdict.value,
        **({"naming": slow(id)} if id in MISTAKEN else {}),
    }
