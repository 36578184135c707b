"""Is a small change seen, of a line wherever it is made, and of the reference at its line?

`make mutants` tries them all.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from helpers.cases import REFERENCE
from helpers.paper import PAPER
from mutants import code, code_changes
from mutants.__main__ import DATA, KINDS
from mutants.code import expected
from mutants.code_inputs import inputs
from mutants.mutant import Fate, Mutant, Verdict, survivors
from mutants.statements import source

from spec.library import checked
from spec.line_by_line.tie import hold_to_lines
from spec.mistakes.mutation_rules import RULES

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

SAMPLE = 4  # mutants of each rule of the pseudocode
EVERY = 520  # mutant of the reference

every_kind = pytest.mark.parametrize("kind", KINDS)


@cache
def made(kind: str) -> tuple[Mutant, ...]:
    return tuple(import_module(f"mutants.{kind}").mutants())


def verdict(kind: str, mutant: Mutant) -> Verdict:
    found: Verdict = import_module(f"mutants.{kind}").verdict(mutant)
    return found


# Of both


@every_kind
def test_every_line_that_sets_something_has_mutants(kind):
    lines = {
        "spec": {
            f"{id}.{line.number}"
            for id in REFERENCE
            for line in checked()[id].program.lines
            if not line.layout.ends
        },
        "code": {site.lines[0] for id in REFERENCE for site in source(id).sites if site.lines},
    }
    assert {mutant.line for mutant in made(kind)} == lines[kind]


@every_kind
def test_no_mutant_is_written_like_its_line_or_like_another(kind):
    written = [(mutant.line, mutant.before, mutant.after) for mutant in made(kind)]
    assert len(set(written)) == len(written)
    assert all(before != after for _, before, after in written)


@every_kind
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


@every_kind
def test_the_docs_show_the_totals_of_these_mutants(kind):
    """Those of the paper's algorithms; of ours, what there is since `make mutants` was run.

    That what provably changes nothing is left out shows here too: it would be more of them.
    """
    shown = json.loads(DATA.read_text(encoding="utf-8"))[kind]
    now = Counter(mutant.algorithm for mutant in made(kind))
    survive = Counter(line.partition(".")[0] for line, _ in survivors(kind))
    assert set(PAPER) <= shown.keys()
    for id, counts in shown.items():
        assert counts["made"] == now[id], id
        assert counts["survives"] == survive[id], id


def changed(kind: str, line: str, right: str, wrong: str) -> Verdict:
    """What becomes of a line, or of the statement of a line, that reads something else."""
    id, _, number = line.partition(".")
    code = source(id)
    statements = (site.text for site in code.sites if code.line(site) == line)
    written = checked()[id].program.layout.lines[int(number) - 1].text
    (before,) = (one for one in (statements if kind == "code" else [written]) if right in one)
    return verdict(kind, Mutant(line, "by hand", before, before.replace(right, wrong)))


@pytest.mark.parametrize(
    ("kind", "line", "right", "wrong", "fate", "message"),
    [
        ("spec", "4.6", "softmax(S / √d_attn)", "(S / √d_attn", Fate.REFUSED, "ends too early"),
        ("spec", "4.4", "Kᵀ Q", "Qᵀ K", Fate.REFUSED, "ℓ_x×ℓ_z, not ℓ_z×ℓ_x"),
        ("spec", "6.3", "+ β", "+ m", Fate.REFUSED, "added to every entry"),
        ("spec", "4.6", "√d_attn", "d_attn", Fate.NAMED, "line 4.6"),
        ("spec", "15.3", "≠", "=", Fate.CAUGHT, "line 15.4"),
        ("code", "4.4", "@ Q", "@", Fate.REFUSED, "SyntaxError"),
        ("code", "4.4", "K.mT", "K", Fate.REFUSED, "ValueError"),
        ("code", "4.4", "@ Q", "@ Q + 1", Fate.NAMED, "line 4.4"),
        ("code", "4.4", "K.mT @ Q", "(scores := K.mT @ Q)", Fate.SURVIVES, ""),
        ("code", "4.4", "S = K.mT @ Q", "S, V = K.mT @ Q, V + 1", Fate.CAUGHT, "line 4.6"),
        # The header of a loop sets nothing; what the loop does, or leaves undone, is named.
        ("code", "14.2", "ell_gen", "ell_gen - 1", Fate.NAMED, "line 14.8"),
        # A call is blamed on the statement that makes it.
        ("code", "9.6", "gamma1, beta1", "beta1, gamma1", Fate.NAMED, "Algorithm 6"),
        # X keeps what it had; the tie has nothing to compare.
        ("code", "9.8", "X = ", "Y = ", Fate.NAMED, "line 9.8"),
        # What unpacks θ has no tag; the line that uses it is named.
        ("code", "9.5", "beta1, gamma2, beta2", "beta2, gamma2, beta1", Fate.NAMED, "line 9.6"),
    ],
)
def test_a_verdict_says_who_sees_the_mutant(kind, line, right, wrong, fate, message):
    found = changed(kind, line, right, wrong)
    assert found.fate is fate
    assert message in found.message


# Of the pseudocode


@pytest.mark.parametrize("change", RULES)
def test_a_mutant_is_seen_or_known_to_survive(change):
    of = [mutant for mutant in made("spec") if mutant.change == change]
    for place in range(SAMPLE):
        mutant = of[(2 * place + 1) * len(of) // (2 * SAMPLE)]
        if verdict("spec", mutant).fate is Fate.SURVIVES:
            assert (mutant.line, mutant.after) in survivors("spec"), str(mutant)


@pytest.mark.parametrize("line", ["1.1", "2.1", "3.4", "4.6", "5.2", "6.3", "7.1", "10.6"])
def test_a_line_as_it_is_survives(line):
    assert changed("spec", line, "", "").fate is Fate.SURVIVES


# Of the reference


def sample() -> list[Mutant]:
    """One of each kind, one of each function, and some of all."""
    kinds = {mutant.change: mutant for mutant in made("code")}
    functions = {mutant.algorithm: mutant for mutant in made("code")}
    return list(dict.fromkeys([*kinds.values(), *functions.values(), *made("code")[::EVERY]]))


#: Lines that set one entry of what their mutants set whole: the next line that reads it sees that.
SEEN_LATER = {"S7.21": "S7.16"}


@pytest.mark.parametrize("mutant", sample(), ids=str)
def test_a_mutant_is_seen_at_its_line_or_known_to_survive(mutant):
    found = verdict("code", mutant)
    if found.fate is Fate.CAUGHT:
        assert found.message.startswith(f"line {SEEN_LATER[mutant.line]}"), found.message
        return
    known = (mutant.line, mutant.after) in survivors("code")
    assert found.fate in ({Fate.SURVIVES} if known else {Fate.REFUSED, Fate.NAMED}), found.message


@pytest.mark.filterwarnings("ignore::algorithms.LengthLimitWarning")
@pytest.mark.parametrize("id", REFERENCE)
def test_a_copy_ties_where_nothing_is_changed(id):
    held, lines = expected(id, 0)
    sites = source(id).sites
    for site in {sites[0], sites[len(sites) // 2], sites[-1]}:
        tie = hold_to_lines(held, source(id).build(site, site.text))
        assert not tie.differences
        assert set(tie.observed) == lines


@pytest.mark.filterwarnings("ignore::algorithms.LengthLimitWarning")
@pytest.mark.parametrize("id", ["5", "9", "15"])
def test_every_input_ties_where_nothing_is_changed(id):
    for place in range(len(inputs(id))):
        expected(id, place)  # it says so itself


def test_every_kind_of_change_is_made():
    source = Path(code_changes.__file__).read_text(encoding="utf-8")
    kinds = set(re.findall(r'yield (?:from \(\()?"([^"]+)"', source))
    assert len(kinds) > 20
    assert {mutant.change for mutant in made("code")} == kinds


def test_what_does_not_end_is_refused(monkeypatch):
    monkeypatch.setattr(code, "SECONDS", 0.3)
    found = changed("code", "14.1", "x = as_index(x)", "while True: pass")
    assert found.fate is Fate.REFUSED
    assert "does not end" in found.message
