"""Does every function do what its signature says, on any call of any sizes?

Rung 3 of *verified*: calls are drawn from the annotations (see `strategies`), and each claim is
made of every checked function that it can be made of.
"""

from __future__ import annotations

import re
from collections import Counter

import jax.numpy as jnp
import numpy as np
import pytest
import torch
from helpers.public_things import checked_functions, every_function
from helpers.rounding import assert_close, budget
from helpers.shown_sizes import step
from helpers.strategies import (
    SMOOTH,
    assert_same,
    calls,
    flat,
    leaves,
    lengths,
    numbers_of_items,
    requires,
    signature,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from algorithms import DTypeError, ShapeError, token_embedding
from algorithms.signatures.annotations import (
    ArrayOf,
    Items,
    Number,
    Record,
    Several,
)
from algorithms.signatures.messages import compiled

SEVERAL = range(1, 3)
INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
OTHER_TYPES = {
    "float": [np.int64, np.bool_, np.complex128, object],
    "integer": [np.float64, np.bool_, object],
    "bool": [np.int64, np.uint8, np.float64, object],
}


# Of which functions a claim can be made -----------------------------------------------------------


def arrays(declaration):
    """Yield each array that every value has; of layers two, so that they share their names."""
    match declaration:
        case ArrayOf():
            yield declaration
        case Record(_, fields):
            for part in fields.values():
                yield from arrays(part)
        case Items(item, _, shared):
            yield from [*arrays(item)] * (1 + shared)


def any_shape(function):
    """Whether it has one array, which is taken as a vector whatever its shape is."""
    return [array.all_entries for array in inputs(function)] == [True]


def inputs(function):
    return [array for part in signature(function).arguments.values() for array in arrays(part)]


def optional_inputs(function):
    parts = signature(function).arguments.values()
    return [part.value for part in parts if isinstance(getattr(part, "value", None), ArrayOf)]


def results(function):
    """The arrays of the result, but those of θ."""
    result = signature(function).result
    some = result.parts if isinstance(result, Several) else [result]
    return [part for part in some if isinstance(part, ArrayOf)]


def parts(call):
    """The arrays of its result."""
    return leaves(signature(call.function).result, call.run(), "result")


def times(function):
    """How often each name of an axis stands in the arguments."""
    return Counter(n for a in inputs(function) for axis in a.axes for n in compiled(axis).co_names)


def numbers(function):
    """The arguments that are numbers, or None."""
    parts = signature(function).arguments.items()
    return [name for name, part in parts if isinstance(getattr(part, "value", part), Number)]


with_arrays = every_function(inputs)
with_bound_arrays = every_function(lambda f: inputs(f) and not any_shape(f))
with_axes = every_function(lambda f: times(f) and not any_shape(f))
with_a_size_in_several_places = every_function(lambda f: max(times(f).values(), default=0) > 1)
with_a_size_in_one_place = every_function(lambda f: 1 in times(f).values())
with_leading_axes = every_function(lambda f: any(array.batch for array in inputs(f)))
with_a_result_of_a_batch = every_function(
    lambda f: any(array.batch == "*batch" for array in results(f))
)
with_a_sum_over_a_batch = every_function(
    lambda f: (
        any(array.batch for array in inputs(f)) and not all(array.batch for array in results(f))
    )
)
with_indices = every_function(lambda f: any(array.below for array in inputs(f)))
with_padding = every_function(lambda f: any(array.right_padding for array in optional_inputs(f)))
with_numbers = every_function(numbers)
rules = pytest.mark.parametrize(
    ("function", "rule"),
    [
        pytest.param(function, rule, id=f"{function.__name__}: {rule}")
        for function in checked_functions()
        for rule in requires(function)
    ],
)


# What is looked at --------------------------------------------------------------------------------


def assert_as_declared(call, result):
    """The shape and the type of the annotation, and no NaN."""
    declaration = signature(call.function).result
    if isinstance(declaration, Number):
        assert type(result) is declaration.type
    floats = {leaf.value.dtype for leaf in call.leaves if leaf.declaration.kind == "float"}
    types = {
        "float": floats.pop() if floats else np.dtype(np.float64),
        "integer": np.dtype(np.int64),
        "bool": np.dtype(np.bool_),
    }
    for leaf in leaves(declaration, result, "result"):
        assert leaf.value.dtype == types[leaf.declaration.kind]
        assert np.isfinite(leaf.value).all()
        # A name that no argument has may be any size.
        sizes = {axis.name: axis.size for axis in leaf.axes} | call.sizes()
        assert [axis.size for axis in leaf.axes] == [sizes[axis.name] for axis in leaf.axes]
        match leaf.declaration.batch:
            case "*#batch":  # it may leave out what broadcasting brings back
                assert np.broadcast_shapes(leaf.leading, call.batch) == call.batch
            case batch:
                assert leaf.leading == (call.batch if batch else ())


def assert_equal(call, got, want):
    """No bit of the results differs."""
    for one, other in zip(flat(call, got), flat(call, want), strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        assert one.tobytes() == other.tobytes()


def refusal(call, error):
    """The message of the error that a call raises: one line, which begins with the function."""
    with pytest.raises(error) as caught:
        call.run()
    assert caught.type is error
    message = str(caught.value)
    assert message.startswith(f"{call.function.__name__}: ")
    assert "\n" not in message
    return message


def stands_in(message, path):
    """Whether a message names this part, and not one of a longer name."""
    return re.search(rf"(?<![\w.]){re.escape(path)}(?![\w.\[])", message) is not None


# A call that agrees with the signature ------------------------------------------------------------


@every_function()
@given(data=st.data())
def test_any_drawn_call_returns_what_is_declared_the_same_bits_again_and_changes_nothing(
    function, data
):
    call = data.draw(calls(function, data.draw(st.sampled_from([np.float64, np.float32]))))
    before = [leaf.value.tobytes() for leaf in call.leaves]
    result = call.run()
    assert_as_declared(call, result)
    assert_equal(call, result, call.run())
    assert before == [leaf.value.tobytes() for leaf in call.leaves]


def column_major(array):
    return np.array(array, order="F")


def backwards(array):
    """The array on negative strides."""
    reverse = (slice(None, None, -1),) * array.ndim
    return array[(*reverse, ...)].copy()[(*reverse, ...)]


def spread(array):
    """The array on every other place of a larger one."""
    wide = np.zeros([2 * n for n in array.shape], array.dtype)
    view = wide[(*(slice(None, None, 2),) * array.ndim, ...)]
    view[...] = array
    return view


@with_arrays
@given(data=st.data())
def test_where_arrays_lie_in_memory_changes_nothing_but_rounding(function, data):
    call = data.draw(calls(function, keeping=SMOOTH))
    layout = data.draw(st.sampled_from([column_major, backwards, spread]))
    moved = call.each(lambda leaf: layout(leaf.value))
    assert_same(call, moved.run(), call.run())


def member(leaf, batch, index):
    """One of a batch: the array at this index of the leading axes."""
    if not leaf.declaration.batch:
        return leaf.value
    named = leaf.value.shape[len(leaf.leading) :]
    return np.broadcast_to(leaf.value, (*batch, *named))[(*index, ...)]


def alone(call, index):
    """The call with one of its batch."""
    return call.each(lambda leaf: member(leaf, call.batch, index))


@with_a_result_of_a_batch
@given(data=st.data())
def test_each_of_a_batch_is_computed_as_if_alone(function, data):
    call = data.draw(calls(function, batch=SEVERAL, keeping=SMOOTH))
    index = tuple(data.draw(st.integers(0, n - 1)) for n in call.batch)
    single = alone(call, index)
    near = budget(*single.arguments.values())
    for whole, part in zip(parts(call), parts(single), strict=True):
        if whole.declaration.batch == "*batch":
            assert_close(member(whole, call.batch, index), part.value, **near)


@with_a_sum_over_a_batch
@given(data=st.data())
def test_what_has_no_leading_axes_is_a_sum_over_the_batch(function, data):
    call = data.draw(calls(function, batch=SEVERAL, keeping=SMOOTH))
    every = [parts(alone(call, index)) for index in np.ndindex(call.batch)]
    near = budget(call.batch, *call.arguments.values())
    for n, whole in enumerate(parts(call)):
        if not whole.declaration.batch:
            total = np.sum([single[n].value for single in every], axis=0)
            assert_close(whole.value, total, **near)


def none_of(leaf):
    """An empty batch of the array, but of a parameter the parameter."""
    return leaf.value[None][:0] if leaf.declaration.batch and not leaf.theta else leaf.value


@with_leading_axes
@given(data=st.data())
def test_an_empty_batch_gives_an_empty_result(function, data):
    empty = data.draw(calls(function, batch=range(1))).each(none_of)
    assert_as_declared(empty, empty.run())


@with_indices
@given(data=st.data())
def test_indices_of_any_integer_type_give_the_same_result(function, data):
    call = data.draw(calls(function))
    integer = data.draw(st.sampled_from(INTEGERS))
    other = call.each(
        lambda leaf: leaf.value.astype(integer) if leaf.declaration.below else leaf.value
    )
    assert_equal(call, other.run(), call.run())


@pytest.mark.parametrize("library", [np, torch, jnp], ids=lambda library: library.__name__)
@pytest.mark.parametrize("integer", INTEGERS)
def test_a_vocabulary_may_be_larger_than_the_integer_type_of_the_tokens(integer, library):
    v, W_e = np.array([0, 127], integer), np.arange(70_000.0, dtype=np.float32)[None, :]
    e = token_embedding(library.asarray(v), library.asarray(W_e))
    assert e.tolist() == [[0, 127]]


# A call that does not agree -----------------------------------------------------------------------

#: It is refused by a check that all functions share: of each, some calls are enough.
some = settings(max_examples=settings().max_examples // 3)


def longer(axis):
    """The axis's array, with the first of its slices once more, in front: padding stays behind."""
    first = axis.leaf.value.take([0] * step(axis.name), axis=axis.place)
    return np.concatenate([first, axis.leaf.value], axis=axis.place)


def axes(call, *, alone):
    """The axes whose sizes stand in no other place, or those that share one."""
    declarations = signature(call.function).arguments
    places = Counter(name for axis in call.axes for name in axis.names)
    for name, value in call.arguments.items():
        places.update(((), size) for size, _ in lengths(declarations[name], value))
    return [a for a in call.axes if alone == all(places[name] == 1 for name in a.names)]


@with_a_size_in_several_places
@some
@given(data=st.data())
def test_a_size_changed_in_one_of_several_places_is_refused(function, data):
    call = data.draw(calls(function))
    axis = data.draw(st.sampled_from(axes(call, alone=False)))
    message = refusal(call.but(axis.leaf, longer(axis)), ShapeError)
    assert stands_in(message, axis.leaf.path)


@with_a_size_in_one_place
@some
@given(data=st.data())
def test_a_size_that_stands_in_one_place_may_change_and_the_result_follows(function, data):
    call = data.draw(calls(function))
    alone = axes(call, alone=True)
    assume(alone)  # where padding is given, say, none is
    axis = data.draw(st.sampled_from(alone))
    changed = call.but(axis.leaf, longer(axis))
    assume(changed.allowed)
    assert_as_declared(changed, changed.run())


@with_axes
@some
@given(data=st.data())
def test_an_array_with_an_axis_too_few_is_refused(function, data):
    call = data.draw(calls(function))
    leaf = data.draw(st.sampled_from([leaf for leaf in call.leaves if leaf.axes]))
    message = refusal(call.but(leaf, leaf.value[(0,) * (len(leaf.leading) + 1)]), ShapeError)
    assert stands_in(message, leaf.path)


def broadcast(call):
    """The leading axes of the result, or None if the arguments' do not agree."""
    equal = {leaf.leading for leaf in call.leaves if leaf.declaration.batch == "*batch"}
    sides = [
        [a.leading for a in call.leaves if a.declaration.batch == "*#batch" and a.theta is theta]
        for theta in (False, True)
    ]
    try:
        inputs, theta = (np.broadcast_shapes(*side) for side in sides)
        batch = np.broadcast_shapes(inputs, theta, *equal)
    except ValueError:
        return None
    shared = any(m > 1 and n > 1 for m, n in zip(inputs[::-1], theta[::-1], strict=False))
    return None if shared or equal - {batch} else batch


@with_bound_arrays
@some
@given(data=st.data())
def test_leading_axes_agree_or_the_call_is_refused(function, data):
    call = data.draw(calls(function))
    leaf = data.draw(st.sampled_from(call.leaves))
    leading = data.draw(st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=3))
    one = leaf.value[(*(0,) * len(leaf.leading), ...)]
    changed = call.but(leaf, np.broadcast_to(one, (*leading, *one.shape)))
    if leaf.declaration.batch and broadcast(changed) is not None:
        assert_as_declared(changed, changed.run())
    else:
        message = refusal(changed, ShapeError)
        assert any(f": {other.path} has shape " in message for other in changed.leaves)


@rules
@some
@given(data=st.data())
def test_what_a_function_requires_is_asked_of_every_call(function, rule, data):
    call = data.draw(calls(function, breaking=rule))
    assume(not call.allowed)  # an argument that is left out breaks nothing
    names = set(compile(rule, rule, "eval").co_names)
    given = {*numbers(function), *numbers_of_items(function)}
    error = ValueError if names & given else ShapeError
    assert f"want {rule}, got " in refusal(call, error)


@with_arrays
@some
@given(data=st.data())
def test_an_array_of_another_type_is_refused(function, data):
    call = data.draw(calls(function))
    leaf = data.draw(st.sampled_from(call.leaves))
    other = data.draw(st.sampled_from(OTHER_TYPES[leaf.declaration.kind]))
    assert refusal(call.but(leaf, leaf.value.astype(other)), DTypeError) == (
        f"{function.__name__}: {leaf.path} has dtype {np.dtype(other)}, "
        f"want {leaf.declaration.kind}"
    )


@every_function(lambda f: [a.kind for a in inputs(f)].count("float") > 1)
@some
@given(data=st.data())
def test_two_float_types_in_one_call_are_refused(function, data):
    call = data.draw(calls(function))
    floats = [leaf for leaf in call.leaves if leaf.declaration.kind == "float"]
    leaf = data.draw(st.sampled_from(floats))
    message = refusal(call.but(leaf, leaf.value.astype(np.float32)), DTypeError)
    assert message.endswith(": want one float type")
    assert stands_in(message, leaf.path)


@with_arrays
@some
@given(data=st.data())
def test_what_is_no_array_is_refused(function, data):
    call = data.draw(calls(function))
    leaf = data.draw(st.sampled_from(call.leaves))
    wrong = data.draw(st.sampled_from([leaf.value.tolist(), (), "1"]))
    assert refusal(call.but(leaf, wrong), DTypeError) == (
        f"{function.__name__}: {leaf.path} is of type {type(wrong).__name__}, "
        f"want an array ({leaf.declaration.kind})"
    )


@with_numbers
@some
@given(data=st.data())
def test_what_is_no_number_is_refused(function, data):
    call = data.draw(calls(function))
    for name in numbers(function):
        declaration = signature(function).arguments[name]
        kind = getattr(declaration, "value", declaration).type
        for wrong in (True, "1", 1j, *[1.5] * (kind is int)):
            changed = call._replace(arguments={**call.arguments, name: wrong})
            assert refusal(changed, DTypeError) == (
                f"{function.__name__}: {name} is of type {type(wrong).__name__}, "
                f"want {kind.__name__}"
            )


@with_indices
@some
@given(data=st.data())
def test_an_index_outside_its_range_is_refused(function, data):
    call = data.draw(calls(function))
    sizes = call.sizes()
    bounded = [a for a in call.leaves if a.declaration.below and a.declaration.below.size in sizes]
    assume(bounded)
    leaf = data.draw(st.sampled_from(bounded))
    size, noun = leaf.declaration.below
    wrong = data.draw(st.sampled_from([-1, sizes[size]]))
    indices = leaf.value.copy()
    indices.flat[data.draw(st.integers(0, indices.size - 1))] = wrong
    assert refusal(call.but(leaf, indices), IndexError) == (
        f"{function.__name__}: {leaf.path} holds {noun} {wrong}, "
        f"outside 0 … {sizes[size] - 1} ({size} = {sizes[size]})"
    )


@with_padding
@some
@given(data=st.data())
def test_padding_left_of_a_token_is_refused(function, data):
    call = data.draw(calls(function, keeping=("ell > 1", "ell_x > 1", "ell_z > 1")))
    padded = [leaf for leaf in call.leaves if leaf.declaration.right_padding]
    assume(padded and padded[0].value.size)
    leaf = data.draw(st.sampled_from(padded))
    wrong = leaf.value.copy()
    index = tuple(data.draw(st.integers(0, n - 1)) for n in leaf.leading)
    gap = data.draw(st.integers(0, wrong.shape[-1] - 2))
    token = data.draw(st.integers(gap + 1, wrong.shape[-1] - 1))
    wrong[(*index, gap)], wrong[(*index, token)] = False, True
    assert refusal(call.but(leaf, wrong), ValueError) == (
        f"{function.__name__}: {leaf.path} has True after False, want all True, then all False in "
        "each sequence: positions count from the left, so pad at the right end"
    )
