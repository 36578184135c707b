"""Does the table of symbols hold every symbol of the texts, and one name for each?"""

import re
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec import symbols
from spec.language.alg_file import Algorithm
from spec.library import algorithms
from spec.symbols import Symbol, UnknownSymbol, lookup, parse, table

KEYWORDS = re.compile(
    "return|for|if|then|else|while|end|sample|a|token|from|with|probability|"
    r"consisting|of|as|in|Algorithm|default|at|line|[AE]\d+"
)
LETTER = "[^\\W\\d_ᵀΣ²]"
BRACED = r"\{[^{}]*\}"
SCRIPT = rf"(?:{LETTER}[^\W_ᵀ]*'?|\d+|{BRACED})"
NAME = re.compile(rf"{LETTER}(?:[^\W_ᵀΣ]|[\u0300-\u036f])*'?(?P<power>\^{SCRIPT})?(?:_{SCRIPT})?")


def mathematics(algorithm: Algorithm) -> Iterator[str]:
    """Yield the formulas of an algorithm, without the prose that follows a dash."""
    if algorithm.signature is not None:
        yield algorithm.signature
    for section in algorithm.sections:
        for row in section.rows:
            yield row.split(" — ")[0]
    for line in algorithm.lines:
        yield line.text
        yield line.claim or ""


def names(text: str) -> Iterator[str]:
    """Yield every name of a formula; a superscript that is no part of one is looked into."""
    at = 0
    while (match := NAME.search(text, at)) is not None:
        name, at = match[0], match.end()
        if KEYWORDS.fullmatch(name):
            continue
        if match["power"] is not None and not known(name):
            name = text[match.start() : match.start("power")]
            at = match.start("power") + 1
        yield name
        for part in re.findall(BRACED, name):
            if not known(name):
                yield from names(part)


def known(name: str) -> bool:
    try:
        lookup(name)
    except UnknownSymbol:
        return False
    return True


def occurring() -> set[str]:
    formulas = [text for algorithm in algorithms().values() for text in mathematics(algorithm)]
    return {name for text in formulas for name in names(text)}


def test_every_name_in_the_texts_is_in_the_table() -> None:
    assert sorted(name for name in occurring() if not known(name)) == []


def test_every_sign_in_the_texts_is_in_the_table() -> None:
    signs = {
        sign
        for algorithm in algorithms().values()
        for text in mathematics(algorithm)
        for sign in text
        if not sign.isascii()
    }
    assert sorted(signs - set("".join(table()))) == []


def test_every_row_of_the_table_occurs_in_a_text() -> None:
    found = {lookup(name).glyph for name in occurring()}
    texts = "\n".join(
        text for algorithm in algorithms().values() for text in mathematics(algorithm)
    )
    found |= {glyph for glyph, row in table().items() if row.ascii is None and glyph in texts}
    assert sorted(set(table()) - found) == []


def test_the_scan_for_names_sees_them() -> None:
    assert list(names("W^l_mlp2 ReLU(W^i_mlp1 X̃ + b_q 1ᵀ)")) == [
        "W^l_mlp2",
        "ReLU",
        "W^i_mlp1",
        "X̃",
        "b_q",
    ]
    assert list(names("Q ∈ ℝ^{d_attn×ℓ_x}")) == ["Q", "ℝ", "d_attn", "ℓ_x"]
    assert list(names("sample a token y from q ∝ p^{1/τ}")) == ["y", "q", "p", "τ"]
    assert list(names("−Σ_{t=1}^{ℓ−1} log P(θ)[x_n[t+1], t']")) == [
        "t", "ℓ", "log", "P", "θ", "x_n", "t", "t'",
    ]  # fmt: skip
    assert list(names("W^{e/d}_i [e_1, …, e_{ℓ_z}] nonsense_q")) == [
        "W^{e/d}_i", "e_1", "e_{ℓ_z}", "nonsense_q",
    ]  # fmt: skip
    assert not known("nonsense_q")


def test_names_in_python_are_identifiers() -> None:
    for symbol in table().values():
        if symbol.ascii is not None:
            assert symbol.ascii.isascii()
            assert symbol.ascii.isidentifier()


def test_no_two_symbols_share_a_name_in_python() -> None:
    owners: dict[str, set[str]] = {}
    for symbol in table().values():
        if symbol.ascii is not None:
            owners.setdefault(symbol.ascii, set()).add(symbol.stem)
    assert {name: stems for name, stems in owners.items() if len(stems) > 1} == {}


def test_python_reads_no_two_names_as_one() -> None:
    # Python brings identifiers to the form NFKC, where ℓ is l: a glyph is no safe name.
    assert unicodedata.normalize("NFKC", "ℓ") == "l"
    assert (symbols.ascii("ℓ"), symbols.ascii("l")) == ("ell", "l")


@pytest.mark.parametrize(
    ("glyph", "name"),
    [
        ("ℓ_x", "ell_x"),
        ("X̃", "X_tilde"),
        ("Ṽ", "V_tilde"),
        (unicodedata.normalize("NFD", "Ṽ"), "V_tilde"),
        ("x̂", "x_hat"),
        ("θ̂", "theta_hat"),
        ("γ¹_l", "gamma1"),
        ("γ⁵_i", "gamma5"),
        ("γ", "gamma"),
        ("W^enc_l", "W_enc"),
        ("W^{e/d}_i", "W_ed"),
        ("W^i_mlp3", "W_mlp3"),
        ("W^h_qkv", "W_qkv"),
        ("W_l", "W"),
        ("Y^H", "Y_h"),
        ("e_{ℓ_z}", "e_t"),
        ("x_{1:N_data}", "x_n"),
        ("ε", "eps"),
    ],
)
def test_a_glyph_has_its_name(glyph: str, name: str) -> None:
    assert symbols.ascii(glyph) == name


@pytest.mark.parametrize("glyph", ["W_z", "W^m_mlp1", "γ⁹_l", "e_{}", "", "W^l_mlp1_l", "Y_h"])
def test_a_glyph_that_is_no_symbol_is_refused(glyph: str) -> None:
    with pytest.raises(UnknownSymbol, match=r"is not a symbol of symbols\.toml$"):
        lookup(glyph)


def test_a_sign_has_no_name_in_python() -> None:
    with pytest.raises(UnknownSymbol, match="⊙ has no name in Python"):
        symbols.ascii("⊙")


@given(st.sampled_from([s for s in table().values() if s.index]), st.integers(1, 99))
def test_a_family_has_a_member_for_each_index(symbol: Symbol, index: int) -> None:
    member = re.sub(rf"([\^_]){symbol.index}(?=_|$)", rf"\g<1>{index}", symbol.glyph)
    assert lookup(member) == symbol


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '[size]\n"ℓ" = {ascii="l", meaning=""}\n[index]\nl = {ascii="l", meaning=""}',
            "ℓ and l are both called l",
        ),
        (
            '[size]\nT = {ascii="T", meaning=""}\n[set]\nT = {ascii="U", meaning=""}',
            "T is both size and set",
        ),
        ('[vector]\ne_t = {ascii="e", index="u", meaning=""}', "e_t has no index u"),
        (
            '[vector]\ne_t = {ascii="e", index="t", meaning=""}\nf = {ascii="e", meaning=""}',
            "e_t and f are both called e",
        ),
    ],
)
def test_a_table_that_confuses_names_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^symbols.toml: {problem}$"):
        parse(text)


def test_an_indexed_form_may_share_the_name_of_its_symbol() -> None:
    rows = parse('[a]\nW = {ascii="W", meaning=""}\nW_l = {ascii="W", index="l", meaning=""}')
    assert rows["W"].ascii == rows["W_l"].ascii
