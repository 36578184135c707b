"""Builds pages as `make docs` does, but into another folder."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def build(
    source: Path,
    out: Path,
    builder: str = "html",
    *,
    doctrees: Path | None = None,
    jobs: int = 1,
) -> subprocess.CompletedProcess[str]:
    """Run Sphinx in so many processes. Builds that share `doctrees` read the pages only once."""
    command = [sys.executable, "-m", "sphinx", "-n", "-W", "--keep-going", "-j", str(jobs)]
    return subprocess.run(
        [*command, "-b", builder, "-d", doctrees or out / ".doctrees", source, out],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        check=False,
    )
