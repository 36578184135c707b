"""Is what a function's variables hold seen after each tagged statement, and nothing disturbed?"""

# ruff: noqa: F841 — what a statement assigns is asked of the event

from __future__ import annotations

import copy
import functools
import inspect
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import array_api_strict
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from helpers import generic
from helpers.cases import REFERENCE, case
from helpers.observed import events, mark, refs, seen

import algorithms
from algorithms import Attention, DTransformer
from algorithms.gradients import value_and_gradient
from spec.library import checked
from spec.line_by_line.event import NOTHING
from spec.line_by_line.observe import observe
from spec.machine.trees import arrays
from spec.pairing import statements

# Functions that are called


@mark("∇4")
def even(n):
    return n == 0 or odd(n - 1)  # ∇4.1


@mark("5")
def odd(n):
    return n != 0 and (n == 1 or even(n - 1))  # 5.1


def test_the_functions_of_algorithms_that_are_called_are_observed():
    found = events(even, 3)
    assert [(e.algorithm, e.function, refs(e), e.call) for e in found] == [
        *[("∇4", "even", "", 0), ("5", "odd", "", 1), ("∇4", "even", "", 2), ("5", "odd", "", 3)],
        *[(None, "odd", "5.1", 3), (None, "even", "∇4.1", 2)],
        *[(None, "odd", "5.1", 1), (None, "even", "∇4.1", 0)],
    ]
    assert [event.variables for event in found[:4]] == [{"n": n} for n in (3, 2, 1)] + [{"n": 0}]


def test_an_entry_holds_all_arguments():
    def f(a, /, b, *c, d=4, e=lambda z: z, **f):
        return z  # 4.1

    z, f.algorithm = 0, "4"
    entry, _ = events(f, 1, 2, 3, 3, g=5)
    want = {"a": 1, "b": 2, "c": (3, 3), "d": 4, "f": {"g": 5}}
    assert {**entry.variables} == {**want, "e": f.__kwdefaults__["e"]}
    assert (entry.refs, entry.result, entry.text) == ((), NOTHING, "f(a, b, c, d, e, f)")
    assert entry.row == inspect.getsourcelines(f)[1]


def test_a_function_keeps_its_attributes():
    def f():
        return f.scale  # 4.1

    f.scale, f.algorithm = 3, "4"
    assert observe(f).result == 3


def test_functions_of_an_enclosing_function_are_observed_too():
    calls = 0

    def outer(x):
        nonlocal calls
        calls += 1
        return inner(x)  # 4.1

    @mark("5")
    def inner(x):
        return x and outer(x - 1)  # 5.1

    before = inner
    assert [refs(event) for event in events(outer, 1)] == ["", "", "5.1", "4.1", "5.1", "4.1"]
    assert calls == 2
    assert inner is before


def test_no_module_and_no_function_is_changed():
    here, there = dict(globals()), dict(vars(algorithms.paper.decoder))
    code, tracing, profiling = DTransformer.__wrapped__.__code__, sys.gettrace(), sys.getprofile()
    events(even, 3)
    events(DTransformer, *case("10").arguments)
    assert globals() == here
    assert vars(algorithms.paper.decoder) == there
    assert DTransformer.__wrapped__.__code__ is code
    assert (sys.gettrace(), sys.getprofile()) == (tracing, profiling)


def test_calls_in_several_threads_are_told_apart():
    def f(pool):
        return list(pool.map(even, [3] * 20))  # 10.1

    with ThreadPoolExecutor(4) as pool:
        found = events(f, pool)
    assert found[-1].result == [False] * 20
    calls = [[event for event in found if event.call == n] for n in range(1, 81)]
    for entry, report in calls:
        assert (entry.algorithm, entry.function) == (report.refs[0].algorithm, report.function)
    assert len(found) == 161


def test_observing_may_be_observed():
    def f():
        return observe(even, 1)  # 4.1

    inner = observe(f).result
    assert [refs(event) for event in inner.events] == ["", "", "5.1", "∇4.1"]


# Decorators


def test_what_a_decorator_refuses_is_refused():
    observation = observe(even, -1)
    assert (str(observation.error), observation.events) == ("even refuses (-1,)", [])
    unmasked = observe(Attention, np.ones((2, 3)), np.ones((2, 3)), None, None)
    assert isinstance(unmasked.error, TypeError)
    assert unmasked.events == []


def test_a_decorator_that_cannot_take_the_twin_is_left_out():
    @functools.cache
    def f(x):
        return x + 1  # 4.1

    assert seen(f, 1) == seen(f, 1) == [("4.1", 2)]

    @functools.wraps(f)
    def g(x):
        return -1

    assert seen(g, 1) == [("4.1", 2)]


def test_a_name_without_its_function_yet_is_not_observed():
    def f(x):
        return x or late  # 4.1

    assert seen(f, 1) == [("4.1", 1)]
    assert isinstance(observe(f, 0).error, NameError)
    if f is None:
        late = 0


# Errors


def test_a_function_that_raises_has_its_events_until_then():
    def f(x):
        y = x  # 4.1
        return (
            1
            / y
        )  # fmt: skip  # 4.2

    observation = observe(f, 0)
    assert observation.result is NOTHING
    assert [refs(event) for event in observation.events] == ["4.1"]
    assert isinstance(observation.error, ZeroDivisionError)
    frame = traceback.extract_tb(observation.error.__traceback__)[-1]
    assert (frame.filename, frame.name, frame.line) == (__file__, "f", "1")
    assert frame.lineno == inspect.getsourcelines(f)[1] + 3
    assert isinstance(observe(even, 1, 2, 3).error, TypeError)  # arguments that do not fit


# Snapshots


class Pair(NamedTuple):
    W: Any
    b: Any


@pytest.mark.parametrize("ones", [np.ones, torch.ones, array_api_strict.ones])
@pytest.mark.parametrize(
    "hold",
    [
        lambda x: x,
        lambda x: [x],
        lambda x: (0, x),
        lambda x: {"x": x},
        lambda x: Pair(x, [Pair(0, x)]),
    ],
)
def test_what_is_written_later_is_not_in_an_event(ones, hold):
    def f(x):
        held = hold(x)  # 4.1; x = x; held = held
        x[0] = 2  # 4.2; x = x; held = held
        x[...] += 1  # 4.3; x = x; held = held
        return held  # 4.4; x = x; held = held

    x = ones(2)
    found = events(f, x)
    x[0] = 7
    for event, want in zip(found, [[1, 1], [2, 1], [3, 2], [3, 2]], strict=True):
        assert_holds(event.view("x"), want)
        assert_holds(event.view("held"), want)
    assert_holds(found[0].variables["held"], [1, 1])
    assert_holds(found[1].variables["x"], [2, 1])
    assert_holds(found[3].result, [3, 2])


def assert_holds(value, want):
    """Every array in a value is the one that is wanted."""
    assert {tuple(map(float, array)) for array in arrays(value)} == {tuple(want)}


def test_a_torch_array_is_held_apart_from_its_gradients():
    def f(w):
        y = w * w  # 4.1
        return y.sum()  # 4.2

    w = torch.ones(2, requires_grad=True)
    observation = observe(f, w)
    observation.result.backward()
    assert w.grad.tolist() == [2, 2]
    assert not observation.events[0].variables["y"].requires_grad


def test_jax_may_look_for_a_gradient_in_what_is_observed():
    def f(x):
        def loss(x):
            y = x * x  # 4.1
            return y.sum()  # 4.2

        return jax.jit(jax.value_and_grad(loss))(x)  # 4.3

    assert [refs(event) for event in events(f, jnp.ones(2))] == ["4.1", "4.2", "4.3"]
    value, gradient = observe(f, jnp.ones(2)).result
    assert (value, gradient.tolist()) == (2, [2, 2])


def test_values_are_held_while_our_own_gradient_is_taken():
    def f(x):
        def loss(x):
            y = x * x  # 4.1
            return y.sum()  # 4.2

        return value_and_gradient(loss, x)  # 4.3

    observation = observe(f, np.array([1.0, 3.0]))
    assert observation.error is None
    squares, total, _ = observation.events
    assert squares.variables["y"].tolist() == [1, 9]
    assert (total.result, observation.result[1].tolist()) == (10, [2, 6])


def test_what_is_not_an_array_is_held_as_it_is():
    def f(*x):
        y = x  # 4.1
        return

    values = (np, torch, np.ndarray, torch.Tensor, sys.stdout, generic.rng(), jnp.ones(2), None)
    (event,) = events(f, *values, jax.ShapeDtypeStruct((2,), "float32"))
    assert all(a is b for a, b in zip(event.variables["y"], values, strict=False))


def test_what_cannot_be_copied_fails_at_its_statement():
    class Stuck:
        shape, dtype = (), "float"

        def copy(self):
            raise RuntimeError("stuck")

    def f():
        for _ in range(2):
            x = Stuck()  # 4.1

    error = observe(f).error
    assert isinstance(error, RuntimeError)
    rows = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)]
    assert rows[1] == inspect.getsourcelines(f)[1] + 2


# Views


def test_a_view_is_seen_in_what_the_statement_left():
    def f(q):
        q, k = 2 * q, q  # 4.1; Q = q.swapaxes(0, 1);K=[np.sum(k) + n for n in range(2)]
        q[:] = 0
        return q  # 4.6; return = _ + k

    first, last = events(f, np.array([[1, 2]]))
    assert dict(first.views) == {"Q": "q.swapaxes(0, 1)", "K": "[np.sum(k) + n for n in range(2)]"}
    assert first.view("Q").tolist() == [[2], [4]]
    assert first.view("K") == [3, 4]
    assert last.view("return").tolist() == [[1, 2]]
    with pytest.raises(KeyError):
        first.view("V")


def test_a_view_may_read_variables_of_the_functions_around():
    def f(x):
        scale = 10

        def g(y):
            return y  # 4.1; return = _ * scale + x

        return g(x)

    (event,) = events(f, 2)
    assert event.view("return") == 22


def test_a_view_that_fails_fails_alone():
    def f(x):
        return x  # 4.1; return = around

    around = 1
    (event,) = events(f, around)
    with pytest.raises(NameError, match="around"):
        event.view("return")


def test_a_view_adds_no_events():
    def f(n):
        def g(n):
            return 2 * n  # 4.1

        return g(n)  # 4.2; return = [even(n), g(n)]

    found = events(f, 2)
    assert found[-1].view("return") == [True, 4]
    assert [refs(event) for event in found] == ["4.1", "4.2"]


# Where functions come from


class Base:
    def scaled(self, x):
        return 10 * x


class Model(Base):
    __bias = 3

    def scaled(self, x):
        y = super().scaled(x) + self.__bias  # 4.1
        text = """
not indented"""
        return y + len(text)  # 4.2

    @classmethod
    def named(cls, x):
        return cls.__name__ * x  # 4.3

    @staticmethod
    def alone(x):
        return x  # 4.4


def test_methods_are_observed_like_functions():
    model = Model()
    assert seen(model.scaled, 2) == [("4.1", {"y": 23}), ("4.2", 36)]
    assert seen(Model.scaled, model, 2) == [("4.1", {"y": 23}), ("4.2", 36)]
    assert seen(Model.named, 2) == [("4.3", "ModelModel")]
    assert seen(model.alone, 2) == [("4.4", 2)]


def test_a_method_may_carry_out_an_algorithm():
    def decorate(function):
        return functools.wraps(function)(lambda *args: function(*args))

    class Attends:
        @decorate
        def forward(self, x):
            return x  # 4.1

        forward.algorithm = "4"

    attends = Attends()
    entry, event = events(attends.forward, 3)
    assert (entry.algorithm, entry.variables) == ("4", {"self": attends, "x": 3})
    assert event.result == 3


def test_a_torch_module_is_observed_by_its_forward():
    class Linear(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.W = torch.nn.Parameter(torch.ones(2, 3))

        def forward(self, x):
            return self.W @ x  # 4.1

    (event,) = events(Linear().forward, torch.ones(3))
    assert event.result.tolist() == [3, 3]


# The reference


@pytest.mark.filterwarnings("ignore::algorithms.LengthLimitWarning")
@pytest.mark.parametrize("id", REFERENCE)
def test_every_tag_is_observed_but_those_of_loops_and_the_result_is_the_same_bit_for_bit(id):
    function, inputs = REFERENCE[id], case(id)
    want = function(*inputs.arguments, **copy.deepcopy(inputs.keywords))
    observation = observe(function, *inputs.arguments, **copy.deepcopy(inputs.keywords))
    assert observation.error is None
    for a, b in zip(jax.tree.leaves(observation.result), jax.tree.leaves(want), strict=True):
        assert np.array_equal(a, b)
    tagged = {str(ref) for statement in statements(function) for ref in statement.refs}
    observed = {str(ref) for event in observation.events for ref in event.refs}
    loops = {f"{id}.{line.number}" for line in checked()[id].program.lines if line.body}
    assert tagged - observed <= loops
    assert observation.events[0].algorithm == id
