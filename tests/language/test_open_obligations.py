"""Is what is open declared, and what is declared open?"""

import pytest
from helpers.changed_texts import changed

from spec.errata import errata
from spec.language.inference.typing import Obligation
from spec.language.open_obligations import Balance, DeclarationError, Declared, balance, declared
from spec.language.polynomials import Atom, Poly
from spec.language.tree import Number
from spec.library import checked

x, bound = Poly.of(Atom("length(x̂)", "index", 3)), Poly.of(Atom("ℓ_max"))
OPEN = Obligation(4, "length(x) ≤ ℓ_max", "≥", bound - x, Number(1))
DECLARED = Declared(4, "length(x̂) ≤ ℓ_max", "A5")


@pytest.mark.parametrize("id", checked())
def test_of_the_files_what_is_open_is_declared_and_the_other_way_round(id: str) -> None:
    found = balance(checked()[id].open, declared(checked()[id]))
    assert found.holds
    assert len(found.known) == len(list(checked()[id].program.section("Open")))


def test_a_declaration_cites_an_erratum_that_touches_the_algorithm() -> None:
    for id, one in checked().items():
        for each in declared(one):
            assert id in {place.split(".")[0] for place in errata()[each.erratum].lines}


@pytest.mark.parametrize(
    ("obligations", "declarations", "balanced"),
    [
        ([OPEN], [DECLARED], Balance(known=((OPEN, DECLARED),))),
        ([OPEN], [], Balance(unexpected=(OPEN,))),
        ([], [DECLARED], Balance(outdated=(DECLARED,))),
        ([OPEN, OPEN], [DECLARED, DECLARED], Balance(known=((OPEN, DECLARED),) * 2)),
    ],
)
def test_what_is_open_is_set_against_what_is_declared(
    obligations: list[Obligation], declarations: list[Declared], balanced: Balance
) -> None:
    found = balance(obligations, declarations)
    assert found == balanced
    assert found.holds == (not balanced.unexpected and not balanced.outdated)


@pytest.mark.parametrize(
    "other",
    [
        Declared(5, "length(x̂) ≤ ℓ_max", "A5"),
        Declared(4, "length(x̂) + 1 ≤ ℓ_max", "A5"),
        Declared(4, "length(x) ≤ ℓ_max", "A5"),
        Declared(4, "ℓ_max ≤ length(x̂)", "A5"),
    ],
    ids=lambda one: f"{one.condition} at {one.line}",
)
def test_another_line_or_condition_is_another_declaration(other: Declared) -> None:
    assert balance([OPEN], [other]) == Balance(unexpected=(OPEN,), outdated=(other,))


@pytest.mark.parametrize(
    "condition",
    ["length(x̂) + 1 ≤ ℓ_max + 1", "length(x̂) − ℓ_max ≤ 0", "2 length(x̂) ≤ length(x̂) + ℓ_max"],
)
def test_a_condition_may_be_written_in_several_ways(condition: str) -> None:
    assert balance([OPEN], [Declared(4, condition, "A5")]).holds


@pytest.mark.parametrize("condition", ["length(x̂) = ℓ_max", "√ℓ ≤ 2", "x[1] ≤ 2"])
def test_what_is_no_condition_on_sizes_is_refused(condition: str) -> None:
    with pytest.raises(DeclarationError, match=r"not a size|not written with ≤"):
        balance([OPEN], [Declared(4, condition, "A5")])


# In the text of an algorithm


def test_a_proof_that_is_found_is_seen() -> None:
    required = "Requires: 1 ≤ length(x), length(x) ≤ ℓ_max"
    one = changed("10", required, f"{required}\nOpen: length(x) ≤ ℓ_max at line 2 (A5)")
    (outdated,) = balance(one.open, declared(one)).outdated
    assert outdated == Declared(2, "length(x) ≤ ℓ_max", "A5")
