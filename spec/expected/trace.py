"""What each line of the pseudocode sets, visit by visit: the side of a comparison that is right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spec.domains.domain import Domain
from spec.inputs.draw import Inputs
from spec.language.checked import Checked
from spec.language.polynomials import ONE
from spec.language.tree import Line, Return
from spec.language.types import TOKEN, Bundle, Family, Function, Matrix, Subset, Tokens, Type
from spec.machine import Chance, Frame, Machine, Parameters, Value, Watcher


@dataclass(frozen=True)
class Visit:
    """What a line set once, or with what an algorithm was called: values by the paper's names."""

    values: Mapping[str, Value]


@dataclass
class Trace:
    """Runs of an algorithm, one after another.

    Attributes
    ----------
    lines
        The visits of each line that sets something, by algorithm and number.
    calls
        The arguments of each call of an algorithm.
    """

    lines: dict[tuple[str, int], list[Visit]] = field(default_factory=lambda: defaultdict(list))
    calls: dict[str, list[Visit]] = field(default_factory=lambda: defaultdict(list))


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
    found = Trace()
    watcher = _Watcher(algorithms, found)
    for run in runs:
        machine = Machine(algorithms, domain, random=chance, turns=turns, watcher=watcher)
        machine.run(id, run.inputs, run.parameters, run.hyperparameters)
    return found


class _Watcher(Watcher):
    def __init__(self, algorithms: Mapping[str, Checked], found: Trace) -> None:
        self.algorithms = algorithms
        self.found = found
        self.counted = {id: counted(one) for id, one in algorithms.items()}

    def call(self, frame: Frame) -> None:
        header = frame.checked.header
        arguments = {str(key): type for key, type in (*header.inputs, *header.parameters)}
        values = {
            str(key): value for key, value in frame.variables.items() if str(key) in arguments
        }
        self.found.calls[header.id].append(self.visit(header.id, values, arguments))

    def line(self, frame: Frame, line: Line, values: Mapping[str, Value]) -> None:
        checked = frame.checked
        after = checked.typing.after.get(line.number, {})
        types = {str(key): type for key, type in after.items()}
        for type in list(types.values()):
            if isinstance(type, Function):
                types["return"] = type.result
        if isinstance(line.statement, Return):
            key, output = checked.header.output
            types = {"return": output, str(key): output}
        self.found.lines[checked.id, line.number].append(self.visit(checked.id, values, types))

    def visit(self, id: str, values: Mapping[str, Value], types: Mapping[str, Type]) -> Visit:
        return Visit(
            {
                name: self.pythonic(
                    from_0(value) if name in self.counted[id] else value, types[name]
                )
                for name, value in values.items()
            }
        )

    def pythonic(self, value: Value, type: Type) -> Value:
        """Give a column one axis, as code does; what has two has them though it be one wide."""
        match type, value:
            case Matrix(_, columns), np.ndarray() if columns == ONE:
                return value[:, 0]
            case Family(_, _, member), dict():
                return {index: self.pythonic(one, member) for index, one in value.items()}
            case Family(_, _, member), _:
                return self.pythonic(value, member)
            case Tokens(), list():
                return value
            case Bundle(algorithm), Parameters(_, fields, sizes):
                kinds = self.algorithms[algorithm].header.fields
                return Parameters(
                    algorithm,
                    {key: self.pythonic(one, kinds[key]) for key, one in fields.items()},
                    sizes,
                )
        return value


def counted(checked: Checked) -> set[str]:
    """Return the variables that hold tokens or positions, which Python counts from 0.

    A variable that is a token on one line is one on all: line 15.2's y is no token yet.
    """
    header = checked.header
    types: list[tuple[str, Type]] = [(str(key), type) for key, type in header.variables.items()]
    types += [
        (str(key), type) for after in checked.typing.after.values() for key, type in after.items()
    ]
    found = {name for name, type in types if _counts(type, header.bounds)}
    key, output = header.output
    if _counts(output, header.bounds):
        found |= {"return", str(key)}
    return found


def from_0(value: Value) -> Value:
    """Return tokens, positions or an index, counted from 0."""
    match value:
        case int():
            return value - 1
        case list():
            return [one - 1 for one in value]
        case set():
            return {one - 1 for one in value}
        case dict():
            return {index: from_0(one) for index, one in value.items()}
    return value


def _counts(type: Type, bounds: Mapping[Any, Any]) -> bool:
    if isinstance(type, Tokens | Subset) or type == TOKEN:
        return True
    member = getattr(type, "member", None)
    if member is not None:
        return _counts(member, bounds)
    size = getattr(type, "value", None)
    return size is not None and bool(size.atoms & bounds.keys())
