"""Is the tolerance as wide as rounding, and so narrow that an error of a thousandth is reported?"""

from __future__ import annotations

import re
from functools import cache
from itertools import islice

import pytest
from helpers.paper import MODELS, PAPER

from spec.calling.function_under_test import FunctionUnderTest
from spec.expected.result import (
    MULTIPLE,
    UndefinedResultError,
    exact_result,
    floating_point_result,
    telling_result,
)
from spec.inputs.arguments import Adapter, draw_arguments
from spec.inputs.formats import FORMATS
from spec.inputs.variations import Variation, variations
from spec.language.checked import check as check_algorithm
from spec.language.parse import program
from spec.language.tree import Assign, Return, Sample, walk
from spec.language.types import Matrix
from spec.library import checked
from spec.mistakes.edit import with_rows
from spec.pairing import implementations

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

UNCALLED = Adapter("uncalled", lambda function, arguments: None)
FUNCTIONS = implementations("algorithms")
#: On how many kinds of arguments an error must be seen at least once.
KINDS = 3
#: Lines whose scale cannot matter, and why.
OF_NO_SCALE = {
    "11.4": "log cP = log c + log P has the gradient of log P",
    "12.8": "log cP = log c + log P has the gradient of log P",
    "13.4": "log cP = log c + log P has the gradient of log P",
    "D9.5": "log cP = log c + log P has the gradient of log P",
    "D10.3": "log cp = log c + log p has the gradient of log p",
    "14.3": "q ∝ (cp)^{1/τ} is q ∝ p^{1/τ}",
    "14.4": "q ∝ (cp)^{1/τ} is q ∝ p^{1/τ}",
    "15.4": "q ∝ (cp)^{1/τ} is q ∝ p^{1/τ}",
    "15.5": "q ∝ (cp)^{1/τ} is q ∝ p^{1/τ}",
    "C6.5": "what is subtracted from all scores of a column cancels",
    "C7.8": "what is subtracted from all scores of a column cancels",
    "C6.7": "a factor of all exponentials is one of their sum, too",
    "C7.11": "a factor of all exponentials is one of their sum, too",
    "L1.1": "a factor of all weights is one of their sum, too",
    "L1.2": "a factor of all weights is one of their sum, too",
    "L1.3": "a factor of all weights is one of their sum, too",
    "L2.1": "a factor of all weights is one of their sum, too",
    "L2.2": "a factor of all weights is one of their sum, too",
    "F3.1": "a factor of all weights is one of their sum, too",
    "F3.2": "a factor of all weights is one of their sum, too",
    "K2.5": "q ∝ (cp)^{1/τ} is q ∝ p^{1/τ}",
    "K2.10": "q ∝ (cp)^{1/τ} is q ∝ p^{1/τ}",
    "K3.8": "q ∝ (cp)^{1/τ} is q ∝ p^{1/τ}",
    "K7.5": "q ∝ (cp)^{1/τ} is q ∝ p^{1/τ}",
    "K7.10": "q ∝ (cp)^{1/τ} is q ∝ p^{1/τ}",
    "K13.5": "q ∝ (cp)^{1/τ} is q ∝ p^{1/τ}",
    "K13.10": "q ∝ (cp)^{1/τ} is q ∝ p^{1/τ}",
    "K15.8": "q ∝ (cp)^{1/τ} is q ∝ p^{1/τ}",
    "K15.13": "q ∝ (cp)^{1/τ} is q ∝ p^{1/τ}",
    **{f"D11.{n}": "a choice is no other one for a thousandth" for n in (4, 5, 6, 7, 11, 12, 13)},
    **{f"D11.{n}": "a choice is no other one for a thousandth" for n in (14, 16)},
    "S1.1": "a count is compared, and not by a thousandth",
    "S2.1": "a sum is compared, and not by a thousandth",
    "S3.1": "the largest of c s is where that of s is",
    "S4.1": "the largest probability is compared, and not by a thousandth",
    "S6.2": "q ∝ c r is q ∝ r",
    "S7.6": "all sequences of one length have a number added to their scores",
    "S7.7": "scores are compared, and not by a thousandth",
    "S7.8": "scores are compared, and not by a thousandth",
    "S7.11": "scores are compared, and not by a thousandth",
    "S7.12": "scores are compared, and not by a thousandth",
    "S7.16": "the largest of c m is where that of m is",
    "S7.20": "scores are compared, and not by a thousandth",
    "S7.23": "scores are compared, and not by a thousandth",
    "S7.24": "scores are compared, and not by a thousandth",
    "S7.28": "scores are compared, and not by a thousandth",
    "∇1.1": "0 · W_e is 0",
    "∇2.1": "0 · W_p is 0",
    "∇8.27": "0 · Z is 0",
    "∇4.16": "b̄_k is 0: what b_k adds to a column of scores, softmax does not see",
}
#: Lines that an algorithm's first kinds of arguments do not come to, and why.
NOT_REACHED = {
    ("D9", "O4.3"): "of so few steps none is before the top",
    ("H10", "H10.3"): "no text is longer than a full cache",
    ("H10", "H10.6"): "no text is longer than a full cache",
}
#: Lines that a norm with ε = 0 follows: it takes a factor away.
NORMED = {"8.5", "8.7", "8.14", "8.16", "8.18", "9.5", "9.7", "9.10"}
#: Lines that return P: where it is trained on, its factor is an addend of the loss.
LAST = {"8.21", "9.12", "10.11", "X6.11"}


@pytest.mark.parametrize("format", list(FORMATS))
@pytest.mark.parametrize("id", ["3", "4", "5", "6", "7", "9", "10"])
def test_the_tolerance_is_a_multiple_of_the_certified_error(id, format):
    arguments = draw_arguments(checked(), id, Variation("usual"), FORMATS[format], UNCALLED)
    exact = exact_result(arguments)
    (array,) = floating_point_result(arguments).arrays
    rough = exact.distance({"": array.entries.astype(float)}, exact.tolerance)
    assert 0 < rough.error <= exact.certified_error
    assert exact.tolerance == MULTIPLE * exact.certified_error
    largest = abs(exact.arrays[0].entries.astype(float)).max()
    assert exact.certified_error >= FORMATS[format].unit_roundoff * largest


@pytest.mark.parametrize("id", ["1", "2"])
def test_what_is_copied_must_be_exact(id):
    arguments = draw_arguments(checked(), id, Variation("usual"), FORMATS["float32"], UNCALLED)
    assert exact_result(arguments).tolerance == 0


@pytest.mark.parametrize("id", ["7", "8", "9", "10", "14"])
def test_a_result_that_any_function_gives_tells_nothing(id):
    alone = Variation("one word", {"N_V": 1})
    with pytest.raises(UndefinedResultError, match="the same, whatever the numbers are"):
        telling_result(draw_arguments(checked(), id, alone, FORMATS["float32"], UNCALLED))
    telling_result(draw_arguments(checked(), id, Variation("usual"), FORMATS["float32"], UNCALLED))


# An error of a thousandth -------------------------------------------------------------------------


def lines_of(id):
    """The lines of an algorithm that compute numbers, with the text of each."""
    types, rows = checked()[id].typing.types, checked()[id].program.layout.lines
    text_of = {row.number: row.text for row in rows}
    for line in checked()[id].program.lines:
        values = [node.value for node in walk(line.statement) if isinstance(node, Assign | Return)]
        numbers = [value for value in values if value in types and is_matrix(types[value])]
        # What stands side by side is what the lines before compute; −∞, 0 and 1 have no scale.
        if numbers and not re.search("∞|…|0_", text_of[line.number]):
            yield f"{id}.{line.number}", text_of[line.number]


def is_matrix(type):
    return isinstance(type, Matrix) and not type.bits


@cache
def larger(line, text):
    """All algorithms, with a thousandth more in what a line computes."""
    id, _, number = line.partition(".")
    right = checked()[id].program
    sign = next(sign for sign in (" ← ", " = ", "return ") if sign in text)
    set, arrow, value = text.partition(sign)
    changed = with_rows(right.layout, {int(number): f"{set}{arrow}(1001 / 1000) ({value})"})
    headers = {one.id: one.header for one in checked().values()}
    return {**checked(), id: check_algorithm(program(changed, like=right), headers)}


def every_line():
    """The lines of each algorithm, and for the sweep those of the algorithms that it calls.

    Those that no function carries out by itself are for the sweep, too. Models of ours call what
    the paper's call, or what is tried by itself.
    """
    for id in checked():
        under_test = FunctionUnderTest(checked(), id, None, UNCALLED, FORMATS["float64"], 60)
        ids = under_test.called
        # Tokens are drawn from P: by a thousandth of a number few become others.
        alone = checked()[id].program.uses(Sample) or id in MODELS.difference(PAPER)
        for called in ids[: 1 if alone else None]:
            for line, text in lines_of(called):
                is_quick = called == id and id in FUNCTIONS
                yield pytest.param(id, line, text, marks=[] if is_quick else [pytest.mark.sweep])


@cache
def expected(id, format, eps):
    """The exact results on arguments of some kinds: computed once for all lines."""
    values = {} if eps is None else {"ε": eps}
    adapter = Adapter("the machine", UNCALLED.call, values=values, draws="from above")
    some = islice(variations(checked(), id), KINDS)
    drawn = (draw_arguments(checked(), id, one, FORMATS[format], adapter) for one in some)
    return list(map(exact_result, drawn))


def reported(exact, wrong):
    """Whether a function that runs the wrong pseudocode is reported."""
    arrays = floating_point_result(exact.arguments, wrong).arrays
    result = {array.path: array.entries.astype(int if array.exact else float) for array in arrays}
    return bool(exact.misfit(result)) or exact.distance(result, exact.tolerance).ratio > 1


def invisible(exact, wrong):
    """Whether the wrong pseudocode has the very same result, as far as balls can tell."""
    other = exact_result(exact.arguments, wrong)
    return all(
        one == two if array.exact else one.overlaps(two)
        for array, other_array in zip(exact.arrays, other.arrays, strict=True)
        for one, two in zip(array.entries.flat, other_array.entries.flat, strict=True)
    )


@pytest.mark.parametrize("format", ["float64", "float32"])
@pytest.mark.parametrize(
    ("id", "line", "text"), list(every_line()), ids=lambda given: f"{given:.5}"
)
def test_an_error_of_a_thousandth_in_any_line_is_reported(id, line, text, format):
    """In a model, a line of what it calls is wrong in every call."""
    wrong, exact = larger(line, text), expected(id, format, None)
    without_scale = line in OF_NO_SCALE or (line in LAST and line.partition(".")[0] != id)
    if without_scale or (id, line) in NOT_REACHED:
        assert all(invisible(one, wrong) for one in exact)
    else:
        assert any(reported(one, wrong) for one in exact)


@pytest.mark.parametrize(
    ("line", "text"),
    [each for id in ("8", "9", "10") for each in lines_of(id)],
    ids=lambda given: f"{given:.5}",
)
def test_without_eps_a_norm_takes_factors_away_and_no_other_line(line, text):
    wrong, exact = larger(line, text), expected(line.partition(".")[0], "float64", 0.0)
    if line in NORMED:
        assert all(invisible(one, wrong) for one in exact)
    else:
        assert any(reported(one, wrong) for one in exact)
