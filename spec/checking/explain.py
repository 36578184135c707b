"""Which known mistake is it? Each is made in the pseudocode, and its result is compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import prod

from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.calling.verdict import Verdict
from spec.expected.result import UndefinedResultError, exact_result
from spec.inputs.draw import SIZES
from spec.inputs.variations import SMALL, Variation, variations
from spec.language.checked import Checked
from spec.language.errors import SpecError
from spec.mistakes.catalogue import Mistake, catalogue
from spec.mistakes.edit import ConflictError, edited_together
from spec.mistakes.mutants import Mutant, mutants, mutated

#: Where a result is one that can be compared.
_COMPARED = (Verdict.AGREES, Verdict.DIFFERS, Verdict.WRONG_SHAPE)

Progress = Callable[[str, int, int], None]

#: How long each of the two searches may take: for a name, and for a change that has none.
SECONDS = 20.0
#: Further inputs, to tell two explanations apart, are drawn with seeds this much larger.
MORE = 1000


@dataclass(frozen=True)
class Explanation:
    """Mistakes with which the pseudocode gives what a function gives.

    Attributes
    ----------
    mistakes
        One, or two made together.
    algorithms
        All algorithms, with them made.
    """

    mistakes: tuple[Mistake, ...]
    algorithms: Mapping[str, Checked]

    @property
    def documented(self) -> bool:
        """Whether they all are differences that are right in themselves."""
        return all(one.kind == "difference" for one in self.mistakes)


def explanations(
    subject: FunctionUnderTest, trials: Sequence[Trial], progress: Progress
) -> list[Explanation]:
    """Return what a function may compute, given what it did.

    One mistake is looked for first, then two documented differences, then one of each, then two
    mistakes. Where several explain everything, inputs are drawn that tell them apart.
    """
    ids = called(subject)
    known = [one for one in catalogue().values() if one.algorithm in ids]
    known.sort(key=lambda one: ids.index(one.algorithm))
    trials = [*trials, *subject.trials(where_equal(known))]
    differences = [one for one in known if one.kind == "difference"]
    mistakes = [one for one in known if one.kind == "mistake"]
    tiers: list[tuple[str, list[tuple[Mistake, ...]]]] = [
        ("comparing with known mistakes", [(one,) for one in known]),
        ("comparing with two differences", list(combinations(differences, 2))),
        ("comparing with a difference and a mistake", list(product(differences, mistakes))),
        ("comparing with two mistakes", list(combinations(mistakes, 2))),
    ]
    if not any(trial.verdict is Verdict.DIFFERS for trial in trials):
        del tiers[1:]  # nothing but the shape is wrong
    deadline = time.process_time() + SECONDS
    for what, tier in tiers:
        found: list[Explanation] = []
        for done, some in enumerate(tier):
            if tier is not tiers[0][1] and time.process_time() > deadline:
                break
            progress(what, done, len(tier))
            found += _reproducing(subject, trials, some)
        if found:
            return narrowed_down(subject, found)
    return []


def where_equal(known: Sequence[Mistake]) -> Iterator[Variation]:
    """Yield arguments of such sizes as mistakes need that have a shape at no others."""
    sizes = {**SIZES, **SMALL}
    needed = dict.fromkeys(tuple(one.equal.items()) for one in known if one.equal)
    for seed, equal in enumerate(needed, MORE // 2):
        wanted = {size: prod(sizes[one] for one in other.split()) for size, other in equal}
        name = " and ".join(f"{size} = {other}" for size, other in equal)
        yield Variation(name, {**SMALL, **wanted}, seed=seed)


def matching_mutant(
    subject: FunctionUnderTest, trials: Sequence[Trial], progress: Progress
) -> Mutant | None:
    """Return a small change of one line that reproduces what a function did, if one does."""
    deadline = time.process_time() + SECONDS
    for id in called(subject):
        everyone = list(mutants(id))
        for done, mutant in enumerate(everyone):
            if time.process_time() > deadline:
                return None
            progress(f"comparing with changes of Algorithm {id}", done, len(everyone))
            try:
                changed = mutated(mutant, subject.algorithms)
            except SpecError:
                continue
            if reproduces({**subject.algorithms, id: changed}, trials):
                return mutant
    return None


def explains_all(found: Explanation, trials: Sequence[Trial]) -> bool:
    """Say whether an explanation gives what a function gave wherever that was not right."""
    return all(_matches(found.algorithms, one) for one in trials if not one.verdict.passes)


def called(subject: FunctionUnderTest) -> Sequence[str]:
    """Return the ids of an algorithm and of all that it calls, those that are called last."""
    found: dict[str, None] = {}
    waiting = [subject.id]
    while waiting:
        id = waiting.pop(0)
        if id not in found:
            found[id] = None
            waiting += [callee for _, callee in subject.algorithms[id].typing.callees.items()]
    return list(found)


def _reproducing(
    subject: FunctionUnderTest, trials: Sequence[Trial], mistakes: tuple[Mistake, ...]
) -> Iterator[Explanation]:
    try:
        algorithms = edited_together(mistakes, subject.algorithms)
    except (ConflictError, SpecError):
        return  # they cannot be made together
    if reproduces(algorithms, trials):
        yield Explanation(mistakes, algorithms)


def reproduces(algorithms: Mapping[str, Checked], trials: Sequence[Trial]) -> bool:
    """Say whether algorithms give what a function gave: in all trials, and in one that failed.

    A trial in which they give nothing, since sizes do not allow it, says nothing; but in as many
    as the function gives a result alone, they must give the same.
    """
    matched = silent = 0
    explains = False
    for trial in sorted(trials, key=_telling):
        same = _matches(algorithms, trial)
        if same is False:
            return False
        matched += same is True
        silent += same is None and trial.distance is not None
        explains = explains or (same is True and not trial.verdict.passes)
    return explains and matched >= silent


def _telling(trial: Trial) -> tuple[bool, int, int]:
    """Order trials: first those in which the function is wrong, and that tell mistakes apart.

    Real numbers do at any sizes, and the small ones are quick; tokens do where there are several.
    """
    tokens = {
        int(one)
        for leaf in trial.expected.arrays
        if leaf.exact and trial.result
        for one in trial.result[leaf.path].ravel()
    }
    return trial.verdict.passes, -len(tokens), trial.arguments.count


def _matches(algorithms: Mapping[str, Checked], trial: Trial) -> bool | None:
    if trial.result is None or trial.verdict not in _COMPARED:
        return None
    try:
        other = exact_result(trial.arguments, algorithms)
    except UndefinedResultError:
        return None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None  # not every change can be run, nor at all sizes
    if other.misfit(trial.result):
        return False
    # A mistake may err more than what is right, and more where its numbers are larger.
    larger = max(1.0, other.largest / trial.expected.largest) if trial.expected.largest else 1.0
    tolerance = 2 * larger * trial.expected.tolerance
    if tolerance >= other.largest:
        return None  # so few digits tell nothing
    return other.distance(trial.result, tolerance).ratio <= 1


def _fits(algorithms: Mapping[str, Checked], trials: Sequence[Trial]) -> bool:
    return all(_matches(algorithms, trial) is not False for trial in trials)


def narrowed_down(subject: FunctionUnderTest, found: list[Explanation]) -> list[Explanation]:
    """Try the function on more inputs, until one explanation is left, or no input tells more."""
    for variation in variations(subject.algorithms, subject.id):
        if len(found) < 2:
            break
        other = variation._replace(seed=variation.seed + MORE)
        trials = list(subject.trials([other]))
        fits = [one for one in found if _fits(one.algorithms, trials)]
        found = fits or found
    return found
