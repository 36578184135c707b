"""Samplers and searches of ours beside those of Hugging Face, and beside what they are to draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from helpers import generic
from helpers.generation_oracle import WAYS, beams_of_gpt2, beams_of_marian
from helpers.rational_chance import law_of_a_step, rational
from helpers.warpers import WEIGHTS, distance

from figures.errors import rounded

DRAWS, STEPS, MODELS = 500, 300, 6
#: The algorithm whose weights are compared with what a warper leaves.
ALGORITHMS = {
    "TemperatureLogitsWarper": "14",
    "TopKLogitsWarper": "S1",
    "TopPLogitsWarper": "S2",
    "MinPLogitsWarper": "S4",
    "all four, one after the other": "14",
}


def figures(track: Callable[[Iterable[Any], str], Iterable[Any]]) -> dict[str, Any]:
    """The largest difference of each warper; how many laws and sequences are the same."""
    weights = [
        {
            "algorithm": ALGORITHMS[name],
            "theirs": name,
            "draws": DRAWS,
            "distance": rounded(max(distance(name, seed) for seed in range(DRAWS))),
        }
        for name in track(WEIGHTS, "weights")
    ]
    exact = sum(is_exact(seed) for seed in track(range(STEPS), "speculative steps"))
    found = [beams_of_gpt2(seed, *way) for seed in track(range(MODELS), "beams") for way in WAYS]
    found += [beams_of_marian(*way) for way in WAYS]
    return {
        "weights": weights,
        "steps": {"drawn": STEPS, "exact": exact},
        "searches": {"drawn": len(found), "alike": sum(ours == theirs for ours, theirs in found)},
    }


def is_exact(seed: int) -> bool:
    """Whether a speculative step draws from p, in rationals."""
    source = generic.rng(seed)
    size = int(source.integers(1, 6))
    p, q = rational(source, size), rational(source, size)
    return law_of_a_step(p, q) == {v: share for v, share in enumerate(p) if share}
