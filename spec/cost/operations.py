"""How many operations of each kind the lines of an algorithm do, counted on its tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial, reduce

from spec.cost.counts import Loop, loops, numbers, of_equal_lengths, while_loop
from spec.language import tree
from spec.language.checked import Checked
from spec.language.names import Raised
from spec.language.polynomials import ONE, ZERO, Atom, Poly
from spec.language.tree import Line, Node, children
from spec.language.types import N_V, SCALAR, Bundle, Matrix, Type, Whole

KINDS = (
    *("multiply-add", "add", "multiply", "divide", "exp", "log", "sqrt", "power", "Phi", "ReLU"),
    *("logistic", "density", "step", "cos", "sin", "tanh", "ELU"),  # Φ', ReLU'
    "larger",  # or the smaller of two; what only decides is not counted, and argmax does no more
)

_ENTRYWISE = {  # the operations of a function, or of an operator, on each entry
    "exp": ("exp",),
    "log": ("log",),
    "ReLU": ("ReLU",),
    "GELU": ("Phi", "multiply"),
    "SiLU": ("logistic", "multiply"),
    "GELU'": ("Phi", "density", "multiply", "add"),
    "ReLU'": ("step",),
    "cos": ("cos",),
    "sin": ("sin",),
    "tanh": ("tanh",),
    "ELU": ("ELU",),
    "max": ("larger",),
    "min": ("larger",),
    "√": ("sqrt",),
    "+": ("add",),
    "−": ("add",),
    "·": ("multiply",),
    " ": ("multiply",),
    "⊙": ("multiply",),
    "/": ("divide",),
}


@dataclass(frozen=True)
class Operations:
    """A number of operations for each kind that occurs, in the order of `KINDS`."""

    kinds: Mapping[str, Poly] = field(default_factory=dict)

    def __add__(self, other: Operations) -> Operations:
        sums = {kind: self[kind] + other[kind] for kind in KINDS}
        return Operations({kind: number for kind, number in sums.items() if number != ZERO})

    def __getitem__(self, kind: str) -> Poly:
        return self.kinds.get(kind, ZERO)

    def map(self, change: Callable[[Poly], Poly]) -> Operations:
        """Change each number."""
        return Operations({kind: change(number) for kind, number in self.kinds.items()})


NOTHING = Operations()


def operations(number: Poly, *kinds: str) -> Operations:
    """Return this number of operations of each of some kinds."""
    return Operations({kind: number for kind in KINDS if kind in kinds}) + NOTHING


def total(parts: Iterable[Operations]) -> Operations:
    """Return the sum of operations."""
    return reduce(Operations.__add__, parts, NOTHING)


class Counts(dict[str, "_Count"]):
    """The operations of each algorithm, counted when they are first asked for."""

    def __init__(self, algorithms: Mapping[str, Checked]) -> None:
        super().__init__()
        self.algorithms = algorithms

    def __missing__(self, id: str) -> _Count:
        self[id] = _Count(self, self.algorithms[id])
        return self[id]


class _Count:
    """The operations of each line of one algorithm, in all its turns."""

    def __init__(self, counts: Counts, checked: Checked) -> None:
        self.counts = counts
        self.checked = checked
        self.lines = {line.number: NOTHING for line in checked.program.lines}
        self.at_most: set[int] = set()  # the lines that may do less, depending on the data
        self.around: tuple[Loop, ...] = ()  # the loops that the line is in
        self.lengths: dict[Atom, Poly] = {}  # of the sequences that a `while` makes grow
        self.number = 0  # of the line
        self.block(checked.program.body)

    @cached_property
    def total(self) -> Operations:
        """The operations of all lines."""
        return total(self.lines.values())

    def size(self, size: Poly) -> Poly:
        return of_equal_lengths(size).replace(self.lengths)

    # Lines

    def block(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.number = line.number
            match line.statement:
                case tree.For(_, binder, None):
                    self.within(loops(self.checked, binder), line)
                case tree.While(condition):
                    loop = while_loop(self.checked, line)
                    self.lengths |= loop.lengths
                    self.within((loop,), line, condition)
                    self.lengths |= loop.afterwards
                    self.note(line, self.node(condition))
                case statement:
                    self.note(line, self.statement(statement))

    def within(self, inner: tuple[Loop, ...], line: Line, *condition: Node) -> None:
        outside, self.around = self.around, (*self.around, *inner)
        self.note(line, self.nodes(condition))
        self.block(line.body)
        self.around = outside

    def note(self, line: Line, done: Operations) -> None:
        """Add operations that a line does in each turn of the loops around it."""
        self.lines[line.number] += in_all_turns(self.around, done)

    def statement(self, statement: tree.Statement) -> Operations:
        match statement:
            case tree.For(_, binder, body):
                assert body is not None, "loops over lines are met in `block`"
                return in_all_turns(loops(self.checked, binder), self.statement(body))
            case tree.If(condition, body):
                return self.node(condition) + self.perhaps(self.statement(body))
            case tree.Assign(tree.Call(), _, value):
                return self.node(value)
            case tree.Choose(target, value, probability, otherwise):
                either = self.perhaps(self.nodes((value, otherwise)))
                return self.nodes((target, probability)) + either
            case tree.Sample(_, _, weights):
                tokens = self.size(N_V)
                return (
                    self.node(weights)
                    + operations(tokens - 1, "add")
                    + operations(tokens, "divide")
                )
        return self.nodes(children(statement))

    def perhaps(self, done: Operations) -> Operations:
        """Count operations that depend on the data: the count of the line is an upper bound."""
        if done != NOTHING:
            self.at_most.add(self.number)
        return done

    # Expressions

    def nodes(self, nodes: Iterable[Node]) -> Operations:
        return total(map(self.node, nodes))

    def node(self, node: Node) -> Operations:
        match node:
            case tree.Name():
                return self.name(node)
            case tree.Binary(" ", column, tree.Ones()):
                return self.node(column)
            case tree.Negative(tree.Infinity()):
                return NOTHING
            case tree.Sum(binder, body):
                terms = self.turns(binder, self.node(body))
                if isinstance(self.type(node), Whole):
                    return terms
                (loop,) = loops(self.checked, binder)
                return terms + operations((loop.turns - 1) * self.entries(node), "add")
            case tree.Collect(binder, condition):
                return self.turns(binder, self.node(condition))
            case tree.Named(tree.Index(), _, value):
                return self.turns(node, self.node(value))
            case tree.Named(_, _, value):
                return self.node(value)
            case tree.Call():
                return self.call(node)
        return self.nodes(children(node)) + self.own(node)

    def turns(self, binder: Node, done: Operations) -> Operations:
        """Return the operations of all values of an index."""
        done = in_all_turns(loops(self.checked, binder), done)
        return self.perhaps(done) if isinstance(binder, tree.Member) else done

    def name(self, node: tree.Name) -> Operations:
        uses = self.checked.names.uses
        if node in uses and isinstance(use := uses[node], Raised):
            done = self.nodes((use.exponent, use.base))
            if isinstance(self.type(node), Whole):
                return done
            return done + operations(self.entries(node), "power")
        return NOTHING

    def own(self, node: Node) -> Operations:
        """Return the operations of a node itself, without those of its parts."""
        match node:
            case tree.Binary() | tree.Negative() if isinstance(self.type(node), Whole):
                return NOTHING
            case tree.Binary(" " | "·", left, right) if self.multiplies(left, right):
                (m, k), (_, n) = self.shape(left), self.shape(right)
                return operations(m * k * n, "multiply-add")
            case tree.Negative():
                return operations(self.entries(node), "add")
            case tree.Power(_, exponent):
                kind = "multiply" if exponent.value == 2 else "power"
                return operations(self.entries(node), kind)
            case tree.Binary(function) | tree.Prefix(function):
                return operations(self.entries(node), *_ENTRYWISE[function])
        return NOTHING

    def multiplies(self, left: Node, right: Node) -> bool:
        """Say whether a product is one of matrices."""
        return all(
            isinstance(type, Matrix) and type != SCALAR
            for type in (self.type(left), self.type(right))
        )

    def call(self, node: tree.Call) -> Operations:
        typing = self.checked.typing
        if node in typing.callees:
            callee = self.counts[typing.callees[node]]
            sizes = {atom: self.size(size) for atom, size in typing.calls[node].items()}
            done = callee.total.map(lambda number: number.replace(sizes))
            if callee.at_most:
                done = self.perhaps(done)
            return self.nodes((*typing.arguments[node], *node.parameters)) + done
        done = self.nodes(node.arguments)
        if isinstance(self.type(node), Whole):
            return done  # an extreme of counts, which are not numbers of the domain
        if node.function == "max" and len(node.arguments) == 1:
            (vector,) = node.arguments
            done += operations(self.entries(vector) - 1, "larger")
        elif node.function in _ENTRYWISE:
            done += operations(self.entries(node), *_ENTRYWISE[node.function])
        elif node.function == "softmax":
            rows, columns = self.shape(node)
            done += operations(rows * columns, "exp", "divide")
            done += operations((rows - 1) * columns, "add")
        return done

    # Sizes

    def type(self, node: Node) -> Type:
        return self.checked.typing.types[node]

    def shape(self, node: Node) -> tuple[Poly, Poly]:
        """Return the rows and columns of a node; a number has one of each."""
        type = self.type(node)
        if isinstance(type, Matrix):
            return self.size(type.rows), self.size(type.columns)
        return ONE, ONE

    def entries(self, node: Node) -> Poly:
        """Return how many numbers the value of a node holds."""
        if isinstance(type := self.type(node), Bundle):
            return self.size(numbers(type, self.counts.algorithms))
        rows, columns = self.shape(node)
        return rows * columns


def in_all_turns(around: tuple[Loop, ...], done: Operations) -> Operations:
    """Sum operations over all turns of loops within loops, the innermost last."""
    for loop in reversed(around):
        done = done.map(partial(Poly.sum, atom=loop.index, low=loop.low, high=loop.high))
    return done
