"""Which known mistake does a function make? Each is made in the pseudocode, and compared."""

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

#: The verdicts on a call whose result can be compared with that of a mistake.
_COMPARED = (Verdict.AGREES, Verdict.DIFFERS, Verdict.WRONG_SHAPE)

#: Is called with each step of a check: `progress("trying", 3, 21)`, the 3rd of 21.
Progress = Callable[[str, int, int], None]

#: How many seconds of computing each of two searches may take: that for pairs of known mistakes,
#: and that for a change of a line that has no name.
SECONDS = 20.0
#: What is added to seeds for the inputs that tell two explanations apart.
OTHER_SEEDS = 1000


@dataclass(frozen=True)
class Explanation:
    """Known mistakes that turn the pseudocode into a function: with them it has its results."""

    mistakes: tuple[Mistake, ...]  # one, or two that are made together
    algorithms: Mapping[str, Checked]

    @property
    def documented(self) -> bool:
        """Whether all of them are documented differences, which are not errors."""
        return all(mistake.kind == "difference" for mistake in self.mistakes)

    def covers(self, trials: Sequence[Trial]) -> bool:
        """Say whether it gives the function's result in every trial in which that is wrong."""
        return all(matches(self.algorithms, trial) for trial in trials if not trial.verdict.passes)

    def contradicts(self, trials: Sequence[Trial]) -> bool:
        """Say whether it gives another result than the function in a trial."""
        return any(matches(self.algorithms, trial) is False for trial in trials)


def explanations(
    tested: FunctionUnderTest, trials: Sequence[Trial], progress: Progress
) -> list[Explanation]:
    """Return the mistakes that explain the results of a function.

    Single mistakes are tried first, then two differences, then a difference and a mistake, then two
    mistakes. Where several explain every trial, inputs are drawn on which their results differ.
    """
    ids = called_algorithms(tested)
    known = [mistake for mistake in catalogue().values() if mistake.algorithm in ids]
    known.sort(key=lambda mistake: ids.index(mistake.algorithm))
    trials = [*trials, *tested.trials(equal_sizes(known))]
    differences = [mistake for mistake in known if mistake.kind == "difference"]
    mistakes = [mistake for mistake in known if mistake.kind == "mistake"]
    tiers: list[tuple[str, list[tuple[Mistake, ...]]]] = [
        ("comparing with known mistakes", [(mistake,) for mistake in known]),
        ("comparing with two differences", list(combinations(differences, 2))),
        ("comparing with a difference and a mistake", list(product(differences, mistakes))),
        ("comparing with two mistakes", list(combinations(mistakes, 2))),
    ]
    if not any(trial.verdict is Verdict.DIFFERS for trial in trials):
        del tiers[1:]  # a wrong shape alone does not tell two mistakes
    # Time of this process: a busy machine must not change the answer.
    deadline = time.process_time() + SECONDS
    for step, tier in tiers:
        found: list[Explanation] = []
        for done, together in enumerate(tier):
            if tier is not tiers[0][1] and time.process_time() > deadline:
                break
            progress(step, done, len(tier))
            explanation = _explanation(together, tested.algorithms)
            if explanation and reproduces(explanation.algorithms, trials):
                found.append(explanation)
        if found:
            return narrowed_down(tested, found)
    return []


def equal_sizes(known: Sequence[Mistake]) -> Iterator[Variation]:
    """Yield arguments of the sizes at which alone some mistakes give a result: `d_attn = d_out`."""
    sizes = {**SIZES, **SMALL}
    required = dict.fromkeys(tuple(mistake.equal.items()) for mistake in known if mistake.equal)
    for seed, equations in enumerate(required, OTHER_SEEDS // 2):
        equal = {size: prod(sizes[name] for name in value.split()) for size, value in equations}
        name = " and ".join(f"{size} = {value}" for size, value in equations)
        yield Variation(name, {**SMALL, **equal}, seed=seed)


def matching_mutant(
    tested: FunctionUnderTest, trials: Sequence[Trial], progress: Progress
) -> Mutant | None:
    """Return a small change of one line that reproduces the results of a function, if one does."""
    deadline = time.process_time() + SECONDS
    for id in called_algorithms(tested):
        all_mutants = list(mutants(id))
        for done, mutant in enumerate(all_mutants):
            if time.process_time() > deadline:
                return None
            progress(f"comparing with changes of Algorithm {id}", done, len(all_mutants))
            try:
                changed = mutated(mutant, tested.algorithms)
            except SpecError:
                continue
            if reproduces({**tested.algorithms, id: changed}, trials):
                return mutant
    return None


def called_algorithms(tested: FunctionUnderTest) -> Sequence[str]:
    """Return the id of an algorithm, and of all that it calls; the deepest calls come last."""
    ids: dict[str, None] = {}
    waiting = [tested.id]
    while waiting:
        id = waiting.pop(0)
        if id not in ids:
            ids[id] = None
            waiting += [callee for _, callee in tested.algorithms[id].typing.callees.items()]
    return list(ids)


def _explanation(
    mistakes: tuple[Mistake, ...], algorithms: Mapping[str, Checked]
) -> Explanation | None:
    """Return the algorithms with mistakes made, or None if they cannot be made together."""
    try:
        return Explanation(mistakes, edited_together(mistakes, algorithms))
    except (ConflictError, SpecError):
        return None


def reproduces(algorithms: Mapping[str, Checked], trials: Sequence[Trial]) -> bool:
    """Say whether algorithms give a function's result in every trial, failed ones among them.

    A trial at sizes where the algorithms have no value is left out. At least as many trials must
    agree as there are trials in which the function alone has a result.
    """
    matched = silent = 0
    explains = False
    for trial in sorted(trials, key=_most_telling_first):
        match = matches(algorithms, trial)
        if match is False:
            return False
        matched += match is True
        silent += match is None and trial.distance is not None
        explains = explains or (match is True and not trial.verdict.passes)
    return explains and matched >= silent


def _most_telling_first(trial: Trial) -> tuple[bool, int, int]:
    """Order trials: first those in which the function is wrong, and that distinguish mistakes.

    Real numbers do at any size, and small sizes are quick; tokens do where several differ.
    """
    tokens = {
        int(token)
        for array in trial.expected.arrays
        if array.exact and trial.result
        for token in trial.result[array.path].ravel()
    }
    return trial.verdict.passes, -len(tokens), trial.arguments.count


def matches(algorithms: Mapping[str, Checked], trial: Trial) -> bool | None:
    """Say whether algorithms give a function's result; None where that cannot be compared."""
    if trial.result is None or trial.verdict not in _COMPARED:
        return None
    try:
        wrong = exact_result(trial.arguments, algorithms)
    except UndefinedResultError:
        return None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None  # some changes cannot be run, or not at all sizes
    if wrong.misfit(trial.result):
        return False
    # A mistake may err more than the right algorithm, and more where its numbers are larger.
    right = trial.expected
    larger = max(1.0, wrong.largest / right.largest) if right.largest else 1.0
    tolerance = 2 * larger * right.tolerance
    if tolerance >= wrong.largest:
        return None  # rounding leaves no digits to compare
    return wrong.distance(trial.result, tolerance).ratio <= 1


def narrowed_down(tested: FunctionUnderTest, found: list[Explanation]) -> list[Explanation]:
    """Try the function on more inputs, until one explanation is left, or no inputs are."""
    for variation in variations(tested.algorithms, tested.id, batched=tested.adapter.batched):
        if len(found) < 2:
            break
        redrawn = variation._replace(seed=variation.seed + OTHER_SEEDS)
        trials = list(tested.trials([redrawn]))
        left = [explanation for explanation in found if not explanation.contradicts(trials)]
        found = left or found
    return found
