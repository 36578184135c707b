"""Is what the files say proved, and each error in them refused where it stands?"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest
from helpers.changed_texts import changed, opened, seeds
from hypothesis import given, settings
from hypothesis import strategies as st

from spec.language.checked import Checked
from spec.language.errors import CheckError
from spec.language.header import Header
from spec.language.inference.typing import Obligation
from spec.language.polynomials import Atom, Poly
from spec.language.types import Family
from spec.library import checked, paper, programs

# The files


@pytest.mark.parametrize("id", paper())
def test_an_algorithm_of_the_paper_holds_together(id: str) -> None:
    one = checked()[id]
    assert one.id == id
    claims = [(found.line, str(found.excess)) for found in one.open]
    assert claims == ([(4, "−length(x̂) + ℓ_max")] if id == "15" else [])
    broadcasts = one.typing.broadcasts
    assert broadcasts == ([(3, "e − m")] if id == "6" else [])


@pytest.mark.parametrize("id", programs())
def test_no_unknown_is_left(id: str) -> None:
    typing = checked()[id].typing
    sizes = [obligation.excess for obligation in typing.obligations]
    sizes += [size for _, call in typing.calls.items() for size in call.values()]
    sizes += [end for bound in typing.bounds.values() for end in bound if end is not None]
    assert not [atom for size in sizes for atom in size.atoms if atom.kind == "unknown"]


# Errors planted in them

REFUSED, OPEN = seeds("refused.txt"), seeds("open.txt")


def expected(seed: str, below: str) -> tuple[str, str, str, str]:
    """The algorithm and the place of an error, the text at its column, and the problem."""
    where, problem = below.split(" ⇒ ")
    place, at = where.split(": ", 1) if ": " in where else (seed, where)
    if " heading" in place or " Parameters" in place:
        id, place = place.split(" ")
    else:
        id, _, line = place.partition(".")
        id, place = (id, f"line {line}") if line else (seed, place)
    return id, place, at, problem


@pytest.mark.parametrize(("place", "old", "new", "below"), REFUSED)
def test_an_error_is_refused_where_it_stands(
    place: str, old: str, new: str, below: tuple[str, ...]
) -> None:
    with pytest.raises(CheckError) as caught:
        changed(place, old, new)
    error, (id, where, at, problem) = caught.value, expected(place, *below)
    assert (error.algorithm, error.place, error.problem) == (id, where, problem)
    assert error.text.startswith(at, error.column - 1)
    start = f"Algorithm {id}, {where}, column {error.column}"
    assert str(error) == f"{start}: {problem}, in: {error.text}"
    assert "\n" not in str(error)


@pytest.mark.parametrize(("place", "old", "new", "claims"), OPEN)
def test_what_need_not_hold_is_open(
    place: str, old: str, new: str, claims: tuple[str, ...]
) -> None:
    assert opened(changed(place, old, new)) == claims


def test_every_algorithm_of_the_paper_has_errors_planted() -> None:
    planted = [place.split(".")[0] for place, *_ in REFUSED + OPEN if "." in place]
    assert {*planted} >= {*paper()}
    assert len(planted) > 100


# Requirements

#: Requirements that keep a softmax from dividing 0 by 0: no size depends on them.
SOFTMAX = {(id, f"1 ≤ length({x})") for id in ("8", "9", "10", "X7", "X8") for x in "xz"}
SOFTMAX |= {(f"X{number}", "1 ≤ length(x)") for number in (1, 2, 3, 4, 5, 9)} | {("X2", "1 ≤ w")}
#: One that keeps distances in their order: each column is one of the table all the same.
IN_ORDER = {("R7", "κ ≤ D")}

REQUIRED = [
    (id, requirement.text)
    for id, one in checked().items()
    for requirement in one.header.requirements
    if id in paper() or id[0] in "HRX"
]


@pytest.mark.parametrize(("id", "condition"), REQUIRED)
def test_without_a_requirement_something_is_open(id: str, condition: str) -> None:
    found = opened(changed(id, condition, "0 ≤ 1"))
    assert bool(found) == ((id, condition) not in SOFTMAX | IN_ORDER)


# Proofs against sizes at random


class Instance:
    """Sizes at random that fulfil what an algorithm requires, and a value for each index."""

    def __init__(self, one: Checked, random: Random) -> None:
        self.random = random
        while True:
            self.values: dict[object, int] = {}
            self.draw(one.header.bounds)  # requirements may speak of an input
            if all(self.fulfils(one.header, at) for at in range(len(one.header.requirements))):
                break
        inner = one.typing.bounds.keys() - one.header.bounds.keys()
        self.draw({index: one.typing.bounds[index] for index in inner})

    def draw(self, bounds: Mapping[Atom, tuple[Poly, Poly | None]]) -> None:
        for index, (low, high) in sorted(bounds.items(), key=lambda pair: pair[0].serial):
            try:
                first = self.size(low)
                last = first + 3 if high is None else self.size(high)
            except LookupError:  # it runs within what does not run
                continue
            if first <= last:
                self.values[index] = self.random.randint(first, last)

    def fulfils(self, header: Header, number: int) -> bool:
        requirement = header.requirements[number]
        families = [type for _, type in header.inputs if isinstance(type, Family)]
        if not requirement.over:
            known = {atom for atom in requirement.excess.atoms if atom.kind == "index"}
            return known <= self.values.keys() and self.size(requirement.excess) >= 0
        (index,) = requirement.over
        count = next(self.size(family.count) for family in families if family.index == index)
        members = (requirement.excess.replace({index: Poly.of(at + 1)}) for at in range(count))
        return all(self.size(member) >= 0 for member in members)

    def size(self, size: Poly) -> int:
        return size.value({atom: self.atom(atom) for atom in size.atoms})

    def atom(self, atom: Atom) -> int:
        if atom.kind == "index":
            return self.values[atom]
        member = (atom.name, *map(self.size, atom.at))
        high = {"ℓ_max": 9, "N_data": 3}.get(atom.name, 4)
        return self.values.setdefault(member, self.random.randint(0, high))

    def holds(self, obligation: Obligation) -> bool:
        try:
            excess = self.size(obligation.excess)
        except LookupError:
            return True
        return excess == 0 if obligation.relation == "=" else excess >= 0


@pytest.mark.parametrize("id", programs())
@settings(max_examples=20, deadline=None)
@given(seed=st.integers())
def test_what_is_proved_holds_at_all_sizes(id: str, seed: int) -> None:
    one = checked()[id]
    at = Instance(one, Random(seed))
    assert all(at.holds(found) for found in one.typing.obligations if one.proves(found))


#: What is not proved and always holds: for there is a t, so ℓ_max is not 0.
NEEDLESS = {"2.1: 1 ≤ ℓ_max"}


@pytest.mark.parametrize(("place", "old", "new"), [seed[:3] for seed in OPEN])
def test_what_is_open_is_false_at_some_sizes(place: str, old: str, new: str) -> None:
    one = changed(place, old, new)
    random = Random(0)
    left = {(found.line, found.claim): found for found in one.open}
    for _ in range(300):
        at = Instance(one, random)
        if all(at.holds(found) for found in one.open):
            assert all(at.holds(found) for found in one.typing.obligations)
        left = {key: found for key, found in left.items() if at.holds(found)}
        if not left:
            break
    assert {f"{one.id}.{number}: {claim}" for number, claim in left} <= NEEDLESS
