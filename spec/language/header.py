"""What an algorithm declares: its inputs, parameters, result and sizes, and what it requires."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from spec.language import tree
from spec.language.errors import CheckError
from spec.language.plain_text import text
from spec.language.polynomials import ONE, Atom, Poly
from spec.language.tree import Node, Program, Row
from spec.language.types import (
    HOLE,
    N_V,
    SCALAR,
    TOKEN,
    Bundle,
    Family,
    Key,
    Matrix,
    Tokens,
    Type,
    Whole,
    map_sizes,
    sizes_of,
)


@dataclass(frozen=True)
class Requirement:
    """A condition on the inputs, as `excess ≥ 0`; `over` are indices that it holds for each of."""

    text: str
    excess: Poly
    over: tuple[Atom, ...] = ()


@dataclass(frozen=True)
class Header:
    """The declarations of one algorithm.

    Attributes
    ----------
    inputs, parameters
        What a call gives, in its order; a bundle is one parameter.
    output
        What it gets.
    hyperparameters
        What is given by its name.
    defaults
        What it is otherwise, where that is declared.
    bundle
        The name of the parameters that are declared one by one, if they have one.
    fields
        The parts of the bundle, or the parameters.
    variables
        Everything that has a type from the start, sizes and parts of a bundle included.
    sizes
        The sizes that the parts of the bundle have, `N_V` left out, which all algorithms share.
    bounds
        Between what an index lies that is an input (Algorithm 2's t).
    requirements
        What must hold of every call.
    equal
        Sizes that are required to be other sizes, and which.
    abbreviations
        Shorter calls, and what they mean.
    """

    id: str
    function: str | None
    inputs: tuple[tuple[Key, Type], ...]
    parameters: tuple[tuple[Key, Type], ...]
    output: tuple[Key, Type]
    hyperparameters: Mapping[Key, Type]
    defaults: Mapping[Key, int]
    bundle: Key | None
    fields: Mapping[Key, Type]
    variables: Mapping[Key, Type]
    sizes: tuple[Atom, ...]
    bounds: Mapping[Atom, tuple[Poly, Poly]]
    requirements: tuple[Requirement, ...]
    equal: Mapping[Atom, Poly]
    abbreviations: tuple[tree.Abbreviation, ...]


def header(program: Program, headers: Mapping[str, Header]) -> Header:
    """Return what a program declares; `headers` are those that it refers to.

    Raises
    ------
    CheckError
        If a declaration makes no sense: two of one name, a size that a bundle does not have.
    """
    return _Reader(program, headers).header()


def refers_to(program: Program) -> set[str]:
    """Return the algorithms whose parameters a program's head borrows."""
    return {
        item.algorithm
        for row in program.rows
        if isinstance(row.node, tree.Declarations)
        for item in row.node.items
        if isinstance(item, tree.Alike)
    }


def label(script: Node | None) -> str:
    """Write a script as a part of a key; `¹` is another one than `1`."""
    return "" if script is None else text(script)


def key(name: tree.Name, *indices: str) -> Key:
    """Return the variable that a name is, where `indices` are the names that run."""
    above, below = (HOLE if label(script) in indices else label(script) for script in name.scripts)
    if isinstance(name.below, tree.Slice):  # z_{1:N_data} is all of z_n
        below = HOLE
    return Key(name.base, above, below, text(name))


VOCABULARY = Key("N", "", "V", "N_V")


class _Reader:
    """Reads the rows of one algorithm's head, from the top down."""

    def __init__(self, program: Program, headers: Mapping[str, Header]) -> None:
        self.program = program
        self.headers = headers
        self.variables: dict[Key, Type] = {VOCABULARY: Whole(N_V)}
        self.declared: dict[str, dict[Key, Type]] = {}
        self.defaults: dict[Key, int] = {}
        self.bounds: dict[Atom, tuple[Poly, Poly]] = {}
        self.over: dict[Atom, Poly] = {}  # the indices of the families, and how far they run
        self.equal: dict[Atom, Poly] = {}
        self.index: Atom | None = None  # that of the family in hand
        self.bundle: Key | None = None
        self.row = self.heading

    def error(self, node: Node, problem: str) -> CheckError:
        row = self.row
        return CheckError(self.program.id, row.section, node.span[0] + 1, row.text, problem)

    def header(self) -> Header:
        for section in ("Hyperparameters", "Input", "Parameters"):
            self.section(section)
        fields = self.declared["Parameters"]
        sizes = tuple(
            sorted(
                {atom for type in fields.values() for atom in sizes_of(type)} - N_V.atoms,
                key=lambda atom: atom.name,
            )
        )
        if self.bundle is not None:
            own = Bundle(self.program.id, tuple((atom, Poly.of(atom)) for atom in sizes))
            self.variables[self.bundle] = own
        inputs, parameters = self.arguments()
        requirements = tuple(self.requirements())
        # The result may bear the name of an input, and of a size: it is declared apart.
        before = dict(self.variables)
        self.variables = dict(before)
        self.section("Output", apart=True)
        outputs = tuple(self.declared["Output"].items())
        self.variables = before
        if not any(self.has_N_V(type) for key, type in before.items() if key != VOCABULARY):
            del self.variables[VOCABULARY]
        self.row = self.heading
        if not outputs:
            raise self.error(self.row.node, "there is no output")
        signature = self.program.signature
        if signature is not None and key(signature.result) != outputs[0][0]:
            raise self.error(signature.result, f"the output is {outputs[0][0]}")
        return Header(
            self.program.id,
            None if signature is None else signature.function,
            inputs,
            parameters,
            outputs[0],
            self.declared["Hyperparameters"],
            self.defaults,
            self.bundle,
            fields,
            self.variables,
            sizes,
            self.bounds,
            requirements,
            self.equal,
            tuple(self.abbreviations()),
        )

    @property
    def heading(self) -> Row:
        """The heading, as if it were a row of a section."""
        layout = self.program.layout
        return Row("heading", 0, layout.signature or layout.title, tree.Declarations(()))

    # Sections

    def has_N_V(self, type: Type) -> bool:
        """Say whether a value has as many rows or columns as there are tokens, or a part of it."""
        if isinstance(type, Bundle) and type.algorithm in self.headers:
            return VOCABULARY in self.headers[type.algorithm].variables
        return isinstance(type, Matrix) and N_V.atoms <= sizes_of(type)

    def section(self, name: str, *, apart: bool = False) -> None:
        found = self.declared[name] = {}
        scope: tuple[int, tree.UpTo] | None = None
        for row in self.program.section(name):
            self.row = row
            if scope is not None and row.indent <= scope[0]:
                scope = None
            match row.node:
                case tree.Each(binder) | tree.Declarations(_, tree.UpTo() as binder) if (
                    scope is not None
                ):
                    raise self.error(binder, "a member has one index only")
                case tree.Each(binder):
                    scope = row.indent, binder
                case tree.Consists(bundle):
                    if name != "Parameters" or found:
                        raise self.error(bundle, "only all parameters are parts of something")
                    self.bundle = key(bundle)
                    self.declare(bundle, self.bundle, Bundle(self.program.id, ()))
                case tree.Declarations(items, own):
                    for item in items:
                        for member, variable, type in self.item(item, own or (scope and scope[1])):
                            if apart and found:
                                raise self.error(member, "there are two outputs")
                            if apart:
                                self.variables.pop(variable, None)
                            self.declare(member, variable, type)
                            found[variable] = type

    def declare(self, node: Node, variable: Key, type: Type) -> None:
        if variable in self.variables:
            raise self.error(node, f"{variable} is declared twice")
        self.variables[variable] = type

    def item(
        self, item: tree.Declaration | tree.Alike, binder: tree.UpTo | None
    ) -> Iterator[tuple[tree.Name, Key, Type]]:
        """Yield what is declared: members of families, if there is something to run over."""
        for name in item.names:
            index = self.index = None if binder is None else self.runs(binder)
            variable = key(name) if index is None else key(name, index.name)
            if [variable.above, variable.below].count(HOLE) != (index is not None):
                indices = "no index" if index is None else f"the index {index}, once"
                raise self.error(name, f"{text(name)} must have {indices}")
            if any(isinstance(script, tree.Number) for script in name.scripts):
                raise self.error(name, f"{text(name)} can only be a member of a family")
            type = self.type(item, name, index)
            yield name, variable, type if index is None else Family(index, self.over[index], type)
        self.index = None

    def runs(self, binder: tree.UpTo) -> Atom:
        """Return what a family runs over: one index for all families that run as far.

        Its serial is that of no index of a line, which may stand for a size of a member.
        """
        name, count = text(binder.name), self.size(binder.high)
        for index, known in self.over.items():
            if (index.name, known) == (name, count):
                return index
        index = Atom(name, "index", -1 - len(self.over))
        self.over[index] = count
        return index

    def type(
        self, item: tree.Declaration | tree.Alike, name: tree.Name, index: Atom | None
    ) -> Type:
        if isinstance(item, tree.Alike):
            return self.alike(item)
        if item.default is not None:
            if self.row.section != "Hyperparameters":
                raise self.error(item, "only a hyperparameter has a default")
            self.defaults[key(name)] = item.default.value
        match item.kind:
            case tree.Reals(dimensions):
                return self.matrix(dimensions)
            case tree.Bits(dimensions):
                return replace(self.matrix(dimensions), bits=True)
            case tree.Naturals() if index is None:
                return Whole(Poly.of(Atom(text(name))))
            case tree.Vocabulary():
                return TOKEN
            case tree.Sequences():
                return Tokens(Poly.of(_length(name, index)))
            case tree.Distributions():
                return Matrix(N_V)
            case tree.Positions(high) if index is None and self.row.section == "Input":
                position = Atom(text(name), "index")
                self.bounds[position] = (ONE, self.size(high))
                return Whole(Poly.of(position))
            case tree.Positions(high):
                return Whole(high=self.size(high))
        raise self.error(item, "there is one count, not one for each member")

    def matrix(self, dimensions: tuple[Node, ...]) -> Matrix:
        match dimensions:
            case ():
                return SCALAR
            case (rows,):
                return Matrix(self.size(rows))
        rows, columns = dimensions
        return Matrix(self.size(rows), self.size(columns))

    def alike(self, item: tree.Alike) -> Bundle:
        if item.algorithm not in self.headers:
            problem = f"Algorithm {item.algorithm} is missing, or refers to this one"
            raise self.error(item, problem)
        sizes = self.headers[item.algorithm].sizes
        given: dict[str, Poly] = {}
        if item.equal:
            *names, last = item.equal
            given = {text(name): self.size(last) for name in names}
            for name in names:
                if text(name) not in {size.name for size in sizes}:
                    raise self.error(name, f"Algorithm {item.algorithm} has no size {text(name)}")
        declared = self.headers[item.algorithm].variables.items()
        keys = {type.value: variable for variable, type in declared if isinstance(type, Whole)}
        return Bundle(
            item.algorithm,
            tuple(
                (size, given.get(size.name) or self.named(keys[Poly.of(size)], item))
                for size in sizes
            ),
        )

    # Sizes

    def size(self, node: Node) -> Poly:
        """Return the size that is written."""
        match node:
            case tree.Number(value):
                return Poly.of(value)
            case tree.Binary("+", left, right):
                return self.size(left) + self.size(right)
            case tree.Binary("−", left, right) if self.row.section == "Requires":
                return self.size(left) - self.size(right)
            case tree.Binary(" " | "·", left, right):
                return self.size(left) * self.size(right)
            case tree.Call("length", (tree.Name() as sequence,)) if (
                self.row.section != "Parameters"
            ):
                return self.length(sequence)
            case tree.Name():
                return self.named(key(node), node)
        raise self.error(node, f"{text(node)} is no size")

    def named(self, variable: Key, node: Node) -> Poly:
        """Return the size that a name is; one not seen before is a size if an input has it."""
        if self.index and self.index.name in (str(variable), variable.above, variable.below):
            raise self.error(node, f"{variable} differs from member to member")
        if variable not in self.variables and self.row.section in ("Output", "Requires"):
            raise self.error(node, f"{variable} is not declared")
        known = self.variables.setdefault(variable, Whole(Poly.of(Atom(str(variable)))))
        if not isinstance(known, Whole) or known.value is None:
            raise self.error(node, f"{variable} is {known}, no size")
        return known.value

    def length(self, sequence: tree.Name) -> Poly:
        match self.variables.get(key(sequence)):
            case Tokens(length):
                return length
        if self.row.section == "Requires":
            match self.variables.get(key(sequence, *(index.name for index in self.over))):
                case Family(_, _, Tokens(length)):
                    return length
        raise self.error(sequence, f"{text(sequence)} is no sequence")

    # What stands below and above

    def requirements(self) -> Iterator[Requirement]:
        for row in self.program.section("Requires"):
            self.row = row
            if not isinstance(row.node, tree.Requirements):
                raise self.error(row.node, "only conditions can be required")
            for condition in row.node.conditions:
                yield from self.requirement(condition)

    def requirement(self, condition: tree.Compare) -> Iterator[Requirement]:
        if condition.operator not in ("≤", "="):
            raise self.error(condition, "only what is written with ≤ or = can be required")
        left, right = self.size(condition.left), self.size(condition.right)
        excess = right - left
        over = tuple(
            index for index in self.over if any(Poly.of(index) in atom.at for atom in excess.atoms)
        )
        yield Requirement(text(condition), excess, over)
        if condition.operator == "=":
            self.equate(condition, left, right)
            yield Requirement(text(condition), -excess, over)

    def equate(self, condition: tree.Compare, left: Poly, right: Poly) -> None:
        """Note that one size is another, so that lines may take the one for the other."""
        left, right = left.replace(self.equal), right.replace(self.equal)
        size = left.atom
        # A token is told from a position by its being at most N_V.
        if size is None or size.at or size in right.atoms | N_V.atoms:
            raise self.error(condition.left, f"{text(condition.left)} is no size of its own")
        self.equal = {one: of.replace({size: right}) for one, of in self.equal.items()}
        self.equal[size] = right

    def arguments(
        self,
    ) -> tuple[tuple[tuple[Key, Type], ...], tuple[tuple[Key, Type], ...]]:
        """Return inputs and parameters in the order of the signature, or as they are declared."""
        signature = self.program.signature
        inputs, fields = self.declared["Input"], self.declared["Parameters"]
        parameters = fields if self.bundle is None else {self.bundle: self.variables[self.bundle]}
        if signature is None:
            return tuple(inputs.items()), tuple(parameters.items())
        self.row = self.heading
        return (
            tuple(self.given(signature, signature.inputs, inputs, {})),
            tuple(
                self.given(
                    signature, signature.parameters, parameters, self.declared["Hyperparameters"]
                )
            ),
        )

    def given(
        self,
        signature: tree.Signature,
        names: tuple[tree.Name, ...],
        all: Mapping[Key, Type],
        more: Mapping[Key, Type],
    ) -> Iterator[tuple[Key, Type]]:
        """Yield what a signature names: all of one section, and perhaps more of another."""
        declared = {variable: (variable, type) for variable, type in {**all, **more}.items()}
        left = dict(all)
        for name in names:
            variable = key(name)
            if variable not in declared:
                twice = variable in all or variable in more
                problem = "is named twice" if twice else "is not declared"
                raise self.error(name, f"{text(name)} {problem}")
            if isinstance(name.below, tree.Slice):
                self.is_whole(name, name.below, declared[variable][1])
            yield declared.pop(variable)
            left.pop(variable, None)
        if left:
            raise self.error(signature, f"{next(iter(left))} is not given")

    def is_whole(self, name: tree.Name, members: tree.Slice, type: Type) -> None:
        """See that `z_{1:N_data}` are all members there are."""
        assert isinstance(type, Family), "what is declared without an index has no •"
        if members.low != tree.Number(1) or self.size(members.high) != type.count:
            raise self.error(name, f"{text(name)} is not all of them, 1 … {type.count}")

    def abbreviations(self) -> Iterator[tree.Abbreviation]:
        signature = self.program.signature
        for row in self.program.section("Abbreviation"):
            self.row, node = row, row.node
            if not isinstance(node, tree.Abbreviation) or signature is None:
                raise self.error(node, "this abbreviates no call")
            called = {(call.function, call.parameters) for call in (node.short, node.full)}
            short, full = node.short.arguments, node.full.arguments
            names = set(short)
            if (
                called != {(signature.function, signature.parameters)}
                or not len(names) == len(short) < len(full) == len(signature.inputs)
                or set(full) != names
            ):
                raise self.error(node, f"this abbreviates no call of {signature.function}")
            yield node


def _length(name: tree.Name, index: Atom | None) -> Atom:
    """Return the length of a sequence, which differs from member to member of a family."""
    if index is None:
        return Atom(f"length({text(name)})")
    above, below = (
        tree.Name(HOLE) if label(script) == index.name else script for script in name.scripts
    )
    form = f"length({text(tree.Name(name.base, above, below))})"
    return Atom(f"length({text(name)})", at=(Poly.of(index),), form=form)


def instance(type: Type, sizes: Mapping[Atom, Poly]) -> Type:
    """Return a type of a header in the sizes of a caller."""
    return map_sizes(type, lambda size: size.replace(sizes))
