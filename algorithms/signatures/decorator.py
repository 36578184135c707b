"""`@algorithm(4)`: the number, and every call checked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial, wraps
from typing import Any, TypeVar, cast

from algorithms.signatures.values import compiling

F = TypeVar("F", bound=Callable[..., Any])

#: The one switch: False, and no call is checked any more. It starts
#: as FORMAL_TRANSFORMERS_CHECKS says, where 0 turns the checks off.
enabled = os.environ.get("FORMAL_TRANSFORMERS_CHECKS", "1") != "0"

_inside = ContextVar("inside a checked call", default=False)


def algorithm(
    number: int | str, *, requires: tuple[str, ...] = ()
) -> Callable[[F], F]:
    """Mark a function as Algorithm `number`, and check its calls.

    Every call is held to the annotations: shapes of all arguments,
    of θ at every depth and of the result (a name is one size);
    dtypes, one float type and one library for all; token IDs within
    the vocabulary; padding at the right end; what `requires` says
    of the sizes. A call from inside another checked call is not
    checked again.

    The function then carries its number as `function.algorithm`.
    """

    def mark(function: F) -> F:
        marked = checked(requires=requires)(function)
        cast("Any", marked).algorithm = str(number)
        return marked

    return mark


def checked(*, requires: tuple[str, ...] = ()) -> Callable[[F], F]:
    """As `algorithm`, for a function that has no number."""

    def wrap(function: F) -> F:
        @cache  # names resolve only later
        def signature() -> Any:
            # What checks is imported where something is called.
            from algorithms.signatures.checked_call import (
                CheckedCall,
            )

            return CheckedCall(function, requires)

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if compiling():
                return function(*args, **kwargs)
            run: Callable[..., Any] = function
            if way := _own_way((*args, *kwargs.values())):
                run = partial(way, function)
            if not enabled or _inside.get():
                return run(*args, **kwargs)
            token = _inside.set(True)
            try:
                checked_result = signature().accept(args, kwargs)
                return checked_result(run(*args, **kwargs))
            finally:
                _inside.reset(token)

        cast("Any", call).requires = requires
        return cast("F", call)

    return wrap


@contextmanager
def unchecked() -> Iterator[None]:
    """Check no call for a while, as within a checked call."""
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)


@contextmanager
def anew() -> Iterator[None]:
    """Check calls for a while, within a checked call too."""
    token = _inside.set(False)
    try:
        yield
    finally:
        _inside.reset(token)


def _own_way(arguments: Iterable[Any]) -> Callable[..., Any] | None:
    """How an array library carries out functions, if by itself.

    The library is that of the first argument, or first part of one,
    whose type has a method `__algorithm__`.
    """
    for argument in arguments:
        while isinstance(argument, tuple) and argument:
            argument = argument[0]
        if hasattr(type(argument), "__algorithm__"):
            return cast(
                "Callable[..., Any]", argument.__algorithm__
            )
    return None
