"""Calls a function that may do anything: raise, hang, change what it was given."""

from __future__ import annotations

import copy
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from spec.calling.verdict import Verdict
from spec.inputs.adapter import Adapter, AdapterError, ChangedError, Function
from spec.inputs.arguments import Given

T = TypeVar("T")


#: How much of a message is told.
LONGEST = 300


@dataclass(frozen=True)
class Outcome:
    """What came of a call: a result, or a verdict and what there is to say."""

    result: Any = None
    verdict: Verdict | None = None
    problem: str = ""


def attempt(function: Function, adapter: Adapter, given: Given, seconds: float) -> Outcome:
    """Call a function, and say what is wrong with the call, whatever it returns.

    A call that does not end is left behind in its thread, which ends with the process: Python
    has no way to stop one.
    """
    before = copy.deepcopy(given.named)
    found = within(seconds, lambda: _called(function, adapter, given))
    if not found:
        return Outcome(verdict=Verdict.HANGS, problem=f"gave no result in {seconds:g} s")
    (outcome,) = found
    changed = [name for name in before if not _same(before[name], given.named[name])]
    if outcome.verdict is None and changed:
        return Outcome(verdict=Verdict.MUTATES, problem=f"changes its argument {changed[0]}")
    return outcome


def within(seconds: float, compute: Callable[[], T]) -> list[T]:
    """Compute in a thread of its own, which may raise nothing: one result, or none in time."""
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(compute()), daemon=True)
    with warnings.catch_warnings():  # they are the process's, not the thread's
        warnings.simplefilter("ignore")  # a function that warns is not wrong
        thread.start()
        thread.join(seconds)
    return found[:1]


def _called(function: Function, adapter: Adapter, given: Given) -> Outcome:
    try:
        return Outcome(adapter.call(function, given))
    except AdapterError as error:
        return Outcome(verdict=Verdict.DOES_NOT_FIT, problem=str(error))
    except ChangedError as error:
        return Outcome(verdict=Verdict.MUTATES, problem=f"changes its argument {error}")
    except BaseException as error:  # a function may even raise SystemExit
        return Outcome(verdict=Verdict.RAISES, problem=f"raises {told(error)}")


def told(error: BaseException) -> str:
    """Return the type and the message of an exception, in one row; and where it was raised."""
    said = " ".join(str(error).split())
    if len(said) > LONGEST:
        said = f"{said[:LONGEST]} …"
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = ""
    if place is not None:
        code = place.tb_frame.f_code
        where = f" (in {code.co_name}, row {place.tb_lineno} of {code.co_filename})"
    return f"{type(error).__name__}{': ' * bool(said)}{said}{where}"


def _same(one: Any, other: Any) -> bool:
    """Say whether two arguments are the same, bit by bit."""
    return all(
        np.array_equal(a, b, equal_nan=True) if hasattr(a, "dtype") else a == b
        for a, b in zip(_leaves(one), _leaves(other), strict=True)
    )


def _leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, tuple | list):
        for part in tree:
            yield from _leaves(part)
    else:
        yield tree
