"""What a check has found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.calling.verdict import Verdict
from spec.checking.account import Row, WrittenReport
from spec.checking.explain import Explanation
from spec.line_by_line.findings import Difference
from spec.mistakes.catalogue import Mistake, catalogue
from spec.mistakes.mutants import Mutant


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
    mutant
        A change of one line, of no name, that reproduces it where none of these does.
    line
        The first line that a tagged function gets wrong.
    smallest
        The smallest arguments found on which it fails, in the paper's symbols.
    laws
        The laws of the algorithm, each with what is wrong where it does not hold; None if they
        were not looked at.
    seconds
        How long the check took.
    """

    subject: FunctionUnderTest
    verdict: Verdict
    trials: Sequence[Trial]
    explanations: Sequence[Explanation] = ()
    mutant: Mutant | None = None
    line: Difference | None = None
    smallest: str = ""
    laws: Mapping[str, str] | None = None
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

    @property
    def mistakes(self) -> Sequence[tuple[str, ...]]:
        """The ids of what explains it: of one mistake, or of two made together."""
        return [tuple(one.id for one in found.mistakes) for found in self.explanations]

    def account(self) -> WrittenReport:
        """Return it in words and figures."""
        return WrittenReport(
            self._headline(),
            self.passes,
            tuple(self._explained()),
            "" if self.line is None else f"First wrong: {self.line}.",
            self.smallest,
            self.laws,
            tuple(map(_row, self.trials)),
            tuple(self._notes()),
        )

    def __str__(self) -> str:
        return str(self.account())

    def _headline(self) -> str:
        subject = self.subject
        layout = subject.algorithms[subject.id].program.layout
        what = f"Algorithm {subject.id} ({layout.title})"
        match self.verdict:
            case Verdict.AGREES:
                tried = f"as far as arguments of {len(self.trials)} kinds can tell"
                return f"{subject.name} is {what}, {tried}."
            case Verdict.DEPARTS:
                return f"{subject.name} is {what} but for what is documented, and no error."
        if self.verdict is Verdict.UNTRIED:
            tried = f"{what} has no value on any arguments that it can have"
            return f"{subject.name} was not tried: {tried}."
        first = self.failed[0]
        if self.verdict is Verdict.DOES_NOT_FIT:
            return f"{subject.name} cannot be called as {what}: {first.problem}."
        return f"{subject.name} is not {what}: it {first.problem} ({first.name})."

    def _explained(self) -> Iterator[str]:
        departures = self.subject.adapter.departures
        if departures:
            known = [catalogue()[one] for one in departures]
            yield f"It was held to the pseudocode with {_and(one.what for one in known)}."
        for problem in dict.fromkeys(
            one.problem for one in self.trials if one.verdict is Verdict.DEPARTS
        ):
            yield f"It {problem}."
        if len(self.explanations) > 1:
            yield "More than one explains it, and no inputs were found that tell them apart:"
        for found in self.explanations:
            yield self._sentence(found)
        if self.mutant is not None:
            yield (
                f"No known mistake explains it. It is what line {self.mutant.line} would compute "
                f"as `{self.mutant.after}` ({self.mutant.change}), where it reads "
                f"`{self.mutant.before}`."
            )
        elif self.laws is not None:
            yield f"No known mistake explains it. {self._right_on()}"

    def _right_on(self) -> str:
        right = [one.name for one in self.trials if one.verdict.passes]
        wrong = [one.name for one in self.failed]
        all = f"of the {len(self.trials)} kinds of arguments"
        if not right:
            return f"It is wrong on each {all}."
        if len(wrong) < len(right):
            return f"It is wrong on {len(wrong)} {all}: {'; '.join(wrong)}."
        return f"It is right on {len(right)} {all}: {'; '.join(right)}."

    def _sentence(self, found: Explanation) -> str:
        what = _and(_named(one) for one in found.mistakes)
        text = f"Your function computes Algorithm {self.subject.id} with {what}."
        for one in found.mistakes:
            text += f" Line {one.line} reads `{_line(one, self.subject)}`."
            if one.kind == "difference":
                text += f" That is no error. {one.why}"
            text += f" `formal-transformers show {one.id}` says more."
        return text

    def _notes(self) -> Iterator[str]:
        subject = self.subject
        yield f"Called as {subject.adapter.name}, in {subject.format.name}."
        measured = [one for one in self.trials if one.distance]
        if measured and not self.explanations:
            yield (
                f"Largest error: {self.ratio:.3g} of the tolerance, which is "
                f"{measured[0].expected.multiple} times the "
                f"certified error of the pseudocode in {subject.format.name}, at the same sizes."
            )


def _named(mistake: Mistake) -> str:
    return f"{mistake.what}, at line {mistake.line} ({mistake.kind} {mistake.id})"


def _line(mistake: Mistake, subject: FunctionUnderTest) -> str:
    id, _, number = mistake.line.partition(".")
    lines = subject.algorithms[id].program.layout.lines
    return next(line.text for line in lines if line.number == int(number))


def _row(trial: Trial) -> Row:
    distance = trial.distance
    return Row(
        trial.name,
        trial.verdict.value,
        trial.problem,
        None if distance is None else distance.error,
        None if distance is None else distance.tolerance,
        trial.verdict.passes,
    )


def _and(parts: Iterator[str]) -> str:
    return ", and with ".join(parts)
