"""Is a model from a folder the model that Hugging Face saved, and what is saved here theirs?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import hugging_face as hf
from helpers.model_folders import OTHERS, PLAIN, read_back, theirs, tokens

from algorithms.checkpoints import load, save
from algorithms.checkpoints.model_folder import ARCHITECTURES
from algorithms.signatures.trees import named_arrays


def ours(model, theirs):
    return torch.asarray(model(*(x.numpy() for x in tokens(theirs))))


def test_every_architecture_is_among_them():
    assert PLAIN.keys() == ARCHITECTURES.keys()


@pytest.mark.parametrize(
    "name", [*PLAIN, *(pytest.param(name, marks=pytest.mark.sweep) for name in OTHERS)]
)
def test_a_folder_gives_hugging_faces_probabilities_and_goes_back(name, tmp_path):
    model = {**PLAIN, **OTHERS}[name]()
    model.save_pretrained(tmp_path / "theirs")
    loaded, Q = load(tmp_path / "theirs"), theirs(model)
    assert hf.distance(ours(loaded, model), Q) <= 1e-12
    save(loaded, tmp_path / "ours")
    again = dict(named_arrays(load(tmp_path / "ours").parameters, ""))
    for path, array in named_arrays(loaded.parameters, ""):
        assert np.array_equal(array, again[path])
    assert hf.distance(theirs(read_back(tmp_path / "ours")), Q) <= 1e-12
