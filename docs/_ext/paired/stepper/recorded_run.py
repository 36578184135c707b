"""A run of a function, line by line: what each line set, in the order of the pseudocode.

The function is observed while it runs, and held to its pseudocode, which runs on the same inputs.
What a step holds are the function's own numbers. The pseudocode says which visit of which line they
belong to, in which turn of which loop, and what the line computed with.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from spec.domains import Floats
from spec.expected.line_values import LineValues, PairedInputs
from spec.expected.trace import Visit
from spec.language import tree
from spec.language.plain_text import text
from spec.language.tree import Line
from spec.language.types import Type
from spec.library import checked
from spec.line_by_line.array_axes import is_whole, laid_out
from spec.line_by_line.compare_lines import Comparison
from spec.line_by_line.tie import run_observed
from spec.machine import Chance, Frame, Machine, MachineError, Parameters, Value, Watcher
from spec.machine.bind_arguments import ArgumentBinder
from spec.pairing import Function, PairingError
from spec.spelling import ascii_id

from .factors import Drawn, Numbers, drawn_from
from .small_inputs import small_inputs

_BITS = 128  # of the exact run: enough for nearly all, so that it is not done twice


class NoRunError(Exception):
    """A function has no run that can be shown, for the reason that the message gives."""


class OtherRunError(NoRunError):
    """A function does something else than its pseudocode."""


@dataclass(frozen=True, eq=False)
class Held:
    """An array that a line set.

    Attributes
    ----------
    name, path
        The variable, by the paper's name, and where in it the array stands: `.layers[0].W_q`.
    numbers
        The array with the axes that Python gives it; tokens and positions count from 0.
    type
        What the pseudocode has at this line: its sizes name the axes.
    observed
        Whether a variable of the function held it. Where the function does several visits at once
        and keeps none of them, they are the pseudocode's.
    """

    name: str
    path: str
    numbers: Numbers
    type: Type | None
    observed: bool


@dataclass(frozen=True)
class Turn:
    """In which turn of a loop a step is done: `l = 1` of 2; of a `while`, turn 1."""

    name: str
    value: int
    of: int | None = None


@dataclass(frozen=True, eq=False)
class Step:
    """A visit of a line, counted from 0, with what it computed with and what it set."""

    line: Line
    visit: int
    turns: tuple[Turn, ...]
    values: tuple[Held, ...]
    drawn: Drawn = None


@dataclass(frozen=True, eq=False)
class RecordedRun:
    """A run of an algorithm's function, with its inputs."""

    id: str
    sizes: Mapping[str, int]
    arguments: Visit
    inputs: PairedInputs
    steps: Sequence[Step]

    @property
    def file(self) -> str:
        """The name of the file that holds it."""
        return f"{ascii_id(self.id)}.json"


@cache
def recorded_run(id: str, function: Function) -> RecordedRun:
    """Run a function of the reference on small inputs.

    Raises
    ------
    NoRunError
        If it cannot be run.
    OtherRunError
        If it is not its pseudocode, line by line.
    """
    try:
        inputs = small_inputs(id, function)
        expected = LineValues(checked(), id, inputs, precision=_BITS)
        comparison = Comparison(expected, run_observed(inputs, function))
        differences = comparison.compare().differences
    except (PairingError, MachineError, ArithmeticError) as error:
        raise NoRunError(str(error)) from error
    if differences:
        first = differences[0]
        raise OtherRunError(f"at line {first.line} {first.problem}")
    (trace,) = expected.traces
    held = comparison.held
    steps = []
    for made in _order(id, inputs):
        at = (id, made.line.number)
        observed = held.get(at, {}).get(made.visit, {})
        values = tuple(_values(trace.lines[at][made.visit], observed, made.types))
        steps.append(Step(made.line, made.visit, made.turns, values, made.drawn))
    return RecordedRun(id, _sizes(id, inputs), trace.calls[id][0], inputs, steps)


def _values(
    visit: Visit, observed: Mapping[tuple[str, str], Numbers], types: Mapping[str, Type]
) -> list[Held]:
    """Return the function's arrays, and the pseudocode's where the function has none."""
    found = []
    seen = {name for name, _ in observed}
    for name, value in visit.items():
        if name == "return" and len(visit) > 1:
            continue  # the result also has a name of its own
        own = name if name in seen else "return"
        if own in seen:
            found += [
                Held(name, path, array, types.get(name), True)
                for (of, path), array in observed.items()
                if of == own
            ]
        elif not isinstance(value, Parameters) and (array := _plain(value)) is not None:
            found.append(Held(name, "", array, types.get(name), False))
    return found


def _plain(value: Value) -> Numbers | None:
    """Return a value of the pseudocode as an array of NumPy's; None of what has no numbers."""
    try:
        array = laid_out(value)
        return array.astype(np.int64 if array.size and is_whole(array) else np.float64)
    except (TypeError, ValueError):
        return None


@dataclass(frozen=True, eq=False)
class _Made:
    """A step as the pseudocode makes it; `types` are those of what it sets."""

    line: Line
    visit: int
    turns: tuple[Turn, ...]
    types: Mapping[str, Type]
    drawn: Drawn


def _order(id: str, inputs: PairedInputs) -> list[_Made]:
    """Run the pseudocode in floating point, and return its steps."""
    ((run,),) = inputs.runs
    recorder = _Recorder(id)
    chance = Chance(iter(inputs.random))
    recorder.machine = _Machine(
        checked(), Floats(), random=chance, turns=inputs.turns, watcher=recorder
    )
    recorder.machine.recorder = recorder
    recorder.machine.run(id, run.inputs, run.parameters, run.hyperparameters)
    return recorder.made


@dataclass
class _Recorder(Watcher):
    id: str
    made: list[_Made] = field(default_factory=list)
    visits: Counter[int] = field(default_factory=Counter)
    before: dict[int, Drawn] = field(default_factory=dict)
    machine: Any = None

    def line(self, frame: Frame, line: Line, values: Mapping[str, Value]) -> None:
        if frame.checked.id != self.id:
            return
        typing = frame.checked.typing
        types = {str(key): type for key, type in typing.after.get(line.number, {}).items()}
        if isinstance(line.statement, tree.Return | tree.Returns):
            types = {str(key): type for key, type in frame.checked.header.outputs}
            self.before[line.number] = drawn_from(self.machine, line.statement, frame)
        self.made.append(
            _Made(
                line,
                self.visits[line.number],
                tuple(self.turns(frame, line)),
                types,
                self.before.pop(line.number, None),
            )
        )
        self.visits[line.number] += 1

    def turns(self, frame: Frame, line: Line) -> list[Turn]:
        """Return the turns of the loops around a line, from the outside in."""
        found = []
        for loop in frame.checked.program.lines:
            if line is loop or line not in loop.walk():
                continue
            match loop.statement:
                case tree.For(_, tree.UpTo() | tree.Range() as binder, None):
                    name = text(binder.name)
                    ends = [self.machine.expression(binder.high, frame)]
                    if isinstance(binder, tree.Range):
                        ends.append(self.machine.expression(binder.low, frame))
                    value = frame.variables[frame.checked.names.targets[binder.name].key]
                    found.append(Turn(name, value, max(ends)))
                case tree.While():
                    found.append(Turn("turn", self.visits[line.number] + 1))
        return found


class _Machine(Machine[Any]):
    """The pseudocode's machine, which notes what a line reads before it is done."""

    recorder: _Recorder

    def line(self, line: Line, frame: Frame) -> None:
        if frame.checked.id == self.recorder.id and not line.body:
            self.recorder.before[line.number] = drawn_from(self, line.statement, frame)
        super().line(line, frame)


def _sizes(id: str, inputs: PairedInputs) -> dict[str, int]:
    """Return the sizes of the arguments, by the paper's names."""
    ((run,),) = inputs.runs
    binder = ArgumentBinder(checked(), Floats(), run.hyperparameters)
    sizes = binder.bind(id, run.inputs, run.parameters).sizes
    named = {atom.name: size for atom, size in sizes.items() if atom.kind == "size"}
    return {name: named[name] for name in sorted(named)}
