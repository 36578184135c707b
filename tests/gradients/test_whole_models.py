"""Is `value_and_gradient` of 8, 9 and 10 what their pullbacks' texts compute, number by number?

∇8, ∇9 and ∇10 have no function of their own: this is it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.pullbacks import arguments
from helpers.rounding import assert_close, budget

from algorithms import DTransformer, EDTransformer, ETransformer, tree_map, value_and_gradient
from algorithms.signatures.arrays import entries
from spec.calling.python_signature import annotations_of, as_annotated
from spec.domains import Floats
from spec.inputs.python_form import python_form
from spec.library import checked
from spec.machine import Machine


def next_tokens(P, x):
    return -np.sum(np.log(entries(P[:, :-1], x[1:])))


#: For each text, the reference's function, and its loss of θ, by the other arguments of the text.
MODELS = {
    "∇8": (
        EDTransformer,
        lambda w, z, x, eps: next_tokens(EDTransformer(z, x, w, eps=eps), x),
    ),
    "∇9": (
        ETransformer,
        lambda w, x_tilde, y, a, eps: (
            -np.sum(a * np.log(entries(ETransformer(x_tilde, w, eps=eps), y)))
        ),
    ),
    "∇10": (DTransformer, lambda w, x, eps: next_tokens(DTransformer(x, w, eps=eps), x)),
}


def in_python(id, inputs):
    """θ as a record of the reference's own class, and the other arguments."""
    form = python_form(checked(), id, [inputs], np.float64)
    return as_annotated(form.pop("theta"), annotations_of(MODELS[id][0])["theta"]), form


@pytest.mark.parametrize("id", MODELS)
def test_the_gradient_is_that_of_the_text(id):
    inputs = arguments(id)
    theta, others = in_python(id, inputs)
    machine = Machine(checked(), Floats())
    text_loss, bar = machine.run(id, inputs.inputs, inputs.parameters, inputs.hyperparameters)
    want, _ = in_python(id, replace(inputs, parameters=(bar,)))
    loss, got = value_and_gradient(lambda w: MODELS[id][1](w, **others), theta)
    near = budget(*[theta] * 2)  # forth and back
    assert_close(loss, text_loss, **near)
    tree_map(lambda a, b: assert_close(a, b, **near), got, want)
