"""Are the mistakes in our algorithms named, each by its own name, when a function has them?

Those of the paper's algorithms are planted into hosts (`test_planted.py`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

import pytest
from helpers.broken_laws import WHOLE, run
from helpers.paper import MODELS, PAPER

from spec.calling.verdict import Verdict
from spec.checking.check import check
from spec.library import checked
from spec.mistakes import catalogue, edited

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

OF_PAPER = {one.entry for one in catalogue().values() if one.algorithm in PAPER}
#: Those that are made in an algorithm of ours, and not in one of the paper's; one of each entry.
FIRST_OF_ENTRY = {one.entry: id for id, one in reversed(catalogue().items())}
OURS = {
    id: one
    for id, one in catalogue().items()
    if one.algorithm[0] in "CFHKNRSX"
    and one.algorithm not in MODELS  # to explain one takes up to a minute
    and one.entry not in OF_PAPER
    and id == FIRST_OF_ENTRY[one.entry]
}
#: The first of each algorithm, and every fourth for the sweep, as are those that take long.
FIRST = {one.algorithm: id for id, one in reversed(OURS.items())}
TRIED = [id for place, id in enumerate(OURS) if id in FIRST.values() or place % 4 == 0]
QUICK = {id for algorithm, id in FIRST.items() if not algorithm.startswith(("H", "K1", "C4", "C5"))}


def test_every_algorithm_of_ours_has_two_mistakes() -> None:
    of = Counter(one.algorithm for one in catalogue().values())
    ours = {id for id in checked() if id[0] in "CDFHKNORSX"}
    assert {id: of[id] for id in ours if of[id] < 2} == {}


@pytest.mark.parametrize(
    "id",
    [pytest.param(id, marks=[] if id in QUICK else [pytest.mark.sweep]) for id in TRIED],
)
def test_a_mistake_is_named_in_the_pseudocode_that_has_it(id: str) -> None:
    one = OURS[id]
    takes_eps = "ε" in map(str, checked()[one.algorithm].header.hyperparameters)
    adapter = replace(WHOLE, values={} if takes_eps else {"ε": 0.0})
    wrong = partial(run, algorithms=edited(one, checked()))
    report = check(wrong, one.algorithm, adapter=adapter)
    if one.kind == "difference":
        assert report.verdict is Verdict.DEPARTS
    else:
        assert (id,) in report.mistakes
