"""Changes of a statement of the reference, each in one place of its syntax tree.

A change is made by kind and not by algorithm: each kind is tried wherever it applies. What is left
out: annotations, strings, and what only warns or refuses; an argument that says no more than which
array library to ask. Of several names that are unpacked together only neighbours are swapped. A
name is replaced by each that is assigned further up, of whatever kind, but not by what an earlier
turn of a loop has left further down.

Some changes are left out because they provably change nothing: the last place of an axis of length
1 for its first; a function for another of which only the variables have other names; another name
for a variable that no statement reads, of a loop that runs once.
"""

from __future__ import annotations

import ast
import copy
import inspect
import itertools
import textwrap
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import algorithms
from algorithms.signatures.arrays import Namespace
from mutants.mutant import Mutant
from mutants.statements import Site, Source, _arguments

OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult, ast.Pow)
COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
LEFT_OUT = {"annotation", "returns", "decorator_list", "ctx"}
#: Which argument says only what library to ask, and on what device; any array says the same.
LIKE = {"namespace": 0, "device": 0, "arange": 1}
#: The functions that the paper's part of the reference asks of an array library: one that only an
#: algorithm of ours asks for does not change what the others' mutants are.
LIBRARY = tuple(
    name
    for name, value in vars(Namespace).items()
    if inspect.isfunction(value)
    and any(
        f".{name}(" in file.read_text(encoding="utf-8")
        for room in ("paper", "signatures", "checkpoints")
        for file in (Path(algorithms.__file__).parent / room).glob("*.py")
    )
)

Change = tuple[str, ast.AST]


def changes(code: Source) -> Iterator[Mutant]:
    """Every change of every statement of a function."""
    for site in code.sites:
        seen = {site.text}
        for kind, after in _changes(site, code):
            if after not in seen:
                seen.add(after)
                yield Mutant(code.line(site), kind, site.text, after)


def _changes(site: Site, code: Source) -> Iterator[tuple[str, str]]:
    node = copy.deepcopy(site.node)
    single = {id(place) for place in single_places(node, code)}
    for part, put in _slots(node):
        for kind, other in _others(part, site, code):
            if id(part) in single and ast.unparse(other) == "-1":
                continue
            put(other)
            yield kind, ast.unparse(node)
            put(part)
    rebinds = set(site.assigns) <= set(site.scope)
    if isinstance(node, ast.Assign) and rebinds:
        yield "drop the statement", "pass"


def single_places(node: ast.AST, code: Source) -> Iterator[ast.expr]:
    """Every 0 of a statement that is the only place of an axis: of `a[..., None][..., 0]`."""
    for part in ast.walk(node):
        match part:
            case ast.Subscript(array, ast.Tuple([*_, ast.Constant(0) as place])):
                if _ends_with_1(array, code):
                    yield place


def _ends_with_1(array: ast.expr, code: Source) -> bool:
    """Whether the last axis of an array is sure to have length 1."""
    match array:
        case ast.Subscript(_, ast.Tuple([*_, ast.Constant(None)])):
            return True
        case ast.BinOp(_, ast.MatMult(), right):
            return _ends_with_1(right, code)
        case ast.BinOp(left, ast.Div(), ast.Call(ast.Attribute(ast.Name("math")))):
            return _ends_with_1(left, code)
        case ast.Call(ast.Name("softmax"), [argument]):
            return _ends_with_1(argument, code)
        case ast.Name(name):
            assigned = [one.node for one in code.sites if name in one.assigns]
            match assigned:
                case [ast.Assign([ast.Name()], value)]:
                    return _ends_with_1(value, code)
    return False


@cache
def body_of(function: Callable[..., Any]) -> str:
    """The statements of a function, its variables numbered in the order of their first use."""
    source = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.FunctionDef), "it is the source of a function"
    numbers: dict[str, int] = {part.arg: at for at, part in enumerate(_arguments(definition))}
    body = definition.body[ast.get_docstring(definition) is not None :]
    for node in (node for statement in body for node in ast.walk(statement)):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                numbers.setdefault(node.id, len(numbers))
            node.id = f"variable {numbers[node.id]}" if node.id in numbers else node.id
    return "\n".join(map(ast.dump, body))


def _slots(node: ast.AST) -> Iterator[tuple[ast.AST, Callable[[ast.AST], None]]]:
    """Every part of a statement, and what puts another in its place."""
    for name, value in ast.iter_fields(node):
        if name in LEFT_OUT:
            continue
        if isinstance(value, list):
            like = LIKE.get(ast.unparse(node.func)) if isinstance(node, ast.Call) else None
            for at, one in enumerate(value):
                if at == like:
                    continue
                yield one, partial(value.__setitem__, at)
                yield from _slots(one)
        elif isinstance(value, ast.AST):
            yield value, partial(setattr, node, name)
            yield from _slots(value)


def _others(part: ast.AST, site: Site, code: Source) -> Iterator[Change]:
    """What may stand in the place of a part of a statement."""
    unpacked = len(site.assigns) > 1
    match part:
        case ast.operator():
            yield from (("exchange an operator", kind()) for kind in OPERATORS)
        case ast.cmpop():
            alike = (ast.Is, ast.IsNot) if isinstance(part, ast.Is | ast.IsNot) else COMPARISONS
            yield from (("exchange a comparison", kind()) for kind in alike)
        case ast.boolop():
            yield from (("exchange an operator", kind()) for kind in (ast.And, ast.Or))
        case ast.BoolOp(values=values):
            yield from (("drop an operand", value) for value in values)
        case ast.BinOp():
            yield from _operands(part)
        case ast.UnaryOp(ast.USub(), operand):
            yield "drop a sign", operand
        case ast.IfExp(test, body, orelse):
            yield "swap branches", ast.IfExp(test, orelse, body)
        case ast.Name(name, ast.Load()) if name in site.scope:
            yield from (("exchange a name", ast.Name(other)) for other in site.scope)
        case ast.Name(name, ast.Store()) if not unpacked:
            names = site.scope
            if isinstance(site.node, ast.For) and code.is_unread(name, site):
                names = tuple(other for other in names if not code.is_unread(other, site))
            yield from (("assign another name", ast.Name(other)) for other in names)
        case ast.arg(annotation=annotation):
            yield from (("assign another name", ast.arg(name, annotation)) for name in site.scope)
        case ast.Tuple(elements, ast.Store()):
            for pair in itertools.pairwise(range(len(elements))):
                yield "swap targets", ast.Tuple(_swapped(elements, *pair))
        case ast.Constant(bool(value)):
            yield "exchange a flag", ast.Constant(not value)
        case ast.Constant(int(value)):
            yield from (("change a number", ast.Constant(value + step)) for step in (1, -1))
        case ast.Attribute():
            yield from _attributes(part, code)
        case ast.Slice(lower, upper):
            yield "drop an end", ast.Slice(None, upper)
            yield "drop an end", ast.Slice(lower, None)
        case ast.Subscript(value):
            yield "drop a subscript", value
            yield from _subscripts(part)
        case ast.Call():
            yield from _calls(part, code)


def _operands(part: ast.BinOp) -> Iterator[Change]:
    left, op, right = part.left, part.op, part.right
    yield "drop an operand", left
    yield "drop an operand", right
    if not isinstance(op, ast.Add | ast.Mult):
        yield "swap operands", ast.BinOp(right, op, left)
    if isinstance(op, ast.MatMult):
        yield "add .mT", ast.BinOp(ast.Attribute(left, "mT"), op, right)
        yield "add .mT", ast.BinOp(left, op, ast.Attribute(right, "mT"))


def _attributes(part: ast.Attribute, code: Source) -> Iterator[Change]:
    whole, name = part.value, part.attr
    if name == "mT":
        yield "drop .mT", whole
    if name == "inf":
        yield "make ∞ finite", ast.Constant(1e9)
    if isinstance(whole, ast.Name) and name in code.fields.get(whole.id, ()):
        alike = code.fields[whole.id]
        yield from (("exchange a field", ast.Attribute(whole, other)) for other in alike)
    elif name in LIBRARY:
        yield from (("exchange a function", ast.Attribute(whole, other)) for other in LIBRARY)


def _subscripts(part: ast.Subscript) -> Iterator[Change]:
    axes = part.slice.elts if isinstance(part.slice, ast.Tuple) else []
    for at, axis in enumerate(axes):
        others = [*axes[:at], *axes[at + 1 :]]
        if isinstance(axis, ast.Constant) and axis.value is None:
            left = others[0] if len(others) == 1 else ast.Tuple(others)
            yield "drop None", ast.Subscript(part.value, left)
            for place in range(len(axes)):
                moved = [*others[:place], axis, *others[place:]]
                yield "swap axes", ast.Subscript(part.value, ast.Tuple(moved))
    for pair in itertools.pairwise(range(len(axes))):
        yield "swap axes", ast.Subscript(part.value, ast.Tuple(_swapped(axes, *pair)))


def _calls(part: ast.Call, code: Source) -> Iterator[Change]:
    function, arguments, keywords = part.func, part.args, part.keywords
    if arguments:
        yield "drop a call", arguments[0]
    for pair in itertools.combinations(range(len(arguments)), 2):
        yield "swap arguments", ast.Call(function, _swapped(arguments, *pair), keywords)
    for at in range(len(arguments)):
        rest = [*arguments[:at], *arguments[at + 1 :]]
        yield "drop an argument", ast.Call(function, rest, keywords)
    for at in range(len(keywords)):
        rest = [*keywords[:at], *keywords[at + 1 :]]
        yield "drop a keyword", ast.Call(function, arguments, rest)
    if isinstance(function, ast.Name):
        own = code.globals.get(function.id)
        for name in code.functions:
            if not inspect.isfunction(own) or body_of(own) != body_of(code.globals[name]):
                yield "exchange a function", ast.Call(ast.Name(name), arguments, keywords)


def _swapped(parts: Sequence[Any], first: int, second: int) -> list[Any]:
    swapped = list(parts)
    swapped[first], swapped[second] = swapped[second], swapped[first]
    return swapped
