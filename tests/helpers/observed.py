"""What is seen of functions that are observed."""

from __future__ import annotations

import functools
import itertools
import linecache
from collections.abc import Callable
from types import ModuleType
from typing import Any

from spec.line_by_line.event import NOTHING, Event
from spec.line_by_line.observe import observe

_numbers = itertools.count()


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


def module(text: str) -> ModuleType:
    """A module that is in no file."""
    name = f"<text {next(_numbers)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    made = ModuleType(name)
    exec(compile(text, name, "exec"), made.__dict__)
    return made


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
