"""What is documented of infinities, of nan and of float16: is it so, in every library?"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from helpers import generic
from helpers.public_things import every_function
from helpers.rounding import assert_close
from helpers.strategies import example, signature
from jaxtyping import Float
from torch.nn import functional as F

from algorithms import (
    GELU,
    Attention,
    AttentionParameters,
    NotFiniteError,
    ReLU,
    layer_norm,
    softmax,
)
from algorithms.checkpoints import GELU_tanh
from algorithms.extensions import attend, block_attend, online_attend
from algorithms.extensions.alibi import ALiBiAttention
from algorithms.extensions.relative_attention import (
    RelativeAttention,
    RelativeAttentionParameters,
)
from algorithms.extensions.rotary import rotate
from algorithms.extensions.silu import SiLU
from algorithms.signatures.array_types import VANISHING
from algorithms.signatures.arrays import A
from algorithms.signatures.decorator import checked, unchecked

LIBRARIES = {"numpy": np.asarray, "torch": torch.asarray, "jax": jnp.asarray}
every_library = pytest.mark.parametrize("asarray", LIBRARIES.values(), ids=LIBRARIES)
DTYPES = ["float16", "float32", "float64"]

pytestmark = pytest.mark.filterwarnings(
    "ignore:(overflow|invalid value) encountered:RuntimeWarning"
)


@pytest.fixture(autouse=True)
def float64_in_jax():
    with jax.enable_x64(True):
        yield


# Activations at infinity --------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", [ReLU, GELU, GELU_tanh, SiLU])
@every_library
def test_activations_have_their_limits_at_infinity(activation, dtype, asarray):
    x = np.array([-np.inf, np.inf, np.nan], dtype)
    assert np.array_equal(activation(asarray(x)), [0, np.inf, np.nan], equal_nan=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", [ReLU, GELU, GELU_tanh, SiLU])
def test_activations_have_slope_0_towards_minus_infinity(activation, dtype):
    x = np.array([-np.inf, np.finfo(dtype).min, -2000], dtype)
    tensor = torch.tensor(x, requires_grad=True)
    activation(tensor).sum().backward()
    assert tensor.grad.tolist() == [0, 0, 0]
    assert jax.grad(lambda x: activation(x).sum())(jnp.asarray(x)).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (GELU, F.gelu),
        (GELU_tanh, lambda X: F.gelu(X, approximate="tanh")),
        (SiLU, F.silu),
        (ReLU, F.relu),
        (softmax, lambda S: F.softmax(S, dim=-2)),
    ],
)
def test_activations_and_softmax_are_torchs(ours, theirs):
    X = 3 * torch.asarray(generic.matrix(2, 7, 5))
    # Φ, tanh and exp change by (1 + x²)·u, relatively, when x does by u.
    assert_close(ours(X), theirs(X), terms=X.shape[1] + math.ceil(1 + (X * X).max()))


def test_GELU_keeps_its_digits_where_Phi_is_small():
    # torch's 1 + erf has none left below −8; Φ(−20) is 2.75e-89 (Abramowitz & Stegun, 26.2).
    x = np.array([-20.0])
    assert F.gelu(torch.asarray(x)).item() == 0.0
    # x/√2 is off by 2u, and Φ changes by (1 + x²)·u, relatively, when x does by u.
    near = 2 * (1 + 20**2)
    assert_close(GELU(x) / (-20 * 2.753624118606234e-89), np.ones(1), terms=near)


# Attention ----------------------------------------------------------------------------------------


def attended(*tokens, asarray=np.asarray, query=1.0, dtype="float16"):
    """What tokens of one entry gather from each other, where all matrices are 1 but W_q."""
    one, zero, X = (asarray(np.array(a, dtype)) for a in ([[1.0]], [0.0], [tokens]))
    W = AttentionParameters(one * query, zero, one, zero, one, zero)
    Mask = asarray(np.ones((len(tokens),) * 2, bool))
    return np.asarray(Attention(X, X, W, Mask))[0]


@every_library
def test_attention_in_float16_is_right_where_scores_are_finite(asarray):
    assert attended(255.875, asarray=asarray).tolist() == [255.875]  # 65472.0
    assert attended(255.875, -255.875, asarray=asarray).tolist() == [255.875, -255.875]


OVERFLOW = "holds nan, and each argument is finite: a number passed 65504, the largest of float16"


@every_library
def test_a_score_that_overflows_upwards_is_refused_in_float16(asarray):
    for tokens in (256.0,), (256.0, 1.0):  # 65536
        with pytest.raises(NotFiniteError, match=f"^Attention: result {OVERFLOW}") as caught:
            attended(*tokens, asarray=asarray)
        assert caught.value.theta is None
    assert attended(256.0, asarray=asarray, dtype="float32").tolist() == [256.0]


@every_library
def test_unchecked_its_column_is_nan(asarray):
    with unchecked():
        got = attended(256.0, 1.0, asarray=asarray)
    assert np.isnan(got[0])
    assert got[1] == 256  # its scores are 256 and 1
    with np.errstate(over="ignore"):
        assert np.isnan(attended(1e20, asarray=asarray, dtype="float32")).all()  # is not read


def test_a_nan_that_an_argument_brings_is_not_refused():
    assert np.isnan(attended(np.nan)).all()
    assert np.isnan(attended(np.inf)).all()


def test_of_several_results_the_one_that_overflows_is_named():
    def twice(X: Float[A, "m n"]) -> tuple[Float[A, "m n"], Float[A, "m n"]]:
        return X, X * X - X * X

    X = np.full((1, 1), 256, np.float16)
    with pytest.raises(NotFiniteError, match=rf"^twice: result\[1\] {OVERFLOW}"):
        checked()(twice)(X)
    X_32 = X.astype(np.float32)
    assert checked()(twice)(X_32) == (X_32, 0)


LOST = "a score is −∞ where Mask is True: it fell below −65504, the least of float16; want float32"


@every_library
def test_a_score_that_overflows_downwards_is_refused_in_float16(asarray):
    for tokens in (256.0,), (256.0, 1.0):
        with pytest.raises(NotFiniteError, match=f"^Attention: {LOST}$"):
            attended(*tokens, asarray=asarray, query=-1.0)
    assert attended(256.0, asarray=asarray, query=-1.0, dtype="float32").tolist() == [256.0]


@pytest.mark.parametrize("by", [attend, block_attend, online_attend])
@every_library
def test_it_may_where_the_mask_takes_it_away(asarray, by):
    Q, seen = asarray(np.full((1, 1), 256, np.float16)), asarray(np.ones((1, 1), bool))
    with pytest.raises(NotFiniteError, match=f"^{by.__name__}: {LOST}$"):
        by(Q, -Q, Q, seen)
    assert np.asarray(by(Q, -Q, Q, ~seen)) == 0


@every_library
def test_it_is_refused_where_distances_count_too(asarray):
    X, one = (asarray(np.full((1, 1), value, np.float16)) for value in (256, 1))
    table, b, seen = 0 * one, 0 * one[0], asarray(np.ones((1, 1), bool))
    with pytest.raises(NotFiniteError, match=f"^RelativeAttention: {LOST}$"):
        RelativeAttention(X, RelativeAttentionParameters(-one, one, one), table, table, seen)
    with pytest.raises(NotFiniteError, match=f"^ALiBiAttention: {LOST}$"):
        ALiBiAttention(X, AttentionParameters(-one, b, one, b, one, b), 0.5, seen)


def test_in_a_trace_it_counts_as_masked():
    Q = jnp.full((1, 1), 256, jnp.float16)
    assert jax.jit(attend)(Q, -Q, Q, jnp.ones((1, 1), bool)) == 0


def test_softmax_of_plus_infinity_is_nan_and_of_minus_infinity_0():
    got = softmax(np.array([[0.0, np.inf, -np.inf], [0.0, 0.0, -np.inf]]))
    assert np.array_equal(got, [[0.5, np.nan, 0], [0.5, 0, 0]], equal_nan=True)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
@every_library
def test_a_masked_token_that_is_not_finite_reaches_every_column(asarray, wrong):
    X, Z, W = generic.matrix(13, 6), generic.matrix(9, 5), generic.heads().W_qkv
    W = AttentionParameters(*(asarray(part[0]) for part in W))
    Mask = np.ones((5, 6), bool)
    Z[3, 2], Mask[2] = wrong, False
    assert np.isnan(np.asarray(Attention(asarray(X), asarray(Z), W, asarray(Mask)))).all()


# An ε that the type of the arrays does not have ---------------------------------------------------


@every_library
def test_a_constant_column_is_0_where_eps_is_above_0(asarray):
    one = np.ones(3, "float16")
    e = asarray(np.full((3, 2), 7, "float16"))
    assert (np.asarray(layer_norm(e, asarray(one), asarray(0 * one), eps=1e-7)) == 0).all()


@pytest.mark.parametrize(("dtype", "vanishing"), VANISHING.items())
def test_the_largest_number_that_rounds_to_0_is_that_of_the_type(dtype, vanishing):
    pair = torch.tensor([vanishing, vanishing * (1 + 2**-8)], dtype=getattr(torch, dtype))
    assert pair.bool().tolist() == [False, True]


@every_function(lambda f: "eps" in signature(f).arguments)
def test_an_eps_that_is_0_in_the_arrays_type_is_refused_by_name(function):
    call = example(function)
    small = call.each(
        lambda leaf: leaf.value.astype("f2") if leaf.declaration.kind == "float" else leaf.value
    )
    numbers = {name: 0.5 for name, value in small.arguments.items() if isinstance(value, float)}
    call = small._replace(arguments={**small.arguments, **numbers, "eps": 1e-12})
    with pytest.raises(
        ValueError, match=r"eps=1e-12 is 0 in float16, want more than 2.98e-08, or 0"
    ):
        call.run()


# Angles of rotary positions -----------------------------------------------------------------------


@every_library
def test_angles_of_a_hundred_thousand_may_be_off_by_0_012_in_float32(asarray):
    t, omega = np.arange(99_000, 100_001), np.linspace(0.5, 1, 99)[:, None]
    e = np.repeat([[1.0], [0.0]], t.size, axis=1)
    most = 0.0
    for one in omega.astype(np.float64):
        turned = rotate(asarray(e.astype(np.float32)), asarray(t), asarray(one.astype(np.float32)))
        cos, sin = np.asarray(turned, np.float64)
        off = np.angle((cos + 1j * sin) * np.exp(-1j * one * t))
        most = max(most, np.abs(off).max())
    assert 0.006 < most < 0.012


@every_library
def test_in_float16_positions_are_told_apart_up_to_2048(asarray):
    e, t = asarray(np.eye(2, 1, dtype=np.float16)), np.array([2047, 2048, 2049])
    omega = asarray(np.ones(1, np.float16))
    one, two, three = (np.asarray(rotate(e, asarray(t[n : n + 1]), omega)) for n in range(3))
    assert (one != two).all()
    assert (two == three).all()
