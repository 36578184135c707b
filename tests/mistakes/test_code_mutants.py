"""Is a small change of the reference seen, and named where it is? `make mutants` tries them all."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from helpers.cases import REFERENCE
from mutants import code, code_changes
from mutants.code import expected, mutants, verdict
from mutants.code_changes import body_of, single_places
from mutants.code_inputs import inputs
from mutants.mutant import Fate, Mutant, survivors
from mutants.statements import source

from spec.line_by_line.tie import hold_to_lines

EVERY = 260


@cache
def made() -> tuple[Mutant, ...]:
    return tuple(mutants())


def sample() -> list[Mutant]:
    """One of each kind, one of each function, and some of all."""
    kinds = {mutant.change: mutant for mutant in made()}
    functions = {mutant.algorithm: mutant for mutant in made()}
    return list(dict.fromkeys([*kinds.values(), *functions.values(), *made()[::EVERY]]))


def by_hand(line: str, before: str, after: str) -> Mutant:
    return Mutant(line, "by hand", before, after)


@pytest.mark.parametrize("mutant", sample(), ids=str)
def test_a_mutant_is_seen_at_its_line_or_known_to_survive(mutant):
    found = verdict(mutant)
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


def test_there_are_ten_thousand_mutants_and_more():
    assert len(made()) > 10_000


def test_every_kind_of_change_is_made():
    source = Path(code_changes.__file__).read_text(encoding="utf-8")
    kinds = set(re.findall(r'yield (?:from \(\()?"([^"]+)"', source))
    assert len(kinds) > 20
    assert {mutant.change for mutant in made()} == kinds


def test_every_tagged_line_of_every_function_has_mutants():
    tagged = {site.lines[0] for id in REFERENCE for site in source(id).sites if site.lines}
    assert {mutant.line for mutant in made()} == tagged


def test_no_mutant_is_its_statement_or_another_mutant():
    written = [(mutant.line, mutant.before, mutant.after) for mutant in made()]
    assert len(set(written)) == len(written)
    assert all(before != after for _, before, after in written)


def test_the_mutants_are_the_same_each_time():
    assert tuple(mutants()) == made()


# What provably changes nothing is left out.


def test_two_functions_are_one_if_only_their_variables_have_other_names():
    def is_one(first, second):
        return body_of(REFERENCE[first]) == body_of(REFERENCE[second])

    assert [id for id in REFERENCE if is_one("1", id)] == ["1", "2"]
    assert all(is_one(id, id) for id in REFERENCE)
    texts = {mutant.after for mutant in made()}
    assert "X = token_embedding(t, W_p)" not in texts
    assert "X = layer_norm(x, W_e)" in texts


@pytest.mark.parametrize(
    ("statement", "places"),
    [
        ("q = (W_q @ e[..., None])[..., 0]", 1),
        ("q = (W_q @ e[..., None] / math.sqrt(2))[..., 0]", 1),
        ("q = softmax(scores)[..., 0]", 1),  # which end with `q[..., None]` further up
        ("q = (e[..., None] @ W_q)[..., 0]", 0),
        ("q = softmax(alpha_t)[..., 0]", 0),
        ("q = e[..., None, :][..., 0]", 0),
        ("q = e[0]", 0),
    ],
)
def test_the_only_place_of_an_axis_of_length_1_is_found(statement, places):
    assert len(list(single_places(ast.parse(statement), source("3")))) == places


def test_the_variable_of_a_loop_that_nobody_reads_may_have_any_name():
    training = source("13")
    epochs, data = (site for site in training.sites if isinstance(site.node, ast.For))
    assert training.is_unread("i", epochs)
    assert training.is_unread("N_epochs", epochs)
    assert not training.is_unread("n", data)  # it is read
    assert not training.is_unread("N_data", data)  # it is read again in the next epoch
    texts = {mutant.after for mutant in made() if mutant.line == "13.1"}
    assert "for N_epochs in range(N_epochs):" not in texts
    assert "for N_data in range(N_epochs):" in texts


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
