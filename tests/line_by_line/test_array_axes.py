"""Are the axes of an array of the code read as the batch, visits, and what one visit sets?"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.cases import case
from helpers.planting import planted
from helpers.tagged_code import ALL_OF_4, ATTENTION, said, seen, written
from user_code import rows

from algorithms import Attention, MHAttention
from spec.domains import Floats
from spec.expected.line_values import LineValues
from spec.expected.trace import trace
from spec.library import checked
from spec.line_by_line.array_axes import ArrayAxes, VisitAxes
from spec.line_by_line.tie import hold_to_lines, tie
from spec.machine import Chance

MATRIX, COLUMN, NUMBER = (4, 7), (4,), ()


@pytest.mark.parametrize(
    ("shape", "visit", "batch", "rules", "wanted"),
    [
        # Shape, of one visit, batch; how many axes are of the batch, and how long those of visits.
        ((4, 7), MATRIX, (), "", (0, (), 1)),
        ((3, 4, 7), MATRIX, (), "", (0, (3,), 1)),
        ((2, 3, 4, 7), MATRIX, (), "", (0, (2, 3), 1)),
        ((4, 7, 3), MATRIX, (), "", None),
        ((7, 4), MATRIX, (), "", None),
        ((2, 4, 7), MATRIX, (2,), "", (1, (), 1)),
        ((2, 3, 4, 7), MATRIX, (2,), "", (1, (3,), 1)),
        ((2, 6, 3, 4, 7), MATRIX, (2,), "", (1, (6, 3), 1)),
        ((4, 7), MATRIX, (2,), "", (0, (), 1)),
        ((1, 4, 7), MATRIX, (2,), "", (1, (), 1)),
        ((3, 4, 7), MATRIX, (2,), "", (0, (3,), 1)),
        ((0, 4, 7), MATRIX, (), "", None),
        ((3, 5, 4, 7), (5, 4, 7), (), "", (0, (3,), 1)),
        ((4,), COLUMN, (), "", (0, (), 1)),
        ((4, 3), COLUMN, (), "", (0, (), 3)),
        ((3, 4), COLUMN, (), "", None),
        ((6, 3, 4, 5), COLUMN, (), "", (0, (6, 3), 5)),
        ((6, 3, 5, 4), COLUMN, (), "", None),
        ((2, 4), COLUMN, (2,), "", (1, (), 1)),
        ((2, 6, 4, 5), COLUMN, (2,), "", (1, (6,), 5)),
        ((1, 4), COLUMN, (2,), "", (1, (), 1)),
        ((3, 4), COLUMN, (), "of_heads", (0, (3,), 1)),
        ((4, 3), COLUMN, (), "of_heads", None),
        ((2, 4), COLUMN, (2,), "argument of_heads", (0, (2,), 1)),
        ((2, 4), COLUMN, (2,), "of_heads", (1, (), 1)),
        ((2, 4), COLUMN, (2,), "argument", (1, (), 1)),
        ((), COLUMN, (), "", None),
        ((), NUMBER, (), "", (0, (), 1)),
        ((), NUMBER, (2,), "", (0, (), 1)),
        ((3,), NUMBER, (), "", (0, (), 3)),
        ((1, 3), NUMBER, (), "", (0, (), 3)),
        ((6, 3), NUMBER, (), "", (0, (6,), 3)),
        ((6, 1, 3), NUMBER, (), "", (0, (6,), 3)),
        ((2,), NUMBER, (2,), "", (1, (), 1)),
        ((2, 1, 3), NUMBER, (2,), "", (1, (), 3)),
    ],
)
def test_a_shape_says_which_visits_an_array_holds(shape, visit, batch, rules, wanted):
    axes = ArrayAxes(visit, batch, **dict.fromkeys(rules.split(), True))
    found = axes.read(shape)
    if wanted is None:
        assert found is None
        return
    batch_axes, front, last = wanted
    assert found == (batch_axes, VisitAxes(front, last))
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    spread = axes.spread(array, batch_axes, found[1], found[1])
    assert spread.shape == (*batch, found[1].visits, *visit)
    assert set(spread.ravel()) == set(array.ravel())


def test_an_array_is_spread_in_the_order_of_its_loops():
    columns = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    own = VisitAxes((2, 3), 5)
    spread = ArrayAxes(COLUMN).spread(columns, 0, own, own)
    assert np.array_equal(spread[13], columns[0, 2, :, 3])
    for_all = ArrayAxes(COLUMN).spread(columns[:, :1], 0, VisitAxes((2, 1), 5), own)
    assert np.array_equal(for_all[13], columns[0, 0, :, 3])


def test_numbers_and_columns_stand_side_by_side():
    side_by_side = """\
def norm(e, gamma, beta, eps):
    m = e.mean(axis=0)  # 6.1
    v = ((e - m) ** 2).mean(axis=0)  # 6.2
    return (e - m) / np.sqrt(v + eps) * gamma[:, None] + beta[:, None]  # 6.3
"""
    assert seen("6", written(side_by_side)) == "6.1 6.2 6.3"
    kept = written(side_by_side, ("e.mean(axis=0)", "e.mean(axis=0, keepdims=True)"))
    assert seen("6", kept) == "6.1 6.2 6.3"
    rows = ("gamma[:, None] + beta[:, None]  #", "gamma[:, None] + beta[:, None]).T  #")
    rows = written(side_by_side, rows, ("return (e", "return ((e"))
    assert said("6", rows).endswith("the result has shape (5, 6); one visit has (6,)")


def test_a_function_is_seen_in_the_midst_of_a_gradient_of_JAX():
    text = """\
def norm(e, gamma, beta, eps):
    def total(e):
        m = e.mean(axis=0)  # 6.1
        v = ((e - m) ** 2).mean(axis=0)  # 6.2
        e_hat = (e - m) / jnp.sqrt(v + eps) * gamma[:, None] + beta[:, None]  # 6.3
        return e_hat.sum()

    return jax.grad(total)(jnp.asarray(e))
"""
    with jax.enable_x64(True):
        assert seen("6", written(text, jax=jax, jnp=jnp)) == "6.1 6.2 6.3"
        wrong = written(text, (".mean(axis=0)  # 6.2", ".sum(axis=0)  # 6.2"), jax=jax, jnp=jnp)
        assert said("6", wrong).startswith("line 6.2, ")
    compiled = written(text, ("jax.grad(total)", "jax.jit(total)"), jax=jax, jnp=jnp)
    assert said("6", compiled).startswith("line 6.1, ")  # there are no numbers to be seen


def test_a_family_without_members_has_nothing_to_compare():
    text = """\
def attend(e, E, W_qkv):
    W_q, b_q, W_k, b_k, W_v, b_v = W_qkv
    q = W_q @ e + b_q  # 3.1
    k_t = W_k @ E + b_k[:, None]  # 3.2
    v_t = W_v @ E + b_v[:, None]  # 3.3
    alpha_t = np.exp(q @ k_t / np.sqrt(len(q)))  # 3.4
    return v_t @ (alpha_t / alpha_t.sum())  # 3.5
"""
    inputs = case("3")
    ((run,),) = inputs.runs
    e, E, W_qkv = inputs.arguments
    none = dataclasses.replace(
        inputs,
        runs=[[dataclasses.replace(run, inputs=(run.inputs[0], []))]],
        arguments=(e, E[:, :0], W_qkv),
    )
    assert seen("3", written(text, ("  # 3.4", ""))) == "3.1 3.2 3.3 3.5"
    found = tie(checked(), "3", written(text), none)
    assert (found.differences, found.observed) == ((), ("3.1", "3.5"))


def test_no_square_hides_a_transpose():
    square = {"d_attn": 5, "ℓ_x": 5, "ℓ_z": 5}
    turned = ("Q = W_q @ X + b_q[..., None]", "Q = (W_q @ X + b_q[..., None]).T")
    assert "Q is " in said("4", written(ATTENTION, turned), **square)
    assert "Q has shape (5, 4)" in said("4", written(ATTENTION, turned))


def test_an_argument_may_lack_an_axis_that_stands_for_all():
    # One call for three heads, which share X, Z and Mask.
    stacked = """\
def heads(X, Z, W, Mask):
    Y_h = attention(X[None], Z, W.W_qkv, Mask[None])  # 5.1-5.2
    Y = Y_h.reshape(24, 5)  # 5.3
    return W.W_o @ Y + W.b_o[:, None]  # 5.4
"""
    attention = written(ATTENTION, algorithm="4")
    assert seen("5", written(stacked, attention=attention)) == f"4 {ALL_OF_4} 5.2 5.3 5.4"
    wrong = ("attention(X[None], Z,", "attention(X[None] + 1, Z,")
    found = said("5", written(stacked, wrong, attention=attention))
    assert found.startswith("line 5.2 ")
    assert "in its call of Algorithm 4, X is " in found


def test_a_batch_may_have_as_many_members_as_there_are_heads():
    assert seen("5", MHAttention, batched=True, H=2) == f"5 4 {ALL_OF_4} 5.2 5.3 5.4"


def test_a_place_has_the_axes_that_the_argument_has():
    held = LineValues(checked(), "4", case("4", batched=True))
    X, Z, W_qkv, Mask = held.inputs.arguments
    b_q = W_qkv.b_q + np.array([0, 0, 1, 0])
    arguments = (X, Z, W_qkv._replace(b_q=b_q), Mask)
    held.inputs = dataclasses.replace(held.inputs, arguments=arguments)
    (difference,) = hold_to_lines(held, Attention).differences
    assert difference.line == "4"
    assert difference.problem.startswith("W_qkv.b_q is ")
    assert difference.problem.endswith(", at [2]; 2 of 8 differ")


# Counting


def test_tokens_and_positions_count_from_0():
    right = "def embed(v, W_e):\n    return W_e[:, v]  # 1.1\n"
    assert seen("1", written(right)) == "1.1"
    shifted = written(right, ("[:, v]", "[:, v - 1]"), algorithm="1")
    assert said("1", shifted).startswith("line 1.1, visit 1 to 5 of 5 ")
    noted = trace(checked(), Floats(), "1", case("1").runs[0])
    assert [visit["v"] for visit in noted.calls["1"]] == case("1").arguments[0].tolist()


def test_what_is_not_a_token_yet_is_one_less_than_the_papers_0():
    (runs,), random = case("15").runs, Chance(iter(case("15").random))
    noted = trace(checked(), Floats(), "15", runs, chance=random, turns=1)
    assert noted.lines["15", 2][0] == {"y": -1}


# Other layouts, through views


def test_views_bring_rows_of_tokens_and_fused_projections_to_the_papers_layout():
    found = rows.tied()
    assert found.differences == ()
    assert " ".join(found.observed) == ALL_OF_4
    for right, wrong, line in [
        (" + b_q", "", "4.1"),
        ("k, v = np", "v, k = np", "4.2"),
        ("q @ k.T", "k @ q.T", "4.4"),
        ("where(mask", "where(~mask", "4.5"),
        ("np.sqrt(w_q.shape[1])", "w_q.shape[1]", "4.6"),
    ]:
        (difference,) = rows.tied(planted(rows.attention, right, wrong)).differences
        assert difference.line == line
