"""Is what small algorithms get wrong said, and no more? Sketches of what the files have not."""

from __future__ import annotations

import pytest
from helpers.changed_texts import (
    HEAD,
    changed,
    judged,
    opened,
    read,
    sketch,
    sketches,
    table,
    understood,
)

from spec.language.checked import declarations
from spec.language.header import refers_to
from spec.language.polynomials import Atom, Poly
from spec.language.types import Key, Tokens
from spec.library import checked, programs

CALLS = [part.split("====\n") for part in table("calls.txt").split("----\n")]


@pytest.mark.parametrize(("lines", "answer"), sketches(table("sketches.txt")))
def test_a_sketch_is_judged(lines: str, answer: str) -> None:
    assert judged(lines) == answer


@pytest.mark.parametrize(
    ("callee", "lines", "answer"),
    [(callee.strip() + "\n", *call) for callee, calls in CALLS for call in sketches(calls)],
)
def test_a_call_asks_for_all_that_the_callee_takes_for_granted(
    callee: str, lines: str, answer: str
) -> None:
    assert judged(lines, HEAD, callee) == answer


def test_a_result_is_in_the_range_that_is_declared() -> None:
    head = "Algorithm Y1: k ← last(x)\nInput: x ∈ V*\nOutput: k ∈ [length(x)]\n"
    required = f"{head}Requires: 1 ≤ length(x)\n"
    assert judged("return k = length(x)", required) == ""
    assert judged("return k = 1", required) == ""
    assert judged("return k = length(x)", head) == "1: 1 ≤ length(x) is open"
    over = judged("return k = length(x) + 1", required)
    assert over == "1: length(x) + 1 ≤ length(x) is open"


def test_lengths_of_two_members_are_not_mixed_up() -> None:
    shape = "n = 1, …, N:\n    for i = 1, …, N:\n        ℓ' ← length(x_n)\n"
    assert judged(f"for {shape}        for t ∈ [ℓ']: y[t] ← x_n[t]\n    end\nend") == ""
    found = judged(f"for {shape}        for t ∈ [ℓ']: y[t] ← x_i[t]\n    end\nend")
    assert found == "4: t ≤ length(x_i) is open"


def test_what_is_required_of_each_member_holds_for_any() -> None:
    assert judged("for n ∈ [N]: y_n ← x_n[1]") == ""
    assert judged("for i ∈ [N]: y_i ← ETransformer(x_i | θ)[:, 1]") == ""
    # That there is an x_1 is another obligation.
    assert judged("y ← x_1[1]") == "1: 1 ≤ N is open"
    assert judged("for n ∈ [N]: y_n ← x_n[2]") == "1: 2 ≤ length(x_n) is open"


def test_a_size_that_must_be_another_is_taken_for_it() -> None:
    square = f"{HEAD.rstrip()}, d_e = ℓ\n"
    assert judged("Y ← X X\nZ ← X + Xᵀ", square) == ""
    assert judged("Y ← X X").startswith("line 1: ")
    assert judged("y ← X[j, 1]", square) == "1: 1 ≤ ℓ is open"
    # One after the other, in either order.
    for chain in ("d_e = m, m = ℓ", "m = ℓ, d_e = m"):
        assert judged("Y ← X X", f"{HEAD.rstrip()}, {chain}\n") == ""
    assert judged("Y ← X X", f"{HEAD.rstrip()}, d_e = m\n").startswith("line 1: ")


# Heads


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("m, d ∈ ℕ", "m, d ∈ ℕ default 1"),
        ("Requires: 1 ≤ length(x),", "Requires: 1 ≤ 2·ℓ + m − 1,"),
    ],
)
def test_a_head_is_accepted(old: str, new: str) -> None:
    assert opened(changed("Y1", old, new)) == ()


def test_parameters_that_are_parts_are_one_argument() -> None:
    head = HEAD.replace("Parameters: θ as in Algorithm 9, ", "Parameters: ω consisting of\n       ")
    head = head.replace("length(x) ≤ ℓ_max\n", "length(x) ≤ ℓ\n")
    head = head.replace("length(x_n) ≤ ℓ_max", "m ≤ ℓ")
    header = understood(read(sketch("y ← W w", head))).header
    assert header.bundle == Key("ω")
    assert [str(key) for key, _ in header.parameters] == ["ω"]
    assert [str(size) for size in header.sizes] == ["d_e", "d_f"]
    twice = judged("y ← w", head.replace("ω consisting", "w consisting"))
    assert twice == "Parameters: w is declared twice"


def test_heads_are_read_after_those_that_they_refer_to() -> None:
    assert refers_to(read(sketch("y ← 0", HEAD.replace("9", "8")))) == {"8"}
    backwards = dict(reversed(programs().items()))
    assert declarations(backwards).keys() == programs().keys()


# Sequences that grow


def test_a_prompt_is_longer_by_one_in_each_turn() -> None:
    one = checked()["14"]
    assert [str(variable) for variable in one.names.carried[2]] == ["x"]
    (index,) = one.typing.bounds
    before, turn = Poly.of(Atom("length(x)")), Poly.of(index)
    ((call, _),) = one.typing.calls.items()
    (argument,) = one.typing.arguments[call]
    assert one.typing.types[argument] == Tokens(before + turn - 1)
    assert one.typing.after[6][Key("x")] == Tokens(before + turn)


@pytest.mark.parametrize(
    ("position", "is_open"),
    [("ℓ + i − 1", False), ("ℓ", False), ("i", False), ("1", False), ("ℓ + i", True), ("0", True)],
)
def test_a_position_in_what_grows_is_in_range_or_not(position: str, is_open: bool) -> None:
    assert bool(changed("14.4", "ℓ + i − 1", position).open) == is_open


def test_a_while_knows_that_a_sequence_gets_no_shorter() -> None:
    assert opened(changed("15.5", "length(x̂)", "1")) == ()
    assert opened(changed("15.5", "length(x̂)", "2")) == ("15.5: 2 ≤ length(x̂)",)
    shorter = changed("15.7", "[x̂, y]", "x̂[2 : length(x̂)]")
    assert opened(shorter) == ("15.3: 1 ≤ length(x̂) − 1",)


def test_a_number_added_to_a_matrix_is_noted() -> None:
    one = changed("4.3", "b_v 1ᵀ", "1ᵀ b_v")
    assert one.typing.broadcasts == [(3, "W_v Z + 1ᵀ b_v")]
    assert one.open == ()
