"""The types of the variables that lines set, that loops carry over, and that claims declare."""

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import replace

from spec.language import tree, types
from spec.language.header import Header, instance, key, label, written_size
from spec.language.inference.calls import NOTATION, Calls, given_by
from spec.language.inference.changes import Change, FirstTurn, is_sequence, size_of
from spec.language.inference.typing import Sizes, Typing
from spec.language.names import Names
from spec.language.plain_text import text
from spec.language.polynomials import ONE, ZERO, Atom, Poly
from spec.language.proof import at_worst
from spec.language.tree import Line, Node, Program, walk
from spec.language.types import BIT, N_V, SCALAR, TOKEN, Key, Type, is_bit, sizes_of


def infer(program: Program, headers: Mapping[str, Header], names: Names) -> Typing:
    """Infer the type of every expression.

    Raises
    ------
    CheckError
        At the first line whose sizes do not agree, or where a type makes no sense.
    """
    return Lines(program, headers, names).all()


class Lines(Calls):
    """Infers the types of an algorithm, line by line."""

    def all(self) -> Typing:
        self.block(self.program.body)
        return self.all_settled()

    def block(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.line = line
            match line.statement:
                case tree.For(_, binder, None):
                    self.over_lines(line, binder)
                case tree.While(condition):
                    self.repeat(line, condition)
                case statement:
                    self.statement(statement)
                    sets = self.names.sets[line.number]
                    self.typing.after[line.number] = {key: self.variables[key] for key in sets}
            self.claims(line)

    def claims(self, line: Line) -> None:
        """Compare the comment after ▷ with the types that have been inferred."""
        if line.claim is None:
            return
        self.place = ", after ▷"
        for item in line.claim.items:
            match item:
                case tree.Declaration(names, tree.Reals(sizes) | tree.Bits(sizes), None) if (
                    line.claim.binder is None
                ):
                    rows, columns, *_ = (*map(self.size, sizes), ONE, ONE)
                    for name in names:
                        bits = isinstance(item.kind, tree.Bits)
                        self.claim(line, name, types.Matrix(rows, columns, bits))
                case _:
                    raise self.error(item, "a comment after ▷ gives the shape of a variable")
        self.place = ""

    def claim(self, line: Line, name: tree.Name, wanted: types.Matrix) -> None:
        loops = [node.binder for node in walk(line.statement) if isinstance(node, tree.For)]
        indices = [text(index) for binder in loops for index in binder.names]
        if isinstance(line.statement, tree.Assign) and isinstance(line.statement.target, tree.Rows):
            indices.append(label(name.above))  # `Y^h` is any of those that the line sets
        variable = key(name, *indices, *(index.glyph for index in self.running))
        if variable not in self.names.sets[line.number]:
            raise self.error(name, f"the line does not set {text(name)}")
        type = self.variables[variable]
        member = type.member if isinstance(type, types.Family) else type
        self.require(member, wanted, name, text(name))

    def size(self, node: Node) -> Poly:
        return written_size(node, self.named)

    def named(self, node: Node) -> Poly:
        if isinstance(node, tree.Name):
            type = self.variables.get(Key(node.base, *map(label, node.scripts)))
            if isinstance(type, types.Whole) and type.value is not None:
                return type.value
        raise self.error(node, f"{text(node)} is not a size")

    def over_lines(self, line: Line, binder: tree.Binder) -> None:
        self.bind(binder)
        (index,) = self.typing.indices[binder]
        low, high = self.typing.bounds[index]
        assert high is not None, "only a length that a `while` grows has no upper bound"
        turn = Poly.of(index)
        starts = {key: self.variables[key] for key in self.names.carried[line.number]}
        first = self.first_turn(line, starts)
        growth, changes, starts = first.growth, first.changes, starts | first.reals
        for variable, start in starts.items():
            self.variables[variable] = _carried(start, growth[variable] * (turn - low))
        ranges = {variable: starts.pop(variable) for variable in changes}
        for variable, start in ranges.items():
            self.become(variable, changes[variable].ends(start, turn - low), self.typing.grown)
        self.block(line.body)
        self.line = line
        for variable, start in ranges.items():
            self.stays(variable, changes[variable].ends(start, turn + 1 - low))
            self.variables[variable] = start
        for variable, start in starts.items():
            after = _carried(start, growth[variable] * (turn + 1 - low))
            self.keeps(variable, after, line.statement)
            if growth[variable] != ZERO:
                self.at_least_0(high + 1 - low, f"{low} ≤ {high} + 1", line.statement)
            self.variables[variable] = _carried(start, growth[variable] * (high + 1 - low))
        self.forget(line)
        self.unbind(binder)
        if ranges:
            self.at_least_0(high + 1 - low, f"{low} ≤ {high} + 1", line.statement)
        for variable, start in ranges.items():
            self.become(variable, changes[variable].ends(start, high + 1 - low), self.typing.left)

    def first_turn(self, line: Line, starts: Mapping[Key, Type]) -> FirstTurn:
        """Go through the first turn of a loop, to see what each turn changes."""
        found = FirstTurn(dict.fromkeys(starts, ZERO))
        binder = line.statement.binder if isinstance(line.statement, tree.For) else None
        runs_down = isinstance(binder, tree.Range) and binder.runs_down
        if all(_length(start) is None and size_of(start) is None for start in starts.values()):
            return found
        first = copy(self)
        first.typing = Typing(bounds=dict(self.typing.bounds))
        carried = {
            variable: start if size_of(start) is not None else _carried(start, ZERO)
            for variable, start in starts.items()
        }
        first.variables = self.variables | carried
        first.running, first.settled = dict(self.running), dict(self.settled)
        first.block(line.body)
        for variable, start in starts.items():
            type = first.settle_type(first.variables[variable])
            change = None if runs_down else first.change(start, type)
            if change is not None and not (is_sequence(start) and change.is_steady):
                found.changes[variable] = change
                continue
            if isinstance(start, types.Whole) and type in (SCALAR, BIT):
                is_still_bit = is_bit(start) and is_bit(type)
                found.reals[variable] = BIT if is_still_bit else SCALAR
                continue
            after, before = _length(type), _length(start)
            if before is not None and after is not None:
                step = found.growth[variable] = after - first.settle(before)
                if runs_down and step != ZERO:
                    problem = f"{variable} grows in a loop that runs down"
                    raise self.error(line.statement, problem)
                if binder is not None and step.constant is None:
                    unit = "tokens" if is_sequence(start) else "columns"
                    problem = f"{variable} grows by {step} {unit} a turn, not by one number"
                    raise self.error(line.statement, problem)
        return found

    def forget(self, line: Line) -> None:
        """Drop the variables that have no value after a loop."""
        kept = {*self.names.kept[line.number], *self.running}
        self.variables = {key: type for key, type in self.variables.items() if key in kept}

    def repeat(self, line: Line, condition: tree.Condition) -> None:
        """Go through a `while`: what a turn hands to the next never gets shorter."""
        starts = {key: self.variables[key] for key in self.names.carried[line.number]}
        # What grows alike has a length in common, so that a cache is as long as its tokens.
        families = any(isinstance(start, types.Family) for start in starts.values())
        growth = self.first_turn(line, starts).growth if families else {}
        longer: dict[Key | Poly, Poly] = {}  # than before the loop
        for variable, start in sorted(starts.items(), key=lambda item: not is_sequence(item[1])):
            before, step = _length(start), growth.get(variable, variable)
            if before is not None and step not in longer:
                length = Atom(f"length({variable})", "index", next(self.serials))
                self.typing.bounds[length] = (before, None)
                self.typing.grown.setdefault(line.number, {})[variable] = length
                longer[step] = Poly.of(length) - before
            self.variables[variable] = _carried(start, ZERO if before is None else longer[step])
        heads = {variable: self.variables[variable] for variable in starts}
        self.condition(condition)
        self.block(line.body)
        self.line = line
        for variable, head in heads.items():
            before, after = _length(starts[variable]), _length(self.variables[variable])
            if before is not None and after is not None:
                claim = f"{before} ≤ {self.settle(after)}"
                self.at_least_0(after - before, claim, line.statement)
                head = _carried(head, after - (_length(head) or ZERO))
            self.keeps(variable, head, line.statement)
            self.variables[variable] = heads[variable]
        self.forget(line)

    def keeps(self, variable: Key, type: Type, node: Node) -> None:
        """Refuse to give a variable another type in a turn, or under a condition."""
        self.require(self.variables[variable], type, node, f"{variable}, set again,")

    def perhaps(self, variable: Key, start: Type, body: Node) -> None:
        """See what a variable is that a condition may have left as it was."""
        change = self.change(start, self.settle_type(self.variables[variable]))
        if change is None or change == Change(0, 0):
            after = _carried(start, ZERO)
            self.keeps(variable, after, body)
            self.variables[variable] = after
        else:
            either = Change(min(change.least, 0), max(change.most, 0))
            self.become(variable, either.ends(start, ONE), self.typing.left)

    def change(self, start: Type, after: Type) -> Change | None:
        """Return by how much a sequence or a number has changed, if it is between two numbers."""
        before, now = size_of(start), size_of(after)
        if before is None or now is None or is_sequence(start) != is_sequence(after):
            return None
        step = self.settle(now - before)
        least, most = (at_worst(side, self.typing.bounds) for side in (step, -step))
        if least is None or most is None or least.constant is None or most.constant is None:
            return None
        return Change(least.constant, -most.constant)

    def become(self, variable: Key, ends: tuple[Poly, Poly], noted: Sizes) -> None:
        """Give a sequence a length, or a number a value, of which the two ends are known."""
        tokens = is_sequence(self.variables[variable])
        name = f"length({variable})" if tokens else str(variable)
        size = Atom(name, "index", next(self.serials))
        self.typing.bounds[size] = ends
        noted.setdefault(self.line.number, {})[variable] = size
        one = Poly.of(size)
        self.variables[variable] = types.Tokens(one) if tokens else types.Whole(one)

    def stays(self, variable: Key, ends: tuple[Poly, Poly]) -> None:
        """Note that after a turn a sequence or a number is between two ends."""
        low, high = ends
        node, type = self.line.statement, self.variables[variable]
        size = size_of(type)
        if size is None:
            raise self.error(node, f"{variable} is {self.settle_type(type)} after a later turn")
        self.at_least_0(size - low, f"{low} ≤ {self.settle(size)}", node)
        self.at_least_0(high - size, f"{self.settle(size)} ≤ {high}", node)

    def statement(self, statement: tree.Statement) -> None:
        match statement:
            case tree.For(_, binder, body):
                assert body is not None, "loops over lines are met in `block`"
                self.bind(binder)
                self.statement(body)
                self.unbind(binder)
            case tree.If(condition, body):
                self.condition(condition)
                before = dict(self.variables)
                self.statement(body)
                for variable, start in before.items():
                    if self.variables[variable] is not start:
                        self.perhaps(variable, start, body)
            case tree.Assign(tree.Call() as target, _, value):
                self.define(target, value)
            case tree.Assign(tree.Rows() as target, _, value):
                self.divide(target, value)
            case tree.Assign(target, _, value):
                self.assign(target, self.expression(value), value)
            case tree.Several(several, call):
                self.several(several, call)
            case tree.Choose(target, value, probability, otherwise):
                chosen, other = self.expression(value), self.expression(otherwise)
                if is_bit(chosen) and is_bit(other):
                    chosen = other = types.Matrix(bits=True)
                elif TOKEN not in (chosen, other):
                    chosen, other = self.as_real(chosen, value), self.as_real(other, otherwise)
                self.require(other, chosen, otherwise, text(otherwise))
                self.number(probability)
                self.assign(target, chosen, value)
            case tree.Sample(token, distribution, weights):
                type = self.real(weights)
                self.require(type, types.Matrix(N_V), weights, text(weights))
                self.assign(distribution, type, weights)
                self.assign(token, TOKEN, token)
            case tree.Return() | tree.Returns():
                self.returned(statement.results)

    def define(self, target: tree.Call, value: tree.Expression) -> None:
        if target.function in (*NOTATION, *self.functions):
            raise self.error(target, f"{target.function} is a function already")
        (parameter,) = target.arguments
        variable = self.names.targets[parameter].key
        argument = self.variables[variable]
        if not isinstance(argument, types.Bundle):
            raise self.error(parameter, f"{text(parameter)} is {argument}, not parameters")
        begin = Atom("", "index", next(self.serials))
        result = self.expression(value)
        self.lasting(result, begin, value, text(value))
        defined = Key(target.function, glyph=target.function)
        self.variables[defined] = types.Function(variable, argument, result)

    def several(self, targets: tuple[tree.Name, ...], call: tree.Call) -> None:
        """Set a name to each result of a call."""
        product = self.settle_type(self.typed(call))
        if not isinstance(product, types.Product):
            raise self.error(call, f"{text(call)} has one result, not {len(targets)}")
        if len(product.parts) != len(targets):
            raise self.error(call, f"{text(call)} has {product}, not {len(targets)}")
        self.typing.types[call] = product
        for target, type in zip(targets, product.parts, strict=True):
            self.assign(target, type, call)

    def divide(self, target: tree.Rows, value: tree.Expression) -> None:
        """Set all members of a family to parts of a matrix, of as many rows each."""
        first, *_, last = target.items
        assert isinstance(first, tree.Name), "the names are checked"
        assert isinstance(last, tree.Name), "the names are checked"
        assert isinstance(last.above, Node), "the names are checked"
        matrix, count = self.settle_type(self.real(value)), self.whole(last.above)
        assert isinstance(matrix, types.Matrix), "what is real is a matrix"
        parts = [] if count.atom is None else matrix.rows.coefficients(count.atom)
        if len(parts) != 2 or parts[0] != ZERO:
            problem = f"{text(value)} is {matrix}: not {count} times a number of rows"
            raise self.error(value, problem)
        index = Atom(text(last.above).casefold(), "index", next(self.serials))
        self.typing.bounds[index] = (ONE, count)
        member = types.Matrix(parts[1], matrix.columns)
        self.variables[self.names.targets[first].key] = types.Family(index, count, member)

    def returned(self, results: tuple[tree.Result, ...]) -> None:
        free: dict[Atom, Poly] = {}
        for result, (_, wanted) in zip(results, self.header.outputs, strict=True):
            type = self.expression(result.value)
            # A size that only a result has, `length(y)`, is not known in advance.
            for atom in sizes_of(wanted) - given_by(self.header) - free.keys():
                free[atom] = self.unknown(atom.name)
            subject = "the result" if len(results) == 1 else f"the result {text(result.value)}"
            self.require(type, instance(wanted, free), result.value, subject)

    def assign(self, target: Node, type: Type, value: Node) -> None:
        match target:
            case tree.Name():
                self.set_type(target, type)
            case tree.Index(tree.Name() as array, subscripts) if not self.names.fresh[target]:
                variable = self.names.targets[array].key
                self.entries(target, self.variables[variable], subscripts)
                self.require(type, self.typing.types[target], value, text(value))
            case tree.Index(tree.Name() as array, subscripts):
                for subscript in subscripts:
                    if not isinstance(subscript, tree.All):
                        self.expression(subscript)
                _, high = self.from_1_on(subscripts[-1], target)
                made = self.filled(target, subscripts, type, high, value)
                self.typing.made[target] = made
                self.set_type(array, made)

    def filled(
        self, target: tree.Index, subscripts: tuple[Node, ...], type: Type, count: Poly, value: Node
    ) -> Type:
        """Return the type of a variable that a loop fills entry by entry."""
        match subscripts, type:
            case (tree.All(), _), types.Matrix(rows, columns):
                if self.equal(columns, ONE, value):
                    return types.Matrix(rows, count)
            case (_,), types.Whole() if type == TOKEN:
                return types.Tokens(count)
            case (_,), types.Matrix() if type.entries == ONE:
                return types.Matrix(count, ONE, type.bits)
            case (_,), types.Whole() if is_bit(type):
                return types.Matrix(count, ONE, bits=True)
        raise self.error(target, f"{text(target)} cannot be {type}")

    def set_type(self, name: tree.Name, type: Type) -> None:
        target = self.names.targets[name]
        for members in name.slices:
            if not isinstance(type, types.Family):
                raise self.error(name, f"{text(name)} cannot be {type}")
            self.all_members(name, members, type)
        if target.index is not None:
            self.expression(target.index)
            index, high = self.from_1_on(target.index, name)
            type = types.Family(index, high, type)
        self.variables[target.key] = type

    def from_1_on(self, name: Node, target: Node) -> tuple[Atom, Poly]:
        """Return the index of a loop that fills something from 1 on, and how far it runs."""
        assert isinstance(name, tree.Name), "an index of a target is what a loop runs over"
        index = self.running[key(name)]
        if self.typing.bounds[index][0] != ONE:
            raise self.error(target, f"{text(target)} is not made from 1 on")
        high = self.upper(index)
        self.at_least_0(high, f"0 ≤ {self.settle(high)}", target)
        return index, high

    def all_settled(self) -> Typing:
        """Return what has been inferred, every unknown replaced by its size."""
        typing = self.typing
        for node, type in list(typing.types.items()):
            typing.types[node] = self.settle_type(type)
            self.no_unknown(node, sizes_of(typing.types[node]))
        for node, type in list(typing.made.items()):
            typing.made[node] = self.settle_type(type)
        for node, call in list(typing.calls.items()):
            typing.calls[node] = sizes = {atom: self.settle(size) for atom, size in call.items()}
            self.no_unknown(node, {atom for size in sizes.values() for atom in size.atoms})
        typing.bounds = {
            atom: (self.settle(low), None if high is None else self.settle(high))
            for atom, (low, high) in typing.bounds.items()
        }
        typing.after = {
            line: {variable: self.settle_type(type) for variable, type in types.items()}
            for line, types in typing.after.items()
        }
        typing.obligations = [
            replace(obligation, excess=self.settle(obligation.excess))
            for obligation in typing.obligations
        ]
        return typing

    def no_unknown(self, node: Node, atoms: Iterable[Atom]) -> None:
        """Refuse sizes that are still unknown after the last line."""
        unknown = min((atom.name for atom in atoms if atom.kind == "unknown"), default=None)
        if unknown is not None:
            lines = self.program.lines
            self.line = next(at for at in lines if any(part is node for part in walk(at.statement)))
            raise self.error(node, f"nothing shows what {unknown} is in {text(node)}")


def _length(type: Type) -> Poly | None:
    """Return how long a sequence is, or how wide the matrices of a family: what a loop may grow."""
    match type:
        case types.Tokens(length):
            return length
        case types.Family(_, _, types.Tokens(length) | types.Matrix(_, length)):
            return length
    return None


def _carried(type: Type, growth: Poly) -> Type:
    """Return the type of a variable after turns of a loop that made it so much longer."""
    match type:
        case types.Tokens(length):
            return types.Tokens(length + growth)
        case types.Family(_, _, types.Tokens() as member):
            return replace(type, member=_carried(member, growth))
        case types.Family(_, _, types.Matrix(_, columns) as member):
            return replace(type, member=replace(member, columns=columns + growth))
        case types.Whole(_, high):
            return types.Whole(None, high)
    return type
