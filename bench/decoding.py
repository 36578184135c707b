"""64 tokens after 64, at GPT-2 small's sizes in float32: what does a cache gain, and what is left?

Four ways to write the same tokens, in turn: ours on NumPy with a cache (K2), Hugging Face's
`generate` with its own, Algorithm 14 as it stands, and the least that any of them has to do: to
multiply each matrix by a vector, once a token, which reads all weights from memory.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from algorithms import DInference, tree_map
from algorithms.checkpoints import GELU_tanh
from algorithms.extensions.cached_inference import CachedDInference
from bench.gpt2_small import model, parameters, text
from bench.timing import ratio, times, write

PROMPT, TOKENS, ROUNDS = 64, 64, 5
CACHED, THEIRS = "NumPy, with a cache", "Hugging Face, with a cache"
LITERAL, LIMIT = "NumPy, without", "reading the weights"


def ours(function: Any, x: Any, theta: Any) -> Any:
    """The likeliest tokens by Algorithm 14 or K2, as GPT-2 runs it."""
    return function(
        x, theta, ell_gen=TOKENS, tau=0, rng=np.random.default_rng(0),
        eps=1e-5, activation=GELU_tanh,
    )  # fmt: skip


def theirs(model: Any, x: Any) -> Any:
    """The likeliest tokens by Hugging Face."""
    with torch.no_grad():
        written = model.generate(
            x[None], attention_mask=torch.ones_like(x[None]), do_sample=False,
            max_new_tokens=TOKENS, pad_token_id=0,
        )  # fmt: skip
    return written[0, PROMPT:]


def matrices(theta: Any) -> list[Any]:
    """Each matrix by which a token is multiplied."""
    found = [theta.W_u]
    for layer in theta.layers:
        heads = layer.W.W_qkv
        found += [W.reshape(-1, W.shape[-1]) for W in (heads.W_q, heads.W_k, heads.W_v)]
        found += [layer.W.W_o, layer.W_mlp1, layer.W_mlp2]
    return found


def read(weights: list[Any], vectors: dict[int, Any]) -> None:
    """Multiply each matrix by a vector, once a token."""
    for _ in range(TOKENS):
        for W in weights:
            W @ vectors[W.shape[1]]


def ways() -> dict[str, Callable[[], Any]]:
    """The four, of one model and one prompt."""
    network, x = model(), text(PROMPT).astype(np.int64)
    # Row by row in memory, as a product with one column reads a matrix fastest.
    theta = tree_map(np.ascontiguousarray, parameters(network))
    weights = matrices(theta)
    vectors = {W.shape[1]: np.ones(W.shape[1], W.dtype) for W in weights}
    return {
        CACHED: partial(ours, CachedDInference, x, theta),
        THEIRS: partial(theirs, network, torch.from_numpy(x)),
        LITERAL: partial(ours, DInference, x, theta),
        LIMIT: partial(read, weights, vectors),
    }


def measure() -> None:
    """Print and write a table: seconds, and how they stand to Hugging Face's and to the limit."""
    run = ways()
    same = sum(a == b for a, b in zip(run[CACHED]().tolist(), run[THEIRS]().tolist(), strict=True))
    taken = times(run, rounds=ROUNDS)
    table = Table(
        "way", "milliseconds a token", "time / Hugging Face's", "time / limit",
        title=f"{TOKENS} tokens after {PROMPT}, GPT-2 small's sizes, float32; "
        f"{same} of {TOKENS} tokens are Hugging Face's",
    )  # fmt: skip
    rows = {
        name: {
            "milliseconds": round(1e3 * statistics.median(taken[name]) / TOKENS, 1),
            "of_theirs": round(ratio(taken, name, THEIRS), 2),
            "of_limit": round(ratio(taken, name, LIMIT), 2),
        }
        for name in run
    }
    for name, row in rows.items():
        table.add_row(name, *map(str, row.values()))
    Console().print(table)
    write("decoding", {"prompt": PROMPT, "tokens": TOKENS, "same": same, "ways": rows})
