"""Which variable each name is, and whether it has a value there.

A script is an index where it is what a loop, or a declaration, runs over; any other is part of
the name. So `W_e` is one matrix, `W_l` a member of a family, and `p^{1/τ}`, where no p has a
script, a power. What is found here is needed by all that follows, and holds for any sizes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from spec.language import tree
from spec.language.errors import CheckError
from spec.language.header import Header, key, label
from spec.language.plain_text import text
from spec.language.tree import Facts, Line, Node, Program, children, targets
from spec.language.types import HOLE, Key


@dataclass(frozen=True)
class Variable:
    """A name that is a variable, or the member of a family at `index`."""

    key: Key
    index: Node | None = None


@dataclass(frozen=True)
class Raised:
    """A name that is a power: `p^{1/τ}`."""

    base: tree.Name
    exponent: Node


@dataclass
class Names:
    """What the names of one algorithm are.

    Attributes
    ----------
    uses
        What each name is, where it is read.
    targets
        What each name is, where it is set; what a function is defined of.
    fresh
        The targets that make a variable anew: all names, and what is filled entry by entry.
    functions
        Which calls are of a function that the algorithm defines.
    carried
        For each loop over lines, by its number: the variables it hands from turn to turn.
    kept
        For each loop over lines, by its number: the variables that have a value after it.
    sets
        For each line, by its number: what it sets.
    """

    uses: Facts[Variable | Raised] = field(default_factory=Facts)
    targets: Facts[Variable] = field(default_factory=Facts)
    fresh: Facts[bool] = field(default_factory=Facts)
    functions: Facts[Key] = field(default_factory=Facts)
    carried: dict[int, tuple[Key, ...]] = field(default_factory=dict)
    kept: dict[int, tuple[Key, ...]] = field(default_factory=dict)
    sets: dict[int, tuple[Key, ...]] = field(default_factory=dict)


def names(program: Program, header: Header) -> Names:
    """Find what every name of an algorithm is.

    Raises
    ------
    CheckError
        At a name that has no value where it is read; at an index that is in use already; at what
        is read while it is being filled; at turns of a ∀ that depend on each other; at a line
        that returns before the last, or a last one that does not.
    """
    return _Reader(program, header).names()


class _Reader:
    """Reads the lines in order.

    `known` is what has a value, `running` the names that loops run over, `filling` those over
    which a variable is being made entry by entry, `reads` every variable read so far, and
    `captured` what the functions defined so far depend on.
    """

    def __init__(self, program: Program, header: Header) -> None:
        self.program = program
        self.output, _ = header.output
        self.found = Names()
        self.known = {variable: variable for variable in header.variables}
        self.running: dict[str, int] = {}  # each with the number of reads before it
        self.filling: dict[Key, set[str]] = {}
        self.reads: list[Key] = []
        self.captured: dict[Key, set[Key]] = {}
        self.writes: list[Key] = []
        self.line = program.body[0]

    def error(self, node: Node, problem: str) -> CheckError:
        line = self.line.layout
        place = f"line {line.number}"
        return CheckError(self.program.id, place, node.span[0] + 1, line.text, problem)

    def names(self) -> Names:
        self.block(self.program.body)
        if not isinstance(self.program.body[-1].statement, tree.Return):
            raise self.error(self.line.statement, "the last line returns nothing")
        return self.found

    # Lines

    def block(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.line, self.writes = line, []
            self.found.sets[line.number] = ()
            match line.statement:
                case tree.For(word, binder, None):
                    if word == "∀" or isinstance(binder, tree.Implied):
                        problem = "a loop over lines is a `for` that says how far it runs"
                        raise self.error(binder, problem)
                    before = dict(self.known)
                    self.bind(binder)
                    self.block(line.body)
                    self.leave(line, before, self.unbind(binder))
                case tree.While(condition):
                    before = dict(self.known)
                    self.read(condition)
                    self.block(line.body)
                    self.leave(line, before, set())
                case tree.Return(name, value):
                    if line is not self.program.body[-1]:
                        raise self.error(line.statement, "this is not the last line")
                    if name is not None and key(name) != self.output:
                        raise self.error(name, f"the output is {self.output}")
                    self.read(value)
                case tree.End():
                    pass
                case statement:
                    self.statement(statement)
                    self.found.sets[line.number] = tuple(dict.fromkeys(self.writes))

    def leave(self, line: Line, before: dict[Key, Key], whole: set[Key]) -> None:
        """End a loop: it may have had no turn, so of what it set only whole families have a value.

        Such a family, in `whole`, is filled over the loop's index; without a turn it is empty.
        """
        self.line = line
        for inner in line.body:
            for one in inner.walk():
                self.always(one.statement, line.statement)
        within = dict.fromkeys(
            variable for inner in line.walk() for variable in self.found.sets[inner.number]
        )
        self.found.carried[line.number] = tuple(
            variable for variable in within if variable in before and variable not in whole
        )
        self.known = before | {variable: variable for variable in whole}
        self.found.kept[line.number] = tuple(self.known)
        self.filling = {one: over for one, over in self.filling.items() if one in self.known}

    def always(self, statement: tree.Statement, node: Node) -> None:
        """Refuse that a member of a family is made in some turns of its loop, and in others not."""
        for target in targets(statement):
            if (
                isinstance(target, tree.Name)
                and label(self.found.targets[target].index) in self.running
            ):
                raise self.error(node, f"not every turn makes its {text(target)} here")

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
                before = dict(self.known)
                self.statement(body)
                if new := [variable for variable in self.known if variable not in before]:
                    raise self.error(body, f"{new[0]} is set here only if the condition holds")
                self.always(body, body)
            case tree.Assign(tree.Call(function, arguments) as target, _, value):
                for argument in arguments:
                    self.read(argument)
                match arguments:
                    case (tree.Name() as parameter,) if self.found.uses[parameter] == Variable(
                        key(parameter)
                    ):
                        self.found.targets[parameter] = Variable(key(parameter))
                    case _:
                        raise self.error(target, "a function is defined of one name")
                start = len(self.reads)
                self.read(value)
                defined = self.learn(Key(function, glyph=function), target)
                self.captured[defined] = {*self.reads[start:]} - {key(parameter)}
            case tree.Assign(target, _, value):
                self.read(value)
                self.assign(target)
            case tree.Choose(target, value, probability, otherwise):
                for part in (value, probability, otherwise):
                    self.read(part)
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
        """Set a name, a member of a family, or entries of either."""
        match target:
            case tree.Name():
                self.aim(target)
                self.found.fresh[target] = True
            case tree.Index(tree.Name() as array, subscripts):
                variable = key(array, *self.running)
                fresh = variable not in self.known
                last = text(subscripts[-1])
                for subscript in subscripts:
                    self.read(subscript)
                if fresh and last not in self.running:
                    raise self.error(array, f"{text(array)} is not defined here")
                if variable.is_family and not fresh:
                    raise self.error(array, f"each {text(array)} has been made already")
                self.aim(array)
                self.found.fresh[target] = fresh
                if fresh:
                    self.filling.setdefault(variable, set()).add(last)
            case _:
                raise self.error(target, f"{text(target)} cannot be set")

    def aim(self, name: tree.Name) -> None:
        if text(name) in self.running:
            raise self.error(name, f"{text(name)} is what a loop runs over")
        variable = key(name, *self.running)
        if [variable.above, variable.below].count(HOLE) > 1:
            raise self.error(name, f"{text(name)} has two indices")
        if not all(isinstance(script, tree.Name | tree.Mark | None) for script in name.scripts):
            raise self.error(name, f"{text(name)} cannot be set")
        index = next((script for script in name.scripts if label(script) in self.running), None)
        if index is None and self.meaning(name) not in (None, Variable(variable)):
            raise self.error(name, f"{text(name)} means something else here")
        self.found.targets[name] = Variable(self.learn(variable, name), index)
        if index is not None:
            over = text(index)
            if variable in self.reads[self.running[over] :]:
                raise self.error(name, f"{text(name)} is read in the loop that makes it")
            self.read(index)
            self.filling.setdefault(variable, set()).add(over)

    def learn(self, variable: Key, node: Node) -> Key:
        """Note that a variable is set, and return it as it was first written."""
        for function, captured in self.captured.items():
            if variable in captured and function in self.known:
                raise self.error(node, f"{function} depends on {variable} as it was")
        self.captured.pop(variable, None)
        variable = self.known.setdefault(variable, variable)
        self.writes.append(variable)
        return variable

    def entries(self, binder: tree.Binder, body: tree.Statement) -> dict[Key, Node]:
        """Return the entries that the turns of a loop on one line set: each has its own."""
        over = {text(name) for name in binder.names}
        entries: dict[Key, Node] = {}
        for target in targets(body):
            name = target.array if isinstance(target, tree.Index) else target
            indices = {text(part) for part in (*children(target), *children(name))}
            if not isinstance(name, tree.Name) or not over <= indices:
                missing = min(over - indices or over)
                raise self.error(target, f"every {missing} sets {text(target)}")
            entries[self.found.targets[name].key] = target
        return entries

    def independent(self, node: Node, entries: dict[Key, Node]) -> None:
        """Refuse a read of what a ∀ sets, but at the entry that the turn itself sets."""
        name = node.array if isinstance(node, tree.Index) else node
        if isinstance(name, tree.Name) and name in self.found.uses:
            match self.found.uses[name]:
                case Variable(variable) if variable in entries and node != entries[variable]:
                    problem = f"another turn of the ∀ sets {text(node)}"
                    raise self.error(node, problem)
                case Variable(variable) if variable in entries:
                    return
        for child in children(node):
            self.independent(child, entries)

    # What loops, sums and sets run over

    def bind(self, binder: tree.Binder) -> None:
        match binder:
            case tree.UpTo(_, high):
                self.read(high)
            case tree.Range(_, low, high):
                self.read(low)
                self.read(high)
            case tree.Member(_, collection):
                self.read(collection)
        for name in binder.names:
            variable = key(name)
            if self.meaning(name) is not None:
                raise self.error(name, f"{text(name)} is in use already")
            for other in self.known:
                if text(name) in (other.above, other.below):
                    raise self.error(name, f"{text(name)} is part of the name {other}")
            self.known[variable] = variable
            self.running[text(name)] = len(self.reads)
            self.found.targets[name] = Variable(variable)

    def unbind(self, binder: tree.Binder) -> set[Key]:
        """Let the names go, and return what was filled over them."""
        filled: set[Key] = set()
        for name in binder.names:
            del self.known[key(name)]
            del self.running[text(name)]
            for variable, over in self.filling.items():
                if text(name) in over:
                    over.remove(text(name))
                    filled.add(variable)
        return filled

    # Reading

    def read(self, node: Node | tree.Condition) -> None:
        match node:
            case tree.Name():
                self.name(node)
            case tree.Sum(binder, body) | tree.Collect(binder, body):
                self.bind(binder)
                self.read(body)
                self.unbind(binder)
            case tree.Call(function):
                variable = Key(function, glyph=function)
                if variable in self.known and variable in self.captured:
                    self.found.functions[node] = variable
                    self.reads.append(variable)
                for child in children(node):
                    self.read(child)
            case tree.Named(tree.Index(_, subscripts), _, value):
                names = tuple(name for name in subscripts if isinstance(name, tree.Name))
                if len(names) < len(subscripts):
                    raise self.error(node, "what is given is indexed by names")
                self.bind(tree.Implied(names))
                self.read(value)
                self.unbind(tree.Implied(names))
            case tree.Named(_, _, value):
                self.read(value)
            case tree.Index(tree.Name() as array, subscripts):
                self.name(array, subscripts)
                for subscript in subscripts:
                    self.read(subscript)
            case _:
                for child in children(node):
                    self.read(child)

    def name(self, name: tree.Name, subscripts: tuple[Node, ...] = ()) -> None:
        use = self.meaning(name)
        if use is None:
            raise self.error(name, f"{text(name)} is not defined here")
        self.found.uses[name] = use
        match use:
            case Raised(base, exponent):
                self.name(base)
                self.read(exponent)
            case Variable(variable, index):
                self.reads.append(variable)
                if index is not None:
                    self.read(index)
                here = {label(index), *(text(subscript) for subscript in subscripts[-1:])}
                if not self.filling.get(variable, set()) <= here:
                    raise self.error(name, f"{text(name)} is still being filled here")

    def meaning(self, name: tree.Name) -> Variable | Raised | None:
        """Try the name as it stands, then as a member of a family, then as a power."""
        labels = [label(script) for script in name.scripts]
        if (plain := Key(name.base, *labels)) in self.known:
            return Variable(self.known[plain])
        for place, script in enumerate(name.scripts):
            if script is None or isinstance(script, tree.Mark | tree.Slice):
                continue
            family = Key(name.base, *(HOLE if at == place else labels[at] for at in range(2)))
            if family in self.known:
                return Variable(self.known[family], script)
        if name.above is not None and not isinstance(name.above, tree.Mark | tree.Slice):
            base = tree.Name(name.base, None, name.below, span=name.span)
            if self.meaning(base) is not None:
                return Raised(base, name.above)
        return None
