"""Does each example run, with `--quick`, and write its figures and its plot?"""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = sorted(
    path.stem
    for path in (ROOT / "examples").glob("*.py")
    if '__name__ == "__main__"' in path.read_text("utf-8")
)


@pytest.mark.sweep
@pytest.mark.parametrize("name", COMMANDS)
def test_a_quick_run_ends_well_and_writes_what_the_docs_show(name, tmp_path):
    command = [sys.executable, "-m", f"examples.{name}", "--quick", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    run = json.loads((tmp_path / f"{name}.json").read_text("utf-8"))
    assert run["command"] == f"python -m examples.{name} --quick"
    assert run["better"]
    for figure in run["figures"]:
        assert figure in done.stdout
    plot = ElementTree.parse(tmp_path / f"{name}.svg").getroot()
    assert plot.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(plot.findall("{*}polyline")) > 0


def test_an_example_says_what_it_shows_without_running():
    for name in COMMANDS:
        command = [sys.executable, "-m", f"examples.{name}", "--help"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert "--quick" in done.stdout
