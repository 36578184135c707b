"""Does the table of symbols hold every symbol of the texts, and one name for each?"""

import re
import unicodedata
from collections.abc import Iterator

import pytest
from helpers.trees import all_rows, expression
from hypothesis import given
from hypothesis import strategies as st

from spec import symbols
from spec.language import tree
from spec.language.plain_text import text
from spec.language.tree import Name, Node, children
from spec.library import algorithms
from spec.symbols import Symbol, UnknownSymbol, lookup, table


def glyphs(node: Node) -> Iterator[str]:
    """Yield every name as it is written; a power is no part of one, but may hold some."""
    match node:
        case Name() if known(text(node)):
            yield text(node)
            return
        case Name(base, _, below):
            yield text(Name(base, None, below))
        case tree.Call(function) | tree.Prefix(function) | tree.Signature(_, function):
            yield function
    for child in children(node):
        yield from glyphs(child)


def known(glyph: str) -> bool:
    try:
        lookup(glyph)
    except UnknownSymbol:
        return False
    return True


def occurring() -> set[str]:
    return {glyph for _, root in all_rows() for glyph in glyphs(root)}


def test_every_name_in_the_texts_is_in_the_table() -> None:
    found = occurring()
    assert {"X̃", "W^i_mlp3", "W^{e/d}_i", "e_{ℓ_z}", "p", "τ", "layer_norm", "√"} <= found
    assert sorted(glyph for glyph in found if not known(glyph)) == []
    assert list(glyphs(expression("nonsense^{1/τ} X̃"))) == ["nonsense", "τ", "X̃"]


def test_every_sign_in_the_texts_is_in_the_table() -> None:
    texts = unicodedata.normalize("NFD", "".join(read for read, _ in all_rows()))
    signs = {sign for sign in texts if not sign.isascii()}
    assert sorted(signs - set(unicodedata.normalize("NFD", "".join(table())))) == []


def test_every_row_of_the_table_occurs_in_a_text() -> None:
    found = {lookup(glyph).glyph for glyph in occurring()}
    texts = "\n".join(read for read, _ in all_rows())
    found |= {glyph for glyph, row in table().items() if row.ascii is None and glyph in texts}
    assert sorted(set(table()) - found) == []


# Functions that headings name


def test_the_functions_of_headings_are_symbols_by_themselves() -> None:
    named = {head.title: head.id for head in algorithms().values() if head.signature is not None}
    assert {"Attention": "4", "EDInference": "15"}.items() <= named.items()
    for title, id in named.items():
        name = re.sub("∇(.*)", r"\1_pullback", title)
        assert lookup(title) == Symbol(title, name, "function", f"Algorithm {id}")
    assert "Token embedding" not in table()
    kinds = [symbol.kind for symbol in table().values()]
    assert kinds == sorted(kinds, key=list(dict.fromkeys(kinds)).index)  # each kind in one piece


def test_a_heading_that_is_not_a_name_in_python_needs_a_row() -> None:
    row = '[function]\n"ℓ_norm" = {ascii="ell_norm", meaning="a norm"}'
    assert symbols.parse(row, {"ℓ_norm": "Algorithm N9"})["ℓ_norm"].meaning == "a norm"
    with pytest.raises(ValueError, match=r"^symbols\.toml: ℓ_norm \(Algorithm N9\) needs a row"):
        symbols.parse("", {"ℓ_norm": "Algorithm N9"})


# Names in Python


def test_names_in_python_are_identifiers() -> None:
    for symbol in table().values():
        if symbol.ascii is not None:
            assert symbol.ascii.isascii()
            assert symbol.ascii.isidentifier()


@pytest.mark.parametrize(
    ("glyph", "name"),
    [
        ("Ṽ", "V_tilde"),
        (unicodedata.normalize("NFD", "Ṽ"), "V_tilde"),
        ("W^{e/d}_i", "W_ed"),
        ("Y^H", "Y_h"),
        ("e_{ℓ_z}", "e_t"),
        ("x_{1:N_data}", "x_n"),
        ("W̄_q", "W_q_bar"),
        (unicodedata.normalize("NFD", "Ē"), "E_bar"),
        ("W̄^{e/d}_i", "W_ed_bar"),
        ("γ̄¹_i", "gamma1_bar"),
        ("M̄", "M_bar"),
        ("R̄", "R_bar"),
        ("∇Attention", "Attention_pullback"),
    ],
)
def test_a_glyph_has_its_name(glyph: str, name: str) -> None:
    assert symbols.ascii(glyph) == name


@pytest.mark.parametrize(
    "glyph", ["W_z", "W̄_z", "W^m_mlp1", "γ⁹_l", "e_{}", "", "W^l_mlp1_l", "Y_h"]
)
def test_a_glyph_that_is_no_symbol_is_refused(glyph: str) -> None:
    with pytest.raises(UnknownSymbol, match=r"is not a symbol: it needs a row in .*\.toml$"):
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
        symbols.parse(text)
