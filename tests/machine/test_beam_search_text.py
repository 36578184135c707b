"""Does the text of beam search find what sorted lists of candidates find?"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from helpers.runs import drawn, run

from spec.domains import Floats
from spec.inputs.draw import Inputs
from spec.library import checked
from spec.machine import Machine

SIZES = {"N_V": 4, "L_enc": 1, "L_dec": 1, "H": 2, "length(z)": 3}
BOS, EOS = 4, 2
Scores = Callable[[tuple[int, ...]], Any]


def inputs_of(seed: int, values: dict[str, Any]) -> Inputs:
    inputs = drawn("S7", seed, **SIZES)
    chosen = {"bos_token": BOS, "eos_token": EOS, "ℓ_gen": 3, "α": 0.0, **values}
    return Inputs(inputs.inputs, (), {**inputs.hyperparameters, **chosen})


def scores(inputs: Inputs) -> Scores:
    """The log-probabilities of the tokens that may follow some, by Algorithm 8."""
    z, theta = inputs.inputs
    machine: Machine[Any] = Machine(checked(), Floats())

    def of(tokens: tuple[int, ...]) -> Any:
        P = machine.run("8", [z, [BOS, *tokens]], [theta], inputs.hyperparameters)
        return np.log(P[:, -1].astype(float))

    return of


def by_sorting(inputs: Inputs) -> list[int]:
    """Beam search over lists of candidates: those that end leave, if they are among the best."""
    of, chosen = scores(inputs), inputs.hyperparameters
    B, α = chosen["B"], chosen["α"]
    beams: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    done: list[tuple[float, tuple[int, ...]]] = []
    for length in range(1, chosen["ℓ_gen"] + 1):
        longer = [
            (score + more, (*tokens, v))
            for score, tokens in beams
            for v, more in enumerate(of(tokens), 1)
        ]
        longer.sort(reverse=True)
        done += [(score / length**α, y) for score, y in longer[:B] if y[-1] == EOS]
        beams = [(score, y) for score, y in longer if y[-1] != EOS][:B]
    done += [(score / len(y) ** α, y) for score, y in beams]
    return [BOS, *max(done)[1]]


@pytest.mark.parametrize("α", [0.0, 1.0])
def test_it_is_found_among_sorted_candidates(α: float) -> None:
    lengths = set()
    for seed, B in product(range(4), (1, 3)):
        inputs = inputs_of(seed, {"B": B, "α": α})
        found = run("S7", inputs)
        assert found == by_sorting(inputs)
        lengths.add(len(found))
    assert len(lengths) > 1


def test_one_beginning_is_the_likeliest_token_each_time() -> None:
    inputs = inputs_of(3, {"B": 1})
    of, tokens = scores(inputs), ()
    while len(tokens) < 3 and (not tokens or tokens[-1] != EOS):
        tokens = (*tokens, 1 + int(np.argmax(of(tokens))))
    assert run("S7", inputs) == [BOS, *tokens]


def test_where_every_beginning_is_kept_the_best_of_all_texts_is_found() -> None:
    inputs = inputs_of(1, {"B": 12, "ℓ_gen": 2})
    of = scores(inputs)
    others = [v for v in range(1, 5) if v != EOS]
    texts = [(*y, end) for n in range(2) for y in product(others, repeat=n) for end in (EOS,)]
    texts += list(product(others, repeat=2))
    best = max(texts, key=lambda y: sum(of(y[:n])[v - 1] for n, v in enumerate(y)))
    assert run("S7", inputs) == [BOS, *best]
