"""Is a small change of a line seen, wherever it is made? `make mutants` tries them all."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from importlib import import_module

import pytest
from mutants.__main__ import DATA, KINDS, algorithm, listed
from mutants.mutant import Fate, Mutant
from mutants.spec import mutants, verdict

from spec.library import checked
from spec.mistakes.mutation_rules import RULES

SAMPLE = 4  # mutants of each rule


@cache
def made() -> tuple[Mutant, ...]:
    return tuple(mutants())


def test_there_are_many_thousands_of_mutants():
    assert len(made()) > 15_000


def test_every_line_that_sets_something_has_mutants():
    lines = {
        f"{id}.{line.number}"
        for id, one in checked().items()
        for line in one.program.lines
        if id.isdecimal() and not line.layout.ends
    }
    assert {mutant.line for mutant in made()} == lines


def test_no_mutant_is_written_like_its_line_or_like_another():
    assert all(mutant.after != mutant.before for mutant in made())
    assert len({(mutant.line, mutant.after) for mutant in made()}) == len(made())


@pytest.mark.parametrize("change", RULES)
def test_a_mutant_is_seen_or_known_to_survive(change):
    of = [mutant for mutant in made() if mutant.change == change]
    known = listed("spec")
    for place in range(SAMPLE):
        mutant = of[(2 * place + 1) * len(of) // (2 * SAMPLE)]
        if verdict(mutant).fate is Fate.SURVIVES:
            assert (mutant.line, mutant.after) in known, str(mutant)


@pytest.mark.parametrize("line", ["1.1", "2.1", "3.4", "4.6", "5.2", "6.3", "7.1", "10.6"])
def test_a_line_as_it_is_survives(line):
    id, _, number = line.partition(".")
    written = checked()[id].program.layout.lines[int(number) - 1].text
    assert verdict(Mutant(line, "none", written, written)).fate is Fate.SURVIVES


@pytest.mark.parametrize(
    ("line", "after", "fate", "message"),
    [
        ("4.6", "return Ṽ = V · (S / √d_attn", Fate.REFUSED, "the row ends too early"),
        ("4.4", "S ← Qᵀ K", Fate.REFUSED, "ℓ_x×ℓ_z, not ℓ_z×ℓ_x"),
        ("6.3", "return ê = (e − m)/√(v + ε) ⊙ γ + m", Fate.REFUSED, "added to every entry"),
        ("4.6", "return Ṽ = V · softmax(S / d_attn)", Fate.NAMED, "line 4.6"),
        ("15.3", "while y = eos_token:", Fate.CAUGHT, "line 15.4"),
    ],
)
def test_a_verdict_says_who_sees_the_mutant(line, after, fate, message):
    found = verdict(Mutant(line, "", "", after))
    assert found.fate is fate
    assert message in found.message


@pytest.mark.parametrize("kind", KINDS)
def test_every_listed_survivor_is_a_mutant_and_has_a_reason(kind):
    of = {(mutant.line, mutant.after) for mutant in import_module(f"mutants.{kind}").mutants()}
    for survivor, reason in listed(kind).items():
        assert survivor in of, survivor
        assert reason.strip(), survivor


@pytest.mark.parametrize("kind", KINDS)
def test_the_docs_show_the_totals_of_these_mutants(kind):
    shown = json.loads(DATA.read_text(encoding="utf-8"))[kind]["algorithms"]
    now = Counter(map(algorithm, import_module(f"mutants.{kind}").mutants()))
    assert {id: counts["made"] for id, counts in shown.items()} == now
    survive = Counter(line.partition(".")[0] for line, _ in listed(kind))
    assert {id: counts["survives"] for id, counts in shown.items()} == {
        id: survive[id] for id in shown
    }
