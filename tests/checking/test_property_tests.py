"""Is one line a test suite, for pytest and for unittest, and does it say what is wrong?"""

from __future__ import annotations

import re
import subprocess
import sys
import time
import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import strategies as st

from spec.adapters.choose import adapter_for
from spec.adapters.function_in_layout import layout
from spec.adapters.modules.module_adapter import modules
from spec.checking.check import check
from spec.checking.property_tests import conformance, identifier
from spec.inputs.arguments import Adapter
from spec.inputs.variations import variations
from spec.laws.law import laws
from spec.library import checked

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

ROOT = Path(__file__).parents[2]
FILE = """
from spec.conformance import conformance


def norm(e, gamma, beta, ddof=0):
    m = e.mean(axis=0)
    return (e - m) / e.std(axis=0, ddof=ddof) * gamma[:, None] + beta[:, None]


def sample_norm(e, gamma, beta):
    return norm(e, gamma, beta, ddof=1)


test_right = conformance(norm, algorithm=6)
test_wrong = conformance(
    sample_norm, algorithm=6
)
"""
WRONG_LINE = 1 + FILE[: FILE.index("test_wrong")].count("\n")
FAILING = {
    "test_all_sizes_differ",
    "test_all_sizes_differ_numbers_of_all_digits",
    "test_all_sizes_differ_and_are_small",
    "test_activations_near_to_their_mean",
    "test_drawn_sizes",
    "test_float32_in_float32_out",
    "test_one_token",
    "test_the_mean_square_is_1",
}


def ran(folder, *command):
    (folder / "test_user.py").write_text(FILE, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "PATH": ""},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    law = "Where γ = 1, β = 0 and ε = 0, the mean square of ê is 1: d_e and not d_e − 1 divides."
    assert f"sample_norm is not Algorithm 6 (layer_norm). {law} But it gives" in said
    assert said.count("at line 6.2 (mistake norm-sample-variance)") == len(FAILING)
    assert said.count("`formal-transformers show norm-sample-variance` says more") == len(FAILING)
    assert str(ROOT / "spec") not in said  # no traceback of ours
    return said


def assert_shrunk(said):
    assert re.search(r"d_e = 2\n(E +)?e = \[0; 1\]\n", said)
    assert re.search(r"found: ê = \[0; 0\.707107\]\n(E +)?wanted: ê = \[0; 1\]", said)


def test_pytest_finds_it_and_says_what_is_wrong(tmp_path):
    said = ran(tmp_path, "pytest", "-v", "-p", "no:cacheprovider", "-p", "no:randomly")
    results = dict(re.findall(r"test_user\.py::(\w+::\w+) (PASSED|FAILED|SKIPPED)", said))
    names = [identifier(one.name) for one in variations(checked(), "6")]
    names += [f"test_{law.id}" for law in laws("6")]
    assert {f"test_right::{name}" for name in names} <= results.keys()
    failed = {name for name, result in results.items() if result == "FAILED"}
    assert failed == {f"test_wrong::{name}" for name in FAILING}
    assert_shrunk(said)
    assert f"test_user.py:{WRONG_LINE}: AssertionError" in said
    assert ">   test_wrong = conformance(" in said


def test_unittest_finds_it_and_says_what_is_wrong(tmp_path):
    said = ran(tmp_path, "unittest", "-v", "test_user")
    assert "test_the_mean_is_0 (test_user.norm_is_Algorithm_6.test_the_mean_is_0)" in said
    failed = re.findall(
        r"^FAIL: (\w+) \(test_user\.sample_norm_is_Algorithm_6\.", said, re.MULTILINE
    )
    assert set(failed) == FAILING
    assert_shrunk(said)
    assert f'test_user.py", line {WRONG_LINE}, in test_drawn_sizes' in said


# In this process ----------------------------------------------------------------------------------


def look(v, W_e):
    return W_e[:, v]


def outcome(suite, *only):
    """What the tests of a suite say, by their names: nothing if they pass."""
    messages = {}
    for test in unittest.defaultTestLoader.loadTestsFromTestCase(suite):
        name = test.id().rpartition(".")[2]
        if not only or name in only:
            result = unittest.TestResult()
            test.run(result)
            assert not result.errors, result.errors
            messages[name] = "".join(text for _, text in (*result.failures, *result.skipped))
    return messages


def test_a_class_is_of_the_module_that_asks_for_it():
    suite = conformance(look, 1)
    assert suite.__module__ == __name__
    assert suite.__qualname__ == "look_is_Algorithm_1"
    assert suite.test_drawn_sizes.__code__.co_filename == __file__
    assert not any(outcome(suite).values())


@pytest.mark.parametrize("id", list(checked()))
def test_a_name_for_every_kind_of_arguments(id):
    found = [name for name in dir(conformance(look, id)) if name.startswith("test_")]
    many = len(list(variations(checked(), id))) + len(laws(id))
    assert many + 3 <= len(found) <= many + 4
    assert all(name.isascii() for name in found)


def test_a_call_that_is_at_fault_fails_a_test_of_its_own():
    source = np.random.default_rng(0)

    def shift(v, W_e):
        W_e += 1
        return W_e[:, v] - 1

    def noisy(v, W_e):
        return W_e[:, v] + source.random()

    for function, name, problem in (
        (shift, "test_arguments_are_left_alone", "changes its argument W_e"),
        (noisy, "test_results_are_the_same_again", "gives two results"),
    ):
        assert problem in outcome(conformance(function, 1), name)[name]


def test_a_function_is_checked_once_and_only_if_a_test_fails(monkeypatch):
    checked_in = []

    def counted(*arguments, **options):
        checked_in.append(options["format"])
        return check(*arguments, **options)

    monkeypatch.setattr("spec.checking.failure_message.check", counted)
    outcome(conformance(look, 1))
    assert not checked_in
    assert any(outcome(conformance(lambda v, W_e: W_e[:, v] + 1, 1)).values())
    assert checked_in == ["float64"]


def test_a_mistake_that_only_drawn_sizes_show(monkeypatch):
    def look_up_to(v, W_e):
        return look(v, W_e) + (W_e.shape == (5, 9))

    sizes = st.just({"N_V": 9, "d_e": 5})
    monkeypatch.setattr("spec.checking.property_tests.drawn_sizes", lambda *_: sizes)
    said = outcome(conformance(look_up_to, 1))
    assert {name for name, message in said.items() if message} == {"test_drawn_sizes"}
    assert re.search(
        r"A check in float64 finds it right on \d kinds of arguments\.", said["test_drawn_sizes"]
    )


def test_a_function_of_one_format():
    def double(v, W_e):
        return W_e.astype(np.float64)[:, v]

    name = "test_float32_in_float32_out"
    said = outcome(conformance(double, 1))
    assert {test for test, message in said.items() if message} == {name}
    assert "gives float64 " in said[name]
    assert "In float64 it is right: it is wrong only in float32." in said[name]
    adapter = Adapter("doubles", lambda f, given: f(given.v, given.W_e), formats=("float64",))
    said = outcome(conformance(double, 1, adapter=adapter), name)
    assert said[name] == "a function as doubles computes in float64"


def test_a_mistake_in_float32_alone_is_named():
    def norm(e, gamma, beta):
        divided = e.std(axis=0, ddof=int(e.dtype == np.float32))
        return (e - e.mean(axis=0)) / divided * gamma[:, None] + beta[:, None]

    name = "test_float32_in_float32_out"
    message = outcome(conformance(norm, 6), name)[name]
    assert "it is wrong only in float32." in message
    assert "(mistake norm-sample-variance)" in message


def test_a_documented_difference_is_not_called_a_mistake_and_can_be_allowed():
    def norm(e, gamma, beta):
        centred = e - e.mean(axis=0)
        return centred / np.sqrt(e.var(axis=0) + 1e-5) * gamma[:, None] + beta[:, None]

    failed = [message for message in outcome(conformance(norm, 6)).values() if "E" in message]
    said = "norm is Algorithm 6 (layer_norm), with a documented difference that is not an error."
    assert failed
    for message in failed:
        assert said in message
        assert "give its adapter departures=('norm-epsilon-1e-5',)." in message
    adapter = replace(layout(eps=0.0), departures=("norm-epsilon-1e-5",))
    assert not any(
        "Error" in text for text in outcome(conformance(norm, 6, adapter=adapter)).values()
    )


SKIPPED = "the function cannot be called any more: see "


def assert_one_fails(said, problem):
    """The first test says the problem, and no other says it again."""
    (name,) = [name for name, message in said.items() if problem in message]
    others = [message for message in said.values() if problem not in message]
    assert others == [SKIPPED + name] * (len(said) - 1)


@pytest.mark.parametrize("only", [(), ("test_drawn_sizes",)])
def test_a_function_that_does_not_end_is_called_once(only):
    calls = []

    def hangs(v, W_e):
        calls.append(v)
        time.sleep(20)

    said = outcome(conformance(hangs, 1, seconds=0.2), *only)
    assert_one_fails(said, "it gave no result in 0.2 s")
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("function", "adapter", "problem"),
    [
        (lambda tokens, table, dim: 0, None, "takes dim, which is not an argument of"),
        (look, Adapter("x", look, formats=()), "x computes in "),
        (1, None, "1 cannot be called"),
        (look, 1, "1 is not an adapter, and cannot be called"),
    ],
)
def test_of_a_function_that_cannot_be_called_one_test_fails(function, adapter, problem):
    assert_one_fails(outcome(conformance(function, 1, adapter=adapter)), problem)


@pytest.mark.parametrize(
    "name", ["test_columns_may_change_places", "test_arguments_are_left_alone"]
)
def test_of_a_function_that_cannot_be_called_each_test_fails_alone_and_again(name):
    suite = conformance(lambda tokens, table, dim: 0, 1)
    for _ in range(2):
        assert "cannot be called as Algorithm 1" in outcome(suite, name)[name]


def test_a_function_that_raises_on_some_arguments():
    def refusing(v, W_e):
        if W_e.shape[1] > 1:
            raise RuntimeError("not today")
        return look(v, W_e)

    names = ("columns_may_change_places", "all_sizes_differ", "results_are_the_same_again")
    said = outcome(conformance(refusing, 1), *(f"test_{name}" for name in names))
    assert all("raises RuntimeError: not today" in message for message in said.values())


def test_an_algorithm_may_be_named():
    assert conformance(look, "Token embedding").__qualname__ == "look_is_Algorithm_1"
    assert check(look, "token_embedding").tested.id == "1"
    head = torch.nn.Linear(6, 17, bias=False)
    for adapter in (
        modules(head, "Unembedding", result="logits"),
        adapter_for(head, "unembedding"),
    ):
        assert "torch" in adapter.name
    assert adapter_for(torch.nn.LayerNorm, "LayerNorm").name == "torch.nn.LayerNorm"
    for ask in (conformance, check, modules, adapter_for):
        with pytest.raises(ValueError, match=r"no Algorithm MHAtention; did you mean MHAttention"):
            ask(look, "MHAtention")


def test_what_does_not_exist_is_said_at_once():
    with pytest.raises(ValueError, match="there is no Algorithm 0"):
        conformance(look, 0)
    with pytest.raises(ValueError, match="there is no format float8"):
        conformance(look, 1, format="float8")


def test_what_a_function_cannot_have_is_skipped():
    def called(function, arguments):
        return function(arguments.e, arguments.gamma, arguments.beta)

    def norm(e, gamma, beta):
        m = e.mean(axis=0)
        return (e - m) / np.sqrt(e.var(axis=0) + 1e-5) * gamma[:, None] + beta[:, None]

    said = outcome(conformance(norm, 6, adapter=Adapter("one ε", called, values={"ε": 1e-5})))
    assert {name for name, message in said.items() if message == "ε is 1e-05"} == {
        "test_the_mean_square_is_1",
        "test_a_factor_of_all_activations_changes_nothing",
    }
    fixed = Adapter("fixed", called, sizes=lambda sizes: {**sizes, "d_e": 4})
    name = "test_all_sizes_the_same"
    said = outcome(conformance(norm, 6, adapter=fixed), name)
    assert said[name] == "another test has tried the function on these sizes"
