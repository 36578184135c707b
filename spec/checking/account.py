"""A report in words and figures: plain data, which can be written, sent and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from spec.exit_status import ExitStatus


@dataclass(frozen=True)
class Row:
    """What a function did on arguments of one kind: a row of a table.

    Attributes
    ----------
    name
        What distinguishes the arguments: `ℓ_x = 1`.
    verdict, problem
        The verdict on the call, and what is wrong, as a clause.
    error, tolerance
        The distance of the result from the exact one, and the largest distance that rounding
        explains; None where the results could not be compared.
    finite
        Whether the result only had to be finite, since rounding leaves it no digits.
    passes
        Whether the function is right.
    """

    name: str
    verdict: str
    problem: str = ""
    error: float | None = None
    tolerance: float | None = None
    finite: bool = False
    passes: bool = True

    @property
    def ratio(self) -> float | None:
        """The error as a part of the tolerance."""
        if self.error is None or self.tolerance is None:
            return None
        if self.tolerance == 0:
            return 0.0 if self.error == 0 else float("inf")
        return self.error / self.tolerance


@dataclass(frozen=True)
class WrittenReport:
    """A report on a function, in words.

    Attributes
    ----------
    headline
        A sentence with the function, the algorithm and the verdict.
    status
        The exit status: whether the function is right, wrong, does not fit, or is not yet known to
        be any of these.
    explanations
        Paragraphs, each with a mistake or documented difference that reproduces the results.
    line
        A sentence with the first line that a tagged function gets wrong.
    smallest
        The smallest arguments found on which the function fails, row by row.
    laws
        Statements of the laws of the algorithm, each with what is wrong where it does not hold.
    rows
        What the function did on arguments of each kind.
    notes
        Sentences on how it was called, in what format, and how large the errors are.
    """

    headline: str
    status: int
    explanations: Sequence[str] = ()
    line: str = ""
    smallest: str = ""
    laws: Mapping[str, str] | None = None
    rows: tuple[Row, ...] = ()
    notes: Sequence[str] = ()

    @property
    def passes(self) -> bool:
        """Whether the function is right."""
        return self.status == ExitStatus.HOLDS

    def __str__(self) -> str:
        parts = [self.headline, *self.explanations]
        if self.line:
            parts.append(self.line)
        if self.smallest:
            parts.append(f"The smallest arguments found:\n{self.smallest}")
        if self.laws is not None:
            parts.append(self.law_text())
        return "\n\n".join([*parts, "\n".join(self.notes)])

    def law_text(self) -> str:
        """Return which laws hold, and which do not."""
        laws = self.laws or {}
        holding = [law for law, problem in laws.items() if not problem]
        failing = [f"{law} It {problem}." for law, problem in laws.items() if problem]
        lists = {"What still holds:": holding, "What does not hold:": failing}
        return "\n".join("\n  ".join([title, *each]) for title, each in lists.items() if each)

    def data(self) -> dict[str, Any]:
        """Return the report as JSON represents it."""
        return asdict(self)

    @staticmethod
    def of(data: Mapping[str, Any]) -> WrittenReport:
        """Return the report whose `data` this is."""
        return WrittenReport(**{**data, "rows": tuple(Row(**row) for row in data["rows"])})
