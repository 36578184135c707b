"""Do Algorithms 14 and 15 draw the right token, from the right column?"""

from __future__ import annotations

import math
import warnings
from itertools import pairwise

import numpy as np
import pytest
from helpers import generic
from helpers.rounding import assert_close
from hypothesis import given
from hypothesis import strategies as st

from algorithms import (
    DInference,
    DTransformerParameters,
    EDInference,
    EDTransformerParameters,
    LengthLimitWarning,
    NotFiniteError,
    ShapeError,
    sample,
    temper,
)


class Given(np.random.Generator):
    """A source that gives the numbers it was given, so that a draw is known."""

    def __init__(self, *numbers):
        super().__init__(np.random.PCG64(0))
        self.numbers = list(numbers)

    def random(self):
        return self.numbers.pop(0)


@st.composite
def sixtyfourths(draw):
    """Whole numbers whose sum is 64: as probabilities, every sum of them is exact."""
    cuts = sorted(draw(st.lists(st.integers(0, 64), max_size=6)))
    return [high - low for low, high in zip([0, *cuts], [*cuts, 64], strict=True)]


@given(sixtyfourths())
def test_each_token_is_drawn_on_an_interval_as_long_as_its_probability(weights):
    q, grain = np.array(weights) / 64, 2.0**-53  # u is a multiple of 2⁻⁵³
    cumulative = np.cumsum([0, *weights]) / 64
    for token, (low, high) in enumerate(pairwise(cumulative)):
        if low < high:  # the token is drawn where 1 − u lies in (low, high]
            assert sample(q, Given(1 - high)) == token
            assert sample(q, Given(1 - (low + grain))) == token


@pytest.mark.parametrize("u", [0.0, math.nextafter(1, 0)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_token_of_probability_0_is_never_drawn(u, dtype):
    q = np.array([0, 0, 0.1, 0.2, 0.7, 0, 0], dtype)
    assert q[sample(q, Given(u))] > 0


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.sampled_from([0.5, 1.0, 2.0, 4.0]))
def test_temper_is_proportional_to_p_to_the_power_of_1_by_tau(weights, tau):
    p = np.array(weights) / sum(weights)
    powers = np.array([w ** (1 / tau) for w in weights])
    # p has an error of 2u, which the power multiplies by 1/τ; the power has one of its own.
    assert_close(temper(p, tau), powers / powers.sum(), terms=len(weights) + math.ceil(4 / tau))


P = [0.1, 0.5, 0.0, 0.4]


@pytest.mark.parametrize(
    ("p", "tau", "q"),
    [
        *((P, tau, [0, 1, 0, 0]) for tau in (0, 1e-4, 1e-300, 5e-324)),
        (P, math.inf, [0.25] * 4),
        ([0.25, 0.375, 0.375], 0, [0, 1, 0]),  # the first of several that are most likely
    ],
)
def test_temper_has_the_limits_that_the_paper_states(p, tau, q):
    assert temper(np.array(p), tau).tolist() == q


# Algorithm 14 -------------------------------------------------------------------------------------


def test_a_prompt_of_bytes_may_be_continued_with_tokens_that_no_byte_holds():
    theta = generic.theta(DTransformerParameters, N_V=259)
    # The most likely token is the last one, eos: W_u favours it whatever the encoding.
    W_u = 0 * theta.W_u
    theta = theta._replace(W_u=W_u, gamma=0 * theta.gamma, beta=1 + 0 * theta.beta)
    W_u[258] = 1.0
    prompt = np.frombuffer(b"ab", np.uint8)
    assert DInference(prompt, theta, ell_gen=2, tau=0, rng=generic.rng()).tolist() == [258, 258]


@pytest.mark.parametrize("q", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0], [-0.25, 1.0]])
def test_what_is_no_distribution_is_refused(q):
    with pytest.raises(ValueError, match=f"^sample: q has sum {sum(q)} and least entry {min(q)}, "):
        sample(np.array(q), generic.rng())


@pytest.mark.parametrize("tau", [0.0, 1.0, math.inf])
def test_no_token_is_made_of_what_is_no_number(tau):
    theta = generic.theta(DTransformerParameters, N_V=9)
    theta = theta._replace(W_u=theta.W_u * np.nan)
    with pytest.raises(NotFiniteError, match=r"^temper: p holds nan, want numbers$"):
        DInference(np.array([1, 2]), theta, ell_gen=1, tau=tau, rng=generic.rng())


def test_weights_are_of_the_whole_vocabulary():
    theta = generic.theta(DTransformerParameters, N_V=9)
    with pytest.raises(ShapeError, match=r"^weigh: gives \(3,\), want weights of shape \(9,\)"):
        DInference(
            np.array([1, 2]), theta, ell_gen=1, tau=1, rng=generic.rng(), weigh=lambda q: q[:3]
        )


def test_probabilities_in_half_precision_are_added_up_in_float64():
    q = np.full(4096, 2.0**-12, np.float16)  # exact, but in float16 their sum stops at 1/2
    assert sample(q, Given(0.0)) == 4095
    assert sample(q, Given(0.25)) == 3071


# Algorithm 15 -------------------------------------------------------------------------------------


def favouring(token):
    """θ under which one token is by far the most likely, whatever was read."""
    theta = generic.theta(EDTransformerParameters)
    W_u = 0 * theta.W_u
    W_u[token] = 50.0
    *layers, last = theta.decoder_layers
    last = last._replace(gamma5=0 * last.gamma5, beta5=1 + 0 * last.beta5)
    return theta._replace(W_u=W_u, decoder_layers=(*layers, last))


N_V = generic.SIZES["N_V"]


def test_it_starts_with_bos_and_ends_with_eos():
    z = generic.tokens(5)
    x_hat = EDInference(z, favouring(N_V - 1), tau=1.0, rng=generic.rng())
    assert x_hat.tolist() == [N_V - 2, N_V - 1]


def test_token_0_is_a_token_and_does_not_end_or_start_anything():
    with pytest.warns(LengthLimitWarning):
        x_hat = EDInference(generic.tokens(5), favouring(0), tau=0, rng=generic.rng(), ell_gen=3)
    assert x_hat.tolist() == [N_V - 2, 0, 0, 0]
    ended = EDInference(generic.tokens(5), favouring(0), tau=0, rng=generic.rng(), eos_token=0)
    assert ended.tolist() == [N_V - 2, 0]


@pytest.mark.parametrize("ell_gen", [None, 0, 1, 4])
def test_a_bound_that_is_reached_is_said(ell_gen):
    theta = favouring(3)
    with pytest.warns(LengthLimitWarning, match="EDInference: .* tokens, and no eos_token"):
        x_hat = EDInference(generic.tokens(5), theta, tau=0, rng=generic.rng(), ell_gen=ell_gen)
    longest = theta.W_p.shape[1] if ell_gen is None else ell_gen
    assert x_hat.shape == (1 + longest,)


def test_an_end_that_comes_with_the_last_token_is_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        EDInference(generic.tokens(5), favouring(N_V - 1), tau=0, rng=generic.rng(), ell_gen=1)
