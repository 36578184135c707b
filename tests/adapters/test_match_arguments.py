"""Does every parameter of a function take the argument that its name stands for, in any order?"""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from helpers.planting import compiled
from helpers.quick_check import assert_agrees, problem, quick_check
from hosts import columns_numpy as columns

from algorithms import layer_norm
from spec.adapters.function_in_layout import layout
from spec.adapters.match_arguments import match, matched, synonyms
from spec.calling.verdict import Verdict
from spec.inputs.adapter_error import AdapterError

E, GAMMA, BETA = np.ones((6, 5)), np.ones(6), np.zeros(6)
#: A way of calling in which a function takes its arguments in the paper's form.
FORMS = {"by itself": None, "in a layout": layout(eps=None)}


def function_of(*names):
    """A function with parameters of these names."""
    parameters = ", ".join(names)
    return compiled(f"def function({parameters}): return [{parameters}]", {})["function"]


@pytest.mark.parametrize("names", list(product(["e", "x", "X"], ["gamma", "g"], ["beta", "b"])))
def test_names_are_matched_in_any_order(names):
    held = dict(zip(("e", "gamma", "beta"), (E, GAMMA, BETA), strict=True))
    wanted = dict(zip(names, held, strict=True))
    for order in permutations(names):
        assert match(function_of(*order), held, {"eps": 0.0}).taken == wanted


@pytest.mark.parametrize("adapter", FORMS.values(), ids=FORMS)
def test_a_norm_is_right_whatever_the_order_of_its_arguments(adapter):
    def norm(gamma, e, b, epsilon=0.0):
        return columns.normalise(e, gamma, b, epsilon)

    report = quick_check(norm, 6, adapter, kinds=4)
    assert_agrees(report)
    assert all(trial.arguments.eps > 0 for trial in report.trials)


@pytest.mark.parametrize("adapter", FORMS.values(), ids=FORMS)
def test_keys_and_values_are_the_context(adapter):
    def attend(query, key, value, mask, w):
        Q, K = w.W_q @ query + w.b_q[:, None], w.W_k @ key + w.b_k[:, None]
        A = columns.softmax(np.where(mask, K.T @ Q / np.sqrt(len(Q)), -np.inf))
        return (w.W_v @ value + w.b_v[:, None]) @ A

    assert_agrees(quick_check(attend, 4, adapter))


@pytest.mark.parametrize(
    "names", [("e", "gamma", "beta"), ("x", "weight", "bias"), ("x", "g", "b")]
)
def test_a_name_never_takes_what_has_another_name(names):
    held = {"e": E, "gamma": GAMMA, "eps": 0.0}
    with pytest.raises(AdapterError, match=f"takes {names[-1]}, which is not an argument of"):
        matched(function_of(*names), held, {}, "an algorithm without β")
    with pytest.raises(AdapterError, match="takes beta, which is not an argument of"):
        matched(layer_norm, held, {}, "an algorithm without β")


def test_arguments_without_names_are_taken_in_order():
    held = {"e": E, "W_u": np.ones((17, 6))}
    for names in (("a", "b"), ("e", "matrix"), ("x", "W")):
        assert [*matched(function_of(*names), held, {}, "").values()] == [*held.values()]
    masked = {"X": E, "Z": E, "Mask": E > 0}
    assert match(function_of("x", "z", "hidden"), masked, {}).taken["hidden"] == "Mask"
    numbers = {"x": E, "ell_gen": 3, "tau": 1.0}
    assert match(function_of("x", "long", "hot"), numbers, {}).taken["hot"] == "tau"


@pytest.mark.parametrize("names", ["abcd", "pqrs", "mnop"])
def test_letters_in_the_order_of_the_alphabet_are_not_names(names):
    held = {"X": E, "Z": E, "W_qkv": E, "Mask": E > 0}
    assert match(function_of(*names), held, {}).taken == dict(zip(names, held, strict=True))


def test_parameters_without_names_are_said_as_they_are_written():
    with pytest.raises(AdapterError, match=r"an argument of it: it takes \*args$"):
        matched(function_of("*args"), {"e": E}, {}, "it")


def test_names_that_stand_for_two_things_are_known_by_what_else_there_is():
    sizes = {"v": np.arange(5), "W_e": np.ones((6, 17))}
    assert match(function_of("x", "W"), sizes, {}).taken == {"x": "v", "W": "W_e"}
    assert match(function_of("x", "W"), {"e": E, "W_u": GAMMA}, {}).taken == {"x": "e", "W": "W_u"}


def test_neither_a_source_of_random_numbers_nor_a_cache_is_the_keys():
    def forward(x, context, past_k=None, v=None, *, key=None):
        return x

    assert match(forward, {"X": E, "Z": E}, {}).taken == {"x": "X", "context": "Z"}


def test_records_are_taken_whole_or_field_by_field():
    def biased(X, Z, W_q, b_q, W_k, b_k, W_v, b_v, rel_bias, mask):
        return X

    def short(X, Z, W_q, b_q, W_k, b_k, W_v, mask):
        return X

    assert problem(biased, 4, layout()) == (
        Verdict.DOES_NOT_FIT,
        (
            "biased takes rel_bias, which is not an argument of Algorithm 4: these are "
            "X (13, 5), Z (9, 7), W_q (4, 13), b_q (4,), W_k (4, 9), b_k (4,), W_v (10, 9), "
            "b_v (10,), Mask (7, 5)"
        ),
    )
    assert problem(short, 4, layout()) == (
        Verdict.DOES_NOT_FIT,
        (
            "short does not take b_v (10,), an argument of Algorithm 4: "
            "it takes X, Z, W_q, b_q, W_k, b_k, W_v, mask"
        ),
    )


def test_synonyms_name_one_thing():
    for kind, table in synonyms().items():
        if kind == "arguments":  # x is X in one algorithm, and e in another
            continue
        names = [name for row in table.values() for name in row]
        assert len(names) == len(set(names)), kind
