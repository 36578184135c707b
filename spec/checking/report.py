"""The result of a check: the verdict on a function, and what explains it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.calling.verdict import Verdict
from spec.checking.account import Row, WrittenReport
from spec.checking.explain import Explanation
from spec.expected.result import MULTIPLE
from spec.line_by_line.findings import Difference
from spec.mistakes.catalogue import Mistake, catalogue
from spec.mistakes.mutants import Mutant


@dataclass(frozen=True)
class Report:
    """The result of a check; `print(report)` says all that is known.

    Attributes
    ----------
    tested
        The function, with the algorithm, the adapter and the format.
    verdict
        The verdict on the function.
    trials
        What the function did on arguments of each kind.
    explanations
        The mistakes, or documented differences, that reproduce its results.
    mutant
        A change of one line that reproduces its results where no known mistake does.
    line
        The first line that a tagged function gets wrong.
    smallest
        The smallest arguments found on which it fails, in the paper's symbols.
    laws
        The laws of the algorithm, each with what is wrong where it does not hold; None if they
        were not examined.
    seconds
        How long the check took.
    """

    tested: FunctionUnderTest
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
        return max((trial.distance.ratio for trial in self.trials if trial.distance), default=0.0)

    @property
    def failed(self) -> Sequence[Trial]:
        """The trials in which the function is not right."""
        return [trial for trial in self.trials if not trial.verdict.passes]

    @property
    def mistakes(self) -> Sequence[tuple[str, ...]]:
        """The ids of each explanation: of one mistake, or of two that are made together."""
        return [tuple(mistake.id for mistake in each.mistakes) for each in self.explanations]

    def account(self) -> WrittenReport:
        """Return the report in words and figures."""
        return WrittenReport(
            self._headline(),
            self.passes,
            tuple(self._paragraphs()),
            "" if self.line is None else f"First wrong: {self.line}.",
            self.smallest,
            self.laws,
            tuple(map(_row, self.trials)),
            tuple(self._notes()),
        )

    def __str__(self) -> str:
        return str(self.account())

    def _headline(self) -> str:
        name, algorithm = self.tested.name, self.tested.title
        match self.verdict:
            case Verdict.AGREES:
                tried = f"as far as arguments of {len(self.trials)} kinds can tell"
                return f"{name} is {algorithm}, {tried}."
            case Verdict.DEPARTS:
                return f"{name} is {algorithm}, with a documented difference that is not an error."
            case Verdict.UNTRIED:
                reason = f"{algorithm} has no value on any arguments that it can have"
                return f"{name} was not tried: {reason}."
        first = self.failed[0]
        if self.verdict is Verdict.DOES_NOT_FIT:
            return f"{name} cannot be called as {algorithm}: {first.problem}."
        return f"{name} is not {algorithm}: it {first.problem} ({first.name})."

    def _paragraphs(self) -> Iterator[str]:
        if departures := self.tested.adapter.departures:
            known = _and(catalogue()[id].what for id in departures)
            yield f"It was compared with the pseudocode with {known}."
        departing = (trial for trial in self.trials if trial.verdict is Verdict.DEPARTS)
        for problem in dict.fromkeys(trial.problem for trial in departing):
            yield f"It {problem}."
        if len(self.explanations) > 1:
            yield "Each of these explains it; no inputs were found on which they differ:"
        for explanation in self.explanations:
            yield self._sentences(explanation.mistakes)
        if self.mutant is not None:
            yield (
                f"No known mistake explains it. It is what line {self.mutant.line} would compute "
                f"as `{self.mutant.after}` ({self.mutant.change}), where it reads "
                f"`{self.mutant.before}`."
            )
        elif self.laws is not None:
            yield f"No known mistake explains it. {self._where_right()}"

    def _where_right(self) -> str:
        right = [trial.name for trial in self.trials if trial.verdict.passes]
        wrong = [trial.name for trial in self.failed]
        kinds = f"of the {len(self.trials)} kinds of arguments"
        if not right:
            return f"It is wrong on each {kinds}."
        if len(wrong) < len(right):
            return f"It is wrong on {len(wrong)} {kinds}: {'; '.join(wrong)}."
        return f"It is right on {len(right)} {kinds}: {'; '.join(right)}."

    def _sentences(self, mistakes: Sequence[Mistake]) -> str:
        texts = self.tested.algorithms
        named = _and(f"{m.what}, at line {m.line} ({m.kind} {m.id})" for m in mistakes)
        text = f"Your function computes Algorithm {self.tested.id} with {named}."
        for mistake in mistakes:
            lines = texts[mistake.algorithm].program.layout.lines
            number = int(mistake.line.rpartition(".")[2])
            right = next(line.text for line in lines if line.number == number)
            text += f" Line {mistake.line} reads `{right}`."
            if mistake.kind == "difference":
                text += f" That is not an error. {mistake.why}"
            text += f" `formal-transformers show {mistake.id}` says more."
        return text

    def _notes(self) -> Iterator[str]:
        format = self.tested.format.name
        yield f"Called as {self.tested.adapter.name}, in {format}."
        measured = [trial for trial in self.trials if trial.distance]
        if measured and not self.explanations:
            yield (
                f"Largest error: {self.ratio:.3g} of the tolerance, which is "
                f"{MULTIPLE} times the "
                f"certified error of the pseudocode in {format}, at the same sizes."
            )


def _row(trial: Trial) -> Row:
    distance = trial.distance
    error, tolerance = (distance.error, distance.tolerance) if distance else (None, None)
    verdict = trial.verdict
    return Row(trial.name, verdict.value, trial.problem, error, tolerance, verdict.passes)


def _and(parts: Iterable[str]) -> str:
    return ", and with ".join(parts)
