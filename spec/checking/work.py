"""How much a search may do, counted in what it computes: a busy machine gives the same answer."""

from __future__ import annotations

from dataclasses import dataclass

#: How many numbers of arguments take as long to compute with as a line of pseudocode to read.
NUMBERS = 75


@dataclass
class Work:
    """The work that is left for a search.

    Attributes
    ----------
    left
        The rest: a unit is a line of pseudocode read anew, which takes about a millisecond.
    """

    left: float

    @property
    def is_done(self) -> bool:
        """Whether nothing is left."""
        return self.left <= 0

    def reads(self, lines: int) -> None:
        """Take away the work of reading, and checking, an algorithm of so many lines."""
        self.left -= lines

    def computes(self, numbers: int) -> None:
        """Take away the work of running an algorithm on arguments of so many numbers."""
        self.left -= 1 + numbers / NUMBERS
