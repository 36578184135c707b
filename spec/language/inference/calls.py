"""Calls: of the notation, of a function that the algorithm defines, of another algorithm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from spec.language import tree
from spec.language.header import Header, instance
from spec.language.inference.expressions import Expressions
from spec.language.plain_text import text
from spec.language.polynomials import ZERO, Atom, Poly
from spec.language.types import N_V, SCALAR, Function, Key, Matrix, Tokens, Type, Whole, sizes_of

#: Functions of the notation, entry by entry or, softmax, column by column.
ENTRYWISE = ("exp", "log", "GELU", "ReLU")
NOTATION = (*ENTRYWISE, "softmax", "length")


class Calls(Expressions):
    """Finds the type of a call, and notes what the callee asks for."""

    def call(self, node: tree.Call) -> Type:
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
        if node.function == "softmax" and self.as_real(type, argument) == SCALAR:
            raise self.error(argument, f"{text(argument)} is {type}: softmax takes columns")
        if node.function != "length":
            return self.as_real(type, argument)
        if not isinstance(type, Tokens):
            raise self.error(argument, f"{text(argument)} is {type}: of no length")
        return Whole(type.length)

    def algorithm(self, node: tree.Call, callee: Header) -> Type:
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
        found = {
            one: self.expression(of) for one, of in given.items() if not isinstance(of, tree.Named)
        }
        atoms = sorted(given_by(callee) - N_V.atoms, key=str)
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
            if isinstance(argument, tree.Named):
                self.equation(argument, variable, self.now(instance(takes[variable], sizes)), node)
        self.by_name(node, callee, sizes)
        for excess, claim in _required(callee):
            self.at_least_0(excess.replace(sizes), f"{node.function} requires {claim}", node)
        for atom in sizes_of(callee.output[1]) - given_by(callee):
            opaque = Atom(atom.name, "index", next(self.serials))
            self.found.bounds[opaque] = (ZERO, None)
            sizes[atom] = Poly.of(opaque)
        return instance(callee.output[1], sizes)

    def unabbreviated(self, node: tree.Call, callee: Header) -> tuple[tree.Expression, ...]:
        for abbreviation in callee.abbreviations:
            short, full = abbreviation.short, abbreviation.full
            if len(short.arguments) == len(node.arguments) < len(callee.inputs):
                given = dict(zip(map(text, short.arguments), node.arguments, strict=True))
                return tuple(given[text(argument)] for argument in full.arguments)
        return node.arguments

    def equation(self, argument: tree.Named, variable: Key, type: Type, node: tree.Call) -> None:
        """Check `Mask ≡ 1`, or `Mask[t, t'] ≡ …` for every entry."""
        target = argument.target
        name = target.array if isinstance(target, tree.Index) else target
        if text(name) != str(variable):
            raise self.error(name, f"{node.function} takes {variable} here, not {text(name)}")
        if not isinstance(type, Matrix):
            raise self.error(name, f"{text(name)} is {type}: an equation gives a matrix")
        if isinstance(target, tree.Index):
            names = tree.Implied(
                tuple(one for one in target.subscripts if isinstance(one, tree.Name))
            )
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

    def by_name(self, node: tree.Call, callee: Header, sizes: Mapping[Atom, Poly]) -> None:
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


def given_by(header: Header) -> set[Atom]:
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
