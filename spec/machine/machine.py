"""Runs the algorithms: literally, line by line, from index 1, over any domain of scalars."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from spec.domains.domain import Differentiable, Domain, Matrix
from spec.domains.reverse import Reverse
from spec.language import tree, types
from spec.language.checked import Checked
from spec.language.names import Variable
from spec.language.plain_text import text
from spec.language.tree import Line, Node, targets, walk
from spec.language.types import Key, Tokens, Type
from spec.machine.bind_arguments import Entrance
from spec.machine.chance import Chance
from spec.machine.evaluate import Expressions, S
from spec.machine.frame import Frame, MachineError, Watcher
from spec.machine.values import Definition, Parameters, Value, column, each, map_values


class _Returned(Exception):
    def __init__(self, value: Value) -> None:
        self.value = value


class Machine(Expressions[S]):
    """Runs algorithms over one domain.

    Parameters
    ----------
    algorithms
        The algorithms, by id, as `spec.library.checked` gives them.
    domain
        What a number is.
    random
        Where random numbers come from, uniform in [0, 1), one for each token that is drawn and
        for each choice; or who decides by them.
    turns
        How many turns a `while` may take.
    watcher
        Who sees the run.

    Attributes
    ----------
    stopped
        The lines of each `while` that was stopped in the last run, since it took all its turns.
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
        self.watcher = watcher or Watcher()
        self.stopped: list[str] = []
        self.given: Mapping[str, Value] = {}

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
            Which.
        inputs, parameters
            In the order of its signature, or of its declarations if it has none. Real numbers
            may be floats, in arrays of one or two axes; a family is a sequence.
        hyperparameters
            By name, as the paper writes it (`τ`). Algorithms that are called get them too.

        Raises
        ------
        MachineError
            If an argument is not as it is declared, or does not fulfil what is required.
        """
        self.given = hyperparameters or {}
        self.stopped = []
        if id not in self.algorithms:
            raise MachineError(f"there is no Algorithm {id}")
        known = {str(key) for one in self.algorithms.values() for key in one.header.hyperparameters}
        if unknown := [name for name in self.given if name not in known]:
            raise MachineError(f"{unknown[0]} is no hyperparameter of any algorithm")
        with self.domain:
            return self.call(id, inputs, parameters)

    def call(self, id: str, inputs: Sequence[Value], parameters: Sequence[Value]) -> Value:
        """Run an algorithm that another calls."""
        entrance = Entrance(self.algorithms, self.domain, self.given)
        frame = entrance.enter(id, inputs, parameters)
        self.watcher.call(frame)
        try:
            self.block(frame.checked.program.body, frame)
        except _Returned as returned:
            return returned.value
        raise AssertionError("the last line of an algorithm returns")

    def block(self, lines: Sequence[Line], frame: Frame) -> None:
        for line in lines:
            self.line(line, frame)

    def line(self, line: Line, frame: Frame) -> None:
        match line.statement:
            case tree.For(_, binder, None):
                self.begin(binder, [inner.statement for inner in line.walk()], frame)
                for _ in self.turns_of(binder, frame):
                    self.block(line.body, frame)
            case tree.While(condition):
                self.repeat(line, condition, frame)
            case tree.Return(name, value):
                result = self.expression(value, frame)
                values = {"return": result} | ({} if name is None else {text(name): result})
                self.watcher.line(frame, line, values)
                raise _Returned(result)
            case tree.End():
                pass
            case statement:
                self.keep_old(statement, frame)
                self.statement(statement, frame)
                self.watcher.line(frame, line, self.set_by(statement, frame))

    def repeat(self, line: Line, condition: tree.Condition, frame: Frame) -> None:
        for _ in range(self.turns):
            self.measure(line, frame)
            if not self.condition(condition, frame):
                return
            self.block(line.body, frame)
        self.measure(line, frame)
        if self.condition(condition, frame):
            self.stopped.append(f"{frame.checked.id}.{line.number}")

    def measure(self, line: Line, frame: Frame) -> None:
        """Note how long the sequences are by now that a `while` hands from turn to turn."""
        for variable, length in frame.checked.typing.grown.get(line.number, {}).items():
            frame.sizes[length] = len(frame.variables[variable])

    def set_by(self, statement: tree.Statement, frame: Frame) -> dict[str, Value]:
        """Return what a statement has set: a member, or an entry, or all if it set all."""
        if isinstance(statement, tree.Assign) and isinstance(statement.target, tree.Call):
            return {"return": self.applied(statement.target, frame)}
        found: dict[str, Value] = {}
        for target in targets(statement):
            name = target.array if isinstance(target, tree.Index) else target
            assert isinstance(name, tree.Name), "nothing else is set"
            variable = frame.checked.names.targets[name]
            value = frame.variables[variable.key]
            if variable.index is not None and self.runs(variable.index, frame):
                value = value[self.expression(variable.index, frame)]
            if isinstance(target, tree.Index) and self.runs(target.subscripts[-1], frame):
                # A loop over lines is filling it: the entry is what this turn has set.
                value = self.taken(value, target.subscripts, frame)
            found[str(variable.key)] = value
        return found

    def runs(self, index: Node, frame: Frame) -> bool:
        """Say whether an index has a value, since its loop is not over."""
        if index not in frame.checked.names.uses:
            return False
        use = frame.checked.names.uses[index]
        return isinstance(use, Variable) and use.key in frame.variables

    def applied(self, target: tree.Call, frame: Frame) -> Value:
        """Return the value that a function just defined has now."""
        (parameter,) = target.arguments
        argument = frame.variables[frame.checked.names.targets[parameter].key]
        definition = frame.variables[Key(target.function)]
        return self.apply(definition, argument, frame)

    def statement(self, statement: tree.Statement, frame: Frame) -> None:
        match statement:
            case tree.For(_, binder, body):
                assert body is not None, "loops over lines are met in `line`"
                self.begin(binder, [body], frame)
                for _ in self.turns_of(binder, frame):
                    self.statement(body, frame)
            case tree.If(condition, body):
                if self.condition(condition, frame):
                    self.statement(body, frame)
            case tree.Assign(tree.Call() as target, _, value):
                self.define(target, value, frame)
            case tree.Assign(target, _, value):
                self.assign(target, self.expression(value, frame), frame)
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

    def begin(
        self, binder: tree.Binder, statements: Sequence[tree.Statement], frame: Frame
    ) -> None:
        """Make anew, still empty, what a loop is to fill."""
        names = frame.checked.names
        over = {text(name) for name in binder.names}
        for target in (target for one in statements for target in targets(one)):
            if isinstance(target, tree.Call):
                continue
            name = target.array if isinstance(target, tree.Index) else target
            assert isinstance(name, tree.Name), "nothing else is set in a loop"
            found = names.targets[name]
            if found.index is not None and text(found.index) in over:
                frame.variables[found.key] = {}
            if not isinstance(target, tree.Index) or not names.fresh[target]:
                continue
            if text(target.subscripts[-1]) in over:
                whole, place = self.place(name, frame)
                whole[place] = self.blank(frame.checked.typing.made[target], frame)

    def blank(self, type: Type, frame: Frame) -> Value:
        if isinstance(type, Tokens):
            return [0] * frame.size(type.length)
        assert isinstance(type, types.Matrix), "a loop makes sequences and matrices"
        return np.empty(frame.shape(type), dtype=object)

    def keep_old(self, statement: tree.Statement, frame: Frame) -> None:
        """Copy what a line changes in place, since others may hold it."""
        for target in targets(statement):
            if isinstance(target, tree.Index) and not frame.checked.names.fresh[target]:
                assert isinstance(target.array, tree.Name), "nothing else is set"
                whole, place = self.place(target.array, frame)
                whole[place] = whole[place].copy()

    def place(self, name: tree.Name, frame: Frame) -> tuple[Any, Any]:
        """Return where a variable, or a member of a family, is kept."""
        target = frame.checked.names.targets[name]
        if target.index is None:
            return frame.variables, target.key
        return frame.variables[target.key], self.expression(target.index, frame)

    def define(self, target: tree.Call, body: tree.Expression, frame: Frame) -> None:
        (parameter,) = target.arguments
        used = {
            frame.checked.names.functions[node]
            for node in walk(body)
            if node in frame.checked.names.functions
        }
        # A definition that is not used would keep alive all those of the turns before.
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
                whole, place = self.place(target, frame)
                whole[place] = value
            case tree.Index(tree.Name() as array, subscripts):
                whole, place = self.place(array, frame)
                at = self.places(whole[place], subscripts, frame)
                if isinstance(whole[place], list):
                    whole[place][at[0]] = value
                else:
                    entries = value[:, 0] if isinstance(value, np.ndarray) else value
                    whole[place][tuple(at)] = entries

    def gradient(self, call: tree.Call, frame: Frame) -> Parameters:
        """Return ∇f(θ): f is run over numbers that remember how they were made; nobody watches."""
        if not isinstance(self.domain, Differentiable):
            name = type(self.domain).__name__
            raise MachineError(f"Algorithm {frame.checked.id} needs derivatives; {name} has none")
        definition = frame.variables[frame.checked.names.functions[call]]
        (argument,) = call.arguments
        theta = self.expression(argument, frame)
        reverse: Reverse[S] = Reverse(self.domain)
        machine: Machine[Any] = Machine(self.algorithms, reverse, turns=self.turns)
        machine.given = self.given
        leaves: list[Any] = []

        def lift(x: Value) -> Value:
            def variable(entry: Any) -> Any:
                leaves.append(reverse.variable(entry))
                return leaves[-1]

            return each(variable, x)

        with _no_search_for_cycles():
            lifted = map_values(lift, theta)
            output = machine.apply(definition, lifted, frame)
            slopes = dict(zip(map(id, leaves), reverse.gradient(output, leaves), strict=True))
        slope = map_values(lambda x: each(lambda entry: slopes[id(entry)], x), lifted)
        assert isinstance(slope, Parameters), "it is of θ's form"
        return slope


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Let numbers be made by the million, none of them in a cycle, and look for no cycles."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
