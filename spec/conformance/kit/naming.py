"""Which known mistake is it? Each is made in the pseudocode, and its result is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from spec.conformance.kit.answer import Undefined, answer
from spec.conformance.kit.given import Variation
from spec.conformance.kit.subject import Subject, Trial
from spec.conformance.mistakes.catalogue import Mistake, catalogue
from spec.conformance.mistakes.edit import edited
from spec.language.check import Checked
from spec.language.errors import SpecError

#: How often inputs are drawn to tell two explanations apart.
ATTEMPTS = 12


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
    subject: Subject, trials: Sequence[Trial], progress: Callable[[str], None]
) -> list[Explanation]:
    """Return what a function may compute, given what it did.

    One mistake is looked for first, then one with a documented difference, then two differences.
    Where several explain everything, inputs are drawn that tell them apart.
    """
    known = [one for one in catalogue().values() if one.algorithm in called(subject)]
    differences = [one for one in known if one.kind == "difference"]
    for mistakes in (
        [(one,) for one in known],
        [*combinations(differences, 2)],
        [pair for pair in product(differences, known) if pair[1].kind == "mistake"],
    ):
        progress(f"{len(mistakes)} explanations")
        found = list(_reproducing(subject, trials, mistakes))
        if found:
            return told_apart(subject, found)
    return []


def called(subject: Subject) -> set[str]:
    """Return the ids of an algorithm and of all that it calls."""
    found: set[str] = set()
    waiting = [subject.id]
    while waiting:
        id = waiting.pop()
        if id not in found:
            found.add(id)
            waiting += [callee for _, callee in subject.algorithms[id].typing.callees.items()]
    return found


def _reproducing(
    subject: Subject, trials: Sequence[Trial], mistakes: Iterable[tuple[Mistake, ...]]
) -> Iterator[Explanation]:
    for some in mistakes:
        algorithms = subject.algorithms
        try:
            for one in some:
                algorithms = edited(one, algorithms)
        except SpecError:  # two edits of one line need not go together
            continue
        if reproduces(algorithms, trials):
            yield Explanation(some, algorithms)


def reproduces(algorithms: Mapping[str, Checked], trials: Sequence[Trial]) -> bool:
    """Say whether algorithms give what a function gave: in all trials, and in one that failed.

    A trial in which one of the two gives nothing, since sizes do not allow it, says nothing.
    """
    matched = False
    # Those in which the function is wrong can tell most.
    for trial in sorted(trials, key=lambda one: one.verdict.passes):
        same = _matches(algorithms, trial)
        if same is False:
            return False
        matched = matched or (same is True and not trial.verdict.passes)
    return matched


def _matches(algorithms: Mapping[str, Checked], trial: Trial) -> bool | None:
    if trial.result is None:
        return None
    try:
        other = answer(trial.given, algorithms)
    except Undefined:
        return None
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None  # a mistake that only some sizes allow
    if other.misfit(trial.result):
        return False
    tolerance = 2 * trial.answer.tolerance  # a mistake may err more than what is right
    return other.distance(trial.result, tolerance).ratio <= 1


def _fits(algorithms: Mapping[str, Checked], trials: Sequence[Trial]) -> bool:
    return all(_matches(algorithms, trial) is not False for trial in trials)


def told_apart(subject: Subject, found: list[Explanation]) -> list[Explanation]:
    """Try the function on more inputs, until one explanation is left, or no input tells more."""
    for seed in range(ATTEMPTS):
        if len(found) < 2:
            break
        sizes = {} if seed % 2 else dict.fromkeys(("ℓ_x", "ℓ_z"), 2 + seed)
        variation = Variation("drawn to tell mistakes apart", sizes, seed=100 + seed)
        trials = list(subject.trials([variation]))
        left = [
            one for one in found if all(_matches(one.algorithms, t) is not False for t in trials)
        ]
        found = left or found
    return found
