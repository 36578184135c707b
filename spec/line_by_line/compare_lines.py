"""Goes through what a function did, line by line, until something differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spec.expected.trace import Visit
from spec.language.plain_text import text
from spec.language.tree import End, While
from spec.line_by_line.array_axes import (
    Layout,
    Misfit,
    leaves,
)
from spec.line_by_line.compare_array import Part
from spec.line_by_line.findings import Agreement, Difference, Tie
from spec.line_by_line.observe import NOTHING, Event, Observation
from spec.line_by_line.statement_groups import Group, Wrong, argument, groups, python_name
from spec.pairing import Ref

if TYPE_CHECKING:
    from spec.line_by_line.tie import Expected


class Comparison:
    """Compares a run of a function; `cursor` is how many visits of each line are used up."""

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
        """Compare until something differs."""
        if observation.error is not None:  # the last line of each call may not be done
            self.broken_off = set({event.call: event for event in observation.events}.values())
        found = self._first(observation.events) or self._raised(observation) or self._left_over()
        lines = map("{0[0]}.{0[1]}".format, self.traces[0].lines)
        return Tie(
            () if found is None else (found,),
            tuple(self.observed),
            tuple(name for name in lines if name not in self.observed),
            tuple(self.agreements),
        )

    def _first(self, events: Sequence[Event]) -> Difference | None:
        """Return the first thing that differs."""
        for group in groups(events):
            event, entry = group.events[-1], group.events[0].algorithm is not None
            try:
                self._call(group) if entry else self._line(group)
            except Wrong as wrong:
                if not entry:
                    return self._difference(str(group.ref), event, wrong)
                id, caller = group.ref.algorithm, group.caller
                if caller is None:
                    return self._difference(id, event, wrong)
                # Wrong arguments are the fault of the line that calls.
                wrong = Wrong(f"in its call of Algorithm {id}, {wrong}")
                return self._difference(str(caller.refs[-1]), caller, wrong)
        return None

    def _raised(self, observation: Observation) -> Difference | None:
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

    def _left_over(self) -> Difference | None:
        """Return the first line of which not every visit was used up."""
        for (id, number), visits in self.traces[0].lines.items():
            name = f"{id}.{number}"
            done = self.cursor.get(name, 0)
            if name in self.observed and done < len(visits):
                wrong = Wrong(f"it runs {done} times, not {len(visits)}")
                return self._difference(name, None, wrong)
        return None

    def _difference(self, name: str, event: Event | None, wrong: Wrong) -> Difference:
        id, _, number = name.partition(".")
        lines = self.algorithms[id].program.lines if id in self.algorithms else ()
        quoted = next((text(one.statement) for one in lines if str(one.number) == number), "")
        where = "the end" if event is None else f"{event.where}, `{event.text}`"
        return Difference(name, where, str(wrong), quoted, wrong.visits)

    def _call(self, group: Group) -> None:
        """Compare arguments, if the pseudocode calls the algorithm and has it not written out."""
        (event,) = group.events
        id = group.ref.algorithm
        if coming := self.traces[0].calls.get(id):
            given = {
                glyph: event.variables.get(argument(glyph, value), NOTHING)
                for glyph, value in coming[0].values.items()
            }
            sides = [one.calls[id] for one in self.traces]
            self._values(id, given, _Sides(sides, self.depths.calls[id], loose=True))

    def _line(self, group: Group) -> None:
        ref = group.ref
        at = (ref.algorithm, ref.line)
        if at in self.traces[0].lines:
            # What several lines of a tag set, the statement holds as the last of them left it.
            later = {name for one in group.later for name in self._set_by(one)}
            found = {name: group.value(name) for name in self._set_by(ref) if name not in later}
            if found.get("return", NOTHING) is not NOTHING:  # its name may have been used before
                found = {"return": found["return"]}
            missing = [name for name, value in found.items() if value is NOTHING]
            last = group.events[-1]
            whole = last.refs == (ref,) and not (last in self.broken_off and ref in last.unfinished)
            if missing and "return" not in found and whole:
                raise Wrong(f"it sets no {python_name(missing[0])}, and has no view that gives it")
            sides = [one.lines[at] for one in self.traces]
            self._values(str(ref), found, _Sides(sides, self.depths.lines[at]))
        elif ref.algorithm in self.traces[0].calls and not self._sets_nothing(ref):
            raise Wrong("the pseudocode never comes here")

    def _set_by(self, ref: Ref) -> Sequence[str]:
        visits = self.traces[0].lines.get((ref.algorithm, ref.line), ())
        return list(visits[0].values) if visits else []

    def _sets_nothing(self, ref: Ref) -> bool:
        for line in self.algorithms[ref.algorithm].program.lines:
            if line.number == ref.line:
                return isinstance(line.statement, End | While) or bool(line.body)
        raise Wrong("there is no such line")

    def _values(self, name: str, values: Mapping[str, Any], sides: _Sides) -> None:
        """Compare values with the next visits, as many as their shapes say."""
        done, all = self.cursor.get(name, 0), len(sides.depths)
        found = {glyph: value for glyph, value in values.items() if value is not NOTHING}
        if not found:
            return
        if done == all:
            raise Wrong(f"it runs more often than {all} times")
        count = 1
        try:
            parts = self._parts(found, sides, done, 1)
            readings = [part.read(self.batch, loose=sides.loose) for part in parts]
            count = max((one for _, one in readings), default=1)
            for part, (_, one) in zip(parts, readings, strict=True):
                if count > all - done or not (one == count or (one == 1 and sides.loose)):
                    raise Misfit(f"{part.unfitting}, and {all - done} are left")
            for part, (axes, _) in zip(
                self._parts(found, sides, done, count), readings, strict=True
            ):
                agreement = part.compare(self.batch, axes, self.scale, self.precision)
                if agreement is not None:
                    self.agreements.append(Agreement(name, *agreement))
        except Misfit as misfit:
            raise Wrong(str(misfit), (done + 1, min(done + count, all), all)) from None
        if parts:
            self.cursor[name] = done + count
            self.observed[name] = None

    def _parts(self, values: Mapping[str, Any], sides: _Sides, done: int, count: int) -> list[Part]:
        """Return the arrays of values, each with what it should be in the next visits."""
        found = []
        coming = slice(done, done + count)
        for glyph, value in values.items():
            runs = [[visit.values[glyph] for visit in one[coming]] for one in sides.visits]
            subject = "the result" if glyph == "return" else argument(glyph, runs[0][0])
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
                found.append(Part(subject + path, leaf, wanted[:-1], wanted[-1]))
        return found


@dataclass(frozen=True)
class _Sides:
    """The visits of a line in each run of the batch, and how deep their values are."""

    visits: Sequence[Sequence[Visit]]
    depths: Sequence[Visit]
    loose: bool = False
