"""A check in a separate process, with a limit on its time.

The process keeps a function that hangs or crashes from taking the command with it. It runs as the
user who asks, with all that this user may do: it is not a sandbox.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from time import perf_counter
from typing import Any

from spec.checking.account import WrittenReport
from spec.exit_status import ExitStatus
from spec.usage_error import UsageError

#: How much is kept, and how much shown, of what a process has written to standard error.
BYTES, ROWS = 4096, 3


def check_separately(
    request: Mapping[str, Any],
    limit: float,
    progress: Callable[[str, int, int], None],
    start: float | None = None,
) -> WrittenReport:
    """Check a function that is named `package.module:function`, in a separate process.

    If time is up, what is known by then is returned, with the status of what is not finished.

    Parameters
    ----------
    request
        `function`, `algorithm`, `layout` (the options of its adapter), `format`, `seconds`.
    limit
        How many seconds the check may take in all.
    progress
        Is called with each step: `progress("trying", 3, 21)`.
    start
        When the check began, by `time.perf_counter`, where that was before this call: what must
        first be imported takes long on a busy machine.

    Raises
    ------
    UsageError
        If there is no such function, algorithm or format, or the adapter does not fit.
    RuntimeError
        If there is a fault in the check itself.
    """
    start = perf_counter() if start is None else start
    process = subprocess.Popen(
        # -P: what stands in the user's folder is not taken for ours.
        [sys.executable, "-P", "-m", "spec.checking.process_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    overdue = threading.Event()

    def stop() -> None:
        overdue.set()
        _kill(process)

    timer = threading.Timer(start + limit - perf_counter(), stop)
    tail = _Tail(process)
    timer.start()
    latest: dict[str, Any] = {}  # the last message of each kind
    try:
        with suppress(BrokenPipeError), process.stdin as pipe:  # it may have ended already
            pipe.write(json.dumps(dict(request)).encode() + b"\n")
        for row in process.stdout:
            if not row.endswith(b"\n"):
                break  # it was killed in the midst of a row
            message = json.loads(row)
            latest |= message
            if "progress" in message:
                progress(*message["progress"])
            elif "so far" not in message:
                break  # what the function has begun may still be writing
    except KeyboardInterrupt:
        _kill(process)  # at once: a second Ctrl-C must not leave it behind
        raise
    finally:
        timer.cancel()
        if not latest.keys() & {"account", "error", "fault"}:
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)
        _kill(process)
        code = process.wait()
        process.stdout.close()
    if "account" in latest:
        return WrittenReport.of(latest["account"])
    if "error" in latest:
        raise UsageError(latest["error"])
    if "fault" in latest:
        raise RuntimeError(latest["fault"])
    name = f"{request['function']}, as Algorithm {request['algorithm']},"
    known = WrittenReport(f"{name} was not called to an end.", ExitStatus.UNFINISHED)
    if "so far" in latest:
        known = WrittenReport.of(latest["so far"])
    activity, done, all = latest.get("progress", ("starting", 0, 0))
    count = f", {done} of {all}" if all else ""
    if overdue.is_set():
        late = f"Not finished after {limit:g} s ({activity}{count}): --limit allows more time."
        return replace(known, notes=[*known.notes, late])
    signals = {int(signal): signal.name for signal in signal.Signals}
    how = f"by signal {signals.get(-code, -code)}" if code < 0 else f"with status {code}"
    headline = f"{name} ends the process {how} ({activity}{count})."
    return replace(known, headline=headline, status=ExitStatus.FAILS, notes=tail.rows())


class _Tail(threading.Thread):
    """Reads what a process writes to standard error, and keeps the end of it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True)  # a process that this one has begun may keep it open
        assert process.stderr is not None
        self.pipe = process.stderr
        self.end = b""
        self.start()

    def run(self) -> None:
        """Read until the end."""
        with self.pipe as pipe:
            while block := pipe.read1(65536):  # type: ignore[attr-defined]
                self.end = (self.end + block)[-BYTES:]

    def rows(self) -> list[str]:
        """Return the last rows."""
        self.join(1)
        return self.end.decode(errors="replace").splitlines()[-ROWS:]


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process, and those that it has begun."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
