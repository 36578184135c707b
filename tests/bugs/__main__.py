"""`make bugs`: put one bug of each algorithm into a copy, and say which tests see it."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # where the tests find what they share

from helpers.planting import edited  # noqa: E402

from bugs.table import SHOWN, Bug  # noqa: E402
from spec.pairing import implementations  # noqa: E402

#: Quick, and of values: what looks at signatures alone cannot see a mistake that keeps them.
TESTS = (
    "algorithms/test_reference_laws.py",
    "algorithms/test_inference.py",
    "algorithms/test_training.py",
    "algorithms/test_torch.py",
    "checkpoints",
)


def plant(bug: Bug, copy: Path) -> None:
    """Put a bug into the file of a copy that holds the function."""
    function = inspect.unwrap(implementations("algorithms")[bug.algorithm])
    right = inspect.getsource(function)
    file = copy / Path(inspect.getfile(function)).relative_to(ROOT)
    wrong = edited(right, (bug.right, bug.wrong))
    file.write_text(edited(file.read_text("utf-8"), (right, wrong)), "utf-8")


def failures(bug: Bug | None) -> list[str]:
    """The tests that fail where a bug is in, or where none is, each as `file::name`."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("algorithms", "spec", "tests", "pyproject.toml"):
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
        if bug is not None:
            plant(bug, copy)
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-rf", *(f"tests/{test}" for test in TESTS)],
            cwd=copy, capture_output=True, text=True, check=False,
        )  # fmt: skip
    return re.findall(r"^(?:FAILED|ERROR) tests/(\S+)", run.stdout, re.MULTILINE)


def main() -> int:
    """Print a table, and fail where a bug went unseen that an output can show."""
    table = Table("bug", "line", "tests that fail")
    table.add_column("the first of them", overflow="fold")
    if already := failures(None):
        sys.exit(f"without any bug: {', '.join(already)}")
    unseen = 0
    for bug in track(SHOWN.values(), "one bug at a time", transient=True):
        seen = failures(bug)
        unseen += not seen and not bug.unseen
        first = seen[0] if seen else f"none{bug.unseen and f': {bug.unseen}'}"
        table.add_row(bug.what, bug.line, str(len(seen)), first)
    Console().print(table)
    return unseen


if __name__ == "__main__":
    sys.exit(main())
