"""Does the layout of a text survive reading, and is what is out of form refused?"""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spec.language.alg_file import (
    CLAIMS,
    SECTIONS,
    Algorithm,
    LayoutError,
    Line,
    Section,
    read,
    width,
    write,
)

TEXT = """\
Algorithm 4: Ṽ ← Attention(X, Z | W_qkv, Mask)
/* One head. */
Input: X ∈ ℝ^{d_x×ℓ_x} — the primary sequence
       Z ∈ ℝ^{d_z×ℓ_z}
Parameters: W_qkv consisting of
       for h ∈ [H]:
           W_q

   /* once */
1  Q ← W_q X                                                ▷ Q ∈ ℝ
2  for h ∈ [H]:
       /* for each */
3      Y ← X
4  end
5  return Y
"""

words = st.text("aXℓθ̂_^[](),|≤∀1ᵀ", min_size=1, max_size=8).map(
    lambda text: unicodedata.normalize("NFC", "x" + text)
)
phrases = st.lists(words, min_size=1, max_size=6).map(" ".join)


@st.composite
def numbered(draw: st.DrawFn) -> tuple[Line, ...]:
    lines: list[Line] = []
    depth = 0
    for number in range(1, draw(st.integers(1, 20)) + 1):
        above = lines[-1] if lines else None
        if above is not None and above.text.endswith(":"):
            depth = above.indent + 1
        elif above is not None:
            depth = draw(st.integers(0, above.indent))
        closes = above is not None and above.indent > depth and draw(st.booleans())
        text = "end" if closes else draw(phrases) + draw(st.sampled_from(["", ":"]))
        claim, comment = draw(st.none() | phrases), draw(st.none() | phrases)
        lines.append(Line(number, depth, text, claim, comment=comment))
    return tuple(lines)


@st.composite
def laid_out(draw: st.DrawFn) -> Algorithm:
    id = draw(st.from_regex(r"∇?[1-9][0-9]?|[A-Z][1-9]", fullmatch=True))
    title = draw(words | st.just("layer_norm"))
    signature = f"X ← {title}(x)" if title.isidentifier() else None
    names = draw(st.lists(st.sampled_from(SECTIONS), unique=True))
    further = st.tuples(st.integers(0, 9), phrases).map(lambda pair: " " * pair[0] + pair[1])
    sections = tuple(
        Section(name, (draw(phrases), *draw(st.lists(further, max_size=3)))) for name in names
    )
    comment = draw(st.none() | phrases)
    return Algorithm(id, title, signature, comment, sections, draw(numbered()))


@given(laid_out())
@example(Algorithm("1", "x̂", "X ← x̂(x)", None, (), (Line(1, 0, "x"),)))
def test_what_is_written_is_read_back(algorithm: Algorithm) -> None:
    text = write(algorithm)
    assert read(text, "it") == algorithm
    assert write(read(text, "it")) == text
    for line in read(text, "it").lines:
        assert text.split("\n")[line.row - 1].startswith(f"{line.number} ")


def test_letters_are_the_same_however_they_were_typed() -> None:
    assert read(unicodedata.normalize("NFD", TEXT), "it") == read(TEXT, "it")


def test_an_accent_takes_no_column() -> None:
    text = write(Algorithm("1", "It", None, None, (), (Line(1, 0, "X̃ ← x̂", "X̃"),)))
    row = text.split("\n")[2]
    assert row.index("▷") == CLAIMS + 2
    assert width(row[: row.index("▷")]) == CLAIMS


def test_a_claim_keeps_its_distance_from_a_long_line() -> None:
    long = Line(1, 0, "x" * CLAIMS, "X")
    assert ("x  ▷ X\n") in write(Algorithm("1", "It", None, None, (), (long,)))


@pytest.mark.parametrize("gap", [" ", "    ", ""])
def test_the_width_of_a_gap_is_put_right(gap: str) -> None:
    text = TEXT.replace(
        "Q ← W_q X                                                ▷", f"Q ← W_q X{gap}▷"
    )
    assert write(read(text, "it")) == TEXT


@pytest.mark.parametrize(
    ("old", "new", "row", "problem"),
    [
        ("Algorithm 4:", "Algorithm :", 1, "is not a heading"),
        ("Algorithm 4:", "Algorithm four:", 1, "has the id four, want a number, 4, or"),
        (TEXT, "", 1, "is not a heading"),
        ("← Attention(", "← Attention", 1, "has no signature"),
        ("/* One head. */", "/* One head.", 2, "is not a comment of one row"),
        ("Input:", "Inputs:", 3, "does not open one of the sections Abbreviation, Input"),
        ("Parameters:", "Input:", 5, "opens the section Input again"),
        ("       Z ∈", "      Z ∈", 4, "neither opens a section nor is indented by 7"),
        ("Input: X", "       X", 3, "neither opens a section nor is indented by 7"),
        (
            "Parameters: W_qkv consisting of",
            "Parameters:",
            5,
            "opens a section with nothing beside its name",
        ),
        (" consisting of", " consisting\tof", 5, "holds a tab"),
        ("4  end", "4  end ", 14, "ends in white space"),
        ("5  return Y", "6  return Y", 15, "should be numbered 5"),
        ("1  Q", "2  Q", 10, "should be numbered 1"),
        ("5  return Y", "   return Y", 15, "is not a numbered line"),
        ("5  return Y", "", 15, "is not a numbered line"),
        ("5  return Y", "   /* nothing below */", 16, "is not a numbered line"),
        ("5  return Y", "5 return Y", 15, "is not indented by 3 and a multiple of 4"),
        ("3      Y", "3     Y", 13, "is not indented by 3 and a multiple of 4"),
        ("3      Y", "3  Y", 13, "is out of step"),
        ("3      Y", "3          Y", 13, "is out of step"),
        ("[H]:\n       /*", "[H]\n       /*", 13, "is out of step"),
        ("1  Q", "1      Q", 10, "is out of step"),
        ("5  return Y", "5  end", 15, "does not end a block"),
        ("1  Q ← W_q X ", "1  end", 10, "does not end a block"),
        ("▷ Q ∈ ℝ", "▷", 10, "has nothing on one side of its ▷"),
        ("1  Q ← W_q X", "1  ▷", 10, "has nothing on one side of its ▷"),
    ],
)
def test_what_is_out_of_form_is_refused_by_row(old: str, new: str, row: int, problem: str) -> None:
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    with pytest.raises(LayoutError) as caught:
        read(text, "four.alg")
    message = str(caught.value)
    assert message.startswith(f"four.alg, row {row} {problem}")
    assert "\n" not in message
    rows = text.removesuffix("\n").split("\n")
    assert message.endswith(rows[row - 1] if row <= len(rows) else problem)


@pytest.mark.parametrize("text", ["Algorithm 1: It\n", "Algorithm 1: It\n\n"])
def test_an_algorithm_without_lines_is_refused(text: str) -> None:
    with pytest.raises(LayoutError, match=r"^it, row \d is missing: .*"):
        read(text, "it")
