"""The wheel and the sdist, each installed in an empty environment and used as README says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def first_example() -> str:
    """README's first lines of Python."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    assert found, "README.md shows no Python"
    return found[1]


def tops(wheel: Path) -> set[str]:
    """The wheel's top-level names, of which type checkers read those that hold `py.typed`."""
    files = zipfile.ZipFile(wheel).namelist()
    names = {name.split("/")[0] for name in files}
    found = {name for name in names if not name.endswith(".dist-info")}
    assert {f"{name}/py.typed" for name in found} <= {*files}, files
    return found


def use(archive: Path, folder: Path) -> None:
    """Install an archive where nothing else is, and run the example and every command."""
    venv.create(folder, with_pip=True)
    python, command = str(folder / "bin/python"), str(folder / "bin/formal-transformers")
    constraints = str(ROOT / "constraints.txt")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for line in (
        [*install, "--constraint", constraints, str(archive)],
        [python, "-c", first_example()],
        [command, "list"],
        [command, "show", "4"],
        [command, "show", "N1"],
        [command, "prove"],
        [command, "cost", "10", "--at", "gpt2-small"],
        [*install, "--constraint", constraints, f"{archive}[check]"],
        [command, "vectors", "vectors"],
        [command, "show", "mask-transposed"],
        [command, "check", "algorithms:Attention", "--algorithm", "4"],
        [command, "check", "algorithms:rms_norm", "--algorithm", "N1"],
    ):
        subprocess.run(line, cwd=folder, check=True, env={**os.environ, "PYTHONPATH": ""})


def main() -> None:
    """Build both, look inside, use both."""
    with tempfile.TemporaryDirectory() as folder:
        dist = Path(folder) / "dist"
        subprocess.run([sys.executable, "-m", "build", "--outdir", dist, ROOT], check=True)
        (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
        assert tops(wheel) == {"algorithms", "spec"}, tops(wheel)
        for archive in (wheel, sdist):
            use(archive, Path(folder) / archive.stem)
    print("wheel and sdist: installed, imported, used")


if __name__ == "__main__":
    main()
