"""From tokens to P at GPT-2 small's sizes, in float32: each library against Hugging Face's model.

The same function runs on NumPy, under `torch.compile` and under `jax.jit`, with Algorithm 4 and
with Algorithm C4. What is compiled stands beside Hugging Face's model compiled by torch. Each
length has a process of its own, and one round times every way, in a shuffled order.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

from algorithms import tree_map
from algorithms.checkpoints import GPT2
from algorithms.extensions.block_attention import BlockAttention
from bench.gpt2_small import distance, hugging_face, model, parameters, text
from bench.timing import ratio, times, write

#: Lengths, and how many rounds.
LENGTHS = {64: 25, 256: 11, 1_024: 5}
EAGER, COMPILED = "Hugging Face", "Hugging Face, torch.compile"
#: Compilers go through each block: a few large ones.
B = 256


def ways(ell: int) -> dict[str, Callable[[], Any]]:
    """Every way to P, and after its name that of its peer."""
    theirs, x = model(), text(ell)
    theta = parameters(theirs)
    tensors, tokens = tree_map(torch.asarray, theta), torch.asarray(x).long()
    arrays, ids = tree_map(jnp.asarray, theta), jnp.asarray(x)
    ready: Any = jax.block_until_ready

    def on_torch(attention: Any) -> Callable[[], Any]:
        run = torch.compile(partial(GPT2, **attention), fullgraph=True, dynamic=False)
        return partial(torch.no_grad()(run), tokens, tensors)

    def on_jax(attention: Any) -> Callable[[], Any]:
        run = jax.jit(partial(GPT2, **attention))
        return lambda: ready(run(ids, arrays))

    blocks: Any = {"attention": BlockAttention}
    found: dict[str, Callable[[], Any]] = {
        EAGER: partial(hugging_face, theirs, tokens),
        COMPILED: partial(hugging_face, torch.compile(theirs, dynamic=False), tokens),
        "NumPy, Algorithm 4": partial(GPT2, x, theta),
        "NumPy, C4": partial(GPT2, x, theta, **blocks),
        "torch.compile, Algorithm 4": on_torch({}),
        "jax.jit, Algorithm 4": on_jax({}),
    }
    if ell > B:  # otherwise one block has all columns
        few = {"attention": partial(BlockAttention, B=B)}
        found |= {"torch.compile, C4": on_torch(few), "jax.jit, C4": on_jax(few)}
    return found


def figures(ell: int) -> dict[str, Any]:
    """For each way the largest |P/Q − 1|, milliseconds, and the time over that of its peer."""
    found = ways(ell)
    Q = np.asarray(found[EAGER]())
    far = {name: distance(np.asarray(way()), Q) for name, way in found.items()}
    taken = times(found, rounds=LENGTHS[ell], called=True)
    rows = {}
    for name, seconds in taken.items():
        peer = EAGER if name.startswith(("NumPy", EAGER)) else COMPILED
        rows[name] = {
            "apart": float(f"{far[name]:.1e}"),
            "milliseconds": round(1e3 * sorted(seconds)[len(seconds) // 2]),
            "of_theirs": round(ratio(taken, name, EAGER), 2),
            "of_peer": round(ratio(taken, name, peer), 2),
        }
    return rows


def measure() -> None:
    """Print a table for each length, and write them all."""
    console, every = Console(), {}
    for ell in track(LENGTHS, "lengths", transient=True):
        command = [sys.executable, "-W", "ignore", "-m", "bench.forward", str(ell)]
        out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        every[str(ell)] = json.loads(out.splitlines()[-1])
    for length, rows in every.items():
        table = Table(
            "way", "max |P/Q − 1|", "ms", f"time / {EAGER}", "time / peer, compiled or not",
            title=f"GPT-2 small's sizes, {length} tokens, float32, "
            f"{torch.get_num_threads()} threads",
        )  # fmt: skip
        for name, row in rows.items():
            table.add_row(name, *map(str, row.values()))
        console.print(table)
    write("forward", every)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(figures(int(sys.argv[1]))))
