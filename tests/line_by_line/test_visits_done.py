"""Is it known which visits code does that does many calls at once, and in an order of its own?"""

from __future__ import annotations

import pytest
from helpers.cases import REFERENCE
from helpers.planting import planted
from helpers.tagged_code import said, seen, tied, written

from algorithms.extensions.rotary_attention import RotaryQueriesParameters
from spec.line_by_line.array_axes import VisitAxes
from spec.line_by_line.visits_done import Coming, Remaining

#: Two groups of three heads, and five tokens.
GROUPS = """\
def attention(X, W, Mask, omega):
    t, parts = np.arange(5), []
    for g in range(2):  # H4.1
        K = W.W_k[g] @ X  # H4.2
        K = rotate(K, t, omega)  # H4.3
        V = W.W_v[g] @ X  # H4.4
        Y_h = queries(X, K, V, of(W.W_g.W_q[g]), Mask, omega)  # H4.5
        parts.append(Y_h)
    Y = np.concatenate(parts)  # H4.6
    return W.W_o @ Y  # H4.7
"""
#: Lines of H3 in the function of H4: all heads of all groups at once.
INLINED = """\
def attention(X, W, Mask, omega):
    t = np.arange(5)
    K = W.W_k @ X  # H4.1-H4.2
    K = rotate(K, t, omega)  # H4.3
    V = W.W_v @ X  # H4.4
    Q = W.W_g.W_q @ X  # H3.1-H3.2
    Q = rotate(Q, t, omega)  # H3.3
    Y_h = attend(Q, K[:, None], V[:, None], Mask)  # H3.4
    Y = Y_h.reshape(2, 24, 5)  # H3.5, H4.5; Y_h = Y; return = Y
    Y = Y.reshape(48, 5)  # H4.6
    return W.W_o @ Y  # H4.7
"""
#: A token at a time.
TOKENS = (
    "        K = rotate(K, t, omega)  # H4.3\n",
    """\
        columns = []
        for at in t:  # H4.3
            columns.append(rotate(K[:, at : at + 1], t[at : at + 1], omega))
        K = np.concatenate(columns, axis=1)  # H4.3
""",
)
NAMES = {"rotate": REFERENCE["R1"], "queries": REFERENCE["H3"], "attend": REFERENCE["C1"]}
NAMES["of"] = RotaryQueriesParameters


def compared(text, *edits):
    return set(seen("H4", written(text, *edits, **NAMES)).split())


def test_the_order_of_the_code_may_be_that_of_the_pseudocode_or_its_own():
    everything = {line for line in tied("H4").observed if line != "H4"}
    assert compared(GROUPS) == everything
    assert compared(GROUPS, TOKENS) == everything
    assert compared(INLINED) == everything - {"H3"}


@pytest.mark.parametrize(
    ("text", "right", "wrong", "line"),
    [
        (GROUPS, "(K, t, omega)", "(K, t + 1, omega)", "H4.3"),
        (GROUPS, "in range(2):", "in (1, 0):", "H4.2"),
        (INLINED, "(Q, t, omega)", "(Q, t + 1, omega)", "H3.3"),
        (INLINED, "attend(Q, K[:, None]", "attend(Q, K[::-1, None]", "H3.4"),
        (INLINED, "attend(Q, K[:, None], V", "attend(Q, K[:1, None], V", "H3.4"),
    ],
)
def test_a_mistake_is_named_by_its_line_in_either_order(text, right, wrong, line):
    found = said("H4", written(text, (right, wrong), **NAMES))
    assert found.startswith(f"line {line}")


def test_what_all_heads_share_may_be_held_once_and_must_be_right_for_each():
    right = "phi = omega[:, None] * xp.astype(t, omega.dtype)"
    assert "R1.1" in tied("H4", batched=True).observed
    longer = planted(REFERENCE["R1"], right, f"{right}[::-1]")
    found = said("H4", written(GROUPS, **{**NAMES, "rotate": longer}))
    assert found.startswith("line R1.1, visit 1 to 5 of 40 ")


# What comes next

ONE_CALL = Remaining([[0, 1, 2, 3, 4, 5]], VisitAxes())
#: Two heads, three tokens: six calls of two visits each.
MANY_CALLS = Remaining([[2 * call, 2 * call + 1] for call in range(6)], VisitAxes((2,), 3))


def following(remaining, *front, last=1):
    coming = remaining.next(VisitAxes(front, last))
    return None if coming is None else coming.visits


def test_of_one_call_the_next_visits_come_in_order():
    assert following(ONE_CALL) == [0]
    assert following(ONE_CALL, last=3) == following(ONE_CALL, 3) == [0, 1, 2]
    assert following(ONE_CALL, 7) is None


def test_of_many_calls_each_has_its_next_visits():
    assert following(MANY_CALLS, 2, last=3) == [0, 2, 4, 6, 8, 10]
    assert following(MANY_CALLS, 2, 2, last=3) == [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]
    assert following(MANY_CALLS, 2, 3, last=2) == list(range(12))
    assert following(MANY_CALLS, 2, 3, last=3) is None
    assert following(MANY_CALLS, 5, last=1) is None


def test_one_value_may_stand_for_many_calls():
    wanted = Coming(VisitAxes((2,), 3), [0, 2, 4, 6, 8, 10], {0, 2, 4, 6, 8, 10})
    for axes in (VisitAxes(), VisitAxes((), 3), VisitAxes((2,))):
        assert MANY_CALLS.next(axes) == wanted


def test_what_each_of_several_calls_does_alike_may_be_held_once():
    heads = Remaining([[0, 1, 2, 3], [4, 5, 6, 7]], VisitAxes((2,)))
    wanted = Coming(VisitAxes((2, 4)), list(range(8)), set(range(8)))
    assert heads.next(VisitAxes((4,))) == wanted
    # Half of them, along an axis of heads.
    assert following(heads, 2, last=2) == [0, 1, 4, 5]
    assert following(heads, 3) is None


def test_of_a_loop_done_at_once_the_last_turn_is_seen_and_all_are_passed():
    loop = Remaining([[0, 1, 2, 3]], VisitAxes(), turns=2)
    assert loop.next(VisitAxes()) == Coming(VisitAxes(), [1], {0, 1})
    assert following(loop, 2) == [1, 3]
    assert loop.count == 2
    assert following(loop, 3) is None


#: The arguments of H3 have other names.
RENAMED = """\
def ask(x, k, v, w, mask, turn):
    Q = w.W_q @ x  # H3.1-H3.2
    Q = rotate(Q, np.arange(5), turn)  # H3.3
    Y_h = attend(Q, k, v, mask)  # H3.4
    return Y_h.reshape(24, 5)  # H3.5
"""


def test_a_call_whose_arguments_have_other_names_stands_for_the_call_around_it():
    queries = written(RENAMED, algorithm="H3", **NAMES)
    found = set(seen("H4", written(GROUPS, **{**NAMES, "queries": queries})).split())
    assert found == compared(GROUPS) - {"H3"}
