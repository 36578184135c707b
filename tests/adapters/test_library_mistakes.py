"""Is a mistake in a function of a library seen through its adapter, whatever it is made in?

A function that gets an argument wrong is the right one, called with another argument.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
from figures.adapters import known

from spec.calling.verdict import Verdict
from spec.checking.check import function_under_test
from spec.expected.result import exact_result
from spec.inputs.variations import Variation, variations
from spec.machine.trees import leaves, map_values

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

USUAL = Variation("all sizes differ")


@cache
def expectation(one, format, place):
    """A function of a library, and the exact result on one kind of arguments."""
    tested = function_under_test(one.function, one.algorithm, one.adapter, format)
    variation = list(variations(tested.algorithms, tested.id))[place]
    return tested, exact_result(tested.arguments(variation))


def verdict_with(one, format, place, name, wrong):
    """The verdict on a call with another argument than it should have."""
    tested, expected = expectation(one, format, place)
    arguments = replace(expected.arguments)
    arguments.__dict__["named"] = {**expected.arguments.named, name: wrong}
    adapter = replace(one.adapter, call=lambda function, _: one.adapter.call(function, arguments))
    return replace(tested, adapter=adapter).call(expected).verdict


def is_seen(one, format, name, change):
    """Say whether a changed argument is seen on one of several draws.

    One draw may have a query that hardly counts, and float32 not enough digits to tell.
    """
    for place in range(4):
        value = expectation(one, format, place)[1].arguments.named[name]
        verdict = verdict_with(one, format, place, name, change(value))
        if not verdict.passes:
            assert verdict is Verdict.DIFFERS
            return True
    return False


def cases(formats):
    return [
        pytest.param(one, format, id=f"{one.name}-{one.algorithm}-{format}")
        for one in known()
        for format in formats
        if format in one.adapter.formats
    ]


#: Another value of an argument, for each argument that is not a parameter.
OTHERS = {
    "Mask": lambda Mask: ~Mask,
    "X": lambda X: X[:, ::-1].copy(),
    "Z": lambda Z: Z[::-1].copy(),
    "e": lambda e: e[::-1].copy(),
    "x": lambda x: np.roll(x, 1),
    "z": lambda z: (z + 1) % (z.max() + 1),
}


@pytest.mark.parametrize(("one", "format"), cases(["float32"]))
def test_another_input_is_seen(one, format):
    named = expectation(one, format, 0)[1].arguments.named
    for name in named.keys() & OTHERS.keys():
        assert is_seen(one, format, name, OTHERS[name]), name


@pytest.mark.sweep
@pytest.mark.parametrize(("one", "format"), cases(["float32", "float64"]))
def test_one_percent_in_any_parameter_is_seen(one, format):
    # b_k adds the same to all scores of a token; in models of Hugging Face W_u is W_e.
    hidden = {"b_k"} | ({"W_u"} if one.adapter.name.startswith("transformers") else set())
    lacking = {"no offsets": {"b_q", "b_v", "b_o"}, "no γ, no β": {"gamma", "beta"}}
    named = expectation(one, format, 0)[1].arguments.named
    for name in named.keys() - {*OTHERS, "eps", "w"}:  # these two stand in a model's config
        for path, _ in leaves(named[name]):
            if not {name, *path} & (hidden | lacking.get(one.what, set())):
                assert is_seen(one, format, name, partial(percent_more, path)), (name, *path)


def percent_more(path, tree):
    """A tree of parameters with one percent more in one array."""
    paths = iter([path for path, _ in leaves(tree)])

    def changed(array):
        return (
            (array * array.dtype.type(1.01)).astype(array.dtype) if next(paths) == path else array
        )

    return map_values(changed, tree)


def test_without_its_documented_difference_a_function_differs():
    blind = Variation("a token that may attend to nothing", mask="empty column")
    for one in known():
        if one.adapter.departures:
            adapter = replace(one.adapter, departures=())
            tested = function_under_test(one.function, one.algorithm, adapter, "float32")
            verdicts = [trial.verdict for trial in tested.trials([USUAL, blind])]
            assert Verdict.DIFFERS in verdicts, one.name
