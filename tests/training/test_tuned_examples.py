"""Are the lines and sentences that models are tuned on what is said, and are the counts right?"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from helpers import generic

from algorithms import initialise
from algorithms.checkpoints import BareBERT, BareBERTParameters
from algorithms.extensions.classifier import EClassifier, EClassifierParameters
from examples.adamw_run import EPS
from examples.brackets import changed, hide, labelled
from examples.class_loss import class_loss, right
from examples.code_lines import CLOSING, LONGEST, SHORTEST, Line, Vocabulary, library_lines, lines
from examples.naive_bayes import NaiveBayes, grams
from examples.ngrams import Counts
from examples.odd_lines import best_cut, best_limit, likelihoods
from examples.sentiment import GROUP, Sentence, groups, of_occurring, rated, split, words

PAIRS = dict(zip(CLOSING, "([{", strict=True))


def closes_well(line: Line) -> bool:
    """Does a stack find every bracket closed by its kind?"""
    opened: list[str] = []
    for token in line:
        if token in PAIRS.values():
            opened.append(token)
        elif token in PAIRS and (not opened or opened.pop() != PAIRS[token]):
            return False
    return not opened


def test_a_line_is_cut_into_tokens_until_its_brackets_close(tmp_path: Path) -> None:
    path = tmp_path / "some.py"
    path.write_text("x = 1\ny = f(a[0],\n      'text')  # why\nz.close()\n", "utf-8")
    assert [*lines(path)] == [
        ("y", "=", "f", "(", "a", "[", "0", "]", ",", '""', ")"),
        ("z", ".", "close", "(", ")"),
    ]
    path.write_text("g(a, b)\n  unindented(\n", "utf-8")  # no Python, from its second row on
    assert [*lines(path)] in ([("g", "(", "a", ",", "b", ")")], [])


def test_the_librarys_lines_are_learnt_or_held_out() -> None:
    learnt, held_out = library_lines()
    assert {*learnt}.isdisjoint(held_out)
    assert len({*learnt}) == len(learnt) > 4 * len({*held_out}) > 4000
    for line in held_out:
        assert SHORTEST <= len(line) <= LONGEST
        assert {*CLOSING} & {*line}
        assert closes_well(line)


def test_a_stack_tells_changed_lines_from_others() -> None:
    given: list[Line] = [("f", "(", "a", "[", "0", "]", ")"), ("f", "(", ")", "(", ")")] * 5
    every = labelled(given, generic.rng())
    assert len(every) == 5  # a line of round brackets alone is not asked about
    assert [c for _, c in every] == [0, 1, 0, 1, 0]
    for line, c in every:
        assert closes_well(line) == (c == 0)
        assert sum(a != b for a, b in zip(line, given[0], strict=True)) == c
    found = {changed(given[0], np.random.default_rng(n)) for n in range(100)}
    assert len(found) == 4  # two brackets, each of two other kinds


def test_the_token_that_begins_a_line_is_never_hidden() -> None:
    vocabulary = Vocabulary.of([("a", "a", "(", ")")], 2)
    rows = [vocabulary(("a", "(", ")")), vocabulary(("b",) * 7)]
    assert [row.tolist() for row in rows] == [[4, 0, 1, 2], [4] + [2] * 7]
    for seed in range(20):
        x_tilde, x, a, padding = hide(rows, vocabulary, generic.rng(seed))
        assert (x_tilde[:, 0] == vocabulary.first).all()
        assert padding.sum(axis=1).tolist() == [4, 8]
        assert not a[~padding].any()
        assert not a[:, 0].any()
        assert (x_tilde == x)[~a].all()


def test_naive_bayes_is_its_definition() -> None:
    assert grams("abc", 2) == {("a",), ("b",), ("c",), ("a", "b"), ("b", "c")}
    bayes = NaiveBayes(["ab", "ac", "ab"], [1, 0, 1], 1)
    # Of class 1 are two sentences with four letters in all, of class 0 one with two; three differ.
    odds = (2 / 1) * ((2 + 1) / (4 + 3)) / ((1 + 1) / (2 + 3)) * ((2 + 1) / (4 + 3)) / (1 / (2 + 3))
    assert bayes.log_odds("ab") == pytest.approx(math.log(odds), rel=1e-15 * 16)
    assert bayes.accuracy(["ab", "c", "c"], [1, 0, 1]) == 2 / 3


def test_a_limit_is_the_best_that_there_is() -> None:
    rng = generic.rng()
    for _ in range(50):
        scores, classes = rng.integers(0, 5, 9) + rng.random(9) / 8, rng.integers(0, 2, 9)
        limit = best_limit(scores, classes)
        assert ((scores < limit) == classes).mean() == max(
            ((scores < other) == classes).mean() for other in [*scores, np.inf]
        )


def test_likelihoods_are_those_of_the_tokens_before() -> None:
    counts = Counts(2, symbols=4)
    for token in (1, 2, 1):
        counts.learn([(), (0,)], token)
    p = [(counts_of + 2 * 1 / 4) / (3 + 2) for counts_of in (2, 1)]
    (sum_0, mean_0, least_0, marked_0), _ = likelihoods(counts, (0, 1, 2), 2, marked=[1])
    logs = np.log(p)
    assert [sum_0, mean_0, least_0, marked_0] == pytest.approx(
        [logs.sum(), logs.mean(), logs[1], logs[0]], rel=16 * 2**-52
    )
    (*_, least_of_both), _ = likelihoods(counts, (0, 1, 2), 2, marked=[1, 2])
    assert least_of_both == least_0


def test_counts_find_a_row_odd_that_has_what_never_came() -> None:
    learnt = [(0, 1, 2, 3)] * 20
    rows, classes = [(0, 1, 2, 3), (0, 1, 3, 2)] * 3, [0, 1] * 3
    best = best_cut(learnt, (rows, classes), (rows, classes), symbols=4, sizes=3, marked=[2])
    assert best.figure == 1
    assert best.size > 0


def test_the_loss_of_a_batch_is_the_sum_of_its_lines() -> None:
    theta = initialise(
        EClassifierParameters, generic.rng(), N_V=7, ell_max=4, L=1, H=1, d_e=2, d_mlp=3, d_attn=2,
        d_mid=2, d_f=2, N_C=3,
    )  # fmt: skip
    x, c = np.array([[5, 2, 6], [1, 1, 4]]), np.array([1, 2])
    p = EClassifier(x, theta, eps=EPS)
    assert class_loss(p, c) == pytest.approx(-math.log(p[0, 1]) - math.log(p[1, 2]), rel=8 * 2**-52)
    assert right(np.array([[0.4, 0.6], [0.3, 0.7]]), np.array([1, 0])) == 1


def test_sentences_are_those_that_people_were_decided_about(tmp_path: Path) -> None:
    path = tmp_path / "ratings.txt"
    path.write_text("1\t2.5\tA joy.\n2\t-0.5\tDull\n3\t0.45\tSo so\n4\t2.5\tA joy.\n", "utf-8")
    assert rated(path) == [Sentence("A joy.", 1), Sentence("Dull", 0)]
    assert words("It's a joy.") == ["it's", "a", "joy", "."]
    every = [Sentence(str(n), n % 2) for n in range(57)]
    learnt, held_out = split(every)
    assert len(held_out) == 5
    assert sorted(learnt + held_out) == sorted(every)


def test_a_group_has_sentences_of_like_length_and_their_classes() -> None:
    rng = generic.rng()
    tokens = [rng.integers(1, 9, n) for n in rng.permutation(np.arange(1, 41))]
    sentences = [Sentence(str(n), len(x) % 2) for n, x in enumerate(tokens)]
    every = groups(tokens, sentences)
    assert [len(group.c) for group in every] == [GROUP, GROUP, 8]
    lengths = np.concatenate([group.padding.sum(axis=1) for group in every])
    assert lengths.tolist() == [*range(1, 41)]
    assert (np.concatenate([group.c for group in every]) == lengths % 2).all()


def test_without_tokens_that_never_occur_a_bert_is_the_same() -> None:
    body = initialise(
        BareBERTParameters, generic.rng(), N_V=30, ell_max=9, N_s=2, L=2, H=2, d_e=6, d_mlp=8,
        d_attn=3, d_mid=2,
    )  # fmt: skip
    tokens = [np.array([7, 29, 3]), np.array([3, 3, 11, 0])]
    small, anew = of_occurring(body, tokens)
    assert small.W_e.shape[1] == 5
    assert small.W_p.shape[1] == 4
    for x, y in zip(tokens, anew, strict=True):
        assert (BareBERT(x, body) == BareBERT(y, small)).all()
