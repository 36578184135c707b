"""The result of a check: the verdict on a function, and what explains it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.calling.verdict import Verdict
from spec.checking.account import Row, WrittenReport
from spec.checking.explain import Change, Explanation
from spec.checking.fitting_options import Fitting
from spec.checking.locate import Location
from spec.checking.mixed_members import mixed_members
from spec.exit_status import ExitStatus
from spec.expected.result import MULTIPLE
from spec.line_by_line.findings import Difference
from spec.mistakes.catalogue import Mistake, catalogue


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
    locations
        Where it is wrong: the lines of one place or of two, and the arguments that show it.
    explanations
        The mistakes, the documented differences, or changes of lines that reproduce its results.
    line
        The first line that a tagged function gets wrong.
    smallest
        The smallest arguments found on which it fails, in the paper's symbols.
    laws
        The laws of the algorithm, each with what is wrong where it does not hold; None if they
        were not examined.
    fitting
        Options with which the function can be called, if it cannot be called as it was asked.
    seconds
        How long the check took.
    finished
        Whether the function was tried on arguments of every kind, and a mistake was looked for.
    """

    tested: FunctionUnderTest
    verdict: Verdict
    trials: Sequence[Trial]
    locations: Sequence[Location] = ()
    explanations: Sequence[Explanation] = ()
    line: Difference | None = None
    smallest: str = ""
    laws: Mapping[str, str] | None = None
    fitting: Fitting | None = None
    seconds: float = 0.0
    finished: bool = True

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
        """The ids of each explanation by known mistakes: of one, or of two made together."""
        named = (each.mistakes for each in self.explanations if not each.mutants)
        return [tuple(mistake.id for mistake in each) for each in named]

    @property
    def status(self) -> ExitStatus:
        """The exit status of the command that prints this report."""
        if self.passes and self.finished:
            return ExitStatus.HOLDS
        if self.verdict in (Verdict.DOES_NOT_FIT, Verdict.UNTRIED):
            return ExitStatus.NO_ANSWER
        slow = self.verdict is Verdict.HANGS and len(self.trials) == 1  # perhaps no more than that
        return ExitStatus.FAILS if self.finished and not slow else ExitStatus.UNFINISHED

    def account(self, *, on_command_line: bool = False) -> WrittenReport:
        """Return the report in words and figures, with advice in Python or for a command line."""
        return WrittenReport(
            self._headline(),
            self.status,
            (*self._calls(on_command_line), *self._paragraphs()),
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
        if self.passes and not self.finished:
            return f"{name} is {algorithm} on the first {len(self.trials)} kinds of arguments."
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
            if first.verdict is Verdict.DOES_NOT_FIT:
                return f"{name} cannot be called as {algorithm}: {first.problem}."
            verb = "cannot be called as" if first.verdict is Verdict.RAISES else "does not fit"
            return f"{name} {verb} {algorithm}: {self._kinds(first.verdict)} it {first.problem}."
        if self.status is ExitStatus.UNFINISHED and first.verdict is Verdict.HANGS:
            return f"{name} may be {algorithm} or not: it {first.problem} ({first.name})."
        return f"{name} is not {algorithm}: it {first.problem} ({first.name})."

    def _kinds(self, verdict: Verdict) -> str:
        """Say on how many kinds of arguments there was a verdict."""
        count, all = sum(trial.verdict is verdict for trial in self.trials), len(self.trials)
        return f"on {count} of {all} kinds of arguments" if count < all else "on all arguments"

    def _calls(self, on_command_line: bool) -> Iterator[str]:
        """Say what a function that raises was passed, and with which options it can be called."""
        raised = [trial for trial in self.trials if trial.verdict is Verdict.RAISES]
        if self.verdict is Verdict.DOES_NOT_FIT:
            if raised and raised[0].passed:
                yield f"It was passed {raised[0].passed}."
            if self.fitting is None and self.tested.adapter.options is not None:
                yield "No other layout was found in which it can be called."
        elif raised and self.finished:
            others = [trial for trial in self.trials if trial.verdict is not Verdict.RAISES]
            fewer, how = (others, "all but ") if len(others) < len(raised) else (raised, "")
            kinds = f"{how}{len(fewer)} of {len(self.trials)} kinds of arguments"
            yield f"It raises on {kinds}: {'; '.join(trial.name for trial in fewer)}."
        if self.fitting is not None:
            yield self.fitting.advice(self.tested.function, on_command_line=on_command_line)

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
            yield self._sentences(explanation)
        if mixed := mixed_members(self.trials):
            yield mixed
        elif self.laws is not None:
            yield f"No known mistake explains it. {self._where_right()}"
        if self.locations and not self.explanations and not mixed:
            yield from self._relatives()
        for location in self.locations:
            yield self._place(location)

    def _place(self, location: Location) -> str:
        """Say in which lines the function is wrong, and on which arguments that shows."""
        only = "only " if location.is_only else ""
        lines, matter = _lines(location)
        text = f"It differs {only}where {lines} {matter}."
        if location.neutral:
            text += f" It is still wrong where {_list(_neutral(location))}."
        if location.right:
            also = "also " if location.neutral else ""
            text += f" Where {also}{_list(map(str, location.right), 'or')}, it is right."
        return text

    def _relatives(self) -> Iterator[str]:
        """Say which algorithms have the same arguments, and more besides: those in blocks, say."""
        own = self.tested.algorithms[self.tested.id].header
        names: list[str] = []
        others: dict[str, None] = {}  # in order
        for id, checked in self.tested.algorithms.items():
            header = checked.header
            more = [key for key in header.hyperparameters if key not in own.hyperparameters]
            if (
                more
                and header.inputs == own.inputs
                and header.outputs == own.outputs
                and header.parameters == own.parameters
                and all(key in header.hyperparameters for key in own.hyperparameters)
            ):
                names.append(f"{id} ({checked.program.layout.title})")
                others |= dict.fromkeys(map(str, more))
        if names:
            besides = f"which has the same arguments, and {_list(others)} besides"
            yield f"It may be meant as {_list(names, 'or')}, {besides}, and mistakes of its own."

    def _where_right(self) -> str:
        right = [trial.name for trial in self.trials if trial.verdict.passes]
        wrong = [trial.name for trial in self.failed]
        kinds = f"of the {len(self.trials)} kinds of arguments"
        if not right:
            return f"It is wrong on each {kinds}."
        if len(wrong) < len(right):
            return f"It is wrong on {len(wrong)} {kinds}: {'; '.join(wrong)}."
        return f"It is right on {len(right)} {kinds}: {'; '.join(right)}."

    def _sentences(self, explanation: Explanation) -> str:
        named = _and(map(_clause, explanation.changes))
        text = f"Your function computes Algorithm {self.tested.id} with {named}."
        for change in explanation.changes:
            text += f" Line {change.line} reads `{self._line(change.line)}`."
        for mistake in explanation.mistakes:
            if mistake.kind == "difference":
                what = "That" if explanation.documented else f"The difference {mistake.id}"
                text += f" {what} is not an error. {mistake.why}"
            text += f" `formal-transformers show {mistake.id}` says more."
        return text

    def _line(self, name: str) -> str:
        """Return the text of a line, by its name: `4.5`."""
        id, _, number = name.rpartition(".")
        lines = self.tested.algorithms[id].program.layout.lines
        return next(line.text for line in lines if line.number == int(number))

    def _notes(self) -> Iterator[str]:
        format = self.tested.format.name
        yield f"Called as {self.tested.adapter.name}, in {format}."
        measured = [trial for trial in self.trials if trial.distance]
        if measured and not self.explanations and self.verdict is not Verdict.DOES_NOT_FIT:
            yield (
                f"Largest error: {self.ratio:.3g} of the tolerance, which is "
                f"{MULTIPLE} times the "
                f"certified error of the pseudocode in {format}, at the same sizes."
            )


def _row(trial: Trial) -> Row:
    distance = trial.distance
    error, tolerance = (distance.error, distance.tolerance) if distance else (None, None)
    verdict = trial.verdict
    finite = trial.arguments.variation.finite
    return Row(trial.name, verdict.value, trial.problem, error, tolerance, finite, verdict.passes)


def _clause(change: Change) -> str:
    """Return what a change is, to follow "with"."""
    if isinstance(change, Mistake):
        return f"{change.what}, at line {change.line} ({change.kind} {change.id})"
    return f"line {change.line} as `{change.after}` ({change.change}; no known mistake)"


def _lines(location: Location) -> tuple[str, str]:
    """Return the lines of a location, and the verb: `line 10.6 (in it 4.5, 4.6)`, `matters`."""
    id = location.wrong.arguments.id
    parts = []
    for number, lines in location.lines.items():
        name = f"{id}.{number}"
        inner = ", ".join(line for line in sorted(lines, key=_number) if line != name)
        parts.append(f"{name} (in it {inner})" if inner else name)
    return (
        (f"lines {_list(parts)}", "matter") if len(parts) > 1 else (f"line {parts[0]}", "matters")
    )


def _neutral(location: Location) -> Iterator[str]:
    """Yield what does nothing on the arguments of a location, all arrays that are 0 as one."""
    sizes = [change.subject for change in location.neutral if change.size]
    if sizes:
        yield f"{_list(sizes)} {'are' if len(sizes) > 1 else 'is'} 1"
    zero = [change for change in location.neutral if change.value == "0"]
    other = [change.subject for change in location.other if change.value == "0"]
    if len(zero) > len(other):
        yield f"every array is 0 but {_list(other)}" if other else "every array is 0"
        zero = []
    yield from map(str, zero)
    yield from (
        str(change) for change in location.neutral if change.value != "0" and not change.size
    )


def _number(line: str) -> tuple[str, int]:
    id, _, number = line.rpartition(".")
    return id, int(number)


def _list(parts: Iterable[str], word: str = "and") -> str:
    *first, last = parts
    return f"{', '.join(first)} {word} {last}" if first else last


def _and(parts: Iterable[str]) -> str:
    return ", and with ".join(parts)
