"""Does the command show what is proved and what it costs, and say so when a proof is not there?"""

import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from spec.language.inference.typing import Obligation
from spec.language.open_obligations import Declared
from spec.language.polynomials import Atom, Poly
from spec.library import checked
from spec.terminal import proofs_and_costs as report
from spec.terminal.command import main

WIDTHS = [60, 80, 120, 200]


@pytest.fixture(autouse=True)
def columns(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> int:
    width: int = getattr(request, "param", 160)
    monkeypatch.setenv("COLUMNS", str(width))
    return width


def run(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert main(arguments) == status
    out, err = capsys.readouterr()
    assert err == ""
    return out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def rows(out: str) -> list[str]:
    """Return the rows that are not empty, each gap one space wide."""
    return [" ".join(row.split()) for row in out.split("\n") if row.strip()]


# prove --------------------------------------------------------------------------------------------


def test_prove_counts_the_obligations_of_every_algorithm(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = rows(run(capsys, "prove"))
    sums = [0, 0, 0, 0]
    for id, one in checked().items():
        relations = [each.relation for each in one.typing.obligations]
        counts = [relations.count("="), relations.count("≥")]
        counts += [len(relations) - len(one.open), len(one.open)]
        assert f"{id} {one.program.layout.title} {' '.join(map(str, counts))}" in found
        sums = [have + more for have, more in zip(sums, counts, strict=True)]
    assert f"All {' '.join(map(str, sums))}" in found
    assert sums[-1] == 1


def test_prove_tells_what_is_open_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(run(capsys, "prove"))
    at = found.index("15.4 EDTransformer requires length(x) ≤ ℓ_max: −length(x̂) + ℓ_max ≥ 0")
    assert found[at + 1] == "open, as declared: A5"
    assert found[at + 2].startswith("eos_token may never be drawn")
    assert re.fullmatch(r"All algorithms were read and checked in \d+\.\d s\.", found[-1])


def test_prove_of_one_algorithm_is_of_that_alone(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(run(capsys, "prove", "4"))
    assert "4 Attention 25 8 33 0" in found
    assert not any(row.startswith(("5 ", "All 4", "15.4")) for row in found)


def test_prove_all_lists_every_obligation(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(run(capsys, "prove", "4", "--all"))
    assert "6 V · softmax(S / √d_attn) ℓ_z = ℓ_z 0 = 0 ✓" in found
    assert "5 t_z t_z ≤ ℓ_z −t_z + ℓ_z ≥ 0 ✓" in found
    assert sum(row.endswith("✓") for row in found) == 33
    found = rows(run(capsys, "prove", "15", "--all"))
    assert sum(row.endswith("✓") for row in found) == 8
    assert sum(row.endswith("−length(x̂) + ℓ_max ≥ 0 open") for row in found) == 1


def test_prove_all_of_all_algorithms_has_a_heading_for_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = run(capsys, "prove", "--all")
    assert re.findall(r"^Algorithm (\S+)", out, re.MULTILINE) == list(checked())


def test_what_is_open_and_not_declared_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spec.terminal.command.declared", lambda one: ())
    for arguments in (["prove"], ["prove", "15"], ["prove", "15", "--all"]):
        found = rows(run(capsys, *arguments, status=1))
        assert "open, and not declared to be" in found
    run(capsys, "prove", "14")


def test_what_is_declared_and_proved_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = Declared(3, "length(x) ≤ ℓ_max", "A1")
    monkeypatch.setattr(
        "spec.terminal.command.declared", lambda one: (planted,) if one.id == "10" else ()
    )
    found = rows(run(capsys, "prove", "10", status=1))
    assert "10.3 length(x) ≤ ℓ_max" in found
    assert "declared open (A1), and is not" in found


def test_an_obligation_that_is_planted_is_open(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    four = checked()["4"]
    (node, _), *_ = four.typing.types.items()
    excess = Poly.of(Atom("d_x")) - Poly.of(Atom("d_z"))
    planted = Obligation(2, "d_z ≤ d_x", "≥", excess, node)
    obligations = [*four.typing.obligations, planted]
    wrong = replace(four, typing=replace(four.typing, obligations=obligations))
    monkeypatch.setattr("spec.library.checked", lambda: {**checked(), "4": wrong})
    found = rows(run(capsys, "prove", "4", status=1))
    assert "4.2 d_z ≤ d_x: d_x − d_z ≥ 0" in found
    assert "4 Attention 25 9 33 1" in found


# cost ---------------------------------------------------------------------------------------------


def test_cost_shows_the_polynomials_of_each_line(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(run(capsys, "cost", "4"))
    at = found.index("6 return Ṽ = V · softmax(S / √d_attn)")
    assert found[at + 1 : at + 6] == [
        "multiply-add d_out ℓ_x ℓ_z",
        "add ℓ_x (ℓ_z − 1)",
        "divide 2 ℓ_x ℓ_z",
        "exp ℓ_x ℓ_z",
        "sqrt 1",
    ]
    at = found.index("Parameters")
    assert found[at + 1] == "d_attn d_x + d_attn d_z + d_out d_z + 2 d_attn + d_out"
    assert "4.6 d_attn ℓ_x + d_attn ℓ_z + d_out ℓ_z + 3 ℓ_x ℓ_z" in found


def test_cost_at_sizes_shows_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(run(capsys, "cost", "10", "--at", "gpt2-small"))
    assert "11 return P = softmax(W_u X) 39,523,713,024 154,388,480" in found
    assert "All lines 145,824,153,600 1,134,921,872" in found
    assert "multiply-add 145,824,153,600" in found
    assert "parameters 163,037,184 numbers" in found
    assert "memory 105,285,632 numbers, in 10.11" in found
    assert any(row.startswith("H = 12, L = 12, N_V = 50257, ") for row in found)


def test_cost_at_other_sizes_shows_other_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(run(capsys, "cost", "10", "--at", "gpt2-small", "ell=16"))
    assert "All lines 1,981,231,104 8,443,568" in found


@pytest.mark.parametrize(
    ("id", "remark"),
    [
        ("12", "12.9 may do less, depending on the data."),
        ("13", "∇ is not counted, only the function that it is taken of, and the step."),
        ("13", "All sequences of the data are taken to be of one length."),
        ("13", "Less, where a loop takes one turn."),
        ("15", "`turns` is how often the lines of `while` are carried out."),
    ],
)
def test_cost_says_what_is_left_out(
    capsys: pytest.CaptureFixture[str], id: str, remark: str
) -> None:
    assert remark in rows(run(capsys, "cost", id))
    assert remark not in rows(run(capsys, "cost", "10"))


@pytest.mark.parametrize("columns", WIDTHS, indirect=True)
@pytest.mark.parametrize(
    "arguments",
    [
        ["prove"],
        ["prove", "15", "--all"],
        ["cost", "3"],
        ["cost", "10"],
        ["cost", "10", "--at", "gpt2-xl"],
        ["cost", "14", "--at", "gpt2-xl", "ell=3", "ell_gen=7"],
    ],
    ids=" ".join,
)
def test_no_row_is_too_wide(
    capsys: pytest.CaptureFixture[str], columns: int, arguments: list[str]
) -> None:
    out = run(capsys, *arguments)
    assert max(cell_len(row) for row in out.split("\n")) <= columns
    assert "…" not in out.replace("1, …, ", "").replace(", …, e", "")


@pytest.mark.parametrize("columns", [50], indirect=True)
def test_a_polynomial_is_broken_between_its_terms(
    capsys: pytest.CaptureFixture[str], columns: int
) -> None:
    found = rows(run(capsys, "cost", "10"))
    at = found.index("Parameters")
    assert found[at + 1 : at + 3] == [
        "2 H L d_attn d_e + 2 H L d_e d_mid",
        "+ 2 H L d_attn + H L d_mid + 2 L d_e d_mlp",
    ]


@pytest.mark.parametrize(
    "command", [["prove", "99"], ["cost", "99"], ["cost", "99", "--at", "L=1"]]
)
def test_an_unknown_algorithm_is_refused(
    capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    err = refused(capsys, *command)
    assert err.startswith("formal-transformers: no Algorithm 99; there are 1, 2, 3, ")


def test_sizes_that_make_no_sense_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    err = refused(capsys, "cost", "10", "--at", "gpt2-tiny")
    assert err.startswith(
        "formal-transformers: there is no preset gpt2-tiny; there are gpt2-small, "
    )
    err = refused(capsys, "cost", "4", "--at", "gpt2-small", "ell_x=3")
    assert err == "formal-transformers: Algorithm 4 also needs d_out, d_x, d_z, ℓ_z\n"


a, b = (Poly.of(Atom(name)) for name in "ab")


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
def test_what_all_terms_share_is_written_first(size: Poly, expected: str) -> None:
    assert report.factored(size) == expected
