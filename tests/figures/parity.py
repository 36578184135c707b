"""How far ours are from what libraries compute, in float64 and at the same parameters."""

from __future__ import annotations

from typing import Any

from helpers.published_models import ORACLES

from figures.errors import rounded


def row(name: str) -> dict[str, Any]:
    """One comparison: the largest difference, as a part of the largest number if that is over 1."""
    algorithm, compare = ORACLES[name]
    compared = compare()
    return {
        "algorithm": algorithm,
        "distance": rounded(compared.distance()),
        "ours": compared.function.__name__,
        "theirs": name,
    }
