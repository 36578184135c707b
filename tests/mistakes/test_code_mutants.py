"""Is a small change of the reference seen, and named where it is? `make mutants` tries them all."""

from __future__ import annotations

import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from mutants import code
from mutants.code import REFERENCE, expected, inputs, mutants, source, verdict
from mutants.mutant import Fate, Mutant

from spec.line_by_line.tie import hold_to_lines

KINDS = {
    "add .mT",
    "assign another name",
    "change a number",
    "drop .mT",
    "drop None",
    "drop a call",
    "drop a keyword",
    "drop a sign",
    "drop a subscript",
    "drop an argument",
    "drop an end",
    "drop an operand",
    "drop the statement",
    "exchange a comparison",
    "exchange a field",
    "exchange a flag",
    "exchange a function",
    "exchange a name",
    "exchange an operator",
    "make ∞ finite",
    "swap arguments",
    "swap axes",
    "swap branches",
    "swap operands",
    "swap targets",
}
EVERY = 260


@cache
def survivors() -> dict[tuple[str, str], str]:
    written = Path(code.__file__).with_name("survivors_code.toml").read_text(encoding="utf-8")
    return {(one["line"], one["after"]): one["reason"] for one in tomllib.loads(written)["code"]}


def sample() -> list[Mutant]:
    """One of each kind, one of each function, and some of all."""
    made = list(mutants())
    kinds = {mutant.change: mutant for mutant in made}
    functions = {mutant.line.partition(".")[0]: mutant for mutant in made}
    return list(dict.fromkeys([*kinds.values(), *functions.values(), *made[::EVERY]]))


def by_hand(line: str, before: str, after: str) -> Mutant:
    return Mutant(line, "by hand", before, after)


@pytest.mark.parametrize("mutant", sample(), ids=str)
def test_a_mutant_is_seen_at_its_line_or_known_to_survive(mutant):
    found = verdict(mutant)
    known = (mutant.line, mutant.after) in survivors()
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


def test_there_are_ten_thousand_mutants_and_more():
    assert len(list(mutants())) > 10_000


def test_every_kind_of_change_is_made():
    assert set(Counter(mutant.change for mutant in mutants())) == KINDS


def test_every_tagged_line_of_every_function_has_mutants():
    tagged = {site.lines[0] for id in REFERENCE for site in source(id).sites if site.lines}
    assert {mutant.line for mutant in mutants()} == tagged


def test_no_mutant_is_its_statement_or_another_mutant():
    made = [(mutant.line, mutant.before, mutant.after) for mutant in mutants()]
    assert len(set(made)) == len(made)
    assert all(before != after for _, before, after in made)


def test_the_mutants_are_the_same_each_time():
    assert list(mutants()) == list(mutants())


def test_every_survivor_is_a_mutant_and_has_a_reason():
    made = {(mutant.line, mutant.after) for mutant in mutants()}
    assert survivors().keys() <= made
    assert all(survivors().values())


@pytest.mark.parametrize(
    ("line", "before", "after", "fate", "message"),
    [
        ("4.4", "S = K.mT @ Q", "S = K.mT @", Fate.REFUSED, "SyntaxError"),
        ("4.4", "S = K.mT @ Q", "S = K @ Q", Fate.REFUSED, "ValueError"),
        ("4.4", "S = K.mT @ Q", "S = K.mT @ Q + 1", Fate.NAMED, "line 4.4"),
        ("4.4", "S = K.mT @ Q", "S = (scores := K.mT @ Q)", Fate.SURVIVES, ""),
        ("4.4", "S = K.mT @ Q", "S, V = K.mT @ Q, V + 1", Fate.CAUGHT, "line 4.6"),
        # The header of a loop sets nothing; what the loop does, or leaves undone, is named.
        (
            "14.2",
            "for i in range(ell_gen):",
            "for i in range(ell_gen - 1):",
            Fate.NAMED,
            "line 14.8",
        ),
        # A call is blamed on the statement that makes it.
        (
            "9.6",
            "X = layer_norm(X, gamma1, beta1, eps=eps)",
            "X = layer_norm(X, beta1, gamma1, eps=eps)",
            Fate.NAMED,
            "Algorithm 6",
        ),
        # X keeps what it had; the tie has nothing to compare.
        (
            "9.8",
            "X = layer_norm(X, gamma2, beta2, eps=eps)",
            "Y = layer_norm(X, gamma2, beta2, eps=eps)",
            Fate.NAMED,
            "line 9.8",
        ),
        # What unpacks θ has no tag; the line that uses it is named.
        (
            "9.5",
            "W, gamma1, beta1, gamma2, beta2, *mlp = layer",
            "W, gamma1, beta2, gamma2, beta1, *mlp = layer",
            Fate.NAMED,
            "line 9.6",
        ),
    ],
)
def test_a_verdict_says_who_sees_the_mutant(line, before, after, fate, message):
    found = verdict(by_hand(line, before, after))
    assert found.fate is fate
    assert message in found.message


def test_what_does_not_end_is_refused(monkeypatch):
    monkeypatch.setattr(code, "SECONDS", 0.3)
    found = verdict(by_hand("14.1", "x = as_index(x)", "while True: pass"))
    assert found.fate is Fate.REFUSED
    assert "does not end" in found.message
