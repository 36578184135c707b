"""A report in words and figures: plain data, that can be written, sent and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Row:
    """What a function did on one kind of arguments: a row of a table.

    Attributes
    ----------
    name
        What is particular about the arguments.
    verdict, problem
        What is said of it, and in what it is wrong.
    error, tolerance
        How far the result was from the exact one, and how far it may be; None where nothing could
        be compared.
    """

    name: str
    verdict: str
    problem: str = ""
    error: float | None = None
    tolerance: float | None = None
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
    """What is to be said of a function.

    Attributes
    ----------
    headline
        A sentence: the function, the algorithm, the verdict.
    passes
        Whether the function is right.
    explanations
        Which mistakes or documented differences reproduce what it does, each in a paragraph.
    line
        The first line that a tagged function gets wrong.
    smallest
        The smallest arguments found on which it fails, row by row.
    laws
        What still holds, and what does not: statements, each with what is wrong.
    rows
        What it did on arguments of every kind.
    notes
        How it was called, in what format, what the tolerance is.
    """

    headline: str
    passes: bool
    explanations: Sequence[str] = ()
    line: str = ""
    smallest: str = ""
    laws: Mapping[str, str] | None = None
    rows: tuple[Row, ...] = ()
    notes: Sequence[str] = ()

    def __str__(self) -> str:
        parts = [self.headline, *self.explanations]
        if self.line:
            parts.append(self.line)
        if self.smallest:
            parts.append(f"The smallest arguments found:\n{self.smallest}")
        if self.laws is not None:
            parts.append(law_text(self.laws))
        return "\n\n".join([*parts, "\n".join(self.notes)])

    def data(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @staticmethod
    def of(data: Mapping[str, Any]) -> WrittenReport:
        """Return what `data` has given."""
        known = {one.name: data[one.name] for one in fields(WrittenReport)}
        return WrittenReport(**{**known, "rows": tuple(Row(**row) for row in data["rows"])})


def law_text(laws: Mapping[str, str]) -> str:
    """Return which laws hold, and which do not."""
    holding = [law for law, problem in laws.items() if not problem]
    failing = [f"{law} It {problem}." for law, problem in laws.items() if problem]
    parts = []
    if holding:
        parts.append("\n  ".join(["What still holds:", *holding]))
    if failing:
        parts.append("\n  ".join(["What does not hold:", *failing]))
    return "\n".join(parts)
