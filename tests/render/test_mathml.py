"""Does MathML say all that the tree says, in elements that every browser knows?"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element, fromstring

import pytest
from helpers.trees import OPERATORS, all_rows, expression, line, operation_trees, row, start
from hypothesis import given

from spec.language import parse, tree
from spec.language.plain_text import text
from spec.language.tree import Binary, Name, Node, Number, walk
from spec.render.mathml import NAMESPACE, Formula, Piece, parts, units

# The elements of MathML Core that are used, and how many children each has: None is any number.
ELEMENTS = {
    "math": None,
    "mrow": None,
    "msqrt": None,
    "mi": 0,
    "mn": 0,
    "mo": 0,
    "mspace": 0,
    "mover": 2,
    "msub": 2,
    "msup": 2,
    "msubsup": 3,
}
ATTRIBUTES = {
    "math": {"alttext"},
    "mi": {"mathvariant"},
    "mo": {"form", "lspace", "rspace", "stretchy"},
    "mspace": {"width"},
    "mover": {"accent"},
}

NODES = [node for _, node in all_rows()]


def plain(node: Node, *linked: str) -> str:
    return " ".join("".join(piece.plain for piece in unit) for unit in units(node, linked))


def formulas(node: Node, *linked: str) -> Iterator[Formula]:
    for unit in units(node, linked):
        yield from (piece for piece in unit if isinstance(piece, Formula))


def elements() -> Iterator[tuple[str, Element]]:
    """Yield every element of every formula of the texts, with its name."""
    for node in NODES:
        for formula in formulas(node):
            for element in fromstring(formula.markup).iter():
                yield element.tag.removeprefix(f"{{{NAMESPACE}}}"), element


ACCENTS = {"ˆ": "\u0302", "˜": "\u0303", "¯": "\u0304"}
SIGNS = {"\u2062": " ", "\u2061": "", "∗": "*", "′": "'", "∑": "Σ", **ACCENTS}


def heard(node: Node) -> str:
    """Read MathML back into the language, from its elements alone."""
    return " ".join("".join(map(piece_heard, unit)) for unit in units(node))


def piece_heard(piece: Piece) -> str:
    return read(fromstring(piece.markup)) if isinstance(piece, Formula) else piece.plain


def read(element: Element) -> str:
    children = list(element)
    match element.tag.removeprefix(f"{{{NAMESPACE}}}"):
        case "mspace":
            return " "
        case "msqrt":
            return f"√({''.join(map(read, children))})"
        case "msub":
            return scripted(children[0], children[1], None)
        case "msup":
            return scripted(children[0], None, children[1])
        case "msubsup":
            return scripted(*children)
        case "mi" | "mn" | "mo":
            apart = " " if element.text == "," and element.get("rspace") != "0" else ""
            return SIGNS.get(element.text or "", element.text or "") + apart
    return unicodedata.normalize("NFC", "".join(map(read, children)))


def scripted(base: Element, below: Element | None, above: Element | None) -> str:
    letters = read(base)
    if letters == "0" and below is not None:
        return f"0_{{{read(below)}}}"
    lower = "" if below is None else script("_", read(below))
    if above is None:
        return letters + lower
    upper = read(above)
    if upper == "T" and above.get("mathvariant") == "normal":
        return f"{letters}{lower}ᵀ"
    if upper == "*":
        return letters + upper
    if letters == "Σ":
        return f"{letters}{lower}^{{{upper}}}"
    if letters == "ℝ" or letters[-1] in ")}]⟧":
        power = upper.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return letters + (power if upper.isdecimal() and letters != "ℝ" else f"^{{{upper}}}")
    return letters + script("^", upper) + lower


def script(mark: str, inside: str) -> str:
    """Leave out the braces where there must be none, about `_in` or below Σ."""
    return mark + (inside if re.fullmatch("[A-Za-z0-9ℓ]+", inside) else f"{{{inside}}}")


def without_marks(node: object) -> object:
    """Take the ¹ of γ¹ for that of Y^1, since in print they are the same."""
    match node:
        case tree.Mark(numeral):
            return Number(numeral)
        case Node():
            changed = {name: without_marks(part) for name, part in vars(node).items()}
            return replace(node, **changed)
        case tuple():
            return tuple(map(without_marks, node))
    return node


def test_the_mathml_of_every_row_reads_back_as_its_tree() -> None:
    for node in NODES:
        assert without_marks(row(heard(node), start(node))) == without_marks(node), heard(node)


@pytest.mark.parametrize(
    "power", ["(a + b)²", "f(x)²", "x[1]²", "[x, y]²", "⟦x = y⟧²", "{t ∈ [ℓ] : t = 1}²"]
)
def test_a_power_reads_back_after_any_bracket(power: str) -> None:
    assert expression(heard(expression(power))) == expression(power)


def test_mathml_is_made_of_what_every_browser_knows() -> None:
    for name, element in elements():
        assert ELEMENTS[name] in {None, len(element)}, element
        assert set(element.attrib) <= ATTRIBUTES.get(name, set())
        assert bool(element.text) == (name in {"mi", "mn", "mo"})
    assert {name for name, _ in elements()} == set(ELEMENTS)


def test_one_letter_is_left_to_be_italic_and_no_other_is_upright() -> None:
    upright = {one.text for _, one in elements() if one.get("mathvariant") == "normal"}
    assert upright == {"ℝ", "ℕ", "Δ", "T"}


def test_no_bracket_stretches_and_every_operator_says_its_room() -> None:
    for operator in (element for name, element in elements() if name == "mo"):
        if (operator.text or "") in "()[]{}⟦⟧|":
            assert operator.get("stretchy") == "false"
        if (operator.text or "") not in ACCENTS:
            assert operator.get("lspace") is not None
            assert operator.get("rspace") is not None


def test_a_formula_says_in_plain_text_what_it_shows() -> None:
    for node in NODES:
        assert plain(node) == text(node)
        for formula in formulas(node):
            alternative = fromstring(formula.markup).get("alttext")
            assert alternative == formula.plain


def test_what_is_a_link_stands_by_itself() -> None:
    for node in NODES:
        calls = {part.function for part in walk(node) if isinstance(part, tree.Call)}
        assert plain(node, *calls) == text(node)
    found = [f.called for f in formulas(line("10", 5), "layer_norm") if f.called]
    assert found == ["layer_norm"]
    (link,) = (f for f in formulas(line("10", 6), "MHAttention") if f.called)
    assert fromstring(link.markup).findtext(f"{{{NAMESPACE}}}mi") == "MHAttention"
    assert not any(f.called for f in formulas(line("10", 6), "Attention"))


@pytest.mark.parametrize(
    ("id", "number", "parts"),
    [
        ("4", 1, ["Q ←", "W_q X", "+ b_q 1ᵀ"]),
        ("4", 5, ["∀ t_z, t_x:", "if ¬Mask[t_z, t_x]", "then S[t_z, t_x] ←", "−∞"]),
        ("4", 6, ["return Ṽ =", "V · softmax(S / √d_attn)"]),
        ("8", 14, ["X ←", "X", "+ MHAttention(X | W^dec_i,", "Mask[t, t'] ≡ ⟦t ≤ t'⟧)"]),
        ("12", 5, ["x̃_n[t] ←", "mask_token", "with probability p_mask,", "else x_n[t]"]),
        ("14", 5, ["sample a token y", "from q ∝", "p^{1/τ}"]),
        ("15", 3, ["while y ≠", "eos_token:"]),
        ("H2", 5, ["Y ←", "[Y^1; …; Y^{H_kv}]"]),
        ("H5", 1, ["for g ∈ [H_kv]:", "Y^g ←", "RotaryQueries(X, K^g, V^g | W^g, Mask, ω, t_0)"]),
        ("H6", 9, ["X ←", "X", "+ SharedAttention(X̃, K^{1:H_kv}, V^{1:H_kv} |", "W_i, Mask, ω)"]),
        (
            *("R1", 4),
            [
                *("return ẽ =", "[a ⊙ cos(φ)", "− b ⊙ sin(φ);"),
                *("a ⊙ sin(φ)", "+ b ⊙ cos(φ);", "e[2 d_rot+1 : d_attn]]"),
            ],
        ),
        (
            "X9",
            6,
            [
                "X ←",
                "X",
                "+ MHAttention(X̃ | W_l,",
                "Mask[t, t'] = ⟦t ≤ t' ∧ (t ≤ k ∨ t' < t + w)⟧)",
            ],
        ),
    ],
)
def test_a_line_may_be_broken_here(id: str, number: int, parts: list[str]) -> None:
    found = ["".join(piece.plain for piece in unit) for unit in units(line(id, number))]
    assert found == parts


def test_what_must_stay_on_one_line_fits_a_phone() -> None:
    for node in NODES:
        for unit in units(node):
            letters = re.sub(r"[ ^_{}]", "", "".join(piece.plain for piece in unit))
            assert len(letters) <= 36, letters


def test_nothing_is_broken_inside_brackets() -> None:
    node = expression("a (b + c) + f(x, y + z) + [d, e + g]")
    assert [u[-1].plain for u in units(node)] == ["a (b + c)", "+ f(x, y + z)", "+ [d, e + g]"]


@pytest.mark.parametrize("inner", OPERATORS)
@pytest.mark.parametrize("outer", OPERATORS)
def test_an_operation_in_another_has_the_brackets_that_it_needs(outer: str, inner: str) -> None:
    a, b, c = map(Name, "abc")
    for node in (Binary(outer, Binary(inner, a, b), c), Binary(outer, a, Binary(inner, b, c))):
        assert expression(heard(node)) == node


@given(operation_trees)
def test_brackets_stand_where_they_must(node: Node) -> None:
    assert expression(heard(node)) == node


def test_what_is_marked_stands_in_rows_of_its_own_and_nothing_else_changes() -> None:
    line = parse.statement("S[t_z, t_x] ← Kᵀ Q + softmax(S / √d_attn)", "4", 1)
    pieces = parts(line)
    assert "".join(pieces) == text(line)
    for place, piece in enumerate(pieces):
        if piece.strip(" "):
            plain = [[p.plain for p in unit] for unit in units(line)]
            found = list(units(line, marked={place}))
            assert [[p.plain for p in unit] for unit in found] == plain
            markup = "".join(p.markup for unit in found for p in unit if isinstance(p, Formula))
            assert markup.count('<mrow class="marked">') == 1
            fromstring(f"<p>{markup}</p>")


def test_neighbours_that_are_marked_share_a_row_and_a_link_has_its_own() -> None:
    line = parse.statement("X ← MHAttention(X | W_l, Mask ≡ 1)", "9", 1)
    everything = range(len(parts(line)))
    found = [p for unit in units(line, {"MHAttention"}, everything) for p in unit]
    formulas = [p for p in found if isinstance(p, Formula)]
    assert all(p.markup.count("marked") == 1 for p in formulas)
    assert [p.called for p in formulas if p.called] == ["MHAttention"]
