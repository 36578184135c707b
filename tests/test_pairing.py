"""Are tags read where they stand, and are lines and code aligned by them?"""

import re
from typing import Any

import pytest
from helpers.planting import module
from hypothesis import given
from hypothesis import strategies as st

from spec.language.alg_file import Algorithm, Line
from spec.pairing import (
    Pairing,
    PairingError,
    Ref,
    Statement,
    implementations,
    pair,
    statements,
)


def algorithm(*texts: str, id: str = "4") -> Algorithm:
    return Algorithm(id, "It", None, None, (), tuple(Line(n, 0, t) for n, t in enumerate(texts, 1)))


FOUR = algorithm("a", "b", "c", "d")


def tags(function: Any) -> list[str]:
    return [", ".join(map(str, statement.refs)) for statement in statements(function)]


def layout(pairing: Pairing) -> list[tuple[str, str]]:
    """Write each row as the numbers of its lines and the stripped texts of its code."""
    return [
        (
            " ".join(str(line.number) for line in row.lines),
            " | ".join(code.text.split("#")[0].strip() for code in row.code),
        )
        for row in pairing.rows
    ]


def test_a_tag_is_the_comment_that_ends_a_statement() -> None:
    function = module('''
def f(x):
    """Not a statement.  # 4.9"""
    a = x  # 4.1
    # 4.2
    b = "# 4.3"
    c = (  # 4.4
        a,
        b,  # 4.5
    )  # 4.6
    return (a,
            c)  # 4.7
''').f
    assert tags(function) == ["4.1", "", "4.6", "4.7"]
    assert statements(function)[2] == Statement(7, 10, (Ref("4", 6),), None)


@pytest.mark.parametrize(
    ("comment", "refs"),
    [
        ("# 4.4", ["4.4"]),
        ("# 10.2-10.4", ["10.2", "10.3", "10.4"]),
        ("# 4.6, 5.2", ["4.6", "5.2"]),
        ("# 4.1-4.2, 5.1", ["4.1", "4.2", "5.1"]),
        ("# ∇4.2", ["∇4.2"]),
        ("# K1.3-K1.4", ["K1.3", "K1.4"]),
        ("# B1", []),
        ("# 4", []),
        ("# 4.4 the scores", []),
        ("# see 4.4", []),
        ("#4.4", []),
        ("# 4.4,5.2", []),
    ],
)
def test_a_tag_names_lines(comment: str, refs: list[str]) -> None:
    (statement,) = statements(module(f"def f(x):\n    return x  {comment}\n").f)
    assert [str(ref) for ref in statement.refs] == refs


@pytest.mark.parametrize("tag", ["4.3-4.2", "4.2-5.3"])
def test_a_range_that_is_none_is_refused(tag: str) -> None:
    with pytest.raises(PairingError, match=f"^f, row 2: {tag} is not a range of lines$"):
        statements(module(f"def f(x):\n    return x  # {tag}\n").f)


def test_a_compound_statement_is_tagged_on_its_header() -> None:
    function = module("""
def f(
    x,  # 4.9
):  # 4.8
    for a in (
        x
    ):  # 4.1
        while a:  # 4.2
            a = 0  # 4.3
    def g(y):  # 4.4
        '''Not tagged.'''
        return y
    return g
""").f
    assert tags(function) == ["4.1", "4.2", "4.3", "4.4", "", "", ""]


def test_rows_are_those_of_the_file_even_below_a_decorator() -> None:
    text = """
import functools

def keep(function):
    @functools.wraps(function)
    def call(*args):  # 4.9
        return function(*args)  # 4.9
    return call

@keep
@keep
def f(x):
    return x  # 4.1
"""
    (statement,) = statements(module(text).f)
    assert text.split("\n")[statement.first - 1] == "    return x  # 4.1"


def test_a_function_of_one_row_has_one_statement() -> None:
    function = module("def f(x): return x  # 4.1\n").f
    assert tags(function) == ["4.1"]
    assert layout(pair(FOUR, function))[1] == ("1", "def f(x): return x")


def test_a_method_is_read_like_a_function() -> None:
    text = "class C:\n    async def f(self):\n        return 1  # 4.1\n"
    assert tags(module(text).C.f) == ["4.1"]


def test_a_function_without_source_is_refused() -> None:
    scope: dict[str, Any] = {}
    exec("def f(x): return x", scope)
    with pytest.raises(PairingError, match=r"^f: could not get source code"):
        statements(scope["f"])


def test_lines_and_code_are_aligned_one_by_one() -> None:
    function = module('''
def f(
    x,
):
    """Return x."""

    prepare = x
    a = x  # 4.1
    # below

    b = (
        a
    )  # 4.2
    c = b  # 4.3
    d = c  # 4.4
    finish = d
''').f
    pairing = pair(FOUR, function)
    assert layout(pairing) == [
        ("", "def f( | x, | ):"),
        ("1", "prepare = x | a = x"),
        ("2", " |  | b = ( | a | )"),
        ("3", "c = b"),
        ("4", "d = c | finish = d"),
    ]
    assert (pairing.untagged, pairing.unknown) == ((), ())


@pytest.mark.parametrize(
    ("texts", "order", "rows"),
    [
        ("a b c d", ["1", "2", "3", "4"], ["1", "2", "3", "4"]),
        ("a b c d", ["2", "1", "3", "4"], ["1 2", "3", "4"]),
        ("a b c d", ["1", "3", "4", "2"], ["1", "2 3 4"]),
        ("a b c d", ["4", "1", "2", "3"], ["1 2 3 4"]),
        ("a b c d", ["1", "1", "2", "3", "4"], ["1", "2", "3", "4"]),
        ("a b c d", ["1", "2-3", "4"], ["1", "2 3", "4"]),
        ("a b c d", ["1", "2", "2-3", "4"], ["1", "2 3", "4"]),
        # A line that nothing carries out stands alone; code without tags stands above all lines.
        ("a b c d", ["1", "4"], ["1", "2", "3", "4"]),
        ("a b c d", ["2", "4"], ["1", "2", "3", "4"]),
        ("a b c d", [""], ["", "1", "2", "3", "4"]),
        # An `end` stands with the line above it, though it may be tagged all the same.
        ("for: for: a end end b end", ["1-3", "6"], ["1 2 3 4 5", "6 7"]),
        ("for: a end", ["1-2", "3"], ["1 2", "3"]),
    ],
)
def test_groups_are_the_smallest_that_only_go_down(
    texts: str, order: list[str], rows: list[str]
) -> None:
    tags = [re.sub(r"(\d)", r"4.\1", lines) for lines in order]
    body = "".join(f"    x = x{tag and f'  # {tag}'}\n" for tag in tags)
    pairing = pair(algorithm(*texts.split(" ")), module(f"def f(x):\n{body}").f)
    assert [numbers for numbers, _ in layout(pairing)[1:]] == rows
    code = [code.text for row in pairing.rows[1:] for code in row.code]
    assert code == body.splitlines()
    assert pairing.unknown == ()


def test_a_tag_of_a_line_that_does_not_exist_is_listed_once() -> None:
    text = "def f(x):\n    x = x  # 4.5\n    x = x  # 4.5\n    return x  # 4.1-4.4, 4.0\n"
    assert list(map(str, pair(FOUR, module(text).f).unknown)) == ["4.5", "4.0"]


def test_a_tag_of_another_algorithm_is_looked_up_in_the_library() -> None:
    text = "def f(x):\n    x = x  # 4.1-4.4, 5.2\n    return x  # 5.3, 6.1\n"
    function = module(text).f
    library = {"4": FOUR, "5": algorithm("a", "b", id="5")}
    assert pair(FOUR, function).unknown == ()
    assert list(map(str, pair(FOUR, function, library).unknown)) == ["5.3", "6.1"]


def test_what_only_carries_another_algorithm_goes_with_the_next() -> None:
    pairing = pair(FOUR, module("def f(x):\n    y = x  # 5.1\n    return y  # 4.1-4.4\n").f)
    assert layout(pairing)[1:] == [("1 2 3 4", "y = x | return y")]


@given(st.lists(st.lists(st.integers(1, 6), max_size=3), min_size=1, max_size=8), st.data())
def test_rows_hold_everything_once_in_order_and_together(
    tagged: list[list[int]], data: st.DataObject
) -> None:
    ends = data.draw(st.sets(st.integers(2, 6)))
    six = algorithm(*("end" if n in ends else "x" for n in range(1, 7)))
    rows, carried = ["def f(x):"], [[]]
    for numbers in tagged:
        between = data.draw(st.sampled_from([[], [""], ["    # a comment"], ["    y = x"]]))
        tag = "  # " + ", ".join(f"4.{n}" for n in numbers) if numbers else ""
        own = data.draw(st.sampled_from([[f"    x = x{tag}"], ["    x = (", f"        x){tag}"]]))
        rows += between + own
        carried += [[]] * len(between) + [numbers] * len(own)
    function = module("\n".join(rows)).f
    pairing = pair(six, function)
    # Everything is there once and in order …
    assert tuple(line for row in pairing.rows for line in row.lines) == six.lines
    codes = [code for row in pairing.rows for code in row.code]
    assert [code.text for code in codes] == rows
    # … each row of a statement carries its lines …
    assert [[ref.line for ref in code.refs] for code in codes] == carried
    # … what a statement carries out stands beside it …
    for row in pairing.rows:
        beside = {line.number for line in row.lines}
        assert {ref.line for code in row.code for ref in code.refs} <= beside
    # … and the untagged lines are those that nothing names.
    named = {n for numbers in tagged for n in numbers}
    assert {line.number for line in pairing.untagged} == set(range(1, 7)) - ends - named


def test_functions_are_found_by_their_attribute() -> None:
    marked = module("""
import functools

def marked(id):
    def mark(function):
        @functools.wraps(function)
        def call(*args):
            return function(*args)
        call.algorithm = id
        return call
    return mark

@marked("4")
def Attention(x): return x

again = Attention

@marked("∇4")
def pullback(x): return x

@marked("5")
def _private(x): return x

@marked(6)
def numbered(x): return x

def plain(x): return x

class Sha:
    algorithm = "7"

constant = Sha()
""")
    found = implementations(marked.__name__)
    assert found == {"4": marked.Attention, "∇4": marked.pullback}


def test_two_functions_for_one_algorithm_are_refused() -> None:
    name = module(
        "def f(x): return x\ndef g(x): return x\nf.algorithm = g.algorithm = '4'\n"
    ).__name__
    with pytest.raises(PairingError, match=f"^{name} has two functions for Algorithm 4: f and g$"):
        implementations(name)
