"""What does a user read who made a mistake? Every message, word for word."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import generic
from helpers.strategies import each, public_functions

from algorithms import (
    Attention,
    AttentionParameters,
    DInference,
    DTraining,
    DTransformer,
    DTransformerParameters,
    DTypeError,
    EDInference,
    EDTraining,
    EDTransformer,
    EDTransformerParameters,
    ETraining,
    ETransformer,
    ETransformerParameters,
    LengthLimitWarning,
    MHAttention,
    ShapeError,
    initialise,
    layer_norm,
    positional_embedding,
    sample,
    sinusoidal_positions,
    temper,
    token_embedding,
)
from algorithms.checkpoints import (
    BERT,
    BERTParameters,
    bert_parameters,
    gpt2_parameters,
    marian_parameters,
)
from algorithms.paper import inference
from algorithms.signatures.declarations import read

ED = generic.theta(EDTransformerParameters)
E = generic.theta(ETransformerParameters)
D = generic.theta(DTransformerParameters)
HEADS = generic.heads()
X, Z = generic.matrix(8, 5), generic.matrix(9, 6)
GAMMA = generic.matrix(8)
SHORT, LONG = generic.tokens(5), generic.tokens(12)  # ell_max = 11
NONE = np.zeros(0, int)
OUTSIDE = np.array([1, 23, 0])  # N_V = 23
BELOW = np.array([1, -1, 0])


def one_layer(d):
    """The arrays of a GPT-2 as far as its reader gets before it splits heads."""
    names = {"wte.weight": (9, d), "wpe.weight": (9, d), "ln_f.weight": d, "ln_f.bias": d,
             "h.0.attn.c_attn.weight": (d, 3 * d), "h.0.attn.c_attn.bias": 3 * d}  # fmt: skip
    return {f"transformer.{name}": np.ones(shape) for name, shape in names.items()}


def but(theta, path, change):
    """The same θ with one array changed."""
    return each(
        lambda leaf: change(leaf.value) if leaf.path == f"theta{path}" else leaf.value,
        read(type(theta)),
        theta,
        ("theta",),
    )


def last_cut(array):
    return array[..., :-1]


def no_step(*arguments, **options):
    raise AssertionError("a step was taken")


def trained(x, **options):
    return DTraining(x, D, **{"N_epochs": 1, "eta": 0.1, "value_and_gradient": no_step} | options)


def unmasked(x=SHORT, **options):
    defaults = {"N_epochs": 1, "eta": 0.1, "p_mask": 0.5, "rng": generic.rng()}
    return ETraining([x], E, **defaults | {"value_and_gradient": no_step} | options)


def continued(x=SHORT, **options):
    return DInference(x, D, **{"ell_gen": 1, "tau": 1.0, "rng": generic.rng()} | options)


def translated(z=SHORT, **options):
    return EDInference(z, ED, **{"tau": 1.0, "rng": generic.rng()} | options)


ERRORS = {
    # Shapes
    "a matrix deep in theta": (
        lambda: DTransformer(SHORT, but(D, ".layers[1].W.W_qkv.W_v", last_cut)),
        ShapeError,
        (
            "DTransformer: theta.layers[1].W.W_qkv.W_v has shape (3, 5, 7), "
            "want (H, d_mid, d_e) where H=3 (theta.layers[0].W.W_qkv.W_q), "
            "d_mid=5 (theta.layers[0].W.W_qkv.W_v), d_e=8 (theta.W_e)"
        ),
    ),
    "W_u as the paper prints it (E1)": (
        lambda: ETransformer(SHORT, E._replace(W_u=generic.matrix(23, 8))),
        ShapeError,
        (
            "ETransformer: theta.W_u has shape (23, 8), want (N_V, d_f) where "
            "N_V=23 (theta.W_e), d_f=7 (theta.W_f)"
        ),
    ),
    "W_o of other heads": (
        lambda: MHAttention(X, Z, but(HEADS, ".W_o", last_cut), np.ones((6, 5), bool)),
        ShapeError,
        (
            "MHAttention: W.W_o has shape (7, 14), want (d_out, H*d_mid) where "
            "d_out=7 (W.W_o), H=3 (W.W_qkv.W_q), d_mid=5 (W.W_qkv.W_v)"
        ),
    ),
    "a context of another width": (
        lambda: MHAttention(X, X, HEADS, np.ones((5, 5), bool)),
        ShapeError,
        (
            "MHAttention: W.W_qkv.W_k has shape (3, 4, 9), want (H, d_attn, d_z) where "
            "H=3 (W.W_qkv.W_q), d_attn=4 (W.W_qkv.W_q), d_z=8 (Z)"
        ),
    ),
    "a mask the wrong way round": (
        lambda: MHAttention(X, Z, HEADS, np.ones((5, 6), bool)),
        ShapeError,
        (
            "MHAttention: Mask has shape (5, 6), want (*batch, ell_z, ell_x) where "
            "batch=(), ell_z=6 (Z), ell_x=5 (X)"
        ),
    ),
    "a batch that would pair with the heads": (
        lambda: Attention(
            generic.matrix(3, 8, 5), generic.matrix(3, 9, 6), HEADS.W_qkv, np.ones((6, 5), bool)
        ),
        ShapeError,
        (
            "Attention: W_qkv.W_q has shape (3, 4, 8), want (*batch, d_attn, d_x) where "
            "batch=(3,), d_x=8 (X), no leading axis of θ meets one of an input"
        ),
    ),
    "a vector without an axis for tokens": (
        lambda: layer_norm(GAMMA, GAMMA, GAMMA),
        ShapeError,
        "layer_norm: e has shape (8,), want (*batch, d_e, ell) where batch=()",
    ),
    "one of a pair without the batch": (
        lambda: EDTransformer(SHORT[None], SHORT, ED),
        ShapeError,
        "EDTransformer: x has shape (5,), want (*batch, ell_x) where batch=(1,)",
    ),
    "padding of another length": (
        lambda: DTransformer(SHORT, D, padding=np.ones(4, bool)),
        ShapeError,
        "DTransformer: padding has shape (4,), want (*batch, ell) where batch=(), ell=5 (x)",
    ),
    "padding without the batch": (
        lambda: DTransformer(generic.tokens(2, 5), D, padding=np.ones(5, bool)),
        ShapeError,
        "DTransformer: padding has shape (5,), want (*batch, ell) where batch=(2,), ell=5 (x)",
    ),
    "an empty sequence (A3)": (
        lambda: DTransformer(NONE, D),
        ShapeError,
        "DTransformer: x has shape (0,), want (*batch, ell) where batch=(), no axis is empty",
    ),
    "a sequence past ell_max (A4)": (
        lambda: DTransformer(LONG, D),
        ShapeError,
        "DTransformer: want ell <= ell_max, got ell=12 (x), ell_max=11 (theta.W_p)",
    ),
    "a context past ell_max": (
        lambda: EDTransformer(LONG, SHORT, ED),
        ShapeError,
        "EDTransformer: want ell_z <= ell_max, got ell_z=12 (z), ell_max=11 (theta.W_p)",
    ),
    # Indices
    "a token past the vocabulary": (
        lambda: DTransformer(OUTSIDE, D),
        IndexError,
        "DTransformer: x holds token 23, outside 0 … 22 (N_V = 23)",
    ),
    "a negative token": (
        lambda: token_embedding(BELOW, D.W_e),
        IndexError,
        "token_embedding: v holds token -1, outside 0 … 22 (N_V = 23)",
    ),
    "a position past ell_max": (
        lambda: positional_embedding(np.array([0, 11]), D.W_p),
        IndexError,
        "positional_embedding: t holds position 11, outside 0 … 10 (ell_max = 11)",
    ),
    "a segment that has no vector": (
        lambda: BERT(SHORT, 0 * SHORT + 2, BERTParameters(E, W_s=generic.matrix(8, 2))),
        IndexError,
        "BERT: s holds segment 2, outside 0 … 1 (N_s = 2)",
    ),
    # Types
    "tokens that are floats": (
        lambda: DTransformer(SHORT * 1.0, D),
        DTypeError,
        "DTransformer: x has dtype float64, want integer",
    ),
    "a mask of numbers": (
        lambda: MHAttention(X, Z, HEADS, np.ones((6, 5))),
        DTypeError,
        "MHAttention: Mask has dtype float64, want bool",
    ),
    "a list for an array": (
        lambda: DTransformer([3, 1, 4], D),
        DTypeError,
        "DTransformer: x is of type list, want an array (integer)",
    ),
    "None for an array": (
        lambda: DTransformer(SHORT, D._replace(W_e=None)),
        DTypeError,
        "DTransformer: theta.W_e is of type NoneType, want an array (float)",
    ),
    "a dict for theta": (
        lambda: DTransformer(SHORT, D._asdict()),
        DTypeError,
        "DTransformer: theta is of type dict, want DTransformerParameters",
    ),
    "the theta of another architecture": (
        lambda: DTransformer(SHORT, E),
        DTypeError,
        "DTransformer: theta is of type ETransformerParameters, want DTransformerParameters",
    ),
    "theta without what BERT adds": (
        lambda: BERT(SHORT, 0 * SHORT, E),
        DTypeError,
        "BERT: parameters is of type ETransformerParameters, want BERTParameters",
    ),
    "a list of layers": (
        lambda: DTransformer(SHORT, D._replace(layers=[*D.layers])),
        DTypeError,
        "DTransformer: theta.layers is of type list, want a tuple",
    ),
    "a layer for the tuple of it": (
        lambda: DTransformer(SHORT, D._replace(layers=D.layers[0])),
        DTypeError,
        "DTransformer: theta.layers[0] is of type MHAttentionParameters, want Layer",
    ),
    "two libraries": (
        lambda: DTransformer(torch.asarray(SHORT), D),
        DTypeError,
        "DTransformer: theta.W_e is an array of numpy, x one of torch: want one library",
    ),
    "two float types": (
        lambda: DTransformer(SHORT, but(D, ".gamma", np.float32)),
        DTypeError,
        "DTransformer: theta.gamma has dtype float32, theta.W_e has float64: want one float type",
    ),
    "a number that would widen float32": (
        lambda: layer_norm(*(w.astype(np.float32) for w in (X, GAMMA, GAMMA)), eps=np.float64(1)),
        DTypeError,
        "layer_norm: eps has dtype float64, e has float32: want one float type",
    ),
    "a word for a number": (
        lambda: layer_norm(X, GAMMA, GAMMA, eps="small"),
        DTypeError,
        "layer_norm: eps is of type str, want float",
    ),
    "a fraction for a count": (
        lambda: trained([SHORT], N_epochs=1.5),
        DTypeError,
        "DTraining: N_epochs is of type float, want int",
    ),
    "a seed for a generator": (
        lambda: continued(rng=0),
        DTypeError,
        "DInference: rng is of type int, want numpy.random.Generator",
    ),
    "no activation": (
        lambda: DTransformer(SHORT, D, activation=None),
        DTypeError,
        "DTransformer: activation is of type NoneType, want a function",
    ),
    "no gradient": (
        lambda: trained([SHORT], value_and_gradient=None),
        DTypeError,
        "DTraining: value_and_gradient is of type NoneType, want a function",
    ),
    # Numbers
    "a negative eps": (
        lambda: layer_norm(X, GAMMA, GAMMA, eps=-1.0),
        ValueError,
        "layer_norm: want eps >= 0, got eps=-1.0",
    ),
    "a negative eps in an array": (
        lambda: layer_norm(X, GAMMA, GAMMA, eps=np.array(-1.0)),
        ValueError,
        "layer_norm: want eps >= 0, got eps=-1.0",
    ),
    "no eps at all": (
        lambda: layer_norm(X, GAMMA, GAMMA, eps=float("nan")),
        ValueError,
        "layer_norm: want eps >= 0, got eps=nan",
    ),
    "a negative temperature": (
        lambda: temper(np.ones(2) / 2, -1),
        ValueError,
        "temper: want tau >= 0, got tau=-1",
    ),
    "a step uphill": (
        lambda: trained([SHORT], eta=-0.1),
        ValueError,
        "DTraining: want eta > 0, got eta=-0.1",
    ),
    "a step of length 0": (
        lambda: trained([SHORT], eta=0),
        ValueError,
        "DTraining: want eta > 0, got eta=0",
    ),
    "a negative number of epochs": (
        lambda: trained([SHORT], N_epochs=-1),
        ValueError,
        "DTraining: want N_epochs >= 0, got N_epochs=-1",
    ),
    "no token masked": (
        lambda: unmasked(p_mask=0),
        ValueError,
        "ETraining: want 0 < p_mask < 1, got p_mask=0",
    ),
    "every token masked": (
        lambda: unmasked(p_mask=1.0),
        ValueError,
        "ETraining: want 0 < p_mask < 1, got p_mask=1.0",
    ),
    "an odd d_e (E3)": (
        lambda: sinusoidal_positions(5, 3),
        ValueError,
        "sinusoidal_positions: want d_e % 2 == 0, got d_e=5",
    ),
    "no rows": (
        lambda: sinusoidal_positions(0, 3),
        ValueError,
        "sinusoidal_positions: want d_e > 0, got d_e=0",
    ),
    "no columns": (
        lambda: sinusoidal_positions(4, 0),
        ValueError,
        "sinusoidal_positions: want ell_max > 0, got ell_max=0",
    ),
    "a form that is neither": (
        lambda: sinusoidal_positions(4, 3, form="learnt"),
        ValueError,
        "sinusoidal_positions: form is 'learnt', want 'paper' or 'vaswani'",
    ),
    "no distribution": (
        lambda: sample(np.zeros(2), generic.rng()),
        ValueError,
        "sample: q sums to 0.0, want 1",
    ),
    # Arguments
    "an argument too few": (
        lambda: layer_norm(X, GAMMA),
        TypeError,
        "layer_norm: missing a required argument: 'beta'",
    ),
    "an argument too many": (
        lambda: layer_norm(X, GAMMA, GAMMA, 1e-5),
        TypeError,
        "layer_norm: too many positional arguments",
    ),
    "an argument of another name": (
        lambda: layer_norm(X, GAMMA, GAMMA, epsilon=1e-5),
        TypeError,
        "layer_norm: got an unexpected keyword argument 'epsilon'",
    ),
    # A data set: by its index, and before the first step
    "an empty sequence of a data set": (
        lambda: trained([SHORT, NONE]),
        ShapeError,
        "DTraining: x[1] has shape (0,), want (ell,) where no axis is empty",
    ),
    "a sequence of a data set past ell_max": (
        lambda: trained([SHORT, LONG]),
        ShapeError,
        "DTraining: want ell <= ell_max, got ell=12 (x[1]), ell_max=11 (theta.W_p)",
    ),
    "a token of a data set past the vocabulary": (
        lambda: trained([SHORT, OUTSIDE]),
        IndexError,
        "DTraining: x[1] holds token 23, outside 0 … 22 (N_V = 23)",
    ),
    "a list in a data set": (
        lambda: trained([SHORT, [3, 1]]),
        DTypeError,
        "DTraining: x[1] is of type list, want an array (integer)",
    ),
    "one sequence for a data set": (
        lambda: trained(SHORT),
        ShapeError,
        "DTraining: x[0] has shape (), want (ell,)",
    ),
    "a data set that can be read once": (
        lambda: trained(iter([SHORT])),
        DTypeError,
        "DTraining: x is of type list_iterator, want a sequence",
    ),
    "pairs of which one half is missing": (
        lambda: EDTraining(
            [SHORT, SHORT], [SHORT], ED, N_epochs=1, eta=0.1, value_and_gradient=no_step
        ),
        ShapeError,
        "EDTraining: x has length 1, z has 2: want one N_data",
    ),
    "a vocabulary without the three reserved tokens": (
        lambda: ETraining(
            [SHORT % 2],
            generic.theta(ETransformerParameters, N_V=2),
            N_epochs=1,
            eta=0.1,
            p_mask=0.5,
            rng=generic.rng(),
            value_and_gradient=no_step,
        ),
        ValueError,
        "ETraining: want N_V >= 3, for the last three tokens are reserved, got N_V=2",
    ),
    "a mask_token past the vocabulary": (
        lambda: unmasked(mask_token=23),
        ValueError,
        "ETraining: want 0 <= mask_token < N_V, got mask_token=23, N_V=23 (theta.W_e)",
    ),
    # What is to be written: before the first step
    "a prompt past ell_max": (
        lambda: continued(LONG),
        ShapeError,
        "DInference: want ell <= ell_max, got ell=12 (x), ell_max=11 (theta_hat.W_p)",
    ),
    "a continuation past ell_max (A4)": (
        lambda: continued(ell_gen=8),
        ValueError,
        (
            "DInference: want ell + ell_gen - 1 <= ell_max, got "
            "ell=5 (x), ell_gen=8, ell_max=11 (theta_hat.W_p)"
        ),
    ),
    "a negative number of tokens": (
        lambda: continued(ell_gen=-1),
        ValueError,
        "DInference: want ell_gen >= 0, got ell_gen=-1",
    ),
    "a negative temperature to write at": (
        lambda: continued(tau=-1.0),
        ValueError,
        "DInference: want tau >= 0, got tau=-1.0",
    ),
    "a context to translate past ell_max": (
        lambda: translated(LONG),
        ShapeError,
        "EDInference: want ell_z <= ell_max, got ell_z=12 (z), ell_max=11 (theta_hat.W_p)",
    ),
    "a translation past ell_max": (
        lambda: translated(ell_gen=12),
        ValueError,
        "EDInference: want ell_gen <= ell_max, got ell_gen=12, ell_max=11 (theta_hat.W_p)",
    ),
    "a bos_token past the vocabulary": (
        lambda: translated(bos_token=23),
        ValueError,
        "EDInference: want 0 <= bos_token < N_V, got bos_token=23, N_V=23 (theta_hat.W_e)",
    ),
    "a negative eos_token": (
        lambda: translated(eos_token=-1),
        ValueError,
        "EDInference: want 0 <= eos_token < N_V, got eos_token=-1, N_V=23 (theta_hat.W_e)",
    ),
    # θ drawn at random, and read from a file
    "sizes that are missing": (
        lambda: initialise(AttentionParameters, generic.rng(), d_attn=1, d_z=1),
        TypeError,
        "initialise: AttentionParameters needs d_out, d_x",
    ),
    "a size that is none of theta's": (
        lambda: initialise(
            AttentionParameters, generic.rng(), d_attn=1, d_z=1, d_out=1, d_x=1, H=1
        ),
        TypeError,
        "initialise: AttentionParameters has no H",
    ),
    "a size that is 0": (
        lambda: initialise(AttentionParameters, generic.rng(), d_attn=1, d_z=0, d_out=1, d_x=1),
        ValueError,
        "initialise: d_z is 0, want at least 1",
    ),
    "a size that is no whole number": (
        lambda: initialise(AttentionParameters, generic.rng(), d_attn=1, d_z=1.5, d_out=1, d_x=1),
        DTypeError,
        "initialise: d_z is of type float, want int",
    ),
    "a seed to draw theta from": (
        lambda: initialise(AttentionParameters, 0, d_attn=1, d_z=1, d_out=1, d_x=1),
        DTypeError,
        "initialise: rng is of type int, want numpy.random.Generator",
    ),
    "a theta of whole numbers": (
        lambda: initialise(
            AttentionParameters, generic.rng(), dtype=np.int32, d_attn=1, d_z=1, d_out=1, d_x=1
        ),
        TypeError,
        "initialise: dtype is int32, want a float",
    ),
    "a theta of no architecture": (
        lambda: initialise(dict, generic.rng()),
        TypeError,
        ("initialise: cannot draw <class 'dict'>, want a type such as DTransformerParameters"),
    ),
    "a path for the arrays of a GPT-2": (
        lambda: gpt2_parameters("model.safetensors", H=1),
        TypeError,
        "gpt2_parameters: arrays is of type str, want a mapping of names",
    ),
    "heads that do not divide the rows": (
        lambda: gpt2_parameters(one_layer(24), H=5),
        ValueError,
        "gpt2_parameters: 24 rows do not make H=5 heads",
    ),
    "no heads": (
        lambda: gpt2_parameters(one_layer(24), H=0),
        ValueError,
        "gpt2_parameters: 24 rows do not make H=0 heads",
    ),
    "no array of a GPT-2": (
        lambda: gpt2_parameters({}, H=1),
        KeyError,
        "gpt2_parameters: no array is called transformer.wte.weight",
    ),
    "no array of a BERT": (
        lambda: bert_parameters({}, H=1),
        KeyError,
        "bert_parameters: no array is called bert.embeddings.word_embeddings.weight",
    ),
    "no array of a Marian": (
        lambda: marian_parameters({}, ED.W_p, H=1),
        KeyError,
        "marian_parameters: no array is called model.shared.weight",
    ),
}


@pytest.fixture
def no_model(monkeypatch):
    """Whoever takes a step in writing, fails."""
    monkeypatch.setattr(inference, "DTransformer", no_step)
    monkeypatch.setattr(inference, "EDTransformer", no_step)


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize(("call", "error", "message"), ERRORS.values(), ids=ERRORS)
def test_the_mistake_is_named(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert (caught.type, caught.value.args) == (error, (message,))


def test_messages_are_one_line_and_begin_with_the_function():
    names = {function.__name__ for function in public_functions()}
    for _, _, message in ERRORS.values():
        function, colon, _ = message.partition(": ")
        assert function in names
        assert colon
        assert "\n" not in message


def test_the_errors_are_those_of_python():
    assert issubclass(ShapeError, ValueError)
    assert issubclass(DTypeError, TypeError)


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
