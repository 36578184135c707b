"""Are ours, at the same parameters, what Hugging Face and torch compute in float64?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from helpers import hugging_face as hf
from helpers.published_models import ORACLES, made, probabilities, tokens

DATA = Path(__file__).parents[2] / "docs" / "_data"


@pytest.mark.parametrize("oracle", ORACLES)
def test_ours_is_what_a_library_computes(oracle):
    _, compare = ORACLES[oracle]
    assert compare().distance() <= 1e-12


def test_hugging_face_rounds_to_float32_where_it_is_not_prevented():
    model, x = made("Llama"), tokens()
    with torch.no_grad():
        rounded = hf.probabilities(model(x).logits)
    assert rounded.dtype == torch.float64
    assert hf.distance(rounded, probabilities(model, x)) >= 1e-9


def test_the_docs_show_every_comparison():
    rows = json.loads((DATA / "parity.json").read_text(encoding="utf-8"))
    assert [(row["theirs"], row["algorithm"]) for row in rows] == [
        (name, algorithm) for name, (algorithm, _) in ORACLES.items()
    ]
    assert max(row["distance"] for row in rows) <= 1e-12
