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
import numpy as np
from spec.checking.property_tests import conformance


def norm(e, gamma, beta):
    m = e.mean(axis=0)
    return (e - m) / e.std(axis=0) * gamma[:, None] + beta[:, None]


def sample_norm(e, gamma, beta):
    m = e.mean(axis=0)
    return (e - m) / e.std(axis=0, ddof=1) * gamma[:, None] + beta[:, None]


test_right = conformance(norm, algorithm=6)
test_wrong = conformance(
    sample_norm, algorithm=6
)
"""
WRONG_LINE = 1 + FILE[: FILE.index("test_wrong")].count("\n")
FAILING = {
    "test_all_sizes_differ",
    "test_all_sizes_differ_other_numbers",
    "test_all_sizes_differ_and_are_small",
    "test_activations_near_to_their_mean",
    "test_drawn_sizes",
    "test_float32_in_float32_out",
    "test_the_population_variance_is_1",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("user")
    (folder / "test_user.py").write_text(FILE, "utf-8")
    return folder


def ran(folder, *command):
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "PATH": ""},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout + done.stderr


def names(id):
    found = {identifier(one.name) for one in variations(checked(), id)}
    return found | {f"test_{law.id}" for law in laws(id)}


def test_pytest_finds_it_and_says_what_is_wrong(folder):
    said = ran(folder, "pytest", "-v", "-p", "no:cacheprovider", "-p", "no:randomly")
    results = dict(re.findall(r"test_user\.py::(\w+::\w+) (PASSED|FAILED|SKIPPED)", said))
    assert {f"test_right::{name}" for name in names("6")} <= results.keys()
    assert "FAILED" not in {how for name, how in results.items() if "right" in name}
    failed = {name for name, how in results.items() if how == "FAILED"}
    assert failed == {f"test_wrong::{name}" for name in FAILING}
    assert_said(said)
    assert f"test_user.py:{WRONG_LINE}: AssertionError" in said
    assert ">   test_wrong = conformance(" in said
    assert str(ROOT / "spec") not in said  # no traceback of ours


def test_unittest_finds_it_and_says_what_is_wrong(folder):
    said = ran(folder, "unittest", "-v", "test_user")
    assert "test_the_mean_is_0 (test_user.norm_is_Algorithm_6.test_the_mean_is_0)" in said
    failed = re.findall(
        r"^FAIL: (\w+) \(test_user\.sample_norm_is_Algorithm_6\.\w+\)$", said, re.MULTILINE
    )
    assert set(failed) == FAILING
    assert_said(said)
    assert f'test_user.py", line {WRONG_LINE}, in test_drawn_sizes' in said
    assert str(ROOT / "spec") not in said


def assert_said(said):
    headline = "sample_norm is not Algorithm 6 (Layer normalisation)."
    assert re.search(r"sample_norm is not Algorithm 6 \([\w ]+\)\. It gives -?\d", said), headline
    assert "The mean square" not in said
    law = "Where γ = 1, β = 0 and ε = 0, the mean square of ê is 1: d_e and not d_e − 1 divides."
    assert f"{law} But it gives" in said
    assert re.search(r"d_e = 2\n(E +)?e = \[0; 1\]\n", said)
    assert re.search(r"found: ê = \[0; 0\.707107\]\n(E +)?wanted: ê = \[0; 1\]", said)


def test_one_test_can_be_asked_for(folder):
    said = ran(folder, "unittest", "test_user.test_wrong.test_the_population_variance_is_1")
    assert "Ran 1 test" in said


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
    code = suite.test_drawn_sizes.__code__
    assert code.co_filename == __file__
    assert not any(outcome(suite).values())


def test_a_name_for_every_kind_of_arguments():
    for id in checked():
        found = [name for name in dir(conformance(look, id)) if name.startswith("test_")]
        many = len(list(variations(checked(), id))) + len(laws(id))
        assert many + 3 <= len(found) <= many + 4
        assert all(name.isascii() for name in found)


def test_a_function_that_changes_its_arguments():
    def shift(v, W_e):
        W_e += 1
        return W_e[:, v] - 1

    said = outcome(conformance(shift, 1), "test_arguments_are_left_alone")
    assert "changes its argument W_e" in said["test_arguments_are_left_alone"]


def test_a_function_that_gives_other_results_every_time():
    source = np.random.default_rng(0)

    def noisy(v, W_e):
        return W_e[:, v] + source.random()

    said = outcome(conformance(noisy, 1), "test_results_are_the_same_again")
    assert "gives two results" in said["test_results_are_the_same_again"]


def test_a_function_of_one_format():
    def double(v, W_e):
        return W_e.astype(np.float64)[:, v]

    said = outcome(conformance(double, 1))
    assert {name for name, one in said.items() if one} == {"test_float32_in_float32_out"}
    assert "gives float64 for float32" in said["test_float32_in_float32_out"]
    adapter = Adapter("doubles", lambda f, given: f(given.v, given.W_e), formats=("float64",))
    said = outcome(conformance(double, 1, adapter=adapter), "test_float32_in_float32_out")
    assert said["test_float32_in_float32_out"] == "a function as doubles computes in float64"


def test_a_function_that_does_not_end_is_called_once_by_each_test():
    calls = []

    def hangs(v, W_e):
        calls.append(v)
        time.sleep(20)

    suite = conformance(hangs, 1, seconds=0.2)
    said = outcome(suite, "test_drawn_sizes", "test_all_sizes_differ")
    assert all("gave no result in 0.2 s" in message for message in said.values())
    assert len(calls) == 2


def test_a_function_that_raises():
    def refusing(v, W_e):
        raise RuntimeError("not today")

    said = outcome(conformance(refusing, 1))
    assert "raises RuntimeError: not today" in said["test_columns_may_change_places"]
    assert "raises RuntimeError: not today" in said["test_all_sizes_differ"]
    assert "raises RuntimeError: not today" in said["test_results_are_the_same_again"]


def test_a_function_that_cannot_be_called_so():
    said = outcome(conformance(lambda tokens, table, dim: 0, 1))
    assert all("takes dim, which is not an argument of Algorithm 1" in one for one in said.values())
    said = outcome(conformance(look, 1, adapter=Adapter("x", look, formats=()), format="float64"))
    assert all("computes in" in one for one in said.values())


def test_what_does_not_exist_is_said_at_once():
    with pytest.raises(ValueError, match="there is no Algorithm 0"):
        conformance(look, 0)
    with pytest.raises(ValueError, match="there is no format float8"):
        conformance(look, 1, format="float8")


def test_sizes_that_a_function_cannot_have_are_skipped():
    def heads_divide(sizes):
        return {**sizes, "d_attn": 4}

    def attention(X, Z, W_qkv, Mask):
        raise AssertionError

    adapter = Adapter("fixed", lambda f, given: f(), sizes=heads_divide)
    said = outcome(conformance(attention, 4, adapter=adapter), "test_d_attn_is_1")
    assert said["test_d_attn_is_1"] == "another test has tried the function on these sizes"


def test_a_law_is_skipped_of_arguments_that_a_function_cannot_have():
    adapter = Adapter("ε = 1e-5", lambda f, g: f(g.e, g.gamma, g.beta), values={"ε": 1e-5})

    def norm(e, gamma, beta):
        m = e.mean(axis=0)
        return (e - m) / np.sqrt(e.var(axis=0) + 1e-5) * gamma[:, None] + beta[:, None]

    said = outcome(conformance(norm, 6, adapter=adapter))
    assert {name for name, one in said.items() if one == "ε is 1e-05"} == {
        "test_the_population_variance_is_1",
        "test_a_factor_of_all_activations_changes_nothing",
    }
    assert sum(map(bool, said.values())) == 3  # and sizes that two kinds of arguments have
