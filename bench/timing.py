"""Times of several ways to do one thing, taken in turn: a slow moment of the machine slows all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

from rich.progress import track


def times(
    ways: Mapping[str, Callable[[], Any]], *, rounds: int, calls: int = 1
) -> dict[str, list[float]]:
    """Seconds a call, in each of several rounds; the first call of each way is not counted."""
    for way in track(ways.values(), "first calls", transient=True):
        way()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in track(range(rounds), "measuring", transient=True):
        for name, way in ways.items():
            start = time.perf_counter()
            for _ in range(calls):
                way()
            taken[name].append((time.perf_counter() - start) / calls)
    return taken


def ratio(taken: Mapping[str, list[float]], name: str, to: str) -> float:
    """The median of the ratios, round by round."""
    return statistics.median(a / b for a, b in zip(taken[name], taken[to], strict=True))
