"""How many numbers are in memory at once, at most, found on the tree of an algorithm.

In memory are, of the algorithm and of those that wait for its result,

- the variables that have been set. An array that a loop sets entry by entry is there from the
  beginning of the loop, a family with the members that have been made. Inputs and parameters are
  not counted;
- the values that wait while an expression is evaluated, from left to right: the operands and
  then, beside them, the result. The terms of a sum are its operands. A variable, a part of it,
  its transpose and 1ᵀ are not counted again.

Conditions are taken to hold, and loops over lines to have a turn. A function that is defined
anew first loses the value it had. No operation needs memory for itself, nor does ∇, whose result
has as many numbers as θ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

from spec.cost.counts import Loop, loops, numbers, of_equal_lengths, value, while_loop
from spec.language import tree
from spec.language.checked import Checked
from spec.language.header import instance
from spec.language.names import Built, Raised, Variable
from spec.language.plain_text import text
from spec.language.polynomials import ONE, ZERO, Atom, Poly, sum_of
from spec.language.tree import Line, Node, base, children, targets
from spec.language.types import N_V, Family, Key, Type
from spec.pairing import Ref


@dataclass(frozen=True)
class Peak:
    """A point of a run at which many numbers are in memory.

    Attributes
    ----------
    numbers
        How many numbers are in memory there, as a polynomial in the sizes.
    path
        The line, then the line of the algorithm that it calls, and so on: 10.6, 5.2, 4.6.
    needs
        Sizes that must be at least 0 for the run to reach this point: turns − 2, if only the
        second turn of a loop does. All sizes are at least 1.
    """

    numbers: Poly
    path: tuple[Ref, ...]
    needs: frozenset[Poly] = frozenset()

    def covers(self, other: Peak) -> bool:
        """Say whether this peak is as high as another wherever a run reaches the other."""
        return self.needs <= other.needs and never_negative(self.numbers - other.numbers)

    def value(self, sizes: Mapping[str, int]) -> int:
        """Return the numbers in memory at sizes that are given by name, 0 if it is not reached."""
        is_reached = all(value(need, sizes) >= 0 for need in self.needs)
        return value(self.numbers, sizes) if is_reached else 0

    def at(self, new: Mapping[Atom, Poly], *needs: Poly) -> Peak:
        """Return the peak with sizes replaced; a run reaches it only if `needs` are at least 0."""
        all_needs = {need.replace(new) for need in (*self.needs, *needs)}
        return Peak(
            self.numbers.replace(new),
            self.path,
            frozenset(need for need in all_needs if not never_negative(need)),
        )


class Memory(dict[str, "_Memory"]):
    """The peaks of each algorithm, found when they are first asked for."""

    def __init__(self, algorithms: Mapping[str, Checked]) -> None:
        super().__init__()
        self.algorithms = algorithms

    def __missing__(self, id: str) -> _Memory:
        self[id] = _Memory(self, self.algorithms[id])
        return self[id]


class _Memory:
    """The peaks of one algorithm."""

    def __init__(self, memory: Memory, checked: Checked) -> None:
        self.memory = memory
        self.checked = checked
        self.peaks: list[Peak] = []  # none covered by another of its line
        self.held: dict[Key, Poly] = {}  # how many numbers each variable holds
        self.waiting = ZERO  # how many numbers wait while an expression is evaluated
        self.lengths: dict[Atom, Poly] = {}  # of the sequences that a `while` makes grow
        self.number = 0  # of the line
        self.block(checked.program.body)

    @cached_property
    def lines(self) -> dict[int, tuple[Peak, ...]]:
        """The peaks of each line, none covered by another of that line."""
        return {
            line.number: tuple(peak for peak in self.peaks if peak.path[0].line == line.number)
            for line in self.checked.program.lines
        }

    @cached_property
    def highest(self) -> tuple[Peak, ...]:
        """The peaks of the algorithm, none covered by another."""
        return highest(peak for line in self.lines.values() for peak in line)

    def size(self, size: Poly) -> Poly:
        return of_equal_lengths(size).replace(self.lengths)

    def numbers(self, type: Type) -> Poly:
        return self.size(numbers(type, self.memory.algorithms))

    def note(self, *new: Peak) -> None:
        for peak in new:
            line = [old for old in self.peaks if old.path[0] == peak.path[0]]
            if not any(old.covers(peak) for old in line):
                covered = [old for old in line if peak.covers(old)]
                self.peaks[:] = [old for old in self.peaks if old not in covered]
                self.peaks.append(peak)

    def moment(self, more: Poly) -> None:
        """Note a peak: what is in memory, together with a value that has just been computed."""
        total = sum_of(self.held.values()) + self.waiting + more
        self.note(Peak(total, (Ref(self.checked.id, self.number),)))

    # Lines

    def block(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.number = line.number
            match line.statement:
                case tree.For(_, binder, None):
                    inner = [(inner.number, inner.statement) for inner in line.walk()]
                    self.over(binder, inner, partial(self.block, line.body))
                case tree.While(condition):
                    self.repeat(line, condition)
                case statement:
                    self.statement(statement)

    def repeat(self, line: Line, condition: Node) -> None:
        loop = while_loop(self.checked, line)
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
        """Carry out a statement; no value waits before or after it."""
        match statement:
            case tree.For(_, binder, body):
                assert body is not None, "loops over lines are met in `block`"
                self.over(binder, [(self.number, body)], partial(self.statement, body))
            case tree.If(condition, body):
                self.expression(condition)
                self.waiting = ZERO
                self.statement(body)
            case tree.Assign(target, _, value):
                if isinstance(target, tree.Call):
                    self.held.pop(Key(target.function), None)
                self.expression(value)
                self.set(*targets(statement))
            case tree.Several(_, call):
                self.expression(call)
                self.set(*targets(statement))
            case tree.Choose(target, value, probability, otherwise):
                for part in (probability, value, otherwise):
                    self.expression(part)
                    self.waiting = ZERO
                self.set(target)
            case tree.Sample(token, distribution, weights):
                self.expression(weights)
                self.moment(self.size(N_V))
                self.set(distribution, token)
            case tree.Return() | tree.Returns():
                for result in statement.results:
                    self.expression(result.value)
        self.waiting = ZERO

    def set(self, *each: tree.Name | tree.Index | tree.Call) -> None:
        for target in each:
            variable = self.variable(target)
            self.held[variable.key] = self.made(variable, self.number)

    def variable(self, target: tree.Name | tree.Index | tree.Call) -> Variable:
        """Return the variable that a target sets, or the member of a family."""
        if isinstance(target, tree.Call):
            return Variable(Key(target.function))
        return self.checked.names.targets[base(target)]

    def made(self, variable: Variable, line: int, *, before: bool = False) -> Poly:
        """Return how many numbers a line has set of a variable; of a family, in the turns so far.

        With `before`, the present turn is not one of them.
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
        """Go through a loop, after making room for the arrays that it fills."""
        names = {text(name) for name in binder.names}
        for line, target in ((line, target) for line, body in inner for target in targets(body)):
            if isinstance(target, tree.Call):
                continue
            variable = self.variable(target)
            if variable.index is not None and text(variable.index) in names:
                self.held[variable.key] = self.made(variable, line, before=True)
            elif isinstance(target, tree.Index) and text(target.subscripts[-1]) in names:
                self.held[variable.key] = self.made(variable, line)
        self.turns(loops(self.checked, binder), body)

    def turns(self, nest: tuple[Loop, ...], body: Callable[[], None]) -> None:
        """Go through a loop twice, since a later turn begins with what the first has set."""
        if not nest:
            return body()
        loop, *inner = nest
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

    def move(self, new: Mapping[Atom, Poly]) -> None:
        self.held = {variable: size.replace(new) for variable, size in self.held.items()}

    # Expressions

    def expression(self, node: Node) -> Poly:
        """Evaluate a node and let its value wait; return how many numbers the value holds."""
        before = self.waiting
        value = self.value(node)
        self.waiting = before + value
        return value

    def value(self, node: Node) -> Poly:
        names, typing = self.checked.names, self.checked.typing
        match node:
            case tree.Number() | tree.Infinity() | tree.Ones() | tree.All():
                return ZERO
            case tree.Name() if node not in names.uses or isinstance(
                names.uses[node], Variable | Built
            ):
                return ZERO
            case tree.Transpose(operand):
                return self.expression(operand)
            case tree.Slice(low, high):
                return self.expression(low) + self.expression(high)
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

    def terms(self, nest: tuple[Loop, ...], body: Node) -> None:
        """Evaluate a node for each value of an index; all the values wait."""
        if not nest:
            self.expression(body)
            return
        loop, *inner = nest
        before, outside = self.waiting, self.peaks
        term = ZERO
        for _ in range(2):  # the first time only to see how many numbers a value holds
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
        declared = callee.header.parameters[: len(node.parameters)]  # the others are left out
        for (_, type), parameter in zip(declared, node.parameters, strict=True):
            if not isinstance(parameter, tree.Named):
                self.expression(parameter)
                continue
            before = self.waiting
            indexed = isinstance(parameter.target, tree.Index)
            self.terms(loops(self.checked, parameter) if indexed else (), parameter.value)
            self.waiting = before + self.numbers(instance(type, typing.calls[node]))
        sizes = {atom: self.size(size) for atom, size in typing.calls[node].items()}
        here = Ref(self.checked.id, self.number)
        around = sum_of(self.held.values()) + self.waiting
        for peak in self.memory[callee.id].highest:
            inner = peak.at(sizes)
            self.note(replace(inner, numbers=inner.numbers + around, path=(here, *inner.path)))


def highest(peaks: Iterable[Peak]) -> tuple[Peak, ...]:
    """Return the peaks that no other peak covers, the first of several alike."""
    kept: list[Peak] = []
    for peak in peaks:
        if not any(other.covers(peak) for other in kept):
            kept = [*(other for other in kept if not peak.covers(other)), peak]
    return tuple(kept)


def never_negative(size: Poly) -> bool:
    """Say whether a polynomial is easily seen to be at least 0 where every size is at least 1."""
    above = [set(monomial) for monomial, factor in size.terms.items() if factor > 0]
    below = [set(monomial) for monomial, factor in size.terms.items() if factor < 0]
    if not all(any(negative <= positive for positive in above) for negative in below):
        return False  # where the sizes of a negative term are large, no other makes up for it
    shifted = size.replace({atom: Poly.of(atom) + 1 for atom in size.atoms}) if below else size
    return all(factor >= 0 for factor in shifted.terms.values())


def _highest(loop: Loop, first: list[Peak], later: list[Peak]) -> Iterator[Peak]:
    """Yield the peaks of a loop, each at the turn at which it is highest.

    `first` are the peaks of the first turn, and `later` those of any turn after it.
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
    """Say whether a peak grows with an index, or does not depend on it; else it must shrink."""
    rises = {
        never_negative(change)
        for size in (peak.numbers, *(-need for need in peak.needs))
        if (change := size.replace({index: Poly.of(index) + 1}) - size) != ZERO
    }
    return rises <= {True}
