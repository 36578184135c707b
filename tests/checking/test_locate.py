"""Is a fault found to lie where it was made, and how few lines are said to be the place?"""

from __future__ import annotations

from itertools import islice

import pytest
from helpers.broken_laws import WHOLE

from spec.calling.verdict import Verdict
from spec.checking.check import function_under_test
from spec.checking.locate import Places, locate
from spec.expected.result import floating_point_result
from spec.inputs.variations import variations
from spec.mistakes.catalogue import Mistake, catalogue
from spec.mistakes.edit import edited_together


def with_mistakes(*mistakes: Mistake):
    """The pseudocode with mistakes made, as a function of all arguments in one."""

    def function(arguments):
        algorithms = edited_together(mistakes, arguments.algorithms)
        (array,) = floating_point_result(arguments, algorithms).arrays
        return array.entries if array.exact else array.entries.astype(arguments.format.dtype)

    return function


def places(id: str, *mistakes: Mistake) -> Places:
    """Where the pseudocode with mistakes is wrong, from a few kinds of arguments that show it."""
    tested = function_under_test(with_mistakes(*mistakes), id, WHOLE)
    trials = tested.trials(variations(tested.algorithms, id))
    few = list(islice(trials, KINDS))
    if not any(trial.verdict is Verdict.DIFFERS for trial in few):
        few.append(next(trial for trial in trials if trial.verdict is Verdict.DIFFERS))
    found = locate(tested, few, lambda *_: None)
    assert found is not None
    return found


#: How many kinds of arguments are tried: the smallest is among them.
KINDS = 8
ALGORITHMS = ("4", "5", "6", "8", "9", "10")
#: Mistakes that are made in one line, and make sense at all sizes.
IN_ONE_LINE = [
    mistake
    for mistake in catalogue().values()
    if len(mistake.edits) == 1 and not mistake.equal and mistake.algorithm in ALGORITHMS
]
COMPONENTS = [mistake for mistake in IN_ONE_LINE if mistake.algorithm in ALGORITHMS[:3]]


def is_located(mistake: Mistake) -> bool:
    """Whether a mistake is found at its line, and what is right there agrees."""
    place = places(mistake.algorithm, mistake).first
    assert place.wrong.verdict is Verdict.DIFFERS
    assert all(trial.verdict is Verdict.AGREES for trial in place.right.values())
    return mistake.line in place.every_line


@pytest.mark.parametrize("mistake", COMPONENTS[::10], ids=lambda mistake: mistake.id)
def test_a_mistake_is_located_at_its_line(mistake):
    assert is_located(mistake)


def test_a_mistake_of_a_model_is_located_among_few_lines():
    place = places("10", catalogue()["causal-mask-strict-10"]).first
    # What comes before, as far as the norm of line 5 takes it away again, would be seen there too.
    assert place.lines.keys() <= {2, 3, 4, 5, 6}
    assert "10.6" in place.every_line


@pytest.mark.sweep
@pytest.mark.parametrize("mistake", IN_ONE_LINE[::12], ids=lambda mistake: mistake.id)
def test_a_mistake_anywhere_is_located_at_its_line(mistake):
    assert is_located(mistake)


def test_two_faults_have_two_places():
    found = places("5", catalogue()["scale-missing"], catalogue()["heads-reversed"])
    assert found.second is not None
    lines = found.first.every_line, found.second.every_line
    assert sorted("4.6" in each for each in lines) == [False, True]
    assert all("5.2" in each for each in lines)
