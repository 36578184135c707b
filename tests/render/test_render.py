"""Do MathML and LaTeX say all that the tree says, in forms that browsers and TeX know?"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec.language import alg_file, parse, tree
from spec.language.plain_text import text
from spec.language.tree import Binary, Name, Node, Number, Program, walk
from spec.library import algorithms
from spec.render.latex import document, latex
from spec.render.mathml import NAMESPACE, Formula, Piece, mathml, parts, units

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

# The commands of LaTeX that are used, and what they stand for: no more than amsmath, amssymb.
COMMANDS = {
    r"\mathrm": "",
    r"\mathsf": "",
    r"\mathbb": "",
    r"\textbf": "",
    r"\tilde": "\u0303",
    r"\hat": "\u0302",
    r"\sqrt": "√",
    r"\gets": "←",
    r"\equiv": "≡",
    r"\le": "≤",
    r"\ne": "≠",
    r"\in": "∈",
    r"\propto": "∝",
    r"\forall": "∀",
    r"\neg": "¬",
    r"\nabla": "∇",
    r"\sum": "Σ",
    r"\cdot": "·",
    r"\odot": "⊙",
    r"\times": "×",
    r"\mid": "|",
    r"\dots": "…",
    r"\infty": "∞",
    r"\ell": "ℓ",
    r"\alpha": "α",
    r"\beta": "β",
    r"\gamma": "γ",
    r"\Delta": "Δ",
    r"\varepsilon": "ε",
    r"\eta": "η",
    r"\theta": "θ",
    r"\tau": "τ",
    r"\,": "",
    r"\!": "",
    r"\_": "_",
    r"\{": "{",
    r"\}": "}",
}
LAYOUT = {
    r"\noindent",
    r"\par",
    r"\textit",
    r"\begin",
    r"\end",
    r"\labelwidth",
    r"\leftmargin",
    r"\topsep",
    r"\parsep",
    r"\itemsep",
    r"\item",
    r"\hfill",
    r"\hspace",
    r"\triangleright",
    r"\kill",
    r"\=",
    r"\>",
    r"\`",
    r"\\",
}


@cache
def programs() -> tuple[Program, ...]:
    return tuple(map(parse.program, algorithms().values()))


@cache
def nodes() -> tuple[Node, ...]:
    """Every row of every algorithm, as a tree."""
    return tuple(node for program in programs() for node in of(program))


def of(program: Program) -> Iterator[Node]:
    if program.signature is not None:
        yield program.signature
    yield from (row.node for row in program.rows)
    for line in program.lines:
        yield line.statement
        if line.claim is not None:
            yield line.claim


def line(id: str, number: int) -> Node:
    return next(
        line.statement
        for program in programs()
        if program.id == id
        for line in program.lines
        if line.number == number
    )


def value(written: str) -> Node:
    found = parse.statement(f"return {written}", "1", 1)
    assert isinstance(found, tree.Return)
    return found.value


def plain(node: Node, *linked: str) -> str:
    return " ".join("".join(piece.plain for piece in unit) for unit in units(node, linked))


def formulas(node: Node, *linked: str) -> Iterator[Formula]:
    for unit in units(node, linked):
        yield from (piece for piece in unit if isinstance(piece, Formula))


# ---- MathML, read back ----

SIGNS = {"\u2062": " ", "\u2061": "", "∗": "*", "′": "'", "∑": "Σ", "ˆ": "\u0302", "˜": "\u0303"}


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
    if letters == "ℝ" or letters[-1] in ")}":
        power = upper.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return letters + (power if upper.isdecimal() else f"^{{{upper}}}")
    return letters + script("^", upper) + lower


def script(mark: str, inside: str) -> str:
    """Leave out the braces where there must be none, about `_in` or below Σ."""
    return mark + (inside if re.fullmatch("[A-Za-z0-9ℓ]+", inside) else f"{{{inside}}}")


def reread(node: Node) -> Node:
    kind = type(node).__name__.lower()
    start = kind if kind in parse.STARTS else "statement"
    found = parse.row(heard(node), start, "1", "line 1")
    assert isinstance(found, Node)
    return found


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
    for node in nodes():
        assert without_marks(reread(node)) == without_marks(node), heard(node)


def test_mathml_is_made_of_what_every_browser_knows() -> None:
    used = set()
    for node in nodes():
        for formula in formulas(node):
            for element in fromstring(formula.markup).iter():
                space, _, name = element.tag.removeprefix("{").partition("}")
                assert space == NAMESPACE
                used.add(name)
                assert ELEMENTS[name] in {None, len(element)}, formula.markup
                assert set(element.attrib) <= ATTRIBUTES.get(name, set())
                assert bool(element.text) == (name in {"mi", "mn", "mo"})
    assert used == set(ELEMENTS)


def test_one_letter_is_left_to_be_italic_and_no_other_is_upright() -> None:
    upright = {
        element.text
        for node in nodes()
        for formula in formulas(node)
        for element in fromstring(formula.markup).iter(f"{{{NAMESPACE}}}mi")
        if element.get("mathvariant") == "normal"
    }
    assert upright == {"ℝ", "ℕ", "Δ", "T"}


def test_no_bracket_stretches_and_every_operator_says_its_room() -> None:
    for node in nodes():
        for formula in formulas(node):
            for operator in fromstring(formula.markup).iter(f"{{{NAMESPACE}}}mo"):
                if (operator.text or "") in "()[]{}⟦⟧|":
                    assert operator.get("stretchy") == "false"
                if (operator.text or "") not in "ˆ˜":
                    assert operator.get("lspace") is not None
                    assert operator.get("rspace") is not None


def test_a_formula_says_in_plain_text_what_it_shows() -> None:
    for node in nodes():
        assert plain(node) == text(node)
        for formula in formulas(node):
            alternative = fromstring(formula.markup).get("alttext")
            assert alternative == formula.plain


def test_what_is_a_link_stands_by_itself() -> None:
    for node in nodes():
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
    ],
)
def test_a_line_may_be_broken_here(id: str, number: int, parts: list[str]) -> None:
    found = ["".join(piece.plain for piece in unit) for unit in units(line(id, number))]
    assert found == parts


def test_what_must_stay_on_one_line_fits_a_phone() -> None:
    for node in nodes():
        for unit in units(node):
            letters = re.sub(r"[ ^_{}]", "", "".join(piece.plain for piece in unit))
            assert len(letters) <= 36, letters


def test_nothing_is_broken_inside_brackets() -> None:
    node = value("a (b + c) + f(x, y + z) + [d, e + g]")
    assert [u[-1].plain for u in units(node)] == ["a (b + c)", "+ f(x, y + z)", "+ [d, e + g]"]


# ---- both ----

OPERATORS = "+−·/⊙ "


def operations(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Make expressions of what differs in how tightly it holds its parts."""
    over = st.builds(tree.Implied, st.just((Name("i"),)))
    return (
        st.builds(Binary, st.sampled_from(OPERATORS), parts, parts)
        | st.builds(tree.Negative, parts)
        | st.builds(tree.Prefix, st.sampled_from(["√", "log"]), parts)
        | st.builds(tree.Sum, over, parts)
        | st.builds(tree.Transpose, parts)
        | st.builds(tree.Power, parts, st.just(Number(2)))
    )


atoms = st.sampled_from([Name("a"), Name("b", Name("l"), Name("q")), Number(3), tree.Ones()])
expressions = st.recursive(atoms, operations, max_leaves=8)


@pytest.mark.parametrize("inner", OPERATORS)
@pytest.mark.parametrize("outer", OPERATORS)
def test_an_operation_in_another_has_the_brackets_that_it_needs(outer: str, inner: str) -> None:
    a, b, c = map(Name, "abc")
    for node in (Binary(outer, Binary(inner, a, b), c), Binary(outer, a, Binary(inner, b, c))):
        assert value(heard(node)) == node


@given(expressions)
def test_brackets_stand_where_they_must(node: Node) -> None:
    assert value(heard(node)) == node


@given(expressions)
def test_latex_has_the_brackets_of_mathml(node: Node) -> None:
    assert Counter(re.findall(r"[()]", latex(node))) == Counter(
        mark
        for formula in formulas(node)
        for element in fromstring(formula.markup).iter(f"{{{NAMESPACE}}}mo")
        for mark in (element.text or "")
        if mark in "()"
    )


@pytest.mark.parametrize(
    ("written", "tex"),
    [
        ("(a + b) c", r"$(a+b)\,c$"),
        ("a + b c", r"$a+b\,c$"),
        ("√(a + b)", r"$\sqrt{a+b}$"),
        ("−(a + b)", r"${-}(a+b)$"),
        ("log (a + b)", r"$\mathrm{log}\,(a+b)$"),
        ("(a b)ᵀ", r"$(a\,b)^{\mathsf{T}}$"),
        ("qᵀ k_t", r"$q^{\mathsf{T}}\,k_{t}$"),
        ("Y^hᵀ", r"$(Y^{h})^{\mathsf{T}}$"),
        ("q_tᵀ", r"$q_{t}^{\mathsf{T}}$"),
        ("(e[i] − m)²", r"$(e[i]-m)^{2}$"),
        ("x[t+1 : t+n]", r"$x[t{+}1:t{+}n]$"),
        ("θ̂'", r"$\hat{\theta}'$"),
        ("ℓ_max", r"$\ell_{\mathrm{max}}$"),
        ("mask_token", r"$\mathrm{mask\_token}$"),
        ("f_t(x)", r"$f_{t}(x)$"),
        ("xᵀ²", r"$(x^{\mathsf{T}})^{2}$"),
        ("Σ_{t=1}^{ℓ−1} a", r"$\sum_{t{=}1}^{\ell {-}1}\,a$"),
    ],
)
def test_an_expression_in_latex(written: str, tex: str) -> None:
    assert latex(value(written)) == tex


@pytest.mark.parametrize(
    ("id", "number", "tex"),
    [
        ("4", 4, r"$S\gets K^{\mathsf{T}}\,Q$"),
        ("5", 3, r"$Y\gets [Y^{1};\,Y^{2};\,\dots ;\,Y^{H}]$"),
        ("12", 7, r"$\tilde{T}\gets \{t\in [\ell ]:\tilde{x}_{n}[t]=\mathrm{mask\_token}\}$"),
        ("14", 5, r"\textbf{sample a token} $y$ \textbf{from} $q\propto p^{1{/}\tau}$"),
        ("11", 7, r"\textbf{end}"),
    ],
)
def test_a_line_in_latex(id: str, number: int, tex: str) -> None:
    assert latex(line(id, number)) == tex


def letters(text: str) -> Counter[str]:
    """Count letters and signs, those apart that print shows otherwise."""
    text = unicodedata.normalize("NFKD", text).replace("−", "-")
    return Counter(re.sub(r"[\s^_{}()$~]", "", text))


def spelt(tex: str) -> str:
    tex = re.sub(r"\[\\!\[|\]\\!\]", lambda match: "⟦⟧"[match[0][0] == "]"], tex)
    return re.sub(r"\\(?:[a-zA-Z]+|.)", lambda match: COMMANDS[match[0]], tex)


def test_latex_has_every_letter_and_sign_of_the_text() -> None:
    for node in nodes():
        assert letters(spelt(latex(node))) == letters(text(node)), latex(node)


def test_latex_uses_the_commands_that_are_known_and_all_of_them() -> None:
    used = {
        command
        for program in programs()
        for command in re.findall(r"\\(?:[a-zA-Z]+|.)", document(program))
    }
    assert used == set(COMMANDS) | LAYOUT


def test_braces_and_dollars_are_balanced_in_latex() -> None:
    for program in programs():
        for row in document(program).splitlines():
            depth = 0
            for brace in re.findall(r"(?<!\\)[{}]", row.replace(r"\\", "")):
                depth += 1 if brace == "{" else -1
                assert depth >= 0, row
            assert depth == 0, row
            assert row.count("$") % 2 == 0


def test_a_document_numbers_its_lines_as_the_paper_does() -> None:
    for program in programs():
        body = document(program).partition(r"\kill")[2]
        rows = [row.removesuffix(r"\\") for row in body.splitlines()]
        numbered = [row for row in rows if row[:1].isdecimal()]
        assert len(numbered) == len(list(program.lines))
        for row, line in zip(numbered, program.lines, strict=True):
            tabs = r"\>" * (line.layout.indent + 1)
            assert row.startswith(f"{line.number}{tabs}{latex(line.statement)}")
            assert line.claim is None or row.endswith(latex(line.claim))


def test_a_document_has_the_whole_head() -> None:
    for program in programs():
        head = document(program).partition(r"\begin{tabbing}")[0]
        items = re.findall(r"\\item\[(.*?)\] (?:\\hspace\*\{\dem\})?(.*)", head)
        assert [written.partition(" --- ")[0] for _, written in items] == [
            latex(row.node) for row in program.rows
        ]
        sections = [re.sub(r"\\\w+|[{}]", "", label) for label, _ in items if label]
        assert sections == [section.name for section in program.layout.sections]


def test_english_is_escaped_in_latex() -> None:
    text = "Algorithm 4: 100 % of {x_1} & θ ≤ ℓ — # $ ~ ^ \\\n/* √v, ᵀ */\n\n1  return x\n"
    written = document(parse.program(alg_file.read(text, "test")))
    assert r"100 \% of \{x\_1\} \& $\theta$ $\le$ $\ell$ --- \# \$ \textasciitilde{}" in written
    assert r"\textasciicircum{} \textbackslash{}" in written
    assert r"$\surd$v, $^{\mathsf{T}}$" in written


WRITERS = [mathml, latex]


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_each_kind_of_node_is_written(write: Callable[[Node], str]) -> None:
    seen: set[type[Node]] = set()
    for node in nodes():
        assert write(node)
        seen.update(type(part) for part in walk(node))
    assert seen == set(Node.__subclasses__())


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_what_is_no_node_of_the_language_is_refused(write: Callable[[Node], str]) -> None:
    strange = type("Strange", (tree.Number,), {})(1)
    assert write(strange)  # a kind of number is a number
    with pytest.raises(TypeError, match="Node is not a node of the language"):
        write(Node())
    with pytest.raises(TypeError, match="Node is not a node of the language"):
        write(tree.Assign(Name("x"), "←", Node()))  # type: ignore[arg-type]


# ---- what stands out ----


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
