"""The same inputs for the pseudocode and for the reference, which takes them in Python's form."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch

from algorithms import tree_map
from helpers.gradients import by_torch
from spec import symbols
from spec.calling.python_signature import annotations_of, as_annotated
from spec.expected.line_values import PairedInputs
from spec.inputs.draw import Inputs, draw
from spec.inputs.python_form import per_token, python_form
from spec.language.types import Bundle
from spec.library import checked
from spec.pairing import implementations

TRAINING = {"11", "12", "13"}
SINGLE = TRAINING | {"2", "14", "15"}  # these take no batch
TURNS = 4  # how long 15's text may grow
SMALLER = {"N_V": 13, "d_mid": 7, "d_mlp": 9, "length(x_n)": 2, "length(z_n)": 5}  # for gradients

torch.set_num_threads(1)  # more only wait for each other, with matrices as small as these


def runs(id: str, seed: int = 0, *, batch: int = 1, **sizes: int) -> list[list[Inputs]]:
    """Inputs for the pseudocode: for each member of the batch, one run, or one for each token."""
    source = np.random.default_rng(seed)
    sizes = (SMALLER if id in TRAINING else {}) | sizes
    first = draw(checked(), id, source, sizes)
    tokens = 5 if per_token(checked()[id].header) else 1
    return [
        [
            dataclasses.replace(first, inputs=draw(checked(), id, source, sizes).inputs)
            for _ in range(tokens)
        ]
        for _ in range(batch)
    ]


def case(
    id: str, seed: int = 0, *, batched: bool = False, dtype: Any = np.float64, **sizes: int
) -> PairedInputs:
    """Inputs for both: an algorithm of the paper and the reference's function."""
    drawn = runs(id, seed, batch=2 if batched else 1, **sizes)
    function = implementations("algorithms")[id]
    hints = annotations_of(function)
    members = [python_form(checked(), id, of, dtype) for of in drawn]
    random = np.random.default_rng(seed).random(1000).tolist()
    hyperparameters = [symbols.ascii(name) for name in drawn[0][0].hyperparameters]
    keywords = {name: members[0][name] for name in hyperparameters}
    if id in TRAINING | {"14", "15"} and id not in {"11", "13"}:
        keywords["rng"] = np.random.default_rng(seed)
    if id in TRAINING:
        keywords["value_and_gradient"] = by_torch
    if id == "15":
        keywords["ell_gen"] = TURNS
    inputs = sum(not isinstance(type, Bundle) for _, type in checked()[id].header.inputs)
    arguments = []
    for place, name in enumerate(name for name in members[0] if name not in keywords):
        value = members[0][name]
        if batched and place < inputs:
            value = np.stack([member[name] for member in members])
        arguments.append(as_annotated(value, hints.get(name)))
    if id in TRAINING:
        arguments = [_torch(part) for part in arguments]
    return PairedInputs(drawn, tuple(arguments), keywords, batched, random, TURNS)


def _torch(part: Any) -> Any:
    if hasattr(part, "_fields"):
        return tree_map(torch.from_numpy, part)
    return [torch.from_numpy(one) for one in part] if isinstance(part, list) else part
