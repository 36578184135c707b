"""How many numbers are in memory at once, at most: a fold over the tree of an algorithm.

In memory are, of the algorithm and of those whose calls it is waiting for,

- the variables that it has set and not yet set anew. What a loop fills entry by entry is there as
  the loop begins, of a family the members that are made. Inputs and parameters are not counted;
- the values that wait while an expression is evaluated, from left to right: the operands and,
  once they are there, the result. The terms of a sum are its operands. A variable, a part of it,
  its transpose and 1ᵀ are no values of their own.

What is done under a condition is taken to be done, and a loop over lines to have a turn. A
function that is defined anew first loses the value it had. No operation takes memory for itself,
nor does ∇, whose result is as many numbers as θ is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from spec.cost.loops import Loop, alike, loops, put, repeated, value
from spec.cost.numbers import numbers
from spec.language import tree
from spec.language.checked import Checked
from spec.language.header import instance
from spec.language.names import Raised, Variable
from spec.language.plain_text import text
from spec.language.polynomials import ONE, ZERO, Atom, Poly, sum_of
from spec.language.tree import Line, Node, children, targets
from spec.language.types import N_V, Family, Key, Type


class Where(NamedTuple):
    """A numbered line of an algorithm."""

    algorithm: str
    line: int

    def __str__(self) -> str:
        return f"{self.algorithm}.{self.line}"


@dataclass(frozen=True)
class Peak:
    """So many numbers are in memory at a point of a run.

    Attributes
    ----------
    path
        The line, and within it those of the algorithms called.
    needs
        What must be at least 0 for the run to come there: that a loop has two turns, say.
        Sizes are at least 1.
    """

    numbers: Poly
    path: tuple[Where, ...]
    needs: frozenset[Poly] = frozenset()

    def covers(self, other: Peak) -> bool:
        """Say whether this one is reached whenever the other is, and is nowhere below it."""
        return self.needs <= other.needs and never_negative(self.numbers - other.numbers)

    def value(self, sizes: Mapping[str, int]) -> int:
        """Return the number that it is at sizes given by name, 0 if it does not occur."""
        occurs = all(value(need, sizes) >= 0 for need in self.needs)
        return value(self.numbers, sizes) if occurs else 0

    def at(self, known: Mapping[Atom, Poly], *needs: Poly) -> Peak:
        """Put polynomials for atoms; the peak occurs if what it needs in addition holds."""
        wanted = {put(need, known) for need in (*self.needs, *needs)}
        return Peak(
            put(self.numbers, known),
            self.path,
            frozenset(need for need in wanted if not never_negative(need)),
        )


class Memory:
    """Finds the peaks of algorithms; what has been found is kept."""

    def __init__(self, algorithms: Mapping[str, Checked]) -> None:
        self.algorithms = algorithms
        self._found: dict[str, dict[int, tuple[Peak, ...]]] = {}
        self._highest: dict[str, tuple[Peak, ...]] = {}

    def lines(self, id: str) -> dict[int, tuple[Peak, ...]]:
        """Return the peaks of each line, none covered by another of that line."""
        if id not in self._found:
            checked = self.algorithms[id]
            found = _Algorithm(self, checked).peaks
            self._found[id] = {
                line.number: tuple(peak for peak in found if peak.path[0].line == line.number)
                for line in checked.program.lines
            }
        return self._found[id]

    def peaks(self, id: str) -> tuple[Peak, ...]:
        """Return the peaks of an algorithm, none covered by another."""
        if id not in self._highest:
            self._highest[id] = highest(peak for line in self.lines(id).values() for peak in line)
        return self._highest[id]


class _Algorithm:
    """Goes through one algorithm.

    `held` is how many numbers each variable is that has been set, `waiting` how many wait, and
    `running` what the names are that loops run over.
    """

    def __init__(self, memory: Memory, checked: Checked) -> None:
        self.memory = memory
        self.checked = checked
        self.peaks: list[Peak] = []
        self.held: dict[Key, Poly] = {}
        self.waiting = ZERO
        self.running: dict[Key, Atom] = {}
        self.lengths: dict[Atom, Poly] = {}
        self.number = 0
        self.block(checked.program.body)

    def size(self, size: Poly) -> Poly:
        return put(alike(size), self.lengths)

    def numbers(self, type: Type) -> Poly:
        return self.size(numbers(type, self.memory.algorithms))

    def note(self, *new: Peak) -> None:
        for peak in new:
            line = [other for other in self.peaks if other.path[0] == peak.path[0]]
            if not any(other.covers(peak) for other in line):
                covered = [other for other in line if peak.covers(other)]
                self.peaks[:] = [other for other in self.peaks if other not in covered]
                self.peaks.append(peak)

    def moment(self, more: Poly) -> None:
        """Note what is in memory, with a value that has just been made."""
        total = sum_of(self.held.values()) + self.waiting + more
        self.note(Peak(total, (Where(self.checked.id, self.number),)))

    # Lines

    def block(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.number = line.number
            match line.statement:
                case tree.For(_, binder, None):
                    inner = [(one.number, one.statement) for one in line.walk()]
                    self.over(binder, inner, partial(self.block, line.body))
                case tree.While(condition):
                    self.repeat(line, condition)
                case statement:
                    self.statement(statement)

    def repeat(self, line: Line, condition: Node) -> None:
        loop = repeated(self.checked, line)
        self.lengths |= loop.lengths

        def turn() -> None:
            self.number = line.number
            self.expression(condition)
            self.block(line.body)

        self.turns((loop,), turn)
        self.lengths |= loop.afterwards
        self.number = line.number
        self.expression(condition)

    def statement(self, statement: tree.Statement) -> None:
        """Carry out what stands in a line; no value waits before or after."""
        match statement:
            case tree.For(_, binder, body):
                assert body is not None, "loops over lines are met in `block`"
                self.over(binder, [(self.number, body)], partial(self.statement, body))
            case tree.If(condition, body):
                self.expression(condition)
                self.waiting = ZERO
                self.statement(body)
            case tree.Assign(tree.Call(function) as target, _, value):
                self.held.pop(Key(function), None)
                self.expression(value)
                self.set(target)
            case tree.Assign(target, _, value):
                self.expression(value)
                self.set(target)
            case tree.Choose(target, value, probability, otherwise):
                for part in (probability, value, otherwise):
                    self.expression(part)
                    self.waiting = ZERO
                self.set(target)
            case tree.Sample(token, distribution, weights):
                self.expression(weights)
                self.moment(self.size(N_V))
                self.set(distribution)
                self.set(token)
            case tree.Return(_, value):
                self.expression(value)
        self.waiting = ZERO

    def set(self, target: Node) -> None:
        variable = self.variable(target)
        self.held[variable.key] = self.made(variable, self.number)

    def variable(self, target: Node) -> Variable:
        """Return what is set: a variable, or the member of a family."""
        match target:
            case tree.Call(function):
                return Variable(Key(function))
            case tree.Index(tree.Name() as name) | (tree.Name() as name):
                return self.checked.names.targets[name]
        raise AssertionError("nothing else is set")

    def made(self, variable: Variable, line: int, *, before: bool = False) -> Poly:
        """Return how many numbers a line has made of a variable: of a family, the members so far.

        With `before`, a member of this turn is not yet there.
        """
        type = self.checked.typing.after[line][variable.key]
        if variable.index is None or not isinstance(type, Family):
            return self.numbers(type)
        turn = Poly.of(type.index)
        return self.numbers(type.member).sum(type.index, ONE, turn - 1 if before else turn)

    # Loops

    def over(
        self,
        binder: tree.Binder,
        inner: Iterable[tuple[int, tree.Statement]],
        body: Callable[[], None],
    ) -> None:
        """Go through a loop, after making room for what it fills entry by entry."""
        names = {text(name) for name in binder.names}
        for line, target in ((line, target) for line, one in inner for target in targets(one)):
            if isinstance(target, tree.Call):
                continue
            variable = self.variable(target)
            if variable.index is not None and text(variable.index) in names:
                self.held[variable.key] = self.made(variable, line, before=True)
            elif _fills(target, names) and self.checked.names.fresh[target]:
                self.held[variable.key] = self.made(variable, line)
        self.turns(loops(self.checked, binder), body)

    def turns(self, found: tuple[Loop, ...], body: Callable[[], None]) -> None:
        """Go through a loop twice, since a later turn finds what the one before has set."""
        if not found:
            return body()
        loop, *inner = found
        peaks: list[list[Peak]] = []
        outside = self.peaks
        for _ in range(2):
            self.peaks = []
            self.turns(tuple(inner), body)
            peaks.append(self.peaks)
            self.move({loop.index: Poly.of(loop.index) - 1})
        self.peaks = outside
        self.note(*_highest(loop, *peaks))
        self.move({loop.index: loop.high + 1})
        return None

    def move(self, known: Mapping[Atom, Poly]) -> None:
        self.held = {variable: put(size, known) for variable, size in self.held.items()}

    # Expressions

    def expression(self, node: Node) -> Poly:
        """Evaluate a node and let its value wait; return how many numbers it is."""
        before = self.waiting
        value = self.value(node)
        self.waiting = before + value
        return value

    def value(self, node: Node) -> Poly:
        names, typing = self.checked.names, self.checked.typing
        match node:
            case tree.Number() | tree.Infinity() | tree.Ones():
                return ZERO
            case tree.Name() if node not in names.uses or isinstance(names.uses[node], Variable):
                return ZERO
            case tree.Transpose(operand):
                return self.expression(operand)
            case tree.Index(array, subscripts):
                value = self.expression(array)
                for subscript in subscripts:
                    self.expression(subscript)
                return value
            case tree.Call(_, (argument,)) if node in names.functions:
                self.expression(argument)
                return ZERO
            case tree.Call() if node in typing.callees:
                self.call(node)
            case tree.Name():
                power = names.uses[node]
                assert isinstance(power, Raised), "a name is a variable or a power"
                self.expression(power.base)
                self.expression(power.exponent)
            case tree.Sum(binder, part) | tree.Collect(binder, part):
                self.terms(loops(self.checked, binder), part)
            case tree.Gradient():
                pass
            case _:
                for child in children(node):
                    self.expression(child)
        value = self.numbers(typing.types[node]) if node in typing.types else ZERO
        self.moment(value)
        return value

    def terms(self, found: tuple[Loop, ...], body: Node) -> None:
        """Evaluate a node for each value of an index; all the values wait."""
        if not found:
            self.expression(body)
            return
        loop, *inner = found
        before, outside = self.waiting, self.peaks
        term = ZERO
        for _ in range(2):  # at first only to see how many numbers a value is
            self.waiting = before + term * (Poly.of(loop.index) - loop.low)
            turn, self.peaks = self.waiting, []
            self.terms(tuple(inner), body)
            term = self.waiting - turn
        peaks, self.peaks = self.peaks, outside
        self.note(*_highest(loop, peaks, peaks))
        self.waiting = before + term * loop.turns

    def call(self, node: tree.Call) -> None:
        typing = self.checked.typing
        callee = self.memory.algorithms[typing.callees[node]]
        for argument in typing.arguments[node]:
            self.expression(argument)
        for (_, type), parameter in zip(callee.header.parameters, node.parameters, strict=True):
            if not isinstance(parameter, tree.Named):
                self.expression(parameter)
                continue
            before = self.waiting
            indexed = isinstance(parameter.target, tree.Index)
            self.terms(loops(self.checked, parameter) if indexed else (), parameter.value)
            self.waiting = before + self.numbers(instance(type, typing.calls[node]))
        sizes = {atom: self.size(size) for atom, size in typing.calls[node].items()}
        here = Where(self.checked.id, self.number)
        around = sum_of(self.held.values()) + self.waiting
        for peak in self.memory.peaks(callee.id):
            inner = peak.at(sizes)
            self.note(replace(inner, numbers=inner.numbers + around, path=(here, *inner.path)))


def highest(peaks: Iterable[Peak]) -> tuple[Peak, ...]:
    """Return the peaks that no other one covers, the first of those that are alike."""
    found: list[Peak] = []
    for peak in peaks:
        if not any(other.covers(peak) for other in found):
            found = [*(other for other in found if not peak.covers(other)), peak]
    return tuple(found)


def never_negative(size: Poly) -> bool:
    """Say whether a polynomial is seen to be at least 0 wherever every size is at least 1."""
    above = [set(monomial) for monomial, factor in size.terms.items() if factor > 0]
    below = [set(monomial) for monomial, factor in size.terms.items() if factor < 0]
    if not all(any(one <= other for other in above) for one in below):
        return False  # nothing makes up for it where its sizes are large
    shifted = size.replace({atom: Poly.of(atom) + 1 for atom in size.atoms}) if below else size
    return all(factor >= 0 for factor in shifted.terms.values())


def _highest(loop: Loop, first: list[Peak], later: list[Peak]) -> Iterator[Peak]:
    """Yield the peaks of a loop, each at the turn that makes it highest.

    What is in `first` can be in the first turn only, what is in `later` in all others.
    """
    start, end = {loop.index: loop.low}, {loop.index: loop.high}
    for peak in first:
        if peak in later:
            yield peak.at(end if _grows(peak, loop.index) else start, loop.turns - 1)
        else:
            yield peak.at(start, loop.turns - 1)
    for peak in later:
        if peak not in first:
            second = {loop.index: loop.low + 1}
            yield peak.at(end if _grows(peak, loop.index) else second, loop.turns - 2)


def _grows(peak: Peak, index: Atom) -> bool:
    """Say whether a peak never falls as an index grows; it must not rise, if it falls."""
    rises = {
        never_negative(change)
        for size in (peak.numbers, *(-need for need in peak.needs))
        if (change := put(size, {index: Poly.of(index) + 1}) - size) != ZERO
    }
    return rises <= {True}


def _fills(target: Node, names: set[str]) -> bool:
    """Say whether a target is an entry at an index of a loop."""
    return isinstance(target, tree.Index) and text(target.subscripts[-1]) in names
