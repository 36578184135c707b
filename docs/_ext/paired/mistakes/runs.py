"""An algorithm and the same with a mistake, run on the same inputs, and where they part."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spec.domains import Floats
from spec.language.checked import Checked
from spec.language.header import Header
from spec.language.tree import Line, Return, Returns
from spec.language.types import TOKEN, Bundle, Family, Key, Matrix
from spec.library import checked
from spec.machine import Chance, Frame, Machine, MachineError, Value, Watcher
from spec.mistakes import Mistake

from .edits import changed, origins
from .inputs import Drawn, Equal, drawn

VISIBLE = 0.02  # of the largest entry
_TURNS = 6  # how long a text may grow that ends by itself
_VALUES = Key("V")  # what a head of attention weighs, and no other algorithm has

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Shown:
    """A value: a matrix of numbers, a column, or tokens.

    Attributes
    ----------
    numbers
        A row for each feature and a column for each token; tokens are one row.
    rows, columns
        What the axes are sizes of, `d_e`; none where there is but one entry.
    tokens
        Whether the numbers are tokens, which have no more or less.
    """

    numbers: Numbers
    rows: str = ""
    columns: str = ""
    tokens: bool = False


@dataclass(frozen=True)
class Step:
    """A line has set a variable: at which of its visits, and to what."""

    line: int
    visit: int
    name: str
    value: Shown


@dataclass
class Run:
    """What the lines of an algorithm set, in order, and what it returned, by name.

    Of parameters that it makes part by part, each part is a result; others have no picture.
    `weights` are what each token of a head takes from each, if it is a head that was run.
    """

    steps: list[Step] = field(default_factory=list)
    results: dict[str, Shown] = field(default_factory=dict)
    weights: Shown | None = None


@dataclass(frozen=True)
class Parting:
    """The same variable, with the mistake and without."""

    name: str
    line: int
    visit: int
    visits: int
    right: Shown
    wrong: Shown


@dataclass(frozen=True)
class Comparison:
    """Both runs: the first variable that differs, the weights if they do, and the result."""

    on: Drawn
    first: Parting | None
    weights: Parting | None
    result: Parting


def compare(mistake: Mistake) -> Comparison | None:
    """Run both on inputs on which they visibly differ, or else on those where they differ most."""
    if not _has_picture(checked()[mistake.algorithm].header):
        return None
    equal = frozenset(mistake.equal.items())
    best: tuple[float, Comparison] | None = None
    for place, on in enumerate(_inputs(mistake.algorithm, equal)):
        right = _right(mistake.algorithm, equal, place)
        if not right.results:
            continue
        wrong = _run(changed(mistake.id), mistake.algorithm, on, origins(mistake))
        if not wrong.results:
            continue
        seen = difference(*_results(right, wrong)[1:])
        if best is None or seen > best[0]:
            best = seen, _compared(mistake, on, right, wrong)
        if seen > VISIBLE:
            break
    return best and best[1]


def difference(right: Shown, wrong: Shown) -> float:
    """Return the largest difference of two values, as a part of the largest entry of the first."""
    a, b = right.numbers, wrong.numbers
    if a.shape != b.shape or right.tokens:
        return float(a.shape != b.shape or bool((a != b).any()))
    if (np.isfinite(a) != np.isfinite(b)).any():
        return np.inf
    both = np.isfinite(a) & np.isfinite(b)
    largest = np.abs(a[both]).max(initial=0) or 1.0
    return float(np.abs(a[both] - b[both]).max(initial=0) / largest)


@cache
def _inputs(id: str, equal: Equal) -> tuple[Drawn, ...]:
    return tuple(drawn(id, equal))


@lru_cache(maxsize=64)
def _right(id: str, equal: Equal, place: int) -> Run:
    lines = {line.number: line.number for line in checked()[id].program.lines}
    return _run(checked(), id, _inputs(id, equal)[place], lines)


def _run(algorithms: Mapping[str, Checked], id: str, on: Drawn, origins: Mapping[int, int]) -> Run:
    random = iter(np.random.default_rng(on.seed).random(100).tolist())
    recorder = _Recorder(id, origins)
    machine = Machine(algorithms, Floats(), random=Chance(random), turns=_TURNS, watcher=recorder)
    recorder.machine = machine
    given = on.inputs
    try:
        machine.run(id, given.inputs, given.parameters, given.hyperparameters)
    except MachineError:
        recorder.run.results = {}
    return recorder.run


class _Recorder(Watcher):
    """Notes what the lines of one algorithm set, by the numbers of the right one."""

    machine: Machine[Any]

    def __init__(self, id: str, origins: Mapping[int, int]) -> None:
        self.id = id
        self.origins = origins
        self.run = Run()
        self.visits: Counter[int] = Counter()

    def line(self, frame: Frame, line: Line, values: Mapping[str, Value]) -> None:
        if frame.checked.id != self.id:
            return
        self.visits[line.number] += 1
        if isinstance(line.statement, Return | Returns):
            self.run.results = dict(_returned(frame.checked.header, values["return"]))
            if isinstance(line.statement, Return) and _VALUES in frame.variables:
                self.run.weights = self._weights(line.statement, frame)
            return
        origin, visit = self.origins[line.number], self.visits[line.number]
        types = {str(key): type for key, type in frame.checked.typing.after[line.number].items()}
        for name, value in values.items():
            # A loss, which is a function of θ, has no numbers of its own.
            if name in types and (seen := shown(value, types[name])) is not None:
                self.run.steps.append(Step(origin, visit, name, seen))

    def _weights(self, statement: Return, frame: Frame) -> Shown | None:
        """Return what is multiplied with V: the result, with the identity in the place of V."""
        before = frame.variables[_VALUES]
        real = self.machine.domain.real
        frame.variables[_VALUES] = np.vectorize(real, otypes=[object])(np.eye(before.shape[1]))
        found = self.machine.expression(statement.value, frame)
        frame.variables[_VALUES] = before
        return Shown(found.astype(float), "ℓ_z", "ℓ_x")


def _has_picture(header: Header) -> bool:
    """Say whether a run has a result to show, which trained parameters as a whole are not."""
    return not all(
        isinstance(type, Bundle) and key not in header.built for key, type in header.outputs
    )


def _returned(header: Header, value: Value) -> Iterator[tuple[str, Shown]]:
    """Yield what an algorithm has returned, each of several results and parts by its name."""
    values = (value,) if len(header.outputs) == 1 else value
    for (key, type), each in zip(header.outputs, values, strict=True):
        parts = [
            (made, kind, each.fields[part])
            for part, (made, kind) in header.built.get(key, {}).items()
        ]
        for name, kind, part in parts or _members(key, type, each):
            if (seen := shown(part, kind)) is not None:
                yield str(name), seen


def _members(key: Key, type: Any, value: Value) -> Iterator[tuple[Key | str, Any, Value]]:
    """Yield a result, or of what each layer has the layers' own: `K̂_1`."""
    if isinstance(type, Family) and isinstance(type.member, Matrix):
        stem = str(key).removesuffix(type.index.name)
        for index, member in sorted(value.items()):
            yield f"{stem}{index}", type.member, member
    else:
        yield key, type, value


def _results(right: Run, wrong: Run) -> tuple[str, Shown, Shown]:
    """Return the result that differs most, with its name; not one that is 0 but for rounding."""
    sizes = {name: np.abs(one.numbers).max(initial=0) for name, one in right.results.items()}
    least = 1e-9 * max(sizes.values())
    pairs = [(name, result, wrong.results[name]) for name, result in right.results.items()]
    pairs = [pair for pair in pairs if not sizes[pair[0]] < least]
    return max(pairs, key=lambda pair: difference(*pair[1:]))


def shown(value: Value, type: Any) -> Shown | None:
    """Return a value as a picture has it; none of what has no numbers."""
    match value:
        case float():
            return Shown(_column(value))
        case dict() if value and all(_is_number(one) or _is_column(one) for one in value.values()):
            parts = [_column(one) for one in value.values()]
            rows, _ = _axes(type.member)
            return Shown(np.hstack(parts), rows, str(type.count))
        case int() if type == TOKEN:
            return Shown(np.array([[value]], dtype=float), "", "token", tokens=True)
        case list():
            return Shown(np.array([value], dtype=float), "", "token", tokens=True)
        case np.ndarray():
            rows, columns = _axes(type)
            return Shown(value.astype(float), rows, columns)
    return None


def _axes(type: Any) -> tuple[str, str]:
    if isinstance(type, Family):  # of which this is one member
        return _axes(type.member)
    return (str(type.rows), str(type.columns)) if isinstance(type, Matrix) else ("", "")


def _is_number(value: Value) -> bool:
    return isinstance(value, float)


def _is_column(value: Value) -> bool:
    return isinstance(value, np.ndarray) and value.shape[1] == 1


def _column(value: Value) -> Numbers:
    return np.array(value, dtype=float).reshape(-1, 1)


def _compared(mistake: Mistake, on: Drawn, right: Run, wrong: Run) -> Comparison:
    algorithm = checked()[mistake.algorithm]
    name, *results = _results(right, wrong)
    last = algorithm.program.layout.lines[-1].number
    weights = None
    if right.weights is not None and wrong.weights is not None:
        weights = _parting("", last, 1, right.weights, wrong.weights, right)
    return Comparison(
        on,
        next(_partings(mistake, right, wrong), None),
        weights,
        Parting(name, last, 1, 1, *results),
    )


def _parting(
    name: str, line: int, visit: int, right: Shown, wrong: Shown, run: Run
) -> Parting | None:
    if right.numbers.shape != wrong.numbers.shape or difference(right, wrong) == 0:
        return None
    visits = max((step.visit for step in run.steps if step.line == line), default=1)
    return Parting(name, line, visit, visits, right, wrong)


def _partings(mistake: Mistake, right: Run, wrong: Run) -> Iterator[Parting]:
    """Yield each variable of the right run that has another value in the wrong run by then."""
    places = {}
    for place, step in enumerate(right.steps):
        places[step.line, step.visit] = place
    at, timed = 0, []
    for step in wrong.steps:
        at = places.get((step.line, step.visit), at)
        timed.append((at, step))
    kept = {(step.line, step.visit, step.name) for step in wrong.steps}
    for place, step in enumerate(right.steps):
        key = step.line, step.visit, step.name
        if f"{mistake.algorithm}.{step.line}" not in mistake.edits and key not in kept:
            continue  # a line that is not reached so often any more
        last = places[step.line, step.visit]
        values = [one.value for at, one in timed if at <= last and one.name == step.name]
        if values:
            found = _parting(step.name, step.line, step.visit, step.value, values[-1], right)
            if found is not None:
                yield found
