"""Is what a speculative step gives distributed as p? In rationals, through the function itself."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from helpers import generic
from helpers.rational_chance import law, law_of_a_step, rational, step

from algorithms import sample, speculative_step


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
