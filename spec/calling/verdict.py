"""The verdicts on a function."""

from enum import Enum


class Verdict(Enum):
    """The verdict on a function, or on one call of it."""

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
    def ends_the_check(self) -> bool:
        """Whether no further call can be made: a call that hangs goes on in its thread."""
        return self in (Verdict.HANGS, Verdict.DOES_NOT_FIT)
