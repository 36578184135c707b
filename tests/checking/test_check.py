"""What is said of somebody's function?"""

from __future__ import annotations

import re
from itertools import islice

import numpy as np
import pytest
from examples import attention

from spec.calling.function_under_test import FunctionUnderTest
from spec.calling.verdict import Verdict
from spec.checking.check import check
from spec.expected.result import MULTIPLE, exact_result, floating_point_result
from spec.inputs.adapter import Adapter, AdapterError
from spec.inputs.arguments import Variation, draw_arguments
from spec.inputs.formats import FORMATS
from spec.inputs.variations import variations
from spec.language.checked import check as check_algorithm
from spec.language.parse import program
from spec.library import checked
from spec.mistakes.edit import with_rows
from spec.pairing import implementations

OURS = implementations("algorithms")
CHECKED = [id for id in OURS if id not in {"11", "12", "13"}]


@pytest.mark.parametrize("format", ["float64", "float32"])
@pytest.mark.parametrize("id", CHECKED)
def test_the_reference_is_what_it_says(id, format):
    report = check(OURS[id], id, format=format)
    assert report.verdict is Verdict.AGREES, str(report)
    assert report.ratio < 1
    assert not report.explanations


@pytest.mark.parametrize(
    ("function", "verdict", "problem"),
    [
        ("raises", Verdict.RAISES, "raises ValueError: no way (in raises, row"),
        ("exits", Verdict.RAISES, "raises SystemExit: 2"),
        ("hangs", Verdict.HANGS, "gave no result in 0.5 s"),
        ("gives_nan", Verdict.NOT_A_NUMBER, "gives nan for 50 of 50 entries of Ṽ"),
        ("gives_another_shape", Verdict.WRONG_SHAPE, "gives Ṽ of shape (5, 10), not (10, 5)"),
        ("gives_another_dtype", Verdict.WRONG_DTYPE, "gives float32 for float64"),
        ("gives_nothing", Verdict.WRONG_SHAPE, "gives NoneType for Ṽ, not an array of numbers"),
        ("changes_its_arguments", Verdict.MUTATES, "changes its argument X"),
        ("is_random", Verdict.NOT_DETERMINISTIC, "gives two results for the same arguments"),
        ("takes_more", Verdict.DOES_NOT_FIT, "takes_more takes W, which is not an argument of"),
        ("forgets_the_scale", Verdict.DIFFERS, "times the tolerance"),
    ],
)
def test_a_function_that_misbehaves_gets_a_clear_verdict(function, verdict, problem):
    report = check(getattr(attention, function), 4, seconds=0.5)
    assert report.verdict is verdict
    assert problem in report.failed[0].problem
    assert problem in str(report)
    assert not report.passes


def test_what_is_right_passes():
    report = check(attention.attend, 4)
    assert report.verdict is Verdict.AGREES
    assert str(report).startswith("attend is Algorithm 4 (Attention), as far as")
    assert 0 < report.ratio < 1


def test_a_mistake_is_named():
    report = check(attention.masks_transposed, 4)
    assert report.mistakes == [("mask-transposed",)]
    assert (
        "Your function computes Algorithm 4 with the mask transposed, at line 4.5 "
        "(mistake mask-transposed). Line 4.5 reads" in str(report)
    )


def test_the_first_wrong_line_of_a_tagged_function_is_named():
    report = check(attention.tagged, 4)
    assert report.line is not None
    assert report.line.line == "4.2"  # b_k moves no result, and is seen all the same
    assert "First wrong: line 4.2 (K ← W_k Z + b_k 1ᵀ), at tagged" in str(report)


def test_a_change_without_a_name_is_told():
    def minus(X, Z, W, Mask):
        return attention.attend(X, Z, W._replace(b_v=-W.b_v), Mask)

    report = check(minus, 4)
    assert report.mutant is not None
    assert (report.mutant.line, report.mutant.after) == ("4.3", "V ← W_v Z − b_v 1ᵀ")


def test_an_adapter_may_be_a_function():
    def rows(x, z, w, hidden):
        return attention.attend(x.T, z.T, w, ~hidden.T).T

    def adapter(function, given):
        return function(given.X.T, given.Z.T, given.W_qkv, ~given.Mask.T).T

    assert check(rows, 4, adapter=adapter).verdict is Verdict.AGREES


def test_documented_differences_are_no_errors():
    def norm(e, gamma, beta):
        m = e.mean(axis=0)
        v = ((e - m) ** 2).mean(axis=0)
        return (e - m) / np.sqrt(v + 1e-5) * gamma[:, None] + beta[:, None]

    report = check(norm, 6)
    assert report.verdict is Verdict.DEPARTS
    assert report.mistakes == [("norm-epsilon-1e-5",)]
    held = Adapter(
        "named",
        lambda function, given: function(given.e, given.gamma, given.beta),
        values={"ε": 1e-5},
    )
    assert check(norm, 6, adapter=held).verdict is Verdict.AGREES


def test_what_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="there is no Algorithm 99; there are 1, 2"):
        check(attention.attend, 99)
    with pytest.raises(ValueError, match="there is no format float16; there are float64"):
        check(attention.attend, 4, format="float16")
    only = Adapter("single", lambda function, given: None, formats=("float32",))
    with pytest.raises(AdapterError, match="single computes in float32, not float64"):
        check(attention.attend, 4, adapter=only)


# The tolerance ------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", list(FORMATS))
@pytest.mark.parametrize("id", ["3", "4", "5", "6", "7", "9", "10"])
def test_the_tolerance_is_a_multiple_of_the_certified_error(id, format):
    adapter = Adapter("none", lambda function, given: None)
    given = draw_arguments(checked(), id, Variation("usual"), FORMATS[format], adapter)
    found = exact_result(given)
    (leaf,) = floating_point_result(given).arrays
    rough = found.distance({"": leaf.entries.astype(float)}, found.tolerance)
    assert 0 < rough.error <= found.certified_error
    assert found.tolerance == MULTIPLE * found.certified_error
    largest = abs(found.arrays[0].entries.astype(float)).max()
    assert found.certified_error >= FORMATS[format].unit_roundoff * largest


def test_what_is_copied_must_be_exact():
    adapter = Adapter("none", lambda function, given: None)
    for id in ("1", "2"):
        given = draw_arguments(checked(), id, Variation("usual"), FORMATS["float32"], adapter)
        assert exact_result(given).tolerance == 0


@pytest.mark.parametrize("id", CHECKED)
def test_drawn_arguments_are_tried_at_every_edge(id):
    names = [one.name for one in variations(checked(), id)]
    assert len(names) == len(set(names)) or id in {"14", "15"}
    assert names[0] == "all sizes differ"
    if id in {"4", "5"}:
        assert {"ℓ_x = 1", "ℓ_z = 1", "d_attn = 1", "d_out = 1"} <= set(names)
        assert {"a token that may attend to nothing", "a causal mask"} <= set(names)
    if id in {"5", "8", "9", "10"}:
        assert "H = 1" in names


def test_arguments_of_the_same_shapes_are_not_tried_twice():
    fixed = Adapter(
        "of one size",
        lambda function, given: function(given.X, given.Z, given.W_qkv, given.Mask),
        sizes=lambda sizes: {**sizes, "d_x": 3, "d_z": 3, "ℓ_x": 2, "ℓ_z": 2},
    )
    subject = FunctionUnderTest(checked(), "4", attention.attend, fixed, FORMATS["float64"], 10)
    shapes = [trial.arguments.shapes for trial in subject.trials(variations(checked(), "4"))]
    assert len(set(shapes)) < len(list(variations(checked(), "4")))
    edges = [one for one in shapes if shapes.count(one) > 1]
    assert len(edges) <= 3  # those in which the numbers, not the sizes, are the point


# A planted error of 1 % ---------------------------------------------------------------------------


def one_percent_more():
    """Each line that computes numbers, with 1 % more than it should give."""
    for id in ("3", "4", "5", "6", "7", "8", "9", "10"):
        for line in checked()[id].program.layout.lines:
            set, arrow, value = line.text.partition(" ← " if "←" in line.text else " = ")
            if value and not re.search("∞|length|…", value):
                yield f"{id}.{line.number}", f"{set}{arrow}(101 / 100) ({value})"


@pytest.mark.parametrize("format", ["float64", "float32"])
@pytest.mark.parametrize(("line", "text"), list(one_percent_more()), ids=lambda one: one[:5])
def test_an_error_of_one_percent_in_any_line_is_reported(line, text, format):
    id, _, number = line.partition(".")
    rows = with_rows(checked()[id].program.layout, {int(number): text})
    headers = {one.id: one.header for one in checked().values()}
    wrong = {**checked(), id: check_algorithm(program(rows), headers)}

    def function(given):
        (leaf,) = floating_point_result(given, wrong).arrays
        return leaf.entries.astype(given.format.dtype)

    adapter = Adapter("the machine", lambda function, given: function(given))
    subject = FunctionUnderTest(checked(), id, function, adapter, FORMATS[format], 10)
    verdicts = [one.verdict for one in subject.trials(islice(variations(checked(), id), 3))]
    assert Verdict.DIFFERS in verdicts
