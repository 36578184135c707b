"""What is seen of functions that are observed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from spec.line_by_line.event import NOTHING, Event
from spec.line_by_line.observe import observe


def events(function: Callable[..., Any], *args: Any, **kwargs: Any) -> list[Event]:
    """The events of a call, which must not raise."""
    observation = observe(function, *args, **kwargs)
    if observation.error is not None:
        raise observation.error
    return observation.events


def refs(event: Event) -> str:
    """The tag of an event's statement."""
    return ", ".join(map(str, event.refs))


def seen(function: Callable[..., Any], *args: Any, **kwargs: Any) -> list[tuple[str, Any]]:
    """The tag of each event, and what was assigned or returned."""
    return [
        (refs(event), dict(event.variables) if event.result is NOTHING else event.result)
        for event in events(function, *args, **kwargs)
    ]


def mark(id: str) -> Callable[[Any], Any]:
    """A decorator that checks its calls: no argument is negative."""

    def decorate(function: Any) -> Any:
        @functools.wraps(function)
        def call(*args: Any, least: int = 0) -> Any:
            if min(args, default=0) < least:
                raise ValueError(f"{function.__name__} refuses {args}")
            return function(*args)

        call.algorithm = id  # type: ignore[attr-defined]
        return call

    return decorate
