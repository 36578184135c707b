"""Goes through what a function did, statement by statement, until something differs."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from spec.expected.line_values import LineValues
from spec.expected.trace import Place, Visit
from spec.inputs.array_conversion import Array
from spec.language.plain_text import text
from spec.language.tree import Call, End, Index, Line, Return, Returns, While, base, targets
from spec.line_by_line.array_axes import together
from spec.line_by_line.batch_sums import depth_of_total, summed, total
from spec.line_by_line.compare_array import ComparedArray
from spec.line_by_line.event import NOTHING, Event
from spec.line_by_line.findings import Agreement, Difference, Mismatch, Tie
from spec.line_by_line.observe import Observation
from spec.line_by_line.pair_arrays import paired_arrays, short_repr
from spec.line_by_line.statement_groups import (
    StatementGroup,
    argument_name,
    makers,
    python_name,
    statement_groups,
)
from spec.line_by_line.visits_done import Coming, Remaining, VisitsDone
from spec.pairing import Ref

#: Arrays by the name of the variable in the pseudocode, and by their path in its value.
Held = dict[tuple[str, str], Array]


class Comparison:
    """Compares a run of a function with the visits of the pseudocode's lines.

    Attributes
    ----------
    expected, trace
        The exact values that each line sets, visit by visit; and those of the batch's first member:
        lines are visited equally often for all members.
    makers
        The statement of the code that makes each call, by the number of the call.
    visits
        The visits of each line, and the calls of each algorithm, that have been compared.
    agreements
        The comparisons of real numbers so far.
    held
        What the code held at the visits of each line that have been compared, by the number of the
        visit: arrays by the variable's name in the pseudocode, and the path in it, `.W_q`. One
        visit's array has the axes that Python gives it, whatever axes the code has besides.
    broken_off
        Of a function that raised, the last statement of each call: its line may be unfinished.
    """

    def __init__(self, expected: LineValues, observation: Observation) -> None:
        self.expected = expected
        self.trace = expected.traces[0]
        self.observation = observation
        self.makers = makers(observation.events)
        self.visits = VisitsDone(self.trace, self.makers)
        self.agreements: list[Agreement] = []
        self.held: dict[Place, dict[int, Held]] = {}
        self.broken_off: set[Event] = set()

    def compare(self) -> Tie:
        """Compare until something differs."""
        observation = self.observation
        if observation.error is not None:
            self.broken_off = set({event.call: event for event in observation.events}.values())
        difference = (
            self._first_difference(observation.events)
            or self._raised(observation)
            or self._not_visited()
        )
        done = self.visits.done
        return Tie(
            () if difference is None else (difference,),
            tuple(map(_named, done)),
            tuple(_named(place) for place in self.trace.lines if place not in done),
            tuple(self.agreements),
        )

    def _first_difference(self, events: Sequence[Event]) -> Difference | None:
        for group in statement_groups(events):
            event = group.events[-1]
            is_call = event.algorithm is not None
            try:
                self._compare_call(group) if is_call else self._compare_line(group)
            except Mismatch as mismatch:
                if not is_call:
                    return self._difference(str(group.ref), event, mismatch)
                id, caller = group.ref.algorithm, self.makers[event.call]
                if caller is None:
                    return self._difference(id, event, mismatch)
                # Wrong arguments are the fault of the line that calls.
                mismatch = Mismatch(f"in its call of Algorithm {id}, {mismatch}")
                return self._difference(str(caller.refs[-1]), caller, mismatch)
        return None

    def _raised(self, observation: Observation) -> Difference | None:
        """Return what the function raised, if it did, after the statement that it did last."""
        error, id = observation.error, self.expected.id
        if error is None:
            return None
        problem = f"{type(error).__name__}: {' '.join(str(error).split())}"
        if not observation.events:
            return Difference(id, "after its beginning", problem)
        last = observation.events[-1]
        line = f"line {last.refs[-1]}, " if last.refs else ""
        return Difference(id, f"after {line}{last.where}, `{last.text}`", problem)

    def _not_visited(self) -> Difference | None:
        """Return the first line that the code visits, but not as often as the pseudocode."""
        for place, visits in self.trace.lines.items():
            done = len(self.visits.done.get(place, visits))
            if done < len(visits):
                mismatch = Mismatch(f"it runs {done} times, not {len(visits)}")
                return self._difference(_named(place), None, mismatch)
        return None

    def _difference(self, line: str, event: Event | None, mismatch: Mismatch) -> Difference:
        id, _, number = line.partition(".")
        algorithm = self.expected.algorithms.get(id)
        lines = () if algorithm is None else algorithm.program.lines
        quoted = next((text(other.statement) for other in lines if str(other.number) == number), "")
        where = "the end" if event is None else f"{event.where}, `{event.text}`"
        return Difference(line, where, str(mismatch), quoted, mismatch.visits)

    def _compare_call(self, group: StatementGroup) -> None:
        """Compare the arguments of a call, unless the pseudocode has the algorithm written out."""
        (event,) = group.events
        id = group.ref.algorithm
        if calls := self.trace.calls.get(id):
            arguments = {
                glyph: event.variables.get(argument_name(glyph, value), NOTHING)
                for glyph, value in calls[0].items()
            }
            runs = [trace.calls[id] for trace in self.expected.traces]
            remaining = self.visits.remaining_calls(id, event.call)
            depths = self.expected.depths.calls[id]
            coming = self._compare_visits((id, 0), arguments, runs, depths, remaining)
            if coming is not None:
                self.visits.enter(id, event.call, coming)

    def _compare_line(self, group: StatementGroup) -> None:
        """Compare what the statements of a line set."""
        ref = group.ref
        at = (ref.algorithm, ref.line)
        if at in self.trace.lines:
            # Of what several lines of a tag set, the statement holds what the last of them left.
            set_later = {glyph for later in group.later for glyph in self._set_by(later)}
            values: Mapping[str, Any] = {
                glyph: group.value(glyph) for glyph in self._set_by(ref) if glyph not in set_later
            }
            statement = self._line(ref).statement
            if isinstance(statement, Return | Returns):
                values = self._returned(group, values)
            self._refuse_missing(group, values)
            runs = [trace.lines[at] for trace in self.expected.traces]
            depths = self.expected.depths.lines[at]
            sums = summed(self.expected.algorithms, ref.algorithm, statement)
            turns = self._turns_at_once(group)
            remaining = self.visits.remaining(at, group.events[-1].call, turns)
            coming = self._compare_visits(at, values, runs, depths, remaining, sums)
            if coming is not None:
                self.visits.note(at, coming)
        elif ref.algorithm in self.trace.calls and not self._sets_nothing(ref):
            raise Mismatch("the pseudocode never comes here")

    def _returned(self, group: StatementGroup, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a last line returns instead of values, each of several results by its name.

        The variable of an output's name may hold what was set before.
        """
        value = group.value("return")
        if value is NOTHING:
            return values
        if "return" in values:
            return {"return": value}
        if not isinstance(value, tuple | list) or len(value) != len(values):
            raise Mismatch(f"it gives {short_repr(value)} for {len(values)} results")
        return dict(zip(values, value, strict=True))

    def _refuse_missing(self, group: StatementGroup, values: Mapping[str, Any]) -> None:
        """Raise if a statement that does one line, and all of it, lacks a variable of the line."""
        missing = [glyph for glyph, value in values.items() if value is NOTHING]
        last = group.events[-1]
        unfinished = last in self.broken_off and group.ref in last.unfinished
        if missing and "return" not in values and last.refs == (group.ref,) and not unfinished:
            raise Mismatch(f"it sets no {python_name(missing[0])}, and has no view that gives it")

    def _set_by(self, ref: Ref) -> Sequence[str]:
        """Return the variables that a line sets."""
        visits = self.trace.lines.get((ref.algorithm, ref.line))
        return list(visits[0]) if visits else []

    def _turns_at_once(self, group: StatementGroup) -> int:
        """Return of how many turns of a loop the code has only what the last of them leaves.

        It does the whole loop, whose turns set one entry of an array after another, or add to a
        sum: none has a value to show.
        """
        checked = self.expected.algorithms[group.ref.algorithm]
        names, line = checked.names, self._line(group.ref)
        tagged = {ref.line for ref in group.events[-1].refs if ref.algorithm == checked.id}
        for loop in checked.program.lines:
            if not loop.body or loop.number not in tagged or line not in loop.walk():
                continue
            if len(self.trace.calls[checked.id]) == 1 and any(
                (isinstance(target, Index) and not names.fresh[target])
                or names.targets[base(target)].key in names.carried[loop.number]
                for target in targets(line.statement)
                if not isinstance(target, Call)
            ):
                visits = len(self.trace.lines[checked.id, line.number])
                return visits // self._times(checked.id, loop)
        return 1

    def _times(self, id: str, loop: Line) -> int:
        """Return how often a loop is begun: as often as the lines beside it are done."""
        for outer in self.expected.algorithms[id].program.lines:
            if loop in outer.body:
                beside = [self.trace.lines.get((id, line.number)) for line in outer.body]
                return next((len(visits) for visits in beside if visits), 1)
        return 1

    def _sets_nothing(self, ref: Ref) -> bool:
        """Say whether a line never sets anything: it opens a loop, or is an `end`."""
        line = self._line(ref)
        return isinstance(line.statement, End | While) or bool(line.body)

    def _line(self, ref: Ref) -> Line:
        for line in self.expected.algorithms[ref.algorithm].program.lines:
            if line.number == ref.line:
                return line
        raise Mismatch("there is no such line")

    def _compare_visits(
        self,
        at: Place,
        values: Mapping[str, Any],
        runs: Sequence[Sequence[Visit]],
        depths: Sequence[Visit],
        remaining: Remaining,
        sums: Collection[str] = (),
    ) -> Coming | None:
        """Compare values with the next visits of a line, as many as their shapes say.

        Parameters
        ----------
        at
            The line; line 0 for a call of the algorithm.
        values
            What the code has for each variable, or `NOTHING`.
        runs
            The visits of the line in each run of the batch.
        depths
            The same with the depth of each number.
        remaining
            The visits that the code can do.
        sums
            The variables of which the code has one for the whole batch, the sum over it.

        Returns
        -------
        Coming or None
            The visits; None if there is nothing to be compared.
        """
        values = {glyph: value for glyph, value in values.items() if value is not NOTHING}
        if not values:
            return None
        count, is_call = len(depths), at[1] == 0
        if not remaining.count:
            raise Mismatch(f"it runs more often than {count} times")

        header = self.expected.algorithms[at[0]].header
        parts = {str(key) for bundle in header.built.values() for key, _ in bundle.values()}
        parts |= {str(key) for key in header.learned_numbers}

        def arrays(visits: Sequence[int]) -> list[ComparedArray]:
            sides = [[side[visit] for visit in visits] for side in (*runs, depths)]
            return self._arrays(values, sides, sums, parts, is_call)

        first = min(visits[0] for visits in remaining.visits if visits)
        places = (first + 1, first + 1, count)
        try:
            compared = arrays([first])
            if not compared:
                return None
            largest = max((array.visits for array in compared), key=lambda axes: axes.visits)
            places = (first + 1, min(first + largest.visits, count), count)
            # An argument may stand for all visits; what a line sets has an entry for each.
            axes = together(array.visits for array in compared) if is_call else largest
            coming = None if axes is None else remaining.next(axes)
            for array in compared:
                fits = together([array.visits, largest]) if is_call else array.visits == largest
                if coming is None or not fits:
                    raise Mismatch(f"{array.shape_and_visit}, and {remaining.count} are left")
            assert coming is not None, "there is an array"
            places = (min(coming.visits) + 1, max(coming.visits) + 1, count)
            for array in compared if coming.visits == [first] else arrays(coming.visits):
                self._hold(at, array, coming)
                agreement = array.compare(_named(at), self.expected, coming.axes)
                if agreement is not None:
                    self.agreements.append(agreement)
        except Mismatch as mismatch:
            raise Mismatch(str(mismatch), places) from None
        return coming

    def _hold(self, at: Place, array: ComparedArray, coming: Coming) -> None:
        """Note what an array of the code holds at visits of a line."""
        visits = self.held.setdefault(at, {})
        for visit, held in zip(coming.visits, array.at_visits(coming.axes), strict=True):
            visits.setdefault(visit, {})[array.of] = held

    def _arrays(
        self,
        values: Mapping[str, Any],
        sides: Sequence[Sequence[Visit]],
        sums: Collection[str],
        parts: Collection[str],
        is_call: bool,
    ) -> list[ComparedArray]:
        """Return the arrays of values, each beside its exact values; the last side holds depths.

        Those of `parts` are parts of parameters that the algorithm makes, or learned numbers.
        """
        arrays = []
        for glyph, value in values.items():
            name = "the result" if glyph == "return" else argument_name(glyph, sides[0][0][glyph])
            try:
                pairs = [
                    [list(paired_arrays(value, visit[glyph])) for visit in side] for side in sides
                ]
            except Mismatch as mismatch:
                raise Mismatch(f"{name} {mismatch}") from None
            for place, (path, array, _) in enumerate(pairs[0][0]):
                *runs, depths = [[visit[place][2] for visit in side] for side in pairs]
                batch = self.expected.inputs.batch
                if batch and glyph in sums:
                    batch, runs, depths = (), [total(runs)], depth_of_total(depths, len(runs))
                of_heads = path.startswith(".") or glyph in parts
                of = (glyph, path)
                arrays.append(
                    ComparedArray(name + path, array, runs, depths, batch, of_heads, is_call, of=of)
                )
        return arrays


def _named(at: Place) -> str:
    """Return the name of a line, `4.5`; of an algorithm that is called, its id."""
    id, line = at
    return f"{id}.{line}" if line else id
