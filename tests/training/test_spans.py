"""Are spans left out as T5 and UL2 leave them out, and each way to cut as likely as any other?"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import groupby, product

import numpy as np
import pytest
from helpers import generic

from algorithms.extensions.spans import UL2_DENOISERS, denoise, random_spans, span_corruption

FIRST, SIZE = 99, 100  # the first sentinel; the tokens of a text are below 50


def texts(number):
    """Texts of one token and more, and what is left out of each: in turn much and little."""
    for seed in range(number):
        source = generic.rng(seed)
        ell = int(source.integers(1, 24))
        a = source.random(ell) < (0.15, 0.5, 0.9)[seed % 3]
        yield source.integers(0, 50, ell), a


def restored(x_tilde, y):
    """The text: in the input each sentinel gives way to what follows it in the target."""
    spans = {}
    for token in y.tolist():
        if token >= 50:
            last = spans.setdefault(token, [])
        else:
            last.append(token)
    return [one for token in x_tilde.tolist() for one in spans.get(token, [token])]


def test_the_text_can_be_told_from_input_and_target():
    for x, a in texts(2_000):
        x_tilde, y = span_corruption(x, a, FIRST, N_V=SIZE)
        assert restored(x_tilde, y) == x.tolist()


def test_input_and_target_are_as_long_as_tokens_and_runs_say():
    for x, a in texts(200):
        runs = sum(is_out for is_out, _ in groupby(a.tolist()))
        x_tilde, y = span_corruption(x, a, FIRST, N_V=SIZE)
        assert len(x_tilde) == (~a).sum() + runs
        assert len(y) == a.sum() + runs + 1
        sentinels = [FIRST - place for place in range(runs + 1)]
        assert x_tilde[x_tilde >= 50].tolist() == sentinels[:-1]
        assert y[y >= 50].tolist() == sentinels


def marked(x, a):
    """T5's own form, of arrays: each run of a becomes one token, the largest ID minus its number.

    What it says of the input it says of the target too, where the other tokens are left out.
    """
    before = np.append(False, a[:-1])
    begins = a > before
    return np.where(begins, FIRST + 1 - np.cumsum(begins), x)[begins | ~a]


def test_input_and_target_are_those_of_t5():
    compared = 0
    for x, a in texts(3_000):
        if a[0]:  # T5's target does not say which sentinel a run is of that begins the text
            continue
        compared += 1
        x_tilde, y = span_corruption(x, a, FIRST, N_V=SIZE)
        assert x_tilde.tolist() == marked(x, a).tolist()
        theirs = marked(x, ~a).tolist()
        if a[-1]:
            theirs.append(FIRST - (x_tilde >= 50).sum())
        assert y.tolist() == theirs
    assert compared >= 1_000


# Spans at random ----------------------------------------------------------------------------------


def runs_of(a, kind):
    return [len([*run]) for is_out, run in groupby(a.tolist()) if is_out is kind]


@pytest.mark.parametrize(
    ("ell", "r", "mu", "n", "k"),
    [
        (2, 0.15, 3, 1, 1),
        (9, 0.4, 1.5, 4, 3),
        (9, 0.9, 1, 8, 1),
        (20, 0.5, 1, 10, 10),
        (100, 0.15, 3, 15, 5),
        (100, 0.25, math.inf, 25, 1),
        (512, 0.15, 3, 77, 26),
        (512, 0.5, 64, 256, 4),
    ],
)
def test_as_many_tokens_are_left_out_in_as_many_runs_as_is_asked(ell, r, mu, n, k):
    for seed in range(60):
        a = random_spans(np.zeros(ell, int), r=r, mu_span=mu, rng=generic.rng(seed))
        assert sum(runs_of(a, True)) == n
        assert len(runs_of(a, True)) == len(runs_of(a, False)) == k
        assert not a[0]
        assert a[-1]


class Decided(np.random.Generator):
    """Decisions that are made before, and the probability of all of them together."""

    def __init__(self, decisions):
        super().__init__(np.random.PCG64(0))
        self.decisions, self.probability = iter(decisions), Fraction(1)

    def random(self):
        return self

    def __lt__(self, p):
        p = Fraction(p).limit_denominator(1000)
        decision = next(self.decisions)
        self.probability *= p if decision else 1 - p
        return decision


@pytest.mark.parametrize(("ell", "r", "mu", "n", "k"), [(8, 0.5, 2, 4, 2), (9, 0.4, 1.5, 4, 3)])
def test_all_ways_to_cut_are_equally_likely(ell, r, mu, n, k):
    found = {}
    for decisions in product([False, True], repeat=ell):
        rng = Decided(decisions)
        a = random_spans(np.zeros(ell, int), r=r, mu_span=mu, rng=rng)
        if rng.probability:
            key = tuple(a.tolist())
            found[key] = found.get(key, 0) + rng.probability
    ways = math.comb(n - 1, k - 1) * math.comb(ell - n - 1, k - 1)
    assert len(found) == ways
    assert set(found.values()) == {Fraction(1, ways)}


# UL2 ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("denoiser", UL2_DENOISERS, ids=str)
def test_each_task_of_ul2_is_spans_and_a_token_in_front(denoiser):
    mode, r, mu = denoiser
    x = generic.tokens(40, N_V=50)
    options = {"r": r, "mu_span": mu}
    x_tilde, y = denoise(x, FIRST, N_V=SIZE, mode_token=60, rng=generic.rng(3), **options)
    a = random_spans(x, rng=generic.rng(3), **options)
    inner, target = span_corruption(x, a, FIRST, N_V=SIZE)
    assert x_tilde.tolist() == [60, *inner.tolist()]
    assert y.tolist() == target.tolist()
    if mode == "S":  # a prefix, and what follows it
        assert x_tilde.tolist() == [60, *x[:30].tolist(), FIRST]
        assert y.tolist() == [FIRST, *x[30:].tolist(), FIRST - 1]


def test_the_tasks_are_those_of_the_table():
    regular, extreme = {(3, 0.15), (8, 0.15)}, {(3, 0.5), (8, 0.5), (64, 0.15), (64, 0.5)}
    by_mode = {mode: {(mu, r) for name, r, mu in UL2_DENOISERS if name == mode} for mode in "RSX"}
    assert by_mode == {"R": regular, "S": {(math.inf, 0.25)}, "X": extreme}
    assert len(UL2_DENOISERS) == 7
