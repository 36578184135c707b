"""Do neutral arguments follow from the declarations, and change what they say and nothing else?"""

from __future__ import annotations

import numpy as np
import pytest
from helpers.broken_laws import WHOLE

from spec.checking.check import function_under_test
from spec.inputs.neutral_arguments import counts, neutral_changes, neutralised
from spec.inputs.variations import SMALL, Variation
from spec.library import checked
from spec.machine.trees import leaves


def arguments(id: str):
    return function_under_test(lambda given: given, id, WHOLE).arguments(Variation("small", SMALL))


@pytest.mark.parametrize(
    ("id", "sizes"),
    [
        ("4", ["ℓ_x", "ℓ_z"]),
        ("5", ["ℓ_x", "ℓ_z", "H"]),
        ("6", []),
        ("8", ["H", "L_enc", "L_dec", "length(x)", "length(z)"]),
        ("14", ["H", "L", "ℓ_gen", "length(x)"]),
    ],
)
def test_what_counts_something_can_be_1(id, sizes):
    assert counts(checked(), id) == sizes


@pytest.mark.parametrize("id", ["4", "5", "10", "13"])
def test_each_change_changes_what_it_says(id):
    before = arguments(id)
    for change in neutral_changes(before):
        after = neutralised(before, [change])
        if change.size:
            assert after.sizes == {**before.sizes, change.size: 1}, str(change)
            continue
        pairs = zip(leaves(dict(before.named)), leaves(dict(after.named)), strict=True)
        changed = [(path, new) for (path, old), (_, new) in pairs if not np.array_equal(old, new)]
        assert changed, str(change)
        for _, new in changed:
            assert np.unique(np.asarray(new)).size == 1, str(change)


def test_all_changes_can_be_made_together():
    before = arguments("4")
    after = neutralised(before, list(neutral_changes(before)))
    assert (after.sizes["ℓ_x"], after.sizes["ℓ_z"]) == (1, 1)
    assert not after.X.any()
    assert after.Mask.all()
