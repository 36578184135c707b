"""Is a small change of a line seen, wherever it is made? `make mutants` tries them all."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from importlib import import_module

import pytest
from helpers.cases import REFERENCE
from helpers.paper import PAPER
from mutants.__main__ import DATA, KINDS
from mutants.mutant import Fate, Mutant, survivors
from mutants.spec import verdict

from spec.language.tree import Implied, Sum, walk
from spec.library import checked
from spec.mistakes.mutation_rules import RULES

SAMPLE = 4  # mutants of each rule


@cache
def made(kind: str = "spec") -> tuple[Mutant, ...]:
    return tuple(import_module(f"mutants.{kind}").mutants())


def test_there_are_many_thousands_of_mutants():
    assert len(made()) > 15_000


def test_every_line_that_sets_something_has_mutants():
    lines = {
        f"{id}.{line.number}"
        for id in REFERENCE
        for line in checked()[id].program.lines
        if not line.layout.ends
    }
    assert {mutant.line for mutant in made()} == lines


def test_no_mutant_is_written_like_its_line_or_like_another():
    assert all(mutant.after != mutant.before for mutant in made())
    assert len({(mutant.line, mutant.after) for mutant in made()}) == len(made())


def test_no_mutant_spells_out_how_far_a_sum_runs_already():
    texts = {(mutant.line, mutant.after) for mutant in made()}
    implied = 0
    for id, algorithm in checked().items():
        typing = algorithm.typing
        for line in algorithm.program.lines:
            for node in walk(line.statement):
                if isinstance(node, Sum) and isinstance(node.binder, Implied):
                    (index,) = typing.indices[node.binder]
                    (name,) = node.binder.names
                    spelled = line.layout.text.replace(
                        f"Σ_{name.base}", f"Σ_{{{name.base}=1}}^{{{typing.bounds[index][1]}}}"
                    )
                    assert spelled != line.layout.text
                    assert (f"{id}.{line.number}", spelled) not in texts
                    implied += 1
    assert implied >= 4
    assert ("3.5", "return ṽ = Σ_{t=1}^{d_out} α_t v_t") in texts


@pytest.mark.parametrize("change", RULES)
def test_a_mutant_is_seen_or_known_to_survive(change):
    of = [mutant for mutant in made() if mutant.change == change]
    for place in range(SAMPLE):
        mutant = of[(2 * place + 1) * len(of) // (2 * SAMPLE)]
        if verdict(mutant).fate is Fate.SURVIVES:
            assert (mutant.line, mutant.after) in survivors("spec"), str(mutant)


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
    texts = {(mutant.line, mutant.after) for mutant in made(kind)}
    assert survivors(kind).keys() <= texts
    assert all(reason.strip() for reason in survivors(kind).values())


def test_the_survivors_of_an_algorithm_of_ours_stand_beside_its_text(monkeypatch):
    survivor = {"kind": "spec", "line": "6.1", "after": "m ← 0", "reason": "a reason"}
    monkeypatch.setattr("mutants.mutant.PAPER", [id for id in PAPER if id != "6"])
    monkeypatch.setattr("mutants.mutant.example", lambda _: {"survivor": [survivor]})
    assert survivors("spec")["6.1", "m ← 0"] == "a reason"
    assert ("6.1", "m ← 0") not in survivors("code")


@pytest.mark.parametrize("kind", KINDS)
def test_the_docs_show_the_totals_of_these_mutants(kind):
    """Those of the paper's algorithms; of ours, what there is since `make mutants` was run."""
    shown = json.loads(DATA.read_text(encoding="utf-8"))[kind]["algorithms"]
    now = Counter(mutant.algorithm for mutant in made(kind))
    survive = Counter(line.partition(".")[0] for line, _ in survivors(kind))
    assert set(PAPER) <= shown.keys()
    for id, counts in shown.items():
        assert counts["made"] == now[id], id
        assert counts["survives"] == survive[id], id
