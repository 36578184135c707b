"""Which statements of a function report, when, and under which names?"""

# ruff: noqa: F841, RET504 — what a statement assigns is asked of the event

from __future__ import annotations

import functools
import inspect
import linecache
from contextlib import nullcontext
from textwrap import dedent, indent

import numpy as np
import pytest
from helpers.observed import events, refs, seen
from helpers.planting import module

from spec.line_by_line.observe import observe
from spec.pairing import PairingError

#: The statements of a function of x, which is 2, and what each tagged one of them reports.
BODIES = {
    "what is assigned and returned": ("""
        a, b = x, x + 1  # 4.1
        c = a  # nothing
        a += b  # 4.2-4.3, 5.1
        return a * c  # 4.4
        """, [("4.1", {"a": 2, "b": 3}), ("4.2, 4.3, 5.1", {"a": 5}), ("4.4", 10)]),
    "nothing returned": ("return  # 4.1", [("4.1", None)]),
    "nothing done": ('"Nothing."', []),
    "two statements on a row": ("a = x; b = a + 1  # 4.1", [("4.1", {"a": 2, "b": 3})]),
    "a loop in a row": ("for i in range(3): x += i  # 4.1", [("4.1", {"i": 2, "x": 5})]),
    "another": ("while x < 9: x += 1  # 4.2", [("4.2", {"x": 9})]),
    "tags inside a loop": ("""
        for i in range(2):  # 4.1
            while True:  # 4.2
                i += 5  # 4.3
                break  # 4.4
        """, [("4.3", {"i": 5}), ("4.4", {}), ("4.3", {"i": 6}), ("4.4", {})]),
    "a loop without tags inside": ("""
        for i in range(3):  # 4.1
            if i == 1:
                continue
            x += i
        return x  # 4.2
        """, [("4.1", {"i": 2, "x": 4}), ("4.2", 4)]),
    "statements that are left by a jump": ("""
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
        """, [("4.1", {"a": 0}), ("4.1", {"a": 0}), ("4.2", {}), ("4.3", {"j": 1}),
              ("4.4", {"j": 1}), ("4.1", {"a": 0}), ("4.2", {"b": 2})]),
    "one that is left by a return": ("""
        if x < 3:  # 4.1
            for y in (11, 12):
                if x + 10 == y:
                    return y
        """, [("4.1", 12)]),
    "one that is not": ("""
        if x < 2:  # 4.1
            return x
        """, [("4.1", {})]),
}  # fmt: skip


@pytest.mark.parametrize(("body", "found"), BODIES.values(), ids=BODIES)
def test_each_tagged_statement_reports_when_it_is_done(body, found):
    f = module("def f(x):\n" + indent(dedent(body), "    ")).f
    assert seen(f, 2) == found
    assert observe(f, 2).result == f(2)


def test_a_function_of_one_row_reports():
    assert seen(module("def f(x): return x  # 4.1\n").f, 2) == [("4.1", 2)]


def test_the_names_of_a_statement_are_those_of_its_scope():
    def f(x):
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
        return (y := 3) + 1  # 4.7

    found = {refs(event): set(event.variables) for event in events(f, np.zeros((2, 2)))}
    assert found == {
        "4.1": {"S", "last"},
        "4.2": {"p", "q", "x", "S"},
        "4.3": {"k", "rest"},
        "4.4": {"order"},
        "4.5": set(),
        "4.6": set(),
        "4.7": {"y"},
    }


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
def test_a_header_stands_for_its_block_unless_tags_stand_inside(x, tags):
    found = events(module(COMPOUND).f, x, nullcontext())
    assert [refs(event) for event in found] == tags
    for event in found:
        if refs(event) == "4.5":
            assert (event.text, event.row, event.variables) == ("else:", 9, {"y": 3, "z": 4})


# Functions inside functions


def train(theta, step):
    for n in range(2):  # 11.2

        def P(theta):
            """Twice."""
            return 2 * theta  # 11.4

        def loss(theta):
            p = P(theta) + n  # 11.5
            return -p  # 11.5; around = (n, sorted(locals()))

        theta = step(loss, theta)  # 11.6
    return theta  # 11.9


def test_functions_inside_report_with_what_they_see():
    found = events(train, 1, lambda loss, theta: loss(theta))
    turn = ["11.4", "11.5", "11.5", "11.6"]
    assert [refs(event) for event in found] == [*turn, *turn, "11.9"]
    assert found[6].scope.keys() == {"theta", "p", "P", "n"}
    assert found[6].scope["n"] == 1
    assert (found[5].variables, found[6].result, found[8].result) == ({"p": -3}, 3, 3)
    functions = ["train.P", "train.loss", "train.loss", "train"]
    assert [event.function for event in found[:4]] == functions
    # Each call has a number, and each statement a row; only an algorithm's function has an entry.
    assert [event.call for event in found] == [2, 1, 1, 0, 4, 3, 3, 0, 0]
    start = inspect.getsourcelines(train)[1]
    assert [event.row - start for event in found[:4]] == [5, 8, 9, 11]
    assert found[3].where == f"train, row {start + 11}"


def test_a_function_inside_that_has_no_tags_is_a_value():
    def f():
        def g():  # 4.1
            return 3

        class C:
            def h(self):
                y = 4  # 4.2
                return y

        return g() + C().h()  # 4.3

    defined, inside, _ = events(f)
    assert defined.variables["g"]() == 3
    assert (inside.function, inside.variables) == ("f.h", {"y": 4})


# The source


def test_the_text_is_the_statement_in_one_row():
    class Manager(nullcontext, list):
        """A list that `with` takes."""

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
    for i in range(
        3
    ):  # 4.2
        pass
    return "# a" \\
        "b"  # 4.3
""")
    assert [event.text for event in events(made.f, Manager())] == [
        "y = max(x, [1, 2],)",
        "with (x as z):",
        "for i in range(3):",
        'return "# a" \\ "b"',
    ]


def test_annotations_defaults_and_decorators_are_not_run_again():
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
    assert observe(made.f, 1).result == (1, 5)
    assert made.runs == before


def test_a_tag_that_can_mark_no_statement_is_refused():
    def f():
        x = 1

        @functools.cache  # 4.1
        def g():
            pass

    with pytest.raises(PairingError, match=r"^f, row \d+: its tag marks no statement$"):
        observe(f)


@pytest.mark.parametrize("view", ["q.mT", "Q = q.", "Q q", "Q = q; q", "3 = q", "Q ="])
def test_a_view_that_makes_no_sense_is_refused(view):
    made = module(f"def f(q):\n    return q  # 4.1; {view}\n")
    with pytest.raises(PairingError, match=r"^f, row 2: .* is not a view$"):
        observe(made.f, 1)


async def later(x):
    return x  # 4.1


def one_by_one(x):
    yield x  # 4.1


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: x, "<lambda>"),
        (later, "later"),
        (one_by_one, "one_by_one"),
        (len, "len"),
        (int, "int"),
        (functools.partial(train, 1), "functools.partial.*"),
        (eval("lambda: 0"), "<lambda>"),
    ],
)
def test_what_cannot_be_observed_is_refused_by_name(function, name):
    with pytest.raises(PairingError, match=f"^{name}: .* can be observed$"):
        observe(function)


def test_a_function_that_cannot_be_observed_is_refused_where_it_is_called():
    made = module("def f(x):\n    return g(x)  # 4.1\n\ng = lambda x: x\ng.algorithm = '5'\n")
    with pytest.raises(PairingError, match=r"^<lambda>: no lambda"):
        observe(made.f, 1)


def test_a_function_whose_source_has_changed_is_refused():
    made = module("def f(x):\n    return x\n")
    rows = ["def g(x):\n", "    return x\n"]
    linecache.cache[made.__name__] = (0, None, rows, made.__name__)
    with pytest.raises(PairingError, match=r"^f: its source has changed$"):
        observe(made.f, 1)
