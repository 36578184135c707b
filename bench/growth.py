"""How time and memory to P grow with the length, by Algorithm 4 and in blocks, on NumPy.

GPT-2 small's sizes in float32. Memory is the most that a call holds at once, P itself not counted.
The call that shows it is not timed, and is the first.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

from algorithms.checkpoints import GPT2
from algorithms.extensions.block_attention import BlockAttention
from algorithms.extensions.online_attention import OnlineAttention
from bench.gpt2_small import hugging_face, model, parameters, text
from bench.timing import ratio, times, write

#: Lengths, and how many rounds.
LENGTHS = {64: 9, 128: 9, 256: 7, 512: 5, 1_024: 3, 2_048: 3, 4_096: 1}
THEIRS = "Hugging Face"
OURS: dict[str, Any] = {
    "Algorithm 4": {},
    "C4": {"attention": BlockAttention},
    "C5": {"attention": OnlineAttention},
}


def beyond_P(way: Callable[[], Any]) -> float:
    """The most memory that a call takes, less its result, in MB."""
    tracemalloc.start()
    P = way()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (most - int(P.nbytes)) / 1e6


def figures(ell: int) -> dict[str, Any]:
    """For each way seconds, the time over that of Hugging Face, and megabytes beyond P."""
    theirs, x = model(max(LENGTHS)), text(ell)
    theta = parameters(theirs)
    ours: dict[str, Any] = {name: partial(GPT2, x, theta, **by) for name, by in OURS.items()}
    megabytes = {name: beyond_P(way) for name, way in ours.items()}
    run = partial(hugging_face, theirs, torch.asarray(x).long())
    run()
    taken = times({**ours, THEIRS: run}, rounds=LENGTHS[ell], called=True)
    return {
        name: {
            "seconds": round(sorted(seconds)[len(seconds) // 2], 3),
            "of_theirs": round(ratio(taken, name, THEIRS), 2),
            "megabytes": round(megabytes[name], 1) if name in megabytes else None,
        }
        for name, seconds in taken.items()
    }


def measure() -> None:
    """Print a table, and write it."""
    every = {}
    for ell in track(LENGTHS, "lengths", transient=True):
        command = [sys.executable, "-W", "ignore", "-m", "bench.growth", str(ell)]
        out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        every[str(ell)] = json.loads(out.splitlines()[-1])
    table = Table(
        "tokens", *(f"{name}, {what}" for name in OURS for what in ("time", "MB")),
        title="time / Hugging Face's, and MB beyond P",
    )  # fmt: skip
    for length, rows in every.items():
        cells = (rows[name][key] for name in OURS for key in ("of_theirs", "megabytes"))
        table.add_row(length, *map(str, cells))
    Console().print(table)
    write("growth", every)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(figures(int(sys.argv[1]))))
