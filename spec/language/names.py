"""Which variable each name stands for, and whether that variable has a value there.

A script is an index if a loop or a declaration runs over it; any other script is part of the
name. So `W_e` is one matrix, `W_l` is a member of a family, and `p^{1/τ}` is a power, since no p
has a script.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from spec.language import tree
from spec.language.errors import CheckError
from spec.language.header import Header, key, label
from spec.language.plain_text import text
from spec.language.tree import Facts, Line, Node, Program, base, children, targets
from spec.language.types import HOLE, Key


@dataclass(frozen=True)
class Variable:
    """A name that stands for a variable, or for the member of a family at `index`."""

    key: Key
    index: Node | None = None


@dataclass(frozen=True)
class Raised:
    """A name that stands for a power: `p^{1/τ}`."""

    base: tree.Name
    exponent: Node


@dataclass(frozen=True)
class Built:
    """A name that stands for a bundle of which every part has been made: `W̄` of `W̄_q`, …"""

    key: Key


@dataclass
class Names:
    """What the names of one algorithm stand for.

    Attributes
    ----------
    uses
        For each name that is read, its variable, or the power or the built bundle that it is.
    targets
        For each name that is set, its variable; also for names that run, and for the parameter
        of a function that is defined.
    fresh
        For each target, whether it makes its variable anew: all names do, and entries of what is
        filled entry by entry.
    functions
        For each call of a function that the algorithm defines, that function.
    carried
        For each loop over lines, by its number, the variables that a turn hands to the next.
    kept
        For each loop over lines, by its number, the variables that have a value after it.
    sets
        For each line, by its number, the variables that it sets.
    """

    uses: Facts[Variable | Raised | Built] = field(default_factory=Facts)
    targets: Facts[Variable] = field(default_factory=Facts)
    fresh: Facts[bool] = field(default_factory=Facts)
    functions: Facts[Key] = field(default_factory=Facts)
    carried: dict[int, tuple[Key, ...]] = field(default_factory=dict)
    kept: dict[int, tuple[Key, ...]] = field(default_factory=dict)
    sets: dict[int, tuple[Key, ...]] = field(default_factory=dict)


def names(program: Program, header: Header) -> Names:
    """Find what every name of an algorithm stands for.

    Raises
    ------
    CheckError
        At a name that has no value where it is read; at an index that is in use already; at a
        variable that is read while it is being filled; at turns of a ∀ that depend on each other;
        at a return before the last line, or a last line without one.
    """
    return _Reader(program, header).all()


class _Reader:
    """Reads the lines in order."""

    def __init__(self, program: Program, header: Header) -> None:
        self.program = program
        self.outputs = tuple(variable for variable, _ in header.outputs)
        self.built = header.built
        self.parts = {part for parts in header.built.values() for part, _ in parts.values()}
        self.names = Names()
        # The variables that have a value, as they were first written.
        self.defined = {variable: variable for variable in header.variables}
        self.running: dict[str, int] = {}  # the names that run, with the number of reads before
        self.filling: dict[Key, set[str]] = {}  # what is being filled, and over which names
        self.reads: list[Key] = []  # so far
        self.writes: list[Key] = []  # by the line
        self.captured: dict[Key, set[Key]] = {}  # what each function depends on
        self.line = program.body[0]

    def error(self, node: Node, problem: str) -> CheckError:
        line = self.line.layout
        place = f"line {line.number}"
        return CheckError(self.program.id, place, node.span[0] + 1, line.text, problem)

    def all(self) -> Names:
        self.block(self.program.body)
        if not isinstance(self.program.body[-1].statement, tree.Return | tree.Returns):
            raise self.error(self.line.statement, "the last line returns nothing")
        return self.names

    # Lines

    def block(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.line, self.writes = line, []
            self.names.sets[line.number] = ()
            match line.statement:
                case tree.For(word, binder, None):
                    if word == "∀" or isinstance(binder, tree.Implied):
                        problem = "a loop over lines is a `for` that says how far it runs"
                        raise self.error(binder, problem)
                    before = dict(self.defined)
                    self.bind(binder)
                    self.block(line.body)
                    self.leave(line, before, self.unbind(binder))
                case tree.While(condition):
                    before = dict(self.defined)
                    self.read(condition)
                    self.block(line.body)
                    self.leave(line, before, set())
                case tree.Return() | tree.Returns() as last:
                    if line is not self.program.body[-1]:
                        raise self.error(last, "this is not the last line")
                    self.returned(last)
                case tree.End():
                    pass
                case statement:
                    self.statement(statement)
                    self.names.sets[line.number] = tuple(dict.fromkeys(self.writes))

    def leave(self, line: Line, before: dict[Key, Key], whole: set[Key]) -> None:
        """End a loop, which may have had no turn: of its variables, only `whole` families are left.

        These are filled over the loop's index, and empty without a turn.
        """
        self.line = line
        changed: dict[Key, None] = {}
        for inner in (inner for below in line.body for inner in below.walk()):
            self.always(inner.statement, line.statement)
            changed |= dict.fromkeys(self.names.sets[inner.number])
        self.names.carried[line.number] = tuple(
            variable for variable in changed if variable in before and variable not in whole
        )
        self.defined = before | {variable: variable for variable in whole}
        self.names.kept[line.number] = tuple(self.defined)
        self.filling = {key: over for key, over in self.filling.items() if key in self.defined}

    def always(self, statement: tree.Statement, node: Node) -> None:
        """Refuse a member of a family that is made in some turns of its loop, and not in others."""
        for target in targets(statement):
            if isinstance(target, tree.Name):
                index = self.names.targets[target].index
                if label(index) in self.running:
                    raise self.error(node, f"not every turn makes its {text(target)} here")

    def returned(self, last: tree.Return | tree.Returns) -> None:
        if len(last.results) != len(self.outputs):
            number = f"{len(last.results)} of {len(self.outputs)} results"
            raise self.error(last, f"this returns {number}")
        for result, output in zip(last.results, self.outputs, strict=True):
            if result.name is not None and key(result.name) != output:
                raise self.error(result.name, f"the output is {output}")
            self.read(result.value)

    # What a line does

    def statement(self, statement: tree.Statement) -> None:
        match statement:
            case tree.For(word, binder, Node() as body):
                self.bind(binder)
                self.statement(body)
                entries = self.entries(binder, body)
                if word == "∀":
                    self.independent(body, entries)
                self.unbind(binder)
            case tree.If(condition, body):
                self.read(condition)
                before = dict(self.defined)
                self.statement(body)
                if new := [variable for variable in self.defined if variable not in before]:
                    raise self.error(body, f"{new[0]} is set here only if the condition holds")
                self.always(body, body)
            case tree.Assign(tree.Call(function, arguments) as target, _, value):
                self.read(*arguments)
                (parameter, *others) = arguments
                if others or not isinstance(parameter, tree.Name):
                    raise self.error(target, "a function is defined of one name")
                variable = Variable(key(parameter))
                if self.names.uses[parameter] != variable:
                    raise self.error(target, "a function is defined of one name")
                self.names.targets[parameter] = variable
                start = len(self.reads)
                self.read(value)
                defined = self.define(Key(function, glyph=function), target)
                self.captured[defined] = {*self.reads[start:]} - {variable.key}
            case tree.Assign(target, _, value):
                self.read(value)
                self.assign(target)
            case tree.Several(several, call):
                self.read(call)
                for place, target in enumerate(several):
                    if target in several[:place]:
                        raise self.error(target, f"{text(target)} is set twice")
                    self.assign(target)
            case tree.Choose(target, value, probability, otherwise):
                self.read(value, probability, otherwise)
                self.assign(target)
            case tree.Sample(token, distribution, weights):
                if token == distribution:
                    raise self.error(distribution, f"{text(token)} is set twice")
                self.read(weights)
                self.assign(distribution)
                self.assign(token)
            case _:
                raise self.error(statement, "this stands on a line of its own")

    def assign(self, target: Node) -> None:
        """Set a name, a member of a family, entries of either, or a whole family."""
        match target:
            case tree.Rows(items):
                self.set_members(target, items)
            case tree.Name() if target.slices:
                self.read(*target.slices)
                self.names.targets[target] = Variable(self.define(key(target), target))
                self.names.fresh[target] = True
            case tree.Name():
                self.set_name(target)
                self.names.fresh[target] = True
            case tree.Index(tree.Name() as array, subscripts):
                variable = key(array, *self.running)
                fresh = variable not in self.defined
                last = text(subscripts[-1])
                self.read(*subscripts)
                if fresh and last not in self.running:
                    raise self.error(array, f"{text(array)} is not defined here")
                if variable.is_family and not fresh:
                    raise self.error(array, f"each {text(array)} has been made already")
                self.set_name(array)
                self.names.fresh[target] = fresh
                if fresh:
                    self.filling.setdefault(variable, set()).add(last)
            case _:
                raise self.error(target, f"{text(target)} cannot be set")

    def set_name(self, name: tree.Name) -> None:
        """Note which variable a name is that is set, with the index if it is one of a family."""
        if text(name) in self.running:
            raise self.error(name, f"{text(name)} is what a loop runs over")
        variable = key(name, *self.running)
        if [variable.above, variable.below].count(HOLE) > 1:
            raise self.error(name, f"{text(name)} has two indices")
        declared = variable in self.parts or variable in self.outputs
        plain = all(isinstance(script, tree.Name | tree.Mark | None) for script in name.scripts)
        if not plain and not declared:
            raise self.error(name, f"{text(name)} cannot be set")
        index = next((script for script in name.scripts if label(script) in self.running), None)
        meanings = (None, Variable(variable))
        if index is None and not declared and self.meaning(name) not in meanings:
            raise self.error(name, f"{text(name)} means something else here")
        self.names.targets[name] = Variable(self.define(variable, name), index)
        if index is not None:
            over = text(index)
            if variable in self.reads[self.running[over] :]:
                raise self.error(name, f"{text(name)} is read in the loop that makes it")
            self.read(index)
            self.filling.setdefault(variable, set()).add(over)

    def set_members(self, target: tree.Rows, items: tuple[Node, ...]) -> None:
        """Note that all members of a family are set: `[Y^1; Y^2; …; Y^H]`."""
        listed = [item for item in items if isinstance(item, tree.Name)]
        regular = len(items) > 2 and len(listed) == len(items) - 1 and items[-2] not in listed
        like = {(name.base, name.below) for name in listed}
        above = [name.above for name in listed]
        first = [tree.Number(place) for place in range(1, len(listed))]
        if not regular or len(like) > 1 or above[:-1] != first or above[-1] is None:
            raise self.error(target, "only all members of a family are set in rows")
        name, last = listed[0], listed[-1]
        family = Key(name.base, HOLE, label(name.below), text(name))
        if family in self.defined:
            raise self.error(name, f"each {text(name)} has been made already")
        assert isinstance(above[-1], Node), "it is not None"
        self.read(above[-1])
        self.names.targets[name] = Variable(self.define(family, name))
        self.names.targets[last] = Variable(family, above[-1])

    def define(self, variable: Key, node: Node) -> Key:
        """Note that a variable has a value, and return it as it was first written."""
        for function, captured in self.captured.items():
            if variable in captured and function in self.defined:
                raise self.error(node, f"{function} depends on {variable} as it was")
        self.captured.pop(variable, None)
        variable = self.defined.setdefault(variable, variable)
        self.writes.append(variable)
        return variable

    def entries(self, binder: tree.Binder, body: tree.Statement) -> dict[Key, Node]:
        """Return the entries that the turns of a loop on one line set, by their variables."""
        over = {text(name) for name in binder.names}
        entries: dict[Key, Node] = {}
        for target in targets(body):
            missing = over
            if not isinstance(target, tree.Call):
                name = base(target)
                missing = over - {text(part) for part in (*children(target), *children(name))}
                entries[self.names.targets[name].key] = target
            if missing:
                raise self.error(target, f"every {min(missing)} sets {text(target)}")
        return entries

    def independent(self, node: Node, entries: dict[Key, Node]) -> None:
        """Refuse to read what a ∀ sets, except the entry that the same turn sets."""
        name = node.array if isinstance(node, tree.Index) else node
        if isinstance(name, tree.Name) and name in self.names.uses:
            match self.names.uses[name]:
                case Variable(variable) if variable in entries and node != entries[variable]:
                    raise self.error(node, f"another turn of the ∀ sets {text(node)}")
                case Variable(variable) if variable in entries:
                    return
        for child in children(node):
            self.independent(child, entries)

    # What loops, sums and sets run over

    def bind(self, binder: tree.Binder) -> None:
        self.read(*tuple(children(binder))[len(binder.names) :])  # its bounds follow its names
        for name in binder.names:
            variable = key(name)
            if self.meaning(name) is not None:
                raise self.error(name, f"{text(name)} is in use already")
            for longer in self.defined:
                if text(name) in (longer.above, longer.below):
                    raise self.error(name, f"{text(name)} is part of the name {longer}")
            self.defined[variable] = variable
            self.running[text(name)] = len(self.reads)
            self.names.targets[name] = Variable(variable)

    def unbind(self, binder: tree.Binder) -> set[Key]:
        """End the scope of names that ran, and return what was filled over them."""
        filled: set[Key] = set()
        for name in binder.names:
            del self.defined[key(name)]
            del self.running[text(name)]
            for variable, over in self.filling.items():
                if text(name) in over:
                    over.remove(text(name))
                    filled.add(variable)
        return filled

    # Reading

    def read(self, *nodes: Node) -> None:
        for node in nodes:
            self.read_node(node)

    def read_node(self, node: Node) -> None:
        match node:
            case tree.Name():
                self.name(node)
            case tree.Sum(binder, body) | tree.Collect(binder, body):
                self.bind(binder)
                self.read(body)
                self.unbind(binder)
            case tree.Call(function):
                variable = Key(function, glyph=function)
                if variable in self.defined and variable in self.captured:
                    self.names.functions[node] = variable
                    self.reads.append(variable)
                self.read(*children(node))
            case tree.Named(tree.Index(_, subscripts), _, value):
                indices = tree.Implied(node.indices)
                if len(indices.names) < len(subscripts):
                    raise self.error(node, "an argument given by an equation is indexed by names")
                self.bind(indices)
                self.read(value)
                self.unbind(indices)
            case tree.Named(_, _, value):
                self.read(value)
            case tree.Index(tree.Name() as array, subscripts):
                self.name(array, subscripts)
                self.read(*subscripts)
            case _:
                self.read(*children(node))

    def name(self, name: tree.Name, subscripts: tuple[Node, ...] = ()) -> None:
        use = self.meaning(name) or self.whole(name)
        if use is None:
            raise self.error(name, f"{text(name)} is not defined here")
        self.names.uses[name] = use
        match use:
            case Built(bundle):
                self.reads += [part for part, _ in self.built[bundle].values()]
            case Raised(base, exponent):
                self.name(base)
                self.read(exponent)
            case Variable(variable, index):
                self.reads.append(variable)
                if index is not None:
                    self.read(index)
                self.read(*name.slices)
                indices = {label(index), *(text(subscript) for subscript in subscripts[-1:])}
                if not self.filling.get(variable, set()) <= indices:
                    raise self.error(name, f"{text(name)} is still being filled here")

    def whole(self, name: tree.Name) -> Built | None:
        """Return the bundle that a name stands for once each of its parts has been made."""
        if key(name) not in self.built:
            return None
        for part, _ in self.built[key(name)].values():
            if part not in self.defined:
                raise self.error(name, f"{text(name)} has no {part} yet")
        return Built(key(name))

    def meaning(self, name: tree.Name) -> Variable | Raised | None:
        """Return the meaning of a name: a variable, else a member of a family, else a power."""
        labels = [label(script) for script in name.scripts]
        if (plain := Key(name.base, *labels)) in self.defined:
            return Variable(self.defined[plain])
        for place, script in enumerate(name.scripts):
            if script is None or isinstance(script, tree.Mark):
                continue
            family = Key(name.base, *(HOLE if at == place else labels[at] for at in range(2)))
            if family in self.defined:
                index = None if isinstance(script, tree.Slice) else script  # else all members
                return Variable(self.defined[family], index)
        if name.above is not None and not isinstance(name.above, tree.Mark | tree.Slice):
            base = tree.Name(name.base, None, name.below, span=name.span)
            if self.meaning(base) is not None:
                return Raised(base, name.above)
        return None
