"""What each line of the pseudocode sets, each time that a run visits it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import numpy as np

from spec.domains.domain import Domain
from spec.inputs.draw import Inputs
from spec.language import types
from spec.language.checked import Checked
from spec.language.polynomials import ONE, Atom, Poly
from spec.language.tree import Line, Return, Returns
from spec.machine import Chance, Frame, Machine, Parameters, Value, Watcher
from spec.machine.trees import leaves

#: What a line set once, or with what an algorithm was called: values by the paper's names. The last
#: line's is `return`, and also has the output's name; several results have only their own names.
Visit = Mapping[str, Value]
#: A line of an algorithm, `("4", 5)`; `("4", 0)` are the calls of the algorithm.
Place = tuple[str, int]


@dataclass
class Caller:
    """The call, by its number, and the line of its algorithm that make a call."""

    call: int
    line: Place | None = None  # until the line is done


@dataclass
class Trace:
    """What happened in runs of an algorithm, one after another.

    Attributes
    ----------
    lines
        The visits of each line that sets something, by algorithm and number: `("4", 5)`.
    calls
        The arguments of each call of an algorithm, by the algorithm.
    callers
        What makes each call, numbered in the order in which calls begin; None for a run.
    call_of
        The number of the call that each visit of a line is of, and at line 0 the numbers of an
        algorithm's calls.
    """

    lines: dict[Place, list[Visit]] = field(default_factory=lambda: defaultdict(list))
    calls: dict[str, list[Visit]] = field(default_factory=lambda: defaultdict(list))
    callers: list[Caller | None] = field(default_factory=list)
    call_of: dict[Place, list[int]] = field(default_factory=lambda: defaultdict(list))

    def numbers(self) -> Iterator[Any]:
        """Yield every real number that a line set or an algorithm was called with."""
        for visit in chain(*self.lines.values(), *self.calls.values()):
            yield from numbers(dict(visit))


def trace(
    algorithms: Mapping[str, Checked],
    domain: Domain[Any],
    id: str,
    runs: Sequence[Inputs],
    *,
    chance: Chance | None = None,
    turns: int = 100,
) -> Trace:
    """Run an algorithm on several inputs in turn, and note what each line sets.

    Tokens, positions and indices count from 0 in what is noted, as they do in Python.
    """
    recorder = _Recorder(algorithms)
    for run in runs:
        machine = Machine(algorithms, domain, random=chance, turns=turns, watcher=recorder)
        machine.run(id, run.inputs, run.parameters, run.hyperparameters)
    return recorder.trace


def numbers(value: Value) -> Iterator[Any]:
    """Yield every real number of a value."""
    for _, leaf in leaves(value):
        entries = leaf.ravel().tolist() if isinstance(leaf, np.ndarray) else [leaf]
        yield from (entry for entry in entries if not isinstance(entry, int | set))


class _Recorder(Watcher):
    """Notes what lines set, in the form that values have in Python."""

    def __init__(self, algorithms: Mapping[str, Checked]) -> None:
        self.algorithms = algorithms
        self.trace = Trace()
        self.zero_based: dict[str, set[str]] = {}  # of the algorithms that have been called
        self.running: list[int] = []  # the numbers of the calls that have not returned
        self.made: dict[int, list[Caller]] = defaultdict(list)  # by them, in their present lines

    def call(self, frame: Frame) -> None:
        header = frame.checked.header
        number, caller = len(self.trace.callers), None
        if self.running:
            caller = Caller(self.running[-1])
            self.made[caller.call].append(caller)
        self.trace.callers.append(caller)
        self.trace.call_of[header.id, 0].append(number)
        self.running.append(number)
        kinds = {str(key): type for key, type in (*header.inputs, *header.parameters)}
        values = {str(key): value for key, value in frame.variables.items() if str(key) in kinds}
        self.trace.calls[header.id].append(self.visit(header.id, values, kinds))

    def line(self, frame: Frame, line: Line, values: Mapping[str, Value]) -> None:
        checked, place = frame.checked, (frame.checked.id, line.number)
        for caller in self.made.pop(self.running[-1], ()):
            caller.line = place
        self.trace.call_of[place].append(self.running[-1])
        if isinstance(line.statement, Return | Returns):
            self.running.pop()
        kinds = {str(key): type for key, type in checked.typing.after.get(line.number, {}).items()}
        for type in list(kinds.values()):
            if isinstance(type, types.Function):
                kinds["return"] = type.result
        outputs = {str(key): type for key, type in checked.header.outputs}
        match line.statement:
            case Return():
                kinds = {"return": checked.header.output[1], **outputs}
            case Returns():
                kinds = outputs
                values = dict(zip(outputs, values["return"], strict=True))
        visit = self.visit(checked.id, values, kinds)
        self.trace.lines[place].append(visit)

    def visit(self, id: str, values: Mapping[str, Value], kinds: Mapping[str, types.Type]) -> Visit:
        if id not in self.zero_based:
            self.zero_based[id] = zero_based_names(self.algorithms[id])
        return {
            name: with_python_axes(
                zero_based(value) if name in self.zero_based[id] else value,
                kinds[name],
                self.algorithms,
            )
            for name, value in values.items()
        }


def with_python_axes(value: Value, type: types.Type, algorithms: Mapping[str, Checked]) -> Value:
    """Return a value in which each column has one axis, as in code: (4,) for the machine's (4, 1).

    The type decides which matrix is a column: one that is declared with two sizes keeps two axes,
    though the second happen to be 1.
    """
    match type, value:
        case types.Matrix(_, columns), np.ndarray() if columns == ONE:
            return value[:, 0]
        case types.Family(_, _, member), dict():
            return {at: with_python_axes(part, member, algorithms) for at, part in value.items()}
        case types.Family(_, _, member), _:
            return with_python_axes(value, member, algorithms)
        case types.Bundle(algorithm), Parameters(_, fields):
            kinds = algorithms[algorithm].header.fields
            changed = {
                key: with_python_axes(part, kinds[key], algorithms) for key, part in fields.items()
            }
            return replace(value, fields=changed)
    return value


def zero_based_names(checked: Checked) -> set[str]:
    """Return the variables that hold tokens or positions, which Python counts from 0.

    A variable that is a token on one line is one on all: line 15.2's y is not a token yet.
    """
    header = checked.header
    _, first = header.output
    # Of the hyperparameters only a token is: a window of 1 … N tokens is a count.
    counts = {key for key, type in header.hyperparameters.items() if type != types.TOKEN}
    declared = [pair for pair in header.variables.items() if pair[0] not in counts]
    declared += header.outputs
    declared += [pair for after in checked.typing.after.values() for pair in after.items()]
    names = {str(key) for key, type in declared if _is_zero_based(type, header.bounds)}
    return names | ({"return"} if _is_zero_based(first, header.bounds) else set())


def zero_based(value: Value) -> Value:
    """Return tokens, positions or an index, counted from 0 instead of 1."""
    match value:
        case int():
            return value - 1
        case list():
            return [number - 1 for number in value]
        case set():
            return {number - 1 for number in value}
        case dict():
            return {index: zero_based(member) for index, member in value.items()}
    return value


def _is_zero_based(type: types.Type, bounds: Mapping[Atom, Any]) -> bool:
    match type:
        case types.Tokens() | types.Subset():
            return True
        case types.Family(_, _, member):
            return _is_zero_based(member, bounds)
        case types.Whole(Poly() as value):
            return bool(value.atoms & bounds.keys())
        case types.Whole(None, Poly()):  # a token or a class, one of 1 … N
            return True
    return False
