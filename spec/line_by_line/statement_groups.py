"""Which statements carry out a line together, and in which order lines are done."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spec import symbols
from spec.line_by_line.event import NOTHING, Event
from spec.line_by_line.findings import Mismatch
from spec.machine import Value
from spec.pairing import Ref


@dataclass
class StatementGroup:
    """Statements that carry out one line together; or a call of an algorithm.

    Attributes
    ----------
    ref
        The line, `4.5`; a call of Algorithm 4 is `4.0`.
    events, last_event
        The statements, in order, or the entry of the call; and the place of the last one among all
        events.
    """

    ref: Ref
    events: list[Event]
    last_event: int

    @property
    def later(self) -> list[Ref]:
        """The lines of the algorithm that the last statement carries out after this one."""
        refs = self.events[-1].refs
        after = refs[refs.index(self.ref) + 1 :]
        return [ref for ref in after if ref.algorithm == self.ref.algorithm]

    def value(self, glyph: str) -> Any:
        """Return what the code has for a variable of the pseudocode, `NOTHING` if it has none."""
        name = "return" if glyph == "return" else python_name(glyph)
        for event in reversed(self.events):
            if name in event.views:
                try:
                    return event.view(name)
                except Exception as error:
                    problem = f"its view of {name} raises {type(error).__name__}: {error}"
                    raise Mismatch(problem) from None
            if name in event.variables:
                return event.variables[name]
        return self.events[-1].result if glyph == "return" else NOTHING


def statement_groups(events: Sequence[Event]) -> list[StatementGroup]:
    """Group the statements that carry out one line in one call, in the order of their ends.

    What a statement calls is done before the statement is.
    """
    groups: list[StatementGroup] = []
    unfinished: dict[int, dict[Ref, StatementGroup]] = {}  # by the number of the call
    for place, event in enumerate(events):
        if event.algorithm is not None:
            entry = Ref(event.algorithm, 0)
            groups.append(StatementGroup(entry, [event], place))
            continue
        before, now = unfinished.get(event.call, {}), {}
        for ref in event.refs:
            group = before.get(ref)
            if group is None or any(event.row == earlier.row for earlier in group.events):
                group = StatementGroup(ref, [], place)
                groups.append(group)
            group.events.append(event)
            group.last_event = place
            now[ref] = group
        unfinished[event.call] = now
    return sorted(groups, key=lambda group: group.last_event)


def makers(events: Sequence[Event]) -> dict[int, Event | None]:
    """Return the statement that makes each call, by the number of the call; None if none is seen.

    A statement is reported after the calls that it makes.
    """
    first: dict[int, int] = {}
    for place, event in enumerate(events):
        first.setdefault(event.call, place)
    return {
        call: next(
            (
                event
                for event in itertools.islice(events, place + 1, None)
                if event.call < call and event.refs
            ),
            None,
        )
        for call, place in first.items()
    }


def python_name(glyph: str) -> str:
    """Return the name that code gives to a variable of the pseudocode: `V_tilde` for `Ṽ`."""
    try:
        return symbols.ascii(glyph)
    except symbols.UnknownSymbol:
        return glyph


def argument_name(glyph: str, value: Value) -> str:
    """Return the name that code gives to an argument: `z` for sequences `z_n`, `c` for tokens."""
    match value:
        case {1: list() | int()}:
            return python_name(symbols.lookup(glyph).stem)
    return python_name(glyph)
