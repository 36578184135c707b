"""One call of a function that may do anything: raise, hang, change its arguments."""

from __future__ import annotations

import copy
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from spec.calling.verdict import Verdict
from spec.inputs.adapter import Adapter, AdapterError, ChangedError, Function
from spec.inputs.arguments import Arguments
from spec.machine.trees import same

T = TypeVar("T")

#: How many characters of an exception's message are shown.
LONGEST = 300


@dataclass(frozen=True)
class CallOutcome:
    """What came of a call.

    Attributes
    ----------
    result
        What the function returned.
    verdict, problem
        What is wrong with the call itself, and that in a clause: `raises KeyError`; None if
        nothing is.
    """

    result: Any = None
    verdict: Verdict | None = None
    problem: str = ""


def guarded_call(
    function: Function, adapter: Adapter, arguments: Arguments, seconds: float
) -> CallOutcome:
    """Call a function, and say what is wrong with the call, whatever it returns.

    A call that does not end is left behind in its thread, which ends with the process: Python
    has no way to stop a thread.
    """
    before = copy.deepcopy(arguments.named)
    found = with_time_limit(seconds, lambda: _called(function, adapter, arguments))
    if not found:
        return CallOutcome(verdict=Verdict.HANGS, problem=f"gave no result in {seconds:g} s")
    (outcome,) = found
    changed = [name for name in before if not same(before[name], arguments.named[name])]
    if outcome.verdict is None and changed:
        return CallOutcome(verdict=Verdict.MUTATES, problem=f"changes its argument {changed[0]}")
    return outcome


def with_time_limit(seconds: float, compute: Callable[[], T]) -> list[T]:
    """Compute in a thread, which must not raise: return its result, or nothing if time is up."""
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(compute()), daemon=True)
    with warnings.catch_warnings():  # they are the process's, not the thread's
        warnings.simplefilter("ignore")  # a function that warns is not wrong
        thread.start()
        thread.join(seconds)
    return found[:1]


def _called(function: Function, adapter: Adapter, arguments: Arguments) -> CallOutcome:
    try:
        return CallOutcome(adapter.call(function, arguments))
    except AdapterError as error:
        return CallOutcome(verdict=Verdict.DOES_NOT_FIT, problem=str(error))
    except ChangedError as error:
        return CallOutcome(verdict=Verdict.MUTATES, problem=f"changes its argument {error}")
    except BaseException as error:  # a function may even raise SystemExit
        return CallOutcome(verdict=Verdict.RAISES, problem=f"raises {described(error)}")


def described(error: BaseException) -> str:
    """Return an exception in one row: its type, its message, and where it was raised."""
    message = " ".join(str(error).split())
    if len(message) > LONGEST:
        message = f"{message[:LONGEST]} …"
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = ""
    if place is not None:
        code = place.tb_frame.f_code
        where = f" (in {code.co_name}, row {place.tb_lineno} of {code.co_filename})"
    return f"{type(error).__name__}{': ' * bool(message)}{message}{where}"
