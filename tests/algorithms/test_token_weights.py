"""Do S1 to S5 keep the tokens that they say, and does Gumbel's noise draw from p?"""

from __future__ import annotations

import interegular
import jax
import numpy as np
import pytest
import scipy.integrate
import torch
from helpers import generic
from helpers.warpers import WEIGHTS, distance, distribution, warped
from transformers import TopKLogitsWarper, TopPLogitsWarper

from algorithms import (
    DInference,
    DTransformerParameters,
    EDInference,
    EDTransformerParameters,
    NotFiniteError,
    ShapeError,
    constrained,
    constraint,
    gumbel_max,
    min_p,
    nucleus,
    temper,
    top_k,
)


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize("seed", range(40))
def test_each_leaves_what_hugging_faces_warper_leaves(seed, name):
    assert distance(name, seed) <= 1e-15


def test_the_order_is_the_callers():
    p = np.array([8, 5, 2, 1]) / 16
    assert np.count_nonzero(nucleus(top_k(p, k=2), alpha=0.6)) == 1
    assert np.count_nonzero(top_k(nucleus(p, alpha=0.6), k=2)) == 2


@pytest.mark.parametrize("seed", range(20))
def test_a_parameter_that_leaves_nothing_out_changes_nothing(seed):
    p, _ = distribution(seed)
    for q in (top_k(p, k=len(p)), nucleus(p, alpha=1.0), min_p(p, alpha=0.0)):
        assert np.array_equal(q, p)


def test_a_nucleus_of_all_keeps_a_token_that_no_sum_near_1_could_show():
    p = np.array([1 - 1e-20, 1e-20])
    assert np.array_equal(nucleus(p, alpha=1.0), p)


TIED = np.full(4, 0.25)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_likeliest_token_is_in_every_nucleus(dtype):
    p = np.asarray([0.5, 0.3, 0.2], dtype)
    assert nucleus(p, alpha=1e-17).tolist() == [0.5, 0, 0]


def test_a_nucleus_of_float16_is_added_up_in_more():
    p = np.ones(8192, np.float16) / 8192  # exact; a sum of them in float16 stops at 1/4
    p[0] = 0.0
    assert nucleus(p, alpha=0.125).tolist() == p.tolist()
    p[:4] = 2.0**-11, 0.0, 0.0, 0.0  # the others have 1 − 2⁻¹¹ of 1
    assert (nucleus(p, alpha=2.0**-11) > 0).tolist() == [True] + [False] * 8191


def test_tokens_that_are_equally_likely_stay_together_and_in_hugging_faces_nucleus_do_not():
    assert np.count_nonzero(top_k(TIED, k=2)) == 4
    assert np.count_nonzero(warped(TIED, TopKLogitsWarper(2))) == 4
    assert np.count_nonzero(nucleus(TIED, alpha=0.5)) == 4
    assert np.count_nonzero(warped(TIED, TopPLogitsWarper(0.5))) == 2
    assert np.count_nonzero(min_p(TIED, alpha=1.0)) == 4


@pytest.mark.parametrize(
    "weigh",
    [lambda p: top_k(p, k=3), lambda p: nucleus(p, alpha=0.7), lambda p: min_p(p, alpha=0.3)],
    ids=["top_k", "nucleus", "min_p"],
)
def test_the_weights_do_not_depend_on_the_order_of_tokens_nor_on_a_factor(weigh):
    p, source = distribution(3)
    order = source.permutation(len(p))
    assert np.array_equal(weigh(p[order]), weigh(p)[order])
    assert np.array_equal(weigh(4 * p), 4 * weigh(p))


#: What takes a distribution or weights.
OF_WEIGHTS = {
    "top_k": lambda p: top_k(p, k=2),
    "nucleus": lambda p: nucleus(p, alpha=0.5),
    "min_p": lambda p: min_p(p, alpha=0.5),
    "constrained": lambda p: constrained(p, 0, np.ones((1, 2), bool)),
    "gumbel_max": lambda p: gumbel_max(p, np.full(2, 0.5)),
    "temper": lambda p: temper(p, 0.5),
}


@pytest.mark.parametrize("name", OF_WEIGHTS)
def test_logs_logits_and_nan_are_no_weights(name):
    function, p = OF_WEIGHTS[name], np.array([0.25, 0.75])
    function(p)
    for wrong in (np.log(p), -p, np.array([0.5, -1e-300])):
        with pytest.raises(ValueError, match=rf"^{name}: p holds -.*, want probabilities or wei"):
            function(wrong)
    with pytest.raises(NotFiniteError, match=rf"^{name}: p holds nan, want numbers$"):
        function(np.array([0.5, np.nan]))


def test_a_trace_does_not_know_its_weights():
    p = np.array([0.25, 0.75], np.float32)
    assert jax.jit(OF_WEIGHTS["min_p"])(-p).shape == (2,)


# Gumbel's noise -----------------------------------------------------------------------------------


def test_the_largest_with_gumbel_noise_is_distributed_as_p():
    """Token v is the largest where its noise is g and that of each u is below g + log p_v/p_u."""
    p = generic.rng(1).dirichlet(np.ones(5))

    def density(g, v):
        others = np.delete(p, v)
        return np.exp(-g - np.exp(-g)) * np.prod(np.exp(-np.exp(-g) * others / p[v]))

    law = [
        scipy.integrate.quad(density, -30, 40, (v,), epsabs=1e-13, limit=200)[0] for v in range(5)
    ]
    assert abs(np.array(law) - p).max() < 1e-12


def test_it_takes_the_token_of_which_that_law_is():
    p, g = generic.rng(2).dirichlet(np.ones(6)), generic.matrix(500, 6)
    u = np.exp(-np.exp(-g))
    assert np.array_equal(gumbel_max(np.broadcast_to(p, g.shape), u), (np.log(p) + g).argmax(-1))


def test_a_token_of_probability_0_is_never_the_largest():
    p, u = np.array([0.0, 0.5, 0.5]), np.array([1 - 1e-16, 1e-300, 0.5])
    assert int(gumbel_max(p, u)) == 2


# Constraints --------------------------------------------------------------------------------------

LETTERS = "abc;"  # the last ends a text


def automaton(expression):
    """What is allowed in each state of a regular expression's automaton, and where it leads.

    Of a text there can always be an end: a token is allowed where the automaton then still lives.
    """
    machine = interegular.parse_pattern(expression).to_fsm()
    states = sorted(state for state in machine.states if machine.islive(state))
    states.sort(key=lambda state: state != machine.initial)
    place = {state: n for n, state in enumerate(states)}
    end = len(states)
    a = np.zeros((end + 1, len(LETTERS)), bool)
    delta = np.zeros(a.shape, int)
    for state, n in place.items():
        for v, letter in enumerate(LETTERS[:-1]):
            key = machine.alphabet[letter]
            to = place.get(machine.map.get(state, {}).get(key))
            a[n, v], delta[n, v] = to is not None, to or 0
        a[n, -1], delta[n, -1] = state in machine.finals, end
    a[end, -1], delta[end, -1] = True, end  # after its end a text has ends alone
    return machine, a, delta


@pytest.mark.parametrize("expression", ["(ab|c)*b", "a(b|cc)+", "[abc]?"])
@pytest.mark.parametrize("tau", [0.0, 1.0])
def test_every_constrained_text_is_in_the_language_or_may_still_become_one_of_it(expression, tau):
    machine, a, delta = automaton(expression)
    theta = generic.theta(DTransformerParameters, N_V=len(LETTERS), ell_max=12)
    ended = 0
    for seed in range(12):
        weigh = constraint(a, delta, ell_gen=9, rng=generic.rng(seed), tau=tau)
        rng = generic.rng(seed)
        y = DInference(generic.tokens(2, N_V=4), theta, ell_gen=9, tau=1.0, rng=rng, weigh=weigh)
        text, *ends = "".join(LETTERS[v] for v in y).partition(";")
        if "".join(ends):
            assert machine.accepts(text)
            assert {*"".join(ends)} == {";"}
            ended += 1
        else:
            state = machine.initial
            for letter in text:
                state = machine.map[state][machine.alphabet[letter]]
            assert machine.islive(state)
    assert ended or tau == 0


def test_a_constraint_of_all_tokens_draws_from_p():
    a, delta = np.ones((1, 4), bool), np.zeros((1, 4), int)
    p = np.array([0.5, 0.25, 0.125, 0.125])
    free, bound = generic.rng(3), constraint(a, delta, ell_gen=20, rng=generic.rng(3))
    assert np.array_equal(constrained(p, 0, a), p)
    for _ in range(20):
        assert bound(p)[int(np.searchsorted(np.cumsum(p), 1 - free.random()))] == 1


def test_a_state_that_allows_no_token_is_refused():
    a, delta = np.array([[False, True], [False, False]]), np.array([[0, 1], [0, 0]])
    weigh = constraint(a, delta, ell_gen=9, rng=generic.rng())
    assert weigh(np.array([0.5, 0.5])).tolist() == [0, 1]
    with pytest.raises(ValueError, match=r"^constraint: state 1 allows no token of p$"):
        weigh(np.array([0.5, 0.5]))


def test_a_token_that_p_never_gives_is_none_that_a_state_allows():
    a, delta = np.array([[False, True]]), np.array([[0, 0]])
    with pytest.raises(ValueError, match=r"^constraint: state 0 allows no token of p, which"):
        constraint(a, delta, ell_gen=9, rng=generic.rng())(np.array([1.0, 0.0]))


@pytest.mark.filterwarnings("ignore::algorithms.LengthLimitWarning")
@pytest.mark.parametrize("ends", [True, False])
def test_another_text_asks_for_another_constraint(ends):
    """Where the first one ended by its length, and where by a token."""
    theta = generic.theta(EDTransformerParameters, N_V=7, ell_max=9)
    a, delta = np.zeros((2, 7), bool), np.ones((2, 7), int)
    a[0, 3], a[1, 6 if ends else 4] = True, True
    weigh = constraint(a, delta, ell_gen=5, eos_token=6, rng=generic.rng())

    def written(weigh):
        z = np.array([1, 2])
        y = EDInference(z, theta, tau=1.0, rng=generic.rng(), ell_gen=5, weigh=weigh)
        return y.tolist()

    assert written(weigh) == ([5, 3, 6] if ends else [5, 3, 4, 4, 4, 4])
    with pytest.raises(ValueError, match=r"^constraint: the text has ended, want another constr"):
        written(weigh)


def test_a_state_is_not_read_where_its_token_is_not_allowed():
    a, delta = np.array([[True, False]]), np.array([[0, -1]])
    weigh = constraint(a, delta, ell_gen=1, rng=generic.rng())
    assert weigh(np.array([0.5, 0.5])).tolist() == [1, 0]
    with pytest.raises(IndexError, match=r"^constraint: delta holds state -1, outside 0 … 0 \(N_S"):
        constraint(~a, delta, ell_gen=1, rng=generic.rng())


def test_tables_of_numpy_are_for_a_p_of_any_library():
    a, delta = np.array([[True, False]]), np.array([[0, 0]])
    for asarray in (torch.asarray, jax.numpy.asarray):
        weigh = constraint(a, delta, ell_gen=1, rng=generic.rng())
        p = asarray([0.5, 0.5])
        assert type(weigh(p)) is type(p)


def test_a_p_of_another_vocabulary_is_refused_by_name():
    a, delta = np.ones((1, 4), bool), np.zeros((1, 4), int)
    weigh = constraint(a, delta, ell_gen=5, rng=generic.rng())
    theta = generic.theta(DTransformerParameters, N_V=6, ell_max=12)
    with pytest.raises(
        ShapeError, match=r"^constraint: p has shape \(6,\), want \(N_V,\) where N_V=4"
    ):
        DInference(
            generic.tokens(2, N_V=4), theta, ell_gen=5, tau=1, rng=generic.rng(), weigh=weigh
        )


def test_where_the_caller_is_greedy_the_constraint_has_no_choice_and_says_why():
    a, delta = np.array([[False, True]]), np.array([[0, 0]])
    weigh = constraint(a, delta, ell_gen=2, rng=generic.rng())
    with pytest.raises(ValueError, match="no token of p, which gives one alone: tau = 0 is for"):
        weigh(temper(np.array([0.75, 0.25]), 0))
