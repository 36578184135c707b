"""Does cost show what each line costs, for all sizes and at some, and say what is left out?"""

import pytest
from helpers.printed import rows

from spec.language.polynomials import Atom, Poly
from spec.terminal.costs import factored

a, b = (Poly.of(Atom(name)) for name in "ab")


def test_the_polynomials_of_each_line(run):
    printed = rows(run("cost", "4"))
    at = printed.index("6 return Ṽ = V · softmax(S / √d_attn)")
    assert printed[at + 1 : at + 6] == [
        "multiply-add d_out ℓ_x ℓ_z",
        "add ℓ_x (ℓ_z − 1)",
        "divide 2 ℓ_x ℓ_z",
        "exp ℓ_x ℓ_z",
        "sqrt 1",
    ]
    at = printed.index("Parameters")
    assert printed[at + 1] == "d_attn d_x + d_attn d_z + d_out d_z + 2 d_attn + d_out"
    assert "4.6 d_attn ℓ_x + d_attn ℓ_z + d_out ℓ_z + 3 ℓ_x ℓ_z" in printed


def test_the_numbers_at_given_sizes(run):
    printed = rows(run("cost", "10", "--at", "gpt2-small"))
    assert "11 return P = softmax(W_u X) 39,523,713,024 154,388,480" in printed
    assert "All lines 145,824,153,600 1,134,921,872" in printed
    assert "multiply-add 145,824,153,600" in printed
    assert "parameters 163,037,184 652.1 MB 326.1 MB" in printed
    assert "memory 105,285,632 421.1 MB 210.6 MB" in printed
    assert "The most is in memory in 10.11." in printed
    assert any(row.startswith("H = 12, L = 12, N_V = 50257, ") for row in printed)
    printed = rows(run("cost", "10", "--at", "gpt2-small", "ell=16"))
    assert "All lines 1,981,231,104 8,443,568" in printed


def test_how_much_memory_attention_needs(run):
    """The scores of a head, of layers that are computed one by one."""
    printed = rows(run("cost", "4", "--at", "gpt2-small", "ell=4096"))
    numbers = 3 * 64 * 4096 + 3 * 4096 * 4096
    written = (f"{numbers:,}", f"{numbers * 4 / 1e6:.1f} MB", f"{numbers * 2 / 1e6:.1f} MB")
    assert f"memory {' '.join(written)}" in printed
    assert "The most is in memory in 4.6." in printed


def test_what_is_left_out_is_said(run):
    remarks = {
        "12.9 may do less, depending on the data.": {"12"},
        "∇ is not counted: only the function that it is taken of, and the step.": {"12", "13"},
        "All sequences of the data are assumed to have the same length.": {"12", "13"},
        "It is less where a loop takes one turn.": {"12", "13", "15"},
        "`turns` is how often the lines of the loop `while` are carried out.": {"15"},
    }
    printed = {id: rows(run("cost", id)) for id in ("10", "12", "13", "15")}
    for remark, ids in remarks.items():
        assert {id for id, said in printed.items() if remark in said} == ids


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (a * 0, "0"),
        (6 * a * b, "6 a b"),
        (a + b, "a + b"),
        (2 * a + 4, "2 (a + 2)"),
        (a * a * b - a * b * b, "a b (a − b)"),
        ((a * a + a).sum(Atom("a"), Poly.of(1), b), "1/3 b (b² + 3 b + 2)"),
    ],
)
def test_what_all_terms_share_is_written_first(size, expected):
    assert factored(size) == expected
