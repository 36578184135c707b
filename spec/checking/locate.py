"""Where is a function wrong? Found with arguments under which parts of the algorithm do nothing.

As much of the algorithm is made to do nothing as leaves the function wrong. What then makes it
right, when it does nothing either, is where the fault lies. A line is held to be there if another
value of a part of it, in the pseudocode, would be seen where the function is wrong, and unseen
where the function is right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.calling.verdict import Verdict
from spec.domains.floats import Floats
from spec.expected.result import UndefinedResultError, exact_result
from spec.inputs.arguments import Arguments
from spec.inputs.neutral_arguments import Neutral, neutral_changes, neutralised
from spec.inputs.variations import TURNS
from spec.machine import Chance
from spec.machine.perturbed import Perturbation, PerturbedMachine
from spec.machine.trees import leaves, same

#: Is called with each step of a search: `progress("trying", 3, 21)`, the 3rd of 21.
Progress = Callable[[str, int, int], None]

#: The smallest part of the largest entry of a result by which a perturbation is seen in it.
SEEN = 1e-9


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
    """

    lines: Mapping[int, tuple[str, ...]]
    wrong: Trial
    neutral: Sequence[Neutral]
    other: Sequence[Neutral]
    right: Mapping[Neutral, Trial] = field(default_factory=dict)

    @property
    def every_line(self) -> frozenset[str]:
        """All of the lines, and those that call them, by their names: `4.5`."""
        own = {f"{self.wrong.arguments.id}.{number}" for number in self.lines}
        return frozenset(own.union(*self.lines.values()))

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
        lines = _lines(wrong, list(right.values()), self.progress)
        return Location(lines, wrong, made, other, right)

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


def _lines(wrong: Trial, right: Sequence[Trial], progress: Progress) -> dict[int, tuple[str, ...]]:
    """Return the lines of which a fault would show where a function is wrong, and only there."""
    left: list[Perturbation] | None = None
    for done, trial in enumerate((wrong, *right)):
        progress("looking for the lines", done, len(right) + 1)
        run = _Run(trial.arguments)
        if left is None:
            left = [each for each in run.perturbations if run.shows(each)]
        else:  # no fault of a single part of a line need explain every trial
            left = [each for each in left if not run.shows(each)] or left
    lines: dict[int, dict[str, None]] = {}
    sites = {each.site for each in left or ()}
    for site in sorted(sites, key=lambda site: (site.within, site.algorithm, site.line)):
        lines.setdefault(site.within, {})[f"{site.algorithm}.{site.line}"] = None
    return {number: tuple(inner) for number, inner in lines.items()}


class _Run:
    """The pseudocode on some arguments, in floating point: as it is, and with perturbations."""

    def __init__(self, arguments: Arguments) -> None:
        self.arguments = arguments
        self.perturbations: set[Perturbation] = set()  # those that change a value
        self.result = self.run(None)

    def shows(self, perturbation: Perturbation) -> bool:
        """Say whether a perturbation changes the result, or lets the run fail."""
        if perturbation not in self.perturbations:
            return False
        try:
            perturbed = self.run(perturbation)
        except Exception:  # an index may be out of range, a shape wrong, a token unknown
            return True
        if perturbed.shape != self.result.shape:
            return True
        finite = np.abs(self.result[np.isfinite(self.result)])
        seen = SEEN * finite.max(initial=0.0)
        return not np.allclose(perturbed, self.result, rtol=0, atol=seen, equal_nan=True)

    def run(self, perturbation: Perturbation | None) -> Any:
        """Return all numbers of the result, one after another."""
        arguments, numbers = self.arguments, []
        chance = Chance(iter(arguments.uniform))
        for run in arguments.runs:
            machine = PerturbedMachine(
                arguments.algorithms,
                Floats(),
                random=chance,
                turns=TURNS,
                perturbation=perturbation,
            )
            value = machine.run(arguments.id, run.inputs, run.parameters, run.hyperparameters)
            self.perturbations |= machine.seen
            numbers += [np.ravel(np.asarray(leaf, dtype=float)) for _, leaf in leaves(value)]
        return np.concatenate(numbers)
