"""Are a thousand random prompts continued with a cache as without, token for token?"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from helpers import generic

from algorithms import (
    CachedDInference,
    CachedEDInference,
    CachedLlamaInference,
    CachedMistralInference,
    CachedStreamingInference,
    DInference,
    DTransformerParameters,
    EDInference,
    EDTransformerParameters,
    LengthLimitWarning,
    Llama,
    LlamaParameters,
    Mistral,
    StreamingTransformer,
    initialise,
    sample,
    temper,
)

PROMPTS, EACH = 1_000, 20  # so many prompts of each θ
SMALL = {"N_V": 23, "d_e": 8, "d_mlp": 9, "d_attn": 4, "d_mid": 3}
OMEGA, WINDOW, SINKS = np.array([1.0, 0.125]), 4, 1
WAYS = {"greedy": 0.0, "sampled": 1.0}


def literal(P: Callable[[Any], Any], x: Any, *, ell_gen: int, tau: float, rng: Any) -> Any:
    """Algorithm 14 of another transformer."""
    for _ in range(ell_gen):
        x = np.append(x, sample(temper(P(x)[:, -1], tau), rng))
    return x[-ell_gen:]


def writers(seed: int) -> dict[str, tuple[Callable[..., Any], Callable[..., Any]]]:
    """For each algorithm with a cache, what writes without one, and it."""
    decoder = generic.theta(DTransformerParameters, seed, **SMALL, H=2, L=2, ell_max=20)
    both = generic.theta(EDTransformerParameters, seed, **SMALL, H=2, L_enc=1, L_dec=2, ell_max=20)
    llama = initialise(LlamaParameters, generic.rng(seed), **SMALL, L=2, H_kv=2, R=2)
    llama = generic.redrawn(llama, seed)
    return {
        "K2": (
            lambda x, **how: DInference(x, decoder, **how),
            lambda x, **how: CachedDInference(x, decoder, **how),
        ),
        "K3": (
            lambda x, **how: EDInference(x, both, **how),
            lambda x, **how: CachedEDInference(x, both, **how),
        ),
        "K7": (
            lambda x, **how: literal(lambda x: Llama(x, llama, OMEGA), x, **how),
            lambda x, **how: CachedLlamaInference(x, llama, OMEGA, **how),
        ),
        "K13": (
            lambda x, **how: literal(lambda x: Mistral(x, llama, OMEGA, w=WINDOW), x, **how),
            lambda x, **how: CachedMistralInference(x, llama, OMEGA, w=WINDOW, **how),
        ),
        "K15": (
            lambda x, **how: literal(
                lambda x: StreamingTransformer(x, decoder, k=SINKS, w=WINDOW), x, **how
            ),
            lambda x, **how: CachedStreamingInference(x, decoder, k=SINKS, w=WINDOW, **how),
        ),
    }


def figures(track: Callable[[Iterable[int], str], Iterable[int]]) -> dict[str, Any]:
    """For each algorithm and way: prompts, those continued alike, and how many tokens that is."""
    rows: dict[str, Any] = {}
    for seed in track(range(PROMPTS), "prompts"):
        if seed % EACH == 0:
            pairs = writers(seed)
        x = generic.tokens(2 + seed % 9, N_V=SMALL["N_V"], seed=seed)
        for id, (without, cached) in pairs.items():
            for way, tau in WAYS.items():
                how = {"ell_gen": 8, "tau": tau}
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", LengthLimitWarning)
                    want, got = (f(x, rng=generic.rng(seed), **how) for f in (without, cached))
                row = rows.setdefault(id, {}).setdefault(way, dict.fromkeys(_COUNTED, 0))
                row["prompts"] += 1
                row["alike"] += got.tolist() == want.tolist()
                row["tokens"] += len(want)
    return rows


_COUNTED = ("prompts", "alike", "tokens")
