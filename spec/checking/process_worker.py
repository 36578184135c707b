"""Checks a function in a process of its own: `python -m spec.checking.process_worker`.

What is asked for stands on standard input, as JSON; what is done, and at last the account, are
written row by row to the first file that was standard output. The function's own output goes to
standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any, TextIO

from spec.adapters.choose import adapter_for
from spec.adapters.options import options_of
from spec.checking.check import check
from spec.inputs.arguments import Function
from spec.usage_error import UsageError


def main() -> None:
    """Read what is asked for, check, and write the account."""
    request = json.loads(sys.stdin.readline())
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)  # what the function prints must not be taken for ours
        sys.path.insert(0, "")  # the user's folder; ours has been imported without it
        try:
            said = {"account": _checked(request, out).data()}
        except UsageError as error:
            said = {"error": " ".join(str(error).split())}
        _write(out, said)
        out.flush()
        os._exit(0)  # a thread that hangs must not keep the process


def _checked(request: dict[str, Any], out: TextIO) -> Any:
    function = named(request["function"])
    adapter = adapter_for(function, request["algorithm"], **options_of(request["layout"]))
    report = check(
        function,
        request["algorithm"],
        adapter=adapter,
        format=request["format"],
        seconds=request["seconds"],
        progress=lambda *said: _write(out, {"progress": said}),
    )
    return report.account()


def named(name: str) -> Function:
    """Return what `package.module:name` names.

    Raises
    ------
    UsageError
        If there is no such module, or nothing of that name in it.
    """
    module, colon, path = name.partition(":")
    if not (module and colon and path):
        raise UsageError(f"{name} is not of the form package.module:function")
    try:
        found: Any = importlib.import_module(module)
    except BaseException as error:  # a module may do anything when it is imported
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise UsageError(f"{module} cannot be imported: {said}") from error
    for part in path.split("."):
        if not hasattr(found, part):
            raise UsageError(f"{module} has no {path}")
        found = getattr(found, part)
    if not callable(found):
        raise UsageError(f"{name} cannot be called")
    function: Function = found
    return function


def _write(out: TextIO, said: dict[str, Any]) -> None:
    out.write(json.dumps(said) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
