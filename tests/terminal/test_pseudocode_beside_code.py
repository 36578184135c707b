"""Do list and show set the pseudocode beside the code, at any width, and name what is missing?"""

import re
from pathlib import Path

import pytest
from helpers.cases import REFERENCE
from helpers.printed import rows, squeezed
from rich.cells import cell_len
from rich.text import Text

from spec.library import algorithms, paper
from spec.terminal.pseudocode_beside_code import hang, head, lines


def test_list_counts_the_lines_that_are_tagged(run, user_module):
    listed = {row.split()[0]: row for row in rows(run("list", "--implementation", user_module))}
    assert listed["4"] == "4 Attention Attention 4 of 6"
    assert listed["6"] == "6 layer_norm Norm 3 of 3"
    assert listed["10"] == "10 DTransformer —"


def test_list_does_not_count_ends(run):
    out = run("list")
    for id, algorithm in algorithms().items():
        count = sum(line.text != "end" for line in algorithm.lines)
        tagged = f"{count} of {count}" if id in REFERENCE else "—"
        assert re.search(rf"^ *{id} .* {tagged}$", out, re.MULTILINE)


def test_the_papers_algorithms_are_listed_first(run):
    first, second, *_ = run("list").split("\n\n")
    assert tuple(row.split()[0] for row in rows(first)[2:]) == paper()
    assert [row.split()[0] for row in rows(second)] == [*algorithms()][len(paper()) :]


def test_show_sets_code_beside_its_line(run, user_module):
    shown = run("show", "6", "--implementation", user_module).split("\n")
    (row,) = [row for row in shown if "v ← Σ" in row]
    assert re.fullmatch(r"2  v ← Σ_i \(e\[i\] − m\)² / d_e +│     v = 0  # 6\.2", row)
    assert [row.split()[0] for row in shown if row[:1].isupper()] == [
        "Algorithm", "Brings", "Input", "Output", "Parameters", "Hyperparameters", "Tags",
    ]  # fmt: skip


@pytest.mark.parametrize("columns", [60], indirect=True)
def test_show_on_a_narrow_terminal_sets_code_below_its_line(run, user_module):
    shown = run("show", "4", "--implementation", user_module).split("\n")
    at = shown.index("4  S ← Kᵀ Q            ▷ S ∈ ℝ^{ℓ_z×ℓ_x}")
    assert shown[at + 1] == "  │     S = K.mT @ Q  # 4.4"
    (first,) = [n for n, row in enumerate(shown) if "softmax_of" in row]
    assert shown[first + 1].startswith("  │         ")


@pytest.mark.parametrize("columns", [80], indirect=True)
@pytest.mark.parametrize("id", algorithms())
def test_every_line_and_section_is_shown_in_one_piece(run, columns, id):
    out = squeezed(run("show", id))
    for line in algorithms()[id].lines:
        assert squeezed(f"{line.number}{line.text}") in out
    for section in algorithms()[id].sections:
        assert squeezed("".join(section.rows)) in out


@pytest.mark.parametrize("columns", [110, 130], indirect=True)
def test_code_that_is_wide_leaves_room_for_the_lines(run, columns, user_module):
    shown = run("show", "4", "--implementation", user_module).split("\n")
    assert max(map(cell_len, shown)) <= columns
    assert {row.index("│") for row in shown if "│" in row} == {columns * 2 // 5 + 1}


@pytest.mark.parametrize("id", REFERENCE)
def test_accents_do_not_move_the_bar(run, id):
    bars = [re.split("[│┼]", row) for row in run("show", id).split("\n")]
    assert len({cell_len(left) for left, *right in bars if right}) == 1


@pytest.mark.parametrize("columns", [112], indirect=True)
def test_claims_that_do_not_fit_get_rows_of_their_own(run):
    (claim,) = [row.split("│")[0] for row in run("show", "10").split("\n") if "▷" in row]
    assert claim.lstrip().startswith("▷") or claim.startswith("3  X")


def test_a_claim_in_a_row_of_its_own_is_indented():
    shown = [text.plain for text in lines(algorithms()["4"], 30)]
    assert shown[:2] == ["1  Q ← W_q X + b_q 1ᵀ", "       ▷ Q ∈ ℝ^{d_attn×ℓ_x}"]


def test_show_names_what_does_not_pair(run, user_module):
    four = run("show", "4", "--implementation", user_module)
    assert "Carried out by no statement: 4.3, 4.5" in four
    assert "Tags of no line: 6.4" in run("show", "6", "--implementation", user_module)


def test_show_without_a_function_shows_the_lines(run, user_module):
    out = run("show", "5", "--implementation", user_module)
    assert "3  Y ← [Y^1; Y^2; …; Y^H]" in out
    assert out.endswith(f"{user_module} has no function for Algorithm 5.\n")
    assert "│" not in out


@pytest.mark.parametrize("command", [["list"], ["show", "4"]])
def test_a_tag_that_makes_no_sense_is_refused(refused, user_module, command):
    path = Path(f"{user_module}.py")
    path.write_text(path.read_text("utf-8").replace("# 4.2", "# 4.2-4.1"), encoding="utf-8")
    message = refused(*command, "--implementation", user_module)
    assert message == "Attention, row 6: 4.2-4.1 is not a range of lines"


@pytest.mark.parametrize(
    ("text", "width", "indent", "broken"),
    [
        ("  one two three", 9, 4, ["  one two", "    three"]),
        ("X̃X̃X̃X̃X̃", 2, 0, ["X̃X̃", "X̃X̃", "X̃"]),
        ("a b", 1, 4, ["a", "b"]),
        ("a = b  # 4.1", 10, 2, ["a = b", "  # 4.1"]),
    ],
)
def test_a_wrapped_row_hangs(text, width, indent, broken):
    assert [row.plain for row in hang(Text(text), width, indent)] == broken


def test_a_dim_number_does_not_dim_its_line():
    four = algorithms()["4"]
    assert not [text.plain for text in (*head(four, 160), *lines(four, 160)) if text.style]
