"""Do NumPy, torch, JAX and array-api-strict run the same text, and agree?"""

from __future__ import annotations

import array_api_strict
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from helpers import generic
from helpers.rounding import assert_close, budget

from algorithms import (
    Attention,
    AttentionParameters,
    DInference,
    DTraining,
    DTransformer,
    DTransformerParameters,
    EDInference,
    EDTransformer,
    EDTransformerParameters,
    ETraining,
    ETransformer,
    ETransformerParameters,
    MHAttention,
    layer_norm,
    positional_embedding,
    single_query_attention,
    token_embedding,
    tree_map,
    unembedding,
)
from algorithms.checkpoints import BERT, GPT2, BERTParameters, Marian, MarianParameters

W = generic.heads()
ONE = AttentionParameters(*(part[0] for part in W.W_qkv))
D = generic.theta(DTransformerParameters)
E = generic.theta(ETransformerParameters)
ED = generic.theta(EDTransformerParameters)
X, Z = generic.matrix(2, 8, 6), generic.matrix(2, 9, 5)
MASK = generic.matrix(5, 6) < 1
x, z = generic.tokens(2, 7), generic.tokens(2, 5, seed=1)
near = generic.matrix(8, seed=4)

#: One call of each of Algorithms 1 to 10, and of each published model.
CALLS = {
    "1": (token_embedding, x, D.W_e),
    "2": (positional_embedding, np.arange(5), D.W_p),
    "3": (
        single_query_attention,
        X[:, :, 0],
        X,
        AttentionParameters(*(part[0] for part in generic.heads(d_z=8).W_qkv)),
    ),
    "4": (Attention, X, Z, ONE, MASK),
    "5": (MHAttention, X, Z, W, MASK),
    "6": (layer_norm, X, near, near),
    "7": (unembedding, X, D.W_u),
    "8": (EDTransformer, z, x, ED),
    "9": (ETransformer, x, E),
    "10": (DTransformer, x, D),
    "GPT-2": (GPT2, x, D),
    "BERT": (BERT, x, x % 2, BERTParameters(E, D.W_p[:, :3], near, near, E.W_u[:, 0])),
    "Marian": (Marian, z, x, MarianParameters(ED, ED.W_u[:, 0])),
}


def test_every_algorithm_without_state_is_called_here():
    assert {fn.algorithm for fn, *_ in CALLS.values() if hasattr(fn, "algorithm")} == {
        str(n) for n in range(1, 11)
    }


def on(asarray, arguments):
    return [tree_map(asarray, argument) for argument in arguments]


@pytest.fixture(params=CALLS, ids=str)
def call(request):
    fn, *arguments = CALLS[request.param]
    return fn, arguments, fn(*arguments)


def test_torch_eager_equals_numpy(call):
    fn, arguments, want = call
    got = fn(*on(torch.asarray, arguments))
    assert isinstance(got, torch.Tensor)
    assert_close(got.numpy(), want, **budget(*arguments))


def test_jax_eager_equals_numpy(call):
    fn, arguments, want = call
    with jax.enable_x64(True):
        got = fn(*on(jnp.asarray, arguments))
    assert isinstance(got, jax.Array)
    assert_close(got, want, **budget(*arguments))


def test_array_api_strict_equals_numpy(call):
    fn, arguments, want = call
    got = fn(*on(array_api_strict.asarray, arguments))
    assert type(got) is type(array_api_strict.asarray(0.0))
    assert_close(np.asarray(got), want, **budget(*arguments))


def test_jax_jit_equals_numpy(call):
    fn, arguments, want = call
    with jax.enable_x64(True):
        got = jax.jit(fn)(*on(jnp.asarray, arguments))
    assert_close(got, want, **budget(*arguments))


def test_torch_compile_fullgraph_equals_numpy(call):
    fn, arguments, want = call
    torch.compiler.reset()
    # Dynamo and AOT trace the whole graph; the code generator behind them needs a C++ compiler.
    compiled = torch.compile(fn, fullgraph=True, backend="aot_eager")
    assert_close(compiled(*on(torch.asarray, arguments)).numpy(), want, **budget(*arguments))


def batched(argument):
    """0 for what carries the batch of CALLS, None for the rest, as `vmap` wants it."""
    return 0 if getattr(argument, "shape", ())[:1] == (2,) else None


def test_jax_vmap_over_the_batch_equals_the_batch(call):
    fn, arguments, want = call
    axes = [batched(argument) for argument in arguments]
    if 0 not in axes:
        axes, want = [None, 0], np.stack([want, want])  # 2 takes no batch: θ does
        arguments = [arguments[0], np.stack([arguments[1]] * 2)]
    with jax.enable_x64(True):
        got = jax.vmap(fn, in_axes=tuple(axes))(*on(jnp.asarray, arguments))
    assert_close(got, want, **budget(*arguments))


def test_torch_vmap_over_the_batch_equals_the_batch(call):
    fn, arguments, want = call
    axes = [batched(argument) for argument in arguments]
    if 0 not in axes:
        axes, want = [None, 0], np.stack([want, want])
        arguments = [arguments[0], np.stack([arguments[1]] * 2)]
    got = torch.func.vmap(fn, in_dims=tuple(axes))(*on(torch.asarray, arguments))
    assert_close(got.numpy(), want, **budget(*arguments))


def test_autograd_equals_jax_grad(call):
    fn, arguments, want = call
    weights = generic.matrix(*want.shape, seed=8)  # a generic scalar of the result
    floats = [i for i, a in enumerate(arguments) if np.asarray(leaves(a)[0]).dtype.kind == "f"]

    def scalar(asarray):
        def of(*values):
            full = on(asarray, arguments)
            for i, value in zip(floats, values, strict=True):
                full[i] = value
            return (fn(*full) * asarray(weights)).sum()

        return of

    chosen = [arguments[i] for i in floats]
    with jax.enable_x64(True):
        jaxs = jax.jit(jax.grad(scalar(jnp.asarray), argnums=tuple(range(len(floats)))))(
            *on(jnp.asarray, chosen)
        )
        jaxs = tree_map(np.asarray, jaxs)
    inputs = [
        tree_map(lambda a: torch.asarray(a).requires_grad_(), argument) for argument in chosen
    ]
    scalar(torch.asarray)(*inputs).backward()
    torchs = tree_map(
        lambda a: np.zeros(a.shape) if a.grad is None else a.grad.numpy(), tuple(inputs)
    )
    for a, b in zip(leaves(torchs), leaves(jaxs), strict=True):
        # A gradient passes every sum forth and back, at the scale of the largest entry on the way.
        near = budget(*arguments, *arguments)
        assert_close(a / scale(jaxs), b / scale(jaxs), **near)


def leaves(tree):
    return jax.tree.leaves(tree)


def scale(tree):
    return max(abs(leaf).max() for leaf in leaves(tree))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_float_type_that_goes_in_comes_out(call, dtype):
    fn, arguments, _ = call
    cast = on(lambda a: a.astype(dtype) if a.dtype.kind == "f" else a, arguments)
    assert fn(*cast).dtype == dtype
    assert fn(*on(torch.asarray, cast)).dtype == getattr(torch, dtype)
    with jax.enable_x64(True):
        assert jax.eval_shape(fn, *on(jnp.asarray, cast)).dtype == dtype


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_kept_by_torch_and_jax(call, dtype):
    fn, arguments, _ = call

    def halved(asarray, kind):
        return lambda a: asarray(a) if a.dtype.kind != "f" else asarray(a, dtype=kind)

    torchs = fn(*on(halved(torch.asarray, getattr(torch, dtype)), arguments))
    assert torchs.dtype == getattr(torch, dtype)
    jaxs = jax.eval_shape(fn, *on(halved(jnp.asarray, getattr(jnp, dtype)), arguments))
    assert jaxs.dtype == dtype


# Algorithms 12 to 15 take single sequences and run eagerly, in any library ------------------------


@pytest.fixture(params=["torch", "jax", "strict"])
def asarray(request):
    with jax.enable_x64(True):
        yield {
            "torch": torch.asarray,
            "jax": jnp.asarray,
            "strict": array_api_strict.asarray,
        }[request.param]


def test_inference_draws_the_same_tokens_in_every_library(asarray):
    want = DInference(x[0], D, ell_gen=3, tau=0.8, rng=generic.rng())
    theta = tree_map(asarray, D)
    got = DInference(asarray(x[0]), theta, ell_gen=3, tau=0.8, rng=generic.rng())
    assert type(got) is type(asarray(x[0]))
    assert np.asarray(got).tolist() == want.tolist()


@pytest.mark.filterwarnings("ignore::algorithms.LengthLimitWarning")
def test_prediction_is_the_same_in_every_library(asarray):
    want = EDInference(z[0], ED, tau=0.8, rng=generic.rng(), ell_gen=2)
    theta = tree_map(asarray, ED)
    got = EDInference(asarray(z[0]), theta, tau=0.8, rng=generic.rng(), ell_gen=2)
    assert np.asarray(got).tolist() == want.tolist()


def test_the_losses_are_the_same_in_every_library(asarray):
    def losses(asarray):
        seen = []

        def record(loss, theta):
            seen.append(float(loss(theta)))
            return seen[-1], theta  # a step towards 0, which every library can take

        options = {"N_epochs": 2, "eta": 0.01, "value_and_gradient": record}
        DTraining([asarray(x[0])], tree_map(asarray, D), **options)
        source = generic.rng(3)
        ETraining([asarray(x[1])], tree_map(asarray, E), p_mask=0.5, rng=source, **options)
        return np.array(seen)

    assert_close(losses(asarray), losses(np.asarray), **budget(D, E))


# What a trace cannot see --------------------------------------------------------------------------


@pytest.mark.parametrize("token", [-1, 23, 2**31 - 1])
def test_under_jit_a_token_outside_the_vocabulary_gives_nan_and_no_other_column(token):
    v = jnp.asarray([0, token], dtype=jnp.int32)
    e = jax.jit(token_embedding)(v, jnp.asarray(D.W_e))
    assert np.isfinite(e[:, 0]).all()
    assert np.isnan(e[:, 1]).all()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "uint64"])
def test_tokens_of_any_integer_type_are_tokens(dtype):
    want = token_embedding(x, D.W_e)
    assert np.array_equal(token_embedding(x.astype(dtype), D.W_e), want)
    got = token_embedding(torch.asarray(x).to(getattr(torch, dtype)), torch.asarray(D.W_e))
    assert np.array_equal(got.numpy(), want)


def test_a_fully_masked_column_has_finite_gradients():
    Mask = MASK & (np.arange(6) != 2)
    with jax.enable_x64(True):
        gradient = jax.grad(
            lambda W: Attention(jnp.asarray(X), jnp.asarray(Z), W, jnp.asarray(Mask)).sum()
        )(tree_map(jnp.asarray, ONE))
    assert all(np.isfinite(leaf).all() for leaf in leaves(gradient))
    tensors = tree_map(lambda a: torch.asarray(a).requires_grad_(), ONE)
    Attention(torch.asarray(X), torch.asarray(Z), tensors, torch.asarray(Mask)).sum().backward()
    assert all(torch.isfinite(leaf.grad).all() for leaf in tensors)
