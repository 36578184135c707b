"""What a check has found, as data and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spec.conformance.findings import Difference
from spec.conformance.kit.naming import Explanation
from spec.conformance.kit.subject import Subject, Trial
from spec.conformance.kit.verdict import Verdict


@dataclass(frozen=True)
class Report:
    """What is to be said of a function.

    Attributes
    ----------
    subject
        The function, the algorithm, the adapter, the format.
    verdict
        What is said of it.
    trials
        What it did, on arguments of every kind.
    explanations
        The mistakes, or documented differences, that reproduce what it does.
    line
        The first line that a tagged function gets wrong.
    smallest
        The smallest arguments found on which it fails.
    mutant
        A change of one line, of no name, that reproduces what it does.
    seconds
        How long the check took.
    """

    subject: Subject
    verdict: Verdict
    trials: Sequence[Trial]
    explanations: Sequence[Explanation] = ()
    line: Difference | None = None
    smallest: Trial | None = None
    mutant: str = ""
    seconds: float = 0.0

    @property
    def passes(self) -> bool:
        """Whether the function is right."""
        return self.verdict.passes

    @property
    def ratio(self) -> float:
        """The largest error, as a part of its tolerance."""
        return max((one.distance.ratio for one in self.trials if one.distance), default=0.0)

    @property
    def failed(self) -> Sequence[Trial]:
        """The trials in which it is not right."""
        return [one for one in self.trials if not one.verdict.passes]
