"""Processes of Python that import what is tested here, and hear Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
COMMAND = "import sys; from spec.terminal.command import main; sys.exit(main())"


def start(code: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """Start a process that runs `code`; its folder is not on its path.

    A shell lets what it starts in the background ignore SIGINT, and every process inherits that
    from the one that starts it. This one does not.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code, *arguments],
        encoding="utf-8",
        env=environment,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        **options,
    )
