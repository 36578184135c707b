"""Does the command show what there is, at any width, and say in one line what there is not?"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.text import Text

from spec.library import algorithms
from spec.terminal import pseudocode_beside_code as terminal
from spec.terminal.command import main

GIVEN = '''
def Attention(X, Z, W, Mask):
    """Compute."""
    # first
    Q = W.W_q @ X  # 4.1
    K = W.W_k @ Z  # 4.2
    S = K.mT @ Q  # 4.4
    return softmax_of_a_name_that_is_so_long_that_it_has_to_be_wrapped_somewhere(S, W, X)  # 4.6
Attention.algorithm = "4"

def Norm(e):
    m = 0  # 6.1
    v = 0  # 6.2
    return e  # 6.3, 6.4
Norm.algorithm = "6"
'''


@pytest.fixture
def given_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Put a module into the current directory."""
    name = f"given_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(GIVEN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return name


@pytest.fixture
def columns(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> int:
    width: int = getattr(request, "param", 160)
    monkeypatch.setenv("COLUMNS", str(width))
    return width


def squeezed(text: str) -> str:
    """Leave out what wrapping and aligning add."""
    return re.sub(r"[\s│─┼]", "", text)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


@pytest.mark.usefixtures("columns")
def test_list_counts_the_lines_that_are_tagged(
    capsys: pytest.CaptureFixture[str], given_module: str
) -> None:
    out = run(capsys, "list", "--implementation", given_module)
    rows = {row.split()[0]: " ".join(row.split()) for row in out.split("\n") if row.strip()}
    assert rows["4"] == "4 Attention Attention 4 of 6"
    assert rows["6"] == "6 layer_norm Norm 3 of 3"
    assert rows["10"] == "10 DTransformer —"
    assert "`end`" in out


@pytest.mark.usefixtures("columns")
def test_list_does_not_count_ends(capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, "list")
    for id, algorithm in algorithms().items():
        count = sum(line.text != "end" for line in algorithm.lines)
        assert re.search(rf"^ *{id} .* {count} of {count} *$", out, re.MULTILINE)


@pytest.mark.parametrize("columns", [160], indirect=True)
def test_show_sets_code_beside_its_line(
    capsys: pytest.CaptureFixture[str], columns: int, given_module: str
) -> None:
    rows = run(capsys, "show", "6", "--implementation", given_module).split("\n")
    (row,) = [row for row in rows if "v ← Σ" in row]
    assert re.fullmatch(r"2  v ← Σ_i \(e\[i\] − m\)² / d_e +│     v = 0  # 6\.2", row)
    assert [row.split()[0] for row in rows if row[:1].isupper()] == [
        "Algorithm", "Brings", "Input", "Output", "Parameters", "Hyperparameters", "Tags",
    ]  # fmt: skip


@pytest.mark.parametrize("columns", [60], indirect=True)
def test_show_on_a_narrow_terminal_sets_code_below_its_line(
    capsys: pytest.CaptureFixture[str], columns: int, given_module: str
) -> None:
    rows = run(capsys, "show", "4", "--implementation", given_module).split("\n")
    at = rows.index("4  S ← Kᵀ Q            ▷ S ∈ ℝ^{ℓ_z×ℓ_x}")
    assert rows[at + 1] == "  │     S = K.mT @ Q  # 4.4"
    (first,) = [n for n, row in enumerate(rows) if "softmax_of" in row]
    assert rows[first + 1].startswith("  │         ")


@pytest.mark.parametrize("columns", [40, 60, 80, 109, 110, 120, 160, 250], indirect=True)
@pytest.mark.parametrize("id", algorithms())
def test_nothing_is_cut_or_too_wide_at_any_width(
    capsys: pytest.CaptureFixture[str], columns: int, id: str
) -> None:
    out = run(capsys, "show", id)
    assert max(cell_len(row) for row in out.split("\n")) <= columns
    assert not [row for row in out.split("\n") if row != row.rstrip()]
    if columns < 110:  # where both sides wrap, a line is not in one piece
        algorithm = algorithms()[id]
        for line in algorithm.lines:
            assert squeezed(f"{line.number}{line.text}") in squeezed(out)
        for section in algorithm.sections:
            assert squeezed("".join(section.rows)) in squeezed(out)


@pytest.mark.parametrize("columns", [110, 130], indirect=True)
def test_code_that_is_wide_leaves_room_for_the_lines(
    capsys: pytest.CaptureFixture[str], columns: int, given_module: str
) -> None:
    rows = run(capsys, "show", "4", "--implementation", given_module).split("\n")
    assert max(map(cell_len, rows)) <= columns
    assert {row.index("│") for row in rows if "│" in row} == {columns * 2 // 5 + 1}


@pytest.mark.parametrize("columns", [160], indirect=True)
@pytest.mark.parametrize("id", algorithms())
def test_accents_do_not_move_the_bar(
    capsys: pytest.CaptureFixture[str], columns: int, id: str
) -> None:
    out = run(capsys, "show", id)
    bars = {cell_len(re.split("[│┼]", row)[0]) for row in out.split("\n") if re.search("[│┼]", row)}
    assert len(bars) == 1


@pytest.mark.parametrize("columns", [160], indirect=True)
def test_a_section_comment_stands_beside_that_of_the_code(
    capsys: pytest.CaptureFixture[str], columns: int
) -> None:
    rows = run(capsys, "show", "8").split("\n")
    (comment,) = [row for row in rows if "/* decode the primary" in row]
    assert comment.split("│")[1].strip().startswith("# Decode")


@pytest.mark.parametrize("columns", [112], indirect=True)
def test_claims_that_do_not_fit_get_rows_of_their_own(
    capsys: pytest.CaptureFixture[str], columns: int
) -> None:
    rows = run(capsys, "show", "10").split("\n")
    (claim,) = [row.split("│")[0] for row in rows if "▷" in row]
    assert claim.lstrip().startswith("▷") or claim.startswith("3  X")


def test_a_claim_in_a_row_of_its_own_is_indented() -> None:
    algorithm = algorithms()["4"]
    rows = [text.plain for text in terminal.lines(algorithm, 30)]
    assert rows[:2] == ["1  Q ← W_q X + b_q 1ᵀ", "       ▷ Q ∈ ℝ^{d_attn×ℓ_x}"]


@pytest.mark.usefixtures("columns")
def test_show_names_what_does_not_pair(
    capsys: pytest.CaptureFixture[str], given_module: str
) -> None:
    four = run(capsys, "show", "4", "--implementation", given_module)
    assert "Carried out by no statement: 4.3, 4.5" in four
    six = run(capsys, "show", "6", "--implementation", given_module)
    assert "Tags of no line: 6.4" in six


@pytest.mark.usefixtures("columns")
def test_show_without_a_function_shows_the_lines(
    capsys: pytest.CaptureFixture[str], given_module: str
) -> None:
    out = run(capsys, "show", "5", "--implementation", given_module)
    assert "3  Y ← [Y^1; Y^2; …; Y^H]" in out
    assert out.endswith(f"{given_module} has no function for it.\n")
    assert "│" not in out


def test_an_unknown_algorithm_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    err = refused(capsys, "show", "99")
    assert err.startswith("formal-transformers: no Algorithm 99; there are 1, 2, 3, ")


@pytest.mark.parametrize("command", [["list"], ["show", "4"]])
def test_an_unknown_module_is_refused(
    capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    err = refused(capsys, *command, "--implementation", "no_such_module")
    assert err == (
        "formal-transformers: --implementation no_such_module: No module named 'no_such_module'\n"
    )


@pytest.mark.parametrize("command", [["list"], ["show", "4"]])
def test_a_tag_that_makes_no_sense_is_refused(
    capsys: pytest.CaptureFixture[str], given_module: str, command: list[str]
) -> None:
    path = Path(f"{given_module}.py")
    path.write_text(GIVEN.replace("# 4.2", "# 4.2-4.1"), encoding="utf-8")
    err = refused(capsys, *command, "--implementation", given_module)
    assert err == "formal-transformers: Attention, row 6: 4.2-4.1 is not a range of lines\n"


def test_no_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "list" not in capsys.readouterr().out


def test_the_version_is_that_of_the_distribution(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "spec.terminal.command.version", {"formal-transformers": "1.2.3"}.__getitem__
    )
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == "1.2.3\n"


def test_a_checkout_that_is_not_installed_has_no_version(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.metadata import version

    monkeypatch.setattr(
        "spec.terminal.command.version", lambda name: version("no-such-distribution")
    )
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == "unknown\n"


def test_a_pipe_gets_utf_8_without_colour(given_module: str) -> None:
    code = "import sys, spec.terminal.command; sys.exit(spec.terminal.command.main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "show", "4", "--implementation", given_module],
        capture_output=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONIOENCODING": "ascii"},
        stdin=subprocess.DEVNULL,
    )
    out = done.stdout.decode("utf-8")
    assert "4  S ← Kᵀ Q" in out
    assert "\x1b" not in out
    assert max(map(cell_len, out.split("\n"))) <= 80


def test_a_wrapped_row_hangs() -> None:
    assert [t.plain for t in terminal.hang(Text("  one two three"), 9)] == [
        "  one two",
        "    three",
    ]
    assert [t.plain for t in terminal.hang(Text("X̃X̃X̃X̃X̃"), 2, 0)] == ["X̃X̃", "X̃X̃", "X̃"]
    assert [t.plain for t in terminal.hang(Text("a b"), 1)] == ["a", "b"]


def test_a_dim_number_does_not_dim_its_line() -> None:
    four = algorithms()["4"]
    texts = [*terminal.head(four, 160), *terminal.lines(four, 160)]
    assert not [text.plain for text in texts if text.style]
