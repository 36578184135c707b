"""Are the laws theorems, and can each of them fail?

The reference is held to them by `checking/test_reference_conforms.py`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import pytest
from helpers.broken_laws import BROKEN, WHOLE, run
from helpers.paper import MODELS, PAPER
from hosts.adapters import ADAPTERS

from spec import library
from spec.checking.check import function_under_test
from spec.inputs.change_parameters import change_parameters
from spec.language.types import Matrix
from spec.laws.evaluated_case import InapplicableError, law_case
from spec.laws.law import all_laws, laws, pseudocode
from spec.mistakes import catalogue, edited

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

#: The host that is least like the reference: rows, fused projections, torch.
HOSTS = {str(id): name for name, (id, *_) in ADAPTERS.items() if name == f"rows {id}"}


def returns_numbers(id):
    return isinstance(library.checked()[id].header.output[1], Matrix)


@cache
def host_case(id):
    """A host's function in float32, unless rounding decides what it returns."""
    _, function, adapter = ADAPTERS[HOSTS[id]]
    format = "float32" if returns_numbers(id) else "float64"
    return law_case(function_under_test(function, id, adapter, format))


@pytest.mark.parametrize(
    ("law", "id"), [pytest.param(law, id, id=f"{id}-{law.id}") for id in HOSTS for law in laws(id)]
)
def test_a_law_holds_of_an_independent_implementation(law, id):
    assert law.failing(host_case(id)) == ""


@pytest.mark.parametrize(
    "id",
    [
        pytest.param(id, marks=[pytest.mark.sweep] * (id in MODELS and id not in PAPER))
        for id in library.checked()
        if laws(id) and returns_numbers(id)
    ],
)
def test_laws_hold_of_the_pseudocode_in_the_coarsest_format(id):
    """Arguments are derived that the format has: what it had not would be rounded, and differ."""
    values = {} if "ε" in map(str, library.checked()[id].header.hyperparameters) else {"ε": 0.0}
    adapter = replace(WHOLE, values=values)
    case = law_case(pseudocode(function_under_test(None, id, adapter, "bfloat16")))
    assert {law.id: law.failing(case) for law in laws(id)} == {law.id: "" for law in laws(id)}


@pytest.mark.parametrize(
    ("law", "broken"),
    [
        pytest.param(law, broken, id=f"{law.id}-{broken.id}-{place}")
        for law in all_laws()
        for place, broken in enumerate(BROKEN[law.id])
    ],
)
def test_a_law_can_fail(law, broken):
    assert broken.id in law.algorithms
    failure = law.failing(law_case(function_under_test(broken.function, broken.id, broken.adapter)))
    assert failure.startswith(("gives ", "writes ")), failure


#: Of these no mistake of the catalogue breaks some laws, or it takes too long to find one.
UNDECIDED = ("8", "9", *(id for id in library.checked() if id.startswith("X")))
#: Of these it takes half a minute each.
OF_HEADS = ("H1", "H2", "H3", "H4", "H5")


def laws_in_doubt(id):
    """The laws of an algorithm that no function above breaks which should be that algorithm."""
    return [law for law in laws(id) if id not in {broken.id for broken in BROKEN[law.id]}]


@pytest.mark.parametrize(
    "id",
    [
        pytest.param(id, marks=[pytest.mark.sweep] if id in (*MODELS, *OF_HEADS, "15") else [])
        for id in library.checked()
        if laws_in_doubt(id) and id not in UNDECIDED
    ],
)
def test_every_law_of_an_algorithm_can_fail_there(id):
    """What breaks it is a mistake of the catalogue, in the algorithm or in one that it calls."""
    doubted = laws_in_doubt(id)
    called = function_under_test(None, id, WHOLE).called
    for mistake in catalogue().values():
        if doubted and mistake.algorithm in called:
            wrong = partial(run, algorithms=edited(mistake, library.checked()))
            case = law_case(function_under_test(wrong, id, WHOLE))
            doubted = [law for law in doubted if not breaks(case, law)]
    assert not doubted


def breaks(case, law):
    try:
        return law.failing(case).startswith(("gives ", "writes "))
    except InapplicableError:
        return False


@pytest.mark.parametrize(
    ("departure", "id", "broken"),
    [
        ("mask-finite", "4", {"a_token_that_may_attend_to_nothing_gets_no_value"}),
        (
            "norm-root-mean-square",
            "6",
            {
                "the_mean_is_0",
                "a_number_added_to_all_activations_changes_nothing",
                "the_norm_is_scaled_by_gamma_then_moved_by_beta",
            },
        ),
        ("logits-scaled", "7", set()),
        ("prompt-returned-14", "14", {"a_longer_continuation_begins_with_the_shorter"}),
    ],
)
def test_a_law_that_a_documented_difference_breaks_does_not_apply(departure, id, broken):
    values = {} if id == "6" else {"ε": 0.0}
    adapter = replace(WHOLE, values=values, departures=(departure,))
    departing = law_case(pseudocode(function_under_test(None, id, adapter)))
    assert inapplicable(departing) == dict.fromkeys(
        broken, "a documented difference breaks this law"
    )


def inapplicable(case):
    """Why laws do not apply, by their ids; the others hold."""
    reasons = {}
    for law in laws(case.arguments.id):
        try:
            assert law.failing(case) == ""
        except InapplicableError as error:
            reasons[law.id] = str(error)
    return reasons


def test_a_law_does_not_apply_to_arguments_that_a_function_cannot_have():
    def tied(fields):
        return {**fields, "W_u": fields["W_e"].T} if "W_u" in fields else fields

    def tie(run):
        return change_parameters(run, tied)

    _, function, adapter = ADAPTERS["columns 10"]
    tied_case = law_case(
        function_under_test(function, 10, replace(adapter, name="tied", inputs=tie))
    )
    assert inapplicable(tied_case) == dict.fromkeys(
        ("without_W_u_all_tokens_are_equally_likely", "a_row_added_to_all_of_W_u_changes_nothing"),
        "a function as tied has no such arguments",
    )


def test_every_law_is_a_sentence_about_algorithms_with_a_name_for_a_test():
    assert len({law.id for law in all_laws()}) == len(all_laws())
    assert BROKEN.keys() == {law.id for law in all_laws()}
    for law in all_laws():
        assert law.statement.endswith(".")
        assert law.id.isidentifier()
        assert law.id.isascii()
        assert law.algorithms
        assert set(law.algorithms) <= set(library.checked())


def test_a_law_does_not_apply_to_arguments_that_no_function_could_break_it_on():
    _, function, adapter = ADAPTERS["columns 5"]
    one_head = replace(adapter, sizes=lambda sizes: {**sizes, "H": 1})
    reasons = inapplicable(law_case(function_under_test(function, 5, one_head)))
    assert reasons == {"heads_may_change_places": "the arguments stay the same"}

    one_token = replace(adapter, sizes=lambda sizes: {**sizes, "ℓ_x": 1})
    reasons = inapplicable(law_case(function_under_test(function, 5, one_token)))
    assert {"tokens_of_X_are_independent", "tokens_of_X_may_change_places"} <= reasons.keys()
