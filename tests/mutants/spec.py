"""Mutants of the pseudocode: each line with one part of it replaced, by rules that know no line.

A rule says what may stand for a node; a walk puts that into the line. A mutant is the text of
its line, so that it is read, checked and run as the line itself is.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from itertools import combinations
from typing import Any, TypeVar

from cases import SINGLE, TRAINING, case

from mutants.mutant import Fate, Mutant, Verdict
from spec.conformance.probe import Observation
from spec.conformance.tie import Case, Expected
from spec.language import layout
from spec.language.calls import ENTRYWISE
from spec.language.check import Checked, check
from spec.language.errors import SpecError
from spec.language.names import Variable
from spec.language.parse import row, statement
from spec.language.text import text
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
    Line,
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
    walk,
)
from spec.language.types import HOLE, SCALAR, Key, Matrix, Whole
from spec.library import checked
from spec.pairing import implementations

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
        What can be called, of one argument or of several.
    running
        The indices that have a value.
    """

    checked: Checked
    names: Mapping[Key, Name]
    counts: tuple[Name, ...]
    functions: tuple[str, ...]
    running: tuple[Name, ...] = ()

    def within(self, node: Node) -> Scope:
        """What the parts of a node have around them: what it binds, too."""
        match node:
            case For(_, binder) | Sum(binder) | Collect(binder):
                return replace(self, running=(*self.running, *binder.names))
            case Named(Index(_, subscripts)):
                bound = (one for one in subscripts if isinstance(one, Name))
                return replace(self, running=(*self.running, *bound))
        return self

    def variable(self, name: Name) -> Variable | None:
        """Which variable a name is, if it is one."""
        for found in (self.checked.names.uses, self.checked.names.targets):
            if name in found and isinstance(variable := found[name], Variable):
                return variable
        return None

    def is_matrix(self, node: Node) -> bool:
        """Whether a part of the line is a matrix, or a vector."""
        types = self.checked.typing.types
        return node in types and isinstance(types[node], Matrix) and types[node] != SCALAR

    def is_number(self, node: Node) -> bool:
        """Whether a part of the line is a single number."""
        types = self.checked.typing.types
        return node in types and (types[node] == SCALAR or isinstance(types[node], Whole))


# Rules --------------------------------------------------------------------------------------------


def exchanged_operands(node: Node, scope: Scope) -> Iterator[Node]:
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
    match node:
        case Binary(_, left, right):
            yield from (left, right)
        case Columns(items) | Rows(items):
            yield from (replace(node, items=other) for other in omissions(items))
        case Call(_, _, parameters):
            yield from (replace(node, parameters=other) for other in omissions(parameters))


def dropped_functions(node: Node, _: Scope) -> Iterator[Node]:
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
    """An index, or the place in a sequence, one up or down; a whole axis at one place."""
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
    """Every other name of the algorithm; a member of a family with the index in hand."""
    if not isinstance(node, Name) or (variable := scope.variable(node)) is None:
        return
    for key, name in scope.names.items():
        if not key.is_family:
            yield name
            continue
        indices = scope.running if variable.index is None else (variable.index,)
        for index in indices:
            script = "above" if key.above == HOLE else "below"
            yield replace(name, **{script: index})


def other_operators(node: Node, _: Scope) -> Iterator[Node]:
    match node:
        case Binary(operator):
            yield from (replace(node, operator=other) for other in OPERATORS[operator])
        case Columns(items):
            yield Rows(items)
        case Rows(items):
            yield Columns(items)


def other_functions(node: Node, scope: Scope) -> Iterator[Node]:
    match node:
        case Call(_, (argument,), ()):
            yield from (Prefix(name, argument) for name in PREFIXES)
            yield from (replace(node, function=name) for name in (*CALLED, *scope.functions))
        case Call():
            yield from (replace(node, function=name) for name in scope.functions)
        case Prefix(_, operand):
            yield from (replace(node, function=name) for name in PREFIXES)
            yield from (Call(name, (operand,)) for name in CALLED)


def other_comparisons(node: Node, _: Scope) -> Iterator[Node]:
    match node:
        case Compare():
            yield from (replace(node, operator=other) for other in COMPARISONS)


def other_masks(node: Node, _: Scope) -> Iterator[Node]:
    """What is given by an equation: by 1, or causal, forwards and backwards."""
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
    """The items with two of them exchanged."""
    for first, second in combinations(range(len(items)), 2):
        yield put(put(items, first, items[second]), second, items[first])


def omissions(items: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """The items without one of them, if one is left."""
    if len(items) > 1:
        yield from (items[:place] + items[place + 1 :] for place in range(len(items)))


def places(items: tuple[T, ...], others: Sequence[T]) -> Iterator[tuple[T, ...]]:
    """The items with the other one at one place."""
    yield from (put(items, place, other) for place, other in enumerate(others))


def put(items: tuple[T, ...], place: int, item: T) -> tuple[T, ...]:
    return (*items[:place], item, *items[place + 1 :])


def neighbours(node: Any) -> Iterator[Any]:
    """A number one up and down; where one stands already, it is a number like any."""
    match node:
        case All() | Slice() | Number() | Binary("+" | "−", _, Number()):
            return
    yield from (Binary(sign, node, ONE) for sign in ("+", "−"))


# Mutants ------------------------------------------------------------------------------------------


def mutants() -> Iterator[Mutant]:
    """Every mutant of every line; none is written like its line, or like one before it."""
    for id in checked():
        if id.isdecimal():
            for line in checked()[id].program.body:
                yield from _of_block(line, _scope(id))


def _of_block(line: Line, scope: Scope) -> Iterator[Mutant]:
    name, before = f"{scope.checked.id}.{line.number}", line.layout.text
    seen = {before}
    for change, node in rewritten(line.statement, scope):
        if (after := text(node)) not in seen:
            seen.add(after)
            yield Mutant(name, change, before, after)
    inside = scope.within(line.statement)
    for inner in line.body:
        yield from _of_block(inner, inside)


def rewritten(node: Node, scope: Scope) -> Iterator[tuple[str, Node]]:
    """A node with one part of it replaced, and what the change is called."""
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
                yield change, replace(node, **{part.name: new})


def _is_spelling(node: Node, child: Node, scope: Scope) -> bool:
    """Whether a script is part of a name, and stands for nothing: `mlp1`, `e/d`."""
    if not isinstance(node, Name) or isinstance(child, Mark):
        return False
    variable = scope.variable(node)
    return variable is not None and child is not variable.index


@cache
def _scope(id: str) -> Scope:
    one = checked()[id]
    names: dict[Key, Name] = {}
    for line in one.program.lines:
        for node in walk(line.statement):
            if isinstance(node, Name) and (found := Scope(one, {}, (), ()).variable(node)):
                names.setdefault(found.key, node)
    for key in one.header.variables:
        names.setdefault(key, row(f"return {key}", "statement", id, "declared").value)
    counts = tuple(
        names[key]
        for key, type in one.header.variables.items()
        if isinstance(type, Whole) and type.value is not None
    )
    defined = [str(key) for _, key in one.names.functions.items()]
    algorithms = [other.header.function for other in checked().values() if other.header.function]
    return Scope(one, names, counts, tuple(dict.fromkeys((*algorithms, *defined))))


# Verdicts -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Draw:
    """Which inputs: a seed, sizes other than those that are usual, whether in a batch."""

    seed: int
    sizes: Mapping[str, int] = field(default_factory=dict)
    batched: bool = False


#: Small, since most mutants differ on any inputs.
SMALL = {
    "N_V": 7, "ℓ_max": 9, "L": 2, "L_enc": 2, "L_dec": 2, "H": 2, "ℓ_gen": 2,
    "d_e": 4, "d_attn": 3, "d_mid": 5, "d_mlp": 6, "d_f": 5, "length(x)": 3, "length(z)": 5,
}  # fmt: skip
#: Smaller still, for what takes derivatives.
LEAST = {
    "N_V": 7, "ℓ_max": 6, "L": 1, "L_enc": 1, "L_dec": 1, "H": 1, "d_e": 3, "d_attn": 2,
    "d_mid": 4, "d_mlp": 5, "d_f": 4, "length(x_n)": 2, "length(z_n)": 3, "N_epochs": 1,
}  # fmt: skip
#: Each loop with turns of its own, so that the bound of one is not that of another.
LONGER = {**LEAST, "N_epochs": 2, "N_data": 1}
DEEPER = {**LEAST, "L": 2, "L_enc": 2, "L_dec": 2, "H": 2, "N_epochs": 2}
UNEQUAL = {"L": 3, "L_enc": 3, "L_dec": 1, "H": 2, "length(x)": 7, "length(z)": 4}
#: So few tokens that the end of the text is drawn: with these seeds, at the second or third turn.
ENDING = {**SMALL, "N_V": 4, "H": 3}
ENDS = (27, 12)


def draws(id: str) -> list[Draw]:
    """What a mutant runs on, one after the other until there is a difference."""
    if id in TRAINING:
        # With this seed, tokens on either side of mask_token are masked, and are not.
        return [Draw(8, LEAST), Draw(9, LONGER), Draw(2, DEEPER)]
    if id == "15":
        return [Draw(0, SMALL), *(Draw(seed, ENDING) for seed in ENDS), Draw(1)]
    found = [Draw(0, SMALL), Draw(1), Draw(2), Draw(3, UNEQUAL)]
    return found if id in SINGLE else [*found, Draw(4, batched=True)]


@cache
def observed(id: str, place: int) -> tuple[Case, Observation]:
    """One of the draws, and what the reference does on it; to be run once."""
    draw = draws(id)[place]
    inputs = case(id, draw.seed, batched=draw.batched, **draw.sizes)
    return inputs, Expected(checked(), id, inputs).observe(implementations("algorithms")[id])


def mutated(mutant: Mutant) -> Checked:
    """The algorithm with the line replaced.

    Raises
    ------
    SpecError
        If that is no algorithm.
    """
    id, _, number = mutant.line.partition(".")
    program = checked()[id].program
    lines = tuple(
        replace(line, text=mutant.after) if line.number == int(number) else line
        for line in program.layout.lines
    )
    whole = layout.read(layout.write(replace(program.layout, lines=lines)), program.layout.path)
    new = statement(whole.lines[int(number) - 1].text, id, int(number))
    body = tuple(_replaced(line, whole.lines[int(number) - 1], new) for line in program.body)
    headers = {one.id: one.header for one in checked().values()}
    return check(replace(program, layout=whole, body=body), headers)


def _replaced(line: Line, new: layout.Line, statement: Any) -> Line:
    if line.number == new.number:
        line = replace(line, layout=new, statement=statement)
    return replace(line, body=tuple(_replaced(inner, new, statement) for inner in line.body))


def verdict(mutant: Mutant) -> Verdict:
    """What becomes of a mutant."""
    id, _, _ = mutant.line.partition(".")
    try:
        algorithm = mutated(mutant)
    except SpecError as error:
        return Verdict(mutant, Fate.REFUSED, str(error))
    if problem := doubt(algorithm):
        return Verdict(mutant, Fate.REFUSED, problem)
    algorithms = {**checked(), id: algorithm}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for place in range(len(draws(id))):
            inputs, observation = observed(id, place)
            try:
                expected = Expected(algorithms, id, inputs)
            except Exception as error:
                return Verdict(mutant, Fate.REFUSED, f"it raises {type(error).__name__}: {error}")
            for difference in expected.compare(observation).differences:
                fate = Fate.NAMED if difference.line == mutant.line else Fate.CAUGHT
                return Verdict(mutant, fate, str(difference))
    return Verdict(mutant, Fate.SURVIVES)


def doubt(algorithm: Checked) -> str:
    """What the checks cannot prove of an algorithm, or let pass that they did not before."""
    before = checked()[algorithm.id]
    if len(algorithm.open) > len(before.open):
        known = {one.claim for one in before.open}
        new = next((one for one in algorithm.open if one.claim not in known), algorithm.open[0])
        return f"line {new.line}: nothing proves {new.claim}"
    spread = Counter(line for line, _ in algorithm.typing.broadcasts)
    for line, _ in before.typing.broadcasts:
        spread[line] -= 1
    for line, count in spread.items():
        if count > 0:
            return f"line {line}: a number is added to every entry"
    return ""
