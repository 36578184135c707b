"""What an algorithm declares: its inputs, parameters, result and sizes, and what it requires."""

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from spec.language import tree, types
from spec.language.errors import CheckError
from spec.language.plain_text import text
from spec.language.polynomials import ONE, Atom, Poly
from spec.language.tree import Node, Program, Row
from spec.language.types import HOLE, N_V, TOKEN, Key, Type, map_sizes, sizes_of

Argument = tuple[Key, Type]  # a variable and its type


@dataclass(frozen=True)
class Requirement:
    """A condition on the inputs: `length(x) ≤ ℓ_max`, with `excess` = ℓ_max − length(x) ≥ 0.

    One on each member of a family, `length(x_n) ≤ ℓ_max`, holds for every value of the indices
    in `over`.
    """

    text: str
    excess: Poly
    over: tuple[Atom, ...] = ()


@dataclass(frozen=True)
class Header:
    """The declarations of one algorithm.

    Attributes
    ----------
    id
        The id of the algorithm: `4`.
    function
        The name that it is called by, `Attention`; None if it has only a title.
    inputs, parameters
        The arguments of a call and their types, in order; a bundle is one parameter.
    outputs
        The results and their types, in order.
    hyperparameters
        The arguments that are given by name.
    defaults
        The values of hyperparameters that may be left out.
    bundle
        The one name for all parameters, if there is one: `W_qkv`, which consists of W_q, b_q, …
    fields
        The parts of the bundle, or the parameters if there is no bundle.
    variables
        Everything that has a type before the first line, sizes and parts of a bundle included.
    sizes
        The sizes of the fields; `N_V`, which all algorithms share, is not among them.
    bounds
        The least and the greatest value of an input that is an index: Algorithm 2's t.
    requirements
        The conditions that every call must fulfil.
    equal
        The sizes that are required to equal others, and those others.
    abbreviations
        Shorter calls, and the calls that they stand for.
    positive
        The variables whose entries are all declared to be above 0, for each the interval's end.
    distributions
        The inputs that are distributions on the vocabulary.
    opened
        For each bundle whose parts are variables, too, or family of bundles: for each part, the
        variable that it is.
    built
        For each bundle among the results that is made part by part: for each part, `W_q`, the
        variable that becomes it, `W̄_q`, and its type.
    """

    id: str
    function: str | None
    inputs: tuple[Argument, ...]
    parameters: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
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
    positive: Mapping[Key, str] = field(default_factory=dict)
    distributions: tuple[Key, ...] = ()
    opened: Mapping[Key, Mapping[Key, Key]] = field(default_factory=dict)
    built: Mapping[Key, Mapping[Key, Argument]] = field(default_factory=dict)

    @property
    def output(self) -> Argument:
        """The first result, which is the only one of most algorithms."""
        return self.outputs[0]

    @cached_property
    def size_names(self) -> frozenset[str]:
        """The names of all sizes in the types of variables."""
        return frozenset(atom.name for type in self.variables.values() for atom in sizes_of(type))

    @cached_property
    def learned_numbers(self) -> frozenset[Key]:
        """The parameters that are numbers: arrays in Python, as no hyperparameter is."""
        numbers = {key for key, type in self.parameters if type == types.SCALAR}
        return frozenset(numbers - self.hyperparameters.keys())


def header(program: Program, headers: Mapping[str, Header]) -> Header:
    """Return what a program declares; `headers` holds those of the programs that it refers to.

    Raises
    ------
    CheckError
        At a declaration that makes no sense: a name declared twice, a size that a bundle lacks.
    """
    return _Reader(program, headers).header()


def refers_to(program: Program) -> set[str]:
    """Return the ids of the algorithms that a head refers to: `4` for `W as in Algorithm 4`."""
    return {
        item.algorithm
        for row in program.rows
        if isinstance(row.node, tree.Declarations)
        for item in row.node.items
        if isinstance(item, tree.Alike)
    }


def label(script: Node | None) -> str:
    """Write a script as a part of a key; `¹` is another script than `1`."""
    return "" if script is None else text(script)


def key(name: tree.Name, *indices: str) -> Key:
    """Return the variable that a name stands for: a script among `indices` is not part of it."""
    above, below = (
        HOLE if label(script) in indices or isinstance(script, tree.Slice) else label(script)
        for script in name.scripts  # z_{1:N_data} is all of z_n
    )
    return Key(name.base, above, below, text(name))


def written_size(node: Node, named: Callable[[Node], Poly], minus: bool = True) -> Poly:
    """Return the size that an expression is.

    Parameters
    ----------
    node
        The expression: `H d_mid`.
    named
        Gives the size that a name or a length is, and raises an error at anything else.
    minus
        Whether the size may be a difference.
    """
    match node:
        case tree.Number(value):
            return Poly.of(value)
        case tree.Binary("+", left, right):
            return written_size(left, named, minus) + written_size(right, named, minus)
        case tree.Binary("−", left, right) if minus:
            return written_size(left, named, minus) - written_size(right, named, minus)
        case tree.Binary(" " | "·", left, right):
            return written_size(left, named, minus) * written_size(right, named, minus)
    return named(node)


def cotangent(part: Key) -> Key:
    """Return the variable that holds the cotangent of another: `W̄_q` of `W_q`."""
    base = unicodedata.normalize("NFC", part.base + BAR)
    return Key(base, part.above, part.below, base + part.glyph.removeprefix(part.base))


VOCABULARY = Key("N", "", "V", "N_V")
BAR = "\u0304"


class _Reader:
    """Reads the rows of one algorithm's head, from the top down."""

    def __init__(self, program: Program, headers: Mapping[str, Header]) -> None:
        self.program = program
        self.headers = headers
        self.variables: dict[Key, Type] = {VOCABULARY: types.Whole(N_V)}
        self.declared: dict[str, dict[Key, Type]] = {}
        self.defaults: dict[Key, int] = {}
        self.bounds: dict[Atom, tuple[Poly, Poly]] = {}
        self.counts: dict[Atom, Poly] = {}  # how many members a family over each index has
        self.equal: dict[Atom, Poly] = {}
        self.index: Atom | None = None  # the index of the family that is being declared
        self.bundle: Key | None = None
        self.positive: dict[Key, str] = {}
        self.distributions: list[Key] = []
        self.opened: dict[Key, dict[Key, Key]] = {}
        self.built: dict[Key, dict[Key, Argument]] = {}
        self.row = self.heading

    def error(self, node: Node, problem: str) -> CheckError:
        row = self.row
        return CheckError(self.program.id, row.section, node.span[0] + 1, row.text, problem)

    def header(self) -> Header:
        for section in ("Hyperparameters", "Input", "Parameters"):
            self.section(section)
        fields = parameters = self.declared["Parameters"]
        atoms = {atom for type in fields.values() for atom in sizes_of(type)} - N_V.atoms
        sizes = tuple(sorted(atoms, key=lambda atom: atom.name))
        if self.bundle is not None:
            own = types.Bundle(self.program.id, tuple((atom, Poly.of(atom)) for atom in sizes))
            self.variables[self.bundle] = own
            parameters = {self.bundle: own}
        self.row, signature = self.heading, self.program.signature
        named = (None, None) if signature is None else (signature.inputs, signature.parameters)
        inputs = self.arguments(named[0], self.declared["Input"], {})
        arguments = self.arguments(named[1], parameters, self.declared["Hyperparameters"])
        requirements = tuple(self.requirements())
        # The result may bear the name of an input, and of a size: it is declared apart.
        before = dict(self.variables)
        self.variables = dict(before)
        self.section("Output", apart=True)
        outputs = tuple(self.declared["Output"].items())
        self.variables = before
        has_own = VOCABULARY in self.declared["Hyperparameters"]
        others = (type for key, type in before.items() if key != VOCABULARY)
        if not has_own and not any(map(self.has_N_V, others)):
            del self.variables[VOCABULARY]
        self.row = self.heading
        if not outputs:
            raise self.error(self.row.node, "there is no output")
        if signature is not None:
            for result, (output, _) in zip(signature.results, outputs, strict=False):
                if key(result) != output:
                    raise self.error(result, f"the output is {output}")
            if len(signature.results) != len(outputs):
                problem = f"{len(signature.results)} results are named, and {len(outputs)} declared"
                raise self.error(signature.results[-1], problem)
        return Header(
            self.program.id,
            None if signature is None else signature.function,
            inputs,
            arguments,
            outputs,
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
            self.positive,
            tuple(self.distributions),
            self.opened,
            self.built,
        )

    @property
    def heading(self) -> Row:
        """The heading, as if it were a row of a section."""
        layout = self.program.layout
        return Row("heading", 0, layout.signature or layout.title, tree.Declarations(()))

    # Sections

    def has_N_V(self, type: Type) -> bool:
        """Say whether a matrix, or a part of a bundle, has a row or a column for each token."""
        if isinstance(type, types.Bundle) and type.algorithm in self.headers:
            return VOCABULARY in self.headers[type.algorithm].variables
        return isinstance(type, types.Matrix) and N_V.atoms <= sizes_of(type)

    def section(self, name: str, *, apart: bool = False) -> None:
        declared = self.declared[name] = {}
        scope: tuple[int, tree.UpTo] | None = None
        for row in self.program.section(name):
            self.row = row
            if scope is not None and row.indent <= scope[0]:
                scope = None
            within = scope is not None
            match row.node:
                case tree.Each(binder) | tree.Declarations(_, tree.UpTo() as binder) if within:
                    raise self.error(binder, "a member has one index only")
                case tree.Each(binder):
                    scope = row.indent, binder
                case tree.Consists(bundle):
                    if name != "Parameters" or declared:
                        raise self.error(bundle, "only all parameters together can have a name")
                    self.bundle = key(bundle)
                    self.declare(bundle, self.bundle, types.Bundle(self.program.id, ()))
                case tree.Declarations(items, own):
                    for item in items:
                        opens = item if isinstance(item, tree.Alike) and item.parts else None
                        for member, variable, type in self.item(item, own or (scope and scope[1])):
                            if apart and variable not in declared:
                                self.variables.pop(variable, None)
                            # A part of a bundle is declared by it, and here taken apart in turn.
                            if not (opens and self.is_part(member, variable, type)):
                                self.declare(member, variable, type)
                                declared[variable] = type
                            if opens:
                                self.take_apart(opens, member, variable, type, apart)

    def is_part(self, node: Node, variable: Key, type: Type) -> bool:
        """Say whether a variable is a part, of this type, of a bundle that has been taken apart."""
        if all(variable not in parts.values() for parts in self.opened.values()):
            return False
        before = self.variables[variable]
        if isinstance(type, types.Family) and isinstance(before, types.Family):
            before = replace(before, index=type.index)
        if before != type:
            raise self.error(node, f"{variable} is {before}, not {type}")
        return True

    def take_apart(
        self, item: tree.Alike, node: Node, variable: Key, type: Type, made: bool
    ) -> None:
        """Make the parts of a bundle variables; those of one that is made are cotangents.

        The parts of a family of bundles are families.
        """
        bundle = type.member if isinstance(type, types.Family) else type
        if not isinstance(bundle, types.Bundle) or (made and bundle is not type):
            raise self.error(node, f"{variable} is {type}: only one bundle has parts of its own")
        sizes = dict(bundle.sizes)
        parts = {
            part: map_sizes(of, lambda size: size.replace(sizes))
            for part, of in self.headers[item.algorithm].fields.items()
        }
        if made:
            self.built[variable] = {part: (cotangent(part), own) for part, own in parts.items()}
            return
        opened = self.opened[variable] = {}
        for part, own in parts.items():
            opened[part] = part
            if isinstance(type, types.Family):
                opened[part] = self.of_each(part, variable, type.index, node)
                own = types.Family(type.index, type.count, own)
            self.declare(node, opened[part], own)

    def of_each(self, part: Key, bundles: Key, index: Atom, node: Node) -> Key:
        """Return the family of one part of each bundle of a family: `W^h_q`, of `W^h_qkv`."""
        rest = part.glyph.removeprefix(part.base)
        if bundles.above == HOLE and not part.above:
            return Key(part.base, HOLE, part.below, f"{part.base}^{index}{rest}")
        if bundles.below == HOLE and not part.below:
            return Key(part.base, part.above, HOLE, f"{part.base}{rest}_{index}")
        raise self.error(node, f"{part} has no room for the index {index}")

    def declare(self, node: Node, variable: Key, type: Type) -> None:
        is_N_V = variable == VOCABULARY and self.row.section == "Hyperparameters"
        if variable in self.variables and not is_N_V:
            raise self.error(node, f"{variable} is declared twice")
        self.variables[variable] = type

    def item(
        self, item: tree.Declaration | tree.Alike, binder: tree.UpTo | None
    ) -> Iterator[tuple[tree.Name, Key, Type]]:
        """Yield each variable that is declared; with a binder they are families."""
        for name in item.names:
            index = self.index = None if binder is None else self.runs(binder)
            variable = key(name) if index is None else key(name, index.name)
            if [variable.above, variable.below].count(HOLE) != (index is not None):
                indices = "no index" if index is None else f"the index {index}, once"
                raise self.error(name, f"{text(name)} must have {indices}")
            # The first member of a family is 1: `t_0` is a name of its own.
            if any(isinstance(script, tree.Number) and script.value for script in name.scripts):
                raise self.error(name, f"{text(name)} can only be a member of a family")
            type = self.type(item, name, index)
            if index is not None:
                type = types.Family(index, self.counts[index], type)
            yield name, variable, type
        self.index = None

    def runs(self, binder: tree.UpTo) -> Atom:
        """Return the index of a family: the same for all families of as many members.

        Its serial is below 0, since an index of a line may stand for a size of a member.
        """
        name, count = text(binder.name), self.size(binder.high)
        for index, members in self.counts.items():
            if (index.name, members) == (name, count):
                return index
        index = Atom(name, "index", -1 - len(self.counts))
        self.counts[index] = count
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
            case tree.Reals(dimensions, interval):
                if interval is not None and self.row.section != "Output":
                    self.positive[key(name)] = interval[1]
                return self.matrix(dimensions)
            case tree.Bits(dimensions):
                return replace(self.matrix(dimensions), bits=True)
            case tree.Naturals() if index is None:
                return types.Whole(Poly.of(Atom(text(name))))
            case tree.Vocabulary():
                return TOKEN
            case tree.Sequences():
                return types.Tokens(Poly.of(_length(name, index)))
            case tree.Distributions():
                if self.row.section == "Input":
                    self.distributions.append(key(name))
                return types.Matrix(N_V)
            case tree.Positions(high) if index is None and self.row.section == "Input":
                position = Atom(text(name), "index")
                self.bounds[position] = (ONE, self.size(high))
                return types.Whole(Poly.of(position))
            case tree.Positions(high):
                return types.Whole(high=self.size(high))
        raise self.error(item, "there is one count, not one for each member")

    def matrix(self, dimensions: tuple[Node, ...]) -> types.Matrix:
        rows, columns, *_ = (*map(self.size, dimensions), ONE, ONE)
        return types.Matrix(rows, columns)

    def alike(self, item: tree.Alike) -> types.Bundle:
        if item.algorithm not in self.headers:
            problem = f"Algorithm {item.algorithm} is missing, or refers to this one"
            raise self.error(item, problem)
        sizes = self.headers[item.algorithm].sizes
        equal: dict[str, Poly] = {}
        if item.equal:
            *names, last = item.equal
            equal = {text(name): self.size(last) for name in names}
            for name in names:
                if text(name) not in {size.name for size in sizes}:
                    raise self.error(name, f"Algorithm {item.algorithm} has no size {text(name)}")
        declared = self.headers[item.algorithm].variables.items()
        keys = {
            type.value: variable for variable, type in declared if isinstance(type, types.Whole)
        }
        return types.Bundle(
            item.algorithm,
            tuple(
                (size, equal.get(size.name) or self.named(keys[Poly.of(size)], item))
                for size in sizes
            ),
        )

    # Sizes

    def size(self, node: Node) -> Poly:
        return written_size(node, self.atom, minus=self.row.section == "Requires")

    def atom(self, node: Node) -> Poly:
        takes_lengths = self.row.section != "Parameters"
        match node:
            case tree.Call("length", (tree.Name() as sequence,)) if takes_lengths:
                return self.length(sequence)
            case tree.Name():
                return self.named(key(node), node)
        raise self.error(node, f"{text(node)} is not a size")

    def named(self, variable: Key, node: Node) -> Poly:
        """Return the size that a name is; inputs and parameters declare it by having it."""
        if self.index and self.index.name in (str(variable), variable.above, variable.below):
            raise self.error(node, f"{variable} differs from member to member")
        if variable not in self.variables and self.row.section in ("Output", "Requires"):
            raise self.error(node, f"{variable} is not declared")
        type = self.variables.setdefault(variable, types.Whole(Poly.of(Atom(str(variable)))))
        if not isinstance(type, types.Whole) or type.value is None:
            raise self.error(node, f"{variable} is {type}, not a size")
        return type.value

    def length(self, sequence: tree.Name) -> Poly:
        match self.variables.get(key(sequence)):
            case types.Tokens(length):
                return length
        if self.row.section == "Requires":
            match self.variables.get(key(sequence, *(index.name for index in self.counts))):
                case types.Family(_, _, types.Tokens(length)):
                    return length
        raise self.error(sequence, f"{text(sequence)} is not a sequence")

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
            raise self.error(condition, "only conditions with ≤ or = can be required")
        left, right = self.size(condition.left), self.size(condition.right)
        excess = right - left
        members = {member for atom in excess.atoms for member in atom.at}
        over = tuple(index for index in self.counts if Poly.of(index) in members)
        yield Requirement(text(condition), excess, over)
        if condition.operator == "=":
            self.equate(condition, left, right)
            yield Requirement(text(condition), -excess, over)

    def equate(self, condition: tree.Compare, left: Poly, right: Poly) -> None:
        """Note that a size equals another, which may stand for it in the lines."""
        left, right = left.replace(self.equal), right.replace(self.equal)
        size = left.atom
        # Being at most N_V makes a number a token, not a position.
        if size is None or size.at or size in right.atoms | N_V.atoms:
            raise self.error(condition.left, f"{text(condition.left)} is not a size of its own")
        self.equal = {equal: other.replace({size: right}) for equal, other in self.equal.items()}
        self.equal[size] = right

    def arguments(
        self,
        names: tuple[tree.Name, ...] | None,
        required: Mapping[Key, Type],
        optional: Mapping[Key, Type],
    ) -> tuple[Argument, ...]:
        """Return the arguments that a signature names, or, without one, the required ones."""
        if names is None:
            return tuple(required.items())
        # A key as it was declared, z_n, may have another glyph than here, z_{1:N_data}.
        declared = {item[0]: item for item in ({**required, **optional}).items()}
        arguments: dict[Key, Argument] = {}
        for name in names:
            variable = key(name)
            if variable not in declared or variable in arguments:
                problem = "is named twice" if variable in arguments else "is not declared"
                raise self.error(name, f"{text(name)} {problem}")
            arguments[variable] = declared[variable]
            for part in name.slices:
                self.is_whole(name, part, declared[variable][1])
        if missing := [variable for variable in required if variable not in arguments]:
            raise self.error(self.row.node, f"{missing[0]} is not given")
        return tuple(arguments.values())

    def is_whole(self, name: tree.Name, members: tree.Slice, type: Type) -> None:
        """See that `z_{1:N_data}` are all members there are."""
        assert isinstance(type, types.Family), "what is declared without an index has no •"
        if members.low != tree.Number(1) or self.size(members.high) != type.count:
            raise self.error(name, f"{text(name)} is not all of them, 1 … {type.count}")

    def abbreviations(self) -> Iterator[tree.Abbreviation]:
        signature = self.program.signature
        for row in self.program.section("Abbreviation"):
            self.row, node = row, row.node
            if not isinstance(node, tree.Abbreviation) or signature is None:
                raise self.error(node, "this does not abbreviate a call")
            calls = {(call.function, call.parameters) for call in (node.short, node.full)}
            short, full = node.short.arguments, node.full.arguments
            names = set(short)
            if (
                calls != {(signature.function, signature.parameters)}
                or not len(names) == len(short) < len(full) == len(signature.inputs)
                or set(full) != names
            ):
                problem = f"this does not abbreviate a call of {signature.function}"
                raise self.error(node, problem)
            yield node


def _length(name: tree.Name, index: Atom | None) -> Atom:
    """Return the length of a sequence; each member of a family has its own."""
    if index is None:
        return Atom(f"length({text(name)})")
    above, below = (
        tree.Name(HOLE) if label(script) == index.name else script for script in name.scripts
    )
    form = f"length({text(tree.Name(name.base, above, below))})"
    return Atom(f"length({text(name)})", at=(Poly.of(index),), form=form)


def instance(type: Type, sizes: Mapping[Atom, Poly]) -> Type:
    """Return a type of a header with the sizes that a caller gives it."""
    return map_sizes(type, lambda size: size.replace(sizes))
