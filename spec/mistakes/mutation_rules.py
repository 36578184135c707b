"""Rules by which a line of the pseudocode is changed: what may stand in the place of a node.

A rule knows kinds of nodes and no line: `exchanged_operands` makes `b − a` of every `a − b`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations
from typing import Any, TypeVar

from spec.language import tree
from spec.language.checked import Checked
from spec.language.inference.calls import ENTRYWISE
from spec.language.names import Variable
from spec.language.polynomials import Poly
from spec.language.types import HOLE, SCALAR, Key, Matrix, Whole

T = TypeVar("T")

ONE = tree.Number(1)
#: The functions of the notation that are written without brackets.
PREFIXES = ("√", "log")
COMPARISONS = ("≤", "<", "=", "≠")
#: What may stand for an operator. A product is written with `·` or with a space: no difference.
OPERATORS = {"+": "−·/⊙", "−": "+·/⊙", "·": "+−/⊙", " ": "+−/⊙", "/": "+−·⊙", "⊙": "+−·/"}


@dataclass(frozen=True)
class Scope:
    """What the rules know of the algorithm around a line.

    Attributes
    ----------
    checked, variables
        The algorithm, and its variables, each as a name: `W^l_mlp1` for a family over l.
    sizes
        The variables that are sizes, each with its value as a polynomial.
    notation
        The functions of the notation that a call may name: `exp`, `softmax`.
    functions
        The algorithms that a call may name, by their functions, with the numbers of arguments and
        of parameters: `{"Attention": (2, 2)}`.
    running
        The indices that have a value where the node stands: `t` within `for t ∈ [ℓ]`.
    """

    checked: Checked
    variables: Mapping[Key, tree.Name]
    sizes: Sequence[tuple[tree.Name, Poly]]
    notation: Sequence[str]
    functions: Mapping[str, tuple[int, int]]
    running: tuple[tree.Name, ...] = ()

    def within(self, node: tree.Node) -> Scope:
        """Return the scope of the parts of a node, in which the names that it binds run, too."""
        match node:
            case tree.For(_, binder) | tree.Sum(binder) | tree.Collect(binder):
                return replace(self, running=(*self.running, *binder.names))
            case tree.Named():
                return replace(self, running=(*self.running, *node.indices))
        return self

    def alike(self, call: tree.Call) -> Iterator[str]:
        """Yield the functions that take as many arguments and parameters as a call gives."""
        taken = len(call.arguments), len(call.parameters)
        return (name for name, counts in self.functions.items() if counts == taken)

    def other_sizes(self, binder: tree.Binder) -> Iterator[tree.Name]:
        """Yield the sizes to which a sum or a ∀ could run, but does not.

        `Σ_i e[i]` goes over all of e: `Σ_{i=1}^{d_e} e[i]` only spells that out.
        """
        typing, bound = self.checked.typing, None
        if isinstance(binder, tree.Implied):
            (index,) = typing.indices[binder]
            _, bound = typing.bounds[index]
        return (name for name, size in self.sizes if size != bound)

    def is_matrix(self, node: tree.Node) -> bool:
        """Say whether a part of the line is a matrix, or a vector."""
        types = self.checked.typing.types
        return node in types and isinstance(types[node], Matrix) and types[node] != SCALAR

    def is_number(self, node: tree.Node) -> bool:
        """Say whether a part of the line is a single number."""
        types = self.checked.typing.types
        return node in types and (types[node] == SCALAR or isinstance(types[node], Whole))


def variable_of(checked: Checked, name: tree.Name) -> Variable | None:
    """Return the variable that a name of an algorithm stands for; None if it is a power."""
    for table in (checked.names.uses, checked.names.targets):
        if name in table and isinstance(variable := table[name], Variable):
            return variable
    return None


# Rules


def exchanged_operands(node: tree.Node, scope: Scope) -> Iterator[tree.Node]:
    """Yield a node with two of its parts exchanged, where that makes a difference."""
    match node:
        case tree.Binary("−" | "/", left, right) | tree.Compare("≤" | "<", left, right):
            yield replace(node, left=right, right=left)
        case tree.Binary("·" | " ", left, right) if not any(map(scope.is_number, (left, right))):
            yield replace(node, left=right, right=left)
        case tree.Slice(low, high) | tree.Range(_, low, high):
            yield replace(node, low=high, high=low)
        case tree.Index(_, subscripts):
            yield from variants(node, "subscripts", exchanges(subscripts))
        case tree.Columns(items) | tree.Rows(items):
            yield from variants(node, "items", exchanges(items))
        case tree.Choose(_, value, _, otherwise):
            yield replace(node, value=otherwise, otherwise=value)
        case tree.Call(_, arguments, parameters):
            yield from variants(node, "arguments", exchanges(arguments))
            yield from variants(node, "parameters", exchanges(parameters))


def dropped_operands(node: tree.Node, _: Scope) -> Iterator[tree.Node]:
    """Yield a node with one of its parts left out, or one of its operands alone."""
    match node:
        case tree.Binary(_, left, right) | tree.Both(left, right) | tree.Either(left, right):
            yield from (left, right)
        case tree.Columns(items) | tree.Rows(items):
            yield from variants(node, "items", omissions(items))
        case tree.Call(_, _, parameters):
            yield from variants(node, "parameters", omissions(parameters))


def dropped_functions(node: tree.Node, _: Scope) -> Iterator[tree.Node]:
    """Yield the operand without the function, or the sign, that is applied to it."""
    match node:
        case tree.Transpose(operand) | tree.Prefix(_, operand) | tree.Negative(operand):
            yield operand
        case tree.Power(base):
            yield base
        case tree.Call(_, arguments):
            yield from arguments
        case tree.Gradient(call):
            yield call
        case tree.Sum(_, body):
            yield body
        case tree.Iverson():
            yield ONE


def dropped_indices(node: tree.Node, scope: Scope) -> Iterator[tree.Node]:
    """Yield an array in place of its entry; a name without one of its scripts."""
    match node:
        case tree.Index(array, subscripts):
            yield array
            yield from variants(node, "subscripts", omissions(subscripts))
        case tree.Name(_, above, below) if variable_of(scope.checked, node):
            if above is not None:
                yield replace(node, above=None)
            if below is not None:
                yield replace(node, below=None)


def dropped_conditions(node: tree.Node, _: Scope) -> Iterator[tree.Node]:
    """Yield a statement without its condition, or with the opposite one; without its loop."""
    match node:
        case tree.Not(operand):
            yield tree.Compare("=", operand, ONE)
        case tree.If(_, body):
            yield body
        case tree.For(_, _, tree.Node() as body):
            yield body
        case tree.Choose(target, value, _, otherwise):
            yield from (tree.Assign(target, "←", value), tree.Assign(target, "←", otherwise))


def added_transposes(node: tree.Node, scope: Scope) -> Iterator[tree.Node]:
    """Yield a node with one of its matrices transposed."""
    match node:
        case tree.Binary(_, left, right):
            if scope.is_matrix(left):
                yield replace(node, left=tree.Transpose(left))
            if scope.is_matrix(right):
                yield replace(node, right=tree.Transpose(right))
        case tree.Call(_, arguments):
            transposed = tuple(
                tree.Transpose(argument) if scope.is_matrix(argument) else argument
                for argument in arguments
            )
            yield from variants(node, "arguments", with_one_replaced(arguments, transposed))
            if scope.is_matrix(node) and node.function not in ENTRYWISE:
                yield tree.Transpose(replace(node, arguments=transposed))
        case tree.Assign(_, _, value) | tree.Return(_, value) if scope.is_matrix(value):
            yield replace(node, value=tree.Transpose(value))


def added_signs(node: tree.Node, scope: Scope) -> Iterator[tree.Node]:
    """Yield a node with a − before one of its numbers or matrices."""

    def negative(operand: Any) -> Any:
        has_sign = scope.is_matrix(operand) or scope.is_number(operand)
        return tree.Negative(operand) if has_sign else operand

    match node:
        case tree.Binary("·" | " " | "/" | "⊙", left):
            yield replace(node, left=negative(left))
        case tree.Call(_, arguments):
            negatives = tuple(map(negative, arguments))
            yield from variants(node, "arguments", with_one_replaced(arguments, negatives))
        case tree.Assign(_, _, value) | tree.Return(_, value):
            yield replace(node, value=negative(value))


def other_indices(node: tree.Node, scope: Scope) -> Iterator[tree.Node]:
    """Yield an entry one place further up or down; a whole axis for an entry, and the reverse."""
    match node:
        case tree.Index(_, subscripts):
            for place, subscript in enumerate(subscripts):
                whole_axis = isinstance(subscript, tree.All)
                others = scope.running if whole_axis else (*neighbours(subscript), tree.All())
                changed = (replaced(subscripts, place, other) for other in others)
                yield from variants(node, "subscripts", changed)
        case tree.Name(_, above, below):
            variable = variable_of(scope.checked, node)
            if variable is None or variable.index is None:
                return
            script = "above" if variable.index is above else "below"
            yield from variants(node, script, (*neighbours(variable.index), ONE))
            if below is None or above is None:  # the index above instead of below
                yield replace(node, above=below, below=above)


def other_bounds(node: tree.Node, scope: Scope) -> Iterator[tree.Node]:
    """Yield a loop or a sum that runs one further or less far, or to another size."""
    match node:
        case tree.UpTo(name, high):
            yield from variants(node, "high", neighbours(high))
            yield tree.Range(name, tree.Number(2), high)
        case tree.Range(_, low, high) | tree.Slice(low, high):
            yield from variants(node, "low", neighbours(low))
            yield from variants(node, "high", neighbours(high))
            if isinstance(node, tree.Slice):  # as long, one further up or down
                yield from (tree.Slice(moved(low, step), moved(high, step)) for step in (1, -1))
        case tree.Sum(tree.Implied((name,)) | tree.Member(name) as binder):
            ranges = (tree.Range(name, ONE, size) for size in scope.other_sizes(binder))
            yield from variants(node, "binder", ranges)
        case tree.For(_, tree.Implied((name,)) as binder):
            loops = (tree.UpTo(name, size) for size in scope.other_sizes(binder))
            yield from variants(node, "binder", loops)


def other_names(node: tree.Node, scope: Scope) -> Iterator[tree.Node]:
    """Yield every other name of the algorithm; a family's member at the index of the node."""
    if not isinstance(node, tree.Name) or (variable := variable_of(scope.checked, node)) is None:
        return
    for key, name in scope.variables.items():
        if key.is_family:
            script = "above" if key.above == HOLE else "below"
            indices = scope.running if variable.index is None else (variable.index,)
            yield from variants(name, script, indices)
        else:
            yield name


def other_operators(node: tree.Node, _: Scope) -> Iterator[tree.Node]:
    """Yield another operator between the same operands."""
    match node:
        case tree.Binary(operator):
            yield from variants(node, "operator", OPERATORS[operator])
        case tree.Columns(items) if items:
            yield tree.Rows(items)
        case tree.Rows(items):
            yield tree.Columns(items)
        case tree.Both(left, right):
            yield tree.Either(left, right)
        case tree.Either(left, right):
            yield tree.Both(left, right)


def other_functions(node: tree.Node, scope: Scope) -> Iterator[tree.Node]:
    """Yield another function of the same arguments."""
    match node:
        case tree.Call(_, (argument,), ()):
            yield from (tree.Prefix(name, argument) for name in PREFIXES)
            yield from variants(node, "function", (*scope.notation, *scope.alike(node)))
        case tree.Call():
            yield from variants(node, "function", scope.alike(node))
        case tree.Prefix(_, operand):
            yield from variants(node, "function", PREFIXES)
            yield from (tree.Call(name, (operand,)) for name in scope.notation)


def other_comparisons(node: tree.Node, _: Scope) -> Iterator[tree.Node]:
    """Yield another sign between the same sides."""
    match node:
        case tree.Compare():
            yield from variants(node, "operator", COMPARISONS)


def other_masks(node: tree.Node, _: Scope) -> Iterator[tree.Node]:
    """Yield another mask: one of ones, or a causal one, forwards and backwards."""
    match node:
        case tree.Named(target):
            name = tree.base(target)
            yield replace(node, target=name, value=ONE)
            first, second = tree.Name("t"), tree.Name("t'")
            for left, right in ((first, second), (second, first)):
                causal = tree.Iverson(tree.Compare("≤", left, right))
                yield replace(node, target=tree.Index(name, (first, second)), value=causal)
        case tree.Call(_, _, parameters):
            ones = tuple(
                tree.Named(parameter, "≡", ONE) if isinstance(parameter, tree.Name) else parameter
                for parameter in parameters
            )
            yield from variants(node, "parameters", with_one_replaced(parameters, ones))


def other_numbers(node: tree.Node, _: Scope) -> Iterator[tree.Node]:
    """Yield a number one up or down; 0 or 1 for ∞."""
    match node:
        case tree.Number(value):
            yield from (tree.Number(other) for other in (value - 1, value + 1) if other >= 0)
        case tree.Mark(numeral):
            yield from (tree.Mark(other) for other in (numeral - 1, numeral + 1) if other >= 0)
        case tree.Infinity():
            yield from (tree.Number(0), ONE)


#: What may stand for a node, by what the change is called.
RULES: Mapping[str, Callable[[tree.Node, Scope], Iterator[tree.Node]]] = {
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


def variants(node: tree.Node, part: str, values: Iterable[Any]) -> Iterator[Any]:
    """Yield a node with each of the values, in turn, in the place of one of its parts."""
    return (replace(node, **{part: value}) for value in values)


def exchanges(items: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """Yield the items with two of them in each other's place: (b, a, c), (c, b, a), (a, c, b)."""
    for first, second in combinations(range(len(items)), 2):
        yield replaced(replaced(items, first, items[second]), second, items[first])


def omissions(items: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """Yield the items without one of them, if another is left: (b, c), (a, c), (a, b)."""
    if len(items) > 1:
        yield from (items[:place] + items[place + 1 :] for place in range(len(items)))


def with_one_replaced(items: tuple[T, ...], others: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """Yield the items with one of them replaced: (A, b, c), (a, B, c), (a, b, C)."""
    yield from (replaced(items, place, other) for place, other in enumerate(others))


def replaced(items: tuple[T, ...], place: int, item: T) -> tuple[T, ...]:
    """Return the items with another in one place."""
    return (*items[:place], item, *items[place + 1 :])


def neighbours(node: Any) -> Iterator[Any]:
    """Yield `a + 1` and `a − 1` of `a`; nothing of a number, which has a rule of its own."""
    match node:
        case tree.All() | tree.Slice() | tree.Number() | tree.Binary("+" | "−", _, tree.Number()):
            return
    yield from (tree.Binary(sign, node, ONE) for sign in ("+", "−"))


def moved(node: Any, step: int) -> Any:
    """Return `a + 2` of `a + 1`, `a + 1` of `a`, 2 of 1: a place further up or down by a step."""
    match node:
        case tree.Number(value) if value + step >= 0:
            return tree.Number(value + step)
        case tree.Binary("+", left, tree.Number(value)) if value + step >= 0:
            return replace(node, right=tree.Number(value + step)) if value + step else left
    return tree.Binary("+" if step > 0 else "−", node, tree.Number(abs(step)))


def changes(node: tree.Node, scope: Scope) -> Iterator[tuple[str, tree.Node]]:
    """Yield a node with one part of it changed, in every way, and what the change is called."""
    for change, rule in RULES.items():
        yield from ((change, other) for other in rule(node, scope))
    inner_scope = scope.within(node)
    for part in fields(node):
        value: Any = getattr(node, part.name)
        items = value if isinstance(value, tuple) else (value,)
        for place, child in enumerate(items):
            if not isinstance(child, tree.Node) or _is_spelling(node, child, scope):
                continue
            for change, other in changes(child, inner_scope):
                changed = replaced(value, place, other) if isinstance(value, tuple) else other
                yield from ((change, it) for it in variants(node, part.name, [changed]))


def _is_spelling(node: tree.Node, child: tree.Node, scope: Scope) -> bool:
    """Say whether a script is only part of a name, as `mlp1` or `e/d`, and not an index."""
    if not isinstance(node, tree.Name) or isinstance(child, tree.Mark):
        return False
    variable = variable_of(scope.checked, node)
    return variable is not None and child is not variable.index
