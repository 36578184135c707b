"""Are the data of the examples split, and what they are compared with counted, as is said?"""

from __future__ import annotations

import math
from xml.etree import ElementTree

import numpy as np
import pytest
from helpers import generic

from algorithms import DTransformer, DTransformerParameters
from examples.adamw_run import EPS
from examples.coins import laplace, tosses
from examples.decoder import bits_per_byte
from examples.encoder_decoder import pairs
from examples.line_plot import Line, line_plot, powers, smoothed, ticks
from examples.ngrams import Counts, around, before, best_accuracy, best_bits_per_byte
from examples.prose import prose, windows


def test_no_paragraph_is_both_learnt_and_held_out():
    learnt, held_out = ({*bytes(part.tolist()).split(b"\n\n")} for part in prose())
    assert learnt & held_out == set()
    assert 8 < len(learnt) / len(held_out) < 10


def test_windows_cover_a_text_each_half_of_the_next():
    pieces = windows(np.arange(11), 4)
    assert [piece.tolist() for piece in pieces][:2] == [[0, 1, 2, 3], [2, 3, 4, 5]]
    assert {*np.concatenate(pieces).tolist()} == {*range(11)}
    assert {len(piece) for piece in pieces} == {4}


def test_witten_and_bells_probabilities_sum_to_one():
    text, sizes = b"abracadabra", 4
    counts = Counts(sizes)
    for at, byte in enumerate(text):
        counts.learn(before(text, at, sizes), byte)
    for at in range(len(text) + 1):
        each = [[*counts.probabilities(before(text, at, sizes), byte)] for byte in range(256)]
        assert np.sum(each, axis=0) == pytest.approx(1, abs=256 * 2**-52)


def test_witten_and_bells_mean_is_that_of_its_definition():
    counts = Counts(1)
    for byte in b"aab":
        counts.learn([b""], byte)
    (p,) = counts.probabilities([b""], ord("a"))
    assert p == (2 + 2 / 256) / (3 + 2)


def test_the_longest_context_is_not_the_best_where_nothing_repeats():
    rng = generic.rng(1)
    learnt, held_out = (bytes(rng.integers(97, 101, n).tolist()) for n in (4000, 1000))
    best = best_bits_per_byte(learnt, held_out, 4)
    assert best.size < 2
    assert best.figure == pytest.approx(2, abs=0.05)  # four bytes, equally likely
    assert best_bits_per_byte(b"abcdef" * 200, b"abcdef" * 50, 4).size > 0


def test_a_context_around_a_place_ends_where_a_byte_is_hidden():
    text = [1, 2, 3, 4, 5]
    assert [*around(text, 2, 5, hidden=4)] == [
        ((), ()), ((2,), ()), ((2,), ()), ((1, 2), ()), ((1, 2), ())
    ]  # fmt: skip
    assert [*around(text, 2, 3, hidden=9)][-1] == ((2,), (4,))


def test_what_always_stands_between_two_bytes_is_guessed():
    learnt = [1, 2, 3, 1, 4, 5] * 20
    best = best_accuracy(learnt, [1, 9, 3, 1, 9, 5], [1, 2, 3, 1, 4, 5], hidden=9, sizes=3)
    assert best.figure == 1
    assert best.size == 2


def test_bits_of_a_text_are_those_of_its_bytes_however_it_is_cut():
    theta = generic.theta(DTransformerParameters, N_V=256, ell_max=64, L=1)
    text = generic.tokens(33, N_V=256)
    P = DTransformer(text[:-1], theta, eps=EPS)
    whole = 8 - np.log2(P[text[1:], np.arange(32)]).sum()
    assert bits_per_byte(theta, text, 32) * 33 == pytest.approx(whole, rel=1e-12)
    theta = theta._replace(W_u=0 * theta.W_u)  # every byte as likely as another
    for length in (4, 10, 64):
        assert bits_per_byte(theta, text, length) == pytest.approx(8, rel=1e-12)


def test_laplaces_rule_gives_each_number_of_ones_the_same_weight():
    x = np.array([[2, *(n >> k & 1 for k in range(32))] for n in (0, 1, 2, 2**31)])
    p = laplace(x).prod(axis=1)
    assert p == pytest.approx([1 / (33 * math.comb(32, k)) for k in (0, 1, 1, 1)], rel=1e-13)
    assert tosses(generic.rng(), 5).shape == (5, 33)


def test_every_syllable_has_a_name_and_two_or_three_letters():
    every, N_V = pairs()
    assert len(every) == 11_172
    assert len({tuple(z) for z, _ in every}) == 11_172
    assert {len(x) for _, x in every} == {4, 5}
    assert all((x[0], x[-1]) == (N_V - 2, N_V - 1) for _, x in every)


def test_a_plot_is_xml_and_has_every_line():
    text = line_plot([Line("a & b", [(0, 1), (5, 3)]), Line("c", [(0, 2)])], x="step", y="nats")
    names = [part.text for part in ElementTree.fromstring(text).iter() if part.text]
    assert {"a & b", "c", "step", "nats"} <= {*names}
    assert ticks(0, 3.4) == [0, 1, 2, 3]
    assert smoothed([1.0, 3.0, 5.0, 7.0], points=2) == [(2, 2.0), (4, 6.0)]


def test_a_power_is_a_straight_line_between_logarithmic_axes():
    squares = Line("squares", [(n, n * n) for n in (4, 16, 64)])
    plot = ElementTree.fromstring(line_plot([squares], x="n", y="n²", logarithmic=True))
    (drawn,) = (part for part in plot.iter() if part.tag.endswith("polyline"))
    places = [[float(x) for x in place.split(",")] for place in drawn.attrib["points"].split()]
    assert places[1] == pytest.approx(
        [(a + b) / 2 for a, b in zip(places[0], places[2], strict=True)], abs=0.1
    )
    assert {"16", "100", "1,000"} <= {part.text for part in plot.iter()}
    assert powers(10, 0.02, 100) == [0.1, 1, 10, 100]
