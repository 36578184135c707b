"""The type of every expression, with sizes as polynomials; and what must hold of the sizes.

What the paper leaves unsaid, how far `∀t` runs, how long `1ᵀ` is, is an unknown at first. An
equation between sizes that a line asks for either settles an unknown or must hold as it stands,
at once and for all sizes. An inequality is left to be proved when every unknown is settled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

from spec.language.errors import CheckError
from spec.language.header import Header, instance, key, label
from spec.language.names import Names, Raised, Variable
from spec.language.sizes import ONE, ZERO, Atom, Poly, sum_of
from spec.language.text import text
from spec.language.tree import (
    All,
    Assign,
    Binary,
    Binder,
    Bits,
    Call,
    Choose,
    Collect,
    Columns,
    Compare,
    Condition,
    Declaration,
    Dots,
    End,
    Expression,
    Facts,
    For,
    Gradient,
    If,
    Implied,
    Index,
    Infinity,
    Iverson,
    Line,
    Member,
    Name,
    Named,
    Negative,
    Node,
    Not,
    Number,
    Ones,
    Power,
    Prefix,
    Program,
    Range,
    Reals,
    Return,
    Rows,
    Sample,
    Slice,
    Statement,
    Sum,
    Transpose,
    UpTo,
    While,
    walk,
)
from spec.language.types import (
    N_V,
    SCALAR,
    TOKEN,
    Bundle,
    Family,
    Function,
    Key,
    Matrix,
    Subset,
    Tokens,
    Type,
    Whole,
    map_sizes,
    sizes_of,
)

#: Functions of the notation, entry by entry or, softmax, column by column.
ENTRYWISE = ("exp", "log", "GELU", "ReLU")
NOTATION = (*ENTRYWISE, "softmax", "length")


@dataclass(frozen=True)
class Obligation:
    """What must hold of the sizes for a line to make sense: `excess` = 0, or ≥ 0.

    Attributes
    ----------
    line
        The number of the line.
    claim
        What is claimed, in words of the line.
    relation
        `=` or `≥`.
    excess
        The polynomial that is, or is not below, 0.
    node
        What asks for it.
    """

    line: int
    claim: str
    relation: Literal["=", "≥"]
    excess: Poly
    node: Node


@dataclass
class Typing:
    """What is known of an algorithm, once its types are inferred.

    Attributes
    ----------
    types
        The type of each expression.
    indices
        For each binder, the atoms that its names are; for a loop over lines, by its binder too.
    bounds
        Between what an atom lies that is an index, or the length that a `while` grows: the upper
        bound is None if there is none.
    calls
        For each call of an algorithm, the sizes of the callee in those of the caller.
    arguments
        For each call of an algorithm, its inputs with abbreviations undone.
    callees
        For each call of an algorithm, its id.
    made
        For each target that a loop fills entry by entry, the type of what it makes.
    after
        For each line that sets something, the type of each variable that it set.
    obligations
        What the sizes must fulfil.
    broadcasts
        Where a number is added to every entry of a matrix: the line, and the text.
    """

    types: Facts[Type] = field(default_factory=Facts)
    indices: Facts[tuple[Atom, ...]] = field(default_factory=Facts)
    bounds: dict[Atom, tuple[Poly, Poly | None]] = field(default_factory=dict)
    calls: Facts[Mapping[Atom, Poly]] = field(default_factory=Facts)
    arguments: Facts[tuple[Node, ...]] = field(default_factory=Facts)
    callees: Facts[str] = field(default_factory=Facts)
    made: Facts[Type] = field(default_factory=Facts)
    after: dict[int, dict[Key, Type]] = field(default_factory=dict)
    obligations: list[Obligation] = field(default_factory=list)
    broadcasts: list[tuple[int, str]] = field(default_factory=list)


def infer(program: Program, headers: Mapping[str, Header], names: Names) -> Typing:
    """Infer the type of every expression.

    Raises
    ------
    CheckError
        At the first line whose sizes do not agree, or where a type makes no sense.
    """
    return _Inference(program, headers, names).typing()


class _Inference:
    """Goes through the lines in order; `variables` are the types at the line in hand."""

    def __init__(self, program: Program, headers: Mapping[str, Header], names: Names) -> None:
        self.program = program
        self.headers = headers
        self.header = headers[program.id]
        self.functions = {one.function: one for one in headers.values() if one.function}
        self.names = names
        self.found = Typing(bounds=dict(self.header.bounds))
        self.variables: dict[Key, Type] = dict(self.header.variables)
        self.settled: dict[Atom, Poly] = {}
        self.highs: dict[Atom, Atom] = {}  # an index of a ∀ or Σ, and the unknown it runs up to
        self.running: dict[Key, Atom] = {}
        self.serials = count(1)
        self.line = program.body[0]
        self.place = ""

    def error(self, node: Node, problem: str) -> CheckError:
        line = self.line.layout
        text = line.text
        if self.place:
            assert line.claim is not None, "only a claim is said to be after ▷"
            text = line.claim
        place = f"line {line.number}{self.place}"
        return CheckError(self.program.id, place, node.span[0] + 1, text, problem)

    def typing(self) -> Typing:
        self.block(self.program.body)
        return self.all_settled()

    # Sizes

    def unknown(self, name: str) -> Poly:
        return Poly.of(Atom(name, "unknown", next(self.serials)))

    def settle(self, size: Poly) -> Poly:
        """Put what has been settled for the unknowns of a size."""
        while known := {a: self.settled[a] for a in _all_atoms(size) if a in self.settled}:
            size = size.replace(known)
        return size

    def now(self, type: Type) -> Type:
        return map_sizes(type, self.settle)

    def equal(self, left: Poly, right: Poly, node: Node) -> bool:
        """Let two sizes be equal: settle an unknown, or note an obligation if it holds."""
        excess = self.settle(left) - self.settle(right)
        unknown = [atom for atom in excess.atoms if atom.kind == "unknown"]
        if unknown:
            newest = max(unknown, key=lambda atom: atom.serial)
            rest, slope, *more = excess.coefficients(newest)
            # What an index has a part in may be out of scope where the unknown is used.
            older = all(atom.serial < newest.serial for atom in _all_atoms(rest))
            if not more and slope in (1, -1) and older:
                self.settled[newest] = rest * -slope
                return True
        if excess == ZERO:
            claim = f"{self.settle(left)} = {self.settle(right)}"
            self.found.obligations.append(Obligation(self.line.number, claim, "=", excess, node))
        return excess == ZERO

    def at_least_0(self, excess: Poly, claim: str, node: Node) -> None:
        self.found.obligations.append(Obligation(self.line.number, claim, "≥", excess, node))

    def same(self, found: Type, wanted: Type, node: Node, subject: str) -> None:
        """Let a type be as wanted, or say that the subject is not."""
        found, wanted = self.now(found), self.now(wanted)
        if not self.matches(found, wanted, node):
            raise self.error(node, f"{subject} is {self.now(found)}, not {self.now(wanted)}")

    def matches(self, found: Type, wanted: Type, node: Node) -> bool:
        match found, wanted:
            case Matrix(rows, columns, bits), Matrix(wanted_rows, wanted_columns, wanted_bits):
                return (
                    (bits or not wanted_bits)
                    and self.equal(rows, wanted_rows, node)
                    and self.equal(columns, wanted_columns, node)
                )
            case Whole(value, high), Matrix():
                known = None if value is None else value.constant
                return high != N_V and self.matches(Matrix(bits=known in (0, 1)), wanted, node)
            case Whole(), Whole(None, None):
                return True
            case Whole(value), Whole(Poly() as wanted_value):
                return value is not None and self.equal(value, wanted_value, node)
            case Whole(_, high), Whole(None, Poly() as wanted_high):
                if N_V in (high, wanted_high):  # a token is no position, nor is one a token
                    return high == wanted_high
                self.within(found, wanted_high, node)
                return True
            case Tokens(length), Tokens(wanted_length):
                return self.equal(length, wanted_length, node)
            case Bundle(algorithm, sizes), Bundle(wanted_algorithm, wanted_sizes):
                ours = dict(sizes)
                return algorithm == wanted_algorithm and all(
                    self.equal(ours[atom], size, node) for atom, size in wanted_sizes
                )
            case Subset(high), Subset(wanted_high):
                return self.equal(high, wanted_high, node)
            case Family(index, size), Family(count=wanted_size):
                common = Atom(index.name, "index", next(self.serials))
                self.found.bounds[common] = (ONE, size)
                return self.equal(size, wanted_size, node) and self.matches(
                    found.at(Poly.of(common)), wanted.at(Poly.of(common)), node
                )
        return False

    def lasting(self, type: Type, index: Atom, node: Node, subject: str) -> None:
        """Refuse a type that came about in one turn of what an index runs over."""
        type = self.now(type)
        if any(atom.kind == "index" and atom.serial >= index.serial for atom in sizes_of(type)):
            raise self.error(node, f"{subject} is {type}, another in each turn")

    # Lines

    def block(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.line = line
            match line.statement:
                case For(_, binder, None):
                    self.over_lines(line, binder)
                case While(condition):
                    self.repeat(line, condition)
                case statement:
                    self.statement(statement)
                    sets = self.names.sets[line.number]
                    self.found.after[line.number] = {one: self.variables[one] for one in sets}
            self.claims(line)

    def claims(self, line: Line) -> None:
        """Hold the comment after ▷ to what has been inferred."""
        if line.claim is None:
            return
        self.place = ", after ▷"
        for item in line.claim.items:
            match item:
                case Declaration(names, Reals() | Bits() as kind, None) if not line.claim.binder:
                    rows, columns, *_ = [*map(self.size, kind.dimensions), ONE, ONE]
                    for name in names:
                        self.claim(line, name, Matrix(rows, columns, isinstance(kind, Bits)))
                case _:
                    raise self.error(item, "a comment says of what shape a variable is")
        self.place = ""

    def claim(self, line: Line, name: Name, wanted: Matrix) -> None:
        loops = [node.binder for node in walk(line.statement) if isinstance(node, For)]
        indices = [text(index) for binder in loops for index in binder.names]
        variable = key(name, *indices, *(index.glyph for index in self.running))
        if variable not in self.names.sets[line.number]:
            raise self.error(name, f"the line does not set {text(name)}")
        type = self.variables[variable]
        self.same(type.member if isinstance(type, Family) else type, wanted, name, text(name))

    def size(self, node: Node) -> Poly:
        match node:
            case Number(value):
                return Poly.of(value)
            case Binary(" ", left, right):
                return self.size(left) * self.size(right)
            case Name():
                variable = Key(node.base, *map(label, node.scripts))
                type = self.variables.get(variable)
                if isinstance(type, Whole) and type.value is not None:
                    return type.value
        raise self.error(node, f"{text(node)} is no size")

    def over_lines(self, line: Line, binder: Binder) -> None:
        self.bind(binder)
        (index,) = self.found.indices[binder]
        low, high = self.found.bounds[index]
        assert high is not None, "only a length that a `while` grows has no upper bound"
        turn = Poly.of(index)
        starts = {one: self.variables[one] for one in self.names.carried[line.number]}
        growth = self.growth(line, starts)
        for one, start in starts.items():
            self.variables[one] = _carried(start, growth[one] * (turn - low))
        self.block(line.body)
        self.line = line
        for one, start in starts.items():
            self.keeps(one, _carried(start, growth[one] * (turn + 1 - low)), line.statement)
            if growth[one] != ZERO:
                self.at_least_0(high + 1 - low, f"{low} ≤ {high} + 1", line.statement)
            self.variables[one] = _carried(start, growth[one] * (high + 1 - low))
        self.forget(line)
        self.unbind(binder)

    def growth(self, line: Line, starts: Mapping[Key, Type]) -> Mapping[Key, Poly]:
        """Return how much longer a turn makes each sequence, which the first turn shows."""
        growth = dict.fromkeys(starts, ZERO)
        if not any(isinstance(start, Tokens) for start in starts.values()):
            return growth
        first = copy(self)
        first.found = Typing(bounds=dict(self.found.bounds))
        first.variables = self.variables | {one: _carried(starts[one], ZERO) for one in starts}
        first.running, first.settled = dict(self.running), dict(self.settled)
        first.block(line.body)
        for one, start in starts.items():
            after = first.now(first.variables[one])
            if isinstance(start, Tokens) and isinstance(after, Tokens):
                growth[one] = after.length - first.settle(start.length)
                if growth[one].constant is None:
                    problem = f"{one} grows by {growth[one]} tokens a turn, not by one number"
                    raise self.error(line.statement, problem)
        return growth

    def forget(self, line: Line) -> None:
        """Let go what a loop has set and has no value after it."""
        kept = {*self.names.kept[line.number], *self.running}
        self.variables = {one: type for one, type in self.variables.items() if one in kept}

    def repeat(self, line: Line, condition: Condition) -> None:
        """Go through a `while`: a sequence that it hands on has at least its first length."""
        starts = {one: self.variables[one] for one in self.names.carried[line.number]}
        for one, start in starts.items():
            if isinstance(start, Tokens):
                length = Atom(f"length({one})", "index", next(self.serials))
                self.found.bounds[length] = (start.length, None)
                self.variables[one] = Tokens(Poly.of(length))
            else:
                self.variables[one] = _carried(start, ZERO)
        heads = {one: self.variables[one] for one in starts}
        self.condition(condition)
        self.block(line.body)
        self.line = line
        for one, head in heads.items():
            after = self.variables[one]
            if isinstance(head, Tokens) and isinstance(after, Tokens):
                start = starts[one]
                assert isinstance(start, Tokens), "a sequence comes of a sequence"
                claim = f"{start.length} ≤ {self.settle(after.length)}"
                self.at_least_0(after.length - start.length, claim, line.statement)
            else:
                self.keeps(one, head, line.statement)
            self.variables[one] = head
        self.forget(line)

    def keeps(self, one: Key, wanted: Type, node: Node) -> None:
        """Let a variable be, after a turn or a condition that holds, what it is without."""
        self.same(self.variables[one], wanted, node, f"{one}, set again,")

    # What a line does

    def statement(self, statement: Statement) -> None:
        match statement:
            case For(_, binder, body):
                assert body is not None, "loops over lines are met in `block`"
                self.bind(binder)
                self.statement(body)
                self.unbind(binder)
            case If(condition, body):
                self.condition(condition)
                before = dict(self.variables)
                self.statement(body)
                for one, start in before.items():
                    if self.variables[one] is not start:
                        known = _carried(start, ZERO)
                        self.keeps(one, known, body)
                        self.variables[one] = known
            case Assign(Call() as target, _, value):
                self.define(target, value)
            case Assign(target, _, value):
                self.assign(target, self.expression(value), value)
            case Choose(target, value, probability, otherwise):
                chosen = self.expression(value)
                self.same(self.expression(otherwise), chosen, otherwise, text(otherwise))
                self.number(probability)
                self.assign(target, chosen, value)
            case Sample(token, distribution, weights):
                type = self.real(weights)
                self.same(type, Matrix(N_V), weights, text(weights))
                self.assign(distribution, type, weights)
                self.assign(token, TOKEN, token)
            case Return(_, value):
                self.returned(value)
            case End():
                pass

    def define(self, target: Call, value: Expression) -> None:
        if target.function in (*NOTATION, *self.functions):
            raise self.error(target, f"{target.function} is a function already")
        (parameter,) = target.arguments
        variable = self.names.targets[parameter].key
        argument = self.variables[variable]
        if not isinstance(argument, Bundle):
            raise self.error(parameter, f"{text(parameter)} is {argument}: no parameters")
        begin = Atom("", "index", next(self.serials))
        result = self.expression(value)
        self.lasting(result, begin, value, text(value))
        defined = Key(target.function, glyph=target.function)
        self.variables[defined] = Function(variable, argument, result)

    def returned(self, value: Expression) -> None:
        _, wanted = self.header.output
        result = self.expression(value)
        # A size that only the result has, `length(y)`, is whatever it turns out to be.
        free = {atom: self.unknown(atom.name) for atom in sizes_of(wanted) - _given(self.header)}
        self.same(result, instance(wanted, free), value, "the result")

    def assign(self, target: Node, type: Type, value: Node) -> None:
        match target:
            case Name():
                self.put(target, type)
            case Index(Name() as array, subscripts) if not self.names.fresh[target]:
                variable = self.names.targets[array].key
                self.entries(target, self.variables[variable], subscripts)
                self.same(type, self.found.types[target], value, text(value))
            case Index(Name() as array, subscripts):
                for subscript in subscripts:
                    if not isinstance(subscript, All):
                        self.expression(subscript)
                _, high = self.from_1_on(subscripts[-1], target)
                made = self.filled(target, subscripts, type, high, value)
                self.found.made[target] = made
                self.put(array, made)

    def filled(
        self, target: Index, subscripts: tuple[Node, ...], type: Type, count: Poly, value: Node
    ) -> Type:
        """Return the type of what a loop makes entry by entry."""
        match subscripts, type:
            case (All(), _), Matrix(rows, columns):
                if self.equal(columns, ONE, value):
                    return Matrix(rows, count)
            case (_,), Whole() if type == TOKEN:
                return Tokens(count)
        raise self.error(target, f"{text(target)} cannot be {type}")

    def put(self, name: Name, type: Type) -> None:
        target = self.names.targets[name]
        if target.index is not None:
            self.expression(target.index)
            index, high = self.from_1_on(target.index, name)
            type = Family(index, high, type)
        self.variables[target.key] = type

    def from_1_on(self, name: Node, target: Node) -> tuple[Atom, Poly]:
        """Return the index over which a loop makes something, and how far it runs."""
        assert isinstance(name, Name), "an index of a target is what a loop runs over"
        index = self.running[key(name)]
        if self.found.bounds[index][0] != ONE:
            raise self.error(target, f"{text(target)} is not made from 1 on")
        high = self.upper(index)
        self.at_least_0(high, f"0 ≤ {self.settle(high)}", target)
        return index, high

    # What loops, sums and sets run over

    def bind(self, binder: Binder, highs: tuple[Poly, ...] = ()) -> None:
        """Let names run, between bounds that are there before them."""
        low, unsaid = ONE, not highs
        match binder:
            case Implied(names) if unsaid:
                highs = tuple(self.unknown(f"the last {text(name)}") for name in names)
            case UpTo(_, end):
                highs = (self.whole(end),)
            case Range(_, start, end):
                low, highs = self.whole(start), (self.whole(end),)
            case Member(_, collection):
                subset = self.expression(collection)
                if not isinstance(subset, Subset):
                    raise self.error(collection, f"{text(collection)} is {subset}, no set")
                highs = (subset.high,)
        atoms = tuple(Atom(text(name), "index", next(self.serials)) for name in binder.names)
        for name, index, high in zip(binder.names, atoms, highs, strict=True):
            self.found.bounds[index] = (low, high)
            variable = self.names.targets[name].key
            self.variables[variable] = Whole(Poly.of(index))
            self.running[variable] = index
            if isinstance(binder, Implied) and unsaid:
                (self.highs[index],) = high.atoms
        self.found.indices[binder] = atoms

    def unbind(self, binder: Binder) -> None:
        """Let the names go; no type may speak of what one of their turns was."""
        indices = self.found.indices[binder]
        for name, index in zip(binder.names, indices, strict=True):
            variable = self.names.targets[name].key
            del self.variables[variable], self.running[variable]
            if self.is_unsaid(index):
                raise self.error(name, f"nothing shows how far {text(name)} runs")
        for variable, type in self.variables.items():
            self.lasting(type, indices[0], binder, str(variable))

    def is_unsaid(self, index: Atom) -> bool:
        """Say whether it is still to be shown how far an index runs."""
        return index in self.highs and self.highs[index] not in self.settled

    # Conditions and numbers

    def condition(self, condition: Condition) -> None:
        match condition:
            case Not(operand):
                type = self.expression(operand)
                self.same(type, Matrix(bits=True), operand, text(operand))
            case Compare(_, left, right):
                for side in (left, right):
                    type = self.expression(side)
                    if not isinstance(type, Whole):
                        raise self.error(side, f"{text(side)} is {type}: only counts compare")

    def whole(self, node: Node) -> Poly:
        """Return the size that an expression is."""
        type = self.expression(node)
        if not isinstance(type, Whole) or type.value is None:
            raise self.error(node, f"{text(node)} is {type}, of no known size")
        return type.value

    def number(self, node: Node) -> Matrix:
        type = self.real(node)
        if type != SCALAR:
            raise self.error(node, f"{text(node)} is {type}, not a number")
        return SCALAR

    def real(self, node: Node) -> Matrix:
        """Return the type of an expression with real entries; a count is one."""
        return self.as_real(self.expression(node), node)

    def as_real(self, type: Type, node: Node) -> Matrix:
        match type:
            case Whole() if type != TOKEN:
                return SCALAR
            case Matrix(rows, columns):
                return Matrix(rows, columns)
        raise self.error(node, f"{text(node)} is {type}: no real number")

    # Expressions

    def expression(self, node: Node) -> Type:
        type = self.now(self.typed(node))
        self.found.types[node] = type
        return type

    def typed(self, node: Node) -> Type:
        match node:
            case Name():
                return self.name(node)
            case Number(value):
                return Whole(Poly.of(value))
            case Infinity():
                return SCALAR
            case Ones():
                return Matrix(ONE, self.unknown("the length of 1ᵀ"))
            case Negative(operand):
                return self.real(operand)
            case Binary():
                return self.binary(node)
            case Power(base):
                self.expression(node.exponent)
                return self.number(base)
            case Transpose(operand):
                type = self.real(operand)
                return Matrix(type.columns, type.rows)
            case Prefix(_, operand):
                return self.number(operand)
            case Gradient(call):
                if self.expression(call) != SCALAR or call not in self.names.functions:
                    raise self.error(call, f"{text(call)} is no real function of parameters")
                return self.found.types[call.arguments[0]]
            case Index(array, subscripts):
                return self.entries(node, self.expression(array), subscripts)
            case Iverson(condition):
                self.condition(condition)
                return Matrix(bits=True)
            case Collect(binder, condition):
                self.bind(binder)
                self.condition(condition)
                (index,) = self.found.indices[binder]
                self.unbind(binder)
                return Subset(self.upper(index))
            case Sum(binder, body):
                self.bind(binder)
                first, *_ = self.found.indices[binder]
                type = self.real(body)
                self.lasting(type, first, body, text(body))
                self.unbind(binder)
                return type
            case Columns(items):
                return self.columns(node, items)
            case Rows(items):
                member, number = self.family(node, items)
                return Matrix(member.rows * number, member.columns)
            case Call():
                return self.call(node)
        raise self.error(node, f"{text(node)} means nothing here")

    def upper(self, index: Atom) -> Poly:
        _, high = self.found.bounds[index]
        assert high is not None, "a loop has an upper bound"
        return high

    def name(self, node: Name) -> Type:
        match self.names.uses[node]:
            case Raised(base, exponent):
                self.number(exponent)
                return self.real(base)
            case Variable(variable, None):
                return self.variables[variable]
            case Variable(variable, Node() as index):
                family = self.now(self.variables[variable])
                assert isinstance(family, Family), "a key with a hole is a family"
                type = self.expression(index)
                if not isinstance(type, Whole) or type.value is None:
                    raise self.error(node, f"{text(index)} is {type}: no member of {variable}")
                self.within(type, family.count, index)
                return family.at(type.value)
        raise AssertionError("a name is a variable or a power")

    def binary(self, node: Binary) -> Type:
        left, right = self.expression(node.left), self.expression(node.right)
        left = self.now(left)
        match node.operator, left, right:
            case "+" | "−" | " " | "·" as sign, Whole(Poly() as one), Whole(Poly() as other):
                return Whole(_counted(sign, one, other))
            case "+" | "−" | " " | "·", Whole(), Whole() if TOKEN not in (left, right):
                return Whole()
            case "+" | "−", Bundle(), Bundle():
                self.same(right, left, node.right, text(node.right))
                return left
            case " " | "·", Whole() | Matrix(), Bundle():
                if self.as_real(left, node.left) == SCALAR:
                    return right
        a, b = self.as_real(left, node.left), self.as_real(right, node.right)
        match node.operator:
            case "+" | "−" if (a == SCALAR) != (b == SCALAR):
                self.found.broadcasts.append((self.line.number, text(node)))
                return b if a == SCALAR else a
            case "+" | "−" | "⊙":
                self.same(b, a, node.right, text(node.right))
                return self.now(a)
            case "/":
                if b != SCALAR:
                    raise self.error(node.right, f"{text(node.right)} is {b}: no divisor")
                return a
        if a == SCALAR or b == SCALAR:
            return b if a == SCALAR else a
        if not self.equal(a.columns, b.rows, node):
            sides = f"{text(node.left)} is {a} and {text(node.right)} is {b}"
            raise self.error(node.right, f"{sides}: no product")
        return Matrix(a.rows, b.columns)

    def entries(self, node: Index, type: Type, subscripts: tuple[Node, ...]) -> Type:
        """Return the type of what an index takes out of an array."""
        found = self.taken(node, self.now(type), subscripts)
        self.found.types[node] = found
        return found

    def taken(self, node: Index, type: Type, subscripts: tuple[Node, ...]) -> Type:
        match type, subscripts:
            case Tokens(length), (Slice(low, high),):
                first, last = self.whole(low), self.whole(high)
                self.at_least_0(first - 1, f"1 ≤ {text(low)}", low)
                self.at_least_0(last + 1 - first, f"{text(low)} ≤ {text(high)} + 1", low)
                self.at_least_0(length - last, f"{text(high)} ≤ {length}", high)
                return Tokens(last + 1 - first)
            case Tokens(length), (subscript,):
                self.within(self.expression(subscript), length, subscript)
                return TOKEN
            case Matrix(rows, columns, bits), (subscript,) if columns == ONE:
                return Matrix(self.axis(subscript, rows), ONE, bits)
            case Matrix(rows, columns, bits), (row, column):
                return Matrix(self.axis(row, rows), self.axis(column, columns), bits)
        number = "one index" if len(subscripts) == 1 else f"{len(subscripts)} indices"
        raise self.error(node, f"{text(node.array)} is {type}: it does not take {number}")

    def axis(self, subscript: Node, size: Poly) -> Poly:
        if isinstance(subscript, All):
            return size
        self.within(self.expression(subscript), size, subscript)
        return ONE

    def within(self, index: Type, size: Poly, node: Node) -> None:
        """Let an index be one of 1 … size; one that runs as far as it is used runs so far."""
        match index:
            case Whole(Poly() as value, _):
                if value.atom is not None and self.is_unsaid(value.atom):
                    self.equal(self.upper(value.atom), size, node)
                self.at_least_0(value - 1, f"1 ≤ {text(node)}", node)
                self.at_least_0(size - value, f"{text(node)} ≤ {self.settle(size)}", node)
            case Whole(None, Poly() as high_of):
                self.at_least_0(size - high_of, f"{text(node)} ≤ {self.settle(size)}", node)
            case _:
                raise self.error(node, f"{text(node)} is {index}: no index")

    def columns(self, node: Columns, items: tuple[Node, ...]) -> Type:
        if any(isinstance(item, Dots) for item in items):
            member, number = self.family(node, items)
            self.same(member, Matrix(member.rows), node, "a column")
            return Matrix(member.rows, number)
        lengths: list[Poly] = []
        for item in items:
            match self.expression(item):
                case Tokens(length):
                    lengths.append(length)
                case Whole() as type if type == TOKEN:
                    lengths.append(ONE)
                case other:
                    raise self.error(item, f"{text(item)} is {other}: neither token nor tokens")
        return Tokens(sum_of(lengths))

    def family(self, node: Node, items: tuple[Node, ...]) -> tuple[Matrix, Poly]:
        """Return what `e_1, e_2, …, e_ℓ` lists: a member, and how many there are."""
        shown = [item for item in items if isinstance(item, Name)]
        uses = [self.names.uses[item] for item in shown]
        members = [(use.key, use.index) for use in uses if isinstance(use, Variable) and use.index]
        variables = {variable for variable, _ in members}
        regular = len(items) > 2 and isinstance(items[-2], Dots) and len(members) == len(items) - 1
        if not regular or len(variables) > 1:
            raise self.error(node, "only the members of a family are listed, the last after …")
        (variable,), last = variables, shown[-1]
        family = self.now(self.variables[variable])
        assert isinstance(family, Family), "a key with a hole is a family"
        ends = [self.whole(index) for _, index in members]
        if [end.constant for end in ends[:-1]] != list(range(1, len(ends))):
            raise self.error(node, f"{text(node)} does not start with the first")
        if not self.equal(ends[-1], family.count, last):
            problem = f"{text(last)} is not the last, {variable} has {family.count}"
            raise self.error(last, problem)
        member = family.member
        if not isinstance(member, Matrix) or family.index in sizes_of(member):
            problem = f"{text(last)} is {family.at(ends[-1])}: only matrices of one size are listed"
            raise self.error(last, problem)
        for item in shown:
            self.found.types[item] = member
        return member, family.count

    # Calls

    def call(self, node: Call) -> Type:
        if node.function in self.functions:
            return self.algorithm(node, self.functions[node.function])
        if node.function not in NOTATION and node not in self.names.functions:
            raise self.error(node, f"there is no function {node.function}")
        (argument, *more) = node.arguments
        if more or node.parameters:
            raise self.error(node, f"{node.function} takes one input")
        type = self.expression(argument)
        if node in self.names.functions:
            function = self.variables[self.names.functions[node]]
            assert isinstance(function, Function), "what is called is a function"
            self.same(type, function.argument, argument, text(argument))
            return function.result
        if node.function != "length":
            return self.as_real(type, argument)
        if not isinstance(type, Tokens):
            raise self.error(argument, f"{text(argument)} is {type}: of no length")
        return Whole(type.length)

    def algorithm(self, node: Call, callee: Header) -> Type:
        arguments = self.unabbreviated(node, callee)
        if (len(arguments), len(node.parameters)) != (len(callee.inputs), len(callee.parameters)):
            inputs, parameters = (
                ", ".join(str(variable) for variable, _ in wanted)
                for wanted in (callee.inputs, callee.parameters)
            )
            called = f"{node.function}({inputs}" + (f" | {parameters})" if parameters else ")")
            raise self.error(node, f"this is no call of the form {called}")
        takes = dict((*callee.inputs, *callee.parameters))
        given = dict(zip(takes, (*arguments, *node.parameters), strict=True))
        found = {one: self.expression(of) for one, of in given.items() if not isinstance(of, Named)}
        atoms = sorted(_given(callee) - N_V.atoms, key=str)
        sizes = {atom: self.unknown(atom.name) for atom in atoms}
        if family := next((atom for atom in sizes if atom.at), None):
            raise self.error(node, f"no call can tell each {family} of {node.function}")
        self.found.calls[node] = sizes
        self.found.arguments[node] = arguments
        self.found.callees[node] = callee.id
        for variable, type in found.items():
            wanted = instance(takes[variable], sizes)
            self.same(type, wanted, given[variable], f"{variable} of {node.function}")
        for variable, argument in given.items():
            if isinstance(argument, Named):
                self.equation(argument, variable, self.now(instance(takes[variable], sizes)), node)
        self.by_name(node, callee, sizes)
        for excess, claim in _required(callee):
            self.at_least_0(excess.replace(sizes), f"{node.function} requires {claim}", node)
        for atom in sizes_of(callee.output[1]) - _given(callee):
            opaque = Atom(atom.name, "index", next(self.serials))
            self.found.bounds[opaque] = (ZERO, None)
            sizes[atom] = Poly.of(opaque)
        return instance(callee.output[1], sizes)

    def unabbreviated(self, node: Call, callee: Header) -> tuple[Expression, ...]:
        for abbreviation in callee.abbreviations:
            short, full = abbreviation.short, abbreviation.full
            if len(short.arguments) == len(node.arguments) < len(callee.inputs):
                given = dict(zip(map(text, short.arguments), node.arguments, strict=True))
                return tuple(given[text(argument)] for argument in full.arguments)
        return node.arguments

    def equation(self, argument: Named, variable: Key, type: Type, node: Call) -> None:
        """Check `Mask ≡ 1`, or `Mask[t, t'] ≡ …` for every entry."""
        target = argument.target
        name = target.array if isinstance(target, Index) else target
        if text(name) != str(variable):
            raise self.error(name, f"{node.function} takes {variable} here, not {text(name)}")
        if not isinstance(type, Matrix):
            raise self.error(name, f"{text(name)} is {type}: an equation gives a matrix")
        if isinstance(target, Index):
            names = Implied(tuple(one for one in target.subscripts if isinstance(one, Name)))
            if len(names.names) != 2:
                raise self.error(target, f"{variable} is {type}: it has two indices")
            self.bind(names, (type.rows, type.columns))
            self.found.indices[argument] = self.found.indices[names]
            value = self.expression(argument.value)
            self.unbind(names)
        else:
            value = self.expression(argument.value)
        entry = Matrix(bits=type.bits)
        self.same(value, entry, argument.value, text(argument.value))

    def by_name(self, node: Call, callee: Header, sizes: Mapping[Atom, Poly]) -> None:
        """Settle the sizes that no argument does: the caller has one of that name."""
        for variable, type in callee.hyperparameters.items():
            if not isinstance(type, Whole) or type.value is None:
                continue
            size = self.settle(type.value.replace(sizes))
            if size.atom is None or size.atom.kind != "unknown":
                continue
            ours = self.header.hyperparameters.get(variable)
            if not isinstance(ours, Whole) or ours.value is None:
                raise self.error(node, f"{node.function} needs {variable}")
            self.equal(size, ours.value, node)

    # The end

    def all_settled(self) -> Typing:
        """Return what was found, every unknown settled."""
        found = self.found
        for node, type in list(found.types.items()):
            found.types[node] = self.now(type)
            self.no_unknown(node, sizes_of(found.types[node]))
        for node, type in list(found.made.items()):
            found.made[node] = self.now(type)
        for node, call in list(found.calls.items()):
            found.calls[node] = sizes = {atom: self.settle(size) for atom, size in call.items()}
            self.no_unknown(node, set[Atom]().union(*(one.atoms for one in sizes.values())))
        found.bounds = {
            atom: (self.settle(low), None if high is None else self.settle(high))
            for atom, (low, high) in found.bounds.items()
        }
        found.after = {
            line: {variable: self.now(type) for variable, type in types.items()}
            for line, types in found.after.items()
        }
        found.obligations = [
            Obligation(one.line, one.claim, one.relation, self.settle(one.excess), one.node)
            for one in found.obligations
        ]
        return found

    def no_unknown(self, node: Node, atoms: Iterable[Atom]) -> None:
        """Refuse what is still unknown after the last line."""
        unknown = min((atom.name for atom in atoms if atom.kind == "unknown"), default=None)
        if unknown is not None:
            lines = self.program.lines
            self.line = next(at for at in lines if any(part is node for part in walk(at.statement)))
            raise self.error(node, f"nothing shows what {unknown} is in {text(node)}")


def _given(header: Header) -> set[Atom]:
    """Return the sizes that a call gives, those that only the result has left out."""
    return {atom for type in header.variables.values() for atom in sizes_of(type)}


def _required(callee: Header) -> Iterator[tuple[Poly, str]]:
    """Yield what must not be below 0 for a call, and in words."""
    for requirement in callee.requirements:
        yield requirement.excess, requirement.text
    for variable, type in callee.inputs:
        match type:
            case Whole(Poly() as number):
                low, high = callee.bounds.get(next(iter(number.atoms)), (ZERO, None))
                yield number - low, f"{low} ≤ {variable}"
                if high is not None:
                    yield high - number, f"{variable} ≤ {high}"


def _carried(type: Type, growth: Poly) -> Type:
    """Return what is known of a variable after turns of a loop in which it grew so much."""
    match type:
        case Tokens(length):
            return Tokens(length + growth)
        case Whole(_, high):
            return Whole(None, high)
    return type


def _counted(operator: str, left: Poly, right: Poly) -> Poly:
    match operator:
        case "+":
            return left + right
        case "−":
            return left - right
    return left * right


def _all_atoms(size: Poly) -> set[Atom]:
    within = {deep for atom in size.atoms for at in atom.at for deep in _all_atoms(at)}
    return size.atoms | within
