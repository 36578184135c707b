"""Hugging Face's warpers of scores, beside our weights of tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from transformers import (
    MinPLogitsWarper,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from algorithms import min_p, nucleus, temper, top_k
from helpers import generic


def distribution(seed: int) -> tuple[Any, Any]:
    """A distribution on up to 39 tokens, flat or peaked, and a source of more numbers."""
    source = generic.rng(seed)
    alpha = source.choice([0.1, 1, 10])
    return source.dirichlet(np.full(source.integers(2, 40), alpha)), source


def warped(p: Any, *warpers: Any) -> Any:
    """What one warper leaves of a distribution, or several one after the other."""
    with np.errstate(divide="ignore"):
        scores = torch.from_numpy(np.log(p))[None]
    for warper in warpers:
        scores = warper(None, scores)
    return torch.softmax(scores, -1)[0].numpy()


def _top_k(p: Any, source: Any) -> tuple[Any, Any]:
    k = int(source.integers(1, len(p) + 1))
    return top_k(p, k=k), warped(p, TopKLogitsWarper(k))


def _nucleus(p: Any, source: Any) -> tuple[Any, Any]:
    alpha = source.uniform(0.01, 0.99)
    return nucleus(p, alpha=alpha), warped(p, TopPLogitsWarper(alpha))


def _min_p(p: Any, source: Any) -> tuple[Any, Any]:
    alpha = source.uniform(0.01, 0.99)
    return min_p(p, alpha=alpha), warped(p, MinPLogitsWarper(alpha))


def _temper(p: Any, source: Any) -> tuple[Any, Any]:
    tau = source.uniform(0.5, 2)
    return temper(p, tau), warped(p, TemperatureLogitsWarper(tau))


def _all(p: Any, source: Any) -> tuple[Any, Any]:
    q = min_p(nucleus(top_k(temper(p, 0.7), k=9), alpha=0.9), alpha=0.05)
    theirs = TopKLogitsWarper(9), TopPLogitsWarper(0.9), MinPLogitsWarper(0.05)
    return q, warped(p, TemperatureLogitsWarper(0.7), *theirs)


#: Weights of a distribution by ours, and what theirs leave of it.
WEIGHTS: Mapping[str, Callable[[Any, Any], tuple[Any, Any]]] = {
    "TemperatureLogitsWarper": _temper,
    "TopKLogitsWarper": _top_k,
    "TopPLogitsWarper": _nucleus,
    "MinPLogitsWarper": _min_p,
    "all four, one after the other": _all,
}


def distance(name: str, seed: int) -> float:
    """How far apart the probabilities are that ours and theirs draw with."""
    q, theirs = WEIGHTS[name](*distribution(seed))
    return float(abs(q / q.sum() - theirs).max())
