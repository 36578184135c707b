"""Is each of the algorithms' functions what it says, by the kit that anybody's can be put to?"""

from __future__ import annotations

from functools import partial

import torch
from helpers.gradients import by_torch

from algorithms import tree_map
from spec.adapters.function_in_layout import PAPER_LAYOUT
from spec.calling.python_signature import name_of
from spec.checking.property_tests import conformance
from spec.inputs.adapter import Adapter
from spec.pairing import implementations

FUNCTIONS = implementations("algorithms")
TRAINING = ("11", "12", "13")


def least(sizes):
    """One step with one layer, since balls take long to differentiate.

    Norms keep their sizes: of two numbers a norm is ±1, and its gradient nothing but rounding.
    """
    wanted = {"N_epochs": 1, "L": 1, "L_enc": 1, "L_dec": 1, "N_V": 4}
    kept = ("ℓ_max", "N_data")
    found = {
        name: size if name in kept else min(size, wanted.get(name, 2))
        for name, size in sizes.items()
    }
    return {**found, "d_e": 4, "d_f": 5}


def in_torch(function, given):
    """Gradients are a library's: NumPy has none."""
    arguments = PAPER_LAYOUT.arguments(function, given)
    return function(**{name: to_torch(value) for name, value in arguments.items()})


def to_torch(value):
    if isinstance(value, list):
        return [to_torch(one) for one in value]
    is_tree = isinstance(value, tuple) or hasattr(value, "dtype")
    return tree_map(torch.tensor, value) if is_tree else value


for id, function in FUNCTIONS.items():
    adapter = None
    if id in TRAINING:
        function = partial(function, value_and_gradient=by_torch)
        adapter = Adapter(
            "tensors of torch", in_torch, least, values={"ε": 0.0}, draws="from above"
        )
    vars()[f"test_{name_of(function)}"] = conformance(function, id, adapter=adapter)
