"""The decisions of a run, random ones and comparisons: made, or repeated from another run."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from spec.machine.frame import MachineError

T = TypeVar("T")


class Chance:
    """Decisions by numbers that are uniform in [0, 1), one number for each.

    Attributes
    ----------
    decisions
        The decisions so far: a token, or 1 and 0 for yes and no, also of comparisons.
    """

    def __init__(self, random: Iterator[float] | None = None) -> None:
        self.random = random
        self.decisions: list[int] = []

    def token(self, q: Sequence[float]) -> int:
        """Return the first token, from 1, at which the probabilities add up to 1 − u."""
        cumulative = np.cumsum(q)
        if not 0 < cumulative[-1] < np.inf:
            raise MachineError(f"no token can be drawn: the weights sum to {cumulative[-1]}")
        reached = (1 - self._number()) * cumulative[-1]
        return self._decide(1 + int(np.searchsorted(cumulative, reached)))

    def happens(self, probability: float) -> bool:
        """Say whether u is below a probability."""
        return bool(self._decide(int(self._number() < probability)))

    def decides(self, compare: Callable[[], bool]) -> bool:
        """Return what a comparison of real numbers says."""
        return bool(self._decide(int(compare())))

    def _number(self) -> float:
        if self.random is None:
            raise MachineError("random numbers are asked for, and none are given")
        return _next(self.random)

    def _decide(self, decision: int) -> int:
        self.decisions.append(decision)
        return decision


class Again(Chance):
    """The decisions of an earlier run, repeated in a run over another domain."""

    def __init__(self, decisions: Sequence[int]) -> None:
        super().__init__()
        self._left = iter(decisions)

    def token(self, q: Sequence[float]) -> int:
        """Return the token that was drawn in the earlier run."""
        return self._decide(_next(self._left))

    def happens(self, probability: float) -> bool:
        """Repeat a decision of the earlier run."""
        return bool(self._decide(_next(self._left)))

    def decides(self, compare: Callable[[], bool]) -> bool:
        """Return what the comparison said in the earlier run."""
        return bool(self._decide(_next(self._left)))


def _next(numbers: Iterator[T]) -> T:
    try:
        return next(numbers)
    except StopIteration:
        raise MachineError("more random numbers are asked for than are given") from None
