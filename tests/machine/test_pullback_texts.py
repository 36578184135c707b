"""Is each pullback, exactly and for every number, the derivative of its algorithm?

Both sides are computed in balls, so that two numbers that differ are apart as soon as the balls
are narrow. The other side is the machine's reverse mode, which knows no line of a pullback.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from figures.gradients import SIZES, row
from helpers.changed_texts import changed
from helpers.pullbacks import BITS, arguments, compared, losses

from spec.library import checked

FIGURES = Path(__file__).parents[2] / "docs" / "_data" / "gradients.json"
IDS = [id for id in checked() if id.startswith("∇")]


def test_every_pullback_is_compared() -> None:
    assert list(losses()) == IDS


@pytest.mark.parametrize("id", IDS)
def test_a_pullback_is_what_reverse_mode_gives(id: str) -> None:
    found = compared(id, arguments(id), BITS)
    assert found.apart == 0
    assert found.radius <= 2 ** (-BITS / 2)


@pytest.mark.parametrize("id", IDS)
def test_the_docs_show_the_figures_of_this_text(id: str) -> None:
    shown = json.loads(FIGURES.read_text(encoding="utf-8"))
    assert shown["bits"] == BITS
    assert shown["pullbacks"].keys() == set(IDS)
    assert shown["pullbacks"][id]["small"] == row(id, "small")
    assert shown["pullbacks"][id].keys() == set(SIZES)


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("id", IDS)
def test_a_pullback_is_what_reverse_mode_gives_at_other_sizes(id: str, seed: int) -> None:
    found = compared(id, arguments(id, seed, "usual"), BITS)
    assert found.apart == 0
    assert found.radius <= 2 ** (-BITS / 2)


@pytest.mark.parametrize(
    ("line", "old", "new"),
    [
        ("∇1.3", "W̄_e[:, x[t]] + X̄[:, t]", "X̄[:, t]"),  # a token that occurs twice
        ("∇2.2", "X̄[:, t]", "X̄[:, 1]"),
        ("∇4.9", " / √d_attn", ""),
        ("∇4.9", "Ā[:, t] − A[:, t]ᵀ Ā[:, t]", "Ā[:, t]"),
        ("∇4.7", "R̄ Aᵀ", "R̄ softmax(S)ᵀ"),
        ("∇4.19", " + W_vᵀ V̄", ""),
        ("∇5.9", "Ȳ^h", "Ȳ^1"),
        ("∇5.11", "Σ_h Z̄^h", "Z̄^1"),
        ("∇6.5", " − Σ_i N̄[i, t] / d_e", ""),
        ("∇6.5", " − N[:, t] (N[:, t]ᵀ N̄[:, t] / d_e) / s_t", ""),
        ("∇6.6", "R̄[:, t] ⊙ N[:, t]", "R̄[:, t]"),
        ("∇7.5", " − a[t]", " − 1"),
        ("∇8.40", "Z̄ + K̄", "K̄"),
        ("∇8.43", "C̄ + Q̄ + V̄", "Q̄ + V̄"),
        ("∇8.34", " ⊙ ReLU'(U)", ""),
        ("∇9.16", "GELU'(F)", "GELU(F)"),
        ("∇9.31", "M̄ + Q̄ + K̄", "M̄ + Q̄"),
        ("∇10.26", "X̄ + M̄", "M̄"),  # the residual
        ("∇10.14", "← 0", "← 1"),  # the last token predicts nothing
    ],
)
def test_a_wrong_line_is_seen(line: str, old: str, new: str) -> None:
    id = line.partition(".")[0]
    algorithms = {**checked(), id: changed(line, old, new)}
    assert compared(id, arguments(id), BITS, algorithms).apart > 0


@pytest.mark.parametrize("id", ["∇4", "∇5"])
def test_a_token_that_attends_to_nothing_owes_it_nothing(id: str) -> None:
    inputs = arguments(id)
    Mask = inputs.parameters[-1]
    assert not Mask[:, 0].any()
    assert Mask[:, 1:].any(axis=0).all()
