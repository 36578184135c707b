"""What programs on several devices send, at the sizes of GPT-2 small."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> list[str]:
    """What `sharded_programs` prints: rows of the page's code, then one of JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "figures.sharded_programs", *arguments],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        encoding="utf-8",
    )
    return done.stdout.splitlines()


def figures() -> list[dict[str, Any]]:
    """A row for each program."""
    rows: list[dict[str, Any]] = json.loads(run()[-1])
    return rows
