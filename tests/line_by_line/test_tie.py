"""Does the tie see what is right, and name what is wrong? A test's name says which."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import math
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from flint import arb
from helpers.cases import SINGLE, TRAINING, case
from helpers.planting import compiled, planted

from algorithms import (
    Attention,
    AttentionParameters,
    DTransformer,
    MHAttention,
    layer_norm,
    tree_map,
)
from spec.domains import Floats
from spec.domains.balls import PrecisionError
from spec.expected.line_values import WIDTH, LineValues, PairedInputs, numbers
from spec.expected.trace import trace
from spec.inputs.array_conversion import to_numpy
from spec.inputs.draw import draw
from spec.language.tree import End
from spec.library import checked
from spec.line_by_line.array_axes import read
from spec.line_by_line.findings import Tie
from spec.line_by_line.observe import observe
from spec.line_by_line.tie import hold_to_lines, tie
from spec.machine import Chance, MachineError
from spec.pairing import PairingError, implementations

pytestmark = pytest.mark.filterwarnings("ignore::algorithms.LengthLimitWarning")

REFERENCE = implementations("algorithms")
IDS = list(REFERENCE)
every_algorithm = pytest.mark.parametrize("id", IDS)


def expected(id: str, seed: int = 0, batched: bool = False, **sizes: int) -> LineValues:
    """What the pseudocode does, computed once for all functions that are held to it."""
    return _expected(id, seed, batched, **sizes)


@cache
def _expected(id: str, seed: int, batched: bool, **sizes: int) -> LineValues:
    return LineValues(checked(), id, case(id, seed, batched=batched, **sizes))


def tied(id: str, function: Any = None, **kind: Any) -> Tie:
    return hold_to_lines(expected(id, **kind), function or REFERENCE[id])


def in_float32(id: str, seed: int = 0) -> LineValues:
    """The same for functions of the same inputs in float32."""
    single = copy.copy(expected(id, seed))
    single.inputs = case(id, seed, dtype=np.float32)
    return single


# The reference ------------------------------------------------------------------------------------


CASES = [
    (id, seed, batched)
    for id in IDS
    for seed in range(1 if id in TRAINING else 3)
    for batched in ([False] if id in SINGLE else [False, True])
]


@pytest.mark.parametrize(("id", "seed", "batched"), CASES)
def test_the_reference_is_the_pseudocode(id, seed, batched):
    found = hold_to_lines(expected(id, seed, batched), REFERENCE[id])
    assert found.differences == ()
    assert found.unobserved == ()


@every_algorithm
def test_every_line_is_observed_that_sets_something(id):
    seen = {line for line in tied(id).observed if line.startswith(f"{id}.")}
    # A line that opens a loop sets nothing, and `end` does nothing.
    lines = [one for one in checked()[id].program.lines if not one.body]
    assert seen == {f"{id}.{one.number}" for one in lines if not isinstance(one.statement, End)}


@pytest.mark.parametrize("id", [id for id in IDS if id not in TRAINING])
def test_the_reference_is_the_pseudocode_in_float32(id):
    single = in_float32(id)
    assert single.precision == np.float32
    assert hold_to_lines(single, REFERENCE[id]).differences == ()


def test_self_attention_is_the_pseudocode_with_X_for_Z():
    sizes = {"d_x": 9, "ℓ_x": 7, "d_z": 9, "ℓ_z": 7}
    one = case("5", **sizes)
    ((run,),) = one.runs
    X, _ = run.inputs
    runs = [[dataclasses.replace(run, inputs=(X, X))]]
    arguments = (one.arguments[0], one.arguments[0], *one.arguments[2:])
    same = dataclasses.replace(one, runs=runs, arguments=arguments)
    assert tie(checked(), "5", MHAttention, same).differences == ()


def of_torch(value):
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


def of_jax(value):
    return jnp.asarray(np.asarray(value)) if hasattr(value, "dtype") else value


def brought(value, make):
    if hasattr(value, "_fields"):
        return tree_map(make, value)
    return [make(one) for one in value] if isinstance(value, list) else make(value)


@pytest.mark.parametrize("make", [of_torch, of_jax])
@pytest.mark.parametrize("id", ["4", "5", "10"])
def test_arrays_may_be_of_any_library(id, make):
    one = case(id, L=1)
    with jax.enable_x64(True):
        arguments = tuple(brought(part, make) for part in one.arguments)
        found = tie(checked(), id, REFERENCE[id], dataclasses.replace(one, arguments=arguments))
    assert found.differences == found.unobserved == ()


def test_two_ties_give_the_same():
    one, other = (tie(checked(), "10", DTransformer, case("10")) for _ in range(2))
    assert one == other


def test_neither_the_arguments_nor_the_source_of_chance_are_used_up():
    one = expected("14")
    assert hold_to_lines(one, REFERENCE["14"]) == hold_to_lines(one, REFERENCE["14"])


# Mistakes -----------------------------------------------------------------------------------------

SQUARE = {"d_x": 9, "d_z": 9, "ℓ_x": 7, "ℓ_z": 7}  # so that what is wrong has the right shape

BUGS = [
    # What, where the mistake is, and the edit.
    ("the token after", "1.1", "columns(W_e, v)", "columns(W_e, (v + 1) % 17)"),
    ("positions from 1", "2.1", "columns(W_p, t)", "columns(W_p, (t + 1) % 11)"),
    ("b_k lost", "3.2", "W_k @ E + b_k[:, None]", "W_k @ E"),
    ("b_q for b_k", "3.2", "W_k @ E + b_k[:, None]", "W_k @ E + b_q[:, None]"),
    ("scale lost", "3.4", " / math.sqrt(q.shape[-1])", ""),
    ("b_k lost", "4.2", "W_k @ Z + b_k[..., None]", "W_k @ Z"),
    ("the context's queries", "4.1", "W_q @ X", "W_q @ Z"),
    ("the primary sequence's values", "4.3", "W_v @ Z", "W_v @ X"),
    ("scores transposed", "4.4", "K.mT @ Q", "Q.mT @ K"),
    ("the mask's polarity", "4.5", "where(Mask,", "where(~Mask,"),
    ("the mask transposed", "4.5", "where(Mask,", "where(Mask.mT,"),
    ("never, almost", "4.5", "-xp.inf", "-1e9"),
    ("scale lost", "4.6", "softmax(S / math.sqrt(d_attn))", "softmax(S)"),
    ("scale without its root", "4.6", "math.sqrt(d_attn)", "d_attn"),
    ("softmax along queries", "4.6", "softmax(S / math.sqrt(d_attn))",
     "softmax((S / math.sqrt(d_attn)).mT).mT"),
    ("keys of the other sequence", "5.2", "per_head(Z)", "per_head(X)"),
    ("heads interleaved", "5.3", "xp.reshape(Y_h,", "xp.reshape(Y_h[..., ::-1, :, :],"),
    ("b_o lost", "5.4", " + W.b_o[:, None]", ""),
    ("the mean of a row", "6.1", "xp.mean(e, axis=-2, keepdims=True)",
     "xp.mean(e, axis=-1, keepdims=True)"),
    ("the mean of squares", "6.2", "xp.mean((e - m) ** 2,", "xp.mean(e ** 2,"),
    ("the sample variance", "6.2", "xp.mean((e - m) ** 2, axis=-2, keepdims=True)",
     "xp.sum((e - m) ** 2, axis=-2, keepdims=True) / (e.shape[-2] - 1)"),
    ("ε outside the root", "6.3", "xp.sqrt(v + eps)", "(xp.sqrt(v) + eps)"),
    ("γ and β exchanged", "6.3", "e_hat * gamma[:, None] + beta[:, None]",
     "e_hat * beta[:, None] + gamma[:, None]"),
    ("softmax along the sequence", "7.1", "softmax(W_u @ e)", "softmax((W_u @ e).mT).mT"),
    ("encoder layers reversed", "8.5", "in encoder_layers:", "in encoder_layers[::-1]:"),
    ("the future seen", "8.14", "unidirectional_mask(X, padding_x)",
     "bidirectional_mask(X, X, padding_x)"),
    ("the decoder's own weights", "8.16", "(X, Z, W_ed, Mask)", "(X, Z, W_dec, Mask)"),
    ("the norm of another place", "8.19", "layer_norm(X, gamma5,", "layer_norm(X, gamma4,"),
    ("no residual", "9.5", "X = X + MHAttention", "X = MHAttention"),
    ("no activation", "9.10", "activation(W_f @ X + b_f[:, None])", "(W_f @ X + b_f[:, None])"),
    ("no positions", "10.2", "X + positional_embedding(t, W_p)", "X"),
    ("the residual of what is normed", "10.6", "= X + MHAttention(", "= X_tilde + MHAttention("),
    ("attention to what is not normed", "10.6", "(X_tilde, X_tilde, W,", "(X_tilde, X, W,"),
    ("the norm of another place", "10.7", "(X, gamma2, beta2,", "(X, gamma1, beta1,"),
    ("the last norm lost", "10.10", "layer_norm(X, gamma, beta, eps=eps)", "X"),
    ("one layer twice", "10.5", "for layer in layers:", "for layer in layers[:1] * 2:"),
    ("a layer skipped", "10.10", "for layer in layers:", "for layer in layers[:1]:"),
    ("a layer too many", "10.5", "for layer in layers:", "for layer in layers + layers[:1]:"),
    ("an epoch too few", "13.9", "range(N_epochs)", "range(N_epochs - 1)"),
    ("an epoch too many", "13.3", "range(N_epochs)", "range(N_epochs + 1)"),
    ("context and target exchanged", "11.4", "z_n, x_n, theta, eps", "x_n, z_n, theta, eps"),
    ("each token predicts itself", "11.5", "x_n[1:]", "x_n[:-1]"),
    ("masked by p, not by 1 − p", "12.5", "(ell) < p_mask", "(ell) >= p_mask"),
    ("what is not masked", "12.7", "tokens.nonzero(masked)", "tokens.nonzero(~masked)"),
    ("the network sees the answer", "12.8", "x_tilde, theta", "x_n, theta"),
    ("the mean loss", "13.5", "-xp.sum(", "-xp.mean("),
    ("ascent", "13.6", "descend(theta, eta, gradient)", "descend(theta, -eta, gradient)"),
    ("the first datum again", "13.3", "x_n = x[n]", "x_n = x[0]"),
    ("the column after", "14.4", "P[:, ell + i - 1]", "P[:, max(ell + i - 2, 0)]"),
    ("τ for 1/τ", "14.5", "temper(p, tau)", "temper(p, 1 / tau)"),
    ("the prompt again", "14.8", "return x[ell : ell + ell_gen]", "return x"),
    ("the first column", "15.5", "P[:, x_hat.shape[0] - 1]", "P[:, 0]"),
    ("the last token again", "15.7", "append(x_hat, y)", "append(x_hat, int(x_hat[-1]))"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "line", "right", "wrong"), BUGS, ids=[f"{b[1]} {b[0]}" for b in BUGS]
)
def test_a_mistake_is_named_by_its_line(what, line, right, wrong):
    id, _, _ = line.partition(".")
    sizes = SQUARE if id in {"4", "5"} else {}
    function = planted(REFERENCE[id], right, wrong)
    (difference,) = tied(id, function, **sizes).differences
    assert difference.line == line, difference


# Bounds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("id", "seed"), [(id, seed) for id, seed, one in CASES if not one and seed < 2]
)
def test_every_error_is_within_its_bound_and_one_of_a_percent_is_not(id, seed, precision):
    held = expected(id, seed) if precision == np.float64 else in_float32(id, seed)
    limits = np.finfo(precision)
    for one in hold_to_lines(held, REFERENCE[id]).agreements:
        assert one.error <= one.bound
        if one.ulp > limits.smallest_subnormal:  # not all is 0
            percent = 0.01 * one.ulp / float(limits.eps)  # of the power of 2 below the largest
            if precision == np.float64:
                assert one.bound < 1e-6 * percent, one
            elif id not in TRAINING:
                assert one.bound < percent, one


def test_a_bound_grows_with_the_depth_and_what_is_copied_has_none():
    found = tied("4").agreements
    by_line = {one.line: one for one in found}
    assert by_line["4.1"].depth < by_line["4.4"].depth < by_line["4.6"].depth
    assert by_line["4.1"].bound < by_line["4.4"].bound < by_line["4.6"].bound
    assert all(one.bound == one.error == one.depth == 0 for one in found if one.line == "4")


@pytest.mark.parametrize("id", ["4", "8", "13"])
def test_the_exact_values_are_certified(id):
    one = expected(id)
    (found,) = one.traces
    for visit in itertools.chain(*found.lines.values(), *found.calls.values()):
        for ball in itertools.chain(*map(numbers, visit.values.values())):
            assert isinstance(ball, arb)
            assert ball.rad() <= WIDTH * one.scale


@pytest.mark.parametrize("batched", [False, True], ids=["one", "batch"])
@pytest.mark.parametrize("id", ["1", "4", "7", "8"])
def test_the_scale_is_the_largest_number_of_the_whole_batch_and_at_least_1(id, batched):
    held = expected(id, 0, batched)
    visits = (
        visit
        for one in held.traces
        for visit in itertools.chain(*one.lines.values(), *one.calls.values())
    )
    found = (one for visit in visits for value in visit.values.values() for one in numbers(value))
    largest = max(1.0, *(abs(float(one)) for one in found if one.is_finite()))
    assert held.scale == pytest.approx(largest, rel=1e-15)


def test_where_the_pseudocode_has_no_value_nothing_is_compared():
    one = case("6", 0, d_e=1)
    runs = [[dataclasses.replace(run, hyperparameters={"ε": 0.0}) for run in one.runs[0]]]
    with pytest.raises(PrecisionError):  # 0/0
        LineValues(checked(), "6", dataclasses.replace(one, runs=runs, keywords={}))


def test_what_is_0_but_for_rounding_is_compared():
    assert tie(checked(), "10", DTransformer, case("10", d_e=1)).differences == ()


# What the code may look like ----------------------------------------------------------------------

ATTENTION = """\
def attention(X, Z, W_qkv, Mask):
    W_q, b_q, W_k, b_k, W_v, b_v = W_qkv
    Q = W_q @ X + b_q[..., None]  # 4.1
    K = W_k @ Z + b_k[..., None]  # 4.2
    V = W_v @ Z + b_v[..., None]  # 4.3
    S = K.mT @ Q  # 4.4
    S = np.where(Mask, S, -np.inf)  # 4.5
    return V @ softmax(S / np.sqrt(Q.shape[-2]))  # 4.6
"""
HEADS = """\
def heads(X, Z, W, Mask):
    parts = []
    for h in range(3):  # 5.1
        Y_h = attention(X, Z, head(W.W_qkv, h), Mask)  # 5.2
        parts.append(Y_h)
    Y = np.concatenate(parts)  # 5.3
    return W.W_o @ Y + W.b_o[:, None]  # 5.4
"""


def softmax(S):
    E = np.exp(S)
    return E / E.sum(axis=-2, keepdims=True)


def head(W_qkv, h):
    return AttentionParameters(*(part[h] for part in W_qkv))


def written(text: str, *edits: tuple[str, str], algorithm: str = "", **names: Any) -> Any:
    """The function of a text, after some edits."""
    for right, wrong in edits:
        assert text.count(right) == 1, right
        text = text.replace(right, wrong)
    given = {"np": np, "softmax": softmax, "head": head, "layer_norm": layer_norm, **names}
    namespace = compiled(text, given)
    (function,) = (namespace[key] for key in namespace.keys() - given.keys() - {"__builtins__"})
    if algorithm:
        function.algorithm = algorithm
    return function


def said(id: str, function: Any, **kind: Any) -> str:
    """What the tie says is wrong."""
    (difference,) = tied(id, function, **kind).differences
    return str(difference)


def seen(id: str, function: Any, **kind: Any) -> str:
    """The lines that were compared of a function that is the pseudocode."""
    found = tied(id, function, **kind)
    assert found.differences == ()
    return " ".join(found.observed)


ALL_OF_4 = "4.1 4.2 4.3 4.4 4.5 4.6"


@pytest.mark.parametrize("batched", [False, True], ids=["one", "batch"])
def test_each_line_may_have_its_statement_and_batch_axes_stand_left(batched):
    assert seen("4", written(ATTENTION), batched=batched) == ALL_OF_4


def test_a_tag_may_name_several_lines():
    three = """\
def attention(X, Z, W_qkv, Mask):
    W_q, b_q, W_k, b_k, W_v, b_v = W_qkv
    parts = (W_q, X, b_q), (W_k, Z, b_k), (W_v, Z, b_v)
    Q, K, V = (W @ Y + b[:, None] for W, Y, b in parts)  # 4.1-4.3
    return V @ softmax(np.where(Mask, K.T @ Q, -np.inf) / np.sqrt(len(Q)))  # 4.4-4.6
"""
    assert seen("4", written(three)) == "4.1 4.2 4.3 4.6"
    assert said("4", written(three, ("(W_k, Z, b_k)", "(W_k, Z, 0 * b_k)"))).startswith("line 4.2 ")


def test_what_several_lines_of_a_tag_set_is_that_of_the_last():
    merged = (
        "    S = K.mT @ Q  # 4.4\n    S = np.where(Mask, S, -np.inf)  # 4.5\n",
        "    S = np.where(Mask, K.mT @ Q, -np.inf)  # 4.4-4.5\n",
    )
    assert seen("4", written(ATTENTION, merged)) == "4.1 4.2 4.3 4.5 4.6"
    assert said("4", written(ATTENTION, merged, ("(Mask", "(~Mask"))).startswith("line 4.5 ")


def test_a_line_may_be_split_over_statements():
    split = (
        "    Q = W_q @ X + b_q[..., None]  # 4.1\n",
        "    Q = W_q @ X  # 4.1\n    more = b_q[..., None]\n    Q = Q + more  # 4.1\n",
    )
    assert seen("4", written(ATTENTION, split)) == ALL_OF_4
    assert said("4", written(ATTENTION, split, ("Q + more", "Q"))).startswith("line 4.1 ")


def test_a_line_that_comes_back_after_another_is_done_again():
    again = ("  # 4.2\n", "  # 4.2\n    Q = Q  # 4.1\n")
    assert said("4", written(ATTENTION, again)) == (
        "line 4.1 (Q ← W_q X + b_q 1ᵀ), at attention, row 5, `Q = Q`: "
        "it runs more often than 1 times"
    )


def test_in_a_loop_the_kth_time_is_the_kth_visit():
    function = written(HEADS, attention=written(ATTENTION, algorithm="4"))
    assert seen("5", function) == f"4 {ALL_OF_4} 5.2 5.3 5.4"
    untagged = written(HEADS, attention=Attention.__wrapped__)
    assert seen("5", untagged) == "5.2 5.3 5.4"


def test_a_loop_that_is_tagged_as_a_whole_has_made_all_visits():
    whole = """\
def heads(X, Z, W, Mask):
    Y_h = np.empty((3, 8, 5))
    for h in range(3):  # 5.1-5.2
        Y_h[h] = attention(X, Z, head(W.W_qkv, h), Mask)
    Y = Y_h.reshape(24, 5)  # 5.3
    return W.W_o @ Y + W.b_o[:, None]  # 5.4
"""
    assert seen("5", written(whole, attention=Attention)) == f"4 {ALL_OF_4} 5.2 5.3 5.4"


@pytest.mark.parametrize(
    ("turns", "says"),
    [("2", "it runs 2 times, not 3"), ("[0, 1, 2, 2]", "it runs more often than 3 times")],
)
def test_every_visit_is_used_up(turns, says):
    edits = ("in range(3)", f"in [0, 1, 2][:{turns}]" if turns == "2" else f"in {turns}")
    stop = ("np.concatenate(parts)", "np.concatenate((parts + parts)[:3])")
    function = written(HEADS, edits, stop, ("  # 5.3", ""), ("  # 5.4", ""), attention=Attention)
    assert said("5", function).endswith(says)


def test_there_are_no_more_visits_in_an_array_than_are_left():
    text = """\
def heads(X, Z, W, Mask):
    Y_h = attention(X, Z, W.W_qkv, Mask)  # 5.1-5.2
    return W.W_o @ Y_h.reshape(24, 5) + W.b_o[:, None]  # 5.4
"""
    attention = Attention.__wrapped__
    assert seen("5", written(text, attention=attention)) == "5.2 5.4"
    more = ("attention(X, Z, W.W_qkv, Mask)", "np.zeros((4, 8, 5))")
    found = said("5", written(text, more, attention=attention))
    assert found.endswith("Y_h has shape (4, 8, 5); one visit has (8, 5), and 3 are left")


def test_all_that_a_line_sets_is_of_as_many_visits():
    y = ("y = sample(q, rng)  # 14.5", "y = np.full(i + 1, sample(q, rng))  # 14.5")
    function = planted(planted(REFERENCE["14"], *y), "append(x, y)", "append(x, int(y[-1]))")
    found = said("14", function)
    assert found.startswith("line 14.5, visit 2 to 3 of 3 ")
    assert found.endswith("q has shape (17,); one visit has (17,), and 2 are left")


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


def test_one_token_at_a_time_is_a_visit_each():
    each = """\
def norm(e, gamma, beta, eps):
    columns = []
    for e in e.T:
        m = e.mean()  # 6.1
        v = e.var()  # 6.2
        e_hat = (e - m) / np.sqrt(v + eps) * gamma + beta  # 6.3
        columns.append(e_hat)
    return np.stack(columns, axis=1)
"""
    assert seen("6", written(each)) == "6.1 6.2 6.3"
    assert said("6", written(each, ("in e.T:", "in e.T[:4]:"))).endswith("it runs 4 times, not 5")
    shuffled = written(each, ("in e.T:", "in e.T[[0, 1, 3, 2, 4]]:"))
    assert said("6", shuffled).startswith("line 6.1, visit 3 of 5 ")


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


def test_an_array_is_read_though_it_asks_for_a_gradient():
    assert to_numpy(torch.ones(3, requires_grad=True)).tolist() == [1, 1, 1]


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
    one = case("3")
    ((run,),) = one.runs
    e, E, W_qkv = one.arguments
    none = dataclasses.replace(
        one,
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


ROWS = """\
def attention(x, z, w_qkv, mask):
    width = w_qkv.shape[1] // 3
    qkv = x @ w_qkv[:-1] + w_qkv[-1]
    q, k, v = np.split(qkv, 3, axis=-1)  # 4.1-4.3; Q = q.mT; K = k.mT; V = v.mT
    s = q @ k.mT  # 4.4; S = s.swapaxes(-1, -2)
    s[..., ~mask] = -np.inf  # 4.5; S = s.swapaxes(-1, -2)
    e = np.exp(s / np.sqrt(width))
    return e / e.sum(axis=-1, keepdims=True) @ v  # 4.6; return = _.mT
"""


def rows_case(batch: int) -> PairedInputs:
    """Self-attention, a token a row, with one matrix for queries, keys and values."""
    source, sizes = np.random.default_rng(5), {**SQUARE, "d_attn": 4, "d_out": 4}
    drawn = [draw(checked(), "4", source, sizes) for _ in range(batch)]
    W_qkv, Mask = drawn[0].parameters
    Mask[0] = 1
    runs = [[dataclasses.replace(drawn[0], inputs=(one.inputs[0],) * 2)] for one in drawn]
    W_q, b_q, W_k, b_k, W_v, b_v = W_qkv.fields.values()
    fused = np.hstack([np.vstack([W.T, b.T]) for W, b in ((W_q, b_q), (W_k, b_k), (W_v, b_v))])
    x = np.stack([one.inputs[0].T for one in drawn])
    arguments = (x, x, fused, Mask.T == 1) if batch > 1 else (x[0], x[0], fused, Mask.T == 1)
    return PairedInputs(runs, arguments, batched=batch > 1)


@pytest.mark.parametrize("batch", [1, 3])
def test_views_bring_rows_of_tokens_and_fused_projections_to_the_papers_layout(batch):
    held = LineValues(checked(), "4", rows_case(batch))
    found = hold_to_lines(held, written(ROWS))
    assert found.differences == ()
    assert " ".join(found.observed) == ALL_OF_4
    for right, wrong, line in [
        (" + w_qkv[-1]", "", "4.1"),
        ("q, k, v = np", "q, v, k = np", "4.2"),
        ("q @ k.mT ", "k @ q.mT ", "4.4"),
        ("~mask", "mask", "4.5"),
        ("np.sqrt(width)", "width", "4.6"),
    ]:
        (difference,) = hold_to_lines(held, written(ROWS, (right, wrong))).differences
        assert difference.line == line


def test_a_view_that_raises_is_a_difference():
    broken = ("# 4.1\n", "# 4.1; Q = Q.swap()\n")
    assert said("4", written(ATTENTION, broken)).endswith(
        "its view of Q raises AttributeError: 'numpy.ndarray' object has no attribute 'swap'"
    )


def test_an_argument_may_lack_an_axis_that_stands_for_all():
    # One call for three heads, which share X, Z and Mask.
    stacked = """\
def heads(X, Z, W, Mask):
    Y_h = attention(X[None], Z, W.W_qkv, Mask[None])  # 5.1-5.2
    Y = Y_h.reshape(24, 5)  # 5.3
    return W.W_o @ Y + W.b_o[:, None]  # 5.4
"""
    function = written(stacked, attention=written(ATTENTION, algorithm="4"))
    assert seen("5", function) == f"4 {ALL_OF_4} 5.2 5.3 5.4"
    wrong = ("attention(X[None], Z,", "attention(X[None] + 1, Z,")
    found = said("5", written(stacked, wrong, attention=written(ATTENTION, algorithm="4")))
    assert found.startswith("line 5.2 ")
    assert "in its call of Algorithm 4, X is " in found


MATRIX, COLUMN, NUMBER = (4, 7), (4,), ()


@pytest.mark.parametrize(
    ("shape", "own", "batch", "rules", "wanted"),
    [
        # Shape, of one visit, batch; how many axes are of the batch, and how many visits there are.
        ((4, 7), MATRIX, (), "", (0, 1)),
        ((3, 4, 7), MATRIX, (), "", (0, 3)),
        ((4, 7, 3), MATRIX, (), "", None),
        ((7, 4), MATRIX, (), "", None),
        ((2, 4, 7), MATRIX, (2,), "", (1, 1)),
        ((2, 3, 4, 7), MATRIX, (2,), "", (1, 3)),
        ((3, 2, 4, 7), MATRIX, (2,), "", None),
        ((4, 7), MATRIX, (2,), "", None),
        ((4, 7), MATRIX, (2,), "loose", (0, 1)),
        ((1, 4, 7), MATRIX, (2,), "loose", (1, 1)),
        ((3, 4, 7), MATRIX, (2,), "loose", (0, 3)),
        ((0, 4, 7), MATRIX, (), "", None),
        ((4,), COLUMN, (), "", (0, 1)),
        ((4, 3), COLUMN, (), "", (0, 3)),
        ((3, 4), COLUMN, (), "", None),
        ((2, 4), COLUMN, (2,), "", (1, 1)),
        ((1, 4), COLUMN, (2,), "loose", (1, 1)),
        ((1, 4), COLUMN, (2,), "", None),
        ((3, 4), COLUMN, (), "first", (0, 3)),
        ((4, 3), COLUMN, (), "first", None),
        ((2, 4), COLUMN, (2,), "loose first", (0, 2)),
        ((2, 4), COLUMN, (2,), "loose", (1, 1)),
        ((), NUMBER, (), "", (0, 1)),
        ((), NUMBER, (2,), "", (0, 1)),
        ((3,), NUMBER, (), "", (0, 3)),
        ((1, 3), NUMBER, (), "", (0, 3)),
        ((3, 1), NUMBER, (), "", None),
        ((2,), NUMBER, (2,), "", (1, 1)),
        ((2, 1, 3), NUMBER, (2,), "", (1, 3)),
    ],
)
def test_a_shape_says_how_many_visits_an_array_stands_for(shape, own, batch, rules, wanted):
    found = read(shape, own, batch, loose="loose" in rules, first="first" in rules)
    assert found == wanted


def test_a_batch_may_have_as_many_members_as_there_are_heads():
    assert seen("5", MHAttention, batched=True, H=2) == f"5 4 {ALL_OF_4} 5.2 5.3 5.4"


def test_what_is_called_may_be_written_out_and_a_statement_be_of_two_algorithms():
    inlined = """\
def heads(X, Z, W, Mask):
    parts = []
    for W_q, b_q, W_k, b_k, W_v, b_v in zip(*W.W_qkv):  # 5.1
        Q = W_q @ X + b_q[:, None]  # 4.1
        K = W_k @ Z + b_k[:, None]  # 4.2
        V = W_v @ Z + b_v[:, None]  # 4.3
        S = np.where(Mask, K.T @ Q, -np.inf)  # 4.4-4.5
        Y_h = V @ softmax(S / np.sqrt(len(Q)))  # 4.6, 5.2; V_tilde = Y_h
        parts.append(Y_h)
    Y = np.concatenate(parts)  # 5.3
    return W.W_o @ Y + W.b_o[:, None]  # 5.4
"""
    assert seen("5", written(inlined)) == "4.1 4.2 4.3 4.5 4.6 5.2 5.3 5.4"
    wrong = written(inlined, ("W_k @ Z + b_k[:, None]", "W_k @ Z"))
    assert said("5", wrong).startswith("line 4.2, visit 1 of 3 ")


def test_a_variable_goes_by_the_symbols_name_in_Python_and_no_other():
    other = [
        ("    Q = W_q", "    queries = W_q"),
        ("K.mT @ Q ", "K.mT @ queries "),
        ("(Q.", "(queries."),
    ]
    found = said("4", written(ATTENTION, *other))
    assert found.endswith(": it sets no Q, and has no view that gives it")
    viewed = ("# 4.1", "# 4.1; Q = queries")
    assert seen("4", written(ATTENTION, *other, viewed)) == ALL_OF_4


def test_where_the_code_has_no_variable_the_line_is_not_seen():
    merged = (
        "    S = K.mT @ Q  # 4.4\n    S = np.where(Mask, S, -np.inf)  # 4.5\n",
        "    masked = np.where(Mask, K.mT @ Q, -np.inf)  # 4.4-4.5\n",
    )
    found = tied("4", written(ATTENTION, merged, ("softmax(S", "softmax(masked")))
    assert found.differences == ()
    assert found.unobserved == ("4.4", "4.5")


@pytest.mark.parametrize(
    ("right", "wrong", "after"),
    [
        ("X = X + W_mlp2 @ hidden", "X = X + 1 // 0 * hidden", "after line 10.8, DTransformer"),
        ("X = X + MHAttention(", "X = 1 // 0 + MHAttention(", "after line 10.6, DTransformer"),
    ],
)
def test_a_line_that_is_broken_off_is_not_blamed(right, wrong, after):
    (difference,) = tied("10", planted(DTransformer, right, wrong)).differences
    assert difference.line == "10", difference
    assert difference.where.startswith(after)


def test_tokens_and_positions_count_from_0():
    right = "def embed(v, W_e):\n    return W_e[:, v]  # 1.1\n"
    assert seen("1", written(right)) == "1.1"
    shifted = written(right, ("[:, v]", "[:, v - 1]"), algorithm="1")
    assert said("1", shifted).startswith("line 1.1, visit 1 to 5 of 5 ")
    noted = trace(checked(), Floats(), "1", case("1").runs[0])
    assert [visit.values["v"] for visit in noted.calls["1"]] == case("1").arguments[0].tolist()


def test_what_is_no_token_yet_is_one_less_than_the_papers_0():
    (runs,), random = case("15").runs, Chance(iter(case("15").random))
    noted = trace(checked(), Floats(), "15", runs, chance=random, turns=1)
    assert noted.lines["15", 2][0].values == {"y": -1}


def test_a_tag_of_an_algorithm_that_is_not_called_says_nothing():
    assert seen("4", written(ATTENTION, ("# 4.2", "# 4.2, 9.5"))) == ALL_OF_4


# What is said -------------------------------------------------------------------------------------


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
        ("W_k @ Z + b_k[..., None]", "W_k @ Z"),
        """
        line 4.2 (K ← W_k Z + b_k 1ᵀ), at attention, row 4, `K = W_k @ Z`:
        K is 0.60025 where the pseudocode has 0.561578, at [0, 0]; 28 of 28 differ
        """,
    ),
    (
        ("W_q @ X + b_q[..., None]", "X.T @ W_q.T + b_q"),
        """
        line 4.1 (Q ← W_q X + b_q 1ᵀ), at attention, row 3, `Q = X.T @ W_q.T + b_q`:
        Q has shape (5, 4); one visit has (4, 5)
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
        ("return V @ softmax(S / np.sqrt(Q.shape[-2]))", "return None"),
        """
        line 4.6 (return Ṽ = V · softmax(S / √d_attn)), at attention, row 8, `return None`:
        the result is None; one visit has shape (10, 5)
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
    function = written(HEADS, wrong, ("# 5.2", "# 99.1"), attention=Attention)
    found = said("5", function)
    assert found.startswith("line 99.1, at heads, row 4, `Y_h = attention(X + 1, Z,")


def test_what_a_statement_calls_is_done_before_the_statement():
    split = ("        Y_h = att", "        mask = Mask  # 5.2\n        Y_h = att")
    attention = written(ATTENTION, ("W_v @ Z + b_v[..., None]", "W_v @ Z"), algorithm="4")
    function = written(HEADS, split, ("Z, head(W.W_qkv, h), Mask", "Z, head(W.W_qkv, h), mask"),
                       attention=attention)  # fmt: skip
    assert said("5", function).startswith("line 4.3, visit 1 of 3 ")


def test_a_place_has_the_axes_that_the_argument_has():
    one = copy.copy(expected("4", 0, True))
    X, Z, W_qkv, Mask = one.inputs.arguments
    b_q = W_qkv.b_q + np.array([0, 0, 1, 0])
    arguments = (X, Z, W_qkv._replace(b_q=b_q), Mask)
    one.inputs = dataclasses.replace(one.inputs, arguments=arguments)
    (difference,) = hold_to_lines(one, Attention).differences
    assert difference.problem.startswith("W_qkv.b_q is ")
    assert difference.problem.endswith(", at [2]; 2 of 8 differ")


def test_wrong_arguments_of_the_whole_are_told():
    one = expected("10")
    other = copy.copy(one)
    theta = one.inputs.arguments[1]
    theta = theta._replace(layers=theta.layers[::-1])
    other.inputs = dataclasses.replace(one.inputs, arguments=(one.inputs.arguments[0], theta))
    (difference,) = hold_to_lines(other, DTransformer).differences
    assert difference.line == "10"
    assert difference.problem.startswith("theta.layers[0].W.W_qkv.W_q is ")


def test_what_the_pseudocode_never_does_is_told():
    one = case("13", N_epochs=0)
    function = planted(REFERENCE["13"], "range(N_epochs)", "range(N_epochs + 1)")
    (difference,) = tie(checked(), "13", function, one).differences
    assert (difference.line, difference.problem) == ("13.3", "the pseudocode never comes here")
    assert tie(checked(), "13", REFERENCE["13"], one).differences == ()


def test_what_is_not_a_number_is_never_right():
    assert " is nan where " in said("4", written(ATTENTION, ("K.mT @ Q ", "K.mT @ Q * np.nan ")))


# Precision ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("type", ["float32", "float16"])
def test_a_variable_that_is_coarser_than_the_arguments_is_a_difference(type):
    rounded = ("W_q @ X + b_q[..., None]", f"(W_q @ X + b_q[..., None]).astype(np.{type})")
    assert said("4", written(ATTENTION, rounded)).startswith("line 4.1 ")


SINGLE_PRECISION = "W_q.astype(np.float32) @ X.astype(np.float32)"


def test_a_coarser_variable_is_a_difference_also_on_the_way():
    rounded = ("W_q @ X + b_q[..., None]", f"{SINGLE_PRECISION} + b_q[..., None]")
    assert said("4", written(ATTENTION, rounded)).startswith("line 4.1 ")


def test_a_finer_variable_is_none():
    finer = ("W_q @ X + b_q[..., None]", "W_q.astype(float) @ X + b_q[..., None].astype(float)")
    assert hold_to_lines(in_float32("4"), written(ATTENTION, finer)).differences == ()


# Anything -----------------------------------------------------------------------------------------

ANYTHING = [
    None, "text", b"bytes", True, 3, 2.5, 1j, math.nan, [], (), {}, {1, 2}, [1, [2, 3]], ["a"],
    [None], object(), len, np.array("text"), np.array([1j]), np.array(None), np.zeros((0, 5)),
    np.zeros((10, 5, 0)), np.zeros((2, 3, 10, 5)), np.zeros(()), np.array(["2020"], "datetime64"),
    torch.zeros(3), torch.zeros((10, 5), dtype=torch.bfloat16), jnp.zeros((4, 5)), range(3),
    AttentionParameters(1, 2, 3, 4, 5, 6), Exception("no"), iter([1]),
]  # fmt: skip


@pytest.mark.parametrize("anything", ANYTHING, ids=lambda one: type(one).__name__)
def test_a_result_may_be_anything(anything):
    result = ("return V @ softmax(S / np.sqrt(Q.shape[-2]))", "return anything")
    found = said("4", written(ATTENTION, result, anything=anything))
    assert found.startswith("line 4.6 ")
    assert "\n" not in found


@pytest.mark.parametrize("anything", ANYTHING, ids=lambda one: type(one).__name__)
def test_a_variable_may_be_anything(anything):
    variable = ("Q = W_q @ X + b_q[..., None]", "Q = anything")
    found = said("4", written(ATTENTION, variable, anything=anything))
    assert found.startswith("line 4.1 ")


@pytest.mark.parametrize("anything", ANYTHING, ids=lambda one: type(one).__name__)
def test_parameters_may_be_anything(anything):
    training = "def train(x, theta, **rest):\n    theta = anything  # 13.6\n"
    found = said("13", written(training, anything=anything))
    assert found.startswith("line 13.6, ")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda θ: θ._replace(layers=θ.layers[:1]), "theta has 1 of W where the pseudocode has 2"),
        (
            lambda θ: θ._replace(layers=θ.layers + θ.layers[1:]),
            "theta has 3 of W where the pseudocode has 2",
        ),
        (lambda θ: θ._replace(layers=()), "theta has 0 of W where the pseudocode has 2"),
        (lambda θ: θ._replace(layers=None), "theta has 0 of W where the pseudocode has 2"),
        (lambda θ: θ._asdict() | {"W_u": None}, "theta.W_u is None; one visit has shape (13, 6)"),
        (
            lambda θ: {name: part for name, part in θ._asdict().items() if name != "W_u"},
            "theta has 0 of W_u where the pseudocode has 1",
        ),
        (
            lambda θ: θ._replace(gamma=θ.gamma[:, None]),
            "theta.gamma has shape (6, 1); one visit has (6,)",
        ),
    ],
)
def test_what_is_missing_in_parameters_is_told(change, problem):
    one = case("13", 0, N_epochs=1, N_data=1)
    held = LineValues(checked(), "13", one)
    after = observe(REFERENCE["13"], *one.arguments, **one.keywords).result
    after = tree_map(lambda w: w.numpy(), after)
    training = "def train(x, theta, **rest):\n    theta = after  # 13.6\n"
    assert hold_to_lines(held, written(training, after=after)).differences == ()
    (difference,) = hold_to_lines(held, written(training, after=change(after))).differences
    assert difference.problem == problem


def test_layers_may_be_stacked_or_in_lists_of_dicts():
    one = case("13", 0, N_epochs=1, N_data=1)
    held = LineValues(checked(), "13", one)
    after = observe(REFERENCE["13"], *one.arguments, **one.keywords).result
    after = tree_map(lambda w: w.numpy(), after)
    training = "def train(x, theta, **rest):\n    theta = after  # 13.6\n"
    stacked = tree_map(lambda *parts: np.stack(parts), *after.layers)
    listed = [layer._asdict() for layer in after.layers]
    rest = {name: part for name, part in after._asdict().items() if name != "layers"}
    for form in (
        {**rest, **stacked._asdict()},
        {**rest, "layers": listed},
    ):
        assert hold_to_lines(held, written(training, after=form)).differences == ()
    backwards = tree_map(lambda part: part[::-1], stacked)
    (difference,) = hold_to_lines(
        held, written(training, after={**rest, **backwards._asdict()})
    ).differences
    assert difference.problem.startswith("theta.W.W_qkv.W_q is ")


def test_a_data_set_of_another_size_is_told():
    text = "def train(x, theta, **rest):\n    return theta\n"
    one = expected("13")
    for data in ([], one.inputs.arguments[0][:1], 3):
        other = copy.copy(one)
        other.inputs = dataclasses.replace(one.inputs, arguments=(data, *one.inputs.arguments[1:]))
        (difference,) = hold_to_lines(other, written(text, algorithm="13")).differences
        assert difference.problem.startswith("x is ")
        assert difference.problem.endswith("where the pseudocode has 2 sequences")


# Errors -------------------------------------------------------------------------------------------


def test_inputs_that_the_algorithm_does_not_take_are_refused():
    one = case("4")
    runs = [[dataclasses.replace(one.runs[0][0], inputs=())]]
    with pytest.raises(MachineError, match="takes 2 inputs"):
        tie(checked(), "4", Attention, dataclasses.replace(one, runs=runs))


def test_a_function_without_source_or_with_a_wrong_tag_is_refused():
    with pytest.raises(PairingError):
        tied("4", len)
    with pytest.raises(PairingError, match="not a range of lines"):
        tied("4", written(ATTENTION, ("# 4.2", "# 4.2-4.1")))
