"""The values of expressions, and the turns of loops, sums and sets."""

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from itertools import product
from typing import Any, Generic

import numpy as np

from spec.domains.domain import Domain, Matrix, S, shaped
from spec.language import tree
from spec.language.checked import Checked
from spec.language.inference.calls import ENTRYWISE, EXTREMES
from spec.language.inference.expressions import ARITHMETIC
from spec.language.names import Built, Raised, Variable
from spec.language.plain_text import text
from spec.language.polynomials import Atom
from spec.language.tree import Node
from spec.language.types import SCALAR, Bundle, Key, Whole, has_bits
from spec.machine.frame import Frame
from spec.machine.trees import map_values
from spec.machine.values import Definition, Parameters, Value, column, entrywise

#: The types of a number.
_NUMBERS = (SCALAR, replace(SCALAR, bits=True))
#: The operators that go over matrices entry by entry.
_ENTRY_BY_ENTRY = {**ARITHMETIC, "/": operator.truediv, "⊙": operator.mul}
_COMPARED = {"≤": operator.le, "<": operator.lt, "=": operator.eq, "≠": operator.ne}


class Expressions(ABC, Generic[S]):
    """Evaluates expressions over a domain, in the frame of a run."""

    def __init__(self, algorithms: Mapping[str, Checked], domain: Domain[S]) -> None:
        self.algorithms = algorithms
        self.domain = domain

    @abstractmethod
    def call(
        self,
        id: str,
        inputs: Sequence[Value],
        parameters: Sequence[Value],
        counts: Mapping[str, int],
    ) -> Value:
        """Run an algorithm; the counts are hyperparameters that no argument need show."""

    @abstractmethod
    def decided(self, compare: Callable[[], bool]) -> bool:
        """Return what a comparison of real numbers says."""

    @abstractmethod
    def gradient(self, call: tree.Call, frame: Frame) -> Parameters:
        """Return ∇f(θ)."""

    def expression(self, node: Node, frame: Frame) -> Value:
        match node:  # what there is most of comes first
            case tree.Name():
                return self.name(node, frame)
            case tree.Binary():
                return self.binary(node, frame)
            case tree.Index(array, subscripts):
                return self.entries(node, array, subscripts, frame)
            case tree.Number(value):
                return value
            case tree.Call():
                return self.called(node, frame)
            case tree.Negative(tree.Infinity()):
                return self.domain.minus_infinity
            case tree.Negative(operand):
                return entrywise(operator.neg, self.real(operand, frame))
            case tree.Power(base, tree.Number(2)):
                return self.domain.square(self.real(base, frame))
            case tree.Power(base, exponent):
                return self.domain.power(self.real(base, frame), exponent.value)
            case tree.Transpose(operand):
                value = self.real(operand, frame)
                return value.T if isinstance(value, np.ndarray) else value
            case tree.Prefix(function, operand):
                x = self.real(operand, frame)
                return self.domain.sqrt(x) if function == "√" else self.domain.log(x)
            case tree.Pi():
                return self.domain.pi()
            case tree.Zeros():
                rows, columns = frame.shape_of(node)
                return shaped([self.domain.real(0)] * (rows * columns), (rows, columns))
            case tree.Ones():
                return shaped([self.domain.real(1)] * frame.shape_of(node)[1], frame.shape_of(node))
            case tree.Iverson(condition):
                return int(self.condition(condition, frame))
            case tree.Collect(binder, condition):
                (name,) = binder.names
                key = frame.checked.names.targets[name].key
                turns = self.turns_of(binder, frame)
                return {frame.variables[key] for _ in turns if self.condition(condition, frame)}
            case tree.Sum(binder, body):
                return self.sum(node, binder, body, frame)
            case tree.Columns(items) if any(isinstance(item, tree.Dots) for item in items):
                return self.joined(node, items, 1, frame)
            case tree.Columns(items):
                values = [self.expression(item, frame) for item in items]
                if values and all(isinstance(value, np.ndarray) for value in values):
                    return np.concatenate(values, axis=1)
                lists = (value if isinstance(value, list) else [value] for value in values)
                return [token for tokens in lists for token in tokens]
            case tree.Rows(items) if any(isinstance(item, tree.Dots) for item in items):
                return self.joined(node, items, 0, frame)
            case tree.Rows(items):
                are_bits = has_bits(frame.checked.typing.types[node])
                block = self.expression if are_bits else self.real
                return np.concatenate([self.as_matrix(block(item, frame)) for item in items])
            case tree.Gradient(call):
                return self.gradient(call, frame)
        raise AssertionError(f"{text(node)} has no value")

    def real(self, node: Node, frame: Frame) -> Value:
        """Return a value as real numbers, which a count is made into."""
        value = self.expression(node, frame)
        return self.domain.real(value) if isinstance(value, int) else value

    def as_matrix(self, value: Value) -> Matrix:
        return value if isinstance(value, np.ndarray) else column([value])

    def name(self, node: tree.Name, frame: Frame) -> Value:
        use = frame.checked.names.uses[node]
        match use:
            case Raised(base, exponent) if isinstance(frame.checked.typing.types[node], Whole):
                return self.expression(base, frame) ** self.expression(exponent, frame)
            case Raised(base, exponent):
                power = self.real(exponent, frame)
                return entrywise(lambda x: self.domain.power(x, power), self.real(base, frame))
            case Built(bundle):
                return self.built(bundle, frame)
        value = frame.variables[use.key]
        if use.index is None:
            return value
        return value[self.subscript(use.index, len(value), frame) + 1]

    def built(self, bundle: Key, frame: Frame) -> Parameters:
        """Put together the parts of a bundle that an algorithm has made."""
        header = frame.checked.header
        type = dict(header.outputs)[bundle]
        assert isinstance(type, Bundle), "only a bundle is built"
        parts = {}
        for part, (made, _) in header.built[bundle].items():
            value = frame.variables[made]
            # The loop that made a family may have run down.
            parts[part] = dict(sorted(value.items())) if isinstance(value, dict) else value
        return Parameters(type.algorithm, parts)

    def binary(self, node: tree.Binary, frame: Frame) -> Value:
        if node.operator == " " and isinstance(node.right, tree.Ones):
            # To repeat a column takes no arithmetic.
            length = self.expression(node.right, frame).shape[1]
            return np.repeat(self.as_matrix(self.real(node.left, frame)), length, axis=1)
        type = frame.checked.typing.types[node]
        if isinstance(type, Whole):
            left, right = self.expression(node.left, frame), self.expression(node.right, frame)
            return ARITHMETIC[node.operator](left, right)
        left, right = self.real(node.left, frame), self.real(node.right, frame)
        if isinstance(right, Parameters):
            return self.combined(node.operator, left, right)
        are_matrices = isinstance(left, np.ndarray) and isinstance(right, np.ndarray)
        if are_matrices and node.operator in (" ", "·"):
            entries = self.domain.product(left, right)
            return entries[0, 0] if type == SCALAR else entries
        return entrywise(_ENTRY_BY_ENTRY[node.operator], left, right)

    def combined(self, sign: str, left: Value, right: Parameters) -> Value:
        """Add, subtract or scale parameters, entry by entry."""
        change = ARITHMETIC[sign]
        if isinstance(left, Parameters):
            return map_values(lambda *xs: entrywise(change, *xs), left, right)
        return map_values(lambda x: entrywise(change, left, x), right)

    def sum(self, node: Node, binder: tree.Binder, body: Node, frame: Frame) -> Value:
        if isinstance(frame.checked.typing.types[node], Whole):
            return sum(self.expression(body, frame) for _ in self.turns_of(binder, frame))
        terms = [self.real(body, frame) for _ in self.turns_of(binder, frame)]
        if frame.checked.typing.types[node] == SCALAR:
            return self.domain.total(terms)
        if not terms:
            rows, columns = frame.shape_of(node)
            return shaped([self.domain.real(0)] * (rows * columns), (rows, columns))
        return entrywise(lambda *entries: self.domain.total(entries), *terms)

    def subscript(self, subscript: Node, size: int, frame: Frame) -> Any:
        match subscript:
            case tree.All():
                return slice(None)
            case tree.Slice(low, high):
                first, last = self.expression(low, frame), self.expression(high, frame)
                if not 1 <= first <= last + 1 <= size + 1:
                    problem = f"is {first} … {last}, which is no part of 1 … {size}"
                    raise frame.error(f"{text(subscript)} {problem}")
                return slice(first - 1, last)
        index = self.expression(subscript, frame)
        if not 1 <= index <= size:
            raise frame.error(f"{text(subscript)} is {index}, outside 1 … {size}")
        return index - 1

    def entries(
        self, node: tree.Index, array: Node, subscripts: tuple[Node, ...], frame: Frame
    ) -> Value:
        value = self.expression(array, frame)
        if isinstance(value, np.ndarray) and frame.checked.typing.types[node] in _NUMBERS:
            return value[self.places(value, subscripts, frame)].item()
        return self.taken(value, subscripts, frame)

    def taken(self, value: Value, subscripts: Sequence[Node], frame: Frame) -> Value:
        """Return an entry or a part of a sequence, or a part of a matrix as a matrix."""
        taken = value[self.places(value, subscripts, frame)]
        return taken.copy() if isinstance(value, np.ndarray) else taken  # which is set in place

    def places(self, value: Value, subscripts: Sequence[Node], frame: Frame) -> Any:
        """Return where the subscripts point to, counted from 0; a matrix keeps both its axes."""
        if isinstance(value, list):
            return self.subscript(subscripts[0], len(value), frame)
        at = [self.subscript(*pair, frame) for pair in zip(subscripts, value.shape, strict=False)]
        return tuple(place if isinstance(place, slice) else slice(place, place + 1) for place in at)

    def joined(self, node: Node, items: tuple[Node, ...], axis: int, frame: Frame) -> Matrix:
        """Return all members of `e_1, …, e_ℓ`, one below the other or side by side."""
        members = self.members(items[-1], frame)
        if not members:
            return np.empty(frame.shape_of(node), dtype=object)
        return np.concatenate(members, axis)

    def members(self, last: Node, frame: Frame) -> list[Matrix]:
        """Return all members of a family, whose last one is named."""
        use = frame.checked.names.uses[last]
        assert isinstance(use, Variable), "the checks let no other list pass"
        family = frame.variables[use.key]
        return [self.as_matrix(family[at]) for at in sorted(family)]

    def called(self, node: tree.Call, frame: Frame) -> Value:
        checked = frame.checked
        if node in checked.names.functions:
            (argument,) = node.arguments
            definition = frame.variables[checked.names.functions[node]]
            return self.apply(definition, self.expression(argument, frame), frame)
        if node in checked.typing.callees:
            inputs = [self.expression(input, frame) for input in checked.typing.arguments[node]]
            parameters = [self.parameter(parameter, frame) for parameter in node.parameters]
            id = checked.typing.callees[node]
            return self.call(id, inputs, parameters, self.handed_on(node, frame))
        if node.function in EXTREMES:
            return self.extreme(node, frame)
        (argument,) = node.arguments
        if node.function == "length":
            return len(self.expression(argument, frame))
        x = self.real(argument, frame)
        if node.function == "argmax":
            return self.place_of_largest(self.as_matrix(x)[:, 0].tolist())
        if node.function == "softmax":
            columns = [self.domain.softmax(list(column)) for column in x.T]
            return shaped([entry for column in columns for entry in column], x.T.shape).T
        assert node.function in ENTRYWISE, "the checks know every function"
        return entrywise(getattr(self.domain, node.function.replace("'", "_slope")), x)

    def handed_on(self, node: tree.Call, frame: Frame) -> Mapping[str, int]:
        """Return the counts among the callee's hyperparameters, as a call has settled them."""
        typing = frame.checked.typing
        sizes = typing.calls[node]
        declared = self.algorithms[typing.callees[node]].header.hyperparameters
        counts = {}
        for variable, type in declared.items():
            atom = type.value.atom if isinstance(type, Whole) and type.value is not None else None
            if atom is not None and atom in sizes and sizes[atom].atoms <= frame.sizes.keys():
                counts[str(variable)] = frame.size(sizes[atom])
        return counts

    def extreme(self, node: tree.Call, frame: Frame) -> Value:
        """Return the larger or the smaller of two numbers, or the largest entry of a vector."""
        if isinstance(frame.checked.typing.types[node], Whole):
            choose = max if node.function == "max" else min
            return choose(self.expression(argument, frame) for argument in node.arguments)
        values = [self.real(argument, frame) for argument in node.arguments]
        if node.function == "min":
            return self.domain.smaller(*values)
        if len(values) == 1:
            values = self.as_matrix(values[0])[:, 0].tolist() or [self.domain.minus_infinity]
        return reduce(self.domain.larger, values)

    def place_of_largest(self, entries: Sequence[S]) -> int:
        """Return the place of the largest entry, counted from 1; of equal ones the first."""
        largest = 0
        for place in range(1, len(entries)):
            if not self.decided(partial(self.domain.at_most, entries[place], entries[largest])):
                largest = place
        return largest + 1

    def parameter(self, node: tree.Expression | tree.Named, frame: Frame) -> Value:
        """Return a parameter; that of an equation is a function of its rows and columns."""
        match node:
            case tree.Named(tree.Index(), _, value):
                atoms = frame.checked.typing.indices[node]

                def entries(rows: int, columns: int) -> Matrix:
                    places = product(range(1, rows + 1), range(1, columns + 1))
                    turns = self.bind(node.indices, atoms, places, frame)
                    return shaped([self.expression(value, frame) for _ in turns], (rows, columns))

                return entries
            case tree.Named(_, _, value):
                entry = self.expression(value, frame)
                return lambda rows, columns: shaped([entry] * (rows * columns), (rows, columns))
        return self.expression(node, frame)

    def apply(self, definition: Definition, argument: Value, frame: Frame) -> Value:
        """Return the value of a function at an argument."""
        for before, domain, value in definition.last:
            if before is argument and domain is self.domain:
                return value
        within = replace(frame, variables={**definition.variables, definition.parameter: argument})
        value = self.expression(definition.body, within)
        definition.last[:] = [*definition.last[-1:], (argument, self.domain, value)]
        return value

    def turns_of(self, binder: tree.Binder, frame: Frame) -> Iterator[None]:
        """Bind the names of a binder to their values in turn, the last name fastest."""
        atoms = frame.checked.typing.indices[binder]
        places = product(*(self.span(binder, atom, frame) for atom in atoms))
        return self.bind(binder.names, atoms, places, frame)

    def bind(
        self,
        names: Sequence[tree.Name],
        atoms: Sequence[Atom],
        places: Iterable[tuple[int, ...]],
        frame: Frame,
    ) -> Iterator[None]:
        """Bind names, and the atoms that they are in sizes, to the values at each place in turn."""
        variables = [frame.checked.names.targets[name].key for name in names]
        for values in places:
            for variable, atom, value in zip(variables, atoms, values, strict=True):
                frame.variables[variable] = frame.sizes[atom] = value
            yield
        for variable, atom in zip(variables, atoms, strict=True):
            frame.variables.pop(variable, None)
            frame.sizes.pop(atom, None)

    def span(self, binder: tree.Binder, atom: Atom, frame: Frame) -> Sequence[int]:
        if isinstance(binder, tree.Member):
            return sorted(self.expression(binder.collection, frame))
        low, high = frame.checked.typing.bounds[atom]
        assert high is not None, "a loop has an upper bound"
        upwards = range(frame.size(low), frame.size(high) + 1)
        down = isinstance(binder, tree.Range) and binder.runs_down
        return upwards[::-1] if down else upwards

    def condition(self, condition: tree.Condition, frame: Frame) -> bool:
        match condition:
            case tree.Not(operand):
                return not self.expression(operand, frame)
            case tree.Both(left, right):
                return self.condition(left, frame) and self.condition(right, frame)
            case tree.Either(left, right):
                return self.condition(left, frame) or self.condition(right, frame)
            case tree.Compare(sign, left, right):
                x, y = self.expression(left, frame), self.expression(right, frame)
                if isinstance(x, int) and isinstance(y, int):
                    return bool(_COMPARED[sign](x, y))
                x, y = (self.domain.real(z) if isinstance(z, int) else z for z in (x, y))
                if sign == "<":
                    return not self.decided(partial(self.domain.at_most, y, x))
                return self.decided(partial(self.domain.at_most, x, y))
