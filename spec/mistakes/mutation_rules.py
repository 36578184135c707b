"""Rules by which a line of the pseudocode is changed: what may stand for a node.

None of them knows a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations
from typing import Any, TypeVar

from spec.language.checked import Checked
from spec.language.inference.calls import ENTRYWISE
from spec.language.names import Variable
from spec.language.tree import (
    All,
    Assign,
    Binary,
    Call,
    Choose,
    Collect,
    Columns,
    Compare,
    For,
    Gradient,
    If,
    Implied,
    Index,
    Infinity,
    Iverson,
    Mark,
    Member,
    Name,
    Named,
    Negative,
    Node,
    Not,
    Number,
    Power,
    Prefix,
    Range,
    Return,
    Rows,
    Slice,
    Sum,
    Transpose,
    UpTo,
)
from spec.language.types import HOLE, SCALAR, Key, Matrix, Whole

T = TypeVar("T")

ONE = Number(1)
PREFIXES = ("√", "log")
CALLED = tuple(name for name in (*ENTRYWISE, "softmax", "length") if name not in PREFIXES)
COMPARISONS = ("≤", "=", "≠")
#: A product is written with `·` or with a space, which is no difference.
OPERATORS = {"+": "−·/⊙", "−": "+·/⊙", "·": "+−/⊙", " ": "+−/⊙", "/": "+−·⊙", "⊙": "+−·/"}


@dataclass(frozen=True)
class Scope:
    """What a line has around it.

    Attributes
    ----------
    checked
        The algorithm.
    names
        Every variable of it, as a name; of a family, with the script that is its index.
    counts
        Those that are sizes.
    functions
        How many arguments and parameters each function takes that can be called: `(1, 2)`.
    running
        The indices that have a value.
    """

    checked: Checked
    names: Mapping[Key, Name]
    counts: tuple[Name, ...]
    functions: Mapping[str, tuple[int, int]]
    running: tuple[Name, ...] = ()

    def within(self, node: Node) -> Scope:
        """Return what the parts of a node have around them: what it binds, too."""
        match node:
            case For(_, binder) | Sum(binder) | Collect(binder):
                return replace(self, running=(*self.running, *binder.names))
            case Named(Index(_, subscripts)):
                bound = (one for one in subscripts if isinstance(one, Name))
                return replace(self, running=(*self.running, *bound))
        return self

    def variable(self, name: Name) -> Variable | None:
        """Return which variable a name is, if it is one."""
        for found in (self.checked.names.uses, self.checked.names.targets):
            if name in found and isinstance(variable := found[name], Variable):
                return variable
        return None

    def like(self, call: Call) -> Iterator[str]:
        """Yield the functions that take as many arguments and parameters as a call gives."""
        taken = len(call.arguments), len(call.parameters)
        return (name for name, takes in self.functions.items() if takes == taken)

    def is_matrix(self, node: Node) -> bool:
        """Say whether a part of the line is a matrix, or a vector."""
        types = self.checked.typing.types
        return node in types and isinstance(types[node], Matrix) and types[node] != SCALAR

    def is_number(self, node: Node) -> bool:
        """Say whether a part of the line is a single number."""
        types = self.checked.typing.types
        return node in types and (types[node] == SCALAR or isinstance(types[node], Whole))


# Rules


def exchanged_operands(node: Node, scope: Scope) -> Iterator[Node]:
    """Yield two parts of a node in each other's place, where that makes a difference."""
    match node:
        case Binary("−" | "/", left, right):
            yield replace(node, left=right, right=left)
        case Binary("·" | " ", left, right) if not any(map(scope.is_number, (left, right))):
            yield replace(node, left=right, right=left)
        case Compare("≤", left, right):
            yield replace(node, left=right, right=left)
        case Slice(low, high) | Range(_, low, high):
            yield replace(node, low=high, high=low)
        case Index(_, subscripts):
            yield from (replace(node, subscripts=other) for other in exchanges(subscripts))
        case Columns(items) | Rows(items):
            yield from (replace(node, items=other) for other in exchanges(items))
        case Implied(names):
            yield from (replace(node, names=other) for other in exchanges(names))
        case Choose(_, value, _, otherwise):
            yield replace(node, value=otherwise, otherwise=value)
        case Call(_, arguments, parameters):
            yield from (replace(node, arguments=other) for other in exchanges(arguments))
            yield from (replace(node, parameters=other) for other in exchanges(parameters))


def dropped_operands(node: Node, _: Scope) -> Iterator[Node]:
    """Yield a node with one of its parts left out, or one part alone."""
    match node:
        case Binary(_, left, right):
            yield from (left, right)
        case Columns(items) | Rows(items):
            yield from (replace(node, items=other) for other in omissions(items))
        case Call(_, _, parameters):
            yield from (replace(node, parameters=other) for other in omissions(parameters))


def dropped_functions(node: Node, _: Scope) -> Iterator[Node]:
    """Yield what a function, or a sign, is applied to."""
    match node:
        case Transpose(operand) | Prefix(_, operand) | Negative(operand):
            yield operand
        case Power(base):
            yield base
        case Call(_, arguments):
            yield from arguments
        case Gradient(call):
            yield call
        case Sum(_, body):
            yield body
        case Iverson():
            yield ONE


def dropped_indices(node: Node, scope: Scope) -> Iterator[Node]:
    """Yield an array for its entry; a name without a script."""
    match node:
        case Index(array, subscripts):
            yield array
            yield from (replace(node, subscripts=other) for other in omissions(subscripts))
        case Name(_, above, below) if scope.variable(node):
            if above is not None:
                yield replace(node, above=None)
            if below is not None:
                yield replace(node, below=None)


def dropped_conditions(node: Node, _: Scope) -> Iterator[Node]:
    """Yield what is done under a condition, without or against it; a line without its loop."""
    match node:
        case Not(operand):
            yield Compare("=", operand, ONE)
        case If(_, body):
            yield body
        case For(_, _, Node() as body):
            yield body
        case Choose(target, value, _, otherwise):
            yield from (Assign(target, "←", value), Assign(target, "←", otherwise))


def added_transposes(node: Node, scope: Scope) -> Iterator[Node]:
    """Yield a part that is a matrix, transposed."""
    match node:
        case Binary(_, left, right):
            if scope.is_matrix(left):
                yield replace(node, left=Transpose(left))
            if scope.is_matrix(right):
                yield replace(node, right=Transpose(right))
        case Call(_, arguments):
            turned = [Transpose(one) if scope.is_matrix(one) else one for one in arguments]
            yield from (replace(node, arguments=other) for other in places(arguments, turned))
            if scope.is_matrix(node) and node.function not in ENTRYWISE:
                yield Transpose(replace(node, arguments=tuple(turned)))
        case Assign(_, _, value) | Return(_, value) if scope.is_matrix(value):
            yield replace(node, value=Transpose(value))


def added_signs(node: Node, scope: Scope) -> Iterator[Node]:
    """Yield a part that is a number or a matrix, with a − before it."""

    def negative(operand: Any) -> Any:
        countable = scope.is_matrix(operand) or scope.is_number(operand)
        return Negative(operand) if countable else operand

    match node:
        case Binary("·" | " " | "/" | "⊙", left):
            yield replace(node, left=negative(left))
        case Call(_, arguments):
            turned = list(map(negative, arguments))
            yield from (replace(node, arguments=other) for other in places(arguments, turned))
        case Assign(_, _, value) | Return(_, value):
            yield replace(node, value=negative(value))


def other_indices(node: Node, scope: Scope) -> Iterator[Node]:
    """Yield an index, or the place in a sequence, one up or down; a whole axis at one place."""
    match node:
        case Index(_, subscripts):
            for place, one in enumerate(subscripts):
                others = scope.running if isinstance(one, All) else neighbours(one)
                for other in (*others, *([] if isinstance(one, All) else [All()])):
                    yield replace(node, subscripts=put(subscripts, place, other))
        case Name(_, above, below):
            variable = scope.variable(node)
            if variable is None or variable.index is None:
                return
            script = "above" if variable.index is above else "below"
            for other in (*neighbours(variable.index), ONE):
                yield replace(node, **{script: other})
            if below is None or above is None:  # the index above instead of below
                yield replace(node, above=below, below=above)


def other_bounds(node: Node, scope: Scope) -> Iterator[Node]:
    """Yield what a loop or a sum runs over, one further or less far, or to another size."""
    match node:
        case UpTo(name, high):
            yield from (replace(node, high=other) for other in neighbours(high))
            yield Range(name, Number(2), high)
        case Range(_, low, high) | Slice(low, high):
            yield from (replace(node, low=other) for other in neighbours(low))
            yield from (replace(node, high=other) for other in neighbours(high))
        case Sum(Implied((name,)) | Member(name)):
            yield from (replace(node, binder=Range(name, ONE, size)) for size in scope.counts)
        case For(_, Implied((name,))):
            yield from (replace(node, binder=UpTo(name, size)) for size in scope.counts)


def other_names(node: Node, scope: Scope) -> Iterator[Node]:
    """Yield every other name of the algorithm; a member of a family with the index in hand."""
    if not isinstance(node, Name) or (variable := scope.variable(node)) is None:
        return
    for key, name in scope.names.items():
        if not key.is_family:
            yield name
            continue
        indices = scope.running if variable.index is None else (variable.index,)
        for index in indices:
            script = "above" if key.above == HOLE else "below"
            yield with_part(name, script, index)


def other_operators(node: Node, _: Scope) -> Iterator[Node]:
    """Yield another operator between the same operands."""
    match node:
        case Binary(operator):
            yield from (replace(node, operator=other) for other in OPERATORS[operator])
        case Columns(items):
            yield Rows(items)
        case Rows(items):
            yield Columns(items)


def other_functions(node: Node, scope: Scope) -> Iterator[Node]:
    """Yield another function of the same arguments."""
    match node:
        case Call(_, (argument,), ()):
            yield from (Prefix(name, argument) for name in PREFIXES)
            yield from (replace(node, function=name) for name in (*CALLED, *scope.like(node)))
        case Call():
            yield from (replace(node, function=name) for name in scope.like(node))
        case Prefix(_, operand):
            yield from (replace(node, function=name) for name in PREFIXES)
            yield from (Call(name, (operand,)) for name in CALLED)


def other_comparisons(node: Node, _: Scope) -> Iterator[Node]:
    """Yield another sign between the same sides."""
    match node:
        case Compare():
            yield from (replace(node, operator=other) for other in COMPARISONS)


def other_masks(node: Node, _: Scope) -> Iterator[Node]:
    """Yield what is given by an equation: by 1, or causal, forwards and backwards."""
    match node:
        case Named(target):
            name = target.array if isinstance(target, Index) else target
            assert isinstance(name, Name), "what is given has a name"
            yield replace(node, target=name, value=ONE)
            first, second = Name("t"), Name("t'")
            for left, right in ((first, second), (second, first)):
                causal = Iverson(Compare("≤", left, right))
                yield replace(node, target=Index(name, (first, second)), value=causal)
        case Call(_, _, parameters):
            ones = [Named(one, "≡", ONE) if isinstance(one, Name) else one for one in parameters]
            yield from (replace(node, parameters=other) for other in places(parameters, ones))


def other_numbers(node: Node, _: Scope) -> Iterator[Node]:
    """Yield a number one up or down; 0 or 1 for ∞."""
    match node:
        case Number(value):
            yield from (Number(other) for other in (value - 1, value + 1) if other >= 0)
        case Mark(numeral):
            yield from (Mark(other) for other in (numeral - 1, numeral + 1) if other >= 0)
        case Infinity():
            yield from (Number(0), ONE)


Rule = Callable[[Node, Scope], Iterator[Node]]

#: What may stand for a node, by what the change is called.
RULES: Mapping[str, Rule] = {
    "exchange operands": exchanged_operands,
    "drop an operand": dropped_operands,
    "drop a function": dropped_functions,
    "drop an index": dropped_indices,
    "drop a condition": dropped_conditions,
    "add ᵀ": added_transposes,
    "add −": added_signs,
    "another index": other_indices,
    "another bound": other_bounds,
    "another name": other_names,
    "another operator": other_operators,
    "another function": other_functions,
    "another comparison": other_comparisons,
    "another mask": other_masks,
    "another number": other_numbers,
}


def exchanges(items: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """Yield the items with two of them exchanged."""
    for first, second in combinations(range(len(items)), 2):
        yield put(put(items, first, items[second]), second, items[first])


def omissions(items: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """Yield the items without one of them, if one is left."""
    if len(items) > 1:
        yield from (items[:place] + items[place + 1 :] for place in range(len(items)))


def places(items: tuple[T, ...], others: Sequence[T]) -> Iterator[tuple[T, ...]]:
    """Yield the items with the other one at one place."""
    yield from (put(items, place, other) for place, other in enumerate(others))


def with_part(node: Node, name: str, value: Any) -> Any:
    """Return a node with another part under a name."""
    return replace(node, **{name: value})


def put(items: tuple[T, ...], place: int, item: T) -> tuple[T, ...]:
    """Return the items with another at one place."""
    return (*items[:place], item, *items[place + 1 :])


def neighbours(node: Any) -> Iterator[Any]:
    """Yield a number one up and down; where one stands already, it is a number like any."""
    match node:
        case All() | Slice() | Number() | Binary("+" | "−", _, Number()):
            return
    yield from (Binary(sign, node, ONE) for sign in ("+", "−"))


def rewritten(node: Node, scope: Scope) -> Iterator[tuple[str, Node]]:
    """Yield a node with one part of it replaced, and what the change is called."""
    for change, rule in RULES.items():
        for other in rule(node, scope):
            yield change, other
    inside = scope.within(node)
    for part in fields(node):
        value = getattr(node, part.name)
        items = value if isinstance(value, tuple) else (value,)
        for place, child in enumerate(items):
            if not isinstance(child, Node) or _is_spelling(node, child, scope):
                continue
            for change, other in rewritten(child, inside):
                new = put(value, place, other) if isinstance(value, tuple) else other
                yield change, with_part(node, part.name, new)


def _is_spelling(node: Node, child: Node, scope: Scope) -> bool:
    """Say whether a script is part of a name, and stands for nothing: `mlp1`, `e/d`."""
    if not isinstance(node, Name) or isinstance(child, Mark):
        return False
    variable = scope.variable(node)
    return variable is not None and child is not variable.index
