"""What becomes of a mutant."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from spec.mistakes.mutants import Mutant

__all__ = ["Fate", "Mutant", "Timed", "Verdict", "timed"]


class Fate(Enum):
    """What sees a mutant: the first of these that does."""

    REFUSED = "refused"  # it is no program: it does not parse, its sizes do not agree, it raises
    NAMED = "named"  # the tie names its line
    CAUGHT = "caught"  # a law, or the tie at another place, sees that something is wrong
    SURVIVES = "survives"  # nothing does


@dataclass(frozen=True)
class Verdict:
    """What has become of a mutant, and who says what about it."""

    mutant: Mutant
    fate: Fate
    message: str = ""


Timed = tuple[Verdict, float]


def timed(verdict: Callable[[Mutant], Verdict], mutant: Mutant) -> Timed:
    """What has become of a mutant, and how many seconds it took to say."""
    start = time.perf_counter()
    return verdict(mutant), time.perf_counter() - start
