"""Which statements carry out a line together, and in what order lines are done."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spec import symbols
from spec.line_by_line.observe import NOTHING, Event
from spec.machine import Value
from spec.pairing import Ref


class Wrong(Exception):
    """What is wrong with the code for a line, and at which of its visits."""

    def __init__(self, problem: str, visits: tuple[int, ...] = ()) -> None:
        super().__init__(problem)
        self.visits = visits


@dataclass
class Group:
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
        name = "return" if glyph == "return" else python_name(glyph)
        for event in reversed(self.events):
            if name in event.views:
                try:
                    return event.view(name)
                except Exception as error:
                    raise Wrong(
                        f"its view of {name} raises {type(error).__name__}: {error}"
                    ) from None
            if name in event.variables:
                return event.variables[name]
        return self.events[-1].result if glyph == "return" else NOTHING


def groups(events: Sequence[Event]) -> list[Group]:
    """Gather what carries out one line in one call, in the order in which the lines were done.

    What a statement calls is done before the statement is.
    """
    found: list[Group] = []
    open: dict[int, dict[Ref, Group]] = {}  # by call
    for at, event in enumerate(events):
        if event.algorithm is not None:
            found.append(Group(Ref(event.algorithm, 0), [event], at, _caller(events, at)))
            continue
        before, going = open.get(event.call, {}), {}
        for ref in event.refs:
            group = before.get(ref)
            if group is None or any(event.row == earlier.row for earlier in group.events):
                group = Group(ref, [], at)
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


def python_name(glyph: str) -> str:
    """Return the name that the code gives to a variable of the pseudocode."""
    try:
        return symbols.ascii(glyph)
    except symbols.UnknownSymbol:
        return glyph


def argument(glyph: str, value: Value) -> str:
    """Return the name of an argument; `z` is all of `z_n`."""
    match value:
        case {1: list()}:
            return python_name(symbols.lookup(glyph).stem)
    return python_name(glyph)
