"""`make bugs`: put each bug into a copy of the reference, and say which tests see it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

ROOT = Path(__file__).parent.parent.parent
BUGS = tomllib.loads(Path(__file__).with_name("bugs.toml").read_text(encoding="utf-8"))["bug"]
#: Quick, and of values: what looks at signatures alone cannot see a mistake that keeps them.
TESTS = (
    "algorithms/test_reference_laws.py",
    "algorithms/test_inference.py",
    "algorithms/test_training.py",
    "algorithms/test_torch.py",
    "checkpoints",
)


def failures(bug: dict[str, str] | None) -> list[str]:
    """The tests that fail where the bug is in, or where none is, each as `file::name`."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("algorithms", "spec", "tests", "pyproject.toml"):
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
        if bug is not None:
            file = copy / "algorithms" / "paper" / bug["file"]
            file.write_text(file.read_text("utf-8").replace(bug["right"], bug["wrong"]), "utf-8")
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-rf", *(f"tests/{test}" for test in TESTS)],
            cwd=copy, capture_output=True, text=True, check=False,
        )  # fmt: skip
    return re.findall(r"^(?:FAILED|ERROR) tests/(\S+)", run.stdout, re.MULTILINE)


def main() -> int:
    """Print a table, and fail where a bug went unseen."""
    table = Table("bug", "line", "tests that fail")
    table.add_column("the first of them", overflow="fold")
    if already := failures(None):
        sys.exit(f"without any bug: {', '.join(already)}")
    unseen = 0
    for bug in track(BUGS, "one bug at a time", transient=True):
        seen = failures(bug)
        unseen += not seen
        table.add_row(bug["what"], bug["line"], str(len(seen)), seen[0] if seen else "none")
    Console().print(table)
    return unseen


if __name__ == "__main__":
    sys.exit(main())
