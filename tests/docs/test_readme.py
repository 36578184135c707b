"""Is what README shows what one gets?"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import algorithms
from spec.conformance import check
from spec.terminal import command as cli

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_examples_run_one_after_the_other_and_print_what_is_said(capsys):
    examples = blocks("python")
    assert len(examples) == 6
    names: dict[str, object] = {}
    for example in examples:
        exec(compile(example, "README.md", "exec"), names)
        printed = capsys.readouterr().out.splitlines()
        assert {*re.findall(r"^print.*#  *(b'.*')$", example, re.MULTILINE)} <= {*printed}


def test_the_first_example_is_ten_lines_training_five_and_inference_four():
    lengths = [len([line for line in example.splitlines() if line]) for example in blocks("python")]
    assert lengths[:3] == [10, 5, 4]


def test_algorithm_4_is_what_show_prints(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    assert cli.main(["show", "4"]) == 0
    printed = [row.rstrip() for row in capsys.readouterr().out.splitlines()]
    shown = blocks("text")[0].splitlines()
    start = printed.index(shown[0])
    assert printed[start : start + len(shown)] == shown


def test_a_mistake_is_named_as_shown():
    def attend(X, Z, W, Mask):
        Q, K, V = W.W_q @ X + W.b_q[:, None], W.W_k @ Z, W.W_v @ Z + W.b_v[:, None]
        weights = np.where(Mask, np.exp(K.T @ Q), 0)
        return V @ (weights / np.maximum(weights.sum(axis=0), 1e-300))

    def without_figures(text):
        return " ".join(re.sub(r"-?\d[\d.e+]*", "…", text).split())

    said = without_figures(str(check(attend, algorithm=4)))
    assert said.startswith(without_figures(blocks("text")[1]))


def test_the_errors_are_what_one_gets():
    theta = algorithms.initialise(
        algorithms.DTransformerParameters,
        np.random.default_rng(0),
        N_V=259, ell_max=64, L=2, H=4, d_e=32, d_mlp=128, d_attn=8, d_mid=8,
    )  # fmt: skip
    wrong = [np.zeros(65, int), np.array([259])]
    for line, x in zip(blocks("text")[2].splitlines(), wrong, strict=True):
        error, _, message = line.partition(": ")
        with pytest.raises((ValueError, IndexError)) as caught:
            algorithms.DTransformer(x, theta)
        assert type(caught.value).__name__ == error
        assert str(caught.value) == message
