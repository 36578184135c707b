"""What does a user read who made a mistake in one call? Every message, word for word."""

# ruff: noqa: ISC004 (a message is longer than a row)

from __future__ import annotations

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import scipy.sparse
import torch
from helpers import generic
from helpers.public_things import public_functions
from helpers.strategies import each

from algorithms import (
    GELU,
    Attention,
    DTransformer,
    DTransformerParameters,
    DTypeError,
    EDTransformer,
    EDTransformerParameters,
    ETransformerParameters,
    MHAttention,
    ReLU,
    ShapeError,
    layer_norm,
    sample,
    sinusoidal_positions,
    softmax,
    temper,
    token_embedding,
    unembedding,
)
from algorithms.checkpoints import BERT, BERTParameters
from algorithms.extensions.masked_decoders import BandedTransformer
from algorithms.extensions.rotary import rotate
from algorithms.signatures.annotations import read

PUBLIC = {function.__name__ for function in public_functions()}

ED = generic.theta(EDTransformerParameters)
E = generic.theta(ETransformerParameters)
D = generic.theta(DTransformerParameters)
HEADS = generic.heads()
X, Z = generic.matrix(13, 5), generic.matrix(9, 6)  # d_x and d_z
GAMMA = generic.matrix(13)
SHORT, LONG = generic.tokens(5), generic.tokens(12)  # ell_max = 11
NONE = np.zeros(0, int)
OUTSIDE = np.array([1, 17, 0])  # N_V = 17
BELOW = np.array([1, -1, 0])


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


def too_long_for_jax():
    """Integers of 64 bits, of which JAX takes the last 32 where it has no others."""
    with jax.enable_x64(True):
        return jnp.asarray([1, 2**32 + 1])


def autocast(call):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return call()


def assert_refused(call, message):
    """By one line, which begins with the error and the function."""
    with pytest.raises((ValueError, TypeError, LookupError)) as caught:
        call()
    assert f"{caught.type.__name__}: {caught.value.args[0]}" == message
    assert message.split(": ")[1] in PUBLIC
    assert "\n" not in message


ERRORS = {
    # Shapes
    "a matrix deep in theta": (
        lambda: DTransformer(SHORT, but(D, ".layers[1].W.W_qkv.W_v", last_cut)),
        "ShapeError: DTransformer: theta.layers[1].W.W_qkv.W_v has shape (3, 8, 5), want (H, "
        "d_mid, d_e) where H=3 (theta.layers[0].W.W_qkv.W_q), d_mid=8 "
        "(theta.layers[0].W.W_qkv.W_v), d_e=6 (theta.W_e)",
    ),
    "W_o of other heads": (
        lambda: MHAttention(X, Z, but(HEADS, ".W_o", last_cut), np.ones((6, 5), bool)),
        "ShapeError: MHAttention: W.W_o has shape (10, 23), want (d_out, H*d_mid) where d_out=10 "
        "(W.W_o), H=3 (W.W_qkv.W_q), d_mid=8 (W.W_qkv.W_v)",
    ),
    "a window wider than the model": (
        lambda: BandedTransformer(SHORT, D, w_l=(3, 12)),
        "ValueError: BandedTransformer: want 1 <= w_l <= ell_max, got w_l=12 (w_l[1]), "
        "ell_max=11 (theta.W_p)",
    ),
    "a window too few": (
        lambda: BandedTransformer(SHORT, D, w_l=(3,)),
        "ShapeError: BandedTransformer: w_l has length 1, theta.layers has 2: want one L",
    ),
    "more pairs of rows than there are": (
        lambda: rotate(X, np.arange(5), np.ones(7)),
        "ShapeError: rotate: want 2 * d_rot <= d_attn, got d_rot=7 (omega), d_attn=13 (e)",
    ),
    "a mask the wrong way round": (
        lambda: MHAttention(X, Z, HEADS, np.ones((5, 6), bool)),
        "ShapeError: MHAttention: Mask has shape (5, 6), want (*batch, ell_z, ell_x) where "
        "batch=(), ell_z=6 (Z), ell_x=5 (X)",
    ),
    "a batch that would pair with the heads": (
        lambda: Attention(
            generic.matrix(3, 13, 5), generic.matrix(3, 9, 6), HEADS.W_qkv, np.ones((6, 5), bool)
        ),
        "ShapeError: Attention: W_qkv.W_q has shape (3, 4, 13), want (*batch, d_attn, d_x) "
        "where batch=(3,), d_x=13 (X), no leading axis of θ meets one of an input",
    ),
    "a vector without an axis for tokens": (
        lambda: layer_norm(GAMMA, GAMMA, GAMMA),
        "ShapeError: layer_norm: e has shape (13,), want (*batch, d_e, ell) where batch=()",
    ),
    "one of a pair without the batch": (
        lambda: EDTransformer(SHORT[None], SHORT, ED),
        "ShapeError: EDTransformer: x has shape (5,), want (*batch, ell_x) where batch=(1,)",
    ),
    "an empty sequence (A3)": (
        lambda: DTransformer(NONE, D),
        "ShapeError: DTransformer: x has shape (0,), want (*batch, ell) where batch=(), no "
        "axis is empty",
    ),
    "a sequence past ell_max (A4)": (
        lambda: DTransformer(LONG, D),
        "ShapeError: DTransformer: want ell <= ell_max, got ell=12 (x), ell_max=11 (theta.W_p)",
    ),
    # Rows for columns
    "a token in each row": (
        lambda: layer_norm(X.mT, GAMMA, GAMMA),
        "ShapeError: layer_norm: gamma has shape (13,), want (d_e,) where d_e=5 (e); tokens are "
        "columns: pass e.mT",
    ),
    "a token in each row of two arguments": (
        lambda: MHAttention(X.mT, Z.mT, HEADS, np.ones((6, 5), bool)),
        "ShapeError: MHAttention: W.W_qkv.W_q has shape (3, 4, 13), want (H, d_attn, d_x) where "
        "H=3 (W.W_qkv.W_q), d_attn=4 (W.W_qkv.W_q), d_x=5 (X); tokens are columns: pass X.mT "
        "and Z.mT",
    ),
    "a token in each row of the context": (
        lambda: MHAttention(X, Z.mT, HEADS, np.ones((6, 5), bool)),
        "ShapeError: MHAttention: W.W_qkv.W_k has shape (3, 4, 9), want (H, d_attn, d_z) where "
        "H=3 (W.W_qkv.W_q), d_attn=4 (W.W_qkv.W_q), d_z=6 (Z); tokens are columns: pass Z.mT",
    ),
    "a token in each row, and another mistake": (
        lambda: layer_norm(X.mT, GAMMA, GAMMA[1:]),
        "ShapeError: layer_norm: gamma has shape (13,), want (d_e,) where d_e=5 (e)",
    ),
    "a transposed matrix of parameters": (
        lambda: unembedding(D.W_e[:, :5], D.W_u.mT),
        "ShapeError: unembedding: W_u has shape (6, 17), want (N_V, d_e) where N_V=6 (W_u), "
        "d_e=6 (e)",
    ),
    # Indices
    "a segment that has no vector": (
        lambda: BERT(SHORT, BERTParameters(E, W_s=generic.matrix(6, 2)), segments=0 * SHORT + 2),
        "IndexError: BERT: segments holds segment 2, outside 0 … 1 (N_s = 2)",
    ),
    # Types
    "a dict for theta": (
        lambda: DTransformer(SHORT, D._asdict()),
        "DTypeError: DTransformer: theta is of type dict, want DTransformerParameters",
    ),
    "a list of layers": (
        lambda: DTransformer(SHORT, D._replace(layers=[*D.layers])),
        "DTypeError: DTransformer: theta.layers is of type list, want a tuple",
    ),
    "two float types": (
        lambda: DTransformer(SHORT, but(D, ".gamma", np.float32)),
        "DTypeError: DTransformer: theta.gamma has dtype float32, theta.W_e has float64: want "
        "one float type",
    ),
    "no activation": (
        lambda: DTransformer(SHORT, D, activation=None),
        "DTypeError: DTransformer: activation is of type NoneType, want a function",
    ),
    # Arrays that are not what they seem
    "a matrix of NumPy's": (
        lambda: GELU(X.view(np.matrix)),
        "DTypeError: GELU: X is of type numpy.matrix, whose * is a product of matrices, want "
        "an array (float)",
    ),
    "a masked array deep in theta": (
        lambda: DTransformer(SHORT, but(D, ".layers[1].b_mlp1", np.ma.array)),
        "DTypeError: DTransformer: theta.layers[1].b_mlp1 is of type numpy.ma.MaskedArray, "
        "whose mask would be lost, want an array (float)",
    ),
    "a masked array of a class of its own": (
        lambda: token_embedding(type("Mine", (np.ma.MaskedArray,), {})(SHORT), D.W_e),
        "DTypeError: token_embedding: v is of type numpy.ma.MaskedArray, whose mask would be "
        "lost, want an array (integer)",
    ),
    "a masked array for a number": (
        lambda: layer_norm(X, GAMMA, GAMMA, eps=np.ma.array(1.0)),
        "DTypeError: layer_norm: eps is of type numpy.ma.MaskedArray, whose mask would be "
        "lost, want float",
    ),
    "a sparse matrix": (
        lambda: softmax(scipy.sparse.csr_array(X)),
        "DTypeError: softmax: S is of type scipy.sparse.csr_array, want an array (float)",
    ),
    "a sparse tensor": (
        lambda: softmax(torch.asarray(X).to_sparse()),
        "DTypeError: softmax: S is of type torch.Tensor (torch.sparse_coo), which is not "
        "dense, want an array (float)",
    ),
    "a nested tensor": (
        lambda: ReLU(
            torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)
        ),
        "DTypeError: ReLU: X is of type torch.Tensor (nested), which is not dense, want an "
        "array (float)",
    ),
    "the bytes of another machine": (
        lambda: softmax(X.astype(X.dtype.newbyteorder())),
        f"DTypeError: softmax: S has dtype {X.dtype.newbyteorder()} (bytes in an order that is "
        "not this machine's), want float: convert it by astype('float64')",
    ),
    "more digits than any library computes with": (
        lambda: softmax(X.astype(np.longdouble)),
        f"DTypeError: softmax: S has dtype {np.dtype(np.longdouble)}, want float16, float32 or "
        "float64",
    ),
    "fewer digits than any library computes with": (
        lambda: softmax(torch.ones(2, 2).to(torch.float8_e4m3fn)),
        "DTypeError: softmax: S has dtype float8_e4m3fn, want float16, bfloat16, float32 or "
        "float64",
    ),
    "bfloat16, in which NumPy does not compute": (
        lambda: softmax(X.astype(ml_dtypes.bfloat16)),
        "DTypeError: softmax: S has dtype bfloat16, want float16, float32 or float64",
    ),
    "a token past the largest integer": (
        lambda: token_embedding(np.array([2**64 - 1, 0], np.uint64), D.W_e),
        "IndexError: token_embedding: v holds token 18446744073709551615, outside 0 … 16 (N_V "
        "= 17)",
    ),
    "a token past the largest integer of torch": (
        lambda: token_embedding(torch.tensor([2**63], dtype=torch.uint64), torch.asarray(D.W_e)),
        "IndexError: token_embedding: v holds token 9223372036854775808, outside 0 … 16 (N_V = 17)",
    ),
    "a token past the largest integer of JAX": (
        lambda: token_embedding(too_long_for_jax(), jnp.asarray(D.W_e, np.float32)),
        "IndexError: token_embedding: v holds token 4294967297, outside 0 … 16 (N_V = 17)",
    ),
    "torch's autocast": (
        lambda: autocast(lambda: unembedding(torch.ones(8, 5), torch.ones(23, 8))),
        "DTypeError: unembedding: torch.autocast computes with e (float32) in bfloat16, want "
        "it off: torch.autocast('cpu', enabled=False)",
    ),
    # Numbers
    "a negative eps in an array": (
        lambda: layer_norm(X, GAMMA, GAMMA, eps=np.array(-1.0)),
        "ValueError: layer_norm: want eps >= 0, got eps=-1.0",
    ),
    "no eps at all": (
        lambda: layer_norm(X, GAMMA, GAMMA, eps=float("nan")),
        "ValueError: layer_norm: want eps >= 0, got eps=nan",
    ),
    "a negative temperature": (
        lambda: temper(np.ones(2) / 2, -1),
        "ValueError: temper: want tau >= 0, got tau=-1",
    ),
    "an odd d_e (E3)": (
        lambda: sinusoidal_positions(5, 3),
        "ValueError: sinusoidal_positions: want d_e % 2 == 0, got d_e=5",
    ),
    "no rows": (
        lambda: sinusoidal_positions(0, 3),
        "ValueError: sinusoidal_positions: want d_e > 0, got d_e=0",
    ),
    "no columns": (
        lambda: sinusoidal_positions(4, 0),
        "ValueError: sinusoidal_positions: want ell_max > 0, got ell_max=0",
    ),
    "a form that is neither": (
        lambda: sinusoidal_positions(4, 3, form="learnt"),
        "ValueError: sinusoidal_positions: form is 'learnt', want 'paper' or 'vaswani'",
    ),
    "no distribution": (
        lambda: sample(np.zeros(2), generic.rng()),
        "ValueError: sample: q has sum 0.0 and least entry 0.0, want a sum above 0, and none below",
    ),
    # Arguments
    "an argument too few": (
        lambda: layer_norm(X, GAMMA),
        "TypeError: layer_norm: missing a required argument: 'beta'",
    ),
}


@pytest.mark.parametrize(("call", "message"), ERRORS.values(), ids=ERRORS)
def test_the_mistake_is_named(call, message):
    assert_refused(call, message)


def test_the_errors_are_those_of_python():
    assert issubclass(ShapeError, ValueError)
    assert issubclass(DTypeError, TypeError)
