"""Does a function declare the shapes that the pseudocode declares?

Both sides are plain data, a line for each array at any depth:

    theta.layers[L].W.W_qkv.W_q    float H d_attn d_e
    x[N_data]                      integer<N_V ell

They are equal up to what Python adds to the paper:

- `*batch`, or `*#batch`, may lead what is no parameter, and parameters that others have by heads;
- `ell` may follow, for all tokens at once, where the algorithm takes one;
- `H` leads what is declared for h ∈ [H], and `T` follows what is for t ∈ [T]: stacked;
- a tuple holds all l ∈ [L], and has a name of its own; a sequence holds all n ∈ [N_data].

The length of a sequence has no name in a head; a function gives it one that is no other size's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeGuard

from spec import symbols
from spec.language.header import Header, instance
from spec.language.plain_text import text
from spec.language.polynomials import ONE, Atom, Poly
from spec.language.tree import (
    Declaration,
    Declarations,
    Naturals,
    Node,
    Program,
    Reals,
    Vocabulary,
)
from spec.language.types import N_V, Bundle, Family, Key, Matrix, Tokens, Type, Whole, sizes_of

#: The indices whose families are stacked, into an axis in front or behind.
FRONT, BEHIND = "h", "t"

Condition = tuple[Poly, bool]  # what is at least 0, or, where True stands, more


class Declared(NamedTuple):
    """What a function declares: its arguments in their order, then `return`."""

    function: str
    shapes: Mapping[str, str]
    defaults: Mapping[str, object] = {}
    requires: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What a function must declare.

    Attributes
    ----------
    text
        What the pseudocode declares.
    below
        The size that all entries are below, if they are indices.
    length
        Whether the axis is a length, which the function names.
    leads, each
        Whether `*batch` may lead, whether `ell` may follow.
    """

    text: str
    kind: str
    axes: tuple[Poly, ...] = ()
    below: Poly | None = None
    length: bool = False
    leads: bool = False
    each: bool = False


@dataclass(frozen=True)
class Difference:
    """One thing in which an algorithm and a function differ."""

    algorithm: str
    name: str
    problem: str

    def __str__(self) -> str:
        return f"Algorithm {self.algorithm}, {self.name}: {self.problem}"


def wanted(header: Header, headers: Mapping[str, Header]) -> dict[str, Wanted]:
    """Return what a function must declare, in order, with every field of θ at every depth."""
    return dict(_Reader(header, headers).all())


def differences(
    program: Program, headers: Mapping[str, Header], declared: Declared
) -> list[Difference]:
    """Compare an algorithm with a function; `headers` are those of all algorithms."""
    return list(_Comparison(program, headers, declared).all())


class _Reader:
    """Reads a head as Python would declare it."""

    def __init__(self, header: Header, headers: Mapping[str, Header]) -> None:
        self.header = header
        self.headers = headers
        self.by_heads = {
            part.member.algorithm
            for other in headers.values()
            for part in other.fields.values()
            if isinstance(part, Family) and part.index.name == FRONT
            if isinstance(part.member, Bundle)
        }

    def all(self) -> Iterator[tuple[str, Wanted]]:
        head = self.header
        each = all(_is_of_one_token(type) for _, type in head.inputs)
        for key, type in head.inputs:
            yield from self.argument(_argument(key, type), type, leads=True, each=each)
        for key, type in head.parameters:
            leads = key in head.hyperparameters  # a mask
            yield from self.argument(_argument(key, type), type, leads=leads)
        for key, type in _by_name(head):
            yield from self.argument(_argument(key, type), type, leads=True)
        yield from self.argument("return", head.output[1], leads=True, each=each)

    def argument(
        self, name: str, type: Type, *, leads: bool, each: bool = False
    ) -> Iterator[tuple[str, Wanted]]:
        if isinstance(type, Bundle):
            leads = type.algorithm in self.by_heads
        elif _is_tuple(type):
            name, type, leads = f"{name}[{_python(type.count)}]", type.member, False
        for path, one in self.parts(name, type):
            yield path, replace(one, leads=leads, each=each)

    def parts(self, path: str, type: Type) -> Iterator[tuple[str, Wanted]]:
        """Yield every array within."""
        match type:
            case Bundle(algorithm, sizes):
                for key, part in self.headers[algorithm].fields.items():
                    at, part = path, instance(part, dict(sizes))
                    if _is_tuple(part):  # θ[L].W is all of W_l
                        at, part = f"{path}[{_python(part.count)}]", part.member
                    yield from self.parts(f"{at}.{symbols.ascii(key.glyph)}", part)
            case Family(index, count, member):
                axis = (_python(count),)
                for name, one in self.parts(path, member):
                    axes = axis + one.axes if index.name == FRONT else one.axes + axis
                    yield name, replace(one, text=f"{count} times {one.text}", axes=axes)
            case _:
                yield path, self.part(type)

    def part(self, type: Type) -> Wanted:
        match type:
            case Matrix(rows, columns, bits):
                sizes = (rows,) if columns == ONE else (rows, columns)
                axes = () if type.entries == ONE else tuple(map(_python, sizes))
                return Wanted(str(type), "bool" if bits else "float", axes)
            case Tokens(length):
                return Wanted(str(type), "integer", (length,), _python(N_V), length=True)
            case Whole(value, high):
                index = None if value is None else value.atom
                if index is not None and index in self.header.bounds:
                    _, high = self.header.bounds[index]
                return Wanted(str(type), "integer", below=None if high is None else _python(high))
        raise AssertionError(f"nothing is declared to be {type}")


class _Comparison:
    """Finds the differences, and on the way what the function calls the lengths."""

    def __init__(self, program: Program, headers: Mapping[str, Header], declared: Declared) -> None:
        self.program = program
        self.header = headers[program.id]
        self.wanted = wanted(self.header, headers)
        self.declared = declared
        self.paths: dict[str, str] = {}
        for path in declared.shapes:
            unnamed = re.sub(r"\.\w+\[", "[", path)  # a tuple's name is Python's own
            self.paths[path if unnamed in self.paths else unnamed] = path
        self.sizes = {
            _python(type.value)
            for type in self.header.variables.values()
            if isinstance(type, Whole) and type.value is not None
        }
        self.lengths: dict[Atom, Poly] = {}
        self.tokens: tuple[str, tuple[Poly, ...]] | None = None
        self.leads = any(
            _parsed(line)[2] for name, line in declared.shapes.items() if name != "return"
        )

    def all(self) -> Iterator[Difference]:
        for path, want in self.wanted.items():
            if path in self.paths:
                yield from self.shape(path, want)
            else:
                problem = f"the spec declares {want.text}, {self.declared.function} has none"
                yield self.difference(path, problem)
        for path, name in self.paths.items():
            if path not in self.wanted:
                yield self.difference(name, "the spec has none")
        yield from self.order()
        yield from self.defaults()
        yield from self.requirements()

    def difference(self, name: str, problem: str) -> Difference:
        return Difference(self.program.id, name, problem)

    def shape(self, path: str, want: Wanted) -> Iterator[Difference]:
        name, function = self.paths[path], self.declared.function
        written = self.declared.shapes[name]
        kind, below, leads, axes = _parsed(written)
        if want.length and len(axes) == 1:
            self.note(want.axes[0], axes[0])
        count = len(want.axes)
        own, more = axes[:count], axes[count:]
        if (
            kind != want.kind
            or below not in (None, want.below)
            or own != tuple(axis.replace(self.lengths) for axis in want.axes)
            or (leads and not want.leads)
            or (more and not (want.each and len(more) == 1 and self.is_new(more[0])))
        ):
            yield self.difference(name, f"the spec declares {want.text}, {function} has {written}")
            return
        if want.each:
            self.tokens = self.tokens or (name, more)
            first, other = self.tokens
            if more != other:
                problem = f"{written} is not for as many tokens as {first}"
                yield self.difference(name, problem)
        if path == "return" and want.leads and leads != self.leads:
            problem = "no argument has" if leads else "an argument has"
            yield self.difference(name, f"{function} has {written}, but {problem} leading axes")

    def is_new(self, axis: Poly) -> bool:
        return axis.atom is not None and axis not in {*self.sizes, *self.lengths.values()}

    def note(self, length: Poly, axis: Poly) -> None:
        """Note what the function calls a length."""
        if length.atom is not None and length.atom not in self.lengths and self.is_new(axis):
            self.lengths[length.atom] = axis

    def order(self) -> Iterator[Difference]:
        """Compare the order of arguments and fields, those left out that are given by name."""
        free = {"return", *(_argument(key, type) for key, type in _by_name(self.header))}
        common = [path for path in self.wanted if path in self.paths and path not in free]
        have = [path for path in self.paths if path in common]
        for path, want in zip(have, common, strict=True):
            if path != want:
                problem = f"{self.declared.function} has it where the spec has {want}"
                yield self.difference(self.paths[path], problem)
                return

    def defaults(self) -> Iterator[Difference]:
        for key, want in self.header.defaults.items():
            name = symbols.ascii(key.glyph)
            have = self.declared.defaults.get(name)
            if name in self.paths and have != want:
                problem = f"the spec's default is {want}, {self.declared.function}'s is {have}"
                yield self.difference(name, problem)

    def requirements(self) -> Iterator[Difference]:
        spec = dict(self.required())
        function = {rule: _conditions(rule) for rule in self.declared.requires}
        # No sequence is ever empty, said or not.
        always = {
            (want.axes[0].replace(self.lengths) - 1, False)
            for want in self.wanted.values()
            if want.length
        }
        for rule, parts in spec.items():
            if not parts <= always.union(*function.values()):
                yield self.difference(rule, f"{self.declared.function} does not require it")
        for rule, parts in function.items():
            if not parts or not parts <= always.union(*spec.values()):
                yield self.difference(rule, "the spec does not require it")

    def required(self) -> Iterator[tuple[str, set[Condition]]]:
        given = {key.glyph for key, _ in _by_name(self.header)}
        for row in self.program.section("Hyperparameters"):
            for item in row.node.items if isinstance(row.node, Declarations) else ():
                for name in map(text, item.names):
                    if isinstance(item, Declaration) and name in given:
                        parts = _range(Poly.of(Atom(symbols.ascii(name))), item.kind)
                        yield f"{name} ∈ {text(item.kind)}", parts
        for one in self.header.requirements:
            yield one.text, {(_python(one.excess).replace(self.lengths), False)}


def _is_tuple(type: Type) -> TypeGuard[Family]:
    return isinstance(type, Family) and type.index.name not in (FRONT, BEHIND)


def _is_of_one_token(type: Type) -> bool:
    return isinstance(type, Whole) or (isinstance(type, Matrix) and type.columns == ONE)


def _argument(key: Key, type: Type) -> str:
    """Return the name of an argument; `z` is all of `z_n`."""
    return symbols.ascii(symbols.lookup(key.glyph).stem if _is_tuple(type) else key.glyph)


def _by_name(header: Header) -> Iterator[tuple[Key, Type]]:
    """Yield what is given by its name: hyperparameters that no shape tells."""
    given = (*header.inputs, *header.parameters)
    told = set[Atom]().union(*(sizes_of(type) for _, type in given))
    for key, type in header.hyperparameters.items():
        size = type.value if isinstance(type, Whole) else None
        if not any(key == other for other, _ in given) and (size is None or size.atom not in told):
            yield key, type


def _python(size: Poly) -> Poly:
    """Return a size with Python's names, but for lengths."""
    return size.replace(
        {
            atom: Poly.of(Atom(symbols.ascii(atom.name)))
            for atom in size.atoms
            if not atom.name.startswith("length(")
        }
    )


def _range(value: Poly, kind: Node) -> set[Condition]:
    match kind:
        case Naturals():
            return {(value, False)}
        case Vocabulary():  # counted from 0
            return {(value, False), (_python(N_V) - value, True)}
        case Reals((), ("0", "1")):
            return {(value, True), (1 - value, True)}
        case Reals((), ("0", "∞")):
            return {(value, True)}
    return set()


def _parsed(written: str) -> tuple[str, Poly | None, bool, tuple[Poly, ...]]:
    """Read `integer<N_V *batch ell`."""
    first, *axes = written.split()
    kind, _, below = first.partition("<")
    leads = axes[:1] in (["*batch"], ["*#batch"])
    return kind, _size(below) if below else None, leads, tuple(map(_size, axes[leads:]))


def _size(written: str) -> Poly:
    """Read `H*d_mid`; what is no polynomial is a name for itself."""
    try:
        return _polynomial(ast.parse(written, mode="eval").body)
    except (SyntaxError, ValueError):
        return Poly.of(Atom(written))


def _conditions(rule: str) -> set[Condition]:
    """Read `0 <= mask_token < N_V`; what is no comparison of polynomials is no condition."""
    try:
        tree = ast.parse(rule, mode="eval").body
        if not isinstance(tree, ast.Compare):
            return set()
        sides = [_polynomial(side) for side in (tree.left, *tree.comparators)]
        return {
            _condition(left, operator, right)
            for left, operator, right in zip(sides, tree.ops, sides[1:], strict=False)
        }
    except (SyntaxError, ValueError):
        return set()


def _condition(left: Poly, operator: ast.cmpop, right: Poly) -> Condition:
    match operator:
        case ast.LtE() | ast.Lt():
            return right - left, isinstance(operator, ast.Lt)
        case ast.GtE() | ast.Gt():
            return left - right, isinstance(operator, ast.Gt)
    raise ValueError(operator)


def _polynomial(node: ast.expr) -> Poly:
    match node:
        case ast.Name(name):
            return Poly.of(Atom(name))
        case ast.Constant(int() as value):
            return Poly.of(value)
        case ast.BinOp(left, ast.Add(), right):
            return _polynomial(left) + _polynomial(right)
        case ast.BinOp(left, ast.Sub(), right):
            return _polynomial(left) - _polynomial(right)
        case ast.BinOp(left, ast.Mult(), right):
            return _polynomial(left) * _polynomial(right)
    raise ValueError(node)
