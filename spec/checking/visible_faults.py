"""Of which lines would a fault show on some arguments, and not on others?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from spec.calling.function_under_test import Trial
from spec.domains.floats import Floats
from spec.inputs.arguments import Arguments
from spec.inputs.variations import TURNS
from spec.machine import Chance
from spec.machine.perturbed import Perturbation, PerturbedMachine
from spec.machine.trees import leaves

#: Is called with each step of a search: `progress("trying", 3, 21)`, the 3rd of 21.
Progress = Callable[[str, int, int], None]

#: A line, and the line of the algorithm that runs in whose course it is carried out.
Place = tuple[int, str, int]

#: The smallest part of the largest entry of a result by which a perturbation is seen in it.
SEEN = 1e-9


def lines_that_show(
    wrong: Trial, right: Sequence[Trial], progress: Progress
) -> dict[int, tuple[str, ...]]:
    """Return the lines of which a fault would show where a function is wrong, and only there.

    One perturbation of a part of the line that does so is enough. If no line has one, those are
    meant that come nearest.

    Parameters
    ----------
    wrong, right
        The trial in which the function is wrong, and those in which it is right.
    progress
        Is called with each line.

    Returns
    -------
    dict[int, tuple[str, ...]]
        For each line of the algorithm that runs, the lines that are carried out in its course.
    """
    shown, unseen = _Run(wrong.arguments), [_Run(trial.arguments) for trial in right]
    places: defaultdict[Place, list[Perturbation]] = defaultdict(list)
    for each in shown.perturbations:
        places[each.site.within, each.site.algorithm, each.site.line].append(each)
    fitting: list[Place] = []
    for done, (place, perturbations) in enumerate(sorted(places.items(), key=lambda item: item[0])):
        progress("looking for the lines", done, len(places))
        if any(
            shown.shows(each) and not any(run.shows(each) for run in unseen)
            for each in perturbations
        ):
            fitting.append(place)
    return _by_outer_line(fitting or _nearest(places, shown, unseen))


def _nearest(
    places: dict[Place, list[Perturbation]], shown: _Run, unseen: Sequence[_Run]
) -> list[Place]:
    """Return the lines with a perturbation that shows where it must, and least often elsewhere."""
    often = {
        place: min(sum(run.shows(each) for run in unseen) for each in visible)
        for place, perturbations in sorted(places.items(), key=lambda item: item[0])
        if (visible := [each for each in perturbations if shown.shows(each)])
    }
    return [place for place, count in often.items() if count == min(often.values())]


def _by_outer_line(places: Iterable[Place]) -> dict[int, tuple[str, ...]]:
    lines: defaultdict[int, list[str]] = defaultdict(list)
    for within, algorithm, line in places:
        lines[within].append(f"{algorithm}.{line}")
    return {within: tuple(names) for within, names in lines.items()}


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
