"""Do Algorithms 14 and 15 draw the right token, from the right column?"""

from __future__ import annotations

import math
import warnings
from itertools import pairwise

import numpy as np
import pytest
from helpers import generic
from helpers.rounding import assert_close, gamma
from hypothesis import given
from hypothesis import strategies as st

from algorithms import (
    DInference,
    DTransformer,
    DTransformerParameters,
    EDInference,
    EDTransformer,
    EDTransformerParameters,
    LengthLimitWarning,
    sample,
    temper,
)
from algorithms.paper import inference


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


def test_over_all_64ths_each_token_comes_as_often_as_its_probability_says():
    q = np.array([5, 0, 17, 1, 41]) / 64
    drawn = [sample(q, Given(k / 64)) for k in range(64)]
    assert [drawn.count(token) for token in range(5)] == [5, 0, 17, 1, 41]


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


def test_temper_has_the_limits_that_the_paper_states():
    p = np.array([0.1, 0.5, 0.0, 0.4])
    assert temper(p, 0).tolist() == [0, 1, 0, 0]
    assert_close(temper(p, 1.0), p, terms=len(p) + 4)
    assert temper(p, math.inf).tolist() == [0.25] * 4


def test_a_tiny_tau_neither_overflows_nor_warns():
    p = np.array([0.1, 0.5, 0.0, 0.4])
    for tau in (1e-4, 1e-300, 5e-324):
        assert temper(p, tau).tolist() == [0, 1, 0, 0]


def test_of_several_most_likely_tokens_tau_0_takes_the_first():
    assert temper(np.array([0.25, 0.375, 0.375]), 0).tolist() == [0, 1, 0]


# Algorithm 14 -------------------------------------------------------------------------------------


def test_tau_0_continues_with_the_most_likely_token_each_time():
    theta, x = generic.theta(DTransformerParameters), generic.tokens(4)
    y, longer = DInference(x, theta, ell_gen=6, tau=0, rng=generic.rng()), x
    for token in y:
        assert token == DTransformer(longer, theta)[:, -1].argmax()
        longer = np.append(longer, token)


def test_each_token_is_drawn_from_the_column_of_the_last_token():
    theta, x, numbers = generic.theta(DTransformerParameters), generic.tokens(4), [0.9, 0.1, 0.5]
    y, longer = DInference(x, theta, ell_gen=3, tau=0.7, rng=Given(*numbers)), x
    for token, u in zip(y, numbers, strict=True):
        q = temper(DTransformer(longer, theta)[:, -1], 0.7)
        assert token == sample(q, Given(u))
        longer = np.append(longer, token)


def test_a_prompt_of_bytes_may_be_continued_with_tokens_that_no_byte_holds():
    theta = generic.theta(DTransformerParameters, N_V=259)
    # The most likely token is the last one, eos: W_u favours it whatever the encoding.
    W_u = 0 * theta.W_u
    theta = theta._replace(W_u=W_u, gamma=0 * theta.gamma, beta=1 + 0 * theta.beta)
    W_u[258] = 1.0
    prompt = np.frombuffer(b"ab", np.uint8)
    assert DInference(prompt, theta, ell_gen=2, tau=0, rng=generic.rng()).tolist() == [258, 258]


def test_the_longest_continuation_reads_ell_max_tokens():
    theta, x = generic.theta(DTransformerParameters), generic.tokens(4)
    ell_max = theta.W_p.shape[1]
    y = DInference(x, theta, ell_gen=ell_max - 4 + 1, tau=1.0, rng=generic.rng())
    assert y.shape == (ell_max - 3,)


def test_nothing_is_generated_where_nothing_is_asked():
    theta, x = generic.theta(DTransformerParameters), generic.tokens(4)
    assert DInference(x, theta, ell_gen=0, tau=1.0, rng=Given()).shape == (0,)


@pytest.mark.parametrize("ell_gen", [9, 100])
def test_a_continuation_past_ell_max_is_refused_before_the_first_step(ell_gen):
    theta, x = generic.theta(DTransformerParameters), generic.tokens(4)
    with pytest.raises(ValueError, match="ell_gen"):
        DInference(x, theta, ell_gen=ell_gen, tau=1.0, rng=Given())


def test_the_activation_is_that_of_the_model():
    theta, x, seen = generic.theta(DTransformerParameters), generic.tokens(4), []

    def activation(X):
        seen.append(X.shape)
        return X * 0.5

    DInference(x, theta, ell_gen=2, tau=0, rng=generic.rng(), activation=activation)
    assert seen == [(13, 4)] * 2 + [(13, 5)] * 2
    seen.clear()
    ed = generic.theta(EDTransformerParameters)
    with pytest.warns(LengthLimitWarning):
        EDInference(x, ed, ell_gen=1, tau=0, rng=generic.rng(), activation=activation, eos_token=3)
    assert seen == [(13, 4)] * 2 + [(13, 1)] * 2


@pytest.mark.parametrize("q", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_what_is_no_distribution_is_refused(q):
    with pytest.raises(ValueError, match="sample: q sums to"):
        sample(np.array(q), generic.rng())


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


def test_each_token_is_the_most_likely_after_those_before_it():
    theta, z = generic.theta(EDTransformerParameters), generic.tokens(5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LengthLimitWarning)
        x_hat = EDInference(z, theta, tau=0, rng=generic.rng())
    assert len(x_hat) > 2
    for t in range(1, len(x_hat)):
        assert x_hat[t] == EDTransformer(z, x_hat[:t], theta)[:, -1].argmax()


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


def test_a_bound_past_ell_max_is_refused_before_the_first_step(monkeypatch):
    monkeypatch.setattr(inference, "EDTransformer", None)
    theta = generic.theta(EDTransformerParameters)
    with pytest.raises(ValueError, match="ell_gen <= ell_max"):
        EDInference(generic.tokens(5), theta, tau=0, rng=generic.rng(), ell_gen=12)


def test_the_start_and_the_end_may_be_chosen():
    x_hat = EDInference(
        generic.tokens(5), favouring(4), tau=0, rng=generic.rng(), bos_token=7, eos_token=4
    )
    assert x_hat.tolist() == [7, 4]


def test_tempered_probabilities_sum_to_1():
    p = temper(generic.rng().random(50_000), 0.5)
    assert abs(math.fsum(p) - 1) <= 2 * gamma(50_000)
