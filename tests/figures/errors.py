"""How far each line of the reference is from the exact value, at worst, over drawn inputs.

In units in the last place of the largest entry that the line sets, beside the bound. What an
error and its bound are is said in `spec.line_by_line.tie` and `spec.expected.rounding_bounds`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from helpers.cases import REFERENCE, in_float32, line_values
from helpers.paper import TRAINING

from spec.inputs.size_table import size_table
from spec.line_by_line.tie import hold_to_lines

#: Sizes by name: small enough for every test run, and those of a small model.
SIZES: Mapping[str, Mapping[str, int]] = {"tiny": {}, "middling": size_table("middling")}
#: A line whose value is 0 but for rounding, as that of b_k's cotangent, has no last place.
DIGITS = 2.0**52
SEEDS = {"tiny": 5, "middling": 1}

Figures = dict[str, dict[str, float]]


def figures(id: str, sizes: str) -> dict[str, Figures]:
    """The worst error of each line of an algorithm, in each precision."""
    found: dict[str, Figures] = {}
    for seed in range(SEEDS[sizes] if id not in TRAINING else 1):
        double = line_values(id, seed, **SIZES[sizes])
        for expected in (double, in_float32(double, seed, **SIZES[sizes])):
            lines = found.setdefault(expected.inputs.coarsest_type.name, {})
            tie = hold_to_lines(expected, REFERENCE[id])
            assert not tie.differences, tie.differences[0]
            for agreement in tie.agreements:
                if not agreement.line.startswith(f"{id}."):
                    continue
                error, bound = agreement.error / agreement.ulp, agreement.bound / agreement.ulp
                if bound > DIGITS:
                    continue
                worst = lines.setdefault(agreement.line, {"depth": 0, "ulps": 0.0, "bound": 0.0})
                worst["depth"] = max(worst["depth"], agreement.depth)
                worst["ulps"] = max(worst["ulps"], rounded(error))
                worst["bound"] = max(worst["bound"], rounded(bound))
    return found


def rounded(figure: float) -> float:
    """A figure in two digits, rounded up: a bound stays one."""
    if figure == 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(figure)) - 1)
    return float(f"{math.ceil(figure / step) * step:.2g}")
