"""Do the texts of S keep the tokens that their definitions say, and draw as they must?

A token that is drawn is a choice of chance: every choice is made in turn, in rational numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from flint import arb
from helpers.changed_texts import changed

from spec.domains import Floats, UndecidedError
from spec.domains.balls import Balls
from spec.library import checked
from spec.machine import Chance, Machine

#: Of two tokens that are equally likely, some are among the likeliest and some are not.
DISTRIBUTIONS = [(16, 4, 4, 2, 2, 2, 1, 1), (1,), (4, 4, 4, 4), (1, 30, 1), (0, 3, 5, 0)]


def kept(id: str, weights: Sequence[int], **values: float) -> list[int]:
    """The weights that are left, of a distribution that is these weights by their sum."""
    p = np.array(weights) / sum(weights)
    with Balls() as balls:
        q = Machine(checked(), balls).run(id, [p], [], values)
        assert all(one == 0 or one == arb(other) for one, other in zip(q.flat, p, strict=True))
        return [weight for weight, one in zip(weights, q.flat, strict=True) if one != 0]


def surpassing(weights: Sequence[int], one: int) -> list[int]:
    return [other for other in weights if one < other]


@pytest.mark.parametrize("weights", DISTRIBUTIONS)
def test_a_token_stays_that_fewer_than_k_surpass(weights: Sequence[int]) -> None:
    for k in range(len(weights) + 2):
        stay = [one for one in weights if len(surpassing(weights, one)) < k and one]
        assert kept("S1", weights, k=k) == stay


@pytest.mark.parametrize("weights", DISTRIBUTIONS)
def test_a_token_stays_that_less_than_α_surpasses(weights: Sequence[int]) -> None:
    for α in (1 / 8, 0.3, 0.49, 0.51, 0.76, 15 / 16, 0.999):
        least = Fraction(α) * sum(weights)
        stay = [one for one in weights if sum(surpassing(weights, one)) < least and one]
        assert kept("S2", weights, α=α) == stay


@pytest.mark.parametrize("weights", DISTRIBUTIONS)
def test_a_token_stays_that_has_α_of_the_likeliest(weights: Sequence[int]) -> None:
    for α in (1 / 16, 1 / 8, 0.3, 0.51, 0.999):
        stay = [one for one in weights if Fraction(α) * max(weights) <= one and one]
        assert kept("S4", weights, α=α) == stay


def test_the_largest_sum_of_log_probability_and_noise_is_drawn() -> None:
    source = np.random.default_rng(0)
    for _ in range(20):
        p, u = source.dirichlet(np.ones(7)), source.random(7)
        p[source.integers(7)] = 0
        with np.errstate(divide="ignore"):
            largest = 1 + int(np.argmax(np.log(p) - np.log(-np.log(u))))
        for domain in (Floats(), Balls()):
            assert Machine(checked(), domain).run("S3", [p, u]) == largest


def test_of_equal_entries_the_first_is_the_largest() -> None:
    p, u = np.array([0.25, 0.25, 0.25, 0.25]), np.array([0.5, 0.75, 0.75, 0.5])
    assert Machine(checked(), Floats()).run("S3", [p, u]) == 2


@pytest.mark.parametrize("id", ["S1", "S3", "S4"])
def test_what_balls_leave_open_is_not_decided(id: str) -> None:
    p = np.array([arb(0.25, 0.125), arb(0.25, 0.125), arb(0.5)])
    values: dict[str, float] = {"k": 1} if id == "S1" else {"α": 0.5} if id == "S4" else {}
    inputs = [p, np.array([0.5, 0.5, 0.0625])] if id == "S3" else [p]
    with Balls() as balls, pytest.raises(UndecidedError, match="is not decided at 128 bits"):
        Machine(checked(), balls).run(id, inputs, [], values)


# A speculative step --------------------------------------------------------------------------


class Rationals(Floats):
    """Rational numbers: only what a speculative step does with numbers."""

    def real(self, x: float) -> Any:
        return Fraction(x)

    def larger(self, x: Any, y: Any) -> Any:
        return max(x, y)

    def float(self, x: Any) -> Any:
        return x


class EveryChoice(Chance):
    """Choices that are made beforehand, and how probable they are together."""

    def __init__(self, choices: Sequence[int]) -> None:
        super().__init__()
        self.left = list(choices)
        self.probability = Fraction(1)

    def happens(self, probability: Any) -> bool:
        happens = bool(self.left.pop(0))
        self.probability *= probability if happens else 1 - probability
        return happens

    def token(self, q: Any) -> int:
        token = self.left.pop(0)
        self.probability *= q[token - 1]
        return token


def step(p: Sequence[Fraction], q: Sequence[Fraction], algorithms: Any) -> dict[int, Fraction]:
    """How probable each token is after a step, if the draft draws from q."""
    found: dict[int, Fraction] = defaultdict(Fraction)
    tokens = range(1, len(p) + 1)
    columns = [np.array(one, dtype=object) for one in (p, q)]
    for y in (token for token in tokens if q[token - 1]):
        kept = min(Fraction(1), p[y - 1] / q[y - 1])
        choices = [(1,)] if kept == 1 else [(1,), *((0, token) for token in tokens)]
        for made in choices:
            chance = EveryChoice(made)
            drawn = Machine(algorithms, Rationals(), random=chance).run("S6", [*columns, y])
            assert not chance.left
            found[drawn] += q[y - 1] * chance.probability
    return found


def pairs() -> list[tuple[list[Fraction], list[Fraction]]]:
    weights = [one for one in product(range(4), repeat=3) if sum(one)]
    source = np.random.default_rng(0)
    chosen = [weights[at] for at in source.integers(0, len(weights), 40)]
    rational = [[Fraction(one, sum(weight)) for one in weight] for weight in chosen]
    return [*zip(rational[::2], rational[1::2], strict=True), (rational[0], rational[0])]


def test_a_token_of_any_draft_becomes_one_of_p() -> None:
    for p, q in pairs():
        found = step(p, q, checked())
        assert [found[token] for token in range(1, len(p) + 1)] == p


@pytest.mark.parametrize(
    ("line", "old", "new"),
    [
        ("S6.1", "p[y] / q[y]", "q[y]"),
        ("S6.1", "p[y] / q[y]", "p[y]"),
        ("S6.2", "max(0, p[v] − q[v])", "p[v]"),
        ("S6.3", "q ∝ r", "q ∝ p"),
    ],
)
def test_another_rule_draws_otherwise(line: str, old: str, new: str) -> None:
    algorithms = {**checked(), "S6": changed(line, old, new)}
    p, q = (
        [Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)],
        [Fraction(1, 4), Fraction(3, 4), 0 * Fraction(1)],
    )
    found = step(p, q, algorithms)
    assert [found[token] for token in (1, 2, 3)] != p
