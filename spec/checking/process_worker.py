"""Checks a function in a separate process: `python -m spec.checking.process_worker`.

The request stands on standard input, as JSON. The progress, what is known so far, and at last the
account, are written to standard output, a row of JSON each. What the function prints goes to
standard error.
"""

import importlib
import inspect
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, TextIO

from spec.checking.check import function_under_test, reports
from spec.inputs.arguments import Function
from spec.usage_error import UsageError


def main() -> None:
    """Read what is asked for, check, and write the account."""
    request = json.loads(sys.stdin.readline())
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)  # what the function prints must not be taken for ours
        sys.path.insert(0, "")  # the user's folder; ours has been imported without it
        answer(request, lambda message: _write(out, message))
        os._exit(0)  # a thread that hangs must not keep the process


def answer(request: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> None:
    """Tell how a check goes on, and at last its account, or the error that says why there is none.

    Each is a message: `{"progress": ("trying", 3, 21)}`; `{"so far": …}`, the account of what is
    known; `{"account": …}`; `{"error": …}`; `{"fault": …}`, the traceback of an error of ours.
    """
    try:
        function = named(request["function"])
        id, format, seconds = (request[name] for name in ("algorithm", "format", "seconds"))
        tested = function_under_test(
            function, id, format=format, seconds=seconds, words=request["layout"]
        )
        for report in reports(tested, lambda *step: tell({"progress": step})):
            kind = "account" if report.finished else "so far"
            tell({kind: report.account(on_command_line=True).data()})
    except UsageError as error:
        tell({"error": " ".join(str(error).split())})
    except Exception:  # what a function raises is a verdict, and ends no check
        tell({"fault": traceback.format_exc()})


def named(name: str) -> Function:
    """Return the function that `package.module:name` names.

    Raises
    ------
    UsageError
        If there is no such module, or nothing of that name in it, or a method without an object.
    """
    module, colon, path = name.partition(":")
    if not (module and colon and path):
        raise UsageError(f"{name} is not of the form package.module:function")
    try:
        found: Any = importlib.import_module(module)
    except BaseException as error:  # a module may do anything when it is imported
        problem = " ".join(f"{type(error).__name__}: {error}".split())
        raise UsageError(f"{module} cannot be imported: {problem}") from error
    for part in path.split("."):
        if not hasattr(found, part):
            raise UsageError(f"{module} has no {path}")
        owner, found = found, getattr(found, part)
        if isinstance(owner, type) and inspect.isfunction(inspect.getattr_static(owner, part)):
            raise UsageError(
                f"{name} is a method, and needs an object: name the class, {module}:"
                f"{owner.__qualname__}, or a function that makes an object and calls {part}"
            )
    if not callable(found):
        raise UsageError(f"{name} cannot be called")
    function: Function = found
    return function


def _write(out: TextIO, message: dict[str, Any]) -> None:
    out.write(json.dumps(message) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
