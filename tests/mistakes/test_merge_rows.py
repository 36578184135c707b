"""Are two changes of one row made together, and only where they touch different parts?"""

from __future__ import annotations

import pytest

from spec.library import checked
from spec.mistakes.catalogue import catalogue
from spec.mistakes.edit import ConflictError, edited_together
from spec.mistakes.merge_rows import merged
from spec.mistakes.mutants import mutants

ROW = "return Ṽ = V · softmax(S / √d_attn)"


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ("return Ṽ = V · softmax(S)", "return Ṽ = V softmax(S / √d_attn)",
         "return Ṽ = V softmax(S)"),
        ("return Ṽ = Vᵀ · softmax(S / √d_attn)", "return Ṽ = V · exp(S / √d_attn)",
         "return Ṽ = Vᵀ · exp(S / √d_attn)"),
        ("return Ṽ = V · softmax(S)", "return Ṽ = V · softmax(S / d_attn)", None),
        ("", "return Ṽ = V · exp(S / √d_attn)", None),
        (ROW, "return Ṽ = V", "return Ṽ = V"),
        ("return Ṽ = V", "return Ṽ = V", "return Ṽ = V"),
    ],
)  # fmt: skip
def test_two_changes_of_a_row(first, second, both):
    assert merged(ROW, first, second) == both
    assert merged(ROW, second, first) == both


def test_two_mistakes_of_one_line_are_made_together():
    dropped, transposed = (
        next(mutant for mutant in mutants("4") if mutant.after == after)
        for after in (
            "return Ṽ = V · softmax(S / d_attn)",
            "return Ṽ = V · softmax(−S / √d_attn)",
        )
    )
    both = edited_together((dropped, transposed), checked())["4"].program.layout.lines[5]
    assert both.text == "return Ṽ = V · softmax(−S / d_attn)"


def test_two_mistakes_that_touch_the_same_part_are_refused():
    conflicting = [catalogue()[id] for id in ("scale-missing", "scale-not-rooted")]
    with pytest.raises(ConflictError, match=r"two edits change the same part of line 4\.6"):
        edited_together(conflicting, checked())
