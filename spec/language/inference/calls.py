"""Calls: of the notation, of a function that the algorithm defines, of another algorithm."""

from collections.abc import Iterator, Mapping

from spec.language import tree, types
from spec.language.header import Header, instance
from spec.language.inference.expressions import Expressions
from spec.language.plain_text import text
from spec.language.polynomials import ONE, ZERO, Atom, Poly
from spec.language.types import (
    N_V,
    SCALAR,
    Key,
    Product,
    Type,
    Whole,
    is_product,
    sizes_of,
)

#: Functions of the notation, entry by entry or, softmax, column by column.
ENTRYWISE = (
    *("exp", "log", "cos", "sin", "tanh"),
    *("GELU", "ReLU", "SiLU", "ELU", "GELU'", "ReLU'"),
)
#: Functions of two numbers, or of two counts, of which they are a count; `max` is also the largest
#: entry of a vector, `max(S[:, t])`.
EXTREMES = ("max", "min")
NOTATION = (*ENTRYWISE, *EXTREMES, "argmax", "softmax", "length")


class Calls(Expressions):
    """Finds the type of a call, and notes what the callee asks for."""

    def call(self, node: tree.Call) -> Type:
        if node.function in self.functions:
            return self.algorithm(node, self.functions[node.function])
        if node.function not in NOTATION and node not in self.names.functions:
            raise self.error(node, f"there is no function {node.function}")
        if node.function in EXTREMES:
            return self.extreme(node)
        (argument, *more) = node.arguments
        if more or node.parameters:
            raise self.error(node, f"{node.function} takes one input")
        type = self.expression(argument)
        if node in self.names.functions:
            function = self.variables[self.names.functions[node]]
            assert isinstance(function, types.Function), "what is called is a function"
            self.require(type, function.argument, argument, text(argument))
            return function.result
        if node.function == "argmax":
            return self.place_of_largest(self.as_real(type, argument), node)
        if node.function == "softmax" and self.as_real(type, argument) == SCALAR:
            raise self.error(argument, f"{text(argument)} is {type}: softmax takes columns")
        if node.function != "length":
            return self.as_real(type, argument)
        if not isinstance(type, types.Tokens):
            raise self.error(argument, f"{text(argument)} is {type}: it has no length")
        return types.Whole(type.length)

    def extreme(self, node: tree.Call) -> Type:
        match node:
            case tree.Call("max", (argument,), ()):
                self.vector(self.real(argument), node)
            case tree.Call(_, (left, right), ()):
                first, second = self.expression(left), self.expression(right)
                match first, second:
                    case types.Whole(Poly() as m), types.Whole(Poly() as n):
                        return self.extreme_count(node, m, n)
                for type, argument in ((first, left), (second, right)):
                    if self.as_real(type, argument) != SCALAR:
                        raise self.error(argument, f"{text(argument)} is {type}, not a number")
            case tree.Call(function):
                more = ", or a vector" if function == "max" else ""
                raise self.error(node, f"{function} takes two numbers{more}")
        return SCALAR

    def extreme_count(self, node: tree.Call, first: Poly, second: Poly) -> Type:
        """Return the larger or the smaller of two counts: a number between bounds of its own."""
        extreme = Atom(text(node), "index", next(self.serials))
        if node.function == "max":
            self.typing.bounds[extreme] = (second, None)
        else:
            for count, argument in zip((first, second), node.arguments, strict=True):
                self.at_least_0(count, f"0 ≤ {text(argument)}", argument)
            self.typing.bounds[extreme] = (ZERO, second)
        return types.Whole(Poly.of(extreme))

    def place_of_largest(self, vector: types.Matrix, node: tree.Call) -> Type:
        """Return the type of the place of the largest entry, which there must be."""
        self.vector(vector, node)
        size = self.settle(vector.rows)
        if size != N_V:  # there is a token
            self.at_least_0(size - 1, f"1 ≤ {size}", node)
        return types.Whole(high=size)

    def vector(self, type: types.Matrix, node: tree.Call) -> None:
        (argument,) = node.arguments
        if not self.equal(type.columns, ONE, argument):
            raise self.error(argument, f"{text(argument)} is {type}, not a vector")

    def algorithm(self, node: tree.Call, callee: Header) -> Type:
        arguments = self.unabbreviated(node, callee)
        named = callee.parameters[: len(node.parameters)]
        left_out = callee.parameters[len(named) :]
        may_be = all(variable in callee.defaults for variable, _ in left_out)
        if len(arguments) != len(callee.inputs) or len(node.parameters) != len(named) or not may_be:
            inputs, parameters = (
                ", ".join(str(variable) for variable, _ in declared)
                for declared in (callee.inputs, callee.parameters)
            )
            form = f"{node.function}({inputs}" + (f" | {parameters})" if parameters else ")")
            raise self.error(node, f"this is not a call of the form {form}")
        declared = dict((*callee.inputs, *named))
        passed = dict(zip(declared, (*arguments, *node.parameters), strict=True))
        types = {
            variable: self.expression(argument)
            for variable, argument in passed.items()
            if not isinstance(argument, tree.Named)
        }
        atoms = sorted(given_by(callee) - N_V.atoms, key=str)
        sizes = {atom: self.unknown(atom.name) for atom in atoms}
        if family := next((atom for atom in sizes if atom.at), None):
            raise self.error(node, f"a call cannot give each {family} of {node.function}")
        self.typing.calls[node] = sizes
        self.typing.arguments[node] = arguments
        self.typing.callees[node] = callee.id
        # A size shows itself before a product of sizes does.
        for variable, type in sorted(types.items(), key=lambda item: is_product(declared[item[0]])):
            wanted = instance(declared[variable], sizes)
            self.require(type, wanted, passed[variable], f"{variable} of {node.function}")
        for variable, argument in passed.items():
            if isinstance(argument, tree.Named):
                wanted = self.settle_type(instance(declared[variable], sizes))
                self.equation(argument, variable, wanted, node)
        for variable, type in left_out:
            if isinstance(type, Whole) and type.value is not None:
                self.equal(type.value.replace(sizes), Poly.of(callee.defaults[variable]), node)
        self.by_name(node, callee, sizes)
        for excess, claim in _required(callee):
            self.at_least_0(excess.replace(sizes), f"{node.function} requires {claim}", node)
        of_results = {atom for _, type in callee.outputs for atom in sizes_of(type)}
        for atom in sorted(of_results - given_by(callee), key=str):
            opaque = Atom(atom.name, "index", next(self.serials))
            self.typing.bounds[opaque] = (ZERO, None)
            sizes[atom] = Poly.of(opaque)
        results = tuple(instance(type, sizes) for _, type in callee.outputs)
        return results[0] if len(results) == 1 else Product(results)

    def unabbreviated(self, node: tree.Call, callee: Header) -> tuple[tree.Expression, ...]:
        for abbreviation in callee.abbreviations:
            short, full = abbreviation.short, abbreviation.full
            if len(short.arguments) == len(node.arguments) < len(callee.inputs):
                passed = dict(zip(map(text, short.arguments), node.arguments, strict=True))
                return tuple(passed[text(argument)] for argument in full.arguments)
        return node.arguments

    def equation(self, argument: tree.Named, variable: Key, type: Type, node: tree.Call) -> None:
        """Check `Mask ≡ 1`, or `Mask[t, t'] ≡ …` for every entry."""
        target = argument.target
        name = target.array if isinstance(target, tree.Index) else target
        if text(name) != str(variable):
            raise self.error(name, f"{node.function} takes {variable} here, not {text(name)}")
        if not isinstance(type, types.Matrix):
            raise self.error(name, f"{text(name)} is {type}: an equation gives a matrix")
        if isinstance(target, tree.Index):
            indices = tree.Implied(argument.indices)
            if len(indices.names) != 2:
                raise self.error(target, f"{variable} is {type}: it has two indices")
            self.bind(indices, (type.rows, type.columns))
            self.typing.indices[argument] = self.typing.indices[indices]
            value = self.expression(argument.value)
            self.unbind(indices)
        else:
            value = self.expression(argument.value)
        entry = types.Matrix(bits=type.bits)
        self.require(value, entry, argument.value, text(argument.value))

    def by_name(self, node: tree.Call, callee: Header, sizes: Mapping[Atom, Poly]) -> None:
        """Settle the sizes that no argument shows by the caller's hyperparameters of that name."""
        for variable, type in callee.hyperparameters.items():
            if not isinstance(type, types.Whole) or type.value is None:
                continue
            size = self.settle(type.value.replace(sizes))
            if size.atom is None or size.atom.kind != "unknown":
                continue
            ours = self.header.hyperparameters.get(variable)
            if not isinstance(ours, types.Whole) or ours.value is None:
                raise self.error(node, f"{node.function} needs {variable}")
            self.equal(size, ours.value, node)


def given_by(header: Header) -> set[Atom]:
    """Return the sizes of the arguments of a call; the result may have more."""
    return {atom for type in header.variables.values() for atom in sizes_of(type)}


def _required(callee: Header) -> Iterator[tuple[Poly, str]]:
    """Yield what must be at least 0 at a call, each with the condition in words."""
    for requirement in callee.requirements:
        yield requirement.excess, requirement.text
    for variable, type in callee.inputs:
        match type:
            case types.Whole(Poly() as number):
                low, high = callee.bounds.get(next(iter(number.atoms)), (ZERO, None))
                yield number - low, f"{low} ≤ {variable}"
                if high is not None:
                    yield high - number, f"{variable} ≤ {high}"
