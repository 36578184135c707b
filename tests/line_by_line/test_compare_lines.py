"""Does a difference say which line is wrong, where and how, whatever the code holds?"""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np
import pytest
import torch
from helpers.cases import REFERENCE, case
from helpers.planting import planted
from helpers.tagged_code import ATTENTION, HEADS, difference, said, written

from algorithms import Attention, AttentionParameters, DTransformer
from spec.expected.line_values import LineValues
from spec.library import checked
from spec.line_by_line.array_axes import laid_out
from spec.line_by_line.compare_lines import Comparison
from spec.line_by_line.tie import run_observed, tie

RESULT = "return V @ softmax(S / np.sqrt(Q.shape[-2]))"
MESSAGES = [
    (
        ("softmax(S / np.sqrt(Q.shape[-2]))", "softmax(S)"),
        """
        line 4.6 (return Ṽ = V · softmax(S / √d_attn)),
        at attention, row 8, `return V @ softmax(S)`:
        the result is 0.595759 where the pseudocode has 0.616418, at [0, 0]; 50 of 50 differ
        """,
    ),
    (
        ("K.mT @ Q ", "K.mT @ Q * (1 + 1e-9) "),
        """
        line 4.4 (S ← Kᵀ Q), at attention, row 6, `S = K.mT @ Q * (1 + 1e-9)`:
        S is -0.541750355302 where the pseudocode has -0.54175035476, at [0, 0]; 35 of 35 differ
        """,
    ),
    (
        ("# 4.2", "# 4.7"),
        """
        line 4.7, at attention, row 4, `K = W_k @ Z + b_k[..., None]`: there is no such line
        """,
    ),
    (
        ("W_v @ Z + b_v[..., None]", "1 // 0"),
        """
        call of Algorithm 4, after line 4.2, attention, row 4, `K = W_k @ Z + b_k[..., None]`:
        ZeroDivisionError: integer division or modulo by zero
        """,
    ),
    (
        ("    W_q, b_q, W_k, b_k, W_v, b_v = W_qkv", "    1 // 0"),
        """
        call of Algorithm 4, after its beginning:
        ZeroDivisionError: integer division or modulo by zero
        """,
    ),
]


@pytest.mark.parametrize(("edit", "message"), MESSAGES, ids=[edit[1] for edit, _ in MESSAGES])
def test_a_message_says_which_line_where_and_what(edit, message):
    assert said("4", written(ATTENTION, edit)) == " ".join(message.split())


def test_a_wrong_argument_is_blamed_on_the_line_that_calls():
    function = planted(DTransformer, "layer_norm(X, gamma, beta,", "layer_norm(X, beta, gamma,")
    found = said("10", function)
    assert found.startswith("line 10.10 ")
    assert "in its call of Algorithm 6, gamma is " in found


def test_a_call_may_be_blamed_on_a_line_of_an_unknown_algorithm():
    wrong = ("attention(X, Z,", "attention(X + 1, Z,")
    found = said("5", written(HEADS, wrong, ("# 5.2", "# 99.1"), attention=Attention))
    assert found.startswith("line 99.1, at heads, row 4, `Y_h = attention(X + 1, Z,")


def test_what_the_pseudocode_never_does_is_named():
    inputs = case("13", N_epochs=0)
    function = planted(REFERENCE["13"], "range(N_epochs)", "range(N_epochs + 1)")
    (found,) = tie(checked(), "13", function, inputs).differences
    assert (found.line, found.problem) == ("13.3", "the pseudocode never comes here")
    assert tie(checked(), "13", REFERENCE["13"], inputs).differences == ()


# Anything that code may hold

ANYTHING = [
    None, "text", b"bytes", True, 3, 2.5, 1j, math.nan, [], (), {}, {1, 2}, [1, [2, 3]], ["a"],
    [None], object(), len, np.array("text"), np.array([1j]), np.array(None), np.zeros((0, 5)),
    np.zeros((10, 5, 0)), np.zeros((2, 3, 10, 5)), np.zeros(()), np.array(["2020"], "datetime64"),
    torch.zeros(3), torch.zeros((10, 5), dtype=torch.bfloat16), jnp.zeros((4, 5)), range(3),
    AttentionParameters(1, 2, 3, 4, 5, 6), Exception("no"), iter([1]),
]  # fmt: skip
TRAIN = "def train(x, theta, **rest):\n    theta = anything  # 13.6\n"


@pytest.mark.parametrize("anything", ANYTHING, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(
    ("line", "text", "edits"),
    [
        ("4.6", ATTENTION, [(RESULT, "return anything")]),
        ("4.1", ATTENTION, [("W_q @ X + b_q[..., None]", "anything")]),
        ("13.6", TRAIN, []),
    ],
    ids=["result", "variable", "parameters"],
)
def test_a_value_may_be_anything(anything, line, text, edits):
    function = written(text, *edits, anything=anything)
    found = difference(line.partition(".")[0], function)
    assert found.line == line
    assert "\n" not in str(found)


def test_what_the_code_held_is_told_for_each_visit_of_a_line():
    inputs = case("5", batched=True)
    comparison = Comparison(
        LineValues(checked(), "5", inputs), run_observed(inputs, REFERENCE["5"])
    )
    assert comparison.compare().differences == ()
    visits = comparison.trace.lines["5", 2]
    held = comparison.held["5", 2]
    assert [*held] == [*range(len(visits))]
    for visit, arrays in held.items():
        (((name, path), array),) = arrays.items()
        assert path == ""
        each = [laid_out(values[name]).astype(float) for values in visits]
        assert array.shape == each[visit].shape
        # The comparison itself has bounds; here it matters which visit an array is of.
        assert np.argmin([np.abs(array - exact).max() for exact in each]) == visit
