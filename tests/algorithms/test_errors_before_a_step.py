"""What does a user read who made a mistake in what is trained, written, drawn or read from a file?

Everything is refused before the first step.
"""

# ruff: noqa: ISC004 (a message is longer than a row)

from __future__ import annotations

import numpy as np
import pytest
from helpers import generic
from test_errors import BELOW, ED, LONG, NONE, OUTSIDE, SHORT, D, E, assert_refused

from algorithms import (
    AttentionParameters,
    DInference,
    DTraining,
    EDInference,
    EDTraining,
    ETraining,
    LengthLimitWarning,
    ShapeError,
    initialise,
)
from algorithms.checkpoints import bert_parameters, gpt2_parameters, marian_parameters
from algorithms.extensions.classifier import EClassifierParameters
from algorithms.extensions.tuning import ETuning
from algorithms.paper import inference


def one_layer(d):
    """The arrays of a GPT-2 as far as its reader gets before it splits heads."""
    names = {"wte.weight": (9, d), "wpe.weight": (9, d), "ln_f.weight": d, "ln_f.bias": d,
             "h.0.attn.c_attn.weight": (d, 3 * d), "h.0.attn.c_attn.bias": 3 * d}  # fmt: skip
    return {f"transformer.{name}": np.ones(shape) for name, shape in names.items()}


def no_step(*arguments, **options):
    raise AssertionError("a step was taken")


def trained(x, **options):
    return DTraining(x, D, **{"N_epochs": 1, "eta": 0.1, "value_and_gradient": no_step} | options)


def tuned(c):
    theta = generic.theta(EClassifierParameters)
    options = {"N_epochs": 1, "eta": 0.1, "value_and_gradient": no_step}
    return ETuning([SHORT, SHORT], np.array(c), theta, **options)


def continued(x=SHORT, **options):
    return DInference(x, D, **{"ell_gen": 1, "tau": 1.0, "rng": generic.rng()} | options)


def translated(z=SHORT, **options):
    return EDInference(z, ED, **{"tau": 1.0, "rng": generic.rng()} | options)


ERRORS = {
    "a seed for a generator": (
        lambda: continued(rng=0),
        "DTypeError: DInference: rng is of type int, want numpy.random.Generator",
    ),
    "no gradient": (
        lambda: trained([SHORT], value_and_gradient=0.1),
        "DTypeError: DTraining: value_and_gradient is of type float, want a function",
    ),
    # A data set: by its index, and before the first step
    "a sequence of a data set past ell_max": (
        lambda: trained([SHORT, LONG]),
        "ShapeError: DTraining: want ell <= ell_max, got ell=12 (x[1]), ell_max=11 (theta.W_p)",
    ),
    "a class that there is not": (
        lambda: tuned([0, 19]),
        "IndexError: ETuning: c holds class 19, outside 0 … 18 (N_C = 19)",
    ),
    "a class too few": (
        lambda: tuned([0]),
        "ShapeError: ETuning: c has shape (1,), want (N_data,) where N_data=2 (x)",
    ),
    "one sequence for a data set": (
        lambda: trained(SHORT),
        "ShapeError: DTraining: x[0] has shape (), want (ell,)",
    ),
    "a data set that can be read once": (
        lambda: trained(iter([SHORT])),
        "DTypeError: DTraining: x is of type list_iterator, want a sequence",
    ),
    "pairs of which one half is missing": (
        lambda: EDTraining(
            [SHORT, SHORT], [SHORT], ED, N_epochs=1, eta=0.1, value_and_gradient=no_step
        ),
        "ShapeError: EDTraining: x has length 1, z has 2: want one N_data",
    ),
    # What is to be written: before the first step
    "a continuation past ell_max (A4)": (
        lambda: continued(ell_gen=8),
        "ValueError: DInference: want ell + ell_gen - 1 <= ell_max, got ell=5 (x), ell_gen=8, "
        "ell_max=11 (theta_hat.W_p)",
    ),
    "a translation past ell_max": (
        lambda: translated(ell_gen=12),
        "ValueError: EDInference: want ell_gen <= ell_max, got ell_gen=12, ell_max=11 "
        "(theta_hat.W_p)",
    ),
    # θ drawn at random, and read from a file
    "a size that is no whole number": (
        lambda: initialise(AttentionParameters, generic.rng(), d_attn=1, d_z=1.5, d_out=1, d_x=1),
        "DTypeError: initialise: d_z is of type float, want int",
    ),
    "a seed to draw theta from": (
        lambda: initialise(AttentionParameters, 0, d_attn=1, d_z=1, d_out=1, d_x=1),
        "DTypeError: initialise: rng is of type int, want numpy.random.Generator",
    ),
    "a theta of whole numbers": (
        lambda: initialise(
            AttentionParameters, generic.rng(), dtype=np.int32, d_attn=1, d_z=1, d_out=1, d_x=1
        ),
        "TypeError: initialise: dtype is int32, want a float",
    ),
    "a theta of no architecture": (
        lambda: initialise(dict, generic.rng()),
        "TypeError: initialise: cannot draw dict, want a class such as DTransformerParameters",
    ),
    "a path for the arrays of a GPT-2": (
        lambda: gpt2_parameters("model.safetensors", H=1),
        "TypeError: gpt2_parameters: arrays is of type str, want a mapping of names",
    ),
    "heads that do not divide the rows": (
        lambda: gpt2_parameters(one_layer(24), H=5),
        "ValueError: gpt2_parameters: 24 rows do not make H=5 heads",
    ),
    "no heads": (
        lambda: gpt2_parameters(one_layer(24), H=0),
        "ValueError: gpt2_parameters: 24 rows do not make H=0 heads",
    ),
    "no array of a GPT-2": (
        lambda: gpt2_parameters({}, H=1),
        "KeyError: gpt2_parameters: no array is called transformer.wte.weight",
    ),
    "no array of a BERT": (
        lambda: bert_parameters({}, H=1),
        "KeyError: bert_parameters: no array is called bert.embeddings.word_embeddings.weight",
    ),
    "no array of a Marian": (
        lambda: marian_parameters({}, ED.W_p, H=1),
        "KeyError: marian_parameters: no array is called model.shared.weight",
    ),
    "two models in one file": (
        lambda: gpt2_parameters({"a.wte.weight": D.W_e, "b.wte.weight": D.W_e}, H=1),
        "KeyError: gpt2_parameters: several arrays are called wte.weight",
    ),
    "a step that is 0 in the type of theta": (
        lambda: DTraining(
            [SHORT], D.map(np.float16), N_epochs=1, eta=1e-8, value_and_gradient=no_step
        ),
        "ValueError: DTraining: eta=1e-08 is 0 in float16, want more than 2.98e-08, or 0",
    ),
}


@pytest.fixture
def no_model(monkeypatch):
    """Whoever takes a step in writing, fails."""
    monkeypatch.setattr(inference, "DTransformer", no_step)
    monkeypatch.setattr(inference, "EDTransformer", no_step)


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize(("call", "message"), ERRORS.values(), ids=ERRORS)
def test_the_mistake_is_named(call, message):
    assert_refused(call, message)


TRAININGS = {
    "EDTraining: z": lambda x, **options: EDTraining(x, [SHORT, SHORT], ED, **options),
    "EDTraining: x": lambda x, **options: EDTraining([SHORT, SHORT], x, ED, **options),
    "ETraining: x": lambda x, **options: ETraining(x, E, p_mask=0.5, rng=generic.rng(), **options),
    "DTraining: x": lambda x, **options: DTraining(x, D, **options),
}


@pytest.mark.parametrize(
    ("x", "error"),
    [(NONE, ShapeError), (LONG, ShapeError), (OUTSIDE, IndexError), (BELOW, IndexError)],
    ids=["empty", "too long", "past the vocabulary", "negative"],
)
@pytest.mark.parametrize("training", TRAININGS)
def test_every_training_names_the_sequence_and_takes_no_step(training, x, error):
    function, name = training.split(": ")
    with pytest.raises(error, match=rf"^{function}: .*\b{name}\[1\]"):
        TRAININGS[training]([SHORT, x], N_epochs=1, eta=0.1, value_and_gradient=no_step)


def test_a_sequence_that_reaches_its_bound_is_said_to():
    with pytest.warns(LengthLimitWarning) as caught:
        translated(ell_gen=2, eos_token=0, tau=0)
    assert [str(w.message) for w in caught] == [
        "EDInference: 2 tokens, and no eos_token (0) among them"
    ]
    assert caught[0].filename == __file__
