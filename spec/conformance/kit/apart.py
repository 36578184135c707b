"""A check in a process of its own, with a limit on its time.

The process runs as the user who asks, with all that this user may do: it keeps a function that
hangs or crashes from taking the command with it, and is no sandbox.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from spec.conformance.kit.account import Account

#: The last rows of what a process that fails has written to standard error.
ROWS = 3


class ApartError(ValueError):
    """The check could not be begun; the message says why."""


def check_apart(
    request: Mapping[str, Any], limit: float, progress: Callable[[str, int, int], None]
) -> Account:
    """Check a function that is named `package.module:function`, in a process of its own.

    Parameters
    ----------
    request
        `function`, `algorithm`, `layout` (the options of its adapter), `format`, `seconds`.
    limit
        How many seconds the process may take in all.
    progress
        Told what is done.

    Raises
    ------
    ApartError
        If there is no such function, algorithm or format, or the adapter does not fit.
    """
    errors: list[str] = []
    said: dict[str, Any] = {}
    overdue = threading.Event()
    with subprocess.Popen(
        [sys.executable, "-m", "spec.conformance.kit.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    ) as process:

        def stop() -> None:
            overdue.set()
            _kill(process)

        timer = threading.Timer(limit, stop)
        reader = threading.Thread(target=_drain, args=(process, errors))
        timer.start()
        reader.start()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            with suppress(BrokenPipeError), process.stdin as pipe:  # it may have ended already
                pipe.write(json.dumps(dict(request)) + "\n")
            for row in process.stdout:
                said = json.loads(row)
                if "progress" in said:
                    progress(*said["progress"])
            code = process.wait()
        finally:
            timer.cancel()
            _kill(process)
            reader.join()
    if "account" in said:
        return Account.of(said["account"])
    if "error" in said:
        raise ApartError(said["error"])
    name = f"{request['function']}, as Algorithm {request['algorithm']},"
    if overdue.is_set():
        return Account(f"{name} did not end within {limit:g} s.", False)
    how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with status {code}"
    return Account(f"{name} ends the process {how}.", False, notes=errors)


def _drain(process: subprocess.Popen[str], rows: list[str]) -> None:
    assert process.stderr is not None
    for row in process.stderr:
        rows.append(row.rstrip())
        del rows[:-ROWS]


def _kill(process: subprocess.Popen[str]) -> None:
    """End a process, and those that it has begun."""
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
