"""Sizes drawn by Hypothesis: any that an algorithm can have."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from spec.inputs.draw import LONGER, SIZES
from spec.inputs.variations import MORE_THAN_1, TURNS, sizes_in
from spec.language.checked import Checked
from spec.language.tree import While


def drawn_sizes(
    algorithms: Mapping[str, Checked], id: str, most: Mapping[str, int] = SIZES
) -> st.SearchStrategy[dict[str, int]]:
    """Return how the sizes of an algorithm are drawn, each from the least up to the given one."""
    names = sizes_in(algorithms, id)
    least = {name: 2 if name in MORE_THAN_1 else 1 for name in names}
    each = [st.integers(least[name], max(least[name], most[name])) for name in names]
    lines = algorithms[id].program.lines
    turns = TURNS if any(isinstance(line.statement, While) for line in lines) else 1

    def made(sizes: tuple[int, ...]) -> dict[str, int]:
        return _long_enough(dict(zip(names, sizes, strict=True)), turns)

    return st.tuples(*each).map(made)


def _long_enough(sizes: dict[str, int], turns: int) -> dict[str, int]:
    """Return sizes whose ℓ_max holds the longest sequence, and a text that takes all its turns."""
    lengths = [size for name, size in sizes.items() if name.startswith("length")]
    if "ℓ_max" not in sizes or not lengths:
        return sizes
    longest = max(lengths) + sizes.get("ℓ_gen", 1) - 1 + LONGER * (sizes.get("N_data", 1) - 1)
    return {**sizes, "ℓ_max": max(sizes["ℓ_max"], longest, turns)}
