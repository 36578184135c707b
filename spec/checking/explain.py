"""Which change of the pseudocode gives a function's results? Known mistakes are tried first.

The search goes over the lines in which the fault lies. Where a change explains the results on the
arguments that isolate one fault, and not on others, there is a second fault: it is located with
the first change made, and so on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, product
from math import prod

import numpy as np

from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.calling.verdict import Verdict
from spec.checking.locate import Location, Places
from spec.checking.visible_faults import Progress
from spec.checking.work import Work
from spec.expected.result import ExactResult, UndefinedResultError, computes, exact_result
from spec.inputs.array_conversion import Array
from spec.inputs.draw import SIZES
from spec.inputs.variations import SMALL, Variation, variations
from spec.language.checked import Checked
from spec.language.errors import SpecError
from spec.machine import MachineError
from spec.mistakes.catalogue import Mistake, catalogue
from spec.mistakes.edit import ConflictError, edited_together
from spec.mistakes.mutants import Mutant, mutants

Change = Mistake | Mutant

#: The verdicts on a call whose result can be compared with that of a mistake.
_COMPARED = (Verdict.AGREES, Verdict.DIFFERS, Verdict.WRONG_SHAPE)
#: How much work one search may be: see `Work`.
WORK = 20_000
#: How many changes that explain one of two faults are tried together with others.
FEW = 4
#: What is added to seeds for the inputs that tell two explanations apart.
OTHER_SEEDS = 1000


@dataclass(frozen=True)
class Explanation:
    """Changes that turn the pseudocode into a function: with them it has its results."""

    changes: tuple[Change, ...]  # one, or two that are made together
    algorithms: Mapping[str, Checked]

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """The changes that have a name."""
        return tuple(change for change in self.changes if isinstance(change, Mistake))

    @property
    def mutants(self) -> tuple[Mutant, ...]:
        """The changes that have no name."""
        return tuple(change for change in self.changes if isinstance(change, Mutant))

    @property
    def documented(self) -> bool:
        """Whether all of them are documented differences, which are not errors."""
        return not self.mutants and all(each.kind == "difference" for each in self.mistakes)

    def covers(self, trials: Iterable[Trial]) -> bool:
        """Say whether it gives the function's result in every trial in which that is wrong."""
        return all(self.matches(trial) for trial in trials if not trial.verdict.passes)

    def contradicts(self, trials: Iterable[Trial]) -> bool:
        """Say whether it gives another result than the function in a trial."""
        return any(self.matches(trial) is False for trial in trials)

    def reproduces(self, trials: Sequence[Trial]) -> bool:
        """Say whether it gives the function's result in every trial, failed ones among them.

        A trial at sizes where it has no value is left out. At least as many trials must agree as
        there are trials in which the function alone has a result.
        """
        matched = silent = 0
        explains = False
        for trial in sorted(trials, key=_most_telling_first):
            match = self.matches(trial)
            if match is False:
                return False
            matched += match is True
            silent += match is None and trial.distance is not None
            explains = explains or (match is True and not trial.verdict.passes)
        return explains and matched >= silent

    def matches(self, trial: Trial) -> bool | None:
        """Say whether it gives a function's result; None where that cannot be compared."""
        if trial.result is None or trial.verdict not in _COMPARED:
            return None
        try:
            wrong = exact_result(trial.arguments, self.algorithms)
        except UndefinedResultError as error:
            fails = isinstance(error.__cause__, MachineError) and self.fails_at(trial)
            return False if fails and trial.distance is not None else None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return None  # some changes cannot be run, or not at all sizes
        if wrong.misfit(trial.result):
            return False
        # A mistake may err more than the right algorithm, and more where its numbers are larger.
        right = trial.expected
        larger = max(1.0, wrong.largest / right.largest) if right.largest else 1.0
        tolerance = 2 * larger * right.tolerance
        if tolerance == 0 and computes(self.algorithms[trial.arguments.id]):
            tolerance = wrong.least_tolerance  # what is right only copies
        if tolerance >= wrong.largest and trial.verdict.passes:
            return None  # rounding leaves no digits to compare
        if wrong.distance(trial.result, tolerance).ratio <= 1:
            return True
        defined = with_open_values(trial.result, wrong)
        return None if wrong.distance(defined, tolerance).ratio <= 1 else False

    def fails_at(self, trial: Trial) -> bool:
        """Say whether code with these mistakes fails by itself, where they have no value.

        So say the entries of those that make sense at equal sizes alone; but a size of 1 is taken
        for any other.
        """
        fails = any(each.equal and each.elsewhere == "fails" for each in self.mistakes)
        return fails and 1 not in trial.arguments.sizes.values()


def explanations(
    tested: FunctionUnderTest,
    trials: Sequence[Trial],
    places: Places | None,
    progress: Progress,
) -> list[Explanation]:
    """Return the changes of the pseudocode that explain the results of a function.

    Known mistakes are tried first, alone, then together with those that explain one place; then
    changes of the lines of that place that have no name, alone and in pairs. Where several
    explain every trial, inputs are drawn on which their results differ.
    """
    search = Search(tested, trials, progress, Work(WORK))
    return narrowed_down(tested, search.run(places))


@dataclass
class Search:
    """A search among the changes of the algorithms that a function should be."""

    tested: FunctionUnderTest
    some_trials: Sequence[Trial]
    progress: Progress
    work: Work
    made: dict[tuple[str, ...], Explanation] = field(default_factory=dict)

    @cached_property
    def known(self) -> list[Mistake]:
        """The known mistakes of the algorithm, then those of all that it calls."""
        ids = self.tested.called
        known = [mistake for mistake in catalogue().values() if mistake.algorithm in ids]
        return sorted(known, key=lambda mistake: ids.index(mistake.algorithm))

    @cached_property
    def trials(self) -> list[Trial]:
        """All trials: also at the sizes at which alone some mistakes give a result."""
        return [*self.some_trials, *self.tested.trials(equal_sizes(self.known))]

    def run(self, places: Places | None) -> list[Explanation]:
        """Return what explains the function, which is wrong at some places."""
        if found := self.explaining("comparing with known mistakes", self.alone(self.known)):
            return found
        if places is None:  # a wrong shape does not tell two mistakes
            return []
        first, second = places.first, places.second
        near, unnamed = self.near(first), list(self.unnamed(first))
        here = self.explaining_at(first, self.known)
        there = self.explaining_at(second, self.known) if second else []
        steps: list[tuple[str, Iterable[tuple[Change, ...]]]] = [
            ("comparing with a known mistake at each place", product(here, there)),
            ("comparing with a known mistake, and another", product(here, self.known)),
            ("comparing with two known mistakes of a line", combinations(near, 2)),
            ("comparing with changes of a line", self.alone(unnamed)),
            ("comparing with a known mistake and a change", product(near, unnamed)),
            ("comparing with two changes", combinations(unnamed, 2)),
        ]
        each = (self.explaining(step, changes, first.evidence) for step, changes in steps)
        return next(filter(None, each), [])

    def alone(self, changes: Iterable[Change]) -> list[tuple[Change, ...]]:
        """Return changes that are to be made one at a time."""
        return [(change,) for change in changes]

    def explaining_at(self, location: Location, changes: Sequence[Change]) -> list[Change]:
        """Return the changes that explain the fault at a location, whatever is wrong elsewhere."""
        fitting = []
        for done, change in enumerate(changes):
            self.progress("comparing with known mistakes, at one place", done, len(changes))
            explanation = self.explanation((change,))
            if explanation and self.reproduces(explanation, location.evidence):
                fitting.append(change)
        return fitting[:FEW]

    def near(self, location: Location) -> list[Mistake]:
        """Return the known mistakes of the lines of a location."""
        return [each for each in self.known if not location.every_line.isdisjoint(each.edits)]

    def unnamed(self, location: Location) -> Iterator[Mutant]:
        """Yield the changes of the lines of a location that have no name."""
        for id in dict.fromkeys(line.partition(".")[0] for line in sorted(location.every_line)):
            yield from (mutant for mutant in mutants(id) if mutant.line in location.every_line)

    def explaining(
        self,
        step: str,
        candidates: Iterable[tuple[Change, ...]],
        evidence: Sequence[Trial] = (),
    ) -> list[Explanation]:
        """Return which changes explain every trial; of those without a name, one is enough."""
        found: list[Explanation] = []
        number = len(candidates) if isinstance(candidates, Sized) else 0
        for done, changes in enumerate(candidates):
            if self.work.is_done or (found and found[0].mutants):
                break
            self.progress(step, done, number)
            explanation = self.explanation(changes)
            if explanation is None or self.contradicts(explanation, evidence):
                continue
            if self.reproduces(explanation, self.trials):
                found.append(explanation)
        return found

    def explanation(self, changes: tuple[Change, ...]) -> Explanation | None:
        """Return the algorithms with changes made, or None if they cannot be made together."""
        if (names := tuple(map(str, changes))) in self.made:
            return self.made[names]
        algorithms = self.tested.algorithms
        try:
            explanation = Explanation(changes, edited_together(changes, algorithms))
        except (ConflictError, SpecError):
            self.work.reads(1)
            return None
        ids = {change.algorithm for change in changes}
        self.work.reads(sum(len(algorithms[id].program.layout.lines) for id in ids))
        if len(changes) == 1:
            self.made[names] = explanation
        return explanation

    def contradicts(self, explanation: Explanation, trials: Sequence[Trial]) -> bool:
        """Say whether changes give another result than the function in a trial."""
        for trial in trials:
            self.work.computes(trial.arguments.count)
            if explanation.contradicts([trial]):
                return True
        return False

    def reproduces(self, explanation: Explanation, trials: Sequence[Trial]) -> bool:
        """Say whether changes give a function's results in all trials."""
        first = min(trials, key=_most_telling_first)
        if self.contradicts(explanation, [first]):
            return False
        self.work.computes(sum(trial.arguments.count for trial in trials))
        return explanation.reproduces(trials)


def with_open_values(result: Mapping[str, Array], wrong: ExactResult) -> Mapping[str, Array]:
    """Return a function's result with the value of a mistake where the paper leaves it open (A11).

    That is where a token may attend to nothing: what a function gives there tells no mistake.
    """
    mask = wrong.arguments.named.get("Mask")
    if mask is None or mask.any(axis=0).all():
        return result
    (array,) = wrong.arrays
    seen = mask.any(axis=0)
    return {array.path: np.where(seen, result[array.path], array.entries.astype(float))}


def equal_sizes(known: Sequence[Mistake]) -> Iterator[Variation]:
    """Yield arguments of the sizes at which alone some mistakes give a result: `d_attn = d_out`."""
    sizes = {**SIZES, **SMALL}
    required = dict.fromkeys(tuple(mistake.equal.items()) for mistake in known if mistake.equal)
    for seed, equations in enumerate(required, OTHER_SEEDS // 2):
        equal = {size: prod(sizes[name] for name in value.split()) for size, value in equations}
        name = " and ".join(f"{size} = {value}" for size, value in equations)
        yield Variation(name, {**SMALL, **equal}, seed=seed)


def _most_telling_first(trial: Trial) -> tuple[bool, bool, int, int]:
    """Order trials: first those in which the function is wrong, and that distinguish mistakes.

    One in which the function raises distinguishes none. Real numbers do at any size, and small
    sizes are quick; tokens do where several differ.
    """
    tokens = {
        int(token)
        for array in trial.expected.arrays
        if array.exact and trial.result
        for token in trial.result[array.path].ravel()
    }
    return trial.result is None, trial.verdict.passes, -len(tokens), trial.arguments.count


def narrowed_down(tested: FunctionUnderTest, found: Sequence[Explanation]) -> list[Explanation]:
    """Try the function on more inputs, until one explanation is left, or no inputs are."""
    left = list(found)
    for variation in variations(tested.algorithms, tested.id, batched=tested.adapter.batched):
        if len(left) < 2:
            break
        redrawn = variation._replace(seed=variation.seed + OTHER_SEEDS)
        trials = list(tested.trials([redrawn]))
        left = [each for each in left if not each.contradicts(trials)] or left
    return left
