"""Where is a function wrong? Found with arguments under which parts of the algorithm do nothing.

As much of the algorithm is made to do nothing as leaves the function wrong. What then makes it
right, when it does nothing either, is where the fault lies. A line is held to be there if another
value of a part of it, in the pseudocode, would be seen where the function is wrong, and unseen
where the function is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain

from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.calling.verdict import Verdict
from spec.checking.visible_faults import Progress, lines_that_show
from spec.expected.result import UndefinedResultError, exact_result
from spec.inputs.neutral_arguments import Neutral, neutral_changes, neutralised
from spec.machine.trees import same


@dataclass(frozen=True)
class Location:
    """The lines in which a fault of a function lies, and the arguments that show it.

    Attributes
    ----------
    lines
        For each line of the algorithm by its number, the lines that are meant: the line itself, or
        lines of the algorithms that it calls: `{6: ("4.5", "4.6")}`.
    wrong
        The trial on arguments under which the least is computed and the function still is wrong.
    neutral, other
        What does nothing under these arguments, and what else could do nothing.
    right
        What makes the function right, if it does nothing either, with the trials that show it.
    is_only
        Whether the function is right wherever one of these does nothing: no fault lies elsewhere.
    """

    lines: Mapping[int, tuple[str, ...]]
    wrong: Trial
    neutral: Sequence[Neutral]
    other: Sequence[Neutral]
    right: Mapping[Neutral, Trial] = field(default_factory=dict)
    is_only: bool = False

    @property
    def every_line(self) -> frozenset[str]:
        """All of the lines, and those that call them, by their names: `4.5`."""
        own = {f"{self.wrong.arguments.id}.{number}" for number in self.lines}
        return frozenset(own.union(*self.lines.values()))

    def including(self, names: Iterable[str]) -> Location:
        """Return the location with more lines, by their names: a change of them explains it."""
        lines = {number: [*inner] for number, inner in self.lines.items()}
        for name in names:
            id, _, number = name.partition(".")
            if name not in self.every_line:
                own = id == self.wrong.arguments.id
                for within in [int(number)] if own else [*lines]:
                    lines.setdefault(within, []).append(name)
        return replace(self, lines={number: tuple(lines[number]) for number in sorted(lines)})

    @property
    def evidence(self) -> list[Trial]:
        """The trials that tell this fault from others; the first is that in which it is wrong."""
        return [self.wrong, *self.right.values()]


def locate(tested: FunctionUnderTest, trials: Sequence[Trial], progress: Progress) -> Places | None:
    """Return where a function is wrong; None if there are no numbers that could show it."""
    telling = [trial for trial in trials if trial.verdict is Verdict.DIFFERS]
    if not telling:
        return None
    smallest = min(telling, key=lambda trial: trial.arguments.count)
    return Places(tested, smallest, list(neutral_changes(smallest.arguments)), progress)


@dataclass
class Places:
    """The places in which a function is wrong, each looked for when it is asked for.

    Attributes
    ----------
    tested, trial
        The function, and a trial in which it is wrong.
    changes
        The changes that can be made to the arguments of that trial.
    """

    tested: FunctionUnderTest
    trial: Trial
    changes: Sequence[Neutral]
    progress: Progress
    tried: dict[frozenset[Neutral], Trial | None] = field(default_factory=dict)

    @cached_property
    def first(self) -> Location:
        """The place of a fault."""
        return self.location(())

    @cached_property
    def second(self) -> Location | None:
        """The place of another fault, if the function is wrong elsewhere where the first is not."""
        silent: tuple[Neutral, ...] = ()
        for change in self.first.right:
            if self.is_wrong(*silent, change):
                silent = (*silent, change)
        if not silent:
            return None
        second = self.location(silent)
        lines = ({*chain(*place.lines.values())} for place in (self.first, second))
        return second if set.isdisjoint(*lines) else None

    @property
    def known(self) -> list[Location]:
        """The places that have been looked for."""
        places = (self.__dict__.get("first"), self.__dict__.get("second"))
        return [place for place in places if place is not None]

    def location(self, made: tuple[Neutral, ...]) -> Location:
        """Return where the function is wrong, also with some changes made already."""
        for done, change in enumerate(self.changes):
            self.progress("looking for the place", done, len(self.changes))
            if change not in made and self.is_wrong(*made, change):
                made = (*made, change)
        wrong = self.tried_with(made)
        assert wrong is not None, "it has been tried"
        other = [change for change in self.changes if change not in made]
        trials = ((change, self.tried_with((*made, change))) for change in other)
        right = {change: trial for change, trial in trials if trial and trial.verdict.passes}
        lines = lines_that_show(wrong, list(right.values()), self.progress)
        alone = (self.tried_with((change,)) for change in right)
        is_only = any(trial is not None and trial.verdict.passes for trial in alone)
        return Location(lines, wrong, made, other, right, is_only)

    def is_wrong(self, *made: Neutral) -> bool:
        """Say whether the function is wrong, as it is in the first trial, with changes made."""
        trial = self.tried_with(made)
        return trial is not None and trial.verdict is self.trial.verdict

    def tried_with(self, made: tuple[Neutral, ...]) -> Trial | None:
        """Try the function with changes made; None if the last of them changes nothing."""
        if not made:
            return self.trial
        key = frozenset(made)
        if key not in self.tried:
            self.tried[key] = self._tried_with(made)
        return self.tried[key]

    def _tried_with(self, made: tuple[Neutral, ...]) -> Trial | None:
        before = self.tried_with(made[:-1])
        arguments = neutralised(self.trial.arguments, made)
        if before is None or same(dict(arguments.named), dict(before.arguments.named)):
            return None
        try:
            return self.tested.call(exact_result(arguments))
        except UndefinedResultError:
            return None
