"""Is every row written as it was read, and each node where it was read?"""

from importlib.resources import files

import pytest
from helpers.trees import all_rows, assert_spans, expression, operation_trees, program_text
from hypothesis import example, given, settings

from spec.language import parse, tree
from spec.language.plain_text import text
from spec.language.tree import Name, Node, Number
from spec.library import programs


def test_every_file_is_written_as_it_was_read() -> None:
    for program in programs().values():
        file = files("spec").joinpath(program.layout.path).read_text(encoding="utf-8")
        assert program_text(program) == file


def test_a_node_knows_where_it_was_read() -> None:
    for read, root in all_rows():
        assert root.span == (0, len(read))
        assert_spans(read, root)


def summed(body: tree.Expression) -> tree.Sum:
    return tree.Sum(tree.Implied((Name("i"),)), body)


@settings(max_examples=300)
@given(operation_trees)
@example(tree.Transpose(Number(1)))  # not 1ᵀ, a row of ones
@example(tree.Power(tree.Power(Name("a"), Number(2)), Number(2)))  # not a to the 22
@example(tree.Binary("·", summed(Name("a")), Name("b")))
@example(tree.Binary("·", tree.Binary("/", Name("a"), summed(Name("b"))), Name("c")))
@example(summed(summed(Name("a"))))
@example(tree.Prefix("√", tree.Binary(" ", Name("a"), Name("b"))))
def test_brackets_stand_where_they_must(node: Node) -> None:
    assert expression(text(node)) == node


def test_what_is_nested_as_deeply_as_may_be_is_written_and_compared() -> None:
    deepest = "√" * (parse.DEEPEST - 3) + "x"  # below the return stand these and the name
    assert text(expression(deepest)) == deepest
    assert expression(deepest) == expression(deepest)


def test_what_is_not_a_node_of_the_language_is_refused() -> None:
    strange = type("Strange", (tree.Number,), {})(1)
    assert text(strange) == "1"  # a kind of number is a number
    for node in (Node(), tree.Assign(Name("x"), "←", Node())):  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="Node is not a node of the language"):
            text(node)
