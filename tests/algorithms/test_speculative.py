"""Is what a speculative step gives distributed as p? In rationals, through the function itself."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
import torch
from helpers import generic
from helpers.rational_chance import law, law_of_a_step, rational, step

from algorithms import nucleus, sample, softmax, speculative_step, top_k


@pytest.mark.parametrize("seed", range(40))
def test_the_result_is_distributed_as_p_exactly(seed):
    source = generic.rng(seed)
    size = int(source.integers(1, 6))
    p, q = rational(source, size), rational(source, size)

    assert law_of_a_step(p, q) == {v: share for v, share in enumerate(p) if share}


def test_several_tokens_of_a_draft_ahead_are_distributed_as_the_models():
    """Two tokens ahead of a Markov chain's: what is kept, and the next after all are kept."""
    source = generic.rng(5)
    model, draft = ([rational(source, 3) for _ in range(3)] for _ in range(2))

    def run(course):
        text = [0]
        while len(text) <= 3:
            ahead = [text[-1]]
            for _ in range(2):
                ahead.append(course.token(draft[ahead[-1]]))
            for before, y in pairwise(ahead):
                text.append(step(model[before], draft[before], y, course))
                if text[-1] != y:
                    break
            else:
                text.append(course.token(model[text[-1]]))
        return tuple(text[1:4])

    want = {
        text: model[0][text[0]] * model[text[0]][text[1]] * model[text[1]][text[2]]
        for text in product(range(3), repeat=3)
    }
    assert law(run) == {text: share for text, share in want.items() if share}


def test_a_draft_like_the_model_is_always_kept():
    p = generic.rng(1).dirichlet(np.ones(7))
    source = generic.rng(2)
    assert all(speculative_step(p, p, y, rng=source) == y for y in range(7))


def test_a_draft_that_gives_each_token_more_by_rounding_is_kept():
    """Nothing is lacking then: there is nothing else to draw."""
    p = np.array([0.5, 0.5])
    q = p * (1 + 2.0**-52)
    never = type("Never", (np.random.Generator,), {"random": lambda self: 1 - 2.0**-53})
    assert speculative_step(p, q, 1, rng=never(np.random.PCG64())) == 1


def test_it_keeps_a_token_as_often_as_p_and_q_have_in_common():
    p, q = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.75, 0.0])
    source, times = generic.rng(7), 4000
    drawn = [sample(q, source) for _ in range(times)]
    kept = sum(speculative_step(p, q, y, rng=source) == y for y in drawn)
    common = np.minimum(p, q).sum()
    # Six standard deviations: farther with probability 1/36 at most (Chebyshev).
    assert abs(kept - common * times) < 6 * np.sqrt(times * common * (1 - common))


# What is no distribution --------------------------------------------------------------------------


P = np.array([0.5, 0.25, 0.125, 0.125])


@pytest.mark.parametrize("weigh", [lambda p: top_k(p, k=2), lambda p: nucleus(p, alpha=0.7)])
def test_weights_are_divided_by_their_sum_before_they_are_a_distribution(weigh):
    weights = weigh(P)
    for name, pair in {"p": (weights, P), "q": (P, weights)}.items():
        with pytest.raises(ValueError, match=rf"{name} has sum 0.75, want 1: divide weights by"):
            speculative_step(*pair, 1, rng=generic.rng())
    whole = weights / weights.sum()
    assert speculative_step(whole, P, 0, rng=generic.rng()) == 0
    assert {speculative_step(whole, P, 3, rng=generic.rng(n)) for n in range(20)} == {0, 1}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_sum_that_is_1_but_for_rounding_is_1(dtype):
    for size in (3, 1000):
        p = softmax(generic.matrix(size, 1).astype(dtype))[:, 0]
        assert speculative_step(p, p, 1, rng=generic.rng()) == 1
        assert speculative_step(*[p.astype("float64")] * 2, 1, rng=generic.rng()) == 1
    unit = max(np.finfo(dtype).eps, 2.0**-23)
    with pytest.raises(ValueError, match=r"q has sum"):
        speculative_step(np.ones(1, dtype), np.array([1 - 2 * unit], dtype), 0, rng=generic.rng())


def test_logits_and_logs_are_no_distributions():
    with pytest.raises(ValueError, match=r"p holds -2.*want probabilities .* neither logits nor"):
        speculative_step(np.log(P), P, 1, rng=generic.rng())


def test_a_token_that_the_draft_never_gives_is_refused():
    with pytest.raises(ValueError, match=r"q gives token 1 probability 0.0, want y drawn from q$"):
        speculative_step(np.array([0.5, 0.5]), np.array([1.0, 0.0]), 1, rng=generic.rng())


@pytest.mark.parametrize(("dtype", "unit"), {"float16": 2.0**-10, "bfloat16": 2.0**-7}.items())
def test_in_half_precision_a_sum_is_off_by_more(dtype, unit):
    p = torch.tensor([0.5, 0.5], dtype=getattr(torch, dtype))
    assert speculative_step(p, p * (1 - 2 * unit), 1, rng=generic.rng()) == 1
    with pytest.raises(ValueError, match="q has sum"):
        speculative_step(p, p * (1 - 4 * unit), 1, rng=generic.rng())
