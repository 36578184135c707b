"""Do weights written by hand compute what they say, at every length and to the last bit?

What is wanted is computed by a few rows of Python that know nothing of transformers.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from helpers.rounding import gamma

from algorithms import (
    Attention,
    DTransformer,
    DTransformerParameters,
    ETransformer,
    aggregate,
    selector_width,
    unidirectional_mask,
)
from algorithms.programs import (
    dyck_depth_weights,
    histogram_weights,
    induction_weights,
    laplace_weights,
    majority_weights,
    previous_token_weights,
    reverse_weights,
    sort_weights,
)

ELL_MAX, N_V = 40, 6
LENGTHS = range(1, ELL_MAX + 1)


# What is wanted -----------------------------------------------------------------------------------


def previous_token(x):
    return [x[max(t - 1, 0)] for t in range(len(x))]


def induction(x):
    wanted = []
    for t, token in enumerate(x):
        last = max((s for s in range(t) if x[s] == token), default=t - 1)
        wanted.append(x[last + 1])
    return wanted


def majority(x):
    return [int(2 * sum(x[: t + 1]) > t + 1) for t in range(len(x))]


def dyck_depth(x):
    steps = [{0: 1, 1: -1}.get(int(token), 0) for token in x]
    return [2 + max(0, sum(steps[: t + 1])) for t in range(len(x))]


def reverse(x):
    return [*reversed(x)]


def histogram(x):
    begin, *rest = x
    return [begin, *(begin + rest.count(token) for token in rest)]


def in_order(x):
    return [x[0], *sorted(x[1:])]


# Their texts --------------------------------------------------------------------------------------


def any_text(rng, ell):
    return rng.integers(0, N_V, ell)


def bits(rng, ell):
    """Of a coin, or nearly as many ones as zeros, where a majority is narrowest."""
    if rng.random() < 0.5:
        return (rng.random(ell) < rng.random()).astype(int)
    return rng.permutation(np.arange(ell) % 2)


def brackets(rng, ell):
    """Also deep ones, and tokens that are none."""
    return rng.choice([0, 1, 5], ell, p=rng.dirichlet([1, 1, 0.2]))


def ended(rng, ell):
    return np.append(rng.integers(0, N_V - 1, ell - 1), N_V - 1)


def begun(rng, ell):
    """Of few or of many different symbols."""
    return np.append(N_V, rng.integers(0, rng.integers(1, N_V + 1), ell - 1))


SIZES = {"N_V": N_V, "ell_max": ELL_MAX}
SYMBOLS = {"symbols": N_V, "ell_max": ELL_MAX}
#: The weights of each program, what it computes, and of which texts.
PROGRAMS = {
    "previous_token": (previous_token_weights, SIZES, previous_token, any_text),
    "induction": (induction_weights, SIZES, induction, any_text),
    "majority": (majority_weights, {"ell_max": ELL_MAX}, majority, bits),
    "dyck_depth": (dyck_depth_weights, {"ell_max": ELL_MAX}, dyck_depth, brackets),
    "reverse": (reverse_weights, SIZES, reverse, ended),
    "histogram": (histogram_weights, SYMBOLS, histogram, begun),
    "sort": (sort_weights, SYMBOLS, in_order, begun),
}
every_program = pytest.mark.parametrize("name", PROGRAMS)


def run(theta, x):
    decodes = isinstance(theta, DTransformerParameters)
    return (DTransformer if decodes else ETransformer)(x, theta)


def certain(tokens, N_V):
    """P that is 1 at one token of each column, and 0 at all others."""
    return np.moveaxis(np.eye(N_V)[np.asarray(tokens)], -1, -2)


def wrong_lengths(name, theta, lengths=LENGTHS, seeds=range(8)):
    """At which lengths an entry of P differs, by one bit or more."""
    _, _, wanted, text = PROGRAMS[name]
    wrong = set()
    for ell, seed in itertools.product(lengths, seeds):
        x = text(np.random.default_rng([ell, seed]), ell)
        if not np.array_equal(run(theta, x), certain(wanted(x), len(theta.W_u))):
            wrong.add(ell)
    return sorted(wrong)


@every_program
def test_a_program_is_exact_at_every_length(name):
    weights, sizes, _, _ = PROGRAMS[name]
    assert wrong_lengths(name, weights(**sizes)) == []


@every_program
def test_a_program_is_exact_in_float32_too(name):
    weights, sizes, _, _ = PROGRAMS[name]
    theta = weights(**sizes).map(lambda W: W.astype(np.float32))
    assert wrong_lengths(name, theta, seeds=range(2)) == []


#: Of each program all texts of a length, or of a few symbols, that are not too many.
ALL = {
    "previous_token": ({"N_V": 3, "ell_max": 7}, range(1, 8), range(3)),
    "induction": ({"N_V": 3, "ell_max": 7}, range(1, 8), range(3)),
    "majority": ({"ell_max": 12}, range(1, 13), range(2)),
    "dyck_depth": ({"ell_max": 12}, range(1, 13), range(2)),
    "reverse": ({"N_V": 4, "ell_max": 8}, range(8), range(3)),
    "histogram": ({"symbols": 3, "ell_max": 8}, range(8), range(3)),
    "sort": ({"symbols": 3, "ell_max": 8}, range(8), range(3)),
}


@every_program
def test_a_program_is_exact_on_all_texts_of_few_symbols(name):
    weights, _, wanted, _ = PROGRAMS[name]
    sizes, lengths, symbols = ALL[name]
    theta, count = weights(**sizes), 0
    for ell in lengths:
        texts = np.array([*itertools.product(symbols, repeat=ell)], int)
        texts = texts.reshape(len(symbols) ** ell, ell)
        edge = np.full((len(texts), 1), len(symbols))
        if name == "reverse":
            texts = np.hstack([texts, edge])
        if name in {"histogram", "sort"}:
            texts = np.hstack([edge, texts])
        rows = texts.tolist()
        P = run(theta, texts)
        assert np.array_equal(P, certain([wanted(x) for x in rows], len(theta.W_u)))
        count += len(texts)
    if name in {"majority", "dyck_depth"}:
        assert count == 8190


@pytest.mark.parametrize(
    ("name", "ell_max"),
    [(n, m) for n in PROGRAMS for m in (1, 2, 3, 5) if m > 1 or n not in {"histogram", "sort"}],
)
def test_a_program_is_exact_at_its_smallest_sizes(name, ell_max):
    """One token, or one symbol and the beginning."""
    weights, sizes, wanted, text = PROGRAMS[name]
    theta = weights(**{size: {"ell_max": ell_max}.get(size, 1) for size in sizes})
    for ell in range(1, ell_max + 1):
        x = text(np.random.default_rng(ell), ell)
        if "N_V" in sizes:
            x = 0 * x
        elif "symbols" in sizes:
            x = np.append(1, 0 * x[1:])
        else:
            x = np.minimum(x, 1)
        assert np.array_equal(run(theta, x), certain(wanted(x), len(theta.W_u)))


# Each sees a wrong weight -------------------------------------------------------------------------


def with_softer_scores(theta):
    def softer(layer):
        W_qkv = layer.W.W_qkv
        return layer._replace(W=layer.W._replace(W_qkv=W_qkv._replace(W_k=W_qkv.W_k / 1000)))

    return theta._replace(layers=tuple(map(softer, theta.layers)))


def with_softer_logits(theta):
    return theta._replace(W_u=theta.W_u / 100)


def with_softer_thresholds(theta):
    def softer(layer):
        return layer._replace(W_mlp1=layer.W_mlp1 / 100)

    return theta._replace(layers=tuple(map(softer, theta.layers)))


#: What is the same in all programs that have it: scores of 0 have no keys.
SOFTER = {
    with_softer_logits: PROGRAMS,
    with_softer_scores: PROGRAMS.keys() - {"majority", "dyck_depth"},
    with_softer_thresholds: ("dyck_depth", "histogram", "sort"),
}


@pytest.mark.parametrize(
    ("name", "softer"), [(name, change) for change in SOFTER for name in sorted(SOFTER[change])]
)
def test_weights_that_are_too_small_are_seen(name, softer):
    weights, sizes, _, _ = PROGRAMS[name]
    assert wrong_lengths(name, softer(weights(**sizes)), seeds=range(2))


# As RASP says them --------------------------------------------------------------------------------


@pytest.mark.parametrize("ell", [1, 2, 9, ELL_MAX])
def test_the_token_before_is_what_a_selector_aggregates(ell):
    x = any_text(np.random.default_rng(ell), ell)
    t = np.arange(ell)
    A = t[:, None] == np.maximum(t - 1, 0)
    theta = previous_token_weights(**SIZES)
    assert np.array_equal(DTransformer(x, theta), aggregate(A, np.eye(N_V)[:, x]))


@pytest.mark.parametrize("ell", [2, 9, ELL_MAX])
def test_a_histogram_is_the_width_of_a_selector(ell):
    x = begun(np.random.default_rng(ell), ell)
    n = selector_width(x[1:, None] == x[1:])
    P = ETransformer(x, histogram_weights(**SYMBOLS))
    assert np.array_equal(P.argmax(axis=0)[1:] - N_V, n)


def test_where_the_first_is_selected_too_its_mean_says_the_width():
    """So attention counts."""
    rng = np.random.default_rng(0)
    A = rng.random((9, 9)) < 0.4
    A[0] = True
    first = np.eye(1, 9)
    assert np.array_equal(aggregate(A, first)[0], 1 / selector_width(A))


# Laplace's rule -----------------------------------------------------------------------------------

#: Roundings on the way to a mean of n tosses: of log, its exponential and the value of the
#: beginning, of a product and a quotient; two ulps each for log and exp, which no standard bounds.
FIXED = 12


@pytest.mark.parametrize(("ones", "zeros"), [(1.0, 1.0), (0.5, 0.5), (3.0, 0.25)])
@pytest.mark.parametrize("n", range(60))
def test_one_head_is_the_posterior_mean_of_a_coin(n, ones, zeros):
    x = np.append(2, np.random.default_rng(n).integers(0, 2, n))
    X = np.eye(3)[:, x]
    W_qkv = laplace_weights(ones=ones, zeros=zeros)
    k = np.cumsum(x == 1)
    bayes = (k + ones) / (np.arange(n + 1) + ones + zeros)
    found = Attention(X, X, W_qkv, unidirectional_mask(X))[0]
    assert np.all(np.abs(found - bayes) <= gamma(2 * n + FIXED) * bayes)


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "sizes", "message"),
    [
        (previous_token_weights, {"N_V": 0, "ell_max": 4}, "previous_token_weights: "),
        (induction_weights, {"N_V": 4, "ell_max": 0}, "induction_weights: "),
        (majority_weights, {"ell_max": 0}, "majority_weights: "),
        (dyck_depth_weights, {"ell_max": -1}, "dyck_depth_weights: "),
        (reverse_weights, {"N_V": 0, "ell_max": 4}, "reverse_weights: "),
        (histogram_weights, {"symbols": 0, "ell_max": 4}, "histogram_weights: "),
        (sort_weights, {"symbols": 2, "ell_max": 1}, "sort_weights: "),
        (laplace_weights, {"ones": 0.0}, "laplace_weights: "),
        (laplace_weights, {"zeros": -1.0}, "laplace_weights: "),
    ],
)
def test_sizes_that_make_no_sense_are_refused_in_one_line(weights, sizes, message):
    with pytest.raises(ValueError, match=message) as refused:
        weights(**sizes)
    assert "\n" not in str(refused.value)


def test_a_symbol_out_of_range_is_refused_in_one_line():
    theta = previous_token_weights(N_V=4, ell_max=8)
    with pytest.raises(IndexError, match=r"^DTransformer: x holds token 4, outside 0 … 3"):
        DTransformer(np.array([1, 4]), theta)
