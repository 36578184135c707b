"""Are functions and modules checked as an algorithm that has only just been added?

The kit knows nothing of `N1`, and of a text added to a copy of the spec, but what they declare.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from algorithms import layer_norm
from spec.calling.verdict import Verdict
from spec.conformance import check, conformance, layout

ROOT = Path(__file__).parents[2]
FEED_FORWARD = """\
Algorithm F99: Y ← GatedLayer(X | W)
/* A feed-forward layer with a gate. */
Input: X ∈ ℝ^{d_e×ℓ_tokens} — a column for each token
Output: Y ∈ ℝ^{d_e×ℓ_tokens} — a column for each token
Parameters: W consisting of
       W_left, W_right ∈ ℝ^{d_mlp×d_e} — what opens, and what is let through
       W_back ∈ ℝ^{d_e×d_mlp}

1  G ← GELU(W_left X)                                       ▷ G ∈ ℝ^{d_mlp×ℓ_tokens}
2  return Y = W_back (G ⊙ W_right X)
"""
SIZE = """
[size]
"ℓ_tokens" = { ascii = "ell_tokens", meaning = "number of tokens" }
"""
MATRICES = """
[matrix]
"W_left" = { ascii = "W_left", meaning = "into what opens" }
"W_right" = { ascii = "W_right", meaning = "into the hidden layer" }
"W_back" = { ascii = "W_back", meaning = "out of the hidden layer" }
"""
SCRIPT = """
import json
from torch import nn
from spec.conformance import check

class Gated(nn.Module):
    def __init__(self, d_model, d_ff):
        super().__init__()
        self.left, self.right = (nn.Linear(d_model, d_ff, bias=False) for _ in range(2))
        self.back = nn.Linear(d_ff, d_model, bias=False)
    def forward(self, x):
        return self.back(nn.functional.gelu(self.left(x)) * self.right(x))

class NoGate(Gated):
    def forward(self, x):
        return self.back(self.left(x) * self.right(x))

right, wrong = (check(module, "F99") for module in (Gated, NoGate))
print(json.dumps({
    "verdicts": [right.verdict.value, wrong.verdict.value],
    "change": [change.after for each in wrong.explanations for change in each.mutants],
    "lengths": sorted({trial.arguments.X.shape[1] for trial in right.trials}),
}))
"""


def rms(weight, x, epsilon=0.0):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + epsilon) * weight


ROWS = layout(tokens="rows", eps=None)


@pytest.mark.parametrize(
    ("function", "adapter"), [(rms, ROWS), (nn.RMSNorm, None), (nn.RMSNorm(7, eps=1e-3), None)]
)
def test_functions_and_modules_are_checked_by_what_the_text_declares(function, adapter):
    assert check(function, "N1", adapter=adapter).verdict is Verdict.AGREES


def test_a_parameter_of_another_algorithm_takes_no_argument_in_order():
    report = check(layer_norm, "N1")
    assert report.verdict is Verdict.DOES_NOT_FIT
    assert "layer_norm takes beta, which is not an argument of Algorithm N1" in str(report)


def test_it_has_a_suite_with_the_laws_of_its_kind():
    suite = conformance(rms, "N1", adapter=ROWS)
    assert {"test_columns_are_independent", "test_drawn_sizes"} <= {*dir(suite)}
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(suite).run(result)
    assert result.wasSuccessful(), (*result.failures, *result.errors)


def test_a_text_that_is_added_is_checked_with_the_sizes_of_its_example(tmp_path):
    shutil.copytree(ROOT / "spec", tmp_path / "spec", ignore=shutil.ignore_patterns("__pycache__"))
    added = tmp_path / "spec" / "added"
    added.mkdir()
    (added / "F99.alg").write_text(FEED_FORWARD, "utf-8")
    (added / "F99.toml").write_text('sizes = { "ℓ_tokens" = 8 }\n', "utf-8")
    symbols = tmp_path / "spec" / "symbols.toml"
    text = symbols.read_text("utf-8")
    text = text.replace("\n[size]\n", SIZE, 1).replace("\n[matrix]\n", MATRICES, 1)
    symbols.write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": "", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "verdicts": ["agrees", "differs"],
        "change": ["G ← W_left X"],  # though no catalogue has it
        "lengths": [1, 8],
    }
