"""Runs in which one part of one line has another value: what a fault there could do.

>>> import numpy as np
>>> from spec.domains import Floats
>>> from spec.library import checked
>>> machine = PerturbedMachine(checked(), Floats())
>>> _ = machine.run("6", [np.array([1.0, 3.0])], [np.array([1.0, 4.0]), np.array([0.0, 3.0])])
>>> sorted({perturbation.site.line for perturbation in machine.seen})
[1, 2, 3]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spec.domains.domain import Domain
from spec.language import tree
from spec.language.checked import Checked
from spec.machine.chance import Chance
from spec.machine.frame import Frame
from spec.machine.interpreter import Machine
from spec.machine.trees import same
from spec.machine.values import Value, shaped

#: By how much numbers are scaled or shifted, entry by entry: no two neighbours alike.
PATTERN = (0.31, -0.17, 0.23, -0.29, 0.13, 0.19, -0.37)


@dataclass(frozen=True)
class Site:
    """A part of a line, and in the course of what it is computed.

    Attributes
    ----------
    algorithm, line
        The line that it is a part of: `"4"` and 6.
    within
        The line of the algorithm that runs in whose course it is computed: 10.6 computes 4.6.
    node
        The part of the line, by its identity: equal parts stand in several places.
    """

    algorithm: str
    line: int
    within: int
    node: int


@dataclass(frozen=True)
class Perturbation:
    """Another value of a part of a line, whenever it is computed; `way` is a key of `WAYS`."""

    site: Site
    way: str


class PerturbedMachine(Machine[Any]):
    """Runs an algorithm with one part of a line perturbed, or with none.

    Parameters
    ----------
    perturbation
        What is perturbed; None: nothing, and the run only notes what could be.

    Attributes
    ----------
    seen
        What would change a value, of those that were computed.
    """

    def __init__(
        self,
        algorithms: Mapping[str, Checked],
        domain: Domain[Any],
        *,
        random: Chance | Iterator[float] | None = None,
        turns: int = 100,
        perturbation: Perturbation | None = None,
    ) -> None:
        super().__init__(algorithms, domain, random=random, turns=turns)
        self.perturbation = perturbation
        self.seen: set[Perturbation] = set()
        self.top = ""  # the algorithm that runs
        self.within = 0  # its line that is being carried out

    def expression(self, node: tree.Node, frame: Frame) -> Value:
        """Return the value of an expression, or another one in its place."""
        checked = frame.checked
        if node not in checked.line_of:  # an abbreviation, written out
            return super().expression(node, frame)
        self.top = self.top or checked.id
        line = checked.line_of[node]
        if checked.id == self.top:
            self.within = line
        within = self.within
        value = super().expression(node, frame)
        if self.perturbation is None:
            self.note(Site(checked.id, line, within, id(node)), value)
            return value
        site = self.perturbation.site
        if id(node) == site.node and within == site.within:
            return WAYS[self.perturbation.way](value)
        return value

    def note(self, site: Site, value: Value) -> None:
        """Note in which ways another value could stand here."""
        for perturbation in (Perturbation(site, way) for way in ways_of(value)):
            if perturbation not in self.seen and not same(WAYS[perturbation.way](value), value):
                self.seen.add(perturbation)


def ways_of(value: Value) -> tuple[str, ...]:
    """Return the ways in which a value can be perturbed."""
    match value:
        case int():
            return "0", "1", "one more", "one less"
        case list():
            return "backwards", "the first throughout"
        case np.ndarray() if value.size and isinstance(value.flat[0], int):
            return "0", "1"
        case np.ndarray() if value.size:
            return "0", "1", "scaled", "shifted", "columns moved", "rows moved"
        case float():  # NumPy's float64 is one
            return "0", "1", "scaled", "shifted"
    return ()


def _each(change: Callable[[Any, float], Any]) -> Callable[[Value], Value]:
    """Return a change of a number, or of each entry of a matrix, by an entry of the pattern."""

    def changed(value: Value) -> Value:
        if not isinstance(value, np.ndarray):
            return change(value, PATTERN[0])
        entries = [change(x, PATTERN[place % len(PATTERN)]) for place, x in enumerate(value.flat)]
        return shaped(entries, value.shape)

    return changed


def _constant(number: int) -> Callable[[Value], Value]:
    """Return a change to one number throughout, of the type of each entry."""
    return _each(lambda x, _: type(x)(number))


#: What stands in place of a value, by what the change is called.
WAYS: Mapping[str, Callable[[Value], Value]] = {
    "0": _constant(0),
    "1": _constant(1),
    "one more": lambda number: number + 1,
    "one less": lambda number: number - 1,
    "scaled": _each(lambda x, step: x * (1 + step)),
    "shifted": _each(lambda x, step: x + step),
    "columns moved": lambda matrix: np.roll(matrix, 1, axis=1),
    "rows moved": lambda matrix: np.roll(matrix, 1, axis=0),
    "backwards": lambda tokens: tokens[::-1],
    "the first throughout": lambda tokens: tokens[:1] * len(tokens),
}
