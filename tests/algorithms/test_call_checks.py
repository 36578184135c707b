"""Is every call of an algorithm checked, once, and is nothing else?"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from typing import Annotated, Generic, NamedTuple

import array_api_strict
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from helpers import generic
from helpers.public_things import checked_functions
from jaxtyping import Float
from numpy.typing import NDArray

from algorithms import (
    GELU,
    DTransformer,
    DTransformerParameters,
    DTypeError,
    ShapeError,
    layer_norm,
    softmax,
    token_embedding,
)
from algorithms.extensions.optimizers import momentum
from algorithms.gradients import layer_norm_pullback
from algorithms.signatures import checked_call, decorator
from algorithms.signatures.annotations import declared, read
from algorithms.signatures.arrays import A, A_co
from algorithms.signatures.check import Check
from algorithms.signatures.declarations import With
from algorithms.signatures.decorator import algorithm, checked

E, GAMMA = generic.matrix(4, 3), generic.matrix(4)
SHORT = GAMMA[:3]
MISMATCH = r"layer_norm: gamma has shape \(3,\), want \(d_e,\) where d_e=4 \(e\)"


@pytest.fixture
def scopes(monkeypatch):
    """The functions whose calls were checked, in order."""
    names = []

    class Counted(Check):
        def __init__(self, function, shared=None):
            names.append(function)
            super().__init__(function, shared)

    monkeypatch.setattr(checked_call, "Check", Counted)
    return names


# The number ---------------------------------------------------------------------------------------


def test_a_decorated_function_keeps_its_name_and_its_text():
    for function in checked_functions():
        assert function.__wrapped__.__name__ == function.__name__
        assert function.__doc__ == function.__wrapped__.__doc__


def test_a_number_may_be_a_name():
    @algorithm("∇4", requires=("n > 0",))
    def pullback(n: int) -> int:
        return n

    assert (pullback.algorithm, pullback.requires) == ("∇4", ("n > 0",))


# When a call is checked ---------------------------------------------------------------------------


def test_only_the_outermost_call_is_checked(scopes):
    theta = generic.theta(DTransformerParameters)
    DTransformer(generic.tokens(5), theta)
    softmax(E)
    assert scopes == ["DTransformer", "softmax"]


def test_a_call_after_one_that_was_refused_is_checked(scopes):
    for _ in range(2):
        with pytest.raises(ShapeError, match=MISMATCH):
            layer_norm(E, SHORT, GAMMA)
    assert scopes == ["layer_norm", "layer_norm"]


def test_a_call_after_one_that_failed_inside_is_checked():
    @checked()
    def failing(e: Float[A, " d_e"]) -> Float[A, " d_e"]:
        raise KeyError

    with pytest.raises(KeyError):
        failing(GAMMA)
    with pytest.raises(ShapeError, match=MISMATCH):
        layer_norm(E, SHORT, GAMMA)


def test_a_call_in_another_thread_is_checked_while_one_is_going_on_here():
    errors = []

    def refused():
        try:
            layer_norm(E, SHORT, GAMMA)
        except ShapeError as error:
            errors.append(error)

    def activation(X):
        thread = threading.Thread(target=refused)
        thread.start()
        thread.join()
        return GELU(X)

    DTransformer(
        generic.tokens(5), generic.theta(DTransformerParameters, L=1), activation=activation
    )
    assert len(errors) == 1


def test_the_switch_turns_the_checks_off(scopes, monkeypatch):
    monkeypatch.setattr(decorator, "enabled", False)
    assert layer_norm(E, GAMMA[:1], GAMMA[:1]).shape == E.shape  # broadcast, without a word
    assert scopes == []


@pytest.mark.parametrize(("value", "enabled"), [("0", False), ("1", True), (None, True)])
def test_the_environment_sets_the_switch(value, enabled):
    environment = {k: v for k, v in os.environ.items() if k != "FORMAL_TRANSFORMERS_CHECKS"}
    if value is not None:
        environment["FORMAL_TRANSFORMERS_CHECKS"] = value
    program = "from algorithms.signatures import decorator; print(decorator.enabled)"
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == str(enabled)


# What is checked ----------------------------------------------------------------------------------


def test_a_name_is_one_size_in_the_arguments_and_in_the_result():
    @checked()
    def product(X: Float[A, "m n"], Y: Float[A, "n m"]) -> Float[A, "m m"]:
        return X @ Y

    @checked()
    def wrong(X: Float[A, "m n"], Y: Float[A, "n m"]) -> Float[A, "m m"]:
        return Y @ X

    assert product(E, E.mT).shape == (4, 4)
    with pytest.raises(ShapeError) as caught:
        wrong(E, E.mT)
    assert str(caught.value).startswith("wrong: result has shape (3, 3), want (m, m) where m=4 (X)")


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (lambda X: X[0], ShapeError, r"result has shape \(3,\), want \(m, n\)"),
        (lambda X: X[None], ShapeError, r"result has shape \(1, 4, 3\), want \(m, n\)"),
        (lambda X: X.mT, ShapeError, r"result has shape \(3, 4\), want \(m, n\) where m=4 \(X\)"),
        (lambda X: X.astype(np.float32), DTypeError, "result has dtype float32, X has float64"),
        (lambda X: X > 0, DTypeError, "result has dtype bool, want float"),
        (lambda X: X.tolist(), DTypeError, r"result is of type list, want an array \(float\)"),
        (torch.asarray, DTypeError, "result is an array of torch, X one of numpy"),
        (lambda X: None, DTypeError, "result is of type NoneType, want an array"),
    ],
)
def test_a_wrong_result_is_refused(body, error, message):
    @checked()
    def function(X: Float[A, "m n"]) -> Float[A, "m n"]:
        return body(X)

    with pytest.raises(error, match=f"^function: {message}"):
        function(E)


class Inner(NamedTuple, Generic[A_co]):
    W: Float[A_co, "*batch m n"]


class Outer(NamedTuple, Generic[A_co]):
    part: Annotated[Inner[A_co], With(m="k", batch="H")]


def test_a_part_of_a_part_has_the_names_of_the_whole():
    whole = read(Annotated[Outer[NDArray[np.float64]], With(k="d_e", n="ell")])
    assert whole.fields["part"].fields["W"].axes == ("H", "d_e", "ell")


# One library, one float type ----------------------------------------------------------------------

LIBRARIES = {
    "numpy": np.asarray,
    "torch": torch.asarray,
    "jax": jnp.asarray,
    "array_api_strict": array_api_strict.asarray,
}


@pytest.mark.parametrize(("one", "other"), [*itertools.permutations(LIBRARIES, 2)])
def test_arrays_of_two_libraries_are_refused(one, other):
    v, W_e = LIBRARIES[one]([0, 2]), LIBRARIES[other](E.astype(np.float32))
    with pytest.raises(DTypeError) as caught:
        token_embedding(v, W_e)
    assert str(caught.value) == (
        f"token_embedding: W_e is an array of {other}, v one of {one}: want one library"
    )


FLOATS = [np.float32, np.float64]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("eps", [1, 0.5, np.float32(0.5), np.float64(0.5), np.array(0.5)])
def test_a_number_is_of_the_arrays_type_or_of_none(eps, dtype):
    e, gamma = E.astype(dtype), GAMMA.astype(dtype)
    if getattr(eps, "dtype", dtype) == dtype:
        assert layer_norm(e, gamma, gamma, eps=eps).dtype == dtype
    else:
        with pytest.raises(DTypeError, match=r"eps has dtype .*: want one float type$"):
            layer_norm(e, gamma, gamma, eps=eps)


@pytest.mark.parametrize("eps", [np.int64(1), np.bool_(True), np.complex128(1), np.array([0.5])])
def test_a_number_of_no_float_type_is_refused(eps):
    with pytest.raises(DTypeError, match=r"^layer_norm: eps "):
        layer_norm(E, GAMMA, GAMMA, eps=eps)


# Under tracing ------------------------------------------------------------------------------------


def test_jax_jit_checks_while_it_traces_and_never_again(scopes):
    traced = jax.jit(layer_norm)
    e, gamma = jnp.asarray(E), jnp.asarray(GAMMA)
    for _ in range(3):
        traced(e, gamma, gamma)
    assert scopes == ["layer_norm"]
    with pytest.raises(ShapeError, match=MISMATCH):
        traced(e, gamma[:3], gamma)


@pytest.mark.parametrize("x64", [False, True])
def test_a_python_number_is_accepted_when_jax_jit_traces_it(x64):
    with jax.enable_x64(x64):
        e, gamma = jnp.asarray(E), jnp.asarray(GAMMA)
        traced = jax.jit(lambda eps: layer_norm(e, gamma, gamma, eps=eps))
        for eps in (0.5, 1, jnp.asarray(0.5, e.dtype)):
            assert traced(eps).dtype == e.dtype


def test_a_traced_number_of_another_float_type_is_refused():
    e, gamma = jnp.asarray(E), jnp.asarray(GAMMA)
    traced = jax.jit(lambda eps: layer_norm(e, gamma, gamma, eps=eps))
    with pytest.raises(DTypeError, match="eps has dtype float16, e has float32"):
        traced(jnp.asarray(0.5, jnp.float16))


def test_jax_vmap_is_checked(scopes):
    e, gamma = jnp.asarray([E, E]), jnp.asarray(GAMMA)
    assert jax.vmap(layer_norm, (0, None, None))(e, gamma, gamma).shape == e.shape
    assert scopes == ["layer_norm"]
    with pytest.raises(ShapeError, match=MISMATCH):
        jax.vmap(layer_norm, (0, None, None))(e, gamma[:3], gamma)


def test_torch_vmap_is_checked_and_hides_no_token(scopes):
    v, W_e = torch.tensor([[0, 2], [1, 1]]), torch.asarray(E)
    embedded = torch.func.vmap(token_embedding, (0, None))(v, W_e)
    assert embedded.shape == (2, 4, 2)
    assert scopes == ["token_embedding"]


def test_torch_compile_leaves_the_checks_out(scopes):
    compiled = torch.compile(layer_norm, backend="eager", fullgraph=True)
    e, gamma = torch.asarray(E), torch.asarray(GAMMA)
    assert compiled(e, gamma, gamma).shape == e.shape
    assert scopes == []
    layer_norm(e, gamma, gamma)
    assert scopes == ["layer_norm"]


def test_torch_export_leaves_the_checks_out(scopes):
    class Normalised(torch.nn.Module):
        def forward(self, e, gamma):
            return layer_norm(e, gamma, gamma)

    # Not strict: this traces by running the code, where `compile` reads it.
    arguments = torch.asarray(E), torch.asarray(GAMMA)
    exported = torch.export.export(Normalised(), arguments, strict=False).module()
    assert scopes == []
    assert torch.equal(exported(*arguments), layer_norm(*arguments, arguments[1]))


def test_several_results_are_a_tuple_of_as_many():
    results = declared(layer_norm_pullback).result
    with pytest.raises(DTypeError, match=r"f: result is .*, want a tuple of 3"):
        Check("f").check(results, np.ones(2), "result", False)


@pytest.mark.parametrize("theta", [(), "none"], ids=["no array", "a string"])
def test_all_entries_are_of_arrays(theta):
    with pytest.raises(DTypeError, match="momentum: theta"):
        momentum(theta, np.ones(2), np.ones(2), eta=0.1)
