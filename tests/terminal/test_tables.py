"""Does a table become a list exactly where its words do not fit, and a sum break between terms?"""

import io

import pytest
from rich.console import Console
from rich.text import Text

from spec.terminal.tables import Sum, Table, names, numbers, words


def printed(renderable, width):
    console = Console(file=io.StringIO(), width=width)
    console.print(renderable)
    return [row.rstrip() for row in console.file.getvalue().rstrip().split("\n")]


def table():
    table = Table(words(""), words("Meaning"), names("Name"), numbers("Count"))
    table.add_row("1", "four words of pseudocode", "its meaning", "a name", "1,234")
    table.add_row("10", Text("word"), "", "other", "")
    return table


def test_a_table_stands_as_long_as_no_word_is_broken():
    assert printed(table(), 80) == [
        "                                Meaning       Name     Count",
        "────────────────────────────────────────────────────────────",
        " 1   four words of pseudocode   its meaning   a name   1,234",
        "10   word                                     other",
    ]
    assert [row.split() for row in printed(table(), 45)[2:]] == [
        ["1", "four", "words", "its", "a", "name", "1,234"],
        ["of", "meaning"],
        ["pseudocode"],
        ["10", "word", "other"],
    ]


@pytest.mark.parametrize("width", [40, 44])
def test_a_narrower_table_is_a_list(width):
    assert printed(table(), width) == [
        "1   four words of pseudocode",
        "    Meaning  its meaning",
        "    Name     a name",
        "    Count    1,234",
        "10  word",
        "    Name  other",
    ]


def test_a_sum_is_broken_between_its_terms():
    assert printed(Sum("2 a b + a b − 1"), 80) == ["2 a b + a b − 1"]
    assert printed(Sum("2 a b + a b − 1"), 10) == ["2 a b", "+ a b − 1"]
    assert printed(Sum("2 a b + a b − 1"), 4) == ["2 a", "b", "+ a", "b", "− 1"]
