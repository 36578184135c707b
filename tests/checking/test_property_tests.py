"""Is one line a test suite, for pytest and for unittest, and does it say what is wrong?"""

from __future__ import annotations

import re
import subprocess
import sys
import time
import unittest
from pathlib import Path

import numpy as np
import pytest

from spec.checking.property_tests import conformance, identifier
from spec.inputs.arguments import Adapter
from spec.inputs.variations import variations
from spec.laws.law import laws
from spec.library import checked

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
    "test_the_population_variance_is_1",
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


def test_a_function_of_one_format():
    def double(v, W_e):
        return W_e.astype(np.float64)[:, v]

    name = "test_float32_in_float32_out"
    said = outcome(conformance(double, 1))
    assert {test for test, message in said.items() if message} == {name}
    assert "gives float64 for float32" in said[name]
    adapter = Adapter("doubles", lambda f, given: f(given.v, given.W_e), formats=("float64",))
    said = outcome(conformance(double, 1, adapter=adapter), name)
    assert said[name] == "a function as doubles computes in float64"


def test_a_function_that_does_not_end_is_called_once_by_each_test():
    calls = []

    def hangs(v, W_e):
        calls.append(v)
        time.sleep(20)

    suite = conformance(hangs, 1, seconds=0.2)
    said = outcome(suite, "test_drawn_sizes", "test_all_sizes_differ")
    assert all("gave no result in 0.2 s" in message for message in said.values())
    assert len(calls) == 2


def test_a_function_that_raises_or_cannot_be_called():
    def refusing(v, W_e):
        raise RuntimeError("not today")

    names = ("columns_may_change_places", "all_sizes_differ", "results_are_the_same_again")
    said = outcome(conformance(refusing, 1), *(f"test_{name}" for name in names))
    assert all("raises RuntimeError: not today" in message for message in said.values())
    said = outcome(conformance(lambda tokens, table, dim: 0, 1))
    assert all("takes dim, which is not an argument of" in message for message in said.values())
    said = outcome(conformance(look, 1, adapter=Adapter("x", look, formats=())))
    assert all("computes in" in message for message in said.values())


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
        "test_the_population_variance_is_1",
        "test_a_factor_of_all_activations_changes_nothing",
    }
    fixed = Adapter("fixed", called, sizes=lambda sizes: {**sizes, "d_e": 4})
    name = "test_all_sizes_the_same"
    said = outcome(conformance(norm, 6, adapter=fixed), name)
    assert said[name] == "another test has tried the function on these sizes"
