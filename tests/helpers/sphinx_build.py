"""Builds pages as `make docs` does, but into another folder."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

#: The configuration of pages of a test's own module and, where a folder has them, its own texts.
CONF = f"""
import sys
from pathlib import Path
import spec.library
import spec.mistakes

here = Path(__file__).parent
sys.path[:0] = [str(here), {str(DOCS / "_ext")!r}]
if (here / "texts").exists():
    spec.library.files = lambda package: here / "texts"
    spec.mistakes.catalogue = dict  # which is about other texts
extensions = ["paired"]
paired_module = "mine"
suppress_warnings = ["ref"]  # links may lead to what is on other pages
"""


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


def build_files(
    folder: Path, files: Mapping[str, str], jobs: int = 1, builder: str = "html"
) -> tuple[bool, str]:
    """Write files into a folder and build its pages: whether that succeeds, and what is said."""
    for path, text in {"conf.py": CONF, "mine.py": "", **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    done = build(folder, folder / "out", builder, jobs=jobs)
    return done.returncode == 0, done.stderr
