"""What the length of an axis says of the sizes that it is made of: `2*kappa`, `2*k+1`."""

from __future__ import annotations

from collections.abc import Callable

from algorithms.signatures.messages import compiled


def step(axis: str) -> int:
    """By how much the axis grows with its size: 2 of `2*kappa`; 1 where it has several sizes."""
    return _line(axis)[1] if len(compiled(axis).co_names) == 1 else 1


def length(axis: str, size: Callable[[str], int]) -> int:
    """How long the axis is, by the sizes that it is made of."""
    code = compiled(axis)
    return int(eval(code, {}, {name: size(name) for name in code.co_names}))


def shown(axis: str, length: int) -> dict[str, int]:
    """The axis, and its size: 3 for kappa, where `2*kappa` is 6; none where there are several."""
    names = compiled(axis).co_names
    if len(names) > 1:
        return {axis: length}
    start, slope = _line(axis)
    return {axis: length, **dict.fromkeys(names, (length - start) // slope)}


def _line(axis: str) -> tuple[int, int]:
    """How long the axis is at 0, and by how much longer at 1."""
    code = compiled(axis)
    at_0, at_1 = (eval(code, {}, dict.fromkeys(code.co_names, n)) for n in (0, 1))
    return at_0, at_1 - at_0
