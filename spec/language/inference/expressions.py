"""The type of every expression, with sizes as polynomials."""

import operator
from abc import ABC, abstractmethod

from spec.language import proof, tree, types
from spec.language.inference.equations import Equations
from spec.language.names import Built, Raised, Variable
from spec.language.plain_text import text
from spec.language.polynomials import ONE, ZERO, Atom, Poly, sum_of
from spec.language.tree import Node
from spec.language.types import N_V, SCALAR, TOKEN, Type, has_bits, sizes_of

#: The operators of the notation that Python has too.
ARITHMETIC = {"+": operator.add, "−": operator.sub, "·": operator.mul, " ": operator.mul}


class Expressions(Equations, ABC):
    """Finds the type of an expression from those of its parts."""

    @abstractmethod
    def call(self, node: tree.Call) -> Type:
        """Return the type of a call."""

    def bind(self, binder: tree.Binder, highs: tuple[Poly, ...] = ()) -> None:
        """Begin the scope of the names that a binder makes run.

        Without `highs`, names of a binder that does not say how far they run get an unknown each.
        """
        low, unsaid = ONE, not highs
        match binder:
            case tree.Implied(names) if unsaid:
                highs = tuple(self.unknown(f"the last {text(name)}") for name in names)
            case tree.UpTo(_, end):
                highs = (self.whole(end),)
            case tree.Range(_, start) if binder.runs_down:
                highs = (self.whole(start),)
            case tree.Range(_, start, end):
                low, highs = self.whole(start), (self.whole(end),)
            case tree.Member(_, collection):
                subset = self.expression(collection)
                if not isinstance(subset, types.Subset):
                    raise self.error(collection, f"{text(collection)} is {subset}, not a set")
                highs = (subset.high,)
        atoms = tuple(Atom(text(name), "index", next(self.serials)) for name in binder.names)
        for name, index, high in zip(binder.names, atoms, highs, strict=True):
            self.typing.bounds[index] = (low, high)
            variable = self.names.targets[name].key
            self.variables[variable] = types.Whole(Poly.of(index))
            self.running[variable] = index
            if isinstance(binder, tree.Implied) and unsaid:
                (self.highs[index],) = high.atoms
        self.typing.indices[binder] = atoms

    def unbind(self, binder: tree.Binder) -> None:
        """End the scope of names that ran; no type may still hold an index of theirs."""
        indices = self.typing.indices[binder]
        for name, index in zip(binder.names, indices, strict=True):
            variable = self.names.targets[name].key
            del self.variables[variable], self.running[variable]
            if self.is_unsaid(index):
                raise self.error(name, f"nothing shows how far {text(name)} runs")
        for variable, type in self.variables.items():
            self.lasting(type, indices[0], binder, str(variable))

    def condition(self, condition: tree.Condition) -> None:
        match condition:
            case tree.Not(operand):
                type = self.expression(operand)
                self.require(type, types.Matrix(bits=True), operand, text(operand))
            case tree.Both(left, right) | tree.Either(left, right):
                self.condition(left)
                self.condition(right)
            case tree.Compare("≤" | "<", left, right):
                self.number(left)
                self.number(right)
            case tree.Compare(_, left, right):
                for side in (left, right):
                    type = self.expression(side)
                    if not isinstance(type, types.Whole):
                        problem = f"{text(side)} is {type}: only counts are compared by = and ≠"
                        raise self.error(side, problem)

    def whole(self, node: Node) -> Poly:
        """Return the size that an expression is."""
        type = self.expression(node)
        if not isinstance(type, types.Whole) or type.value is None:
            raise self.error(node, f"{text(node)} is {type}, not a size")
        return type.value

    def number(self, node: Node) -> types.Matrix:
        type = self.real(node)
        if type != SCALAR:
            raise self.error(node, f"{text(node)} is {type}, not a number")
        return SCALAR

    def real(self, node: Node) -> types.Matrix:
        """Return the type of an expression with real entries; a count is one."""
        return self.as_real(self.expression(node), node)

    def as_real(self, type: Type, node: Node) -> types.Matrix:
        match type:
            case types.Whole() if type != TOKEN:
                return SCALAR
            case types.Matrix(rows, columns):
                return types.Matrix(rows, columns)
        raise self.error(node, f"{text(node)} is {type}, not a real number")

    def expression(self, node: Node) -> Type:
        type = self.settle_type(self.typed(node))
        if isinstance(type, types.Product):
            raise self.error(node, f"{text(node)} is {type}, which are set by x, y ← …")
        self.typing.types[node] = type
        return type

    def typed(self, node: Node) -> Type:
        match node:
            case tree.Name():
                return self.name(node)
            case tree.Number(value):
                return types.Whole(Poly.of(value))
            case tree.Negative(tree.Infinity()):
                return SCALAR
            case tree.Infinity():
                raise self.error(node, "∞ is not a number; only −∞ is, the score of what is masked")
            case tree.Pi():
                return SCALAR
            case tree.Ones():
                return types.Matrix(ONE, self.unknown("the length of 1ᵀ"))
            case tree.Zeros(dimensions):
                sizes = [self.whole(dimension) for dimension in dimensions]
                for dimension, size in zip(dimensions, sizes, strict=True):
                    self.at_least_0(size, f"0 ≤ {text(dimension)}", dimension)
                rows, columns, *_ = (*sizes, ONE, ONE)
                return types.Matrix(rows, columns)
            case tree.Negative(operand):
                return self.real(operand)
            case tree.Binary():
                return self.binary(node)
            case tree.Power(base):
                self.expression(node.exponent)
                return self.number(base)
            case tree.Transpose(operand):
                type = self.real(operand)
                return types.Matrix(type.columns, type.rows)
            case tree.Prefix(_, operand):
                return self.number(operand)
            case tree.Gradient(call):
                if self.expression(call) != SCALAR or call not in self.names.functions:
                    raise self.error(call, f"{text(call)} is not a real function of parameters")
                return self.typing.types[call.arguments[0]]
            case tree.Index(array, subscripts):
                return self.entries(node, self.expression(array), subscripts)
            case tree.Iverson(condition):
                self.condition(condition)
                return types.Matrix(bits=True)
            case tree.Collect(binder, condition):
                self.bind(binder)
                self.condition(condition)
                (index,) = self.typing.indices[binder]
                self.unbind(binder)
                return types.Subset(self.upper(index))
            case tree.Sum(binder, body):
                self.bind(binder)
                first, *_ = self.typing.indices[binder]
                type = self.real(body)
                if isinstance(binder, tree.Range) and self.is_of_counts(body):
                    self.unbind(binder)
                    return self.how_many(node, first)
                self.lasting(type, first, body, text(body))
                self.unbind(binder)
                return type
            case tree.Columns(items):
                return self.columns(node, items)
            case tree.Rows(items) if any(isinstance(item, tree.Dots) for item in items):
                member, number = self.family(node, items)
                return types.Matrix(member.rows * number, member.columns)
            case tree.Rows(items):
                return self.blocks(items)
            case tree.Call():
                return self.call(node)
        raise self.error(node, f"{text(node)} means nothing here")

    def name(self, node: tree.Name) -> Type:
        match self.names.uses[node]:
            case Raised(base, exponent):
                return self.raised(base, exponent)
            case Built(bundle):
                for part, wanted in self.header.built[bundle].values():
                    self.require(self.variables[part], wanted, node, str(part))
                return dict(self.header.outputs)[bundle]
            case Variable(variable, None):
                type = self.variables[variable]
                for members in node.slices:
                    assert isinstance(type, types.Family), "only a family has members from … to"
                    self.all_members(node, members, type)
                return type
            case Variable(variable, Node() as index):
                family = self.settle_type(self.variables[variable])
                assert isinstance(family, types.Family), "a key with a hole is a family"
                type = self.expression(index)
                if not isinstance(type, types.Whole) or type in (TOKEN, types.Whole()):
                    raise self.error(node, f"{text(index)} is {type}, not an index of {variable}")
                self.within(type, family.count, index)
                return family.at(type.value or self.chosen(index, type))
        raise AssertionError("a name is a variable, a power or a built bundle")

    def raised(self, base: Node, exponent: Node) -> Type:
        """Return the type of a power: that of a count is a count where no exponent is below 0."""
        raised, power = self.expression(base), self.expression(exponent)
        if (
            isinstance(raised, types.Whole)
            and raised != TOKEN
            and isinstance(power, types.Whole)
            and power.value is not None
        ):
            self.at_least_0(power.value, f"0 ≤ {text(exponent)}", exponent)
            return types.Whole()
        self.number(exponent)
        return self.real(base)

    def is_of_counts(self, body: Node) -> bool:
        """Say whether a body is ⟦…⟧ of counts alone, which is 0 or 1 without any real number."""
        if not isinstance(body, tree.Iverson) or not isinstance(body.condition, tree.Compare):
            return False
        sides = (body.condition.left, body.condition.right)
        return all(isinstance(self.typing.types[side], types.Whole) for side in sides)

    def how_many(self, node: tree.Sum, index: Atom) -> types.Whole:
        """Return the type of how often counts compare so: a count, up to that of the turns."""
        low, high = self.typing.bounds[index]
        assert high is not None, "a sum has an upper bound"
        turns = self.settle(high - low + 1)
        self.at_least_0(turns, f"0 ≤ {turns}", node)
        number = Atom(text(node), "index", next(self.serials))
        self.typing.bounds[number] = (ZERO, turns)
        return types.Whole(Poly.of(number))

    def chosen(self, index: Node, type: types.Whole) -> Poly:
        """Return an index that numbers decide, such as the place of the largest."""
        atom = Atom(text(index), "index", next(self.serials))
        self.typing.bounds[atom] = (ONE, type.high)
        return Poly.of(atom)

    def all_members(self, node: tree.Name, members: tree.Slice, family: types.Family) -> None:
        """See that `K^{1:H_kv}` are all members of a family."""
        last = self.whole(members.high)
        if members.low != tree.Number(1) or not self.equal(last, family.count, node):
            problem = f"{text(node)} is not all of them, 1 … {self.settle(family.count)}"
            raise self.error(node, problem)

    def binary(self, node: tree.Binary) -> Type:
        left, right = self.expression(node.left), self.expression(node.right)
        left = self.settle_type(left)
        match node.operator, left, right:
            case "+" | "−" | " " | "·" as sign, types.Whole(Poly() as m), types.Whole(Poly() as n):
                return types.Whole(ARITHMETIC[sign](m, n))
            case "+" | "−" | " " | "·", types.Whole(), types.Whole() if TOKEN not in (left, right):
                return types.Whole()
            case "+" | "−", types.Bundle(), types.Bundle():
                self.require(right, left, node.right, text(node.right))
                return left
            case " " | "·", types.Whole() | types.Matrix(), types.Bundle():
                if self.as_real(left, node.left) == SCALAR:
                    return right
        a, b = self.as_real(left, node.left), self.as_real(right, node.right)
        match node.operator:
            case "+" | "−" if (a == SCALAR) != (b == SCALAR):
                self.typing.broadcasts.append((self.line.number, text(node)))
                return b if a == SCALAR else a
            case "+" | "−" | "⊙":
                self.require(b, a, node.right, text(node.right))
                return self.settle_type(a)
            case "/":
                if b != SCALAR:
                    raise self.error(node.right, f"{text(node.right)} is {b}, not a divisor")
                return a
        if a == SCALAR or b == SCALAR:
            return b if a == SCALAR else a
        if not self.equal(a.columns, b.rows, node):
            sides = f"{text(node.left)} is {a} and {text(node.right)} is {b}"
            raise self.error(node.right, f"{sides}: they cannot be multiplied")
        return types.Matrix(a.rows, b.columns)

    def entries(self, node: tree.Index, type: Type, subscripts: tuple[Node, ...]) -> Type:
        """Return the type of what an index takes out of an array."""
        entries = self.taken(node, self.settle_type(type), subscripts)
        self.typing.types[node] = entries
        return entries

    def taken(self, node: tree.Index, type: Type, subscripts: tuple[Node, ...]) -> Type:
        match type, subscripts:
            case types.Tokens(length), (tree.Slice() as part,):
                return types.Tokens(self.axis(part, length))
            case types.Tokens(length), (subscript,):
                self.within(self.expression(subscript), length, subscript)
                return TOKEN
            case types.Matrix(rows, columns), _ if rows == columns == ONE:
                pass
            case types.Matrix(rows, columns, bits), (subscript,) if columns == ONE:
                return types.Matrix(self.axis(subscript, rows), ONE, bits)
            case types.Matrix(rows, columns, bits), (row, column):
                return types.Matrix(self.axis(row, rows), self.axis(column, columns), bits)
        number = "one index" if len(subscripts) == 1 else f"{len(subscripts)} indices"
        raise self.error(node, f"{text(node.array)} is {type}: it does not take {number}")

    def axis(self, subscript: Node, size: Poly) -> Poly:
        """Return how many places of an axis a subscript takes."""
        match subscript:
            case tree.All():
                return size
            case tree.Slice(low, high):
                first, last = self.whole(low), self.whole(high)
                self.at_least_0(first - 1, f"1 ≤ {text(low)}", low)
                self.at_least_0(last + 1 - first, f"{text(low)} ≤ {text(high)} + 1", low)
                self.at_least_0(size - last, f"{text(high)} ≤ {self.settle(size)}", high)
                return last + 1 - first
        self.within(self.expression(subscript), size, subscript)
        return ONE

    def columns(self, node: tree.Columns, items: tuple[Node, ...]) -> Type:
        if any(isinstance(item, tree.Dots) for item in items):
            member, number = self.family(node, items)
            return types.Matrix(member.rows, member.columns * number)
        listed = [self.expression(item) for item in items]
        if listed and all(isinstance(type, types.Matrix) for type in listed):
            return self.beside(items)
        lengths: list[Poly] = []
        for item, type in zip(items, listed, strict=True):
            match type:
                case types.Tokens(length):
                    lengths.append(length)
                case types.Whole() if type == TOKEN:
                    lengths.append(ONE)
                case types.Whole(Poly() as value) if self.is_token(value):
                    self.within(type, N_V, item)
                    lengths.append(ONE)
                case _:
                    raise self.error(item, f"{text(item)} is {type}: neither token nor tokens")
        return types.Tokens(sum_of(lengths))

    def is_token(self, value: Poly) -> bool:
        """Say whether a number is proved to be one of 1 … N_V, as a token counted down may be."""
        known = self.typing.bounds, self.header.requirements
        sides = (self.settle(value - 1), self.settle(N_V - value))
        return all(proof.is_never_negative(side, *known) for side in sides)

    def beside(self, items: tuple[Node, ...]) -> types.Matrix:
        """Return the type of matrices that stand side by side, as high as the first."""
        blocks = [self.as_real(self.typing.types[item], item) for item in items]
        for item, block in zip(items, blocks, strict=True):
            self.require(block, types.Matrix(blocks[0].rows, block.columns), item, text(item))
        return types.Matrix(blocks[0].rows, sum_of(block.columns for block in blocks))

    def blocks(self, items: tuple[Node, ...]) -> types.Matrix:
        """Return the type of matrices that stand one below the other, as wide as the first."""
        blocks = [self.real(item) for item in items]
        for item, block in zip(items, blocks, strict=True):
            wanted = types.Matrix(block.rows, blocks[0].columns)
            self.require(block, wanted, item, text(item))
        bits = all(has_bits(self.typing.types[item]) for item in items)
        return types.Matrix(sum_of(block.rows for block in blocks), blocks[0].columns, bits)

    def family(self, node: Node, items: tuple[Node, ...]) -> tuple[types.Matrix, Poly]:
        """Return the type of a member of `e_1, e_2, …, e_ℓ`, and how many members there are."""
        listed = [item for item in items if isinstance(item, tree.Name)]
        uses = [self.names.uses[item] for item in listed]
        members = [(use.key, use.index) for use in uses if isinstance(use, Variable) and use.index]
        variables = {variable for variable, _ in members}
        regular = (
            len(items) > 2 and isinstance(items[-2], tree.Dots) and len(members) == len(items) - 1
        )
        if not regular or len(variables) > 1:
            raise self.error(node, "only the members of a family are listed, the last after …")
        (variable,), last = variables, listed[-1]
        family = self.settle_type(self.variables[variable])
        assert isinstance(family, types.Family), "a key with a hole is a family"
        ends = [self.whole(index) for _, index in members]
        if [end.constant for end in ends[:-1]] != list(range(1, len(ends))):
            raise self.error(node, f"{text(node)} does not start with the first")
        if not self.equal(ends[-1], family.count, last):
            problem = f"{text(last)} is not the last, {variable} has {family.count}"
            raise self.error(last, problem)
        member = family.member
        if not isinstance(member, types.Matrix) or family.index in sizes_of(member):
            problem = f"{text(last)} is {family.at(ends[-1])}: only matrices of one size are listed"
            raise self.error(last, problem)
        for item in listed:
            self.typing.types[item] = member
        return member, family.count
