"""Is each ball rounded to the nearest double, and said to be undecided where none is known?"""

from __future__ import annotations

import json

import numpy as np
import pytest
from flint import arb

from spec import golden_vectors
from spec.domains.balls import Balls, PrecisionError
from spec.domains.depth import Depth
from spec.golden_vectors.files import VectorFiles
from spec.golden_vectors.rounding import nearest, rounded


@pytest.mark.parametrize("bits", [-53, -54, -80])
def test_a_ball_is_rounded_where_its_ends_agree(bits):
    with Balls(300):
        ulp = arb(2) ** -52
        middle = 1 + ulp / 2
        assert nearest(middle) == 1  # exactly between two: the even one
        assert nearest(1 + 3 * ulp / 2) == 1 + 2 * 2.0**-52
        assert nearest(middle + arb(0, 2.0**bits)) is None
        assert nearest(middle + ulp / 4 + arb(0, 2.0**-60)) == 1 + 2.0**-52
        assert nearest(arb(-1) / 3) == -1 / 3


def test_the_ends_of_the_range_are_rounded():
    with Balls(2000):
        least = arb(2) ** -1074
        assert nearest(least / 2 + least / 1024) == 5e-324
        assert nearest(least / 2) == 0
        assert nearest(arb.neg_inf()) == -np.inf
        for nothing in (arb(0, 2.0**-1074) * least, -least / 4, arb(0)):
            value = nearest(nothing)
            assert value == 0
            assert not np.signbit(value)
        assert nearest(arb(0, 1e-300)) is None
        assert nearest(arb(0, np.inf)) is None


def test_an_entry_without_a_value_is_refused():
    with pytest.raises(PrecisionError):
        rounded(np.array([arb(1) / 0], dtype=object))


def test_an_entry_that_no_precision_decides_is_counted_and_its_error_stated(tmp_path):
    with Balls(300):
        between = 1 + arb(2) ** -53 + arb(0, 1e-30)
    found = rounded(np.array([arb(1), between], dtype=object))
    assert found.undecided == 1
    assert 2.0**-53 < found.within < 2.0**-53 * (1 + 1e-10)
    saved = VectorFiles(tmp_path)
    value = saved.save_value("6/lines/1/0", "m", "m", between, zero_based=False, depth=Depth(1))
    (row,) = value["arrays"]
    assert row["undecided"] == saved.undecided == 1
    row_of = json.loads(golden_vectors.schema())["$defs"]["stored"]["properties"]
    assert row.keys() == row_of.keys()
