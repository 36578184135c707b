"""Is a text that somebody has added and that is wrong refused in one line, by every command?"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.processes import COMMAND

ROOT = Path(__file__).parents[2]
TEXT = """\
Algorithm F98: Y ← Product(X | W_e)
Input: X ∈ ℝ^{d_e×T} — activations
Output: Y ∈ ℝ^{N_V×T} — others
Parameters: W_e ∈ ℝ^{N_V×d_e} — a matrix

1  return Y = W_e X
"""


@pytest.mark.parametrize(
    ("subcommand", "right", "wrong", "message"),
    [
        ("show", "Output:", "Outcome:", "extensions/F98.alg, row 3 does not open one"),
        (
            "prove",
            "W_e X",
            "X W_e",
            "Algorithm F98, line 1, column 14: X is d_e×T and W_e is N_V×d_e",
        ),
        ("cost", "W_e X", "W_f X", "Algorithm F98, line 1, column 12: W_f is not defined"),
        ("show", "F98: Y", "F1x: Y", "extensions/F98.alg, row 1 has the id F1x"),
    ],
)
def test_a_text_that_is_wrong_is_refused_in_one_line(tmp_path, subcommand, right, wrong, message):
    shutil.copytree(ROOT / "spec", tmp_path / "spec", ignore=shutil.ignore_patterns("__pycache__"))
    text = tmp_path / "spec" / "extensions" / "F98.alg"
    text.write_text(TEXT.replace(right, wrong), "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, subcommand, "F98"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.stdout, done.returncode) == ("", 2)
    assert done.stderr.startswith(f"formal-transformers: {message}")
    assert done.stderr.count("\n") == 1
