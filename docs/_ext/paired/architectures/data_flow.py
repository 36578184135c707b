"""What flows where in an algorithm: its lines as boxes, sums and loops, read off the tree.

A line that adds what it computes to what there was, `X ← X + f(X)`, is a sum: the stream goes
through it, and what is computed is a branch. All other lines that compute something are boxes.
Lines that only give a name, or set columns side by side, are none: their value comes from where the
named one comes from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from spec.language import tree
from spec.language.checked import Checked
from spec.language.names import Variable
from spec.language.tree import Line, Node
from spec.language.types import Bundle, Family, Key, Matrix, Tokens, Whole
from spec.library import checked


@dataclass(frozen=True, eq=False)
class Given:
    """An input of the algorithm."""

    name: tree.Name
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, eq=False)
class Source:
    """Where a value comes from, and the name by which it is read."""

    part: Part
    name: tree.Name


@dataclass(frozen=True, eq=False)
class Box:
    """What a line computes, or one call in it.

    Attributes
    ----------
    steps
        What is done, one after the other: the name of a function, or a node to be set.
    call, callee
        The call that the box is, and the id of the called algorithm, if it is one.
    """

    line: Line
    steps: tuple[str | Node, ...]
    sources: tuple[Source, ...]
    call: tree.Call | None = None
    callee: str | None = None

    @property
    def notes(self) -> tuple[tree.Named, ...]:
        """The arguments that are given by an equation: the mask."""
        given = self.call.parameters if self.call is not None else ()
        return tuple(one for one in given if isinstance(one, tree.Named))


@dataclass(frozen=True, eq=False)
class Sum:
    """A residual connection: `through` goes on, and the others are added to it."""

    line: Line
    through: Source
    added: tuple[Source, ...]

    @property
    def sources(self) -> tuple[Source, ...]:
        """All that is added up, what goes on first."""
        return self.through, *self.added


@dataclass(frozen=True, eq=False)
class Loop:
    """A loop over lines, what they do in a turn, and where what the turns hand on came from."""

    line: Line
    parts: tuple[Part, ...]
    entered: tuple[Part, ...] = ()
    sources: tuple[Source, ...] = ()


Part = Given | Box | Sum | Loop


@dataclass(frozen=True)
class Flow:
    """An algorithm as parts, and what a line says of the space of what a part gives."""

    program: tree.Program
    parts: tuple[Part, ...]
    spaces: dict[Part, tree.Declarations]

    def walk(self) -> Iterator[Part]:
        """Yield all parts, those of a loop after it, from the top down."""
        yield from _walk(self.parts)

    @property
    def callees(self) -> tuple[str, ...]:
        """The ids of the called algorithms, each once."""
        boxes = [part for part in self.walk() if isinstance(part, Box)]
        return tuple(dict.fromkeys(box.callee for box in boxes if box.callee is not None))


def _walk(parts: tuple[Part, ...]) -> Iterator[Part]:
    for part in parts:
        yield part
        if isinstance(part, Loop):
            yield from _walk(part.parts)


@cache
def data_flow(id: str) -> Flow:
    """Return the parts of an algorithm of the specification."""
    return read(checked()[id])


def read(algorithm: Checked) -> Flow:
    """Return the parts of an algorithm."""
    reader = _Reader(algorithm)
    parts = tuple(reader.block(algorithm.program.body))
    claims = {line.number: line.claim for line in algorithm.program.lines if line.claim is not None}
    spaces = {part: claims[line] for line, part in reader.made.items() if line in claims}
    return Flow(algorithm.program, parts, spaces)


@cache
def layered() -> tuple[str, ...]:
    """Return the ids of the algorithms that have a loop over layers.

    What the turns of this loop hand on goes through called algorithms, of which one has parameters
    of its own in each turn. A pass backwards is none.
    """
    return tuple(id for id, algorithm in checked().items() if is_layered(algorithm))


@cache
def whole() -> tuple[str, ...]:
    """Return the ids of those that take nothing but texts, and give numbers: no step of a cache."""
    heads = {id: checked()[id].header for id in layered()}
    return tuple(
        id
        for id, head in heads.items()
        if all(isinstance(type, Tokens) for _, type in head.inputs)
        and all(isinstance(type, Matrix) for _, type in head.outputs)
    )


def is_layered(algorithm: Checked) -> bool:
    """Say whether an algorithm has a loop over layers, and no pass backwards."""
    calls = [node for node in algorithm.program.nodes if isinstance(node, tree.Call)]
    if any(call.function.startswith("∇") for call in calls):
        return False
    loops = [part for part in read(algorithm).walk() if isinstance(part, Loop)]
    return any(
        _has_its_own(algorithm, box, loop) and _depends(box, loop.entered)
        for loop in loops
        for box in loop.parts
        if isinstance(box, Box)
    )


def _has_its_own(algorithm: Checked, box: Box, loop: Loop) -> bool:
    """Say whether a box calls an algorithm that has other parameters in each turn of a loop."""
    if box.call is None or not isinstance(loop.line.statement, tree.For):
        return False
    turns = {name.base for name in loop.line.statement.binder.names}
    families = dict(algorithm.header.variables)
    for name in (one for one in box.call.parameters if isinstance(one, tree.Name)):
        scripts = {one.base for one in name.scripts if isinstance(one, tree.Name)}
        use = algorithm.names.uses[name]
        type = families.get(use.key) if isinstance(use, Variable) and scripts & turns else None
        if isinstance(type, Family) and isinstance(type.member, Bundle):
            return True
    return False


def _depends(part: Part, on: tuple[Part, ...]) -> bool:
    """Say whether what a part gives depends on one of some others."""
    if part in on:
        return True
    return any(_depends(source.part, on) for source in part.sources)


def _calls(algorithm: Checked, node: Node) -> list[tree.Call]:
    """Return the calls of numbered algorithms that are in no other such call, in order."""
    if isinstance(node, tree.Call) and node in algorithm.typing.callees:
        return [node]
    return [call for child in tree.children(node) for call in _calls(algorithm, child)]


class _Reader:
    """Reads the lines in order; `values` says where the value of each variable comes from."""

    def __init__(self, algorithm: Checked) -> None:
        self.algorithm = algorithm
        self.made: dict[int, Part] = {}
        self.parts: list[Part] = []
        self.line = algorithm.program.body[0]
        signature = algorithm.program.signature
        inputs = signature.inputs if signature is not None else ()
        keys = [variable for variable, _ in algorithm.header.inputs]
        self.values: dict[Key, Part] = {
            variable: Given(name) for variable, name in zip(keys, inputs, strict=False)
        }

    def block(self, lines: tuple[Line, ...]) -> list[Part]:
        """Return the parts that some lines are."""
        around, self.parts = self.parts, []
        for line in lines:
            self.line = line
            if line.body:
                carried = self.algorithm.names.carried[line.number]
                entered = tuple(self.values[one] for one in carried if one in self.values)
                self.parts.append(Loop(line, tuple(self.block(line.body)), entered))
            else:
                self.statement(line.statement)
        inner, self.parts = self.parts, around
        return inner

    def statement(self, statement: tree.Statement) -> None:
        match statement:
            case tree.For(_, _, Node() as body) | tree.If(_, body):
                self.statement(body)
            case tree.Assign(_, _, value) | tree.Choose(_, value):
                if not self.only_counts():
                    self.set(statement, self.value(value))
            case tree.Several(_, call):
                self.set(statement, self.value(call))
            case tree.Return() | tree.Returns():
                for result in statement.results:
                    self.value(result.value)

    def only_counts(self) -> bool:
        after = self.algorithm.typing.after.get(self.line.number, {})
        return bool(after) and all(isinstance(type, Whole) for type in after.values())

    def set(self, statement: tree.Statement, part: Part | None) -> None:
        for target in tree.targets(statement):
            if part is not None and not isinstance(target, tree.Call):
                self.values[self.algorithm.names.targets[tree.base(target)].key] = part
                self.made[self.line.number] = part

    # Where a value comes from

    def sources(self, node: Node, without: list[tree.Call]) -> list[Source]:
        """Return the parts whose values a node reads, each once; calls become boxes."""
        for call in without:
            if call is node:
                return [Source(self.call(call), tree.Name(call.function))]
        found: list[Source] = []
        if isinstance(node, tree.Name) and (part := self.read(node)) is not None:
            found.append(Source(part, node))
        for child in tree.children(node):
            found += self.sources(child, without)
        seen: dict[int, Source] = {}
        for source in found:
            seen.setdefault(id(source.part), source)
        return list(seen.values())

    def read(self, name: tree.Name) -> Part | None:
        """Return where the value of a name comes from; None if it is none that flows."""
        if name not in self.algorithm.names.uses:
            return None
        use = self.algorithm.names.uses[name]
        return self.values.get(use.key) if isinstance(use, Variable) else None

    def flows(self, node: Node) -> bool:
        """Say whether a node reads a value that flows."""
        return any(isinstance(one, tree.Name) and self.read(one) for one in tree.walk(node))

    def value(self, node: Node) -> Part | None:
        """Return where the value of an expression comes from: a new part, unless it is a name."""
        terms = [term for term in _terms(node) if self.flows(term)]
        bare = [term for term in terms if self.is_bare(term)]
        others = [term for term in terms if term is not bare[0]] if bare else []
        if others and all(_is_offset(term) for term in _terms(node) if not self.flows(term)):
            through, *_ = self.sources(bare[0], [])
            added = []
            for term in others:
                part = self.value(term)
                assert part is not None, "it reads a value that flows"
                name = next(one for one in tree.walk(term) if isinstance(one, tree.Name))
                added.append(Source(part, name))
            sum = Sum(self.line, through, tuple(added))
            self.parts.append(sum)
            return sum
        if self.is_bare(node):
            found = self.sources(node, [])
            return found[0].part if len(found) == 1 else self.box(node)
        if isinstance(node, tree.Call) and node in self.algorithm.typing.callees:
            return self.call(node)
        return self.box(node) if self.flows(node) else None

    def is_bare(self, node: Node) -> bool:
        """Say whether an expression only names values: `X`, `X[:, t]`, `[e_1, …, e_ℓ]`."""
        match node:
            case tree.Name():
                return self.read(node) is not None
            case tree.Index(array, subscripts):
                return self.is_bare(array) and all(self.runs(one) for one in subscripts)
            case tree.Columns(items):
                return all(isinstance(one, tree.Dots) or self.is_bare(one) for one in items)
        return False

    def runs(self, subscript: Node) -> bool:
        """Say whether a subscript goes through a whole axis, by itself or with the loop around."""
        if isinstance(subscript, tree.All):
            return True
        running = {
            name.base
            for node in tree.walk(self.line.statement)
            if isinstance(node, tree.For)
            for name in node.binder.names
        }
        return isinstance(subscript, tree.Name) and subscript.base in running

    # Boxes

    def call(self, call: tree.Call) -> Box:
        """Return the box of a call, below those of the calls in its arguments."""
        inner = [one for child in tree.children(call) for one in _calls(self.algorithm, child)]
        sources = [found for part in tree.children(call) for found in self.sources(part, inner)]
        callee = self.algorithm.typing.callees[call]
        return self.add(Box(self.line, (call.function,), tuple(sources), call, callee))

    def box(self, node: Node) -> Box:
        """Return the box of what is no call itself, below those of the calls in it."""
        sources = self.sources(node, _calls(self.algorithm, node))
        return self.add(Box(self.line, tuple(self.steps(node)), tuple(sources)))

    def add(self, box: Box) -> Box:
        self.parts.append(box)
        return box

    def steps(self, node: Node) -> Iterator[str | Node]:
        """Yield what is done to the value that flows, the innermost first.

        An offset is left out: the matrix before it stands for both.
        """
        match node:
            case tree.Call(function, (argument,), ()) if node not in self.algorithm.typing.callees:
                yield from self.steps(argument)
                yield function
            case tree.Call() if node in self.algorithm.typing.callees:
                return
            case tree.Binary("+", left, right) if self.flows(left) and _is_offset(right):
                yield from self.steps(left)
            case tree.Binary(" ", left, right) if self.flows(right) and not self.flows(left):
                yield from self.steps(right)
                yield left
            case _ if self.is_bare(node):
                return
            case _:
                yield node


def _terms(node: Node) -> list[Node]:
    """Return the terms of a sum, from left to right; what is no sum is one term."""
    if isinstance(node, tree.Binary) and node.operator == "+":
        return [*_terms(node.left), *_terms(node.right)]
    return [node]


def _is_offset(node: Node) -> bool:
    """Say whether a term is a vector by itself, or the same in every column: `b`, `b 1ᵀ`."""
    match node:
        case tree.Name():
            return True
        case tree.Binary(" ", tree.Name(), tree.Ones()):
            return True
    return False
