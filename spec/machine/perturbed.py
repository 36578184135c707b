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

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spec.domains.domain import Domain, shaped
from spec.language import tree
from spec.language.checked import Checked
from spec.language.polynomials import Atom
from spec.machine.chance import Chance
from spec.machine.frame import Frame, Watcher
from spec.machine.interpreter import Machine
from spec.machine.trees import map_values, same
from spec.machine.values import Value

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
        # Watched, it computes all that a line sets: also the value of a function that it defines.
        super().__init__(algorithms, domain, random=random, turns=turns, watcher=Watcher())
        self.perturbation = perturbation
        self.seen: set[Perturbation] = set()
        self.top = ""  # the algorithm that runs
        self.within = 0  # its line that is being carried out

    def expression(self, node: tree.Node, frame: Frame) -> Value:
        """Return the value of an expression, or another one in its place."""
        self.enter(node, frame)
        within = self.within  # that of a part is entered within
        return self.perturbed(node, super().expression(node, frame), frame, within)

    def members(self, last: tree.Node, frame: Frame) -> Value:
        """Return the members that a list puts together, or others in their place."""
        return self.perturbed(last, super().members(last, frame), frame, self.within)

    def span(self, binder: tree.Binder, atom: Atom, frame: Frame) -> Sequence[int]:
        """Return the numbers that a loop runs through, or others in their place."""
        numbers = super().span(binder, atom, frame)
        if not isinstance(binder, tree.Range):
            return numbers
        self.enter(binder, frame)
        perturbed: Sequence[int] = self.perturbed(binder, numbers, frame, self.within)
        return perturbed

    def enter(self, node: tree.Node, frame: Frame) -> None:
        """Note which line of the algorithm that runs is being carried out."""
        self.top = self.top or frame.checked.id
        if frame.checked.id == self.top and node in frame.checked.line_of:
            self.within = frame.checked.line_of[node]

    def perturbed(self, node: tree.Node, value: Value, frame: Frame, within: int) -> Value:
        """Return the value of a part of a line as it is, or as the perturbation makes it."""
        checked = frame.checked
        if node not in checked.line_of:  # an abbreviation, written out
            return value
        if self.perturbation is None:
            self.note(Site(checked.id, checked.line_of[node], within, id(node)), value)
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
        case tuple():  # the results of a call that has several, all of them together
            return "0", "scaled", "shifted"
        case dict() if len(value) > 1:  # a whole family
            return "backwards", "the first throughout"
        case [np.ndarray(), *_]:
            return "backwards", "interleaved", "cut by reshape alone"
        case list():
            return "backwards", "the first throughout"
        case range() if len(value) > 1:
            return "backwards", "the first throughout", "all but the last"
        case range() if value:
            return ("all but the last",)
        case np.ndarray() if value.size and isinstance(value.flat[0], int):
            return "0", "1"
        case np.ndarray() if value.size:
            return "0", "1", "scaled", "shifted", "doubled", "columns moved", "rows moved"
        case float():  # NumPy's float64 is one
            return "0", "1", "scaled", "shifted", "doubled"
    return ()


def _each(change: Callable[[Any, float], Any]) -> Callable[[Value], Value]:
    """Return a change of a number, or of each entry of a matrix, by an entry of the pattern."""

    def changed(value: Value) -> Value:
        if isinstance(value, tuple):
            return map_values(changed, value)
        if not isinstance(value, np.ndarray):
            return change(value, PATTERN[0])
        entries = [change(x, PATTERN[place % len(PATTERN)]) for place, x in enumerate(value.flat)]
        return shaped(entries, value.shape)

    return changed


def _constant(number: int) -> Callable[[Value], Value]:
    """Return a change to one number throughout, of the type of each entry."""
    return _each(lambda x, _: type(x)(number))


def _of_members(change: Callable[[Any], Any]) -> Callable[[Value], Value]:
    """Return a change of a list, also of the members of a family."""

    def changed(value: Value) -> Value:
        if not isinstance(value, dict):
            return change(value)
        return dict(zip(value, change(list(value.values())), strict=True))

    return changed


def _interleaved(members: list[Any]) -> list[Any]:
    """Return members whose rows are the first rows of all, then their second rows, and so on."""
    stack = np.stack(members)
    return list(stack.swapaxes(0, 1).reshape(stack.shape))


def _cut_by_reshape(members: list[Any]) -> list[Any]:
    """Return members as a reshape makes them that does not move the axis of members back.

    In memory each has a row for each of its columns; the rows of all together are cut anew.
    """
    count, rows, columns = np.stack(members).shape
    memory = np.stack([member.T for member in members])
    return list(memory.reshape(columns, count, rows).transpose(1, 2, 0))


#: What stands in place of a value, by what the change is called.
WAYS: Mapping[str, Callable[[Value], Value]] = {
    "0": _constant(0),
    "1": _constant(1),
    "one more": lambda number: number + 1,
    "one less": lambda number: number - 1,
    "scaled": _each(lambda x, step: x * (1 + step)),
    "shifted": _each(lambda x, step: x + step),
    "doubled": _each(lambda x, _: x + x),  # which a norm takes away again
    "columns moved": lambda matrix: np.roll(matrix, 1, axis=1),
    "rows moved": lambda matrix: np.roll(matrix, 1, axis=0),
    "backwards": _of_members(lambda items: items[::-1]),
    "the first throughout": _of_members(lambda items: [item for item in items[:1] for _ in items]),
    "all but the last": lambda numbers: numbers[:-1],
    "interleaved": _interleaved,
    "cut by reshape alone": _cut_by_reshape,
}
