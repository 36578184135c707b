"""Processes of Python that import what is tested here, and hear Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
COMMAND = "import sys; from spec.terminal.command import main; sys.exit(main())"

#: A shell lets what it starts in the background ignore SIGINT, and every process inherits that.
_HEAR = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"


def start(code: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """Start a process that runs `code`; its folder is not on its path."""
    return subprocess.Popen(
        [sys.executable, "-P", "-c", f"{_HEAR}\n{code}", *arguments],
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})},
        **options,
    )
