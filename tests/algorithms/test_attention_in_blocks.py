"""Is attention by blocks Algorithm 4, for every mask and block, and wherever it takes its place?"""

from __future__ import annotations

from functools import partial, wraps
from inspect import signature

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from helpers import generic
from helpers.public_things import checked_functions, every_function
from helpers.rounding import assert_close
from helpers.strategies import TAME, Call, assert_same, many

from algorithms import (
    Attention,
    AttentionParameters,
    initialise,
    softmax,
    unembedding,
    unidirectional_mask,
)
from algorithms.extensions import (
    BlockAttention,
    OnlineAttention,
    attend,
    banded_mask,
    block_attend,
    online_attend,
)
from algorithms.extensions.block_attention import PIECE
from algorithms.paper.attention import gathered
from algorithms.signatures.arrays import COLUMNS, ROWS, by_columns, column_max

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

#: With the signature of the literal form, by blocks.
BY_BLOCKS = {Attention: (BlockAttention, OnlineAttention), attend: (block_attend, online_attend)}
PAIRS = [(literal, other) for literal, others in BY_BLOCKS.items() for other in others]
every_pair = pytest.mark.parametrize(("literal", "blocks"), PAIRS)

#: Code that runs once takes longer to make quick than to run.
UNOPTIMISED = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}

#: Context tokens: several pieces, and a part of one.
ELL_Z, ELL_X = 2 * PIECE + 9, 11
T_Z, T_X = np.arange(ELL_Z)[:, None], np.arange(ELL_X)
MASKS = {
    "all": T_Z + T_X >= 0,
    "nobody": T_Z + T_X < 0,
    "first columns nobody": (T_X >= 4) & (T_Z % 3 > 0),
    "the beginning": T_Z <= T_X,
    "a band in the middle": (T_Z >= PIECE + T_X) & (T_Z < PIECE + T_X + 3),
    "the end": T_Z >= ELL_Z - 1 - T_X,
    "at random": generic.matrix(ELL_Z, ELL_X) > 1,
    "a batch": generic.matrix(2, 1, ELL_Z, ELL_X) > 1,
}


@pytest.fixture(autouse=True)
def as_numpy_computes():
    """In float64, in JAX too."""
    with jax.enable_x64(True):
        yield


def arguments(literal, mask, dtype=np.float64):
    """What both forms take: tokens, or a batch of queries with one of keys, for several heads."""
    rows = (8, 9) if literal is Attention else (5, 5)
    arrays = [generic.matrix(2, 1, rows[0], ELL_X), generic.matrix(rows[1], ELL_Z, seed=1)]
    if literal is Attention:
        sizes = {"d_x": 8, "d_z": 9, "d_attn": 5, "d_out": 7}
        one = [initialise(AttentionParameters, generic.rng(h), **sizes) for h in range(3)]
        heads = AttentionParameters(*map(np.stack, zip(*one, strict=True)))
        arrays.append(generic.redrawn(heads))
    else:
        arrays.append(generic.matrix(3, 1, 1, 7, ELL_Z, seed=2))
    return *jax.tree.map(lambda a: a.astype(dtype), arrays), mask


# Equality -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("B", [1, 4, ELL_X - 1, 64, 1000])
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@every_pair
def test_every_block_and_mask_gives_the_literal_form(literal, blocks, mask, B, dtype):
    given = arguments(literal, mask, dtype)
    # 5.1: scores of 9 and 5 terms, and a mean of up to all of the context.
    assert_close(blocks(*given, B=B), literal(*given), terms=ELL_Z, sums=4)


@pytest.mark.parametrize("asarray", [np.asarray, torch.asarray])
@every_pair
def test_a_token_that_may_attend_to_nobody_gets_zeros(literal, blocks, asarray):
    *given, Mask = arguments(literal, MASKS["first columns nobody"])
    result = blocks(*jax.tree.map(asarray, given), asarray(Mask), B=2)
    assert np.array_equal(np.asarray(result)[..., :4], np.zeros((*result.shape[:-1], 4)))
    assert np.isfinite(np.asarray(result)).all()


@pytest.mark.parametrize("blocks", [block_attend, online_attend])
def test_where_nobody_is_seen_gradients_are_finite(blocks):
    Mask = MASKS["first columns nobody"][:5, 2:6]
    Q, K, V = generic.matrix(2, 4), generic.matrix(2, 5, seed=1), generic.matrix(3, 5, seed=2)
    tensors = [torch.tensor(array, requires_grad=True) for array in (Q, K, V)]
    blocks(*tensors, torch.asarray(Mask), B=3).sum().backward()

    def total(*arrays):
        return blocks(*arrays, jnp.asarray(Mask), B=3).sum()

    slope = jax.jit(jax.grad(total, (0, 1, 2)), compiler_options=UNOPTIMISED)
    for tensor, found in zip(tensors, slope(Q, K, V), strict=True):
        assert np.isfinite(tensor.grad.numpy()).all()
        assert_close(np.asarray(found), tensor.grad.numpy(), terms=5, sums=8)


# What is left out ---------------------------------------------------------------------------------


def test_pieces_of_the_context_that_no_query_of_a_block_sees_are_left_out():
    Q, K, V, Mask = arguments(attend, MASKS["a band in the middle"])
    want = block_attend(Q, K, V, Mask, B=4)
    outside = np.arange(ELL_Z) // PIECE != 1
    V = np.where(outside, np.nan, V)  # 0 · nan is nan
    assert np.array_equal(block_attend(Q, K, V, Mask, B=4), want)
    traced = jax.jit(partial(block_attend, B=8), compiler_options=UNOPTIMISED)(Q, K, V, Mask)
    assert jnp.isnan(traced).all()  # not while the values of a mask are unknown


def test_more_than_B_queries_are_never_held_together():
    shapes = []

    class Counted(np.ndarray):
        def __matmul__(self, other):
            shapes.append(other.shape)
            return np.asarray(self) @ np.asarray(other)

    Q, K, V, Mask = arguments(attend, MASKS["all"])
    block_attend(Q, K.view(Counted), V.view(Counted), Mask, B=4)
    assert {shape[-1] for shape in shapes} == {4, ELL_X % 4}


@pytest.mark.parametrize("blocks", [other for _, other in PAIRS])
def test_a_block_has_a_column(blocks):
    literal = next(one for one, other in PAIRS if other is blocks)
    with pytest.raises(ValueError, match=f"{blocks.__name__}: want B >= 1, got B=0"):
        blocks(*arguments(literal, MASKS["all"]), B=0)


def test_of_a_large_vocabulary_NumPy_takes_some_columns_at_a_time():
    X, W_u = generic.matrix(3, 4, 2 * COLUMNS + 5), generic.matrix(7, 4, seed=1)
    taken = []

    def counted(X):
        taken.append(X.shape[-1])
        return X

    assert np.array_equal(by_columns(counted, X), X)
    assert taken == [COLUMNS, COLUMNS, 5]
    assert_close(unembedding(X, W_u), softmax(W_u @ X), terms=7, sums=2)
    assert by_columns(counted, torch.asarray(X)).shape == X.shape
    assert taken[3:] == [X.shape[-1]]


# In the place of the literal form -----------------------------------------------------------------


LAYERS = ("L >= 1", "L_enc >= 1", "L_dec >= 1")


def takes_attention(function):
    return "attention" in signature(function).parameters


every_function_with_attention = every_function(takes_attention)


@every_function_with_attention
def test_attention_by_blocks_may_stand_wherever_attention_does(function):
    (call, *_) = many(function, 40, batch=range(1, 2), crowded=False, keeping=(*TAME, *LAYERS))
    want = call.run()
    for blocks in BY_BLOCKS[signature(function).parameters["attention"].default]:
        used = []

        @wraps(blocks)
        def small(*given, blocks=blocks, used=used):
            used.append(blocks)
            return blocks(*given, B=2)

        other = Call(function, {**call.arguments, "attention": small})
        assert_same(call, other.run(), want)
        assert used


@every_function_with_attention
def test_what_attention_is_not_is_refused_by_name(function):
    """The other kind, a block of no column, another number of arguments, and another shape."""
    (call, *_) = many(function, 40, batch=range(1, 2), crowded=False, keeping=(*TAME, *LAYERS))
    literal = signature(function).parameters["attention"].default
    other, online = (attend, online_attend), (Attention, OnlineAttention)
    (wrong, _), (_, blocks) = (other, online) if literal is Attention else (online, other)
    taken = "X, Z, W_qkv and Mask" if literal is Attention else "ready Q, K, V and Mask"
    refused = {
        wrong: f"^{wrong.__name__}: .*; attention= is called with {taken}, as ",
        partial(blocks, B=0): f"^{blocks.__name__}: want B >= 1, got B=0",
        partial(blocks, B=-1): f"^{blocks.__name__}: want B >= 1, got B=-1",
        lambda one: one: f"takes 1 positional argument.*; attention= is called with {taken}, as ",
        lambda *given: literal(*given)[
            ..., :0
        ]: r"^attention= gives an array of shape \(.*, 0\), w",
        lambda *given: None: r"^attention= gives an array of shape \(\), want",
    }
    for attention, message in refused.items():
        with pytest.raises((TypeError, ValueError), match=message):
            function(**call.arguments, attention=attention)


def test_what_an_attention_raises_by_itself_is_raised():
    def broken(*given):
        raise LookupError("its own")

    Q = generic.matrix(1, 2, 3)
    with pytest.raises(LookupError, match=r"^its own$"):
        gathered(broken, Q, Q, Q, np.ones((1, 3, 3), bool))
    failing = iter([1])

    def once(*given):
        for _ in failing:
            raise LookupError("its own")
        return given[2]

    with pytest.raises(LookupError, match=r"^its own$"):
        gathered(once, Q, Q, Q, np.ones((1, 3, 3), bool))


def test_every_function_made_of_others_hands_attention_on():
    names = {function.__name__ for function in checked_functions() if takes_attention(function)}
    assert names >= {"MHAttention", "EDTransformer", "GPT2", "BERT", "Marian", "GQAttention"}
    assert names >= {"Llama", "Mistral", "CrossLayerLlama", "Qwen", "GPTJ", "GPTNeoX"}


def test_the_masks_of_published_models_leave_out_what_they_hide():
    X = np.zeros((1, 3 * PIECE))
    for Mask in (unidirectional_mask(X), banded_mask(X, 5)):
        Q = K = generic.matrix(4, 3 * PIECE)
        V = generic.matrix(2, 3 * PIECE, seed=1)
        got = block_attend(Q, K, V, Mask, B=32)
        assert_close(got, attend(Q, K, V, Mask), terms=3 * PIECE, sums=4)


@pytest.mark.parametrize("m", [1, ROWS, ROWS + 1, ROWS + 2, 2 * ROWS + 1, 4 * ROWS + 3])
def test_the_largest_of_a_column_is_found_in_each_row(m):
    S = np.eye(m) - 2  # that of column j is in row j
    assert (column_max(S) == -1).all()
    assert column_max(np.stack([S, S + 1])).shape == (2, m)
