"""What a test that fails says: its own problem, and what a check finds out about the function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from spec.calling.function_under_test import FunctionUnderTest
from spec.calling.verdict import Verdict
from spec.checking.check import check
from spec.checking.report import Report


@dataclass(frozen=True)
class CheckedOnce:
    """A function whose check is made when its first test fails, and serves all others."""

    tested: FunctionUnderTest
    reports: dict[str, Report] = field(default_factory=dict)

    def report(self, format: str = "") -> Report:
        """Return the report of a check in a format, or in that of all tests but one."""
        tested = self.tested
        format = format or tested.format.name
        if format not in self.reports:
            self.reports[format] = check(
                tested.function,
                tested.id,
                adapter=tested.adapter,
                format=format,
                seconds=tested.seconds,
            )
        return self.reports[format]

    def message(self, problem: str, format: str, more: str = "") -> str:
        """Return the message of a test that fails in a format."""
        return in_rows(*self._paragraphs(problem, format), more)

    def _paragraphs(self, problem: str, format: str) -> Iterator[str]:
        report, usual, scope = self.report(), self.tested.format.name, ""
        if report.passes and format != usual:
            scope = f"In {usual} it is right: it is wrong only in {format}."
            report = self.report(format)
        account = report.account()
        departs = report.verdict is Verdict.DEPARTS and report.mistakes
        yield from (account.headline if departs else problem, scope)
        yield from (*account.explanations, account.line)
        if departs:
            yield f"To test it with that, give its adapter departures={report.mistakes[0]}."
        elif report.passes:
            yield f"A check in {format} finds it right on {len(report.trials)} kinds of arguments."


def in_rows(*paragraphs: str) -> str:
    """Return the paragraphs that are not empty, below one another."""
    return "\n".join(filter(None, paragraphs))
