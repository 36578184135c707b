"""Do NumPy, torch, JAX and array-api-strict run the same text, and agree?

Every function is called once, with arguments drawn from its signature: an algorithm is run on all
of them by being found.
"""

from __future__ import annotations

import array_api_strict
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from helpers import generic
from helpers.public_things import (
    checked_functions,
    every_function,
    is_a_model_like_another,
    is_like_another,
)
from helpers.rounding import assert_close, budget
from helpers.strategies import EAGER, assert_same, example, signature, traceable

from algorithms import Attention, AttentionParameters, initialise, token_embedding
from algorithms.signatures.annotations import Choice, Number
from spec.machine.trees import arrays
from spec.pairing import implementations

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

LIBRARIES = {"torch": torch.asarray, "jax": jnp.asarray, "strict": array_api_strict.asarray}
W_e = generic.matrix(8, 23)
#: Code that runs once takes longer to make quick than to run.
UNOPTIMISED = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


traceable_functions = every_function(traceable, is_like_another)


@pytest.fixture(autouse=True)
def as_numpy_computes():
    """In float64, in JAX too."""
    with jax.enable_x64(True):
        yield


def values(call):
    return [leaf.value for leaf in call.leaves]


def run(call, arrays):
    """Without the copies of `Call.run`, which no trace could see through."""
    changed = call.of(arrays)
    return changed.function(**changed.arguments)


def takes_arrays(function):
    """Whether some argument is not a number, as those of O4 are, or a word."""
    parts = signature(function).arguments.values()
    return any(not isinstance(part, Number | Choice) for part in parts)


# Eager --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "library"),
    [
        pytest.param(
            function,
            library,
            # JAX compiles each operation anew for arrays of another shape, as a cache has.
            marks=[pytest.mark.sweep] * (library == "jax" and is_a_model_like_another(function)),
            id=f"{function.__name__}-{library}",
        )
        for function in checked_functions()
        for library in LIBRARIES
        if takes_arrays(function)
        if library != "jax" or not traceable(function)  # that is compiled below: it takes less time
    ],
)
def test_every_library_gives_what_numpy_gives(function, library):
    call, asarray = example(function), LIBRARIES[library]
    got = call.of(map(asarray, values(call))).run()
    assert {*map(type, arrays((got,)))} <= {type(asarray(0.0))}
    assert_same(call, got, call.run())


def types(result):
    """The type of each array of a result."""
    return [array.dtype for array in jax.tree.leaves(result)]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@traceable_functions
def test_the_float_type_that_goes_in_comes_out(function, dtype):
    def cast(asarray, kind):
        floats = {"dtype": kind}
        return [
            asarray(leaf.value, **floats if leaf.declaration.kind == "float" else {})
            for leaf in call.leaves
        ]

    call = example(function)
    made = types(run(call, values(call)))
    wanted = [dtype if kind.kind == "f" else str(kind) for kind in made]
    if dtype != "bfloat16":  # NumPy has none
        with np.errstate(over="ignore"):  # which drawn numbers may do in float16
            assert types(run(call, cast(np.asarray, dtype))) == wanted
    tensors = run(call, cast(torch.asarray, getattr(torch, dtype)))
    assert types(tensors) == [getattr(torch, kind) for kind in wanted]
    abstract = jax.eval_shape(lambda arrays: run(call, arrays), cast(jnp.asarray, dtype))
    assert types(abstract) == wanted


# Traced -------------------------------------------------------------------------------------------


@every_function(traceable, is_a_model_like_another)
def test_jax_jit_equals_numpy(function):
    call = example(function)
    compiled = jax.jit(lambda arrays: run(call, arrays), compiler_options=UNOPTIMISED)
    got = compiled([*map(jnp.asarray, values(call))])
    assert_same(call, got, call.run())


@every_function(traceable, is_a_model_like_another)
def test_torch_compile_fullgraph_equals_numpy(function):
    call = example(function)
    torch.compiler.reset()
    # Dynamo and AOT trace the whole graph; the code generator behind them needs a C++ compiler.
    compiled = torch.compile(function, fullgraph=True, backend="aot_eager")
    got = compiled(**call.of(map(torch.asarray, values(call))).arguments)
    assert_same(call, got, call.run())


def members(call):
    """The arrays without the leading axis that `vmap` takes away, and where it was."""
    axes = [0 if leaf.leading and leaf.leading[0] > 1 else None for leaf in call.leaves]
    alone = [leaf.value[0] if leaf.leading == (1,) else leaf.value for leaf in call.leaves]
    if 0 not in axes:  # a function that takes no batch: its last argument is one
        return [*alone[:-1], np.stack([alone[-1]] * 2)], [*axes[:-1], 0]
    return alone, axes


def gives_a_batch(function):
    """Whether a batch of its arrays gives a batch of its result, which is no sum over it."""
    arguments, result, _ = signature(function)
    batch = getattr(result, "batch", None)
    return batch == "*batch" or (
        batch == "" and not any(getattr(part, "batch", "") for part in arguments.values())
    )


@pytest.mark.parametrize("library", ["jax", "torch"])
@every_function(lambda f: traceable(f) and gives_a_batch(f), is_a_model_like_another)
def test_vmap_over_the_batch_equals_the_batch(function, library):
    call, asarray = example(function), LIBRARIES[library]
    alone, axes = members(call)

    def one(*arrays):
        return run(call, arrays)

    batch = {
        "jax": jax.jit(jax.vmap(one, tuple(axes)), compiler_options=UNOPTIMISED),
        "torch": torch.func.vmap(one, tuple(axes)),
    }[library]
    got = batch(*map(asarray, alone))
    want = call.run()
    if call.batch in [(), (1,)]:  # each of the batch is alike
        want = np.stack([want[0] if call.batch else want] * 2)
    assert_same(call, got, want)


@every_function(
    lambda f: traceable(f) and getattr(signature(f).result, "kind", "") == "float",
    is_a_model_like_another,
)
def test_autograd_equals_jax_grad(function):
    call = example(function)
    weights = generic.matrix(*call.run().shape, seed=8)  # a generic scalar of the result
    places = [n for n, leaf in enumerate(call.leaves) if leaf.declaration.kind == "float"]

    def scalar(floats, asarray):
        full = [*map(asarray, values(call))]
        for n, array in zip(places, floats, strict=True):
            full[n] = array
        return (run(call, full) * asarray(weights)).sum()

    chosen = [values(call)[n] for n in places]
    # Optimised, since what XLA makes at level 0 of a gradient of −∞ less a number can be nan.
    gradient = jax.jit(jax.grad(lambda floats: scalar(floats, jnp.asarray)))
    jaxs = [np.asarray(part) for part in gradient([*map(jnp.asarray, chosen)])]
    tensors = [torch.tensor(array, requires_grad=True) for array in chosen]
    scalar(tensors, torch.asarray).backward()
    scale = max(abs(part).max() for part in jaxs)
    for tensor, part in zip(tensors, jaxs, strict=True):
        got = np.zeros(part.shape) if tensor.grad is None else tensor.grad.numpy()
        # A gradient passes every sum forth and back, at the scale of the largest entry on the way.
        assert_close(got / scale, part / scale, **budget(*values(call) * 2))


def test_every_algorithm_is_traced_that_neither_draws_nor_trains_nor_writes():
    for function in implementations("algorithms").values():
        if takes_arrays(function):
            arguments = signature(function).arguments
            assert traceable(function) != bool(EAGER & arguments.keys())


# What a trace cannot see --------------------------------------------------------------------------


@pytest.mark.parametrize("token", [-1, 23, 2**31 - 1])
def test_under_jit_a_token_outside_the_vocabulary_gives_nan_and_no_other_column(token):
    e = jax.jit(token_embedding)(jnp.asarray([0, token], dtype=jnp.int32), jnp.asarray(W_e))
    assert np.isfinite(e[:, 0]).all()
    assert np.isnan(e[:, 1]).all()


def test_a_fully_masked_column_has_finite_gradients():
    X, Mask = generic.matrix(8, 6), np.arange(6) != 2
    W = initialise(AttentionParameters, generic.rng(), d_attn=4, d_x=8, d_z=8, d_out=5)
    Mask = np.broadcast_to(Mask, (6, 6))
    gradient = jax.grad(
        lambda W: Attention(jnp.asarray(X), jnp.asarray(X), W, jnp.asarray(Mask)).sum()
    )
    assert all(np.isfinite(leaf).all() for leaf in gradient(W.map(jnp.asarray)))
    tensors = W.map(lambda w: torch.tensor(w, requires_grad=True))
    Attention(torch.asarray(X), torch.asarray(X), tensors, torch.tensor(Mask)).sum().backward()
    assert all(torch.isfinite(leaf.grad).all() for leaf in tensors)
