"""One call of a function that may do anything: raise, hang, change its arguments."""

import copy
import threading
import traceback
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from spec.calling.verdict import Verdict
from spec.inputs.adapter_error import AdapterError, ChangedArgumentError, FailedCallError
from spec.inputs.arguments import Adapter, Arguments, Function
from spec.machine.trees import same

T = TypeVar("T")

#: How many characters of an exception's message are shown.
LONGEST = 300


class CallError(Exception):
    """A call has failed: the verdict on it, and what is wrong as a clause, `raises KeyError`.

    `passed` lists the arguments of a function that raises, with their shapes, if they are known.
    """

    def __init__(self, verdict: Verdict, problem: str, passed: str = "") -> None:
        super().__init__(problem)
        self.verdict = verdict
        self.problem = problem
        self.passed = passed


def guarded_call(function: Function, adapter: Adapter, arguments: Arguments, seconds: float) -> Any:
    """Call a function, and return its result.

    A CallError says that the function cannot be called, raises, does not end, or changes an
    argument. A call that does not end goes on in its thread until the process ends: Python cannot
    stop a thread.
    """
    before = copy.deepcopy(arguments.named)
    outcome = with_time_limit(seconds, lambda: _outcome(function, adapter, arguments))
    if outcome is None:
        raise CallError(Verdict.HANGS, f"gave no result in {seconds:g} s")
    result, error = outcome
    if error is not None:
        raise error
    for name in before:
        if not same(before[name], arguments.named[name]):
            raise CallError(Verdict.MUTATES, f"changes its argument {name}")
    return result


def with_time_limit(seconds: float, compute: Callable[[], T]) -> T | None:
    """Compute in a thread, and return the result, or None if time is up; it must not raise."""
    results: list[T] = []
    thread = threading.Thread(target=lambda: results.append(compute()), daemon=True)
    with warnings.catch_warnings():  # filters of warnings belong to the process, not to the thread
        warnings.simplefilter("ignore")  # a function that warns is not wrong
        thread.start()
        thread.join(seconds)
    return results[0] if results else None


def _outcome(
    function: Function, adapter: Adapter, arguments: Arguments
) -> tuple[Any, CallError | None]:
    """Return the result of a call, or the error of one that has failed."""
    try:
        return adapter.call(function, arguments), None
    except AdapterError as error:
        return None, CallError(Verdict.DOES_NOT_FIT, str(error))
    except ChangedArgumentError as error:
        return None, CallError(Verdict.MUTATES, f"changes its argument {error}")
    except FailedCallError as error:
        problem = f"raises {described(error.__cause__ or error)}"
        passed = ", ".join(shown(name, value) for name, value in error.passed.items())
        return None, CallError(Verdict.RAISES, problem, passed)
    except BaseException as error:  # a function may even raise SystemExit
        return None, CallError(Verdict.RAISES, f"raises {described(error)}")


def shown(name: str, value: Any, depth: int = 2) -> str:
    """Return an argument with its shape, or with those of its fields, down to some depth."""
    if hasattr(value, "shape"):
        return f"{name} {tuple(value.shape)}"
    if not isinstance(value, tuple | list):
        return f"{name} = {value!r:.40}"
    fields = zip(getattr(value, "_fields", range(len(value))), value, strict=True)
    parts = ", ".join(shown(str(field), part, depth - 1) for field, part in fields if depth)
    return f"{name} {type(value).__name__}({parts or '…'})"


def described(error: BaseException) -> str:
    """Return an exception in one line: its type, its message, and where it was raised."""
    message = " ".join(str(error).split())
    if len(message) > LONGEST:
        message = f"{message[:LONGEST]} …"
    place = ""
    for last in traceback.extract_tb(error.__traceback__, limit=-1):
        place = f" (in {last.name}, row {last.lineno} of {last.filename})"
    return f"{type(error).__name__}{': ' * bool(message)}{message}{place}"
