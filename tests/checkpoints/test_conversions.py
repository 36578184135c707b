"""Is θ what a departure says that it is, where it is a conversion of θ?"""

from __future__ import annotations

import math

import pytest
import torch
from helpers.published_files import FILES

from algorithms import checkpoints

CONVERSIONS = [
    (model, departure.id)
    for model in FILES
    for departure in getattr(checkpoints, f"{model}_DEPARTURES")
    if "conversion of θ" in departure.what
]


def theta(parameters):
    return getattr(parameters, "theta", parameters)


def is_W_e_transposed(file):
    arrays = file.arrays()
    own = torch.roll(arrays.pop(file.W_u), 1, 0)
    tied = theta(file.read(arrays))
    assert torch.equal(tied.W_u.mT, tied.W_e)
    assert torch.equal(theta(file.read({**arrays, file.W_u: own})).W_u, own)


def is_multiplied(file):
    arrays = file.arrays()
    theirs = arrays[f"{file.layer}.attn.attention.q_proj.weight"]
    ours = theta(file.read(arrays)).layers[0].W.W_qkv.W_q
    H, d_attn, d_e = ours.shape
    assert H == file.H
    assert torch.equal(ours, theirs.reshape(H, d_attn, d_e) * math.sqrt(d_attn))


def are_zero(file):
    arrays = file.arrays()
    for layer in theta(file.read(arrays)).layers:
        _, b_q, _, b_k, _, b_v = layer.W.W_qkv
        offsets = [b_q, b_k, b_v]
        if not any("out_proj.bias" in name for name in arrays):
            offsets.append(layer.W.b_o)
        assert not any(b.count_nonzero() for b in offsets)


def are_one(file):
    arrays = file.arrays()
    first = theta(file.read(arrays)).layers[0]
    for norm in ((first.gamma1, first.beta1), (first.gamma2, first.beta2)):
        for ours, name in zip(norm, ("weight", "bias"), strict=True):
            assert torch.equal(ours, arrays[f"{file.layer}.ln_1.{name}"])


CHECKS = {
    "B5": is_W_e_transposed,
    "G3": is_W_e_transposed,
    "J3": is_W_e_transposed,
    "J11": is_multiplied,
    "J12": are_zero,
    "J13": are_one,
    "M5": is_W_e_transposed,
    "T3": is_W_e_transposed,
}


@pytest.mark.parametrize(("model", "departure"), CONVERSIONS)
def test_theta_is_what_a_departure_says(model, departure):
    CHECKS[departure](FILES[model])


def test_every_conversion_is_checked():
    models = {name for name in checkpoints.__all__ if name.endswith("_DEPARTURES")}
    assert models == {f"{model}_DEPARTURES" for model in FILES}
    assert {departure for _, departure in CONVERSIONS} == {*CHECKS}
