"""Are functions and modules checked as an algorithm that has only just been added?

Two texts are added to a copy of the spec: nothing in the kit knows of them but what they declare.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NORM = """\
Algorithm N99: ê ← root_norm(e | γ)
/* layer_norm without mean and offset. */
Input: e ∈ ℝ^{d_e} — the activations
Output: ê ∈ ℝ^{d_e} — the normalised activations
Parameters: γ ∈ ℝ^{d_e} — scale
Hyperparameters: ε ∈ ℝ default 0 — keeps the root off 0

1  v ← Σ_i e[i]² / d_e
2  return ê = e/√(v + ε) ⊙ γ
"""
FEED_FORWARD = """\
Algorithm F99: Y ← GatedLayer(X | W)
/* A feed-forward layer with a gate. */
Input: X ∈ ℝ^{d_e×ℓ} — a column for each token
Output: Y ∈ ℝ^{d_e×ℓ} — a column for each token
Parameters: W consisting of
       W_left, W_right ∈ ℝ^{d_mlp×d_e} — what opens, and what is let through
       W_back ∈ ℝ^{d_e×d_mlp}

1  G ← GELU(W_left X)                                       ▷ G ∈ ℝ^{d_mlp×ℓ}
2  return Y = W_back (G ⊙ W_right X)
"""
SYMBOLS = """
[matrix]
"W_left" = { ascii = "W_left", meaning = "into what opens" }
"W_right" = { ascii = "W_right", meaning = "into the hidden layer" }
"W_back" = { ascii = "W_back", meaning = "out of the hidden layer" }
"""
SCRIPT = """
import json, unittest
import numpy as np
from torch import nn
from algorithms import layer_norm
from spec.conformance import check, conformance, layout

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

def rms(weight, x, epsilon=0.0):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + epsilon) * weight

rows = layout(tokens="rows", eps=None)
functions = {
    "rms": (rms, "N99", rows),
    "RMSNorm": (nn.RMSNorm, "N99", None),
    "an RMSNorm": (nn.RMSNorm(7, eps=1e-3), "N99", None),
    "Gated": (Gated, "F99", None),
    "NoGate": (NoGate, "F99", None),
    "layer_norm": (layer_norm, "N99", None),
}
reports = {name: check(f, id, adapter=adapter) for name, (f, id, adapter) in functions.items()}
suite = conformance(rms, "N99", adapter=rows)
result = unittest.TestResult()
unittest.defaultTestLoader.loadTestsFromTestCase(suite).run(result)
print(json.dumps({
    "verdicts": {name: report.verdict.value for name, report in reports.items()},
    "said": str(reports["layer_norm"]),
    "change": reports["NoGate"].mutant and reports["NoGate"].mutant.after,
    "lengths": sorted({trial.arguments.X.shape[1] for trial in reports["Gated"].trials}),
    "tests": [name for name in dir(suite) if name.startswith("test_")],
    "failures": [text for _, text in (*result.failures, *result.errors)],
}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("added")
    shutil.copytree(ROOT / "spec", folder / "spec", ignore=shutil.ignore_patterns("__pycache__"))
    added = folder / "spec" / "added"
    added.mkdir()
    (added / "N99.alg").write_text(NORM, "utf-8")
    (added / "F99.alg").write_text(FEED_FORWARD, "utf-8")
    (added / "F99.toml").write_text('sizes = { "ℓ" = 5 }\n', "utf-8")
    symbols = folder / "spec" / "symbols.toml"
    text = symbols.read_text("utf-8")
    symbols.write_text(text.replace("\n[matrix]\n", SYMBOLS, 1), "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=folder,
        env={"PYTHONPATH": f"{folder}:{ROOT}", "PATH": "", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_functions_and_modules_are_checked_by_what_the_text_declares(found):
    assert found["verdicts"] == {
        "rms": "agrees",
        "RMSNorm": "agrees",
        "an RMSNorm": "agrees",
        "Gated": "agrees",
        "NoGate": "differs",
        "layer_norm": "does not fit",
    }


def test_a_parameter_of_another_algorithm_takes_no_argument_in_order(found):
    assert "layer_norm takes beta, which is not an argument of Algorithm N99" in found["said"]


def test_mistakes_are_told_though_no_catalogue_has_them(found):
    assert found["change"] == "G ← W_left X"


def test_sizes_that_no_other_algorithm_has_are_those_of_the_example(found):
    assert found["lengths"] == [1, 5]


def test_it_has_a_suite_with_the_laws_of_its_kind(found):
    assert {"test_columns_are_independent", "test_drawn_sizes"} <= set(found["tests"])
    assert found["failures"] == []
