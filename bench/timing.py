"""Times of several ways to do one thing, taken in turn: a slow moment of the machine slows all."""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.progress import track

DATA = Path(__file__).parent.parent / "docs" / "_data"


def times(
    ways: Mapping[str, Callable[[], Any]], *, rounds: int, calls: int = 1, called: bool = False
) -> dict[str, list[float]]:
    """Seconds a call, in each of several rounds, whose order is shuffled.

    The first call of each way is not counted; `called` says that there has been one.
    """
    for way in () if called else track(ways.values(), "first calls", transient=True):
        way()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    shuffle, order = random.Random(0), list(ways)
    for _ in track(range(rounds), "measuring", transient=True):
        shuffle.shuffle(order)
        for name in order:
            start = time.perf_counter()
            for _ in range(calls):
                ways[name]()
            taken[name].append((time.perf_counter() - start) / calls)
    return taken


def ratio(taken: Mapping[str, list[float]], name: str, to: str) -> float:
    """The median of the ratios, round by round."""
    return statistics.median(a / b for a, b in zip(taken[name], taken[to], strict=True))


def write(name: str, figures: Any) -> None:
    """Write figures where the docs find them."""
    text = json.dumps(figures, indent=1, ensure_ascii=False)
    (DATA / f"{name}.json").write_text(text + "\n", encoding="utf-8")
