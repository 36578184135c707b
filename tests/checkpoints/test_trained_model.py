"""Does a model that was trained, and was not drawn, come out as Hugging Face has it?

AntiBERTy (Ruffolo, Gray & Sulam 2021, MIT licence) is a BERT trained on 558 million antibodies, and
its package of version 0.1.3 holds the weights. They are asked for, not downloaded:

    pip download --no-deps antiberty==0.1.3 && unzip antiberty-0.1.3-*.whl
    export TRAINED_MODEL=$PWD/antiberty/trained_models
    make test TESTS=tests/checkpoints/test_trained_model.py
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import hugging_face as hf
from transformers import BertConfig, BertForMaskedLM

from algorithms import checkpoints

FOLDER = Path(os.environ["TRAINED_MODEL"])
#: The variable domain of the heavy chain of trastuzumab, as of the Protein Data Bank's entry 1N8Z.
ANTIBODY = (
    "EVQLVESGGGLVQPGGSLRLSCAASGFNIKDTYIHWVRQAPGKGLEWVARIYPTNGYTRYADSVKGRFTISADTSKNTAYLQMNSLRAED"
    "TAVYYCSRWGGDGFYAMDYWGQGTLVTVSS"
)


@pytest.fixture(scope="module")
def network():
    folder = FOLDER / "AntiBERTy_md_smooth"
    network = BertForMaskedLM(BertConfig.from_json_file(folder / "config.json"))
    state = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
    # Heads for species and chains are other models'.
    assert network.load_state_dict(state, strict=False).missing_keys == []
    return network.double().eval()


@pytest.fixture(scope="module")
def model(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("trained")
    network.save_pretrained(path)
    return checkpoints.load(path)


@pytest.fixture(scope="module")
def masked():
    """The antibody with every eighth residue masked, each alone; where; and what stood there."""
    vocabulary = (FOLDER / "vocab.txt").read_text().split()
    x = np.array([vocabulary.index(token) for token in ("[CLS]", *ANTIBODY, "[SEP]")])
    where = np.arange(1, len(ANTIBODY) + 1, 8)
    texts = np.repeat(x[None], len(where), axis=0)
    texts[np.arange(len(where)), where] = vocabulary.index("[MASK]")
    return texts, where, x[where]


@pytest.fixture(scope="module")
def P(model, masked):
    texts, where, _ = masked
    return model(texts)[np.arange(len(where)), :, where]


def test_P_of_trained_weights_is_that_of_hugging_face(network, masked, P):
    texts, where, _ = masked
    with torch.no_grad():
        Q = hf.probabilities(network(torch.from_numpy(texts)).logits)
    assert hf.distance(P, Q.numpy()[np.arange(len(where)), :, where]) <= 1e-12


def test_it_was_trained_most_residues_are_recovered(masked, P):
    _, _, tokens = masked
    assert (P.argmax(axis=-1) == tokens).mean() > 1 / 2
