"""Do the files and the commands of the page on algorithms of one's own do what it shows?"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.sphinx_build import DOCS, ROOT

PAGE = (DOCS / "own_algorithm.rst").read_text("utf-8")
FILES = DOCS / "own_algorithm_files"
COMMANDS = re.findall(r"^ +\$ formal-transformers (.+)\n((?: +\S.*\n)+)", PAGE, re.MULTILINE)
# The commands in one process, which reads all texts once.
SCRIPT = """
import shlex, sys
from spec.terminal.command import main
for command in sys.argv[1:]:
    print("$", command, main(shlex.split(command)), flush=True)
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the commands print in a copy of the source to which the page's files are added."""
    copy = tmp_path_factory.mktemp("copy")
    for package in ("algorithms", "spec"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, copy / package, ignore=ignored)
    for file in FILES.iterdir():
        package = "algorithms" if file.suffix == ".py" else "spec"
        shutil.copy(file, copy / package / "extensions")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *(command for command, _ in COMMANDS)],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "COLUMNS": "80", "NO_COLOR": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return re.split(r"^\$ ", done.stdout, flags=re.MULTILINE)


def test_all_files_of_the_folder_are_shown_and_their_places_are_named() -> None:
    shown = re.findall(r"literalinclude:: own_algorithm_files/(\S+)", PAGE)
    assert sorted(shown) == sorted(path.name for path in FILES.iterdir() if path.is_file())
    for path in map(Path, shown):
        assert f"{path.name}``" in PAGE


@pytest.mark.parametrize("place", range(len(COMMANDS)), ids=[name for name, _ in COMMANDS])
def test_a_command_prints_what_the_page_shows(place: int, printed: list[str]) -> None:
    command, shown = COMMANDS[place]
    assert printed[place + 1].splitlines()[0] == f"{command} 0"
    rows = [row.removeprefix("   ").rstrip() for row in shown.splitlines()]
    found = [row.rstrip() for row in printed[place].splitlines()]
    starts = [start for start in range(len(found)) if found[start : start + len(rows)] == rows]
    assert len(starts) == 1, printed[place]
