"""What can be said of a function."""

from __future__ import annotations

from enum import Enum


class Verdict(Enum):
    """What is said of a function, in the words of a sentence that begins with its name."""

    AGREES = "agrees"
    DEPARTS = "departs from it as documented"
    DIFFERS = "differs"
    RAISES = "raises"
    HANGS = "does not end"
    NOT_A_NUMBER = "gives no number"
    WRONG_SHAPE = "gives a wrong shape"
    WRONG_DTYPE = "gives a wrong dtype"
    MUTATES = "changes its arguments"
    NOT_DETERMINISTIC = "is not deterministic"
    DOES_NOT_FIT = "does not fit its adapter"

    @property
    def passes(self) -> bool:
        """Whether the function is right."""
        return self in (Verdict.AGREES, Verdict.DEPARTS)
