"""Runs the algorithms: literally, line by line, from index 1, over any domain of scalars."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from spec.domains.domain import Domain, Matrix, S
from spec.domains.reverse import Reverse
from spec.language import tree, types
from spec.language.checked import Checked
from spec.language.inference.typing import Sizes
from spec.language.names import Variable
from spec.language.plain_text import text
from spec.language.tree import Line, Node, base, targets, walk
from spec.language.types import Key, Tokens, Type
from spec.machine.bind_arguments import ArgumentBinder
from spec.machine.chance import Chance
from spec.machine.evaluate import Expressions
from spec.machine.frame import Frame, MachineError, Watcher
from spec.machine.trees import map_values
from spec.machine.values import Definition, Parameters, Value, column, entrywise


class Machine(Expressions[S]):
    """Runs algorithms over one domain.

    Parameters
    ----------
    algorithms
        The algorithms, by id, as `spec.library.checked` gives them.
    domain
        What a number is.
    random
        Random numbers, uniform in [0, 1), one for each token that is drawn and for each choice;
        or a `Chance`, which makes the decisions.
    turns
        The number of turns after which a `while` is stopped.
    watcher
        The observer of the run.

    Attributes
    ----------
    stopped
        The line of each `while` that was stopped in the last run: `15.3`.
    """

    def __init__(
        self,
        algorithms: Mapping[str, Checked],
        domain: Domain[S],
        *,
        random: Chance | Iterator[float] | None = None,
        turns: int = 100,
        watcher: Watcher | None = None,
    ) -> None:
        super().__init__(algorithms, domain)
        self.chance = random if isinstance(random, Chance) else Chance(random)
        self.turns = turns
        self.watcher = watcher
        self.stopped: list[str] = []
        self.hyperparameters: Mapping[str, Value] = {}

    def run(
        self,
        id: str,
        inputs: Sequence[Value],
        parameters: Sequence[Value] = (),
        hyperparameters: Mapping[str, Value] | None = None,
    ) -> Value:
        """Run an algorithm.

        Parameters
        ----------
        id
            The id of the algorithm: `4`.
        inputs, parameters
            In the order of its signature, or of its declarations if it has none. Real numbers
            may be floats, in arrays of one or two axes; a family is a sequence.
        hyperparameters
            By their names in the paper: `τ`. They are those of the called algorithms, too.

        Returns
        -------
        The result; if the algorithm has several, a tuple of them.

        Raises
        ------
        MachineError
            If an argument does not fit its declaration, or the requirements do not hold.
        """
        self.hyperparameters = hyperparameters or {}
        self.stopped = []
        if id not in self.algorithms:
            raise MachineError(f"there is no Algorithm {id}")
        headers = [checked.header for checked in (self.algorithms[id], *self.algorithms.values())]
        for name in self.hyperparameters:  # most are of the algorithm itself
            if not any(name == str(key) for header in headers for key in header.hyperparameters):
                raise MachineError(f"{name} is not a hyperparameter of any algorithm")
        with self.domain:
            return self.call(id, inputs, parameters, {})

    def call(
        self,
        id: str,
        inputs: Sequence[Value],
        parameters: Sequence[Value],
        counts: Mapping[str, int],
    ) -> Value:
        """Run an algorithm that another calls, with the counts that the call hands on by name."""
        hyperparameters = {**self.hyperparameters, **counts}
        binder = ArgumentBinder(self.algorithms, self.domain, hyperparameters)
        frame = binder.bind(id, inputs, parameters)
        if self.watcher is not None:
            self.watcher.call(frame)
        *lines, last = frame.checked.program.body
        self.block(lines, frame)
        assert isinstance(last.statement, tree.Return | tree.Returns), "the last line returns"
        results = last.statement.results
        values = [self.expression(result.value, frame) for result in results]
        returned = values[0] if len(values) == 1 else tuple(values)
        if self.watcher is not None:
            named = {
                text(result.name): value
                for result, value in zip(results, values, strict=True)
                if result.name is not None
            }
            self.watcher.line(frame, last, {"return": returned} | named)
        return returned

    def block(self, lines: Sequence[Line], frame: Frame) -> None:
        for line in lines:
            self.line(line, frame)

    def line(self, line: Line, frame: Frame) -> None:
        match line.statement:
            case tree.For(_, binder, None):
                self.make_room(binder, [inner.statement for inner in line.walk()], frame)
                for _ in self.turns_of(binder, frame):
                    self.measure(frame.checked.typing.grown, line, frame)
                    self.block(line.body, frame)
                self.measure(frame.checked.typing.left, line, frame)
            case tree.While(condition):
                self.repeat(line, condition, frame)
            case tree.End():
                pass
            case statement:
                self.copy_targets(statement, frame)
                self.statement(statement, frame)
                self.measure(frame.checked.typing.left, line, frame)
                if self.watcher is not None:
                    self.watcher.line(frame, line, self.set_by(statement, frame))

    def repeat(self, line: Line, condition: tree.Condition, frame: Frame) -> None:
        for turn in range(self.turns + 1):
            self.measure(frame.checked.typing.grown, line, frame)
            if not self.condition(condition, frame):
                return
            if turn < self.turns:
                self.block(line.body, frame)
        self.stopped.append(f"{frame.checked.id}.{line.number}")

    def measure(self, sizes: Sizes, line: Line, frame: Frame) -> None:
        """Note the lengths and the numbers that only the run shows."""
        for variable, size in sizes.get(line.number, {}).items():
            value = frame.variables[variable]
            frame.sizes[size] = value if isinstance(value, int) else len(value)

    def set_by(self, statement: tree.Statement, frame: Frame) -> dict[str, Value]:
        """Return the values that a statement has set: members and entries, or whole variables."""
        if isinstance(statement, tree.Assign) and isinstance(statement.target, tree.Call):
            return {"return": self.applied(statement.target, frame)}
        values: dict[str, Value] = {}
        for target in targets(statement):
            assert not isinstance(target, tree.Call), "no loop defines a function"
            variable = frame.checked.names.targets[base(target)]
            value = frame.variables[variable.key]
            if variable.index is not None and self.runs(variable.index, frame):
                value = value[self.expression(variable.index, frame)]
            if isinstance(target, tree.Index) and self.fills(target.subscripts, frame):
                # A loop over lines is filling it, and this turn has set one entry.
                value = self.taken(value, target.subscripts, frame)
                if not any(isinstance(one, tree.All) for one in target.subscripts):
                    value = value.item() if isinstance(value, np.ndarray) else value
            values[str(variable.key)] = value
        return values

    def fills(self, subscripts: Sequence[Node], frame: Frame) -> bool:
        """Say whether a loop sets a row or a column of entries, and not some that tokens choose."""
        *others, last = subscripts
        plain = (isinstance(one, tree.All) or self.runs(one, frame) for one in others)
        return self.runs(last, frame) and all(plain)

    def runs(self, index: Node, frame: Frame) -> bool:
        """Say whether an index has a value, which it has until its loop is over."""
        if index not in frame.checked.names.uses:
            return False
        use = frame.checked.names.uses[index]
        return isinstance(use, Variable) and use.key in frame.variables

    def applied(self, target: tree.Call, frame: Frame) -> Value:
        """Return the value of a function that has just been defined, at the present argument."""
        (parameter,) = target.arguments
        argument = frame.variables[frame.checked.names.targets[parameter].key]
        definition = frame.variables[Key(target.function)]
        return self.apply(definition, argument, frame)

    def statement(self, statement: tree.Statement, frame: Frame) -> None:
        match statement:
            case tree.For(_, binder, body):
                assert body is not None, "loops over lines are met in `line`"
                self.make_room(binder, [body], frame)
                for _ in self.turns_of(binder, frame):
                    self.statement(body, frame)
            case tree.If(condition, body):
                if self.condition(condition, frame):
                    self.statement(body, frame)
            case tree.Assign(tree.Call() as target, _, value):
                self.define(target, value, frame)
            case tree.Assign(tree.Rows() as target, _, value):
                self.divide(target, self.as_matrix(self.real(value, frame)), frame)
            case tree.Assign(target, _, value):
                self.assign(target, self.expression(value, frame), frame)
            case tree.Several(several, call):
                for target, result in zip(several, self.expression(call, frame), strict=True):
                    self.assign(target, result, frame)
            case tree.Choose(target, value, probability, otherwise):
                p = self.domain.float(self.expression(probability, frame))
                chosen = value if self.chance.happens(p) else otherwise
                self.assign(target, self.expression(chosen, frame), frame)
            case tree.Sample(token, distribution, weights):
                q = self.normalised(self.expression(weights, frame))
                self.assign(distribution, q, frame)
                drawn = self.chance.token([self.domain.float(entry) for entry in q[:, 0]])
                self.assign(token, drawn, frame)
            case _:
                raise AssertionError(f"{text(statement)} stands within no line")

    def make_room(
        self, binder: tree.Binder, statements: Sequence[tree.Statement], frame: Frame
    ) -> None:
        """Make the families and the arrays that a loop fills, still empty."""
        names = frame.checked.names
        over = {text(name) for name in binder.names}
        for target in (target for statement in statements for target in targets(statement)):
            if isinstance(target, tree.Call):
                continue
            variable = names.targets[base(target)]
            if variable.index is not None and text(variable.index) in over:
                frame.variables[variable.key] = {}
            if not isinstance(target, tree.Index) or not names.fresh[target]:
                continue
            if text(target.subscripts[-1]) in over:
                holder, place = self.place(base(target), frame)
                holder[place] = self.blank(frame.checked.typing.made[target], frame)

    def blank(self, type: Type, frame: Frame) -> Value:
        if isinstance(type, Tokens):
            return [0] * frame.size(type.length)
        assert isinstance(type, types.Matrix), "a loop makes sequences and matrices"
        return np.full(frame.shape(type), 0 if type.bits else None, dtype=object)

    def copy_targets(self, statement: tree.Statement, frame: Frame) -> None:
        """Copy the arrays that a line changes in place, since other variables may hold them."""
        for target in targets(statement):
            if isinstance(target, tree.Index) and not frame.checked.names.fresh[target]:
                holder, place = self.place(base(target), frame)
                holder[place] = holder[place].copy()

    def place(self, name: tree.Name, frame: Frame) -> tuple[Any, Any]:
        """Return the dictionary that holds a variable, or a member of a family, and its key."""
        target = frame.checked.names.targets[name]
        if target.index is None:
            return frame.variables, target.key
        return frame.variables[target.key], self.expression(target.index, frame)

    def define(self, target: tree.Call, body: tree.Expression, frame: Frame) -> None:
        (parameter,) = target.arguments
        functions = frame.checked.names.functions
        used = {functions[node] for node in walk(body) if node in functions}
        # A definition that is not used would keep alive the definitions of all turns before.
        variables = {
            variable: value
            for variable, value in frame.variables.items()
            if variable in used or not isinstance(value, Definition)
        }
        key = frame.checked.names.targets[parameter].key
        frame.variables[Key(target.function)] = Definition(key, body, variables)

    def normalised(self, weights: Matrix) -> Matrix:
        entries: list[S] = list(weights[:, 0])
        total = self.domain.total(entries)
        return column([entry / total for entry in entries])

    def assign(self, target: Node, value: Value, frame: Frame) -> None:
        match target:
            case tree.Name():
                holder, place = self.place(target, frame)
                holder[place] = value
            case tree.Index(tree.Name() as array, subscripts):
                holder, place = self.place(array, frame)
                whole = holder[place]
                at = self.places(whole, subscripts, frame)
                is_real = isinstance(whole, np.ndarray) and not isinstance(whole.item(0), int)
                whole[at] = self.domain.real(value) if is_real and isinstance(value, int) else value

    def divide(self, target: tree.Rows, matrix: Matrix, frame: Frame) -> None:
        """Set all members of a family to parts of a matrix, one below the other."""
        first, *_, last = target.items
        assert isinstance(first, tree.Name), "the names are checked"
        assert isinstance(last, tree.Name), "the names are checked"
        assert isinstance(last.above, Node), "the names are checked"
        count = self.expression(last.above, frame)
        members = np.split(matrix, count) if count else []
        variable = frame.checked.names.targets[first].key
        frame.variables[variable] = dict(enumerate(members, 1))

    def decided(self, compare: Callable[[], bool]) -> bool:
        return self.chance.decides(compare)

    def gradient(self, call: tree.Call, frame: Frame) -> Parameters:
        """Return ∇f(θ): f is run, unobserved, on numbers that remember how they were computed."""
        if isinstance(self.domain, Reverse):
            problem = "needs derivatives of numbers that have derivatives already"
            raise MachineError(f"Algorithm {frame.checked.id} {problem}")
        definition = frame.variables[frame.checked.names.functions[call]]
        (argument,) = call.arguments
        theta = self.expression(argument, frame)
        reverse: Reverse[S] = Reverse(self.domain)
        machine: Machine[Any] = Machine(self.algorithms, reverse, turns=self.turns)
        machine.hyperparameters = self.hyperparameters
        leaves: list[Any] = []

        def variable(entry: Any) -> Any:
            leaves.append(reverse.variable(entry))
            return leaves[-1]

        with _no_search_for_cycles():
            lifted = map_values(lambda x: entrywise(variable, x), theta)
            output = machine.apply(definition, lifted, frame)
            slopes = dict(zip(map(id, leaves), reverse.gradient(output, leaves), strict=True))
        slope = map_values(lambda x: entrywise(lambda entry: slopes[id(entry)], x), lifted)
        assert isinstance(slope, Parameters), "it is of θ's form"
        return slope


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Stop the search for cycles of objects, while millions are made that are in none."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
