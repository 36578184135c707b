"""Is what a function's variables hold seen after each tagged statement, and nothing disturbed?"""

# ruff: noqa: F841, RET504 — what a statement assigns is asked of the event

from __future__ import annotations

import functools
import inspect
import itertools
import linecache
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from types import ModuleType
from typing import Any, NamedTuple

import array_api_strict
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from helpers import generic, gradients

import algorithms
from algorithms import (
    Attention,
    DTransformer,
    DTransformerParameters,
    EDInference,
    EDTraining,
    EDTransformerParameters,
    LengthLimitWarning,
    MHAttention,
    ShapeError,
    bidirectional_mask,
    initialise,
    tree_map,
    unidirectional_mask,
)
from spec.line_by_line.event import NOTHING, Event
from spec.line_by_line.observe import Observation, observe
from spec.pairing import PairingError, statements

_numbers = itertools.count()


def events(function: Callable[..., Any], *args: Any, **kwargs: Any) -> list[Event]:
    observation = observe(function, *args, **kwargs)
    if observation.error is not None:
        raise observation.error
    return observation.events


def refs(event: Event) -> str:
    return ", ".join(map(str, event.refs))


def seen(function: Callable[..., Any], *args: Any, **kwargs: Any) -> list[tuple[str, Any]]:
    """The tag of each event, and what was assigned or returned."""
    return [
        (refs(event), dict(event.variables) if event.result is NOTHING else event.result)
        for event in events(function, *args, **kwargs)
    ]


def module(text: str) -> ModuleType:
    """A module that is in no file."""
    name = f"<text {next(_numbers)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    made = ModuleType(name)
    exec(compile(text, name, "exec"), made.__dict__)
    return made


def mark(id: str) -> Callable[[Any], Any]:
    """A decorator that checks its calls: no argument is negative."""

    def decorate(function: Any) -> Any:
        @functools.wraps(function)
        def call(*args: Any, least: int = 0) -> Any:
            if min(args, default=0) < least:
                raise ValueError(f"{function.__name__} refuses {args}")
            return function(*args)

        call.algorithm = id  # type: ignore[attr-defined]
        return call

    return decorate


# Which statements report, and when.


def test_each_tagged_statement_reports_what_it_assigned() -> None:
    def f(x: int) -> int:
        a, b = x, x + 1  # 4.1
        c = a  # nothing
        a += b  # 4.2-4.3, 5.1
        return a * c  # 4.4

    assert seen(f, 2) == [
        ("4.1", {"a": 2, "b": 3}),
        ("4.2, 4.3, 5.1", {"a": 5}),
        ("4.4", 10),
    ]


def test_the_result_is_the_functions_own() -> None:
    def f(x: Any) -> Any:
        return x  # 4.1

    x = np.ones(2)
    observation = observe(f, x)
    assert observation.result is x
    assert observation.error is None
    assert observation.events[0].result is not x


def test_a_return_of_nothing_returned_none() -> None:
    def f() -> None:
        return  # 4.1

    assert seen(f) == [("4.1", None)]


def test_a_function_without_statements_has_no_events() -> None:
    def f() -> None:
        """Nothing."""

    observation = observe(f)
    assert (observation.result, observation.events) == (None, [])
    assert repr(NOTHING) == "NOTHING"


def test_a_return_reports_what_it_assigned_on_the_way() -> None:
    def f() -> int:
        return (y := 3) + 1  # 4.1

    (event,) = events(f)
    assert (event.variables, event.result) == ({"y": 3}, 4)


def test_the_names_of_a_statement_are_those_of_its_scope() -> None:
    def f(x: Any) -> None:
        h = 7
        S = [0, 0]
        S[0] = [h for h in range(2) if (last := h) or True][-1]  # 4.1
        (p, *q), x.mT[0], S[h - 6] = ([1, 2], 3, 4)  # 4.2
        match {"k": 5, "m": 6, "n": 8}:  # 4.3
            case {"k": [*_]}:
                pass
            case {"j": _}:
                pass
            case {"k": k, **rest}:
                pass
        order = sorted([2, 1], key=lambda z: (w := z))  # 4.4
        sorted(S)[0] = 5  # 4.5
        del S  # 4.6

    found = {refs(event): set(event.variables) for event in events(f, np.zeros((2, 2)))}
    assert found == {
        "4.1": {"S", "last"},
        "4.2": {"p", "q", "x", "S"},
        "4.3": {"k", "rest"},
        "4.4": {"order"},
        "4.5": set(),
        "4.6": set(),
    }


def test_several_statements_on_a_row_report_once() -> None:
    (event,) = events(module("def f(x):\n    a = x; b = a + 1  # 4.1\n").f, 2)
    assert (event.variables, event.text) == ({"a": 2, "b": 3}, "a = x; b = a + 1")


def test_a_function_of_one_row_reports() -> None:
    assert seen(module("def f(x): return x  # 4.1\n").f, 2) == [("4.1", 2)]


def test_a_loop_with_tags_inside_leaves_it_to_them() -> None:
    def f() -> None:
        for i in range(2):  # 4.1
            while True:  # 4.2
                i += 5  # 4.3
                break  # 4.4

    assert seen(f) == [("4.3", {"i": 5}), ("4.4", {}), ("4.3", {"i": 6}), ("4.4", {})]


def test_a_loop_without_tags_inside_reports_once_complete() -> None:
    def f() -> int:
        y = 0
        for i in range(3):  # 4.1
            if i == 1:
                continue
            y += i
        return y  # 4.2

    whole, _ = events(f)
    assert whole.variables == {"i": 2, "y": 2}
    assert whole.text == "for i in range(3):"


def test_a_loop_in_one_row_reports_once() -> None:
    text = "def f(y):\n    for i in range(3): y += i  # 4.1\n    while y < 9: y += 1  # 4.2\n"
    assert seen(module(text).f, 0) == [("4.1", {"i": 2, "y": 3}), ("4.2", {"y": 9})]


COMPOUND = """
def f(x, context):
    with context as c:  # 4.1
        y = x
    if x > 0:  # 4.2
        y = 1
    elif x > -2:  # 4.3
        y = 2  # 4.4
    else:  # 4.5
        for y in (1, 3): pass
        z = 4
    try:  # 4.6
        y / x  # 4.7
    except ZeroDivisionError:  # 4.8
        y = 5
    finally:  # 4.9
        y += 1
    match x:
        case 0:  # 4.10
            y = 6
        case _: y = 7  # 4.11
"""


@pytest.mark.parametrize(
    ("x", "tags"),
    [
        (1, ["4.1", "4.7", "4.9", "4.11"]),
        (-1, ["4.1", "4.4", "4.7", "4.9", "4.11"]),
        (-2, ["4.1", "4.5", "4.7", "4.9", "4.11"]),
        (0, ["4.1", "4.4", "4.8", "4.9", "4.10"]),
    ],
)
def test_a_header_stands_for_its_block_unless_tags_stand_inside(x: int, tags: list[str]) -> None:
    assert [tag for tag, _ in seen(module(COMPOUND).f, x, nullcontext())] == tags


def test_a_block_reports_under_its_header() -> None:
    found = events(module(COMPOUND).f, -2, nullcontext())
    block = next(event for event in found if refs(event) == "4.5")
    assert (block.text, block.row, block.variables) == ("else:", 9, {"y": 3, "z": 4})


@pytest.mark.parametrize(("x", "want"), [(0, 10), (1, 11), (2, None)])
def test_a_statement_left_by_a_return_reports_there(x: int, want: int | None) -> None:
    def f(x: int) -> int | None:
        if x < 2:  # 4.1
            for y in (10, 11):
                if x + 10 == y:
                    return y
        return None

    (event,) = events(f, x)
    assert event.result == (NOTHING if want is None else want)
    assert observe(f, x).result == want


def test_a_statement_left_by_a_jump_reports_there() -> None:
    def f() -> None:
        for i in range(4):
            if i == 0:  # 4.1
                a = i
                continue
            if i == 2:  # 4.2
                b = i
                break
            for j in range(9):  # 4.3
                if j:
                    break
            for j in ():  # 4.4
                pass
            else:
                continue

    assert seen(f) == [
        ("4.1", {"a": 0}),
        *[("4.1", {"a": 0}), ("4.2", {}), ("4.3", {"j": 1}), ("4.4", {"j": 1})],
        *[("4.1", {"a": 0}), ("4.2", {"b": 2})],
    ]


def test_a_tag_that_can_mark_no_statement_is_refused() -> None:
    def f() -> None:
        x = 1

        @functools.cache  # 4.1
        def g() -> None:
            pass

    with pytest.raises(PairingError, match=r"^f, row \d+: its tag marks no statement$"):
        observe(f)


# Functions inside functions.


def train(theta: Any, step: Callable[..., Any]) -> Any:
    for n in range(2):  # 11.2

        def P(theta: Any) -> Any:
            """Twice."""
            return 2 * theta  # 11.4

        def loss(theta: Any) -> Any:
            p = P(theta) + n  # 11.5
            return -p  # 11.5

        theta = step(loss, theta)  # 11.6
    return theta  # 11.9


def test_functions_inside_report_with_what_they_see() -> None:
    found = events(train, 1, lambda loss, theta: loss(theta))
    turn = ["11.4", "11.5", "11.5", "11.6"]
    assert [refs(event) for event in found] == [*turn, *turn, "11.9"]
    assert set(found[5].scope) == {"theta", "p", "P", "n"}
    assert found[5].scope["n"] == 1
    assert (found[5].variables, found[6].result, found[8].result) == ({"p": -3}, 3, 3)
    assert [event.function for event in found[:4]] == [
        "train.P",
        "train.loss",
        "train.loss",
        "train",
    ]


def test_each_call_has_a_number_and_each_statement_a_row() -> None:
    found = events(train, 1, lambda loss, theta: loss(theta))
    assert [event.call for event in found] == [2, 1, 1, 0, 4, 3, 3, 0, 0]
    start = inspect.getsourcelines(train)[1]
    assert [event.row - start for event in found[:4]] == [5, 8, 9, 11]
    assert found[3].where == f"train, row {start + 11}"


def test_a_function_inside_that_has_no_tags_is_a_value() -> None:
    def f() -> Any:
        def g() -> int:  # 4.1
            return 3

        class C:
            def h(self) -> int:
                y = 4  # 4.2
                return y

        return g() + C().h()  # 4.3

    defined, inside, _ = events(f)
    assert defined.variables["g"]() == 3
    assert (inside.function, inside.variables) == ("f.h", {"y": 4})


# Functions that are called.


@mark("∇4")
def even(n: int) -> bool:
    return n == 0 or odd(n - 1)  # ∇4.1


@mark("5")
def odd(n: int) -> bool:
    return n != 0 and (n == 1 or even(n - 1))  # 5.1


def plain(n: int, /, *more: int, step: int = 1, **rest: int) -> int:
    y = 0 if n == 0 else plain(n - step)  # 4.1
    return y + n  # 4.2


def test_the_functions_of_algorithms_that_are_called_are_observed() -> None:
    found = events(even, 3)
    assert [(e.algorithm, e.function, refs(e), e.call) for e in found] == [
        *[("∇4", "even", "", 0), ("5", "odd", "", 1), ("∇4", "even", "", 2), ("5", "odd", "", 3)],
        *[(None, "odd", "5.1", 3), (None, "even", "∇4.1", 2)],
        *[(None, "odd", "5.1", 1), (None, "even", "∇4.1", 0)],
    ]
    assert [event.variables for event in found[:4]] == [{"n": n} for n in (3, 2, 1)] + [{"n": 0}]


def test_an_entry_holds_all_arguments() -> None:
    def f(a: int, /, b: int, *c: int, d: int = 4, e: Any = lambda z: z, **f: int) -> int:
        return z  # 4.1

    z, f.algorithm = 0, "4"  # type: ignore[attr-defined]
    entry, _ = events(f, 1, 2, 3, 3, g=5)
    want = {"a": 1, "b": 2, "c": (3, 3), "d": 4, "f": {"g": 5}}
    assert {**entry.variables} == {**want, "e": f.__kwdefaults__["e"]}
    assert (entry.refs, entry.result, entry.text) == ((), NOTHING, "f(a, b, c, d, e, f)")
    assert entry.row == inspect.getsourcelines(f)[1]


def test_only_an_algorithms_function_has_an_entry() -> None:
    assert all(event.refs for event in events(train, 1, lambda loss, theta: loss(theta)))


def test_a_function_that_calls_itself_is_observed_each_time() -> None:
    assert [event.call for event in events(plain, 2, step=1)] == [2, 2, 1, 1, 0, 0]


def test_a_function_keeps_its_attributes() -> None:
    def f() -> int:
        return f.scale  # type: ignore[attr-defined]  # 4.1

    f.scale = 3  # type: ignore[attr-defined]
    f.algorithm = "4"  # type: ignore[attr-defined]
    assert observe(f).result == 3


def test_functions_of_an_enclosing_function_are_observed_too() -> None:
    calls = 0

    def outer(x: int) -> int:
        nonlocal calls
        calls += 1
        return inner(x)  # 4.1

    @mark("5")
    def inner(x: int) -> int:
        return x and outer(x - 1)  # 5.1

    before = inner
    assert [refs(event) for event in events(outer, 1)] == ["", "", "5.1", "4.1", "5.1", "4.1"]
    assert calls == 2
    assert inner is before


def test_no_module_and_no_function_is_changed() -> None:
    here, there = dict(globals()), dict(vars(algorithms.paper.decoder))
    code, tracing, profiling = DTransformer.__wrapped__.__code__, sys.gettrace(), sys.getprofile()  # type: ignore[attr-defined]
    events(even, 3)
    run_10(DTransformer)
    assert globals() == here
    assert vars(algorithms.paper.decoder) == there
    assert DTransformer.__wrapped__.__code__ is code  # type: ignore[attr-defined]
    assert (sys.gettrace(), sys.getprofile()) == (tracing, profiling)


def test_calls_in_several_threads_are_told_apart() -> None:
    def f(pool: ThreadPoolExecutor) -> list[bool]:
        return list(pool.map(even, [3] * 20))  # 10.1

    with ThreadPoolExecutor(4) as pool:
        found = events(f, pool)
    assert found[-1].result == [False] * 20
    calls = [[event for event in found if event.call == n] for n in range(1, 81)]
    for entry, report in calls:
        assert (entry.algorithm, entry.function) == (report.refs[0].algorithm, report.function)
    assert len(found) == 161


def test_observing_may_be_observed() -> None:
    def f() -> Observation:
        return observe(even, 1)  # 4.1

    inner = observe(f).result
    assert [refs(event) for event in inner.events] == ["", "", "5.1", "∇4.1"]


# Decorators.


def test_what_a_decorator_refuses_is_refused() -> None:
    observation = observe(even, -1)
    assert (str(observation.error), observation.events) == ("even refuses (-1,)", [])
    unmasked = observe(Attention, np.ones((2, 3)), np.ones((2, 3)), None, None)
    assert isinstance(unmasked.error, TypeError)
    assert unmasked.events == []


def test_a_decorator_that_cannot_take_the_twin_is_left_out() -> None:
    @functools.cache
    def f(x: int) -> int:
        return x + 1  # 4.1

    assert seen(f, 1) == seen(f, 1) == [("4.1", 2)]

    @functools.wraps(f)
    def g(x: int) -> int:
        return -1

    assert seen(g, 1) == [("4.1", 2)]


def test_a_decorator_without_its_function_yet_is_no_decorator() -> None:
    def f(x: int) -> int:
        return x or late  # 4.1

    assert seen(f, 1) == [("4.1", 1)]
    assert isinstance(observe(f, 0).error, NameError)
    if f is None:
        late = 0


# Errors.


def test_a_function_that_raises_has_its_events_until_then() -> None:
    def f(x: int) -> float:
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


def test_arguments_that_do_not_fit_are_the_functions_error() -> None:
    assert isinstance(observe(plain).error, TypeError)


async def later(x: int) -> int:
    return x  # 4.1


def one_by_one(x: int) -> Any:
    yield x  # 4.1


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: x, "<lambda>"),
        (later, "later"),
        (one_by_one, "one_by_one"),
        (len, "len"),
        (int, "int"),
        (functools.partial(plain, 1), "functools.partial.*"),
        (eval("lambda: 0"), "<lambda>"),
    ],
)
def test_what_cannot_be_observed_is_refused_by_name(
    function: Callable[..., Any], name: str
) -> None:
    with pytest.raises(PairingError, match=f"^{name}: .* can be observed$"):
        observe(function)


def test_a_function_without_source_is_refused() -> None:
    scope: dict[str, Any] = {}
    exec("def f(x): return x", scope)
    with pytest.raises(PairingError, match=r"^f: could not get source code"):
        observe(scope["f"])


def test_a_function_whose_source_has_changed_is_refused() -> None:
    made = module("def f(x):\n    return x\n")
    rows = ["def g(x):\n", "    return x\n"]
    linecache.cache[made.__name__] = (0, None, rows, made.__name__)
    with pytest.raises(PairingError, match=r"^f: its source has changed$"):
        observe(made.f, 1)


def test_a_function_that_cannot_be_observed_is_refused_where_it_is_called() -> None:
    made = module("def f(x):\n    return g(x)  # 4.1\n\ng = lambda x: x\ng.algorithm = '5'\n")
    with pytest.raises(PairingError, match=r"^<lambda>: no lambda"):
        observe(made.f, 1)


# Snapshots.


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
def test_what_is_written_later_is_not_in_an_event(
    ones: Callable[..., Any], hold: Callable[..., Any]
) -> None:
    def f(x: Any) -> Any:
        held = hold(x)  # 4.1
        x[0] = 2  # 4.2
        x[...] += 1  # 4.3
        return held  # 4.4

    x = ones(2)
    found = events(f, x)
    x[0] = 7
    for event, want in zip(found, [[1, 1], [2, 1], [3, 2], [3, 2]], strict=True):
        assert_holds(event.scope["x"], want)
        assert_holds(event.scope["held"], want)
    assert_holds(found[0].variables["held"], [1, 1])
    assert_holds(found[1].variables["x"], [2, 1])
    assert_holds(found[3].result, [3, 2])


def assert_holds(value: Any, want: list[int]) -> None:
    """Whether every array in a value is the one that is wanted."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        for item in value:
            assert_holds(item, want)
    elif not isinstance(value, int):
        assert [float(entry) for entry in value] == want


def test_a_torch_array_is_held_apart_from_its_gradients() -> None:
    def f(w: Any) -> Any:
        y = w * w  # 4.1
        return y.sum()  # 4.2

    w = torch.ones(2, requires_grad=True)
    observation = observe(f, w)
    observation.result.backward()
    assert w.grad is not None
    assert w.grad.tolist() == [2, 2]
    assert not observation.events[0].variables["y"].requires_grad


def test_jax_may_look_for_a_gradient_in_what_is_observed() -> None:
    def f(x: Any) -> Any:
        def loss(x: Any) -> Any:
            y = x * x  # 4.1
            return y.sum()  # 4.2

        return jax.jit(jax.value_and_grad(loss))(x)  # 4.3

    assert [refs(event) for event in events(f, jnp.ones(2))] == ["4.1", "4.2", "4.3"]
    value, gradient = observe(f, jnp.ones(2)).result
    assert (value, gradient.tolist()) == (2, [2, 2])


def test_what_is_no_array_is_held_as_it_is() -> None:
    def f(*x: Any) -> Any:
        y = x  # 4.1
        return None

    values = (np, torch, np.ndarray, torch.Tensor, sys.stdout, generic.rng(), jnp.ones(2), None)
    (event,) = events(f, *values, jax.ShapeDtypeStruct((2,), "float32"))
    assert all(a is b for a, b in zip(event.variables["y"], values, strict=False))


def test_what_cannot_be_copied_fails_at_its_statement() -> None:
    class Stuck:
        shape, dtype = (), "float"

        def copy(self) -> Any:
            raise RuntimeError("stuck")

    def f() -> Any:
        for _ in range(2):
            x = Stuck()  # 4.1

    error = observe(f).error
    assert isinstance(error, RuntimeError)
    rows = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)]
    assert rows[1] == inspect.getsourcelines(f)[1] + 2


# Views.


def test_a_view_is_seen_in_what_the_statement_left() -> None:
    def f(q: Any) -> Any:
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


def test_a_view_may_read_variables_of_the_functions_around() -> None:
    def f(x: int) -> int:
        scale = 10

        def g(y: int) -> int:
            return y  # 4.1; return = _ * scale + x

        return g(x)

    (event,) = events(f, 2)
    assert event.view("return") == 22


def test_a_view_that_fails_fails_alone() -> None:
    def f(x: int) -> int:
        return x  # 4.1; return = around

    around = 1
    (event,) = events(f, around)
    with pytest.raises(NameError, match="around"):
        event.view("return")


def test_a_view_adds_no_events() -> None:
    def f(n: int) -> int:
        def g(n: int) -> int:
            return 2 * n  # 4.1

        return g(n)  # 4.2; return = [even(n), g(n)]

    found = events(f, 2)
    assert found[-1].view("return") == [True, 4]
    assert [refs(event) for event in found] == ["4.1", "4.2"]


@pytest.mark.parametrize("view", ["q.mT", "Q = q.", "Q q", "Q = q; q", "3 = q", "Q ="])
def test_a_view_that_makes_no_sense_is_refused(view: str) -> None:
    made = module(f"def f(q):\n    return q  # 4.1; {view}\n")
    with pytest.raises(PairingError, match=r"^f, row 2: .* is not a view$"):
        observe(made.f, 1)


# Where functions come from.


class Base:
    def scaled(self, x: int) -> int:
        return 10 * x


class Model(Base):
    __bias = 3

    def scaled(self, x: int) -> int:
        y = super().scaled(x) + self.__bias  # 4.1
        text = """
not indented"""
        return y + len(text)  # 4.2

    @classmethod
    def named(cls, x: int) -> str:
        return cls.__name__ * x  # 4.3

    @staticmethod
    def alone(x: int) -> int:
        return x  # 4.4

    @mark("4")
    def decorated(self) -> Model:
        return self  # 4.5


def test_methods_are_observed_like_functions() -> None:
    model = Model()
    assert seen(model.scaled, 2) == [("4.1", {"y": 23}), ("4.2", 36)]
    assert seen(Model.scaled, model, 2) == [("4.1", {"y": 23}), ("4.2", 36)]
    assert seen(Model.named, 2) == [("4.3", "ModelModel")]
    assert seen(model.alone, 2) == [("4.4", 2)]


def test_a_method_may_carry_out_an_algorithm() -> None:
    def decorate(function: Any) -> Any:
        return functools.wraps(function)(lambda *args: function(*args))

    class Attends:
        @decorate
        def forward(self, x: int) -> int:
            return x  # 4.1

        forward.algorithm = "4"

    attends = Attends()
    entry, event = events(attends.forward, 3)
    assert (entry.algorithm, entry.variables) == ("4", {"self": attends, "x": 3})
    assert event.result == 3


def test_a_torch_module_is_observed_by_its_forward() -> None:
    class Linear(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.W = torch.nn.Parameter(torch.ones(2, 3))

        def forward(self, x: Any) -> Any:
            return self.W @ x  # 4.1

    (event,) = events(Linear().forward, torch.ones(3))
    assert event.result.tolist() == [3, 3]


def test_a_function_of_a_text_is_observed() -> None:
    made = module("from math import tau\n\ndef f(x):\n    y = x * tau  # 4.1\n    return y\n")
    (event,) = events(made.f, 0)
    assert (event.variables, event.where) == ({"y": 0}, "f, row 4")


def test_annotations_defaults_and_decorators_are_not_run_again() -> None:
    made = module("""
from __future__ import annotations

runs = []

def once(function):
    runs.append(function)
    return function

@once
def f(x: Missing, y=runs.append("default")) -> Missing:
    def g(z: Missing) -> Missing:
        return z  # 4.1
    return g(x), y
""")
    before = list(made.runs)
    made.f.__defaults__ = (5,)
    observation = observe(made.f, 1)
    assert observation.result == (1, 5)
    assert made.runs == before


def test_the_text_is_the_statement_in_one_row() -> None:
    made = module("""
def f(x):
    y = max(  # not this
        x,
        [ 1,
          2 ],  # nor this
    )  # 4.1
    with (
        x as z
    ):  # 4.2
        pass
    return "# a" \\
        "b"  # 4.3
""")
    assert [event.text for event in events(made.f, [nullcontext()] and Manager())] == [
        "y = max(x, [1, 2],)",
        "with (x as z):",
        'return "# a" \\ "b"',
    ]


class Manager(nullcontext[None], list[int]):
    """A list that `with` takes."""


# The reference.


def run_4(function: Callable[..., Any]) -> Any:
    W = generic.heads().W_qkv
    X, Z = generic.matrix(8, 6), generic.matrix(9, 5, seed=1)
    return function(X, Z, tree_map(lambda w: w[0], W), bidirectional_mask(X, Z))


def run_5(function: Callable[..., Any]) -> Any:
    X = generic.matrix(2, 8, 6)
    return function(X, X, generic.heads(d_z=8), unidirectional_mask(X))


def run_10(function: Callable[..., Any]) -> Any:
    return function(generic.tokens(6), generic.theta(DTransformerParameters))


def run_11(function: Callable[..., Any]) -> Any:
    theta = tree_map(torch.asarray, generic.theta(EDTransformerParameters, L_enc=1, L_dec=1))
    z, x = [torch.arange(4), torch.arange(3)], [torch.arange(5), torch.arange(2)]
    return function(z, x, theta, N_epochs=2, eta=0.1, value_and_gradient=gradients.by_torch)


def run_15(function: Callable[..., Any]) -> Any:
    theta = generic.theta(EDTransformerParameters, L_enc=1, L_dec=1)
    options = {"tau": 1.0, "rng": generic.rng(), "ell_gen": 4, "eos_token": 0}
    with pytest.warns(LengthLimitWarning) as warnings:
        result = function(generic.tokens(4), theta, **options)
    assert warnings[0].filename == __file__ or function is not EDInference
    return result


RUNS = [
    (Attention, run_4, set()),
    (MHAttention, run_5, set()),
    (DTransformer, run_10, {"10.4"}),
    (EDTraining, run_11, {"11.1", "11.2"}),
    (EDInference, run_15, {"15.3"}),
]
reference = pytest.mark.parametrize(("function", "run", "loops"), RUNS, ids=lambda value: "")


@reference
def test_every_tag_is_observed_but_those_of_loops(
    function: Callable[..., Any], run: Callable[..., Any], loops: set[str]
) -> None:
    found = run(functools.partial(observe, function)).events
    tagged = {str(ref) for statement in statements(function) for ref in statement.refs}
    observed = {str(ref) for event in found for ref in event.refs}
    assert tagged - observed == loops
    assert found[0].algorithm == function.algorithm  # type: ignore[attr-defined]


@reference
def test_what_is_observed_is_computed_bit_for_bit(
    function: Callable[..., Any], run: Callable[..., Any], loops: set[str]
) -> None:
    want, observation = run(function), run(functools.partial(observe, function))
    assert observation.error is None
    for a, b in zip(jax.tree.leaves(observation.result), jax.tree.leaves(want), strict=True):
        assert np.array_equal(a, b)


def test_each_algorithm_inside_another_is_entered() -> None:
    found = run_10(functools.partial(observe, DTransformer)).events
    layer = ["6", "5", "4", "6"]
    assert [event.algorithm for event in found if not event.refs] == [
        *["10", "1", "2", *layer, *layer, "6", "7"]
    ]


def test_an_event_holds_what_the_reference_computes() -> None:
    found = {refs(event): event for event in run_4(functools.partial(observe, Attention)).events}
    X, W = found["4.1"].scope["X"], found["4.1"].scope["W_qkv"]
    assert np.array_equal(found["4.1"].variables["Q"], W.W_q @ X + W.b_q[:, None])
    assert set(found["4.5"].variables) == {"S"}
    assert not np.array_equal(found["4.5"].variables["S"], found["4.4"].variables["S"] * np.nan)


def test_a_wrong_shape_is_refused_as_ever() -> None:
    theta = initialise(DTransformerParameters, generic.rng(), **{**generic.SIZES, "L": 1})._replace(
        W_u=np.ones((3, 3))
    )
    observation = observe(DTransformer, generic.tokens(6), theta)
    assert isinstance(observation.error, ShapeError)
    assert observation.events == []
