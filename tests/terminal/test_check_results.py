"""Is everything shown that a check has found?"""

import pytest
from helpers.printed import WIDTHS, characters, rows
from rich.cells import cell_len

from spec.checking.account import Row, WrittenReport
from spec.exit_status import ExitStatus
from spec.terminal.check_results import report
from spec.terminal.consoles import rendered

ACCOUNT = WrittenReport(
    "It is not.",
    ExitStatus.FAILS,
    explanations=("One mistake.",),
    line="First wrong: line 4.2.",
    smallest="ℓ_x = 1\nX = [0]",
    laws={"Another law.": "gives 1", "A law.": ""},
    rows=(
        Row("usual", "differs", "gives 2", 1.0, 0.5, passes=False),
        Row("loud", "agrees", finite=True),
        Row("loud and wrong", "gives nan", "gives nan", finite=True, passes=False),
    ),
    notes=("Called so.",),
)


def test_all_that_there_is_to_say_is_shown():
    text = rendered(report(ACCOUNT, every=True))
    assert "  X = [0]" in text.split("\n")
    assert [row for row in rows(text) if "──" not in row] == [
        "It is not.",
        "One mistake.",
        "First wrong: line 4.2.",
        "The smallest arguments found on which it fails:",
        "ℓ_x = 1",
        "X = [0]",
        "✓ A law.",
        "✗ Another law. It gives 1.",
        "Arguments Error Of the tolerance Verdict",
        "✗ usual 1 2 differs",
        "✓ loud finite",
        "✗ loud and wrong gives nan",
        "Called so.",
    ]


@pytest.mark.parametrize("columns", WIDTHS, indirect=True)
def test_it_is_complete_at_any_width(columns, monkeypatch):
    text = rendered(report(ACCOUNT, every=True))
    assert max(map(cell_len, text.split("\n"))) <= columns
    monkeypatch.setenv("COLUMNS", "500")
    assert not characters(rendered(report(ACCOUNT, every=True))) - characters(text)


def test_the_kinds_of_arguments_are_shown_only_if_asked_for():
    assert "usual" not in rendered(report(ACCOUNT))


def test_an_account_is_the_same_after_it_has_been_sent():
    sent = WrittenReport.of(ACCOUNT.data())
    assert str(sent) == str(ACCOUNT)
    assert sent.rows == ACCOUNT.rows
    assert [row.ratio for row in sent.rows] == [2, None, None]
    assert not sent.passes
    assert Row("exact", "agrees", "", 0.0, 0.0).ratio == 0
    assert Row("exact", "differs", "", 1.0, 0.0).ratio == float("inf")
