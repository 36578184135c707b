"""Is a tagged function the pseudocode, line by line?

The function and the pseudocode run on the same inputs. After each tagged statement, what the
line sets must be what the code's variable of that name holds, up to a bound that is a formula in
the sizes and the unit round-off. The code may be batched, and carry out many visits of a line at
once: numbers stand side by side in a vector, columns in a matrix, matrices along a new first
axis, and batch axes left of it. There is one orientation only, so that no transpose is hidden.

What an untagged statement does is seen in the lines after it, and after the last line not at all.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb

from spec import symbols
from spec.conformance.bounds import distances, gamma, spacing, unit_roundoff
from spec.conformance.draw import Inputs
from spec.conformance.layout import (
    Layout,
    Misfit,
    aligned,
    arrays,
    as_numpy,
    leaves,
    read,
    shown,
    stacked,
)
from spec.conformance.probe import NOTHING, Event, Observation, observe
from spec.conformance.trace import Trace, Visit, trace
from spec.domains.balls import Balls, certified
from spec.domains.depth import Depths
from spec.language.check import Checked
from spec.language.text import text
from spec.language.tree import End, While
from spec.machine import Again, Chance, Parameters, Value
from spec.pairing import Function, Ref

#: How narrow the pseudocode's balls are, next to the largest number that occurs.
WIDTH = 2.0**-80
#: The bits to begin with: more than most runs need, since a second run costs more than bits do.
PRECISION = 512


@dataclass(frozen=True)
class Difference:
    """Where a function is not the pseudocode.

    Attributes
    ----------
    line
        The line, `4.5`; or the algorithm, `4`, whose arguments are wrong.
    where
        The statement of the code, by its function and row.
    problem
        What is wrong, in a clause.
    visits
        Which visits of the line the code stands for, from 1; and how many there are.
    """

    line: str
    where: str
    problem: str
    pseudocode: str = ""
    visits: tuple[int, ...] = ()

    def __str__(self) -> str:
        visit = ""
        match self.visits:
            case (first, last, all) if all > 1:
                until = f" to {last}" if last > first else ""
                visit = f", visit {first}{until} of {all}"
        quoted = f" ({self.pseudocode})" if self.pseudocode else ""
        subject = "line" if "." in self.line else "call of Algorithm"
        where = self.where if self.where.startswith("after ") else f"at {self.where}"
        return f"{subject} {self.line}{visit}{quoted}, {where}: {self.problem}"


@dataclass(frozen=True)
class Agreement:
    """A value that was compared: how far off the code is, and how far it may be.

    Attributes
    ----------
    line
        The line, or the algorithm whose arguments were compared.
    error
        The largest absolute error of an entry.
    bound
        The bound on it.
    ulp
        The unit in the last place of the largest entry.
    depth
        The most roundings that lie between an entry and the inputs.
    """

    line: str
    error: float
    bound: float
    ulp: float
    depth: int


@dataclass(frozen=True)
class Tie:
    """A function beside the pseudocode.

    Attributes
    ----------
    differences
        The first difference, if there is one; what follows it would only follow from it.
    observed
        The lines of which a value was compared.
    unobserved
        The other lines that set something.
    agreements
        Every comparison of real numbers.
    """

    differences: tuple[Difference, ...]
    observed: tuple[str, ...]
    unobserved: tuple[str, ...]
    agreements: tuple[Agreement, ...]


@dataclass(frozen=True)
class Case:
    """Inputs for the pseudocode, and the same for the function.

    Attributes
    ----------
    runs
        For each member of the batch, the runs of the pseudocode that one call of the function
        stands for: one, or one for each token where the function takes all tokens at once.
    arguments, keywords
        What the function is called with.
    batched
        Whether the function's arrays have a batch axis.
    random
        The numbers that the pseudocode draws, those that the function's own source gives.
    turns
        How many turns a `while` may take.
    """

    runs: Sequence[Sequence[Inputs]]
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any] = field(default_factory=dict)
    batched: bool = False
    random: Sequence[float] = ()
    turns: int = 100


def tie(algorithms: Mapping[str, Checked], id: str, function: Function, case: Case) -> Tie:
    """Run a function beside the pseudocode of an algorithm.

    Parameters
    ----------
    algorithms
        All algorithms, as `spec.library.checked` gives them.
    id
        The algorithm that the function carries out.
    function
        A function whose statements carry tags.
    case
        What both run on.

    Raises
    ------
    PairingError
        If the function's source is not at hand, or a tag cannot be read.
    MachineError
        If the inputs are not what the algorithm declares.
    PrecisionError
        If the pseudocode has no value on the inputs that can be certified: 0/0, say.
    """
    return Expected(algorithms, id, case).tie(function)


class Expected:
    """What each line of an algorithm sets on given inputs, to hold any number of functions to.

    Attributes
    ----------
    traces
        For each member of the batch, what was set, in balls.
    depths
        The same with the depth of each number: one for all, since sizes and tokens decide it.
    scale
        The largest number that occurs, at least 1: what errors are measured by.
    """

    def __init__(self, algorithms: Mapping[str, Checked], id: str, case: Case) -> None:
        self.algorithms = algorithms
        self.id = id
        self.case = case
        runs = [_run(algorithms, id, one, case) for one in case.runs]
        self.traces = [found for found, _ in runs]
        self.scale = max(float(_extent(one).mid()) for one in self.traces)
        again = Again(runs[0][1].decisions)
        self.depths = trace(algorithms, Depths(), id, case.runs[0], chance=again, turns=case.turns)

    @property
    def batch(self) -> tuple[int, ...]:
        """The batch axes of the function's arrays."""
        return (len(self.case.runs),) if self.case.batched else ()

    @property
    def precision(self) -> np.dtype[Any]:
        """The coarsest type of the real numbers among the arguments; float64 if there is none.

        A variable of a coarser one has lost digits, and differs.
        """
        types = [array.dtype for array in arrays((self.case.arguments, dict(self.case.keywords)))]
        reals = [type for type in types if type.kind == "f"]
        return max(reals, key=unit_roundoff, default=np.dtype(np.float64))

    def observe(self, function: Function) -> Observation:
        """Run a function on the inputs; what it draws, and what it changes, is its own."""
        keywords = copy.deepcopy(dict(self.case.keywords))
        return observe(function, *copy.deepcopy(self.case.arguments), **keywords)

    def tie(self, function: Function) -> Tie:
        """Run a function beside the pseudocode."""
        return self.compare(self.observe(function))

    def compare(self, observation: Observation) -> Tie:
        """Compare a run of a function that has been observed."""
        return _Comparison(self).compare(observation)


def _run(
    algorithms: Mapping[str, Checked], id: str, runs: Sequence[Inputs], case: Case
) -> tuple[Trace, Chance]:
    """Run the pseudocode in balls, as narrow as is wanted; and return what chance decided."""

    def compute(domain: Balls) -> tuple[Trace, Chance]:
        chance = Chance(iter(case.random))
        return trace(algorithms, domain, id, runs, chance=chance, turns=case.turns), chance

    return certified(compute, lambda pair: [_extent(pair[0])], WIDTH, start=PRECISION)


def _extent(found: Trace) -> Any:
    """Return a ball as wide as the widest of a trace, around the largest number, at least 1."""
    largest, radius = arb(1), arb(0)
    for visit in itertools.chain(*found.lines.values(), *found.calls.values()):
        for value in visit.values.values():
            for ball in numbers(value):
                if ball.is_finite():
                    largest = max(largest, abs(ball.mid()))
                if not ball.is_exact():  # as infinities are
                    radius = max(radius, ball.rad())
                if ball.is_nan():
                    return ball
    return arb(largest, radius)


def numbers(value: Value) -> Iterator[Any]:
    """Yield every real number of a value."""
    match value:
        case int() | list() | set():
            return
        case np.ndarray():
            yield from (one for one in value.ravel().tolist() if not isinstance(one, int))
        case dict():
            for member in value.values():
                yield from numbers(member)
        case Parameters(_, fields):
            for member in fields.values():
                yield from numbers(member)
        case _:
            yield value


class _Comparison:
    def __init__(self, expected: Expected) -> None:
        self.id = expected.id
        self.algorithms = expected.algorithms
        self.traces = expected.traces
        self.depths = expected.depths
        self.scale = expected.scale
        self.batch = expected.batch
        self.precision = expected.precision
        self.cursor: dict[str, int] = {}
        self.observed: dict[str, None] = {}
        self.agreements: list[Agreement] = []
        self.broken_off: set[Event] = set()

    def compare(self, observation: Observation) -> Tie:
        if observation.error is not None:  # the last line of each call may not be done
            self.broken_off = set({event.call: event for event in observation.events}.values())
        found = self.first(observation.events) or self.raised(observation) or self.left_over()
        lines = map("{0[0]}.{0[1]}".format, self.traces[0].lines)
        return Tie(
            () if found is None else (found,),
            tuple(self.observed),
            tuple(name for name in lines if name not in self.observed),
            tuple(self.agreements),
        )

    def first(self, events: Sequence[Event]) -> Difference | None:
        """Return the first thing that differs."""
        for group in _groups(events):
            event, entry = group.events[-1], group.events[0].algorithm is not None
            try:
                self.call(group) if entry else self.line(group)
            except _Wrong as wrong:
                if not entry:
                    return self.difference(str(group.ref), event, wrong)
                id, caller = group.ref.algorithm, group.caller
                if caller is None:
                    return self.difference(id, event, wrong)
                # Wrong arguments are the fault of the line that calls.
                wrong = _Wrong(f"in its call of Algorithm {id}, {wrong}")
                return self.difference(str(caller.refs[-1]), caller, wrong)
        return None

    def raised(self, observation: Observation) -> Difference | None:
        """Return what the function raised, if it did, after the statement last carried out."""
        error = observation.error
        if error is None:
            return None
        problem = f"{type(error).__name__}: {' '.join(str(error).split())}"
        if not observation.events:
            return Difference(self.id, "after its beginning", problem)
        last = observation.events[-1]
        line = f"line {last.refs[-1]}, " if last.refs else ""
        return Difference(self.id, f"after {line}{last.where}, `{last.text}`", problem)

    def left_over(self) -> Difference | None:
        """Return the first line of which not every visit was used up."""
        for (id, number), visits in self.traces[0].lines.items():
            name = f"{id}.{number}"
            done = self.cursor.get(name, 0)
            if name in self.observed and done < len(visits):
                wrong = _Wrong(f"it runs {done} times, not {len(visits)}")
                return self.difference(name, None, wrong)
        return None

    def difference(self, name: str, event: Event | None, wrong: _Wrong) -> Difference:
        id, _, number = name.partition(".")
        lines = self.algorithms[id].program.lines if id in self.algorithms else ()
        quoted = next((text(one.statement) for one in lines if str(one.number) == number), "")
        where = "the end" if event is None else f"{event.where}, `{event.text}`"
        return Difference(name, where, str(wrong), quoted, wrong.visits)

    def call(self, group: _Group) -> None:
        """Compare arguments, if the pseudocode calls the algorithm and has it not written out."""
        (event,) = group.events
        id = group.ref.algorithm
        if coming := self.traces[0].calls.get(id):
            given = {
                glyph: event.variables.get(_argument(glyph, value), NOTHING)
                for glyph, value in coming[0].values.items()
            }
            sides = [one.calls[id] for one in self.traces]
            self.values(id, given, _Sides(sides, self.depths.calls[id], loose=True))

    def line(self, group: _Group) -> None:
        ref = group.ref
        at = (ref.algorithm, ref.line)
        if at in self.traces[0].lines:
            # What several lines of a tag set, the statement holds as the last of them left it.
            later = {name for one in group.later for name in self.set_by(one)}
            found = {name: group.value(name) for name in self.set_by(ref) if name not in later}
            if found.get("return", NOTHING) is not NOTHING:  # its name may have been used before
                found = {"return": found["return"]}
            missing = [name for name, value in found.items() if value is NOTHING]
            whole = group.events[-1].refs == (ref,) and group.events[-1] not in self.broken_off
            if missing and "return" not in found and whole:
                raise _Wrong(f"it sets no {_name(missing[0])}, and has no view that gives it")
            sides = [one.lines[at] for one in self.traces]
            self.values(str(ref), found, _Sides(sides, self.depths.lines[at]))
        elif ref.algorithm in self.traces[0].calls and not self.sets_nothing(ref):
            raise _Wrong("the pseudocode never comes here")

    def set_by(self, ref: Ref) -> Sequence[str]:
        visits = self.traces[0].lines.get((ref.algorithm, ref.line), ())
        return list(visits[0].values) if visits else []

    def sets_nothing(self, ref: Ref) -> bool:
        for line in self.algorithms[ref.algorithm].program.lines:
            if line.number == ref.line:
                return isinstance(line.statement, End | While) or bool(line.body)
        raise _Wrong("there is no such line")

    def values(self, name: str, values: Mapping[str, Any], sides: _Sides) -> None:
        """Compare values with the next visits, as many as their shapes say."""
        done, all = self.cursor.get(name, 0), len(sides.depths)
        found = {glyph: value for glyph, value in values.items() if value is not NOTHING}
        if not found:
            return
        if done == all:
            raise _Wrong(f"it runs more often than {all} times")
        count = 1
        try:
            parts = self.parts(found, sides, done, 1)
            readings = [part.read(self.batch, loose=sides.loose) for part in parts]
            count = max((one for _, one in readings), default=1)
            for part, (_, one) in zip(parts, readings, strict=True):
                if count > all - done or not (one == count or (one == 1 and sides.loose)):
                    raise Misfit(f"{part.unfitting}, and {all - done} are left")
            for part, (axes, _) in zip(
                self.parts(found, sides, done, count), readings, strict=True
            ):
                agreement = part.compare(self.batch, axes, self.scale, self.precision)
                if agreement is not None:
                    self.agreements.append(Agreement(name, *agreement))
        except Misfit as misfit:
            raise _Wrong(str(misfit), (done + 1, min(done + count, all), all)) from None
        if parts:
            self.cursor[name] = done + count
            self.observed[name] = None

    def parts(self, values: Mapping[str, Any], sides: _Sides, done: int, count: int) -> list[_Part]:
        """Return the arrays of values, each with what it should be in the next visits."""
        found = []
        coming = slice(done, done + count)
        for glyph, value in values.items():
            runs = [[visit.values[glyph] for visit in one[coming]] for one in sides.visits]
            subject = "the result" if glyph == "return" else _argument(glyph, runs[0][0])
            depths = [visit.values[glyph] for visit in sides.depths[coming]]
            try:
                each = [[list(leaves(value, one)) for one in run] for run in (*runs, depths)]
            except Misfit as misfit:
                raise Misfit(f"{subject} {misfit}") from None
            for place, (path, leaf, _) in enumerate(each[0][0]):
                wanted = [[visit[place][2] for visit in run] for run in each]
                shapes = {Layout.of(one).entries.shape for run in wanted for one in run}
                if len(shapes) > 1:
                    raise Misfit(f"{subject + path} stands for visits of several shapes")
                found.append(_Part(subject + path, leaf, wanted[:-1], wanted[-1]))
        return found


class _Wrong(Exception):
    """What is wrong with the code for a line, and at which of its visits."""

    def __init__(self, problem: str, visits: tuple[int, ...] = ()) -> None:
        super().__init__(problem)
        self.visits = visits


@dataclass(frozen=True)
class _Sides:
    """The visits of a line in each run of the batch, and how deep their values are."""

    visits: Sequence[Sequence[Visit]]
    depths: Sequence[Visit]
    loose: bool = False


@dataclass(frozen=True)
class _Part:
    """An array of the code; and for each run of the batch what it should hold at each visit."""

    subject: str
    value: Any
    runs: Sequence[Sequence[Value]]
    depths: Sequence[Value]

    @cached_property
    def code(self) -> npt.NDArray[Any]:
        return as_numpy(self.value)

    @cached_property
    def own(self) -> tuple[int, ...]:
        """The shape of one visit."""
        return Layout.of(self.runs[0][0]).entries.shape

    @property
    def first(self) -> bool:
        """Whether visits stand along a first axis: matrices do, and parameters, those of heads."""
        return "." in self.subject

    @property
    def unfitting(self) -> str:
        """What shape it has, and what shape one visit has."""
        if self.code.dtype == object:
            return f"{self.subject} is {shown(self.value)}; one visit has shape {self.own}"
        return f"{self.subject} has shape {self.code.shape}; one visit has {self.own}"

    def read(self, batch: tuple[int, ...], *, loose: bool) -> tuple[int, int]:
        """Return how many axes are of the batch, and how many visits there are."""
        found = None
        if self.code.dtype != object:
            found = read(self.code.shape, self.own, batch, loose=loose, first=self.first)
        if found is None:
            raise Misfit(self.unfitting)
        return found

    def compare(
        self, batch: tuple[int, ...], axes: int, scale: float, precision: Any
    ) -> tuple[float, float, float, int] | None:
        """Return the largest error and what it is measured by; None for what is exact.

        Raises
        ------
        Misfit
            If an entry differs.
        """
        layouts = [[Layout.of(one) for one in run] for run in self.runs]
        runs = [stacked([one.entries for one in run], first=self.first) for run in layouts]
        exact = np.stack(runs) if batch else runs[0]
        wanted = exact.astype(float)  # each entry the double nearest to it
        code = aligned(self.code, self.own, batch, axes, len(self.depths), first=self.first)
        if layouts[0][0].exact:
            self.refuse(code, wanted, code != wanted, batch, axes)
            return None
        depths = (Layout.of(one).entries.ravel().tolist() for one in self.depths)
        depth = max((getattr(entry, "depth", 0) for entry in itertools.chain(*depths)), default=0)
        bound = gamma(depth, precision) * scale
        errors = distances(code, exact)
        self.refuse(code, wanted, ~(errors <= bound), batch, axes)
        return float(errors.max(initial=0)), bound, spacing(wanted, precision), depth

    def refuse(
        self,
        code: npt.NDArray[Any],
        wanted: npt.NDArray[Any],
        wrong: npt.NDArray[np.bool_],
        batch: tuple[int, ...],
        axes: int,
    ) -> None:
        """Tell the first entry that is wrong, if one is."""
        if not wrong.any():
            return
        place = tuple(int(axis[0]) for axis in np.nonzero(wrong))
        shown = list(place)
        if self.code.shape[axes:] == self.own:  # it is one visit, and has no axis for several
            del shown[len(batch) if self.first or len(self.own) == 2 else -1]
        del shown[: len(batch) - axes]
        at = f", at {shown}" if shown else ""
        many = f"; {wrong.sum()} of {wrong.size} differ" if wrong.size > 1 else ""
        is_, has = _told(float(code[place]), float(wanted[place]))
        raise Misfit(f"{self.subject} is {is_} where the pseudocode has {has}{at}{many}")


def _told(one: float, other: float) -> tuple[str, str]:
    """Return two numbers in as many digits as tell them apart."""
    texts = [(f"{one:.{digits}g}", f"{other:.{digits}g}") for digits in (6, 12, 17)]
    return next((pair for pair in texts if pair[0] != pair[1]), texts[-1])


@dataclass
class _Group:
    """Statements that carry out one line together, or a call and the statement that makes it."""

    ref: Ref
    events: list[Event]
    at: int  # where the last of them stands among all events
    caller: Event | None = None

    @property
    def later(self) -> list[Ref]:
        """The lines of the algorithm that the last statement carries out after this one."""
        refs = self.events[-1].refs
        after = refs[refs.index(self.ref) + 1 :]
        return [ref for ref in after if ref.algorithm == self.ref.algorithm]

    def value(self, glyph: str) -> Any:
        """Return what the code has for a variable of the pseudocode, `NOTHING` if it has none."""
        name = "return" if glyph == "return" else _name(glyph)
        for event in reversed(self.events):
            if name in event.views:
                try:
                    return event.view(name)
                except Exception as error:
                    raise _Wrong(
                        f"its view of {name} raises {type(error).__name__}: {error}"
                    ) from None
            if name in event.variables:
                return event.variables[name]
        return self.events[-1].result if glyph == "return" else NOTHING


def _name(glyph: str) -> str:
    try:
        return symbols.ascii(glyph)
    except symbols.UnknownSymbol:
        return glyph


def _argument(glyph: str, value: Value) -> str:
    """Return the name of an argument; `z` is all of `z_n`."""
    match value:
        case {1: list()}:
            return _name(symbols.lookup(glyph).stem)
    return _name(glyph)


def _groups(events: Sequence[Event]) -> list[_Group]:
    """Gather what carries out one line in one call, in the order in which the lines were done.

    What a statement calls is done before the statement is.
    """
    found: list[_Group] = []
    open: dict[int, dict[Ref, _Group]] = {}  # by call
    for at, event in enumerate(events):
        if event.algorithm is not None:
            found.append(_Group(Ref(event.algorithm, 0), [event], at, _caller(events, at)))
            continue
        before, going = open.get(event.call, {}), {}
        for ref in event.refs:
            group = before.get(ref)
            if group is None or any(event.row == earlier.row for earlier in group.events):
                group = _Group(ref, [], at)
                found.append(group)
            group.events.append(event)
            group.at = at
            going[ref] = group
        open[event.call] = going
    return sorted(found, key=lambda group: group.at)


def _caller(events: Sequence[Event], at: int) -> Event | None:
    """Return the statement that makes the call which is entered at an event."""
    entry, later = events[at], itertools.islice(events, at + 1, None)
    return next((event for event in later if event.call < entry.call and event.refs), None)
