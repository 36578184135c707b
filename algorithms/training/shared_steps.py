"""A step that several threads share.

NumPy computes outside of Python's lock, and a thread of its own for
each part of a batch serves small matrices better than many threads
for each product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import reduce
from itertools import pairwise
from typing import Any, TypeVar

from algorithms.signatures.trees import tree_map

Item = TypeVar("Item")
Theta = TypeVar("Theta")


def split(items: Sequence[Item], parts: int) -> list[list[Item]]:
    """Items in parts as equal as can be, none of them empty.

    >>> split("abcde", 3)
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    size, longer = divmod(len(items), parts)
    ends = [0]
    for part in range(min(parts, len(items))):
        ends.append(ends[-1] + size + (part < longer))
    return [list(items[start:end]) for start, end in pairwise(ends)]


def added_up(
    pool: Executor,
    losses: list[Callable[[Theta], Any]],
    value_and_gradient: Callable[..., tuple[Any, Theta]],
    theta: Theta,
) -> tuple[Any, Theta]:
    """The sum of losses and its gradient, each in a thread.

    They are added in the order of the losses, whichever is ready
    first: so the bits are the same in every run.
    """
    if len(losses) == 1:  # in this thread, which Ctrl-C interrupts
        return value_and_gradient(losses[0], theta)
    results = pool.map(
        lambda loss: value_and_gradient(loss, theta), losses
    )
    values, gradients = zip(*results, strict=True)
    return sum(values[1:], values[0]), reduce(_sum, gradients)


def _sum(one: Theta, other: Theta) -> Theta:
    return tree_map(lambda a, b: a + b, one, other)
