"""Is the grammar unambiguous, does it hold what the texts use, and does it mean what they mean?"""

import inspect

import pytest
from helpers.trees import all_rows, expression, start
from lark import Lark, Token
from lark.grammar import Rule

from spec.language import tree
from spec.language.parse import STARTS, grammar
from spec.language.plain_text import text
from spec.language.tree import Node, walk


def lark(text: str, strict: bool) -> Lark:
    return Lark(text, parser="lalr", start=list(STARTS), maybe_placeholders=True, strict=strict)


def test_the_grammar_is_lalr_1_without_conflicts_and_so_unambiguous() -> None:
    lark(grammar(), strict=True)


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
    there, used = parts(grammar().replace('"Σ" below', '"Σ" ["!"] below'))
    assert there - used == {"BANG", "sum: Σ BANG below term"}


def nodes() -> set[type[Node]]:
    """Return every kind of node that the module of the tree knows."""
    kinds = (kind for kind in vars(tree).values() if inspect.isclass(kind))
    return {kind for kind in kinds if issubclass(kind, Node)} - {Node, tree.Expression, tree.Single}


def test_the_tree_holds_what_the_texts_use(monkeypatch: pytest.MonkeyPatch) -> None:
    built = {type(node) for _, root in all_rows() for node in walk(root)}
    assert nodes() == built
    monkeypatch.setattr(tree, "Extra", type("Extra", (Node,), {}), raising=False)
    assert {kind.__name__ for kind in nodes() - built} == {"Extra"}


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
        ("⟦a = b ∧ c ≤ a ∨ ¬b⟧", "⟦((a = b) ∧ (c ≤ a)) ∨ (¬b)⟧"),
        ("⟦a < b ∨ ¬b ∧ c ≤ a + b⟧", "⟦(a < b) ∨ ((¬b) ∧ (c ≤ (a + b)))⟧"),
    ],
)
def test_what_binds_tighter_needs_no_brackets(written: str, meant: str) -> None:
    assert expression(written) == expression(meant)
    assert text(expression(meant)) == written


def test_white_space_tells_a_call_and_an_entry_from_a_product() -> None:
    for name in ["f", "W_q", "x̂", "t'", "γ¹_l", "W^{e/d}_i"]:
        assert isinstance(expression(f"{name}(x)"), tree.Call)
        assert isinstance(expression(f"{name}[x]"), tree.Index)
        assert expression(f"{name} (x)") == expression(f"{name} x")
        assert isinstance(expression(f"{name} [x]"), tree.Binary)
    for array in ["(a b)", "xᵀ", "x²", "f(x)", "f(x)²", "x[1]", "[x, y]", "⟦x = y⟧"]:
        assert isinstance(expression(f"{array}[x]"), tree.Index)
        assert isinstance(expression(f"{array} [x]"), tree.Binary)
    assert expression("log(x)") == expression("log x")
