"""Do type checkers infer arrays of the library that came in, of every function and every θ?

And do they, completion and `help` see what `spec.conformance` offers?
"""

from __future__ import annotations

import inspect
import re
import subprocess
import sys

import pytest
from helpers.public_things import parameter_classes, public_functions
from helpers.revealed import LIBRARIES, text
from mypy import api

from algorithms import initialise, layer_norm, tree_map
from algorithms.extensions.token_weights import constraint
from spec import conformance

OVERLOADED = {constraint, initialise, tree_map}  # pinned by WEIGHTS, and by THETA
FUNCTIONS = text([function for function in public_functions() if function not in OVERLOADED])

DRAWN = """
from algorithms import *
rng = np.random.default_rng()
x, Mask = np.array([1]), np.ones((3, 3), bool)
theta = initialise(DTransformerParameters, rng, N_V=5)
W = initialise(AttentionParameters, rng, d_x=2)
on_torch = theta.map(torch.asarray)
tokens, T = torch.tensor([1]), torch.ones(2, 3)
"""

#: What `initialise`, `map` and `tree_map` give, of a class of parameters.
THETA = """
from {module} import {C}
assert_type(initialise({C}, rng, N_V=5), {C}[NDArray[np.float64]])
assert_type(initialise({C}, rng, dtype=np.float32, N_V=5), {C}[NDArray[np.float32]])
drawn_{C} = initialise({C}, rng, dtype=np.dtype(np.float64), N_V=5)
assert_type(drawn_{C}, {C}[NDArray[np.float64]])
assert_type(drawn_{C}.map(torch.asarray), {C}[torch.Tensor])
assert_type(tree_map(abs, drawn_{C}), {C}[NDArray[np.float64]])
assert_type(tree_map(lambda w, g: w - g, drawn_{C}, drawn_{C}), {C}[NDArray[np.float64]])
"""
CLASSES = "".join(THETA.format(module=c.__module__, C=c.__name__) for c in parameter_classes())

CONFORMANCE = f"""
from unittest import TestCase
from spec.conformance import {", ".join(conformance.__all__)}
from spec.expected.line_values import PairedInputs
from spec.library import checked
from spec.line_by_line.findings import Tie

def mine(v: NDArray[np.int64], W_e: NDArray[np.float64]) -> NDArray[np.float64]:
    return W_e[:, v]

report = check(mine, algorithm=1, format="float32")
assert_type(report, Report)
assert_type(report.verdict, Verdict)
assert_type(report.passes, bool)
assert_type(report.ratio, float)
assert_type(report.trials[0].arguments.sizes["d_e"], int)
assert_type(report.account().headline, str)
assert_type(conformance(mine, algorithm="Token embedding"), type[TestCase])
assert_type(layout(tokens="rows", eps=None), Adapter)
assert_type(modules(mine, 6, mask="causal"), Adapter)
assert_type(tie(checked(), "1", mine, PairedInputs([], ())), Tie)
error: UsageError = AdapterError("an adapter does not fit")
check(mine, 1, adapter=lambda function, arguments: assert_type(arguments, Arguments))
assert_type(Adapter("mine", lambda _, given: assert_type(given, Arguments).v).name, str)
"""

#: A constraint takes arrays of every library, and gives those of the same.
WEIGHTS = """
from algorithms.extensions.token_weights import constraint
weigh = constraint(Mask, np.ones((3, 3), int), ell_gen=2, rng=rng)
p: NDArray[np.float64] = np.ones(3)
assert_type(weigh(p), NDArray[np.float64])
assert_type(constraint(Mask, x, ell_gen=2, rng=rng)(torch.ones(3)), torch.Tensor)
"""

#: Each is refused, or its result is: a mistake that a type checker sees.
SEEN = [
    "DTransformer(theta, x)",  # in the wrong order
    "DTransformer([1, 2], theta)",
    "ETransformer(x, theta)",  # another architecture
    "DTransformer(tokens, theta).backward()",  # NumPy's θ gives NumPy's P
    "DTransformer(x, on_torch).astype(float)",
    "Attention(T, T, W, Mask).backward()",  # of two libraries
    "layer_norm(T, W.b_q, W.b_q).astype(float)",
    "initialise(dict, rng)",
    "initialise(Layer, rng, dtype=np.int64)",
    "initialise(Layer, rng, N_V=5.0)",
    'check("mypkg:mine", 1)',  # not a function
    "check(mine, 1, formats='float32')",
    "check(mine, 1.5)",
    "layout(tokens='row')",
    "conformance(mine)",
    "report.verdit",
    "tie(mine, 'float32').verdict",
]

#: Where the pins of a function are wrong, once for each library.
WRONG = [
    row.replace(f"), {kinds['Float']})", "), int)")
    for row in text([layer_norm]).splitlines()
    for kinds in LIBRARIES.values()
    if row.endswith(f"), {kinds['Float']})")
]


def mypy(path):
    return api.run(["--strict", path])[0]


def pyright(path):
    """It and its Node.js are in wheels: nothing is downloaded."""
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, path]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.fixture(scope="module", params=[mypy, pyright], ids=["mypy", "pyright"])
def refused(request, tmp_path_factory):
    """The rows in which a type checker finds something wrong."""
    signature = "def wrong(e: Any, gamma: Any, beta: Any, eps: Any) -> None:"
    source = "\n".join((FUNCTIONS, DRAWN, CLASSES, WEIGHTS, CONFORMANCE, *SEEN, signature, *WRONG))
    path = tmp_path_factory.mktemp("types") / "revealed.py"
    path.write_text(source, encoding="utf-8")
    found = re.findall(r"revealed\.py:(\d+)\b.*? error: ", request.param(str(path)))
    numbers = {*map(int, found)}
    return [row for number, row in enumerate(source.splitlines(), 1) if number in numbers]


@pytest.mark.sweep
def test_what_is_pinned_is_inferred_and_what_is_wrong_is_seen(refused):
    assert refused == [*SEEN, *WRONG]


def test_every_function_is_pinned_for_every_library():
    functions = {*public_functions()} - OVERLOADED
    assert FUNCTIONS.count("    assert_type(") == len(functions) * len(LIBRARIES)
    assert len(WRONG) == len(LIBRARIES)
    assert CLASSES.count("initialise(") == 3 * len(parameter_classes()) > 0


def test_every_name_is_listed_and_functions_show_their_signature():
    assert set(conformance.__all__) <= set(dir(conformance))
    for name in ("check", "conformance", "layout", "modules"):
        function = getattr(conformance, name)
        signature = inspect.signature(function)
        assert all(parameter.annotation for parameter in signature.parameters.values())
        assert signature.return_annotation in ("Report", "Adapter", "type[TestCase]")
        documented = re.findall(r"^    ([\w, ]+)\n        ", function.__doc__, re.MULTILINE)
        names = {name for row in documented for name in row.split(", ")}
        assert signature.parameters.keys() <= names
