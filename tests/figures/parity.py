"""How far ours are from what libraries compute, in float64 and at the same parameters."""

from __future__ import annotations

from typing import Any

from helpers.cases import REFERENCE
from helpers.published_models import ORACLES

from figures.errors import rounded


def row(name: str) -> dict[str, Any]:
    """One comparison: the largest difference, as a part of the largest number if that is over 1."""
    algorithm, compare = ORACLES[name]
    compared = compare()
    ours = compared.function
    if ours.__module__.startswith("helpers."):  # it calls ours for each head
        ours = REFERENCE[algorithm]
    return {
        "algorithm": algorithm,
        "distance": rounded(compared.distance()),
        "ours": ours.__name__,
        "theirs": name,
    }
