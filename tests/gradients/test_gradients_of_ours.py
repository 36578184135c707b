"""Does `value_and_gradient` differentiate every algorithm of ours, with no text of its own?

Each is called with arguments drawn from its signature, and its gradient compared with torch's.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import generic
from helpers.gradients import by_torch
from helpers.public_things import every_function
from helpers.rounding import assert_close, budget
from helpers.strategies import example, signature, traceable

from algorithms import SiLU, value_and_gradient

#: They sort, of which there is no rule; nobody trains what chooses tokens.
SORTING = ("top_k", "nucleus")


def is_smooth(function):
    """Whether it is an algorithm of ours that makes one array of floats of others."""
    ours = function.__module__.startswith("algorithms.extensions.")
    ours = ours and function.__name__ not in SORTING
    return (
        ours and traceable(function) and getattr(signature(function).result, "kind", "") == "float"
    )


def loss_of(call, weights, places):
    """A generic scalar of the result, by its arrays of floats."""
    values = [leaf.value for leaf in call.leaves]

    def loss(floats):
        asarray = torch.asarray if isinstance(floats[0], torch.Tensor) else np.asarray
        full = [value if n in places else asarray(value) for n, value in enumerate(values)]
        for n, array in zip(places, floats, strict=True):
            full[n] = array
        changed = call.of(full)
        return (changed.function(**changed.arguments) * asarray(weights)).sum()

    return loss


@every_function(is_smooth)
def test_the_gradient_is_torchs(function):
    call = example(function)
    places = [n for n, leaf in enumerate(call.leaves) if leaf.declaration.kind == "float"]
    theta = tuple(call.leaves[n].value for n in places)
    loss = loss_of(call, generic.matrix(*call.run().shape, seed=8), places)
    value, ours = value_and_gradient(loss, theta)
    their_value, theirs = by_torch(loss, tuple(map(torch.asarray, theta)))
    near = budget(*theta * 2)  # forth and back
    scale = max(abs(part.numpy()).max() for part in theirs)
    assert_close(value, their_value.numpy(), **near)
    for one, other in zip(ours, theirs, strict=True):
        assert_close(one / scale, other.numpy() / scale, **near)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_slope_of_SiLU_is_finite_far_off(dtype):
    most = np.finfo(dtype).max
    X = np.array([-most, -1000, -20, 0, 20, 1000, most], dtype)
    _, slope = value_and_gradient(lambda X: np.sum(SiLU(X) * 0.5), X)
    assert slope.dtype == dtype
    assert (slope[[0, 1, 3, 5, 6]] == [0, 0, 0.25, 0.5, 0.5]).all()
    exact = np.array([-20.0, 20.0])
    s = 1 / (1 + np.exp(-exact))
    want = (0.5 * s * (1 + exact * (1 - s))).astype(dtype)
    assert_close(slope[[2, 4]], want, **budget(X))
