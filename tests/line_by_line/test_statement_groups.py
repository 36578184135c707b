"""Do statements carry out lines together, and are visits counted, as the pseudocode does them?"""

from __future__ import annotations

import pytest
from helpers.cases import REFERENCE
from helpers.planting import planted
from helpers.tagged_code import ALL_OF_4, ATTENTION, HEADS, difference, said, seen, tied, written

from algorithms import Attention, DTransformer

MERGED = (
    "    S = K.mT @ Q  # 4.4\n    S = np.where(Mask, S, -np.inf)  # 4.5\n",
    "    S = np.where(Mask, K.mT @ Q, -np.inf)  # 4.4-4.5\n",
)
SPLIT = (
    "    Q = W_q @ X + b_q[..., None]  # 4.1\n",
    "    Q = W_q @ X  # 4.1\n    more = b_q[..., None]\n    Q = Q + more  # 4.1\n",
)


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
    assert seen("4", written(ATTENTION, MERGED)) == "4.1 4.2 4.3 4.5 4.6"
    assert said("4", written(ATTENTION, MERGED, ("(Mask", "(~Mask"))).startswith("line 4.5 ")


def test_a_line_may_be_split_over_statements():
    assert seen("4", written(ATTENTION, SPLIT)) == ALL_OF_4
    assert said("4", written(ATTENTION, SPLIT, ("Q + more", "Q"))).startswith("line 4.1 ")


def test_a_line_that_comes_back_after_another_is_done_again():
    again = ("  # 4.2\n", "  # 4.2\n    Q = Q  # 4.1\n")
    assert said("4", written(ATTENTION, again)) == (
        "line 4.1 (Q ← W_q X + b_q 1ᵀ), at attention, row 5, `Q = Q`: "
        "it runs more often than 1 times"
    )


def test_in_a_loop_the_kth_time_is_the_kth_visit():
    function = written(HEADS, attention=written(ATTENTION, algorithm="4"))
    assert seen("5", function) == f"4 {ALL_OF_4} 5.2 5.3 5.4"
    assert seen("5", written(HEADS, attention=Attention.__wrapped__)) == "5.2 5.3 5.4"


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
    [("[0, 1]", "it runs 2 times, not 3"), ("[0, 1, 2, 2]", "it runs more often than 3 times")],
)
def test_every_visit_is_used_up(turns, says):
    stop = ("np.concatenate(parts)", "np.concatenate((parts + parts)[:3])")
    edits = (("range(3)", turns), stop, ("  # 5.3", ""), ("  # 5.4", ""))
    assert said("5", written(HEADS, *edits, attention=Attention)).endswith(says)


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


def test_what_a_statement_calls_is_done_before_the_statement():
    split = ("        Y_h = att", "        mask = Mask  # 5.2\n        Y_h = att")
    mask = ("Z, head(W.W_qkv, h), Mask", "Z, head(W.W_qkv, h), mask")
    attention = written(ATTENTION, ("W_v @ Z + b_v[..., None]", "W_v @ Z"), algorithm="4")
    function = written(HEADS, split, mask, attention=attention)
    assert said("5", function).startswith("line 4.3, visit 1 of 3 ")


# The names of variables


QUERIES = [
    ("    Q = W_q", "    queries = W_q"),
    ("K.mT @ Q ", "K.mT @ queries "),
    ("(Q.", "(queries."),
]


def test_a_variable_goes_by_the_symbols_name_in_Python_and_no_other():
    found = said("4", written(ATTENTION, *QUERIES))
    assert found.endswith(": it sets no Q, and has no view that gives it")
    viewed = ("# 4.1", "# 4.1; Q = queries")
    assert seen("4", written(ATTENTION, *QUERIES, viewed)) == ALL_OF_4


def test_where_the_code_has_no_variable_the_line_is_not_seen():
    masked = (MERGED[0], MERGED[1].replace("S =", "masked ="))
    found = tied("4", written(ATTENTION, masked, ("softmax(S", "softmax(masked")))
    assert found.differences == ()
    assert found.unobserved == ("4.4", "4.5")


def test_a_view_that_raises_is_a_difference():
    broken = ("# 4.1\n", "# 4.1; Q = Q.swap()\n")
    assert said("4", written(ATTENTION, broken)).endswith(
        "its view of Q raises AttributeError: 'numpy.ndarray' object has no attribute 'swap'"
    )


def test_a_tag_of_an_algorithm_that_is_not_called_says_nothing():
    assert seen("4", written(ATTENTION, ("# 4.2", "# 4.2, 9.5"))) == ALL_OF_4


@pytest.mark.parametrize(
    ("right", "wrong", "after"),
    [
        ("X = X + W_mlp2 @ hidden", "X = X + 1 // 0 * hidden", "after line 10.8, DTransformer"),
        ("X = X + MHAttention(", "X = 1 // 0 + MHAttention(", "after line 10.6, DTransformer"),
    ],
)
def test_a_line_that_is_broken_off_is_not_blamed(right, wrong, after):
    found = difference("10", planted(DTransformer, right, wrong))
    assert found.line == "10", found
    assert found.where.startswith(after)
