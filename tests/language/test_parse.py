"""Is a row that is not in the language refused at its column, and read however it was typed?"""

import re
import unicodedata

import pytest
from helpers.trees import all_rows, expression, row, start

from spec.language import alg_file, parse
from spec.language.errors import ParseError
from spec.language.tree import Name

STRAY = "makes no sense here"
EARLY = "the row ends too early"


@pytest.mark.parametrize(
    ("written", "column", "problem"),
    [
        ("", 1, EARLY),
        ("Q ←", 4, EARLY),
        ("Q ← W_q X +", 12, EARLY),
        ("Q ← f(x", 8, EARLY),
        ("Q ← f(x, ", 10, EARLY),
        ("Q ← [x, y)", 10, f"')' {STRAY}"),
        ("Q ← x)", 6, f"')' {STRAY}"),
        ("Q ← [x; ]", 9, f"']' {STRAY}"),
        ("Q ← x_{a", 9, EARLY),
        ("Q ← x_a_b", 8, f"'_b' {STRAY}"),
        ("Q ← x^a^b", 8, f"'^b' {STRAY}"),
        ("Q ← γ¹²", 7, f"'²' {STRAY}"),
        ("Q ← x_a^b", 8, f"'^b' {STRAY}"),
        ("Q ← (x)²²", 9, f"'²' {STRAY}"),
        ("Q ← x̂ $ y", 8, f"'$' {STRAY}"),
        ("Q ← a - b", 7, f"'-' {STRAY}"),
        ("Q ← d_e×ℓ_x", 8, f"'×' {STRAY}"),
        ("Q ← a ÷ b", 7, f"'÷' {STRAY}"),
        ("Q ← ٣", 5, f"'٣' {STRAY}"),
        ("Q ← x ← y", 7, f"'←' {STRAY}"),
        ("Q ← f(1 = x)", 9, f"'=' {STRAY}"),
        ("Q ← f(a | 1 = x)", 11, "an argument given by an equation must have a name"),
        ("Q ← Σ_1 x", 7, "what a sum runs over must be a name"),
        ("Q ← a (then)", 8, "'then' is a word of the language, not a name"),
        ("for end ∈ [ℓ]:", 5, "'end' is a word of the language, not a name"),
        ("1 ← x", 1, "what stands left of the arrow cannot be set"),
        ("  1 ← x", 3, "what stands left of the arrow cannot be set"),
        ("f(x) ← 1 with probability p, else y", 1, "what stands left of the arrow cannot be set"),
        ("[Y^1; 2; …; Y^H] ← Y", 1, "only the members of a family are set in rows"),
        ("X, Z[t] ← ∇f(x | y)", 4, "what stands left of the arrow cannot be set"),
        ("X, Z ← ∇loss(θ)", 8, "a gradient is one result"),
        ("X, Z = f(x)", 6, f"'=' {STRAY}"),
        ("X, Z ← x", 9, "the row ends too early"),
        ("Q = x with probability p, else y", 1, "a random choice is set with ←, not with ="),
        ("Q ← x with p, else y", 12, f"'p' {STRAY}, 'probability' is due"),
        ("Q ← x with probability p, y", 27, f"'y' {STRAY}, 'else' is due"),
        ("sample y from q ∝ p", 8, f"'y' {STRAY}, 'a' is due"),
        ("for t ∈ L:", 9, f"'L' {STRAY}, '[' is due"),
        ("for t = 1, L:", 12, f"'L' {STRAY}, '…' is due"),
        ("for t ∈ [L]", 12, f"{EARLY}, ':' is due"),
        ("if x then y ← 1", 6, f"'then' {STRAY}"),
        ("while y > x:", 9, f"'>' {STRAY}"),
        ("end x", 5, f"'x' {STRAY}"),
        ("Q ← " + "1" * 5000, 5, "the number is too long"),
        ("Q ← x_" + "1" * 5000, 7, "the number is too long"),
        ("Q ← " + "(" * 10000 + "x" + ")" * 10000, 104, "this is nested too deeply"),
        ("Q ← " + "(" * 10000, 10005, EARLY),
        ("Q ← " + "√" * 10000 + "x", 103, "this is nested too deeply"),
        ("Q ← 1" + " + 1" * 10000, 5, "this is nested too deeply"),
        ("x" + "_a" * 50000, 4, f"'_a' {STRAY}"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_not_in_the_language_is_refused_at_its_column(
    written: str, column: int, problem: str
) -> None:
    with pytest.raises(ParseError) as caught:
        parse.statement(written, "∇4", 2)
    error = caught.value
    assert str(error) == f"Algorithm ∇4, line 2, column {column}: {problem}, in: {written}"
    assert (error.algorithm, error.place, error.column) == ("∇4", "line 2", column)
    assert (error.text, error.problem) == (written, problem)


TEXT = """\
Algorithm 4: Q ← Attention(X | W)
Abbreviation: Attention(X) ≡ Attention(X | W)
Input: X ∈ ℝ^{d_x×ℓ_x} — the sequence
Parameters: W consisting of
       for l ∈ [L]:
           W_l as in Algorithm 5
Requires: 1 ≤ ℓ_x

1  for t ∈ [ℓ_x]:                                           ▷ Q ∈ ℝ
2      Q ← X
3  end
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("(X | W)\nAb", "(X | 1)\nAb", "heading, column 19: '1' makes no sense here"),
        ("≡", "=", "Abbreviation, column 14: '=' makes no sense here, '≡' is due"),
        ("ℝ^{d_x×ℓ_x} —", "ℝ^{×ℓ_x} —", "Input, column 8: '×' makes no sense here"),
        ("W con", "1 con", "Parameters, column 1: '1' makes no sense here"),
        ("[L]", "[]", "Parameters, column 10: ']' makes no sense here"),
        ("m 5", "m five", "Parameters, column 21: 'five' makes no sense here"),
        ("1 ≤", "1 >", "Requires, column 3: '>' makes no sense here"),
        ("Q ∈ ℝ", "Q ∈ R", "line 1, after ▷, column 5: 'R' makes no sense here"),
        ("Q ← X\n", "Q ←\n", "line 2, column 4: the row ends too early"),
    ],
)
def test_an_error_names_the_place_in_the_algorithm(old: str, new: str, message: str) -> None:
    parse.program(alg_file.read(TEXT, "it"))
    assert TEXT.count(old) == 1
    with pytest.raises(ParseError) as caught:
        parse.program(alg_file.read(TEXT.replace(old, new), "it"))
    assert str(caught.value) == f"Algorithm 4, {message}, in: {caught.value.text}"
    assert caught.value.text in TEXT.replace(old, new)


def test_a_long_name_is_a_name() -> None:
    long = "x" * 100_000
    assert expression(long) == Name(long)


# Letters


def test_a_row_reads_the_same_however_its_letters_were_typed() -> None:
    for read, node in all_rows():
        assert row(unicodedata.normalize("NFD", read), start(node)) == node
    assert row(unicodedata.normalize("NFD", "while x̂ ≠ ṽ:"))


def test_columns_are_counted_in_the_form_that_is_read() -> None:
    typed = unicodedata.normalize("NFD", "Ṽ ≠ Ẽ ← x")
    with pytest.raises(ParseError, match=r"column 3: '≠' makes no sense here, in: Ṽ ≠ Ẽ ← x$"):
        parse.statement(typed, "1", 1)


def is_name(base: str) -> bool:
    pattern = parse.parser().get_terminal("BASE").pattern.to_regexp()
    return re.fullmatch(pattern, base) is not None and base not in parse.words()


@pytest.mark.parametrize("sign", "×÷Σ−-·√∞∂∇ℝℕᵀ²_^'…∈")
def test_a_sign_is_no_letter(sign: str) -> None:
    assert not is_name(sign)
    assert not is_name(f"a{sign}b")


def test_a_digit_is_no_first_letter() -> None:
    assert is_name("T5")
    assert not is_name("5T")


@pytest.mark.parametrize("letter", ["a", "Z", "ê", "Ṽ", "x̂", "θ̂", "ℓ", "γ", "Ω", "t'", "Mask"])
def test_a_letter_may_carry_an_accent_and_a_prime(letter: str) -> None:
    assert expression(letter) == Name(letter)
