"""Is the language unambiguous, what the texts use, and the same from text to tree and back?"""

import inspect
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files

import pytest
from helpers.trees import program_text
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lark import Lark, Token
from lark.exceptions import GrammarError, LexError
from lark.grammar import Rule

from spec.language import alg_file, parse, tree
from spec.language.errors import ParseError
from spec.language.parse import STARTS, grammar, row
from spec.language.plain_text import text
from spec.language.tree import Name, Node, Number, Program, children, walk
from spec.language.typesetting import TIGHTNESS
from spec.library import algorithms
from spec.symbols import UnknownSymbol, lookup


@cache
def programs() -> tuple[Program, ...]:
    return tuple(map(parse.program, algorithms().values()))


def rows(program: Program) -> Iterator[tuple[str, Node]]:
    """Yield every row of an algorithm that the grammar reads, with its tree."""
    if program.signature is not None:
        yield program.layout.signature or "", program.signature
    for part in program.rows:
        yield part.text, part.node
    for line in program.lines:
        yield line.layout.text, line.statement
        if line.claim is not None:
            yield line.layout.claim or "", line.claim


def all_rows() -> Iterator[tuple[str, Node]]:
    return (found for program in programs() for found in rows(program))


def start(node: Node) -> str:
    """Return the rule that a row of this kind starts from."""
    rule = type(node).__name__.lower()
    return rule if rule in STARTS else "statement"


def reread(node: Node) -> Node:
    found = row(text(node), start(node), "1", "line 1")
    assert isinstance(found, Node)
    return found


def value(written: str) -> Node:
    """Read an expression."""
    found = row(f"return {written}", "statement", "1", "line 1").value
    assert isinstance(found, Node)
    return found


# The grammar


def lark(text: str, strict: bool) -> Lark:
    return Lark(text, parser="lalr", start=list(STARTS), maybe_placeholders=True, strict=strict)


def planted(old: str, new: str) -> str:
    assert grammar().count(old) == 1
    return grammar().replace(old, new)


def test_the_grammar_is_lalr_1_without_conflicts_and_so_unambiguous() -> None:
    lark(grammar(), strict=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("| juxtaposed factor ", "| juxtaposed juxtaposed "),  # a b c: from the left or the right?
        ("| expression additive term ", "| expression additive expression "),
        ('"Σ" below term ', '"Σ" below expression '),  # Σ_i a + b: where does the sum end?
        ("| bracketed DIGIT ", "| postfix DIGIT "),  # x²: a power or a name?
        ("_CALL inputs ", '"(" inputs '),  # f(x): a call or a product?
        ("_INDEX subscript ", '"[" subscript '),  # A[i]: an entry or a product?
        ('"then" statement ', '"then" statement ["else" statement] '),  # whose is the else?
        ("POSITIVE: /\\(0, ∞", "POSITIVE: /\\(0, ."),  # (0, 1): one terminal or the other?
    ],
)
def test_a_planted_ambiguity_is_refused(old: str, new: str) -> None:
    with pytest.raises((GrammarError, LexError), match=r"conflict|Collision"):
        lark(planted(old, new), strict=True)


def parts(grammar: str) -> tuple[set[str], set[str]]:
    """Return the alternatives and the terminals of a grammar, and those that the texts use."""
    reader = lark(grammar, strict=False)
    used: set[str] = set()

    def note(rule: Rule, callback: object) -> object:
        def reduce(children: list[object]) -> object:
            used.add(alternative(rule))
            used.update(child.type for child in children if isinstance(child, Token))
            return callback(children)  # type: ignore[operator]

        return reduce

    callbacks = reader.parser.parser.parser.callbacks
    callbacks.update({rule: note(rule, callback) for rule, callback in callbacks.items()})
    for written, node in all_rows():
        reader.parse(written, start=start(node))
    terminals = {terminal.name for terminal in reader.terminals} - set(reader.ignore_tokens)
    return {alternative(rule) for rule in callbacks} | terminals, used


def alternative(rule: Rule) -> str:
    """Name what a rule can be; of a list, that one more may follow says nothing new."""
    parts = [part.name for part in rule.expansion if "_star_" not in part.name]
    return f"{rule.origin.name}: {' '.join(parts)}"


def test_the_grammar_holds_what_the_texts_use() -> None:
    there, used = parts(grammar())
    assert sorted(there - used) == []


@pytest.mark.parametrize(
    ("old", "new", "unused"),
    [
        ("?item: expression ", '?item: expression | ":" -> all ', {"item: COLON"}),
        ("!additive: ", '!additive: "&" | ', {"AMPERSAND", "additive: AMPERSAND"}),
        ('"end" ', '"stop" -> end | "end" ', {"STOP", "statement: STOP"}),
        ('"Σ" below', '"Σ" ["!"] below', {"BANG", "sum: Σ BANG below term"}),
    ],
)
def test_a_construct_that_no_text_uses_is_seen(old: str, new: str, unused: set[str]) -> None:
    there, used = parts(planted(old, new))
    assert there - used == unused


def nodes() -> set[type[Node]]:
    """Return every kind of node that the module of the tree knows."""
    kinds = (kind for kind in vars(tree).values() if inspect.isclass(kind))
    return {kind for kind in kinds if issubclass(kind, Node) and kind is not Node}


def test_the_tree_holds_what_the_texts_use(monkeypatch: pytest.MonkeyPatch) -> None:
    built = {type(node) for _, root in all_rows() for node in walk(root)}
    assert nodes() == built
    monkeypatch.setattr(tree, "Extra", type("Extra", (Node,), {}), raising=False)
    assert {kind.__name__ for kind in nodes() - built} == {"Extra"}


# To the tree and back


def test_every_row_is_written_as_it_was_read() -> None:
    wrong = [(read, text(node)) for read, node in all_rows() if text(node) != read]
    assert wrong == []


def test_every_file_is_written_as_it_was_read() -> None:
    for program in programs():
        file = files("spec").joinpath(program.layout.path).read_text(encoding="utf-8")
        assert program_text(program) == file


def pattern(terminal: str) -> str:
    return parse.parser().get_terminal(terminal).pattern.to_regexp()


def is_name(base: str) -> bool:
    return re.fullmatch(pattern("BASE"), base) is not None and base not in parse.words()


bases = (
    st.from_regex(pattern("BASE"), fullmatch=True)
    .map(lambda base: unicodedata.normalize("NFC", base))
    .filter(is_name)
)
numbers = st.builds(Number, st.integers(0, 99))
words = st.from_regex("[A-Za-z0-9ℓ]+", fullmatch=True).filter(lambda word: not word.isdecimal())
marks = st.builds(tree.Mark, st.integers(0, 9))


def tuples(parts: st.SearchStrategy[Node], least: int = 1) -> st.SearchStrategy[tuple[Node, ...]]:
    return st.lists(parts, min_size=least, max_size=3).map(tuple)


def named(scripts: st.SearchStrategy[Node]) -> st.SearchStrategy[Name]:
    """Names with a base of letters, and scripts of which only the upper may be a mark."""
    below = st.none() | numbers | st.builds(Name, words) | scripts
    return st.builds(Name, bases, marks | below, below)


def larger(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Make expressions of expressions, each kind that the grammar can produce."""
    names = named(parts | st.builds(tree.Slice, parts, parts))
    up_to = st.builds(tree.UpTo, names, parts)
    conditions = compared(parts) | st.builds(tree.Not, parts)
    subscripts = parts | st.just(tree.All()) | st.builds(tree.Slice, parts, parts)
    entries = st.builds(tree.Index, parts, tuples(subscripts))
    given = st.builds(tree.Named, names | entries, st.sampled_from("≡="), parts)
    functions = named(st.nothing()).map(text)
    calls = st.builds(tree.Call, functions, tuples(parts), tuples(parts | given, 0))
    items = parts | st.just(tree.Dots())
    binders = (
        st.builds(tree.Implied, st.tuples(names))
        | st.builds(tree.Range, names, parts, parts)
        | st.builds(tree.Member, names, names)
    )
    return st.one_of(
        names,
        entries,
        calls,
        st.builds(tree.Negative, parts),
        st.builds(tree.Binary, st.sampled_from(sorted(TIGHTNESS)), parts, parts),
        st.builds(tree.Power, parts, st.builds(Number, st.integers(0, 9))),
        st.builds(tree.Transpose, parts),
        st.builds(tree.Prefix, st.sampled_from(["√", "log"]), parts),
        st.builds(tree.Gradient, calls),
        st.builds(tree.Columns, tuples(items)),
        st.builds(tree.Rows, tuples(items, 2)),
        st.builds(tree.Iverson, conditions),
        st.builds(tree.Collect, up_to, conditions),
        st.builds(tree.Sum, binders, parts),
    )


def compared(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[tree.Compare]:
    return st.builds(tree.Compare, st.sampled_from("≤≠="), parts, parts)


simple = numbers | st.just(tree.Infinity()) | st.just(tree.Ones()) | named(st.nothing())
expressions = st.recursive(simple, larger, max_leaves=6)
names = named(expressions)
up_to = st.builds(tree.UpTo, names, expressions)


def statements() -> st.SearchStrategy[Node]:
    conditions = compared(expressions) | st.builds(tree.Not, expressions)
    settable = names | st.builds(tree.Index, names, tuples(expressions))
    calls = st.builds(tree.Call, named(st.nothing()).map(text), tuples(expressions))
    binders = (
        st.builds(tree.Implied, tuples(names))
        | up_to
        | st.builds(tree.Range, names, expressions, expressions)
    )
    short = st.one_of(
        st.builds(tree.Assign, settable | calls, st.sampled_from("←="), expressions),
        st.builds(tree.Choose, settable, expressions, expressions, expressions),
        st.builds(tree.Sample, names, names, expressions),
        st.builds(tree.While, conditions),
        st.builds(tree.Return, st.none() | names, expressions),
        st.just(tree.End()),
    )
    loops = st.builds(tree.For, st.sampled_from(["for", "∀"]), binders, st.none() | short)
    return short | loops | st.builds(tree.If, conditions, short | loops)


def heads() -> st.SearchStrategy[Node]:
    functions = named(st.nothing()).map(text)
    dimensions = st.lists(expressions, min_size=1, max_size=2).map(tuple)
    kinds = st.one_of(
        st.builds(tree.Reals, st.just(()) | dimensions, st.none() | st.just(("0", "1"))),
        st.just(tree.Reals((), ("0", "∞"))),
        st.builds(tree.Bits, dimensions),
        st.builds(tree.Positions, expressions),
        st.sampled_from(
            [tree.Naturals(), tree.Vocabulary(), tree.Sequences(), tree.Distributions()]
        ),
    )
    ids = st.from_regex(pattern("ID"), fullmatch=True)
    items = st.builds(tree.Declaration, tuples(names), kinds, st.none() | numbers) | st.builds(
        tree.Alike, tuples(names), ids, st.just(()) | tuples(expressions, 2)
    )
    calls = st.builds(tree.Call, functions, tuples(expressions), tuples(expressions, 0))
    return st.one_of(
        st.builds(tree.Declarations, tuples(items), st.none() | up_to),
        st.builds(tree.Each, up_to),
        st.builds(tree.Consists, names),
        st.builds(tree.Signature, names, functions, tuples(names), tuples(names, 0)),
        st.builds(tree.Abbreviation, calls, calls),
        st.builds(tree.Requirements, tuples(compared(expressions))),
        st.builds(tree.Open, compared(expressions), numbers, ids),
    )


def summed(body: tree.Expression) -> tree.Sum:
    return tree.Sum(tree.Implied((Name("i"),)), body)


def operations(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Make expressions of what differs in how tightly it holds its parts."""
    return (
        st.builds(tree.Binary, st.sampled_from(sorted(TIGHTNESS)), parts, parts)
        | st.builds(tree.Negative, parts)
        | st.builds(tree.Prefix, st.sampled_from(["√", "log"]), parts)
        | st.builds(summed, parts)
        | st.builds(tree.Transpose, parts)
        | st.builds(tree.Power, parts, st.just(Number(2)))
    )


atoms = st.sampled_from([Name("a"), Number(1), tree.Ones()])


@given(statements() | heads())
def test_what_is_written_is_read_back(node: Node) -> None:
    assert reread(node) == node


@settings(max_examples=300)
@given(st.recursive(atoms, operations, max_leaves=8))
@example(tree.Transpose(Number(1)))  # not 1ᵀ, a row of ones
@example(tree.Power(tree.Power(Name("a"), Number(2)), Number(2)))  # not a to the 22
@example(tree.Binary("·", summed(Name("a")), Name("b")))
@example(tree.Binary("·", tree.Binary("/", Name("a"), summed(Name("b"))), Name("c")))
@example(summed(summed(Name("a"))))
@example(tree.Prefix("√", tree.Binary(" ", Name("a"), Name("b"))))
def test_brackets_stand_where_they_must(node: Node) -> None:
    assert value(text(node)) == node


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a + b · c d", "a + (b · (c d))"),
        ("a − b − c", "(a − b) − c"),
        ("a/b · c", "(a / b) · c"),
        ("a b c", "(a b) c"),
        ("−a · b + c", "(−(a · b)) + c"),
        ("Σ_i a / b + c", "(Σ_i (a / b)) + c"),
        ("a · Σ_i b · c", "a · (Σ_i (b · c))"),
        ("Σ_i Σ_t a b", "Σ_i (Σ_t (a b))"),
        ("√a b", "(√a) b"),
        ("log a b", "(log a) b"),
        ("log √a", "log (√a)"),
        ("a bᵀ", "a (bᵀ)"),
        ("2 a[i]ᵀ", "2 ((a[i])ᵀ)"),
        ("∇f(a) b", "(∇f(a)) b"),
    ],
)
def test_what_binds_tighter_needs_no_brackets(written: str, meant: str) -> None:
    assert value(written) == value(meant)
    assert text(value(meant)) == written


def test_white_space_tells_a_call_and_an_entry_from_a_product() -> None:
    for name in ["f", "W_q", "x̂", "t'", "γ¹_l", "W^{e/d}_i"]:
        assert isinstance(value(f"{name}(x)"), tree.Call)
        assert isinstance(value(f"{name}[x]"), tree.Index)
        assert value(f"{name} (x)") == value(f"{name} x")
        assert isinstance(value(f"{name} [x]"), tree.Binary)
    for array in ["(a b)", "xᵀ", "x²", "f(x)", "f(x)²", "x[1]", "[x, y]", "⟦x = y⟧"]:
        assert isinstance(value(f"{array}[x]"), tree.Index)
        assert isinstance(value(f"{array} [x]"), tree.Binary)
    assert value("log(x)") == value("log x")


# Places in a row


def bare(text: str) -> str:
    """Drop what a text and its node may differ in: white space, brackets, the form of a range."""
    text = re.sub("[ ()]", "", text).replace("}^{", ",…,")  # Σ_{i=1}^{n} has i = 1, …, n
    return text.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))


def assert_spans(read: str, root: Node) -> None:
    for node in walk(root):
        start, end = node.span
        assert bare(read[start:end]) == bare(text(node))


def test_a_node_knows_where_it_was_read() -> None:
    for read, root in all_rows():
        assert root.span == (0, len(read))
        assert_spans(read, root)


@given(statements() | heads())
def test_any_node_knows_where_it_was_read(node: Node) -> None:
    assert_spans(text(node), reread(node))


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
        ("Q = x with probability p, else y", 1, "what is drawn is set with ←, not with ="),
        ("Q ← x with p, else y", 12, f"'p' {STRAY}, 'probability' is due"),
        ("Q ← x with probability p, y", 27, f"'y' {STRAY}, 'else' is due"),
        ("sample y from q ∝ p", 8, f"'y' {STRAY}, 'a' is due"),
        ("for t ∈ L:", 9, f"'L' {STRAY}, '[' is due"),
        ("for t = 1, L:", 12, f"'L' {STRAY}, '…' is due"),
        ("for t ∈ [L]", 12, f"{EARLY}, ':' is due"),
        ("if x then y ← 1", 6, f"'then' {STRAY}"),
        ("while y < x:", 9, f"'<' {STRAY}"),
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
        ("1 ≤", "1 <", "Requires, column 3: '<' makes no sense here"),
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
    assert value(long) == Name(long)


def test_what_is_nested_as_deeply_as_may_be_is_written_and_compared() -> None:
    deepest = "√" * (parse.DEEPEST - 3) + "x"  # below the return stand these and the name
    assert text(value(deepest)) == deepest
    assert value(deepest) == value(deepest)


# Letters


def test_a_row_reads_the_same_however_its_letters_were_typed() -> None:
    for read, node in all_rows():
        typed = unicodedata.normalize("NFD", read)
        assert row(typed, start(node), "1", "line 1") == node
    assert row(unicodedata.normalize("NFD", "while x̂ ≠ ṽ:"), "statement", "1", "line 1")


def test_columns_are_counted_in_the_form_that_is_read() -> None:
    typed = unicodedata.normalize("NFD", "Ṽ ≠ Ẽ ← x")
    with pytest.raises(ParseError, match=r"column 3: '≠' makes no sense here, in: Ṽ ≠ Ẽ ← x$"):
        parse.statement(typed, "1", 1)


@pytest.mark.parametrize("sign", "×÷Σ−-·√∞∂∇ℝℕᵀ²_^'…∈1")
def test_a_sign_is_no_letter(sign: str) -> None:
    assert not is_name(sign)
    assert not is_name(f"a{sign}b")


@pytest.mark.parametrize("letter", ["a", "Z", "ê", "Ṽ", "x̂", "θ̂", "ℓ", "γ", "Ω", "t'", "Mask"])
def test_a_letter_may_carry_an_accent_and_a_prime(letter: str) -> None:
    assert value(letter) == Name(letter)


# Names in Python


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


def ours(glyph: str) -> str:
    return lookup(glyph).ascii or glyph


def collisions(program: Program, ascii: Callable[[str], str]) -> dict[str, set[str]]:
    """Return the names in Python that stand for two symbols in one algorithm, with both."""
    owners: dict[str, set[str]] = {}
    for _, root in rows(program):
        for glyph in glyphs(root):
            owners.setdefault(ascii(glyph), set()).add(lookup(glyph).stem)
    return {name: stems for name, stems in owners.items() if len(stems) > 1}


def test_every_name_that_is_read_is_in_the_table() -> None:
    found = {glyph for _, root in all_rows() for glyph in glyphs(root)}
    assert {"X̃", "W^i_mlp3", "W^{e/d}_i", "e_{ℓ_z}", "p", "τ", "layer_norm", "√"} <= found
    assert sorted(glyph for glyph in found if not known(glyph)) == []
    assert list(glyphs(value("nonsense^{1/τ} X̃"))) == ["nonsense", "τ", "X̃"]


def test_no_two_variables_of_an_algorithm_have_one_name_in_python() -> None:
    assert [collisions(program, ours) for program in programs() if collisions(program, ours)] == []


def test_a_rule_that_confuses_two_variables_is_seen() -> None:
    def nfkc(glyph: str) -> str:  # ours, were it to leave ℓ to Python
        return "l" if glyph == "ℓ" else ours(glyph)

    found = {program.id: collisions(program, nfkc) for program in programs()}
    assert {id: names for id, names in found.items() if names} == {
        "9": {"l": {"l", "ℓ"}},
        "10": {"l": {"l", "ℓ"}},
    }
