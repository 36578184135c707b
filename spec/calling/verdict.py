"""What can be said of a function."""

from __future__ import annotations

from enum import Enum


class Verdict(Enum):
    """What is said of a function, or of a call of it."""

    AGREES = "agrees"
    DEPARTS = "departs as documented"
    DIFFERS = "differs"
    RAISES = "raises"
    HANGS = "does not end"
    NOT_A_NUMBER = "gives nan"
    WRONG_SHAPE = "wrong shape"
    WRONG_DTYPE = "wrong dtype"
    MUTATES = "changes its arguments"
    NOT_DETERMINISTIC = "not deterministic"
    DOES_NOT_FIT = "does not fit"
    UNTRIED = "not tried"

    @property
    def passes(self) -> bool:
        """Whether the function is right."""
        return self in (Verdict.AGREES, Verdict.DEPARTS)

    @property
    def comparable(self) -> bool:
        """Whether the result is one that another mistake may give."""
        return self in (Verdict.DIFFERS, Verdict.WRONG_SHAPE)
